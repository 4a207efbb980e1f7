"""Units and sounds of the in-memory Maya."""

from __future__ import annotations

import wave
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

# CommandsPython/currentUnit, -time.
RATES = {
    "game": Fraction(15),
    "film": Fraction(24),
    "pal": Fraction(25),
    "ntsc": Fraction(30),
    "show": Fraction(48),
    "palf": Fraction(50),
    "ntscf": Fraction(60),
    "23.976fps": Fraction(24000, 1001),
    "29.97fps": Fraction(30000, 1001),
    "29.97df": Fraction(30000, 1001),
    "47.952fps": Fraction(48000, 1001),
    "59.94fps": Fraction(60000, 1001),
    "120fps": Fraction(120),
    "2fps": Fraction(2),
    "44100fps": Fraction(44100),
    "18.5fps": Fraction(37, 2),
}


@pytest.mark.parametrize("name", RATES)
def test_the_rate_can_be_asked_whatever_its_name(maya: Any, name: str) -> None:
    import maya.api.OpenMaya as om
    from maya import cmds

    cmds.currentUnit(time=name)
    assert cmds.currentUnit(query=True, time=True) == name
    assert om.MTime(1, om.MTime.kSeconds).asUnits(om.MTime.uiUnit()) == float(RATES[name])


@pytest.mark.parametrize("name", ["24", "fps", "0fps", "cinema"])
def test_unknown_rates_are_refused(maya: Any, name: str) -> None:
    from maya import cmds

    with pytest.raises(RuntimeError, match="Invalid time unit"):
        cmds.currentUnit(time=name)
    assert cmds.currentUnit(query=True, time=True) == "film"


def test_keys_stay_at_their_seconds_when_the_rate_changes(maya: Any) -> None:
    # CommandsPython/currentUnit, -updateAnimation: on by default.
    from maya import cmds

    cmds.spaceLocator(name="loc")
    cmds.setKeyframe("loc.tx", time=24, value=1)
    cmds.currentUnit(time="ntsc")
    assert cmds.keyframe("loc.tx", query=True) == [30.0]
    cmds.undo()
    assert cmds.keyframe("loc.tx", query=True) == [24.0]


def test_whole_frames_stay_whole_at_ntsc_rates(maya: Any) -> None:
    # A tick is 1/141 120 000 s, which 23.976 and 29.97 divide evenly.
    import maya.api.OpenMaya as om
    from maya import cmds

    for name in ("23.976fps", "29.97fps", "59.94fps"):
        cmds.currentUnit(time=name)
        for frame in (1, 1001, 86399):
            cmds.currentTime(frame)
            assert cmds.currentTime(query=True) == frame
    assert om.MTime.ticksPerSecond() == 141_120_000


def test_mtime_counts_and_compares(maya: Any) -> None:
    import maya.api.OpenMaya as om

    second = om.MTime(1, om.MTime.kSeconds)
    assert second == om.MTime(24)  # film is the unit of a bare number
    assert second + om.MTime(12) == om.MTime(1.5, om.MTime.kSeconds)
    assert om.MTime(23) < second <= om.MTime(24)
    assert (om.MTime(10) * 2).value == 20
    with pytest.raises(TypeError):
        om.MTime("1")
    with pytest.raises(ValueError, match="no unit"):
        om.MTime(1, 99)


def test_lengths_and_angles_follow_the_interface(maya: Any) -> None:
    from maya import cmds

    cmds.spaceLocator(name="loc")
    cmds.setAttr("loc.tx", 1)
    cmds.setAttr("loc.rx", 180)
    cmds.currentUnit(linear="m", angle="rad")
    assert cmds.getAttr("loc.tx") == pytest.approx(0.01)
    assert cmds.getAttr("loc.rx") == pytest.approx(3.14159265)


@pytest.fixture
def recording(tmp_path: Path) -> str:
    """Two seconds of silence."""
    path = tmp_path / "line 01.wav"
    with wave.open(str(path), "wb") as audio:
        audio.setnchannels(1)
        audio.setsampwidth(2)
        audio.setframerate(16000)
        audio.writeframes(bytes(2 * 32000))
    return str(path)


def test_sounds_tell_their_times_in_frames(maya: Any, recording: str) -> None:
    # CommandsPython/sound: -offset, -length, -endTime, -sourceStart.
    from maya import cmds

    node = cmds.sound(file=recording, offset=10)
    assert cmds.ls(type="audio") == [node] == ["line_01"]
    assert cmds.sound(node, query=True, file=True) == recording
    assert cmds.sound(node, query=True, offset=True) == 10
    assert cmds.sound(node, query=True, length=True) == 48
    assert cmds.sound(node, query=True, endTime=True) == 58
    assert cmds.getAttr(f"{node}.filename") == recording
    assert cmds.getAttr(f"{node}.offset") == 10
    cmds.currentUnit(time="ntscf")
    assert cmds.sound(node, query=True, length=True) == 120
    assert cmds.sound(node, query=True, offset=True) == 25


def test_the_time_slider_has_a_sound(maya: Any, recording: str) -> None:
    from maya import cmds, mel

    slider = mel.eval("$t=$gPlayBackSlider")
    assert cmds.timeControl(slider, query=True, sound=True) == ""
    node = cmds.sound(file=recording)
    cmds.timeControl(slider, edit=True, sound=node, displaySound=True)
    assert cmds.timeControl(slider, query=True, sound=True) == node
    with pytest.raises(RuntimeError, match="not found"):
        cmds.timeControl("slider", query=True, sound=True)
    with pytest.raises(RuntimeError, match="is not a sound"):
        cmds.timeControl(slider, edit=True, sound="persp")


def test_a_sound_is_asked_by_its_node(maya: Any) -> None:
    from maya import cmds

    cmds.spaceLocator(name="loc")
    with pytest.raises(RuntimeError, match="is not a sound"):
        cmds.sound("loc", query=True, file=True)
