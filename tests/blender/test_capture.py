"""From Video: a job that writes a clip beside the video and adds it to the list of styles."""

from __future__ import annotations

import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

import blender_addon
from blender_addon.capture import prepare_capture
from blender_addon.library import connect_to
from blender_addon.operators.generate import disabled_reason
from blender_addon.session import session
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import clip_of

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

CLIP = clip_of(90, 30.0, jawOpen=0.7, headYaw=0.2)


@pytest.fixture
def video(tmp_path: Path) -> Path:
    """What is uploaded; the fake daemon doesn't look at it."""
    folder = tmp_path / "footage"
    folder.mkdir()
    path = folder / "take 3.mov"
    path.write_bytes(os.urandom(700_000))
    return path


@pytest.fixture
def watching(daemon: FakeDaemon) -> FakeDaemon:
    """A daemon that captures everything as `CLIP`."""
    daemon.clip = CLIP
    return daemon


@pytest.fixture
def stuck(daemon: FakeDaemon) -> FakeDaemon:
    """A daemon that has watched 3 of 10 frames and gets no further."""
    daemon.replies[m.Submit] = lambda _: [
        m.Accepted((m.JobStatus("job", m.JobState.running),)),
        m.JobEvent("job", 1, m.JobState.running, "capture", 3, 10),
    ]
    return daemon


@pytest.fixture
def unwritable(video: Path) -> Iterator[Path]:
    """The video in a folder in which not even the system's owner can write."""
    if sys.platform != "linux":
        pytest.skip("only Linux has a folder like this")
    with video.open("rb") as file:
        yield Path(f"/proc/self/fd/{file.fileno()}")


def capture(video: Path) -> None:
    assert bpy.ops.mynah.capture_style(filepath=str(video)) == {"FINISHED"}


def begin(video: Path) -> None:
    """Start as the file browser does in a window: without waiting."""
    session.start(prepare_capture(bpy.context.scene, str(video)), connect_to(""))


def pump_until(is_done: Callable[[], bool], timeout_s: float = 20.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_done():
        assert time.monotonic() < deadline, "nothing happened in time"
        session.pump()
        time.sleep(0.005)


def has_ended() -> bool:
    return session.job is None


def is_watching() -> bool:
    return session.job is not None and session.job.stage == "capture"


def rows() -> list[str]:
    return [row.path for row in bpy.context.scene.mynah.styles]


def test_the_clip_lies_beside_the_video_and_is_a_style(video: Path, watching: FakeDaemon) -> None:
    bpy.context.scene.mynah.styles.add()
    capture(video)
    (request,) = next(item for item in watching.seen if isinstance(item, m.Submit)).requests
    assert request.is_transfer
    assert (request.fps, request.audio_name) == (0.0, "take 3.mov")
    assert request.styles == (m.StyleUse("neutral"),)
    assert watching.blobs[request.audio_sha256] == video.read_bytes()

    clip = video.with_suffix(".npz")
    with np.load(clip, allow_pickle=False) as stored:
        assert np.array_equal(stored["values"], CLIP.values)
        assert (tuple(stored["channels"]), stored["fps"]) == (CLIP.channels, 30.0)
        assert json.loads(str(stored["meta"]))["source"] == "take 3.mov"
    settings = bpy.context.scene.mynah
    assert settings.active_style == 1
    row = settings.chosen_style
    assert (row.kind, row.path, row.title) == ("FILE", str(clip), "take 3")
    assert row.read_file() == clip
    assert session.outcome.message == (
        "Captured 3.0 s of 'take 3.mov' into 'take 3.npz'; it is in the list of styles."
    )
    assert not session.outcome.is_error


def test_the_style_is_used_by_the_next_line(
    video: Path, watching: FakeDaemon, face: bpy.types.Object, voice: Path
) -> None:
    capture(video)
    bpy.ops.mynah.generate()
    request = [item for item in watching.seen if isinstance(item, m.Submit)][-1].requests[0]
    (use,) = request.styles
    assert use.name == "take 3.npz"
    with np.load(io.BytesIO(watching.blobs[use.clip_sha256]), allow_pickle=False) as sent:
        assert np.array_equal(sent["values"], CLIP.values)


def test_a_saved_file_notes_it_relative_to_itself(video: Path, watching: FakeDaemon) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(video.parent.parent / "shot.blend"))
    begin(Path("//footage/take 3.mov"))
    pump_until(has_ended)
    assert rows() == [f"//footage{os.sep}take 3.npz"]
    assert bpy.context.scene.mynah.styles[0].read_file() == video.with_suffix(".npz")


def test_no_file_is_ever_replaced(video: Path, watching: FakeDaemon) -> None:
    taken = [video.with_name(name) for name in ("take 3.npz", "take 3_2.npz")]
    for path in taken:
        path.write_text("an artist's own")
    capture(video)
    assert all(path.read_text() == "an artist's own" for path in taken)
    assert rows() == [str(video.with_name("take 3_3.npz"))]


