"""Lines of the list made together: a few are in the engine's hands, one is read, one is keyed."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import bpy

from ..baking.actions import made_of_in
from ..baking.line import BESIDE
from ..baking.takes import owners_of, takes_of
from ..delivery import key_line
from ..file_work import WAITING, file_work, wait_for
from ..fingerprint import MadeOf, differs, made_of, made_of_shown, request_key
from ..library import (
    UNAVAILABLE,
    BadInputError,
    Cancelled,
    ClientEvent,
    Disconnected,
    Failed,
    Finished,
    Line,
    MotionClip,
    MynahError,
    Progressed,
)
from ..line_settings import find_line
from ..order import Order, order_of
from ..pieces import LAST, Pieces
from ..reference import Reference
from ..rigging.character import learn
from ..session import push_undo, session
from .board import Key, Shown, State, board
from .results import load_result, results_folder, store_result

if TYPE_CHECKING:
    from .properties import MYNAH_PG_line

IN_FLIGHT = 4
"""So many lines are in the engine's hands at most: enough to keep it busy."""
AHEAD = 4
"""So many results wait for their keys at most, as they take memory."""
MOST_LOST = 3
"""One line may take the engine down with it; so many in a row mean that there is none."""
ROUNDS = 3
"""So often lines that an undo has taken away are put back."""
MOST_SHOWN = 10
"""Of what went wrong, so many sentences are shown."""
STEP = "Generate Lines"


@dataclass(eq=False)
class _Item:
    """A line on its way. `forced`: it is made also if nothing has changed."""

    uid: str
    forced: bool
    name: str = ""
    order: Order | None = None
    line: Line | None = None
    made: MadeOf | None = None
    clip: MotionClip | None = None
    meta: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


@dataclass
class Tally:
    """What became of the lines; `failed` and `remarks` are (line, sentence)."""

    total: int = 0
    made: int = 0
    from_disk: int = 0
    unchanged: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)
    cancelled: int = 0
    has_engine: bool = True

    @property
    def ended(self) -> int:
        return self.made + self.unchanged + len(self.failed) + self.cancelled

    @property
    def sentence(self) -> str:
        parts = [f"{self.made} of {self.total} lines made"]
        if self.from_disk:
            parts.append(f"{self.from_disk} of them from what was computed before")
        if self.unchanged:
            parts.append(f"{self.unchanged} had not changed")
        if self.failed:
            parts.append(f"{len(self.failed)} failed")
        if self.cancelled:
            parts.append(f"{self.cancelled} cancelled")
        return ", ".join(parts) + "."


