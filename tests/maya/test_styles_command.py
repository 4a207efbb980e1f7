"""mynahStyle, and styles in mynahGenerate, as scripts use them, on a daemon with real sockets."""

from __future__ import annotations

import io
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
        running.styles.append(m.StyleEntry("angry", ("loud",), "Shouts.", "", "CC0", 4.0, True))
        running.styles.append(m.StyleEntry("villain", (), "", "table read", "ours", 9.0, False))
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


def film(folder: Path) -> Path:
    path = folder / "take.mov"
    path.write_bytes(b"film")
    return path


def test_the_library_is_listed(scene: Path, daemon: FakeDaemon, mayapy: Any) -> None:
    from maya import cmds

    assert cmds.mynahStyle() == ["angry", "villain"]
    told = mayapy.said[-1][1]
    assert told == "angry (loud): Shouts.\nvillain [yours]"


def test_a_clip_is_stored_and_removed(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    clip = scene / "take.csv"
    clip.write_bytes(b"clip")
    named = cmds.mynahStyle(
        store="our hero",
        clip=str(clip),
        tags="brave, loud",
        description="Shouts.",
        provenance="table read",
        licence="ours",
    )
    assert named == "our hero"
    texts = ("Shouts.", "table read", "ours")
    assert daemon.styles[-1] == m.StyleEntry("our hero", ("brave", "loud"), *texts, 4.0, False)
    (message,) = [one for one in daemon.seen if isinstance(one, m.AddStyle)]
    assert (message.clip_name, daemon.blobs[message.clip_sha256]) == ("take.csv", b"clip")
    with pytest.raises(RuntimeError, match="There is a style 'our hero' already"):
        cmds.mynahStyle(store="our hero", clip=str(clip))
    assert cmds.mynahStyle(store="our hero", clip=str(clip), replace=True) == "our hero"
    assert cmds.mynahStyle(remove="our hero") == "our hero"
    assert cmds.mynahStyle() == ["angry", "villain"]
    with pytest.raises(RuntimeError, match="There is no style 'angry' of yours"):
        cmds.mynahStyle(remove="angry")


def test_a_video_is_captured_beside_itself(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    video = film(scene)
    assert cmds.mynahStyle(video=str(video)) == str(scene / "take.npz")
    (request,) = next(one for one in daemon.seen if isinstance(one, m.Submit)).requests
    assert request.is_transfer
    assert not daemon.count(m.AddStyle)


def test_a_video_is_captured_and_stored(scene: Path, daemon: FakeDaemon, mayapy: Any) -> None:
    from maya import cmds

    assert cmds.mynahStyle(store="our hero", video=str(film(scene)), tags="brave") == "our hero"
    assert daemon.styles[-1].tags == ("brave",)
    (message,) = [one for one in daemon.seen if isinstance(one, m.AddStyle)]
    assert daemon.blobs[message.clip_sha256] == (scene / "take.npz").read_bytes()
    told = [text for _kind, text in mayapy.said]
    assert "Captured 2.0 s of 'take.mov' into 'take.npz'." in told
    assert told[-1] == "The style 'our hero' is in the library."


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"store": "x"}, "-store needs a -clip, a -video, or a rig's -fromFrame"),
        ({"clip": "a.csv"}, "A style needs a name: -store it under one"),
        ({"fromFrame": 1}, "A style needs a name: -store it under one"),
        ({"store": "x", "clip": "a.csv", "video": "b.mov"}, "exclude each other; choose one"),
        ({"store": "x", "fromFrame": 9, "toFrame": 3}, "The frames 9 to 3 of 'face' are none"),
        ({"store": "x", "layer": "gone"}, "There is no animation layer 'gone'"),
        ({"store": "x", "clip": "a.wav"}, "'a.wav' is no clip: use a .csv, "),
        ({"store": "x", "clip": "gone.csv"}, "The style clip 'gone.csv' does not exist"),
        ({"video": "gone.mov"}, "There is no file 'gone.mov'"),
    ],
)
def test_what_makes_no_sense_gets_its_sentence(
    scene: Path, daemon: FakeDaemon, flags: dict[str, Any], sentence: str
) -> None:
    from maya import cmds

    with pytest.raises(RuntimeError, match=sentence):
        cmds.mynahStyle(**flags)


