"""Styles in the window: from a video."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import (
    last_request,
)
from tests.maya.styles.shown import CLIP, stuck, styles_of, wait


def test_a_captured_video_is_a_style(
    window: Any, app: Any, daemon: FakeDaemon, video: Path
) -> None:
    window.styles.capture(video)
    wait(app, lambda: bool(styles_of(window)))
    clip = video.with_suffix(".npz")
    assert styles_of(window) == [str(clip)]
    request = last_request(daemon)
    assert request.is_transfer
    assert (request.fps, request.audio_name) == (0.0, "take 3.mov")
    assert daemon.blobs[request.audio_sha256] == video.read_bytes()
    with np.load(clip, allow_pickle=False) as stored:
        assert np.array_equal(stored["values"], CLIP.values)
        assert json.loads(str(stored["meta"]))["source"] == "take 3.mov"
    assert window.box.toPlainText() == (
        "Captured 3.6 s of 'take 3.mov' into 'take 3.npz'. It is in the list of styles."
    )
    assert window.styles.isHidden()
    window.generate_button.click()
    wait(app, lambda: not window.session.is_busy)
    assert last_request(daemon).styles[0].name == "take 3.npz"


def test_a_capture_keeps_nobody_waiting_and_can_be_cancelled(
    window: Any, app: Any, daemon: FakeDaemon, video: Path
) -> None:
    stuck(daemon)
    window.styles.capture(video)
    wait(app, lambda: window.styles.bar.value() == 30)
    assert window.styles.status.text() == "take 3.mov: Watching the video"
    assert not window.form.styles.video_button.isEnabled()
    assert window.generate_button.isEnabled(), "a line may be made meanwhile"
    del daemon.replies[m.Submit]
    window.generate_button.click()
    wait(app, lambda: not window.session.is_busy)
    assert window.styles.bar.value() == 30
    window.styles.cancel_button.click()
    assert window.box.toPlainText() == "Cancelled; nothing was changed."
    wait(app, lambda: daemon.count(m.Cancel) == 1)
    assert os.listdir(video.parent) == [video.name]
    assert not styles_of(window)
    assert window.form.styles.video_button.isEnabled()


def test_a_capture_of_a_command_is_shown_and_can_be_cancelled(
    window: Any, app: Any, daemon: FakeDaemon, video: Path
) -> None:
    from mynah_maya.capture import Captured, begin_capture

    stuck(daemon)
    ended: list[Captured] = []
    begin_capture(window.session, video, ended.append)
    wait(app, lambda: window.styles.bar.value() == 30)
    assert not window.form.styles.video_button.isEnabled()
    window.styles.cancel_button.click()
    assert [one.path for one in ended] == [None]
    window.refresh()
    assert window.styles.isHidden()


def test_escape_ends_a_capture_and_a_new_scene_does_not(
    window: Any, app: Any, daemon: FakeDaemon, video: Path, maya: Any
) -> None:
    from maya import cmds

    stuck(daemon)
    window.styles.capture(video)
    wait(app, lambda: window.styles.bar.value() == 30)
    cmds.file(new=True, force=True)
    assert window.session.errands
    maya.widgets["MayaWindow|mainProgressBar"]["isCancelled"] = True
    wait(app, lambda: not window.session.errands)
    assert "Cancelled" in window.box.toPlainText()


def test_what_is_wrong_with_a_video_is_a_sentence(
    window: Any, app: Any, daemon: FakeDaemon, video: Path
) -> None:
    window.styles.capture(video.with_name("none.mov"))
    assert "There is no file 'none.mov'" in window.box.toPlainText()
    assert not daemon.count(m.Submit)
    sentence = "No face was found in the video; film it from the front."
    daemon.replies[m.Submit] = lambda _: [m.ErrorReply(m.ErrorCode.bad_audio, sentence)]
    window.styles.capture(video)
    wait(app, lambda: not window.session.errands)
    assert window.box.toPlainText() == f"Error: {sentence}"
    assert not styles_of(window)


def test_what_the_engine_remarks_is_told(
    window: Any, app: Any, daemon: FakeDaemon, video: Path
) -> None:
    said = "No face was seen in 4 of 90 frames (0.2-0.3 s); they were bridged."
    meta = json.dumps({"warnings": [said]})
    daemon.replies[m.Fetch] = lambda fetch: [m.SynthesizeReply(fetch.job_id, CLIP, meta)]
    window.styles.capture(video)
    wait(app, lambda: bool(styles_of(window)))
    assert said in window.box.toPlainText()


def test_a_capture_outlives_the_window(
    app: Any, session: Any, daemon: FakeDaemon, video: Path, maya: Any
) -> None:
    from mynah_maya import qt
    from mynah_maya.ui.window import MynahWindow

    window = MynahWindow(session)
    window.show()
    daemon.frozen.set()
    window.styles.capture(video)
    core = qt.qt_module("QtCore")
    window.deleteLater()
    core.QCoreApplication.sendPostedEvents(window, core.QEvent.Type.DeferredDelete)
    daemon.frozen.clear()
    wait(app, lambda: not session.errands)
    assert video.with_suffix(".npz").is_file()
    assert any("Captured 3.6 s of 'take 3.mov'" in said for _kind, said in maya.said)
