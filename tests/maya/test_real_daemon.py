"""The whole chain with the real engine: commands, daemon process, model, keys."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.motion.npz import clip_to_npz
from tests.maya.faces import (
    PLUGIN,
    make_clip,
    make_face,
    make_voice,
    until,
    values_at,
    wave_of,
)

pytest.importorskip("onnxruntime", reason="onnxruntime is not installed: the engine can't run")

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(autouse=True)
def engine(mayapy: Any, mynah_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engine beside this Python can be found, and no daemon of it is left behind."""
    from mynah_maya.session import session

    monkeypatch.setenv("MYNAH_ENGINE", sys.executable)
    session.close()
    yield
    session.close()
    info = read_connection_file()
    if info is not None:
        with Client(info, "tests", "1") as client:
            client.shutdown()


def test_the_self_test_passes_with_the_real_engine(capsys: pytest.CaptureFixture[str]) -> None:
    from mynah_maya import selftest

    failed = selftest.main([])
    report = capsys.readouterr().out
    assert not failed, report
    assert "line by the engine: on the layer" in report


@pytest.mark.skipif(os.name != "posix", reason="Windows has no SIGKILL")
def test_a_daemon_killed_in_the_middle_costs_the_line_nothing(tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.order import Wish, order_of
    from mynah_maya.session import session

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    voice = make_voice(tmp_path / "line.wav", 6.0)
    cmds.sound(file=voice, offset=10, name="line_01")
    ticket = session.start(order_of(Wish(audio="line_01", characters=("face",))))
    until(lambda: session.jobs[ticket].stage != "connecting", session.pump, 60)
    info = read_connection_file()
    assert info is not None
    os.kill(info.pid, signal.SIGKILL)
    session.run_until_done()
    assert session.outcomes[-1].report is not None, session.outcomes[-1].message
    assert values_at("faceBS.jawOpen", [10.0 + i for i in range(100)]).max() > 0.02
    (record,) = cmds.ls("*_record")
    result = json.loads(json.loads(cmds.getAttr(f"{record}.mynahTag"))["result"])
    assert result["model_sha256"]
    assert result["seconds"]["motion"] > 0


def test_a_clip_is_transferred(tmp_path: Path) -> None:
    from maya import cmds

    from mynah_maya.baking.record import all_takes

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    clip = make_clip(30.0, 60, jawOpen=wave_of(60, fps=30.0), browInnerUp=0.3)
    path = tmp_path / "take.npz"
    path.write_bytes(clip_to_npz(clip))
    cmds.mynahTransfer("face", performance=str(path), startFrame=101)
    frames = [101.0 + i for i in range(47)]  # 2 s at 30 a second are 47 steps at 24
    wanted = np.interp(np.arange(47) / 24, np.arange(60) / 30, clip.column("jawOpen"))
    assert np.abs(values_at("faceBS.jawOpen", frames) - wanted).max() < 0.03
    assert np.abs(values_at("faceBS.browInnerUp", frames) - 0.3).max() < 0.011
    (take,) = all_takes()
    assert take.tag.source == "PERFORMANCE"
    assert json.loads(take.tag.result)["is_transfer"] is True
    path.write_bytes(b"no clip")
    with pytest.raises(RuntimeError, match=r"'take\.npz'"):
        cmds.mynahTransfer("face", performance=str(path), startFrame=101)
    assert [one.record for one in all_takes()] == [take.record]


def test_a_take_a_gesture_of_a_rig_and_a_range_made_anew(tmp_path: Path) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    make_face("anna", ("browInnerUp", "eyeBlinkLeft"), blend="annaBS")
    for frame, value in ((201, 0.0), (213, 0.9), (225, 0.0)):
        cmds.setKeyframe("annaBS.browInnerUp", time=frame, value=value)
    cmds.sound(file=make_voice(tmp_path / "line.wav", 4.0), offset=10, name="line_01")
    flags: dict[str, Any] = {"audio": "line_01", "quality": "draft"}
    layer = cmds.mynahGenerate("face", gesture="anna 201 225 46 brows", **flags)
    assert values_at("faceBS.browInnerUp", [58.0])[0] == pytest.approx(0.9, abs=0.05)
    frames = [10 + i / 2 for i in range(190)]
    before = values_at("faceBS.browInnerUp", frames)
    assert cmds.mynahGenerate("face", redoFrom=40, redoTo=70, **flags) == layer
    moved = abs(values_at("faceBS.browInnerUp", frames) - before)
    outside = [not 40 < frame < 70 for frame in frames]
    assert moved[outside].max() < 1e-6
    assert moved.max() > 0.5  # the gesture was not asked for again
    assert cmds.mynahGenerate("face", newTake=True, **flags) == "mynah_line_01_1"
    assert cmds.mynahTake("face", show="previous") == layer
