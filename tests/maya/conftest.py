"""Maya for these tests: the in-memory one of tests/fakes, freshly started for each of them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

_ROOT = Path(__file__).resolve().parents[2]
# Before any test module is imported: they, and the plug-in, import maya as in Maya itself.
for _folder in (_ROOT / "maya_plugin" / "scripts", _ROOT / "tests" / "fakes"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

if TYPE_CHECKING:
    from maya._world import World


@pytest.fixture
def maya(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A Maya with windows and an empty scene at 24 fps; callbacks and jobs end with the test.

    `maya.said` holds what was told to the user, `maya.answers` takes the answers to dialogs, and
    `maya.utils.processIdleEvents()` is an idle moment.
    """
    yield from _start(tmp_path, monkeypatch, batch=False)


@pytest.fixture
def app(maya: World, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Qt's application, without a screen; its events are handled by `app.processEvents()`.

    Python 3.10 stands for Maya 2024 with PySide2, every later one for Maya 2025 with PySide6.
    """
    version, binding = (2024, "PySide2") if sys.version_info < (3, 11) else (2025, "PySide6")
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    widgets = pytest.importorskip(
        f"{binding}.QtWidgets",
        reason=f"{binding} can't be loaded: the window can't be tested",
        exc_type=ImportError,
    )
    maya.version = version
    return widgets.QApplication.instance() or widgets.QApplication([])


@pytest.fixture
def mayapy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """The same without windows, as mayapy runs it."""
    yield from _start(tmp_path, monkeypatch, batch=True)


def _start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: bool) -> Iterator[World]:
    from maya._world import world

    monkeypatch.setenv("MAYA_APP_DIR", str(tmp_path / "maya"))
    monkeypatch.delenv("MAYA_PLUG_IN_PATH", raising=False)
    world.reset(batch=batch)
    yield world
    assert world.journal.open_chunks == 0, "an undo chunk was left open"
    world.reset()