class Batch:
    """Makes lines of one scene; see `session.Batch` for what its methods are for.

    Strips are those of `sequence` where a line doesn't name another scene.
    """

    activity = "Lines are being generated"

    def __init__(
        self,
        scene: bpy.types.Scene,
        sequence: bpy.types.Scene,
        uids: Iterable[str],
        *,
        forced: bool = False,
    ) -> None:
        self._scene, self._sequence = Reference.to(scene), Reference.to(sequence)
        self._waiting = deque(_Item(uid, forced) for uid in uids)
        self._reading: tuple[_Item, Pieces[None]] | None = None
        self._performing: dict[str, _Item] = {}
        self._ready: deque[_Item] = deque()
        self._keying: tuple[_Item, Pieces[None]] | None = None
        self._made: dict[str, _Item] = {}
        self._checking: Pieces[None] | None = None
        self._rounds = 0
        self._n_lost = 0
        self._is_cut_off = False
        self._reads_next = self._ends_tick = self._is_ending = False
        self.is_undone = False
        self._folder = results_folder()
        self._began_s = time.monotonic()
        self.tally = Tally(len(self._waiting))
        self.news: deque[tuple[int, str, str]] = deque()
        """Lines that have ended: how many by then, which, and how."""
        for item in self._waiting:
            self._show(item, State.waiting)

    # --- what the session asks for ----------------------------------------------------------------

    def turn(self) -> bool:
        """Keying and reading take turns, so that neither keeps the engine waiting."""
        self._reads_next = not self._reads_next
        steps = (self._read_on, self._key_on) if self._reads_next else (self._key_on, self._read_on)
        for step in steps:
            has_worked = step()
            if self._ends_tick:
                self._ends_tick = False
                return False
            if has_worked:
                return True
        return self._end_if_done()

    def handle(self, event: ClientEvent) -> None:
        if isinstance(event, Disconnected):
            self._is_cut_off = True
        ticket = getattr(event, "ticket", "")
        if ticket not in self._performing:
            return
        if isinstance(event, Progressed):
            item = self._performing[ticket]
            self._show(item, State.performing, event.stage, event.fraction)
            return
        item = self._performing.pop(ticket)
        if isinstance(event, Finished):
            self._n_lost = 0
            item.clip, item.meta = event.clip, event.meta
            self._store(item)
            self._ready.append(item)
            self._show(item, State.keying)
        elif isinstance(event, Failed):
            self._fail(item, event.message)
            self._n_lost = self._n_lost + 1 if event.code == UNAVAILABLE else 0
            if self._n_lost >= MOST_LOST or (self._n_lost and self._is_alone()):
                self.tally.has_engine = False
                self._drop_all()
                self._finish(event.message, is_error=True)
        elif isinstance(event, Cancelled):
            self._drop(item)

    def cancel(self, message: str, *, has_step: bool) -> None:
        self._drop_all()
        if self.tally.made:
            what = message.partition(";")[0].rstrip(".")
            message = f"{what}; {self.tally.made} lines that were made before stay."
        self._finish(message, has_step=has_step)

    # --- what the panel asks for ------------------------------------------------------------------

    @property
    def progress(self) -> float:
        return self.tally.ended / max(1, self.tally.total)

    @property
    def scene_uid(self) -> int:
        return self._scene.uid

    def has(self, uid: str) -> bool:
        """Whether a line is under way."""
        return any(item.uid == uid for item in self._under_way())

    def cancel_line(self, uid: str) -> None:
        """Give up one line; the others go on."""
        for item in [item for item in self._under_way() if item.uid == uid]:
            self._withdraw(item)
            self._drop(item)

    # --- reading ----------------------------------------------------------------------------------

    def _read_on(self) -> bool:
        """One piece of the line that is read, or the next line; False if there is none to read."""
        if self._reading is None:
            n_busy = len(self._performing)
            if not self._waiting or n_busy >= IN_FLIGHT or len(self._ready) >= AHEAD:
                return False
            item = self._waiting.popleft()
            self._show(item, State.reading)
            self._reading = (item, self._read(item))
        item, pieces = self._reading
        share = self._advance(item, pieces)
        if share is None:
            self._reading = None
        return share != WAITING

    def _read(self, item: _Item) -> Pieces[None]:
        """From the settings to the engine, unless the take is as they say or the result known."""
        scene = self._find_scene()
        settings = find_line(scene, item.uid)
        if settings is None:
            self._drop(item)
            return
        item.name = settings.name
        order = item.order = order_of_line(settings, self._find_sequence(scene))
        yield from learn(order.character)
        yield 0.0
        while session.models is None and not self._is_cut_off:
            yield WAITING
        known = made_of_shown(order)
        if known is not None and not item.forced and not order.styles and not order.gestures:
            # nothing needs to be read to see that nothing has changed
            is_other = yield from differs(order, known, session.models)
            if not is_other:
                self._leave(item)
                return
        item.line = yield from order.read()
        item.made = yield from made_of(order, item.line, session.models)
        known = made_of_shown(order)
        if known is not None and not item.forced and known.is_like(item.made):
            self._leave(item)
            return
        key = request_key(item.line, item.made)
        if key:
            folder = self._folder
            found = yield from wait_for(file_work.do(lambda: load_result(folder, key)))
            if found is not None:
                item.clip, item.meta = found
                self.tally.from_disk += 1
                self._ready.append(item)
                self._show(item, State.keying)
                return
        self._performing[session.submit(item.line)] = item
        self._show(item, State.performing)

    # --- keying -----------------------------------------------------------------------------------

    def _key_on(self) -> bool:
        """One piece of the line that is keyed, or the next one; False if there is none to key."""
        if self._keying is None:
            if not self._ready:
                return False
            item = self._ready.popleft()
            self._keying = (item, self._key(item))
        item, pieces = self._keying
        share = self._advance(item, pieces)
        if share is None:
            self._keying = None
        else:
            self._show(item, State.keying, fraction=share)
        self._ends_tick = share == LAST
        return share != WAITING

    def _key(self, item: _Item) -> Pieces[None]:
        assert item.order is not None
        assert item.clip is not None
        assert item.made is not None
        report = yield from key_line(item.order, item.clip, item.meta, item.made)
        warnings = tuple(str(sentence) for sentence in item.meta.get("warnings", ()))
        item.remarks = warnings + report.remarks
        if item.uid not in self._made:
            self.tally.made += 1
            news = (remark for remark in item.remarks if not remark.startswith(BESIDE))
            self.tally.remarks += [(item.name, remark) for remark in news]
        item.clip = None  # the disk has it, should it be needed again
        self._made[item.uid] = item
        self.news.append((self.tally.ended, item.name, "made"))
        self._show(item, State.done)
        for listener in session.after_bake:
            listener()

    def _store(self, item: _Item) -> None:
        assert item.line is not None
        assert item.made is not None
        clip, meta, folder = item.clip, dict(item.meta), self._folder
        assert clip is not None
        key = request_key(item.line, item.made)
        if key:
            file_work.do(lambda: store_result(folder, key, clip, meta))

    # --- ending -----------------------------------------------------------------------------------

    def _end_if_done(self) -> bool:
        """When all is made, look whether it is still there, if there was an undo meanwhile: that
        takes lines away that were made after the step to which it leads."""
        if self._under_way():
            return False
        if self.is_undone and self._checking is None and self._rounds < ROUNDS:
            self.is_undone = False
            self._rounds += 1
            self._checking = self._put_back()
        if self._checking is None and not self._is_ending:
            self._is_ending = True  # what ends it is Blender's own, and gets a tick for itself
            return False
        if self._checking is None:
            self._finish(self.tally.sentence, is_error=bool(self.tally.failed))
        elif next(self._checking, None) is None:
            self._checking = None
        return True

    def _put_back(self) -> Pieces[None]:
        """Have lines made again that are gone."""
        for item in list(self._made.values()):
            scene = self._scene.find_in(bpy.data.scenes)
            if scene is None:
                return
            if find_line(scene, item.uid) is not None and _is_lost(item):
                self._waiting.append(_Item(item.uid, forced=False, name=item.name))
                self._show(item, State.waiting)
            yield 0.0

    def _finish(self, message: str, *, is_error: bool = False, has_step: bool = True) -> None:
        if has_step and self.tally.made:
            push_undo(STEP)
        remarks = _in_short(self.tally.failed + self.tally.remarks)
        seconds = time.monotonic() - self._began_s
        session.end_batch(message, seconds, remarks, is_error=is_error)

    # --- one line ---------------------------------------------------------------------------------

    def _advance(self, item: _Item, pieces: Pieces[None]) -> float | None:
        """One piece; None if it was the last. An error ends the line and no other."""
        try:
            return next(pieces)
        except StopIteration:
            pass
        except MynahError as error:
            self._fail(item, str(error))
        except Exception as error:
            # a bug, and Blender prints it; but the other lines must not wait for this for ever
            self._fail(item, f"The line could not be made: {error}")
            if self._keying is not None and self._keying[0] is item:
                self._keying = None
            if self._reading is not None and self._reading[0] is item:
                self._reading = None
            raise
        return None

    def _leave(self, item: _Item) -> None:
        if item.uid not in self._made:
            self.tally.unchanged += 1
        self.news.append((self.tally.ended, item.name, "has not changed"))
        self._show(item, State.done)

    def _fail(self, item: _Item, message: str) -> None:
        self.tally.failed.append((item.name, message))
        self.news.append((self.tally.ended, item.name, message))
        self._show(item, State.failed, message=message)

    def _drop(self, item: _Item) -> None:
        self.tally.cancelled += 1
        self._show(item, State.unknown)

    def _drop_all(self) -> None:
        for item in self._under_way():
            self._withdraw(item)
            self._drop(item)

    def _withdraw(self, item: _Item) -> None:
        if item in self._waiting:
            self._waiting.remove(item)
        if item in self._ready:
            self._ready.remove(item)
        if self._reading is not None and self._reading[0] is item:
            self._reading[1].close()
            self._reading = None
        if self._keying is not None and self._keying[0] is item:
            self._keying[1].close()  # takes its draft along
            self._keying = None
        for ticket in [ticket for ticket, other in self._performing.items() if other is item]:
            del self._performing[ticket]  # first, or its last event would be counted
            session.withdraw(ticket)

    def _under_way(self) -> list[_Item]:
        read = [self._reading[0]] if self._reading is not None else []
        keyed = [self._keying[0]] if self._keying is not None else []
        return [*keyed, *self._ready, *self._performing.values(), *read, *self._waiting]

    def _is_alone(self) -> bool:
        """Whether no line was ever made and none is in the engine's hands: it can't be reached."""
        return not (self._performing or self._made or self._ready or self._keying)

    def _show(
        self, item: _Item, state: State, stage: str = "", fraction: float = 0.0, message: str = ""
    ) -> None:
        key: Key = (self._scene.uid, item.uid)
        board.put(key, Shown(state, stage, max(0.0, fraction), message))

    def _find_scene(self) -> bpy.types.Scene:
        scene = self._scene.find_in(bpy.data.scenes)
        if scene is None:
            raise BadInputError(f"'{self._scene.name}' was deleted while its lines were made.")
        return scene

    def _find_sequence(self, scene: bpy.types.Scene) -> bpy.types.Scene:
        return self._sequence.find_in(bpy.data.scenes) or scene


