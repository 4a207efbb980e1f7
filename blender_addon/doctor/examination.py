"""A check of everything, a piece at a time, and what it found last. Changes nothing."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

import bpy
from bpy.app.handlers import persistent

from ..library import FindSetUp, Look
from ..pieces import Pieces
from ..reference import Reference
from ..rigging.character import learn
from ..session import session
from . import characters, curves, engine, rig, shapes, stack, timing
from .finding import Finding, Severity
from .patient import Patient, find_characters, read_patient

_TICK_S = 0.1
_LOOK_S = 10.0
_LINES = 4
"""So many of a character's lines are examined in one piece."""

SceneCheck = Callable[[bpy.types.Context], Iterator[Finding]]
CharacterCheck = Callable[[bpy.types.Context, Patient], Iterator[Finding]]

SCENE_CHECKS: tuple[SceneCheck, ...] = (
    characters.check_chosen,
    timing.check_sound,
    engine.check_clips,
)
CHARACTER_CHECKS: tuple[CharacterCheck, ...] = (
    characters.check_links,
    characters.check_keyable,
    shapes.check_moved_mesh,
    stack.check_switches,
    stack.check_covered,
    shapes.check_shapes,
    shapes.check_meshes,
    rig.check_head,
    timing.check_rate,
    timing.check_place,
    timing.check_range,
    characters.check_shared_mesh,
)
LINE_CHECKS: tuple[CharacterCheck, ...] = (
    stack.check_ends,
    curves.check_slots,
    curves.check_curves,
)
"""Those that look at each line for itself, so that they can be made for a few at once."""


class Doctor:
    """`findings` are those of the last check, problems first; None before the first one."""

    def __init__(self) -> None:
        self._reset()

    @property
    def is_busy(self) -> bool:
        return self._examining is not None or self._look is not None

    def check(self, chosen_engine: str, set_up: FindSetUp = lambda: None) -> None:
        """Begin a check of the scene and the engine and return at once; the arguments are those of
        `Look`."""
        self._look = Look(chosen_engine, set_up)
        if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=_TICK_S)
        self.check_scene()

    def check_scene(self, *, is_asked: bool = True) -> None:
        """Begin a check of the scene alone; what is known of the engine stays. Unless the artist
        asked for it, only problems are worth a list."""
        if self._examining is None:
            self._examining = object()
            shows_hints = is_asked or self.findings is not None
            session.run(self._examine(self._examining, shows_hints))

    def wait(self) -> None:
        """Until the check is complete, for Blender without a window, where timers never run."""
        session.run_until_done()
        if self._look is not None:
            self._look.wait(_LOOK_S)
            self.take_look()

    def take_look(self) -> bool:
        """Whether the look at the engine is done."""
        if self._look is None:
            return True
        if self._look.state is None:
            return False
        self._of_engine = tuple(engine.findings_of(bpy.context, self._look.state))
        self._look = None
        self._show()
        return True

    def drop(self, finding: Finding) -> None:
        """A finding that was dealt with leaves the list at once; the next check is the proof."""
        self._of_scene = tuple(other for other in self._of_scene if other != finding)
        self._show()

    def forget(self) -> None:
        if bpy.app.timers.is_registered(_tick):
            bpy.app.timers.unregister(_tick)
        self._reset()

    def _reset(self) -> None:
        self.findings: tuple[Finding, ...] | None = None
        self._of_scene: tuple[Finding, ...] = ()
        self._of_engine: tuple[Finding, ...] = ()
        self._look: Look | None = None
        self._examining: object | None = None

    def _examine(self, token: object, shows_hints: bool) -> Pieces[None]:
        found: list[Finding] = []
        try:
            for check in SCENE_CHECKS:
                found += check(bpy.context)
            yield 0.0
            for reference in find_characters(bpy.context):
                yield from learn(reference)
                for check in CHARACTER_CHECKS:
                    yield 0.5
                    character = reference.find_in(bpy.data.objects)
                    if character is not None:
                        found += check(bpy.context, read_patient(character))
                found += yield from _examine_lines(reference)
        except Exception:  # a bug, which must not end the session's timer
            traceback.print_exc()
        if self._examining is not token:
            return  # another file was opened meanwhile
        self._of_scene = tuple(dict.fromkeys(found))  # a take may be found on each mesh
        self._examining = None
        if shows_hints or any(finding.severity is Severity.problem for finding in found):
            self._show()

    def _show(self) -> None:
        found = (*self._of_engine, *self._of_scene)
        self.findings = tuple(sorted(found, key=lambda f: f.severity is not Severity.problem))


def _examine_lines(reference: Reference) -> Pieces[list[Finding]]:
    """A few lines in each piece: a character may have a hundred of them."""
    found: list[Finding] = []
    first, is_all_done = 0, False
    while not is_all_done:
        yield 0.5
        is_all_done = True
        character = reference.find_in(bpy.data.objects)
        if character is None:
            break
        patient = read_patient(character)
        for part in patient.parts:
            plays = part.plays[first : first + _LINES]
            is_all_done &= first + _LINES >= len(part.plays)
            some = replace(patient, parts=(replace(part, plays=plays),))
            for check in LINE_CHECKS:
                found += check(bpy.context, some)
        first += _LINES
    return found


def attach() -> None:
    """Check again by itself after a bake, and what is listed after an undo."""
    session.after_bake.append(_check_after_bake)
    bpy.app.handlers.undo_post.append(_check_after_undo)
    bpy.app.handlers.redo_post.append(_check_after_undo)
    bpy.app.handlers.load_pre.append(_forget_before_load)


def detach() -> None:
    doctor.forget()
    session.after_bake.remove(_check_after_bake)
    bpy.app.handlers.undo_post.remove(_check_after_undo)
    bpy.app.handlers.redo_post.remove(_check_after_undo)
    bpy.app.handlers.load_pre.remove(_forget_before_load)


def _check_after_bake() -> None:
    doctor.check_scene(is_asked=False)


@persistent
def _check_after_undo(*_arguments: object) -> None:
    if doctor.findings:
        doctor.check_scene()


@persistent
def _forget_before_load(_path: str) -> None:
    doctor.forget()


def _tick() -> float | None:
    """The timer: waits for the engine's answer."""
    if not doctor.take_look():
        return _TICK_S
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
    return None


doctor = Doctor()
