"""What a user runs under mayapy, run here: the same checks, against the in-memory Maya."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.connection_file import write_connection_file
from mynah_shared.testing.fake_daemon import FakeDaemon


@pytest.fixture(autouse=True)
def closed_session(mayapy: Any) -> Iterator[None]:
    from mynah_maya.session import session

    session.close()
    yield
    session.close()


def test_offline(mayapy: Any, capsys: pytest.CaptureFixture[str]) -> None:
    from mynah_maya import selftest

    assert selftest.main(["--offline"]) == 0
    report = capsys.readouterr().out
    assert "All checks passed." in report
    for name in ("undo", "redo", "edited take", "save and open"):
        assert f"\n{name}: " in report


def test_with_an_engine(mayapy: Any, mynah_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from mynah_maya import selftest

    with FakeDaemon(step_s=0.001) as daemon:
        write_connection_file(daemon.info)
        assert selftest.main([]) == 0
    assert "line by the engine: on the layer" in capsys.readouterr().out


def test_a_maya_that_differs_is_reported_and_the_rest_is_tried(
    mayapy: Any, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mynah_maya import selftest
    from mynah_maya.baking import anim_curves

    right = anim_curves.to_internal
    monkeypatch.setattr(
        anim_curves, "to_internal", lambda values, curve: np.asarray(right(values, curve)) * 0.9
    )
    assert selftest.main(["--offline"]) == 1
    report = capsys.readouterr().out
    assert "frames: FAILED: AssertionError: the greatest error is 0." in report
    assert "undo: one step took all of it back" in report


def test_without_an_engine_the_report_says_so(
    mayapy: Any,
    mynah_home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from mynah_maya import selftest

    monkeypatch.setenv("MYNAH_ENGINE", str(mynah_home / "no-engine"))
    assert selftest.main([]) == 1
    assert "line by the engine: FAILED: RuntimeError: The variable" in capsys.readouterr().out
