"""Child processes of the engine must find the packages that pytest finds by its `pythonpath`."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def packages_on_path(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [str(repository / "shared"), str(repository / "inference_daemon")]
    if os.environ.get("PYTHONPATH"):
        folders.append(os.environ["PYTHONPATH"])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(folders))