def test_in_a_folder_that_cannot_be_written_it_goes_beside_the_blend(
    unwritable: Path, watching: FakeDaemon, tmp_path: Path
) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "shot.blend"))
    capture(unwritable)
    clip = tmp_path / f"{unwritable.name}.npz"
    assert clip.is_file()
    assert bpy.context.scene.mynah.styles[0].read_file() == clip
    assert f"at {tmp_path}, because its own folder can't be written" in session.outcome.message


def test_without_any_place_for_it_nothing_is_begun(unwritable: Path, watching: FakeDaemon) -> None:
    with pytest.raises(RuntimeError, match=r"can't be written to /proc/self/fd .*; save this \.bl"):
        bpy.ops.mynah.capture_style(filepath=str(unwritable))
    assert not watching.count(m.Submit)


def test_a_folder_that_vanishes_meanwhile_is_a_sentence(video: Path, watching: FakeDaemon) -> None:
    begin(video)
    pump_until(lambda: watching.count(m.Submit) == 1)
    video.unlink()
    video.parent.rmdir()
    pump_until(has_ended)
    assert session.outcome.is_error
    assert "'take 3.mov' can't be written to" in session.outcome.message
    assert not rows()


def test_what_the_daemon_has_to_say_is_shown(video: Path, watching: FakeDaemon) -> None:
    said = ["No face was seen in 4 of 90 frames (0.2-0.3 s); they were bridged."]
    meta = json.dumps({"warnings": said})
    watching.replies[m.Fetch] = lambda message: [m.SynthesizeReply(message.job_id, CLIP, meta)]
    capture(video)
    assert session.outcome.remarks == tuple(said)
    with np.load(video.with_suffix(".npz"), allow_pickle=False) as stored:
        assert json.loads(str(stored["meta"]))["warnings"] == said


def test_a_refusal_is_the_daemons_own_sentence(video: Path, daemon: FakeDaemon) -> None:
    sentence = "Capture needs MediaPipe, which is not installed; install it."
    daemon.replies[m.Submit] = lambda _: [m.ErrorReply(m.ErrorCode.bad_audio, sentence)]
    with pytest.raises(RuntimeError, match=sentence):
        bpy.ops.mynah.capture_style(filepath=str(video))
    assert session.outcome.message == sentence
    assert session.outcome.is_error
    assert not rows()


def test_a_missing_video_is_named(video: Path) -> None:
    with pytest.raises(RuntimeError, match=r"There is no file 'none\.mov' at .*; choose a video\."):
        bpy.ops.mynah.capture_style(filepath=str(video.with_name("none.mov")))


def test_progress_is_shown_and_nothing_else_can_begin(
    video: Path, stuck: FakeDaemon, face: bpy.types.Object, voice: Path
) -> None:
    begin(video)
    pump_until(is_watching)
    assert session.job.fraction == pytest.approx(0.3)
    busy = "A video is being captured; wait for it or cancel it."
    assert disabled_reason(bpy.context) == busy
    with pytest.raises(RuntimeError, match=busy):
        bpy.ops.mynah.capture_style(filepath=str(video))


def test_cancel_takes_effect_at_once_and_leaves_nothing(video: Path, stuck: FakeDaemon) -> None:
    begin(video)
    pump_until(is_watching)
    assert bpy.ops.mynah.cancel() == {"FINISHED"}
    assert has_ended()
    pump_until(lambda: stuck.count(m.Cancel) == 1)
    assert session.outcome.message == "Cancelled; nothing was changed."
    assert os.listdir(video.parent) == [video.name]
    assert not rows()


def test_one_undo_step_takes_the_style_away_but_never_the_file(
    video: Path, watching: FakeDaemon
) -> None:
    bpy.ops.ed.undo_push(message="before")
    capture(video)
    bpy.ops.ed.undo()
    assert not rows()
    assert video.with_suffix(".npz").is_file()
    bpy.ops.ed.redo()
    assert rows() == [str(video.with_suffix(".npz"))]


def test_undo_meanwhile_does_no_harm(video: Path, watching: FakeDaemon) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.context.scene.mynah.seed = 5
    bpy.ops.ed.undo_push(message="seed")
    begin(video)
    bpy.ops.ed.undo()
    pump_until(has_ended)
    assert rows() == [str(video.with_suffix(".npz"))]


def test_opening_another_file_cancels(video: Path, stuck: FakeDaemon, tmp_path: Path) -> None:
    path = str(tmp_path / "other.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    begin(video)
    pump_until(is_watching)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert has_ended()
    pump_until(lambda: stuck.count(m.Cancel) == 1)
    assert os.listdir(video.parent) == [video.name]


def test_a_deleted_scene_does_not_lose_the_clip(video: Path, watching: FakeDaemon) -> None:
    first = bpy.context.scene
    begin(video)
    bpy.context.window.scene = bpy.data.scenes.new("Second")
    bpy.data.scenes.remove(first)
    pump_until(has_ended)
    assert video.with_suffix(".npz").is_file()
    assert "the scene 'Scene' was deleted meanwhile" in session.outcome.message
    assert not rows()


def test_disabling_the_addon_meanwhile_is_safe(video: Path, stuck: FakeDaemon) -> None:
    begin(video)
    pump_until(is_watching)
    blender_addon.unregister()
    assert has_ended()
    blender_addon.register()
    assert os.listdir(video.parent) == [video.name]
