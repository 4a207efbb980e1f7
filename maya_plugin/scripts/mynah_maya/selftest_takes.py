"""The part of the self-test that is about takes: read, switched, a range redone, amounts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

if TYPE_CHECKING:
    from .library import MotionClip

_START, _FPS, _ROWS = 10.0, 24.0, 48
_FIRST, _LAST = 12, 36
_PLUGS = ("faceBS.jawOpen", "faceBS.browInnerUp", "head.rotateX")


class Stage(Protocol):
    """What makes the scene of the self-test."""

    def build(self) -> str: ...


def try_takes(trial: Stage) -> str:
    """Raises `AssertionError` with the sentence for the report."""
    from maya import cmds

    from .amounts import reset, set_amounts
    from .baking.redo import Range, bake_range
    from .baking.takes import find_take, show, takes_on
    from .character import find_character
    from .library import finish
    from .reference import Reference
    from .rig_reader import Passage, read_passage

    trial.build()
    hero = find_character(("hero",))
    _bake(0)
    _bake(1)
    (line,) = takes_on(hero)
    of_second = _seen()
    show(line, find_take(line, "0"))
    before = _seen()
    _expect(np.abs(before - of_second).max() > 0.05, "switching the take changed nothing")
    cmds.undo()
    _expect(np.array_equal(_seen(), of_second), "one undo did not switch back")
    cmds.redo()

    (line,) = takes_on(hero)
    take = find_take(line, "0")
    frames = tuple(_frames())
    clip = finish(read_passage(Passage(hero, frames, _FPS, "self-test", Reference.to(take.layer))))
    away = np.abs(clip.column("jawOpen") - _clip(0).column("jawOpen")).max()
    _expect(away < 0.012, f"the take is read with an error of {away:.4f}")

    wanted = Range(Reference.to(take.record), _FIRST, _LAST, keeps_keys=True, seed=2)
    bake_range(hero, wanted, _clip(2))
    redone = _seen()
    outside = np.array([not _FIRST < row < _LAST for row in range(_ROWS)])
    moved = np.abs(redone - before)[outside].max()
    _expect(moved < 1e-4, f"outside of the range the take moved by {moved:.5f}")
    _expect(np.abs(redone - before).max() > 0.05, "the range did not change")
    cmds.undo()
    _expect(np.array_equal(_seen(), before), "one undo did not bring the range back")

    set_amounts(take, {"brows": 0.0})
    still = np.ptp(_seen()[:, 1])
    _expect(still < 2e-3, f"brows at 0 still move by {still:.4f}")
    reset(take)
    back = np.abs(_seen() - before).max()
    _expect(back < 1e-4, f"reset amounts are {back:.5f} away from what was baked")
    return f"read to {away:.4f}, switched, a range redone and undone, amounts set and reset"


def _bake(seed: int) -> None:
    from .baking.line import bake_line
    from .baking.record import Tag
    from .character import find_character
    from .library import KeyStyle

    tag = Tag("takes", "selftest.wav", seed)
    bake_line(find_character(("hero",)), _clip(seed), _START / _FPS, tag, KeyStyle())


def _clip(seed: int) -> MotionClip:
    from .library import ARKIT_CHANNELS, MotionClip

    values = np.zeros((_ROWS, len(ARKIT_CHANNELS)), np.float32)
    row = np.arange(_ROWS) / _FPS
    for i, channel in enumerate(("jawOpen", "browInnerUp", "headPitch")):
        turn = 2 * np.pi * (0.6 + 0.2 * i) * row + seed
        values[:, ARKIT_CHANNELS.index(channel)] = 0.4 - 0.4 * np.cos(turn)
    return MotionClip(_FPS, ARKIT_CHANNELS, values)


def _frames() -> list[float]:
    return [_START + row for row in range(_ROWS)]


def _seen() -> np.ndarray:
    from maya import cmds

    return np.array([[cmds.getAttr(plug, time=f) for plug in _PLUGS] for f in _frames()])


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
