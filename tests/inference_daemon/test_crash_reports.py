"""What is kept of a crash."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from mynah_daemon.crash_reports import Crash, list_reports, trace_path, write_report
from mynah_daemon.log import LOG_NAME


def test_a_report_has_the_facts_and_the_end_of_the_log(tmp_path: Path) -> None:
    (tmp_path / LOG_NAME).write_text("".join(f"{i}\n" for i in range(1000)))
    trace_path(tmp_path, 0).write_text("of another worker")
    trace_path(tmp_path, 1).write_text("Fatal Python error: Segmentation fault")
    crash = Crash(-11, ["ab12"], worker=1, device="cuda:1")
    with zipfile.ZipFile(write_report(tmp_path, crash)) as report:
        facts = json.loads(report.read("crash.json"))
        assert (facts["cause"], facts["jobs"]) == ("SIGSEGV", ["ab12"])
        assert (facts["worker"], facts["device"]) == (1, "cuda:1")
        lines = report.read("log.jsonl").decode().split()
        assert (len(lines), lines[0], lines[-1]) == (200, "800", "999")
        assert b"Segmentation fault" in report.read("trace.txt")


def test_without_trace_and_log_there_is_a_report_too(tmp_path: Path) -> None:
    with zipfile.ZipFile(write_report(tmp_path, Crash(3, []))) as report:
        assert report.namelist() == ["crash.json", "log.jsonl"]
        assert json.loads(report.read("crash.json"))["cause"] == "exit code 3"


def test_workers_that_die_in_the_same_second_leave_a_report_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.gmtime", lambda: (2026, 1, 2, 3, 4, 5, 0, 0, 0))
    for worker in (0, 1):
        write_report(tmp_path, Crash(-9, [], worker))
    assert len(list_reports(tmp_path)) == 2


def test_ten_reports_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for i in range(12):
        monkeypatch.setattr("time.strftime", lambda *_, i=i: f"2026-01-{i:02}.zip")
        write_report(tmp_path, Crash(-9, []))
    names = [path.name for path in list_reports(tmp_path)]
    assert names == [f"2026-01-{i:02}.zip" for i in range(2, 12)]
