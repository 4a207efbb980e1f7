"""Checks and tests, each in the environment it needs, with one summary at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from . import environments
from .console import BuildError, run_shown

_IN_BLENDER = ("tests/blender", "tests/demo_scene/test_head.py")
_PATHS = ("shared", "inference_daemon", "maya_plugin/scripts", ".")


class _Report:
    """What ran, how it ended, and the closing summary."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self.failed = False

    def run(self, name: str, command: Sequence[str | Path], **env: str) -> None:
        print(f"\n▸ {name}", flush=True)
        start = time.monotonic()
        status = run_shown(command, **env)
        seconds = f"{time.monotonic() - start:.1f} s"
        self.failed |= status != 0
        self._lines.append((name, f"passed in {seconds}" if status == 0 else f"FAILED ({status})"))

    def skip(self, name: str, reason: str) -> None:
        self._lines.append((name, f"skipped: {reason}"))

    def close(self) -> int:
        print("\n" + "=" * 20 + " build.py summary " + "=" * 20)
        for name, outcome in self._lines:
            print(f"{name:<28} {outcome}")
        print("FAILED" if self.failed else "All passed.")
        return 1 if self.failed else 0


def check() -> int:
    """Format, lint, types, import rules."""
    report = _Report()
    _check(environments.engine(), report)
    return report.close()


def test(bpy: str | None) -> int:
    """Everything `check` does, then all tests."""
    report = _Report()
    python = environments.engine()
    no_torch = environments.torch()
    no_capture = environments.capture()
    no_farm = environments.farm()
    _check(python, report)
    pytest = ["-m", "pytest", "-q"]
    report.run("pytest (engine)", [python, *pytest, *(f"--ignore={path}" for path in _IN_BLENDER)])
    if no_torch:
        report.skip("tests/training (torch)", no_torch)
    if no_capture:
        report.skip("tests of videos (MediaPipe)", no_capture)
    if no_farm:
        report.skip("tests of farms (Ray, OpenJD)", no_farm)
    try:
        like_maya = environments.maya()
    except BuildError as error:
        report.skip("pytest (Python of Maya 2024)", str(error).splitlines()[0])
    else:
        report.run("pytest (Python of Maya 2024)", [like_maya, *pytest, "tests/maya"])
    try:
        in_blender = environments.blender(bpy)
    except BuildError as error:
        report.skip("pytest (Blender)", str(error).splitlines()[0])
    else:
        report.run(
            "pytest (Blender)",
            [in_blender, *pytest, *_IN_BLENDER],
            MYNAH_ENGINE=str(python),
        )
    return report.close()


def _check(python: Path, report: _Report) -> None:
    report.run("ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", "."])
    report.run("ruff", [python, "-m", "ruff", "check", "--quiet", "."])
    report.run("pyright", [python, "-m", "pyright", "--pythonpath", python])
    report.run("Maya's commands", [python, "-m", "pytest", "-q", "tests/maya/test_calls.py"])
    linter = python.with_name("lint-imports" + python.suffix)
    paths = {"PYTHONPATH": ";".join(_PATHS) if python.suffix else ":".join(_PATHS)}
    report.run("import rules", [linter, "--no-cache"], **paths)
