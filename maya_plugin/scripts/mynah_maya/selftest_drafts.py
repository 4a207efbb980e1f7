"""The self-test's look at drafts: whether one step for Undo takes back draft and line."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np


def try_drafts(build: Callable[[], str]) -> str:
    """`build` makes the self-test's scene anew. Raises `AssertionError` with what is wrong."""
    from maya import cmds

    from .delivery import key_line
    from .drafts import key_draft, make_room, take_back
    from .library import ARKIT_CHANNELS, MotionClip
    from .order import Wish, order_of

    build()
    order = order_of(Wish(audio="selftest_line", characters=("hero",)))
    rows, channels = 48, len(ARKIT_CHANNELS)
    clip = MotionClip(24.0, ARKIT_CHANNELS, np.full((rows, channels), 0.5, np.float32))
    before = sorted(cmds.ls())
    draft = key_draft(order, clip, {})
    told = cmds.undoInfo(query=True, undoName=True)
    _expect(told == draft.step, f"the step is called '{told}', not '{draft.step}'")
    make_room(draft)
    _expect(draft.find() is None, "the draft is still there")
    layer = key_line(order, clip, {}).layer
    cmds.undo()
    _expect(sorted(cmds.ls()) == before, "one undo did not take back line and draft")
    draft = key_draft(order, clip, {})
    cmds.setKeyframe("faceBS.jawOpen", time=200, value=0.25)
    take_back(draft)
    _expect(draft.find() is None, "after other work, the draft is still there")
    kept = cmds.getAttr("faceBS.jawOpen", time=200)
    _expect(abs(kept - 0.25) < 1e-4, f"the key set meanwhile shows as {kept} instead of 0.25")
    return f"line on '{layer}' and draft undone as one; taken back after other work"


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
