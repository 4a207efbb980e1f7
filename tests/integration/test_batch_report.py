"""`mynah batch --report` with a real daemon: a page with what was heard, now or later."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mynah_daemon.review.scripts import read_script
from tests.integration.conftest import run_mynah, write_speech


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A sheet of two recordings."""
    for name, seed in (("one", 1), ("two", 2)):
        write_speech(tmp_path / f"{name}.wav", 1.2, seed=seed)
    sheet = "character,line,audio,seed\nAnna,first,one.wav,\nBen,second,two.wav,7\n"
    (tmp_path / "sheet.csv").write_text(sheet, "utf-8")
    return tmp_path


def lines_of(folder: Path) -> dict[str, dict[str, Any]]:
    page = read_script((folder / "out/review/lines.js").read_bytes(), "setBatch")
    return {line["output"]: line for line in page["lines"]}


def data_of(folder: Path, line: dict[str, Any]) -> dict[str, Any]:
    data = (folder / f"out/review/lines/{line['id']}.js").read_bytes()
    return read_script(data.replace(f'"{line["id"]}",'.encode(), b"", 1), "addLine")


def test_a_batch_writes_its_page_with_what_was_heard(folder: Path) -> None:
    done = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--report")
    assert done.returncode == 0, done.stderr
    assert f"open {folder / 'out/review/index.html'} in a browser" in done.stdout
    lines = lines_of(folder)
    assert list(lines) == ["Anna/first.csv", "Ben/second.csv"]
    data = data_of(folder, lines["Ben/second.csv"])
    assert (data["duration"], data["fps"]) == (1.2, 30)
    assert data["phones"][0][0] == 0
    assert data["phones"][-1][1] == 1.2
    assert lines["Anna/first.csv"]["made_with"] == "regression"


def test_the_page_of_a_finished_batch_can_be_written_later(folder: Path) -> None:
    batch = ("batch", folder / "sheet.csv", "-o", folder / "out")
    assert run_mynah(*batch).returncode == 0
    assert not (folder / "out/review").exists()
    done = run_mynah(*batch, "--resume", "--report")
    assert done.returncode == 0, done.stderr
    assert "2 there already" in done.stdout
    lines = lines_of(folder)
    assert all(data_of(folder, line)["phones"] for line in lines.values())
    shutil.rmtree(folder / "out/review")
    run_mynah(*batch, "--resume", "--report")
    assert lines_of(folder) == lines


def test_a_line_that_failed_is_on_the_page_and_the_code_says_so(folder: Path) -> None:
    (folder / "one.wav").write_bytes(b"no sound at all")
    done = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--report")
    assert done.returncode == 2
    (flag,) = lines_of(folder)["Anna/first.csv"]["flags"]
    assert flag["kind"] == "failed"
    assert "'one.wav'" in flag["sentence"]


def test_a_batch_in_the_folder_of_its_recordings_does_not_take_the_page_for_one(
    folder: Path,
) -> None:
    batch = ("batch", folder, "-o", folder / "out", "--report")
    assert "2 of 2 lines: 2 made" in run_mynah(*batch).stdout
    assert "2 of 2 lines: 2 there already" in run_mynah(*batch, "--resume").stdout


def test_rejected_lines_alone_are_made_anew_and_the_page_keeps_the_others(folder: Path) -> None:
    batch = ("batch", folder / "sheet.csv", "-o", folder / "out", "--style", "", "--report")
    run_mynah(*batch)
    before = lines_of(folder)
    row = {**before["Ben/second.csv"]["row"], "seed": "8", "comment": "again, please"}
    (folder / "elsewhere").mkdir()
    rejected = folder / "elsewhere" / "rejected.csv"
    rejected.write_text(",".join(row) + "\n" + ",".join(f'"{v}"' for v in row.values()) + "\n")
    done = run_mynah("batch", rejected, "-o", folder / "out", "--resume", "--report")
    assert done.returncode == 0, done.stderr
    assert "Columns that are not read: comment." in done.stderr
    assert "1 of 1 lines: 1 made" in done.stdout
    after = lines_of(folder)
    assert list(after) == list(before)
    assert after["Anna/first.csv"] == before["Anna/first.csv"]
    assert after["Ben/second.csv"]["row"]["seed"] == "8"


def test_a_page_that_can_not_be_written_is_told(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "out/review").write_text("in the way")
    done = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--report")
    assert done.returncode == 3
    assert "The review page can't be written" in done.stderr
    assert "2 made" in done.stdout
