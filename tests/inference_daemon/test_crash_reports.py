"""What is kept of a crash."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from mynah_daemon.crash_reports import TRACE_NAME, Crash, list_reports, write_report
from mynah_daemon.log import LOG_NAME


def test_a_report_has_the_facts_and_the_end_of_the_log(tmp_path: Path) -> None:
    (tmp_path / LOG_NAME).write_text("".join(f"{i}\n" for i in range(1000)))
    (tmp_path / TRACE_NAME).write_text("Fatal Python error: Segmentation fault")
    with zipfile.ZipFile(write_report(tmp_path, Crash(-11, ["ab12"]))) as report:
        facts = json.loads(report.read("crash.json"))
        assert (facts["cause"], facts["jobs"]) == ("SIGSEGV", ["ab12"])
        lines = report.read("log.jsonl").decode().split()
        assert (len(lines), lines[0], lines[-1]) == (200, "800", "999")
        assert b"Segmentation fault" in report.read("trace.txt")


def test_without_trace_and_log_there_is_a_report_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_report(tmp_path, Crash(3, []))) as report:
        assert report.namelist() == ["crash.json", "log.jsonl"]
        assert json.loads(report.read("crash.json"))["cause"] == "exit code 3"


def test_ten_reports_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(12):
        monkeypatch.setattr("time.strftime", lambda *_, i=i: f"2026-01-{i:02}.zip")
        write_report(tmp_path, Crash(-9, []))
    names = [path.name for path in list_reports(tmp_path)]
    assert names == [f"2026-01-{i:02}.zip" for i in range(2, 12)]
