"""Child processes of the engine must find the packages that pytest finds by its `pythonpath`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.inference_daemon.memory import memory_folder_or_none


@pytest.fixture(autouse=True)
def packages_on_path(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [str(repository / "shared"), str(repository / "inference_daemon")]
    if os.environ.get("PYTHONPATH"):
        folders.append(os.environ["PYTHONPATH"])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))


@pytest.fixture(scope="session")
def memory_folder() -> Iterator[Path]:
    """A folder in memory, or else a temporary one."""
    with tempfile.TemporaryDirectory(dir=memory_folder_or_none()) as folder:
        yield Path(folder)
