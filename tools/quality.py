"""Checks and tests, each in the environment it needs, with one summary at the end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import environments
from .console import BuildError, run_hidden, run_shown

_IN_BLENDER = ("tests/blender", "tests/demo_scene/test_head.py")
_BESIDE = ("tests/architecture", "tests/review", "tests/training")
"""Of the engine's tests, those that take as long as is left beside the others."""
_PATHS = ("shared", "inference_daemon", "maya_plugin/scripts", ".")


@dataclass(frozen=True)
class _Task:
    """A program to run, and what the log of its words is called."""

    name: str
    command: Sequence[str | Path]
    log: str
    env: dict[str, str] = field(default_factory=dict)


class _Report:
    """What ran, how it ended, and the closing summary."""

    def __init__(self) -> None:
        self._lines: list[tuple[str, str]] = []
        self.failed = False

    def run(self, name: str, command: Sequence[str | Path], **env: str) -> None:
        print(f"\n▸ {name}", flush=True)
        start = time.monotonic()
        self._note(name, run_shown(command, **env), time.monotonic() - start)

    def run_beside(self, name: str, command: Sequence[str | Path], others: Sequence[_Task]) -> None:
        """Runs the command, and beside it the others one after the other, which are shown when they
        are done."""
        with ThreadPoolExecutor(1) as lane:
            ends = [lane.submit(_run_timed, task) for task in others]
            try:
                self.run(name, command)
            except BaseException:  # Ctrl-C above all: what has not begun must not begin
                for end in ends:
                    end.cancel()
                raise
            for task, end in zip(others, ends, strict=True):
                status, said, seconds = end.result()
                print(f"\n▸ {task.name}\n{said}", flush=True)
                self._note(task.name, status, seconds)

    def _note(self, name: str, status: int, seconds: float) -> None:
        self.failed |= status != 0
        ended = f"passed in {seconds:.1f} s" if status == 0 else f"FAILED ({status})"
        self._lines.append((name, ended))

    def skip(self, name: str, reason: str) -> None:
        self._lines.append((name, f"skipped: {reason}"))

    def close(self) -> int:
        print("\n" + "=" * 20 + " build.py summary " + "=" * 20)
        for name, outcome in self._lines:
            print(f"{name:<33} {outcome}")
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
    others: list[_Task] = []
    try:
        like_maya = environments.maya()
    except BuildError as error:
        report.skip("pytest (Python of Maya 2024)", str(error).splitlines()[0])
    else:
        command = [like_maya, *pytest, "tests/maya"]
        others.append(_Task("pytest (Python of Maya 2024)", command, "pytest-maya"))
    try:
        in_blender = environments.blender(bpy)
    except BuildError as error:
        report.skip("pytest (Blender)", str(error).splitlines()[0])
    else:
        command = [in_blender, *pytest, *_IN_BLENDER]
        engine = {"MYNAH_ENGINE": str(python)}
        others.append(_Task("pytest (Blender)", command, "pytest-blender", engine))
    command = [python, *pytest, *_BESIDE]
    others.append(_Task("pytest (build, review, training)", command, "pytest-beside"))
    ignored = [f"--ignore={path}" for path in (*_IN_BLENDER, *_BESIDE)]
    # beside each other: most tests wait for something, and few keep two cores busy
    report.run_beside("pytest (engine)", [python, *pytest, *ignored], others)
    if no_torch:
        report.skip("tests/training (torch)", no_torch)
    if no_capture:
        report.skip("tests of videos (MediaPipe)", no_capture)
    if no_farm:
        report.skip("tests of farms (Ray, OpenJD)", no_farm)
    return report.close()


def _check(python: Path, report: _Report) -> None:
    report.run("ruff format", [python, "-m", "ruff", "format", "--check", "--quiet", "."])
    report.run("ruff", [python, "-m", "ruff", "check", "--quiet", "."])
    report.run("pyright", [python, "-m", "pyright", "--pythonpath", python])
    report.run("Maya's commands", [python, "-m", "pytest", "-q", "tests/maya/test_calls.py"])
    linter = python.with_name("lint-imports" + python.suffix)
    paths = {"PYTHONPATH": ";".join(_PATHS) if python.suffix else ":".join(_PATHS)}
    report.run("import rules", [linter, "--no-cache"], **paths)


def _run_timed(task: _Task) -> tuple[int, str, float]:
    start = time.monotonic()
    status, said = run_hidden(task.command, task.log, **task.env)
    return status, said, time.monotonic() - start
