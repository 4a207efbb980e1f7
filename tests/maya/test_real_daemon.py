"""The whole chain with the real engine: commands, daemon process, model, keys."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from tests.maya.faces import PLUGIN, make_face, make_voice, until, values_at

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
