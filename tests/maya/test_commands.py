"""The commands as a user calls them, on a daemon with real sockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.connection_file import write_connection_file
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_clip, make_face, make_voice, until, values_at, wave_of


@pytest.fixture
def daemon(mynah_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    monkeypatch.setenv("MYNAH_ENGINE", str(mynah_home / "no-engine"))
    with FakeDaemon(step_s=0.001, clip=make_clip(jawOpen=wave_of(48))) as running:
        write_connection_file(running.info)
        yield running


@pytest.fixture
def scene(mayapy: Any, mynah_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A face and a sound, in a Maya without windows."""
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    cmds.sound(file=make_voice(tmp_path / "line.wav"), offset=10, name="line_01")
    cmds.select("face")
    yield tmp_path
    cmds.unloadPlugin("mynah_plugin", force=True)


def request_of(daemon: FakeDaemon) -> m.SynthesizeRequest:
    (submit,) = [message for message in daemon.seen if isinstance(message, m.Submit)]
    return submit.requests[0]


def test_generate_keys_the_selected_character(scene: Path, daemon: FakeDaemon, mayapy: Any) -> None:
    from maya import cmds

    layer = cmds.mynahGenerate(audio="line_01", style="angry@0.7", seed=3, strength=1.5)
    assert layer == "mynah_line_01_3"
    shown = values_at("faceBS.jawOpen", [10.0 + i for i in range(48)])
    assert np.abs(shown - wave_of(48)).max() < 0.0101
    request = request_of(daemon)
    assert request.fps == 24.0
    assert request.seed == 3
    assert request.style_strength == 1.5
    assert request.styles == (m.StyleUse("angry", 0.7),)
    assert any("keys on 52 curves" in text for kind, text in mayapy.said if kind == "info")
    cmds.undo()
    assert values_at("faceBS.jawOpen", [20.0]).max() == 0
    assert not cmds.ls(type="animLayer")
    cmds.redo()
    assert np.array_equal(values_at("faceBS.jawOpen", [10.0 + i for i in range(48)]), shown)


def test_the_trims_reach_the_engine_and_the_scene(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    cmds.sound("line_01", edit=True, sourceStart=12, sourceEnd=36)
    cmds.mynahGenerate("face", audio="line_01", fromSeconds=0.75)
    request = request_of(daemon)
    assert (request.start_s, request.end_s) == (0.75, 1.5)
    shown = values_at("faceBS.jawOpen", [16.0 + i for i in range(48)])
    assert np.abs(shown - wave_of(48)).max() < 0.0101


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"audio": "nothing"}, "neither a sound of this scene nor a file"),
        ({"quality": "better"}, "There is no quality 'better'"),
        ({"keyStyle": "wobbly"}, "There is no style of keys 'wobbly'"),
        ({"keyStyle": "stepped", "holdFrames": 0}, "can't hold a pose for 0 frames"),
        ({"mapping": "gone.json"}, "gone.json can't be read"),
        ({"style": "gone.npz"}, "There is no style clip 'gone.npz'"),
        ({"fromSeconds": 1.0, "toSeconds": 0.5}, "Nothing of 'line.wav' is left"),
    ],
)
def test_bad_values_get_a_sentence_and_lose_nothing(
    scene: Path, daemon: FakeDaemon, flags: dict[str, Any], sentence: str
) -> None:
    from maya import cmds

    before = set(cmds.ls())
    with pytest.raises(RuntimeError, match=sentence.replace("(", r"\(")):
        cmds.mynahGenerate("face", **flags)
    assert set(cmds.ls()) == before
    assert daemon.count(m.Submit) == 0