def _in_short(told: list[tuple[str, str]]) -> tuple[str, ...]:
    """What was told of lines, each sentence once, and not too many of them."""
    names: dict[str, list[str]] = {}
    for name, sentence in told:
        names.setdefault(sentence, []).append(name)
    sentences = [
        f"'{own[0]}': {sentence}" if len(own) == 1 else f"{len(own)} lines: {sentence}"
        for sentence, own in names.items()
    ]
    rest = len(sentences) - MOST_SHOWN
    return (*sentences[:MOST_SHOWN], *([f"… and {rest} more."] if rest > 0 else []))


def order_of_line(line: MYNAH_PG_line, sequence: bpy.types.Scene) -> Order:
    """What a line of the list asks for. Raises `BadInputError` with the remedy if it can't be
    made; whether the character can be baked on is not looked at."""
    scene, character = line.id_data, line.character
    if character is None:
        raise BadInputError(
            f"Nobody speaks for '{line.speaker or line.name}'; choose a character in Cast or for "
            "the line."
        )
    same = (x for x in scene.mynah_dialogue.lines if x.name == line.name)
    if any(other.uid != line.uid and other.character == character for other in same):
        raise BadInputError(
            f"'{character.name}' has two lines called '{line.name}', whose takes would replace "
            "each other; give one another name."
        )
    return order_of(line, character, scene, sequence)


def _is_lost(item: _Item) -> bool:
    """Whether no take of a line is the one that was made."""
    assert item.order is not None
    assert item.made is not None
    character = item.order.character.find_in(bpy.data.objects)
    if character is None:
        return False
    made = item.made.to_json()
    takes = takes_of(owners_of(character), item.order.name)
    return all(made_of_in(take) != made for take in takes)
