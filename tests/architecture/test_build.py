"""build.py: what it offers, refuses and decides, without installing anything."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import tomllib

from tools import environments, packages
from tools.console import BuildError, CommandError, run_logged

VERBS = "setup demo test check wheel blender maya daemon three clean".split()


def run(repository: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "build.py", *arguments],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_help_lists_every_verb(repository: Path) -> None:
    told = run(repository, "--help")
    assert told.returncode == 0
    assert all(f"\n    {verb} " in told.stdout for verb in VERBS)


def test_an_unknown_verb_is_refused(repository: Path) -> None:
    assert run(repository, "bake").returncode == 2


def test_a_blender_that_is_not_there_is_named(repository: Path) -> None:
    told = run(repository, "demo", "--blender", "no-such-blender")
    assert told.returncode == 2
    assert "'no-such-blender'" in told.stderr


def test_cuda_packages_are_found_in_pips_report() -> None:
    names = ["torch", "nvidia-cublas", "sympy", "NVIDIA-nccl-cu13"]
    report = json.dumps({"install": [{"metadata": {"name": name}} for name in names]})
    assert environments.planned_packages(report) == names
    told = environments.against_torch(names)
    assert told == "2 CUDA packages (nvidia-cublas, …)"
    assert environments.against_torch(["torch", "sympy"]) is None


def test_an_environment_is_not_made_anew_by_its_own_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []

    def create(venv: Path, _name: str, base: str) -> None:
        made.append(base)
        python = environments.python_of(venv)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(environments, "VENVS", tmp_path)
    monkeypatch.setattr(environments, "_create", create)
    monkeypatch.setattr(environments, "_pip", lambda *_: None)
    python = environments.engine()
    assert made == [sys.executable]
    monkeypatch.setattr(sys, "executable", str(python))
    assert environments.engine() == python
    assert len(made) == 1


def test_mediapipe_is_the_extra_and_leaves_numpy_alone() -> None:
    (wanted,) = environments.extra("capture")
    assert wanted.startswith("mediapipe==")
    assert environments.against_replaced(["mediapipe", "opencv-contrib-python"]) is None
    assert environments.against_replaced(["mediapipe", "Numpy"]) == "another Numpy"


def test_the_packed_manifest_is_valid_and_names_the_wheels(repository: Path) -> None:
    source = (repository / "blender_addon" / "blender_manifest.toml").read_text(encoding="utf-8")
    manifest = tomllib.loads(packages.filled_manifest(source, "1.2.3", ["a.whl", "b.whl"]))
    assert manifest["version"] == "1.2.3"
    assert manifest["wheels"] == ["./wheels/a.whl", "./wheels/b.whl"]
    assert "linux-x64" in manifest["platforms"]
    assert manifest["permissions"] == tomllib.loads(source)["permissions"]


def test_a_manifest_without_version_is_refused() -> None:
    with pytest.raises(BuildError, match="version"):
        packages.filled_manifest('id = "mynah"\n', "1.2.3", [])


def test_a_failed_program_shows_its_last_words() -> None:
    code = "print('first'); print('the reason'); raise SystemExit(3)"
    with pytest.raises(CommandError, match="the reason") as failure:
        run_logged([sys.executable, "-c", code], "test-failure")
    assert failure.value.output.startswith("first")


def test_the_module_file_has_a_section_for_every_maya_and_no_comment() -> None:
    sections = packages.mod_file("1.2.3").rstrip("\n").split("\n\n")
    heads = [section.split("\n")[0].split() for section in sections]
    found = {(head[1].split(":")[1], head[2].split(":")[1]) for head in heads}
    assert found == {
        (year, system) for year in ("2024", "2025", "2026") for system in ("win64", "linux", "mac")
    }
    assert all(head[0] == "+" and head[3:] == ["Mynah", "1.2.3", "./mynah"] for head in heads)
    for section in sections:
        assert "PYTHONPATH+:=vendor\n" in section
        assert "#" not in section
        assert "//" not in section
        assert ("cp310" in section) == ("MAYAVERSION:2024" in section)
