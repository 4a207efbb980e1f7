"""Fixtures and skip rules of all tests. Every skip names its reason."""

from __future__ import annotations

import importlib.util
import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what this machine or environment lacks."""
    lacks = {}
    if importlib.util.find_spec("bpy") is None:
        lacks["bpy"] = (
            "bpy is not installed here: `python build.py test` runs these in .venv/blender"
        )
    if shutil.which("nvidia-smi") is None:
        lacks["gpu"] = "no NVIDIA GPU on this machine"
    for item in items:
        for marker, reason in lacks.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(autouse=True)
def mynah_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A private state folder, so that no test meets (or stops) the daemon of the person testing."""
    # Short, because socket and key files below it must fit the path limits of every system.
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("MYNAH_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with speech corpus and measuring head; it is not part of the repository."""
    folder = Path(os.environ.get("MYNAH_SHARED", ROOT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no corpus at {folder}: set MYNAH_SHARED to the folder that holds data/")
    return folder
