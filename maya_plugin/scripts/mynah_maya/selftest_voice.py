"""The self-test's look at the voice: what was heard is found again, and Maya tells of changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

HEARD = (
    '{"loudness_fps":50,"loudness":"gMD//8CA","phones":[[0.0,0.5,"sil"],[0.5,0.6,"M"],'
    '[0.6,2.0,"AA"]],"confidence":0.8}'
)


def look_at_voice(build: Callable[[], str], bake: Callable[[], str]) -> str:
    """`build` makes a scene, `bake` a line in it of which `HEARD` was heard, at frame 10. Raises
    `AssertionError` with what is wrong."""
    import maya.api.OpenMaya as om
    import maya.api.OpenMayaAnim as oma
    from maya import cmds

    from .baking.anim_layers import curves_on
    from .voice_lines import lines_on_show

    build()
    layer = bake()
    told: list[str] = []
    callbacks = [
        om.MDGMessage.addTimeChangeCallback(lambda *_: told.append("time"), None),
        oma.MAnimMessage.addAnimCurveEditedCallback(lambda *_: told.append("keys")),
    ]
    try:
        undo = cmds.undoInfo(query=True, undoName=True)
        oma.MAnimControl.setCurrentTime(om.MTime(20.0, om.MTime.uiUnit()))
        _expect(cmds.undoInfo(query=True, undoName=True) == undo, "a change of time can be undone")
        move: Any = cmds.keyframe  # the stubs lack its edit mode
        for curve in curves_on(layer):
            move(curve, edit=True, relative=True, timeChange=5)
    finally:
        for callback in callbacks:
            om.MMessage.removeCallback(callback)
    (line,) = lines_on_show()
    _expect(line.shown.start == 15, f"the line that was moved to 15 is found at {line.shown.start}")
    _expect(line.heard.names == ("sil", "M", "AA"), f"heard: {line.heard.names}")
    now = oma.MAnimControl.currentTime().asUnits(om.MTime.uiUnit())
    _expect(now == 20, f"the time is {now} instead of 20")
    return (
        f"found where its keys are; Maya tells of {' and '.join(dict.fromkeys(told)) or 'nothing'}"
    )


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)
