"""A filmed performer becomes a style that speaks, with the real engine and MediaPipe."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from tests.maya.faces import PLUGIN, make_face, values_at

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: the engine can't run")
pytest.importorskip("mediapipe", reason="no MediaPipe: install mynah_daemon[capture]")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def engine(
    mayapy: Any, mynah_home: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """The engine beside this Python can be found, and no daemon of it is left behind."""
    from mynah_maya.session import session

    monkeypatch.setenv("MYNAH_ENGINE", sys.executable)
    monkeypatch.setenv("MYNAH_LANDMARKER", str(shared_data / "models" / "face_landmarker.task"))
    session.close()
    yield
    session.close()
    info = read_connection_file()
    if info is not None:
        with Client(info, "tests", "1") as client:
            client.shutdown()


def test_a_captured_video_becomes_a_style_that_speaks(
    shared_data: Path, repository: Path, tmp_path: Path
) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    film = shutil.copy(shared_data / "data/video_samples/bbaf3s.mpg", tmp_path)
    name = cmds.mynahStyle(store="our reader", video=film, tags="calm")
    with np.load(tmp_path / "bbaf3s.npz", allow_pickle=False) as clip:
        values, channels = clip["values"], clip["channels"].tolist()
        assert (len(values), float(clip["fps"])) == (75, 25.0)
    assert np.ptp(values[:, channels.index("jawOpen")]) > 0.1
    assert name in cmds.mynahStyle()

    make_face()
    line = repository / "demo_scene" / "line.flac"
    frames = [10.0 + i for i in range(100)]
    shown: list[np.ndarray] = []
    for style in ("neutral", "calm"):
        cmds.mynahGenerate("face", audio=str(line), startFrame=10, style=style, quality="draft")
        shown.append(values_at("faceBS.jawOpen", frames))
    assert np.ptp(shown[1]) > 0.05
    assert np.abs(shown[1] - shown[0]).max() > 0.01, "the style changes nothing"
    assert cmds.mynahStyle(remove="our reader") == "our reader"
    assert name not in cmds.mynahStyle()

    text = tmp_path / "notes.mov"
    text.write_text("no film")
    with pytest.raises(RuntimeError, match=r"notes\.mov"):
        cmds.mynahStyle(video=str(text))
