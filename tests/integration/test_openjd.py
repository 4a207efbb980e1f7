"""A batch as an Open Job Description: checked and run by the reference implementation."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from mynah_daemon.styles.library import SHIPPED, StyleLibrary
from mynah_daemon.styles.style_file import Style, StyleInfo, read_style
from tests.integration.conftest import run_mynah, wait_for, write_speech
from tests.integration.test_batch import results, write_sheet

needs_openjd = pytest.mark.skipif(
    find_spec("openjd") is None or os.name == "nt",
    reason="openjd-cli is not installed, or there is no sh: farm jobs can't be run here",
)
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five recordings, a sheet, and the command as a farm's worker would find it."""
    (tmp_path / "vo").mkdir()
    for i in range(5):
        write_speech(tmp_path / f"vo/{i}.wav", 1.0 + 0.2 * i, seed=i)
    write_sheet(tmp_path, *(f"Anna,{i},vo/{i}.wav,{i}" for i in range(5)))
    command = tmp_path / "mynah"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m mynah_daemon "$@"\n')
    command.chmod(0o700)
    return tmp_path


def export(folder: Path, *more: object) -> subprocess.CompletedProcess[str]:
    sheet, job = folder / "sheet.csv", folder / "job.json"
    return run_mynah("batch", sheet, "-o", folder / "out", "--export-openjd", job, *more)


def openjd(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "openjd", *map(str, arguments)]


def job_run(folder: Path) -> list[str]:
    return openjd("run", folder / "job.json", "-p", f"Mynah={folder / 'mynah'}")


def run_job(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [*job_run(folder), *more]
    return subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)


@needs_openjd
def test_a_job_makes_what_the_batch_makes_with_one_engine_per_session(folder: Path) -> None:
    told = export(folder, "--fps", "24000/1001", "--lines-per-task", 2)
    assert told.returncode == 0, told.stderr
    assert "a job of 5 lines, 2 per task" in told.stdout
    assert not (folder / "out").exists()
    checked = subprocess.run(
        openjd("check", folder / "job.json"), capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    ran = run_job(folder)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.count("The Mynah daemon is ready") == 1
    assert "The Mynah daemon (process" in ran.stdout.partition("Exiting Environment")[2]
    for word in ("openjd_progress: 50.0", "openjd_status: 2 of 2 lines", "Lines(CHUNK[INT]) = 5-5"):
        assert word in ran.stdout, word
    made = results(folder)
    assert len(made) == 5
    (folder / "out").rename(folder / "by the farm")
    run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--fps", "24000/1001")
    assert results(folder) == made


@needs_openjd
def test_paths_are_mapped_to_those_of_the_worker(folder: Path) -> None:
    assert export(folder).returncode == 0
    rules = {
        "source_path_format": "POSIX",
        "source_path": "/mnt/show",
        "destination_path": str(folder),
    }
    mapping = json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [rules]})
    ran = run_job(
        folder,
        "-p",
        "Source=/mnt/show",
        "-p",
        "Output=/mnt/show/far",
        "--path-mapping-rules",
        mapping,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert len(list((folder / "far").rglob("*.csv"))) == 5


@needs_openjd
def test_a_bad_line_fails_its_task_and_says_why(folder: Path) -> None:
    (folder / "vo/1.wav").write_bytes(b"no sound at all")
    assert export(folder).returncode == 0
    ran = run_job(folder)
    assert ran.returncode != 0
    assert "openjd_fail: 1 lines failed: Anna/1: " in ran.stdout
    assert len(results(folder)) == 4
    write_speech(folder / "vo/1.wav")
    assert run_job(folder).returncode == 0
    assert len(results(folder)) == 5


@needs_openjd
@pytest.mark.slow
def test_a_job_that_was_killed_or_cancelled_goes_on(
    folder: Path, slow_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    write_speech(folder / "vo/long.wav", 30)
    write_sheet(folder, *(f"Anna,{i},vo/long.wav,{i}" for i in range(16)))
    assert export(folder, "--lines-per-task", 8).returncode == 0
    with session(folder) as process:
        wait_for(lambda: len(results(folder)) >= 2, "the second result", 60)
        os.kill(batch_process(folder), signal.SIGKILL)
        out, _ = process.communicate(timeout=60)
    assert process.returncode != 0, out
    first = when_made(folder)
    assert 2 <= len(first) < 8, "the task ended with its batch"
    with session(folder) as process:
        wait_for(lambda: len(results(folder)) >= len(first) + 2, "two more results", 60)
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=90)
    assert process.returncode != 0, out
    assert "Cancelled; go on by --resume." in out
    second = when_made(folder)
    assert len(second) < 16
    ran = run_job(folder)
    assert ran.returncode == 0, ran.stdout
    third = when_made(folder)
    assert len(third) == 16
    noted = {name for name in second if third[name] == second[name]}
    assert len(second) - len(noted) <= 2, "at most what was under way at each end is made twice"


@contextmanager
def session(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The job's session on this computer; ended, if a test fails before."""
    command = job_run(folder)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.terminate()


def batch_process(folder: Path) -> int:
    """The task's process."""
    wanted = [b"mynah_daemon", b"batch", str(folder / "sheet.csv").encode()]
    for process in Path("/proc").iterdir():
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if all(word in words for word in wanted):
            return int(process.name)
    raise AssertionError("no task runs")


def when_made(folder: Path) -> dict[str, int]:
    return {p.name: p.stat().st_mtime_ns for p in (folder / "out").rglob("*.csv")}


def template(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "job.json").read_text())


def test_what_only_this_computer_has_is_refused(
    folder: Path, tmp_path: Path, mynah_home: Path
) -> None:
    outside = tmp_path.parent / f"{tmp_path.name} outside.wav"
    write_speech(outside)
    write_sheet(folder, f"Anna,0,{outside},1")
    refused = export(folder)
    assert refused.returncode == 2
    assert "Anna/0: " in refused.stderr
    assert "which is all that a farm's workers get; move it there." in refused.stderr
    write_sheet(folder, "Anna,0,vo/0.wav,1")
    shown = read_style(SHIPPED / "angry.mynahstyle").clip
    StyleLibrary(mynah_home / "styles").add(Style(StyleInfo("Mine"), shown))
    refused = export(folder, "--style", "Mine")
    assert refused.returncode == 2
    assert "the style 'Mine' is in your own library" in refused.stderr
    assert not (folder / "job.json").exists()


def test_a_template_tells_what_to_wait_for_and_how_to_end(folder: Path) -> None:
    assert export(folder, "--style", "angry@0.5", "--quality", "draft").returncode == 0
    job = template(folder)
    assert job["specificationVersion"] == "jobtemplate-2023-09"
    assert [p.get("default") for p in job["parameterDefinitions"]] == [".", "out", "mynah"]
    action = job["steps"][0]["script"]["actions"]["onRun"]
    assert action["cancelation"]["mode"] == "NOTIFY_THEN_TERMINATE"
    assert action["timeout"] > 0
    assert action["args"][-4:] == ["--style", "angry@0.5", "--quality", "draft"]
    run_mynah("batch", folder / "vo", "-o", folder / "out", "--export-openjd", folder / "job.json")
    assert template(folder)["steps"][0]["script"]["actions"]["onRun"]["args"][1] == (
        "{{Param.Source}}"
    )
