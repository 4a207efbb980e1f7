"""Lines from audio nodes: trims, place, rate, and sentences for what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mynah_shared.errors import BadInputError
from tests.maya.faces import make_voice

RATES = {
    "12fps": 12.0,
    "23.976fps": 24 / 1.001,
    "film": 24.0,
    "pal": 25.0,
    "29.97fps": 30 / 1.001,
    "ntsc": 30.0,
    "show": 48.0,
    "palf": 50.0,
    "59.94fps": 60 / 1.001,
    "ntscf": 60.0,
    "18.5fps": 18.5,
}


@pytest.fixture
def sound(maya: Any, tmp_path: Path) -> str:
    from maya import cmds

    return cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=13, name="line_01")


@pytest.mark.parametrize("unit", RATES)
def test_the_rate_is_the_scenes_whatever_it_is_called(maya: Any, unit: str) -> None:
    from maya import cmds

    from mynah_maya.scene_reader import effective_fps, frame_of, seconds_of

    cmds.currentUnit(time=unit)
    assert effective_fps() == pytest.approx(RATES[unit], rel=1e-9)
    assert frame_of(seconds_of(1001.0)) == 1001.0


def test_an_audio_node(sound: str) -> None:
    from mynah_maya.scene_reader import read_source

    source = read_source(sound)
    assert source.line == "line_01"
    assert source.audio.name == "line.wav"
    assert (source.start_s, source.end_s) == (0.0, 0.0)
    assert source.scene_s == pytest.approx(13 / 24)


def test_trims_say_which_seconds_are_heard(sound: str) -> None:
    from maya import cmds

    from mynah_maya.scene_reader import read_source

    cmds.sound(sound, edit=True, sourceStart=6, sourceEnd=36)
    source = read_source(sound)
    assert (source.start_s, source.end_s) == (pytest.approx(0.25), pytest.approx(1.5))
    assert source.scene_s == pytest.approx(13 / 24)
    cmds.sound(sound, edit=True, sourceStart=6, sourceEnd=48)
    assert read_source(sound).end_s == 0.0, "it plays to its end"
    cmds.sound(sound, edit=True, sourceStart=-6, sourceEnd=48)
    source = read_source(sound)
    assert source.start_s == 0.0
    assert source.scene_s == pytest.approx((13 + 6) / 24)


def test_the_selected_sound_then_the_sliders_then_the_only_one(sound: str, tmp_path: Path) -> None:
    from maya import cmds, mel

    from mynah_maya.scene_reader import read_source

    cmds.select(clear=True)
    assert read_source().line == "line_01"
    other = cmds.sound(file=make_voice(tmp_path / "other.wav"), name="other")
    with pytest.raises(BadInputError, match="2 sounds and the time slider plays none"):
        read_source()
    cmds.timeControl(mel.eval("$t=$gPlayBackSlider"), edit=True, sound=other)
    assert read_source().line == "other"
    cmds.select(sound)
    assert read_source().line == "line_01"
    cmds.select(sound, other)
    with pytest.raises(BadInputError, match="2 sounds are selected"):
        read_source()


def test_a_file_begins_where_playback_does_or_as_told(maya: Any, tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.scene_reader import read_source

    path = make_voice(tmp_path / "free.wav")
    cmds.playbackOptions(minTime=101, maxTime=200)
    assert read_source(path).scene_s == pytest.approx(101 / 24)
    assert read_source(path, 7.5).scene_s == pytest.approx(7.5 / 24)


def test_a_muted_sound_is_told(sound: str) -> None:
    from maya import cmds

    from mynah_maya.scene_reader import read_source

    cmds.sound(sound, edit=True, mute=True)
    assert "muted" in read_source(sound).remarks[0]


def test_what_is_missing_gets_a_sentence(sound: str, tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.scene_reader import read_source

    cmds.setAttr(f"{sound}.filename", str(tmp_path / "gone.wav"), type="string")
    with pytest.raises(BadInputError, match=r"'line_01' has no file 'gone\.wav' at .*; find"):
        read_source(sound)
    cmds.setAttr(f"{sound}.filename", "", type="string")
    with pytest.raises(BadInputError, match="has no file; choose one"):
        read_source(sound)
    with pytest.raises(BadInputError, match="neither a sound of this scene nor a file"):
        read_source("line_77")
    cmds.delete(sound)
    with pytest.raises(BadInputError, match="The scene has no sound; import one"):
        read_source()
