"""Which Python the engine is set up with, where the host's own may not do."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from mynah_shared.client.other_python import environment_for_other_python
from mynah_shared.setup import pythons
from mynah_shared.setup.installer.order import SetUpError
from mynah_shared.setup.pythons import candidates, find_python, fitting, listed_in

pytestmark = pytest.mark.skipif(
    os.name == "nt" or sys.version_info < (3, 11), reason="programs are written as shell scripts"
)
LISTING = r"""
 -V:3.13 *        C:\Users\Anna Lee\AppData\Local\Programs\Python\Python313\python.exe
 -V:3.11          C:\Program Files\Python311\python.exe
 -V:3.10-32       C:\Python310-32\python.exe
 -V:ContinuumAnalytics/py39_4.12.0-0 C:\Miniconda3\python.exe
Installed Pythons found by py Launcher for Windows
"""


def write_program(path: Path, runs: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{runs}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A computer without any Python; returns the only folder on its PATH."""
    programs = tmp_path / "programs"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setattr(pythons, "_usual_places", lambda _version: iter(()))
    return programs


def test_one_with_a_version_in_its_name_comes_before_a_plain_one(bare: Path) -> None:
    real = f'exec {sys.executable} "$@"'
    write_program(bare / "python3", f"touch {bare}/asked; {real}")
    write_program(bare / "python3.12", real)
    # what the script starts is taken, and not the script
    assert find_python(None) == Path(sys.executable)
    assert not (bare / "asked").exists()


@pytest.mark.parametrize(
    "runs", ["exit 127", "echo no; echo /usr/bin/python", "echo Python was not found", "kill $$"]
)
def test_what_does_not_run_or_fit_is_passed_over(bare: Path, runs: str) -> None:
    write_program(bare / "python3.11", runs)
    with pytest.raises(SetUpError, match=r"none was found.*install Python 3\.13 from python\.org"):
        find_python(None)
    write_program(bare / "python3", f'exec {sys.executable} "$@"')
    assert find_python(None) == Path(sys.executable)


def test_blenders_serves_and_the_hosts_own_is_the_last(bare: Path, tmp_path: Path) -> None:
    own = write_program(tmp_path / "maya" / "bin" / "mayapy", f'exec {sys.executable} "$@"')
    assert find_python(own) == own, "Maya's own is used as it is called, not what it starts"
    name = f"nobody/blender-5.0/5.0/python/bin/python3.{sys.version_info.minor}"
    blenders = write_program(tmp_path / name, f'exec {sys.executable} "$@"')
    assert blenders in list(candidates(own))
    assert find_python(own) == Path(sys.executable)


def test_the_real_one_fits_and_a_stuck_one_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert fitting(Path(sys.executable)) == Path(sys.executable)
    monkeypatch.setattr(pythons, "_ANSWER_S", 0.2)
    assert fitting(write_program(tmp_path / "python3", "exec sleep 5")) is None


def test_the_launchers_list_is_read() -> None:
    found = [(version, str(path)) for version, path in listed_in(LISTING)]
    assert found == [
        ("3.13", r"C:\Users\Anna Lee\AppData\Local\Programs\Python\Python313\python.exe"),
        ("3.11", r"C:\Program Files\Python311\python.exe"),
        ("3.10", r"C:\Python310-32\python.exe"),
    ]


def test_what_the_host_sets_for_its_own_python_is_kept_from_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PYTHONHOME", "/opt/maya")
    monkeypatch.setenv("PYTHONPATH", "/opt/maya/scripts")
    monkeypatch.setenv("MAYA_LOCATION", "/opt/maya")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/maya/lib:/opt/cuda/lib")
    environment = environment_for_other_python()
    assert not {"PYTHONHOME", "PYTHONPATH"} & set(environment)
    assert environment["LD_LIBRARY_PATH"] == "/opt/cuda/lib"
    monkeypatch.setenv("LD_LIBRARY_PATH", "/opt/maya/lib")
    assert "LD_LIBRARY_PATH" not in environment_for_other_python()
    assert fitting(Path(sys.executable)) is not None
