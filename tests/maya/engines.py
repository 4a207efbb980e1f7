"""A computer of its own for tests that set the engine up, and a Maya's Python that can have no
environment of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.shared.tiny_engine import fetch_pip, write_engine

ONLY_FILES = {"set-up.lock", "set-up.log"}


def a_python() -> Path:
    """One that fits the engine, on this computer."""
    if sys.version_info >= (3, 11):
        return Path(sys.executable)
    for version in ("3.11", "3.12", "3.13"):
        for found in (shutil.which(f"python{version}"), f"/usr/bin/python{version}"):
            if found and Path(found).is_file() and "shims" not in found:
                return Path(found)
    pytest.skip("no Python 3.11 to 3.13 to set the engine up with")


@pytest.fixture(scope="session")
def pip_wheel(tmp_path_factory: pytest.TempPathFactory, repository: Path) -> Path:
    return fetch_pip(tmp_path_factory.mktemp("pip"), repository)


@pytest.fixture
def computer(
    mynah_home: Path, pip_wheel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """No engine, no network, one Python; returns the folder of wheels that the module brings, with
    a tiny engine in it and all that it needs."""
    from mynah_maya.setup import job
    from mynah_shared.setup.status import looked

    monkeypatch.delenv("MYNAH_ENGINE", raising=False)
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("PIP_FIND_LINKS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    folder = write_engine(tmp_path / "engine", pip_wheel)
    monkeypatch.setattr("mynah_maya.engine.PACKAGES", folder)
    python = a_python()
    monkeypatch.setattr(job.set_up, "_find_python", lambda: python)
    looked.forget()
    yield folder
    job.set_up.close()
    looked.forget()


def write_mayapy(folder: Path) -> Path:
    """A Maya's own Python as it is on Linux: a script that starts another program, which finds
    nothing without the variables that the script sets."""
    path = folder / "bin" / "mayapy"
    path.parent.mkdir(parents=True)
    path.write_text(
        "#!/bin/sh\n"
        f'MAYA_LOCATION={folder} PYTHONHOME={sys.base_prefix} exec {sys.executable} "$@"\n'
    )
    path.chmod(0o755)
    return path


def left() -> set[str]:
    """What lies in the folder of engines."""
    from mynah_maya.setup.places import engine_place

    return {path.name for path in engine_place().folder.iterdir()}


def only_environment() -> Any:
    """The engine that was set up."""
    from mynah_maya.setup.places import engine_place

    (found,) = engine_place().environments()
    return found
