"""Transfer Performance: a clip or a video, baked like a generated line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.connection_file import write_connection_file
from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.protocol import messages as m
from mynah_shared.testing import fake_daemon
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import (
    PLUGIN,
    last_request,
    make_clip,
    make_face,
    make_voice,
    until,
    values_at,
    wave_of,
)


@pytest.fixture
def daemon(mynah_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeDaemon]:
    monkeypatch.setenv("MYNAH_ENGINE", str(mynah_home / "no-engine"))
    with FakeDaemon(step_s=0.001, clip=make_clip(jawOpen=wave_of(48))) as running:
        running.styles.append(m.StyleEntry("calm", (), "", "", "CC0", 4.0, True))
        write_connection_file(running.info)
        yield running


@pytest.fixture
def scene(mayapy: Any, mynah_home: Path, tmp_path: Path) -> Iterator[Path]:
    """A face, a sound and a captured performance, in a Maya without windows whose playback begins
    at frame 5."""
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    cmds.sound(file=make_voice(tmp_path / "take.wav"), offset=10, name="take")
    cmds.playbackOptions(minTime=5)
    cmds.select("face")
    yield make_performance(tmp_path)
    cmds.unloadPlugin("mynah_plugin", force=True)


def make_performance(folder: Path) -> Path:
    path = folder / "take.npz"
    path.write_bytes(clip_to_npz(make_clip(25.0, 75, jawOpen=0.8)))
    return path


def takes() -> dict[str, Any]:
    from mynah_maya.baking.record import all_takes

    return {take.layer: take.tag for take in all_takes()}


@pytest.mark.parametrize("start", [None, 101.0], ids=["where playback begins", "at a frame"])
def test_the_performance_is_keyed_where_it_begins(
    scene: Path, daemon: FakeDaemon, start: float | None
) -> None:
    from maya import cmds

    flags = {} if start is None else {"startFrame": start}
    layer = cmds.mynahTransfer("face", performance=str(scene), **flags)
    request = last_request(daemon)
    assert request.is_transfer
    assert (request.fps, request.audio_name) == (24.0, "take.npz")
    assert request.styles == (m.StyleUse("neutral"),)
    assert daemon.blobs[request.audio_sha256] == scene.read_bytes()
    shown = values_at("faceBS.jawOpen", [(start or 5) + row for row in range(48)])
    assert np.abs(shown - wave_of(48)).max() < 0.0101
    tag = takes()[layer]
    assert (tag.line, tag.source, tag.audio) == ("take", "PERFORMANCE", "take.npz")
    assert '"audio_sha256"' in tag.result
    cmds.undo()
    assert not cmds.ls(type="animLayer")


def test_a_video_goes_to_the_engine_with_the_styles(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    video = scene.with_name("take 3.mov")
    video.write_bytes(bytes(range(256)) * 3000)
    cmds.mynahTransfer(
        performance=str(video), style="calm@0.7", strength=1.5, fromSeconds=1, toSeconds=2.5
    )
    request = last_request(daemon)
    assert (request.audio_name, request.is_transfer) == ("take 3.mov", True)
    assert request.styles == (m.StyleUse("calm", 0.7),)
    assert (request.style_strength, request.start_s, request.end_s) == (1.5, 1.0, 2.5)
    assert daemon.blobs[request.audio_sha256] == video.read_bytes()
    shown = values_at("faceBS.jawOpen", [5.0 + row for row in range(48)])
    assert np.abs(shown - wave_of(48)).max() < 0.0101, "the part does not begin at the start"


def test_voice_and_performance_of_a_line_are_takes_that_keep_each_other(
    scene: Path, daemon: FakeDaemon
) -> None:
    from maya import cmds

    for strength in (1.0, 1.1):  # or the engine would have the result already
        spoken = cmds.mynahGenerate(audio="take", strength=strength)
        shown = cmds.mynahTransfer(performance=str(scene), strength=strength)
        assert {layer: tag.source for layer, tag in takes().items()} == {
            spoken: "VOICE",
            shown: "PERFORMANCE",
        }
        assert {layer: cmds.animLayer(layer, query=True, mute=True) for layer in takes()} == {
            spoken: True,
            shown: False,
        }
        assert "performance" in shown
    other = cmds.mynahTransfer(performance=str(scene), seed=1)
    assert set(takes()) == {spoken, shown, other}


def test_another_take_of_a_performance(scene: Path, daemon: FakeDaemon, mayapy: Any) -> None:
    from maya import cmds

    first = cmds.mynahTransfer(performance=str(scene), style="calm")
    second = cmds.mynahTransfer(performance=str(scene), newTake=True)
    assert {layer: tag.seed for layer, tag in takes().items()} == {first: 0, second: 1}
    assert cmds.mynahTake("face") == [first, second]
    assert any("seed 0, transferred, calm" in text for _kind, text in mayapy.said)


def test_a_part_of_a_performance_goes_into_a_generated_take(
    scene: Path, daemon: FakeDaemon
) -> None:
    from maya import cmds

    layer = cmds.mynahGenerate(audio="take")
    before = values_at("faceBS.jawOpen", [float(frame) for frame in range(10, 58)])
    daemon.clip = make_clip(jawOpen=0.6)
    cmds.mynahTransfer(performance=str(scene), redoFrom=25, redoTo=45)
    request = last_request(daemon)
    assert request.is_transfer
    assert request.take_sha256
    assert request.redo_start_s == pytest.approx(15 / 24)
    (made,) = takes()
    assert made == layer
    after = values_at("faceBS.jawOpen", [float(frame) for frame in range(10, 58)])
    assert after[25] == pytest.approx(0.6, abs=0.011)
    assert np.abs((after - before)[:15]).max() < 1e-4


def test_an_edited_transfer_is_kept(scene: Path, daemon: FakeDaemon, mayapy: Any) -> None:
    from maya import cmds

    first = cmds.mynahTransfer(performance=str(scene))
    curve = cmds.animLayer(first, query=True, animCurves=True)[0]
    cmds.setKeyframe(curve, time=13, value=0.77)
    second = cmds.mynahTransfer(performance=str(scene), strength=0.5)
    assert set(takes()) == {first, second}
    assert any("which you edited, was kept and muted" in text for _kind, text in mayapy.said)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({}, r"No performance is chosen; choose a motion clip or a video\."),
        ({"performance": "gone.mov"}, r"There is no file 'gone\.mov' at .*; choose another\."),
        ({"fromSeconds": 2.0, "toSeconds": 1.0}, r"Nothing of 'take\.npz' is left from 2 to 1"),
        ({"style": "gone.npz"}, r"There is no style clip 'gone\.npz'"),
    ],
)
def test_bad_values_get_a_sentence_and_lose_nothing(
    scene: Path, daemon: FakeDaemon, flags: dict[str, Any], sentence: str
) -> None:
    from maya import cmds

    before = set(cmds.ls())
    if flags and "performance" not in flags:
        flags = flags | {"performance": str(scene)}
    with pytest.raises(RuntimeError, match=sentence):
        cmds.mynahTransfer("face", **flags)
    assert set(cmds.ls()) == before
    assert daemon.count(m.Submit) == 0


def test_a_refusal_is_the_engines_own_sentence(scene: Path, daemon: FakeDaemon) -> None:
    from maya import cmds

    sentence = "'take.npz' is not a motion clip: its content doesn't fit its suffix .npz."
    daemon.replies[m.Submit] = lambda _: [m.ErrorReply(m.ErrorCode.bad_audio, sentence)]
    with pytest.raises(RuntimeError, match="is not a motion clip: its content"):
        cmds.mynahTransfer(performance=str(scene))
    assert not cmds.ls(type="animLayer")


def test_the_doctor_expects_no_performance_beside_its_own_sound(
    scene: Path, daemon: FakeDaemon
) -> None:
    from maya import cmds

    from mynah_maya.doctor.examination import examine

    both = scene.with_name("take.wav")  # as a video whose sound is in the scene
    cmds.mynahTransfer("face", performance=str(both), startFrame=101)
    assert not [one.sentence for one in examine(("face",)) if "the lips run" in one.sentence]


# --- the window -----------------------------------------------------------------------------------


@pytest.fixture
def window(app: Any, daemon: FakeDaemon, tmp_path: Path) -> Iterator[Any]:
    from maya import cmds

    from mynah_maya.session import Session
    from mynah_maya.ui.window import MynahWindow

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    cmds.sound(file=make_voice(tmp_path / "take.wav"), offset=10, name="take")
    cmds.select("face")

    def connect() -> Any:
        if daemon.stopped.is_set():
            raise EngineUnavailableError("There is no engine; start one.")
        return daemon.info

    session = Session(connect)
    made = MynahWindow(session)
    made.show()
    yield made
    made.close()
    made.deleteLater()
    app.processEvents()
    session.close()


def test_the_source_shows_only_what_has_a_meaning(window: Any) -> None:
    form = window.form
    form.fold_of_text.button.click()
    of_voice = (form.voice, form.voice_button, form.text, form.quality, form.seed, form.model)
    of_voice += (form.voice_guidance, form.style_guidance)
    assert all(widget.isVisible() for widget in of_voice)
    assert not form.performance.isVisible()
    assert window.generate_button.text() == "Generate Lip Sync"
    form.source.setCurrentIndex(1)
    assert not any(widget.isVisible() for widget in of_voice)
    assert form.performance.isVisible()
    assert form.styles.isVisible()
    assert form.strength.isVisible()
    assert window.generate_button.text() == "Transfer Performance"
    assert "in the manner of the styles" in window.generate_button.toolTip()
    form.source.setCurrentIndex(0)
    assert all(widget.isVisible() for widget in of_voice)


def choose(window: Any, performance: Path) -> None:
    window.form.source.setCurrentIndex(1)
    window.form.performance.path.setText(str(performance))


def test_the_fields_are_the_performance(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from maya import cmds

    from mynah_maya.style_choice import StyleChoice

    form = window.form
    choose(window, make_performance(tmp_path))
    form.place.frame.setText("20,5")
    form.styles.add(StyleChoice("calm", 0.7))
    form.text.setText("What an earlier line said.")
    form.quality.setCurrentIndex(form.quality.findData("best"))
    form.amounts["lips"].spin.setValue(0.5)
    window.generate_button.click()
    until(lambda: not window.session.is_busy, app.processEvents)
    request = last_request(daemon)
    assert (request.is_transfer, request.text, request.model) == (True, "", "")
    assert (request.audio_name, request.quality) == ("take.npz", m.Quality.normal)
    assert request.styles == (m.StyleUse("calm", 0.7),)
    assert request.amounts.lips == 0.5
    shown = values_at("faceBS.jawOpen", [20.5 + row for row in range(48)])
    assert np.abs(shown - wave_of(48)).max() < 0.0101
    assert "keys on 52 curves" in window.box.toPlainText()
    assert cmds.undoInfo(query=True, undoName=True) == "Mynah: Transfer Performance"


def test_the_video_is_watched_and_cancel_ends_it(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from maya import cmds

    monkeypatch.setattr(fake_daemon, "STAGES", ("download", "capture", "capture", "capture"))
    daemon.n_steps, daemon.step_s = 40, 0.02
    video = tmp_path / "take.mov"
    video.write_bytes(bytes(1000))
    choose(window, video)
    window.generate_button.click()
    assert window.status.text() == "Mynah: take, starting the engine"
    until(lambda: "fetching the face finder" in window.status.text(), app.processEvents)
    until(lambda: window.status.text() == "Mynah: take, watching the video", app.processEvents)
    assert window.bar.value() > 0
    window.cancel_button.click()
    assert "Cancelled; nothing was changed." in window.box.toPlainText()
    assert not cmds.ls(type="animLayer")


def test_what_is_missing_is_told(window: Any, tmp_path: Path) -> None:
    window.form.source.setCurrentIndex(1)
    window.generate_button.click()
    told = window.box.toPlainText()
    assert "No performance is chosen; choose a motion clip or a video." in told
    choose(window, make_performance(tmp_path))
    window.form.place.frame.setText("soon")
    window.generate_button.click()
    told = window.box.toPlainText()
    assert "The line can't start at 'soon'; write a frame such as 101." in told
    assert not window.session.is_busy


def test_the_dialogue_stays_one_of_voices(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    choose(window, make_performance(tmp_path))
    window.form.place.frame.setText("300")
    window.form.character.setText("face")
    window.dialogue.scene_button.click()
    window.dialogue.generate_button.click()
    until(lambda: not window.session.is_busy, app.processEvents)
    assert not last_request(daemon).is_transfer
    (tag,) = takes().values()
    assert tag.source == "VOICE"
    assert values_at("faceBS.jawOpen", [20.0])[0] == pytest.approx(wave_of(48)[10], abs=0.011)