def test_a_batch_refuses_a_quality_that_is_none(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    with pytest.raises(RuntimeError, match="There is no quality 'better'"):
        cmds.mynahBatch(quality="better")
    assert daemon.count(m.Submit) == 0


def test_an_unknown_flag_is_refused(scene: Path) -> None:
    from maya import cmds

    with pytest.raises(TypeError, match="Invalid flag"):
        cmds.mynahGenerate("face", loudness=2)


def test_help_names_every_flag_with_an_example(scene: Path, mayapy: Any) -> None:
    from maya import cmds

    from mynah_maya.commands import EXPLAINED

    for name, flags in ((command.name, command.flags) for command in EXPLAINED):
        getattr(cmds, name)(help=True)
        text = mayapy.said[-1][1]
        assert all(f"-{flag.long} (-{flag.short})" in text for flag in flags)
        assert f"Example: {name}" in text


def test_without_an_engine_a_sentence(scene: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from maya import cmds

    monkeypatch.setenv("MYNAH_ENGINE", str(scene / "no-engine"))
    with pytest.raises(RuntimeError, match="MYNAH_ENGINE names"):
        cmds.mynahGenerate("face")
    assert not cmds.ls(type="animLayer")


def test_what_the_engine_refuses_is_told_and_the_old_take_stays(
    scene: Path, daemon: FakeDaemon
) -> None:
    # RIVALS: the best rival clears the old frames before the new request has succeeded
    from maya import cmds

    cmds.mynahGenerate("face")
    shown = values_at("faceBS.jawOpen", [10.0 + i for i in range(48)])
    daemon.replies[m.Submit] = lambda _: [m.ErrorReply(m.ErrorCode.bad_audio, "It has no sound.")]
    with pytest.raises(RuntimeError, match="It has no sound"):
        cmds.mynahGenerate("face")
    assert np.array_equal(values_at("faceBS.jawOpen", [10.0 + i for i in range(48)]), shown)


def test_no_key_of_the_daemon_is_stored_in_the_scene(scene: Path, daemon: FakeDaemon) -> None:
    # RIVALS: the best rival saves a typed key with the scene
    from maya import cmds

    cmds.mynahGenerate("face")
    cmds.file(rename=str(scene / "shot.ma"))
    cmds.file(save=True)
    text = (scene / "shot.ma").read_text(encoding="utf-8")
    info = daemon.info
    for secret in (info.client_secret_key, info.client_public_key, info.server_public_key):
        assert secret not in text
        assert json.dumps(secret)[1:-1] not in text
    assert info.endpoint not in text


def test_the_animation_is_there_when_the_scene_is_opened_again(
    scene: Path, daemon: FakeDaemon
) -> None:
    # RIVALS: the best rival loses what was not baked by hand
    from maya import cmds

    cmds.mynahGenerate("face")
    cmds.file(rename=str(scene / "shot.ma"))
    cmds.file(save=True)
    cmds.file(new=True, force=True)
    daemon.close()
    cmds.file(str(scene / "shot.ma"), open=True)
    shown = values_at("faceBS.jawOpen", [10.0 + i for i in range(48)])
    assert np.abs(shown - wave_of(48)).max() < 0.0101


def test_map_proposes_saves_and_checks(scene: Path) -> None:
    from maya import cmds

    path = scene / "face.json"
    told = "\n".join(cmds.mynahMap("face", save=str(path)))
    assert "Drives 52 targets." in told
    mapping = json.loads(path.read_text(encoding="utf-8"))
    assert mapping["targets"]["jawOpen"] == {"drive": {"jawOpen": 1.0}}
    mapping["targets"]["beak"] = {"drive": {"jawOpen": 1.0}}
    path.write_text(json.dumps(mapping), encoding="utf-8")
    told = "\n".join(cmds.mynahMap("face", mapping=str(path)))
    assert "Not on this rig: beak." in told


def test_a_mapping_file_is_what_is_keyed(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    path = scene / "face.json"
    text = '{"schema": 2, "name": "", "targets": {"cheekPuff": {"drive": {"jawOpen": 0.5}}}}'
    path.write_text(text, encoding="utf-8")
    cmds.mynahGenerate("face", mapping=str(path))
    shown = values_at("faceBS.cheekPuff", [10.0 + i for i in range(48)])
    assert np.abs(shown - wave_of(48) / 2).max() < 0.0101
    assert values_at("faceBS.jawOpen", [20.0]).max() == 0


def test_batch_makes_every_sound_that_is_heard(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    cmds.sound(file=make_voice(scene / "two.wav", 1.0), offset=100, name="line_02")
    cmds.sound(file=make_voice(scene / "three.wav", 1.5), offset=200, name="line_03", mute=True)
    cmds.sound(file=str(scene / "four.wav"), offset=300, name="line_04")
    layers = cmds.mynahBatch("face")
    assert sorted(layers) == ["mynah_line_01_0", "mynah_line_02_0"]
    for start in (10, 100):
        shown = values_at("faceBS.jawOpen", [start + i for i in range(48)])
        assert np.abs(shown - wave_of(48)).max() < 0.0101


def test_batch_finds_the_speaker_by_the_sounds_name(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    cmds.delete("line_01")
    cmds.select(clear=True)
    for space, start in (("hero", 10), ("hero_old", 100)):
        cmds.namespace(add=space)
        make_face(f"{space}:face", ("jawOpen",), blend=f"{space}:BS")
        voice = make_voice(scene / f"{space}.wav", 1 + start / 100)
        cmds.sound(file=voice, offset=start, name=f"{space}_01")
    cmds.select(clear=True)
    assert len(cmds.mynahBatch()) == 2
    assert values_at("hero:BS.jawOpen", [20.0]).max() > 0.2
    assert values_at("hero:BS.jawOpen", [110.0]).max() == 0
    assert values_at("hero_old:BS.jawOpen", [110.0]).max() > 0.2


def test_batch_of_a_sheet(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    make_voice(scene / "a.wav", 1.1)
    make_voice(scene / "b.wav", 1.2)
    sheet = scene / "dialogue.csv"
    sheet.write_text(
        "line,character,audio,start,style\na,face,a.wav,50,warm\nb,nobody,b.wav,150,\n", "utf-8"
    )
    assert cmds.mynahBatch(sheet=str(sheet)) == ["mynah_a_0"]
    assert values_at("faceBS.jawOpen", [60.0]).max() > 0.2
    sheet.write_text("line,audio\na,gone.wav\nb,lost.wav\n", "utf-8")
    with pytest.raises(RuntimeError, match=r"(?s)Row 2: .*Row 3: "):
        cmds.mynahBatch("face", sheet=str(sheet))


def test_an_interrupt_leaves_nothing_under_way(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    from mynah_maya.session import session

    daemon.n_steps, daemon.step_s = 1000, 0.05

    def interrupt() -> bool:
        raise KeyboardInterrupt

    session.pump, kept = interrupt, session.pump  # type: ignore[method-assign]
    try:
        with pytest.raises(KeyboardInterrupt):
            cmds.mynahGenerate("face")
    finally:
        session.pump = kept  # type: ignore[method-assign]
    assert not session.is_busy
    until(lambda: daemon.count(m.Cancel) > 0 or daemon.count(m.Submit) == 0, lambda: None)
    assert not cmds.ls(type="animLayer")


def test_unloading_leaves_nothing_behind(scene: Path, daemon: FakeDaemon, mayapy: Any) -> None:
    from maya import cmds

    cmds.mynahGenerate("face")
    cmds.flushUndo()
    cmds.unloadPlugin("mynah_plugin")
    assert not mayapy.callbacks
    cmds.loadPlugin(str(PLUGIN))
    cmds.mynahGenerate("face", seed=2)
