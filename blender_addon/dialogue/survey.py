"""How the lines are that nobody is working on: looked at in pieces, now and then, for the panel."""

from __future__ import annotations

import time

import bpy

from ..baking.line import check_character, find_character
from ..fingerprint import differs, made_of_shown
from ..library import BadInputError
from ..line_settings import active_line, find_line
from ..pieces import Pieces
from ..reference import Reference
from ..rigging.character import learn
from ..session import session
from .batch import order_of_line
from .board import UNDER_WAY, Shown, State, board, key_of

PAUSE_S = 1.0
"""So long the lines are not looked at again, or so many times as long as it took."""
PAUSE_FACTOR = 20.0


class Survey:
    """Puts the state of lines on the board."""

    def __init__(self) -> None:
        self._is_looking = False
        self._due_s = 0.0

    def look_soon(self, scene: bpy.types.Scene, sequence: bpy.types.Scene) -> None:
        """Look at all lines of a scene, unless that was done just now. Panels may call this."""
        is_due = time.monotonic() >= self._due_s
        if is_due and not self._is_looking and scene.mynah_dialogue.lines:
            self._is_looking = True
            session.run(self._look(Reference.to(scene), Reference.to(sequence), _uids(scene)))

    def _look(self, scene: Reference, sequence: Reference, uids: list[str]) -> Pieces[None]:
        """One line in each piece."""
        worked_s = 0.0
        try:
            for place, uid in enumerate(uids):
                began_s = time.thread_time()
                yield from self._look_at(scene, sequence, uid)
                worked_s += time.thread_time() - began_s
                yield place / len(uids)
        finally:
            self._is_looking = False
            self._due_s = time.monotonic() + max(PAUSE_S, PAUSE_FACTOR * worked_s)

    def forget(self) -> None:
        """What was seen is no longer so."""
        self._due_s = 0.0

    def _look_at(self, scene_there: Reference, sequence_there: Reference, uid: str) -> Pieces[None]:
        scene = scene_there.find_in(bpy.data.scenes)
        line = None if scene is None else find_line(scene, uid)
        if scene is None or line is None:
            return
        key = key_of(scene, uid)
        before = board.get(key)
        if before.state in UNDER_WAY:
            return
        try:
            order = order_of_line(line, sequence_there.find_in(bpy.data.scenes) or scene)
            board.put_start(key, order.start_frame)
            yield from learn(order.character)
            known = made_of_shown(order)
            if known is None:
                check_character(find_character(order.character))
                state = State.not_made
            else:
                is_other = yield from differs(order, known, session.models)
                state = State.changed if is_other else State.done
        except BadInputError as error:
            board.put(key, Shown(State.blocked, message=str(error)))
            return
        if board.get(key).state in UNDER_WAY:
            return  # meanwhile
        if before.state is State.failed and state is not State.done:
            return  # why it failed is the better news
        board.put(key, Shown(state))


def _uids(scene: bpy.types.Scene) -> list[str]:
    """The chosen line first: its settings are those that are being changed."""
    uids = [line.uid for line in scene.mynah_dialogue.lines]
    chosen = active_line(scene)
    return uids if chosen is None else sorted(uids, key=lambda uid: uid != chosen.uid)


survey = Survey()