def test_what_a_rig_performs_is_stored(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    for frame, value in ((1, 0.0), (5, 0.8), (9, 0.2)):
        cmds.setKeyframe("faceBS.jawOpen", time=frame, value=value)
    before = cmds.currentTime(query=True)
    assert cmds.mynahStyle("face", store="our hero", fromFrame=1, toFrame=9) == "our hero"
    (message,) = [one for one in daemon.seen if isinstance(one, m.AddStyle)]
    with np.load(io.BytesIO(daemon.blobs[message.clip_sha256]), allow_pickle=False) as sent:
        values, channels = sent["values"], sent["channels"].tolist()
    shown = values_at("faceBS.jawOpen", [1.0 + i for i in range(9)])
    assert np.abs(values[:, channels.index("jawOpen")] - shown).max() < 1e-5
    assert cmds.currentTime(query=True) == before
    with pytest.raises(RuntimeError, match="'face' needs -fromFrame and -toFrame"):
        cmds.mynahStyle("face", store="x")


def test_of_a_layer_only_that_is_stored(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    cmds.setKeyframe("faceBS.jawOpen", time=1, value=0.3)
    layer = cmds.mynahGenerate("face")
    cmds.animLayer(layer, edit=True, mute=True)
    cmds.mynahStyle("face", store="our hero", fromFrame=10, toFrame=57, layer=layer)
    (message,) = [one for one in daemon.seen if isinstance(one, m.AddStyle)]
    with np.load(io.BytesIO(daemon.blobs[message.clip_sha256]), allow_pickle=False) as sent:
        values, channels = sent["values"], sent["channels"].tolist()
    assert np.abs(values[:, channels.index("jawOpen")] - wave_of(48)).max() < 0.0101


def test_a_video_that_is_refused_is_the_engines_sentence(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    refusal = m.ErrorReply(m.ErrorCode.bad_audio, "No face was found; film it from the front.")
    daemon.replies[m.Submit] = lambda _: [refusal]
    with pytest.raises(RuntimeError, match="No face was found; film it from the front"):
        cmds.mynahStyle(store="x", video=str(film(scene)))
    assert not daemon.count(m.AddStyle)
    assert not (scene / "take.npz").exists()


def test_with_windows_nothing_waits(
    app: Any, daemon: FakeDaemon, tmp_path: Path, maya: Any
) -> None:
    from maya import cmds

    from mynah_maya.session import session

    cmds.loadPlugin(str(PLUGIN))
    try:
        daemon.frozen.set()
        assert cmds.mynahStyle(video=str(film(tmp_path))) is None
        assert session.errands
        cmds.mynahStyle(cancel=True)
        assert not session.errands
        assert maya.said[-1] == ("info", "Cancelled; nothing was changed.")
        daemon.frozen.clear()
        assert cmds.mynahStyle() is None
        until(lambda: "villain [yours]" in maya.said[-1][1], app.processEvents)
        assert cmds.mynahStyle(wait=True) == ["angry", "villain"]
    finally:
        cmds.unloadPlugin("mynah_plugin", force=True)


def test_styles_begin_and_fade_along_the_line(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    cmds.mynahGenerate(
        "face",
        style="angry + villain@0.5:brows from 1.25",
        styleFade=0.5,
        voiceGuidance=1.15,
        styleGuidance=1.5,
    )
    (request,) = next(one for one in daemon.seen if isinstance(one, m.Submit)).requests
    assert request.styles == (
        m.StyleUse("angry"),
        m.StyleUse("villain", 0.5, "brows", start_s=1.25),
    )
    assert request.style_fade_s == 0.5
    assert (request.audio_guidance, request.style_guidance) == (1.15, 1.5)


def test_a_sheets_styles_begin_where_it_says(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    sheet = scene / "shot.csv"
    sheet.write_text("line,audio,style\none,line.wav,angry + villain from 0.5\n", "utf-8")
    cmds.mynahBatch("face", sheet=str(sheet), styleFade=0.25)
    (request,) = next(one for one in daemon.seen if isinstance(one, m.Submit)).requests
    assert request.styles == (m.StyleUse("angry"), m.StyleUse("villain", start_s=0.5))
    assert request.style_fade_s == 0.25
