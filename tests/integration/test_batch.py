"""`mynah batch` as a studio runs it: a sheet in, a folder out, and on again after whatever stopped
it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mynah_daemon.clip_files import read_clip
from mynah_shared.client.connection_file import read_connection_file
from tests.integration.conftest import run_mynah, wait_for, write_speech

LEDGER = "mynah_batch.jsonl"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three recordings and a sheet for two characters."""
    (tmp_path / "vo").mkdir()
    for i in range(3):
        write_speech(tmp_path / f"vo/line {i}.wav", 1.2 + 0.2 * i, seed=i)
    write_sheet(
        tmp_path,
        "Anna,hello,vo/line 0.wav,1",
        "Anna,bye,vo/line 1.wav,2",
        "Ben?,hello,vo/line 2.wav,3",
    )
    return tmp_path


def write_sheet(folder: Path, *rows: str) -> None:
    text = "\n".join(["character,line,audio,seed", *rows])
    (folder / "sheet.csv").write_text(text + "\n", "utf-8")


def batch(folder: Path, *more: object) -> subprocess.CompletedProcess[str]:
    return run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", *more)


def entries(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "out" / LEDGER).read_text().splitlines()]


def results(folder: Path) -> dict[str, bytes]:
    out = folder / "out"
    return {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted(out.rglob("*.csv"))}


def test_every_line_becomes_a_file_of_its_character(folder: Path) -> None:
    done = batch(folder, "--fps", "25")
    assert done.returncode == 0, done.stderr
    assert "3 of 3 lines: 3 made" in done.stdout
    assert list(results(folder)) == ["Anna/bye.csv", "Anna/hello.csv", "Ben_/hello.csv"]
    clip = read_clip(folder / "out/Ben_/hello.csv")
    assert (clip.n_frames, clip.fps) == (40, 25.0)
    assert not list((folder / "out").rglob("*.tmp"))


def test_a_batch_gives_what_single_lines_give(folder: Path) -> None:
    batch(folder)
    audio = folder / "vo/line 1.wav"
    run_mynah("generate", audio, "-o", folder / "one.csv", "--seed", 2)
    assert results(folder)["Anna/bye.csv"] == (folder / "one.csv").read_bytes()


def test_only_what_changed_or_is_missing_is_made_again(folder: Path) -> None:
    batch(folder)
    first = results(folder)
    n_entries = len(entries(folder))
    (folder / "out/Anna/bye.csv").unlink()
    write_speech(folder / "vo/line 2.wav", 1.5, seed=9)
    again = batch(folder, "--resume")
    assert again.returncode == 0, again.stderr
    assert "3 of 3 lines: 2 made, 1 there already" in again.stdout
    assert len(entries(folder)) == n_entries + 2
    second = results(folder)
    assert second["Anna/bye.csv"] == first["Anna/bye.csv"]
    assert second["Ben_/hello.csv"] != first["Ben_/hello.csv"]
    assert "3 of 3 lines: 3 there already" in batch(folder, "--resume").stdout


def test_another_rate_makes_all_of_it_again(folder: Path) -> None:
    batch(folder)
    assert "3 made" in batch(folder, "--resume", "--fps", "24").stdout
    assert read_clip(folder / "out/Anna/bye.csv").fps == 24.0


def test_an_earlier_batch_is_not_overwritten_by_accident(folder: Path) -> None:
    batch(folder)
    before = results(folder)
    refused = batch(folder, "--fps", "24")
    assert refused.returncode == 2
    assert "go on with it by --resume" in refused.stderr
    assert results(folder) == before


def test_a_file_of_somebody_elses_is_not_overwritten(folder: Path) -> None:
    (folder / "out/Anna").mkdir(parents=True)
    (folder / "out/Anna/bye.csv").write_text("precious")
    refused = batch(folder)
    assert refused.returncode == 2
    assert "is there already and no batch made it" in refused.stderr
    assert results(folder) == {"Anna/bye.csv": b"precious"}


def test_a_result_that_was_edited_is_kept(folder: Path) -> None:
    batch(folder)
    edited = folder / "out/Anna/bye.csv"
    edited.write_bytes(edited.read_bytes() + b"\n")
    again = batch(folder, "--resume", "--fps", "24")
    assert again.returncode == 0
    assert "2 made, 1 kept as edited" in again.stdout
    assert "delete it to have it made anew" in again.stderr
    assert read_clip(edited).fps == 30.0


def test_one_bad_line_does_not_hold_the_others_up(folder: Path) -> None:
    (folder / "vo/line 1.wav").write_bytes(b"no sound at all")
    done = batch(folder)
    assert done.returncode == 2
    assert "3 of 3 lines: 2 made, 1 failed" in done.stdout
    assert "Anna/bye: 'line 1.wav'" in done.stderr.replace("Can't decode ", "")
    assert list(results(folder)) == ["Anna/hello.csv", "Ben_/hello.csv"]
    write_speech(folder / "vo/line 1.wav")
    assert batch(folder, "--resume").returncode == 0


def test_bad_rows_are_told_before_anything_is_made(folder: Path) -> None:
    write_sheet(
        folder, "Anna,one,vo/line 0.wav,1", "Anna,two,gone.wav,1", "Anna,ONE?,vo/line 0.wav,x"
    )
    refused = batch(folder)
    assert refused.returncode == 2
    assert "Row 3: The audio file 'gone.wav' does not exist" in refused.stderr
    assert "Row 4: 'x' in the column 'seed'" in refused.stderr
    assert not (folder / "out").exists()


def test_lines_that_would_become_one_file_are_told(folder: Path) -> None:
    write_sheet(folder, "Anna,what?,vo/line 0.wav,1", "Anna,what:,vo/line 1.wav,1")
    refused = batch(folder)
    assert refused.returncode == 2
    assert "Row 3: The line would become the same file as that of row 2" in refused.stderr


def test_a_folder_of_recordings_is_a_batch_too(folder: Path) -> None:
    done = run_mynah("batch", folder / "vo", "-o", folder / "out", "--format", "npz")
    assert done.returncode == 0, done.stderr
    made = sorted(path.name for path in (folder / "out").glob("*.npz"))
    assert made == ["line 0.npz", "line 1.npz", "line 2.npz"]


def test_a_line_may_have_an_unknown_style(folder: Path) -> None:
    done = batch(folder, "--style", "nobody knows")
    assert done.returncode == 2
    assert "3 failed" in done.stdout
    assert "nobody knows" in done.stderr


def test_without_an_engine_the_code_says_so(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "home").write_text("")
    monkeypatch.setenv("MYNAH_HOME", str(folder / "home"))
    done = batch(folder)
    assert done.returncode == 3, done.stderr
    assert not results(folder)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_stopped_batch_goes_on(
    folder: Path, slow_weights: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    for i in range(12):
        write_speech(folder / f"vo/long {i}.wav", 20, seed=i)
    write_sheet(folder, *(f"Anna,{i},vo/long {i}.wav,1" for i in range(12)))
    # a shell that starts a job in the background has it ignore Ctrl-C
    code = (
        "import signal, sys\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from mynah_daemon.cli import main\n"
        "sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", code, "batch", folder / "sheet.csv", "-o", folder / "out"]
    with subprocess.Popen(
        list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        wait_for(lambda: len(results(folder)) >= 2, "the second result")
        process.send_signal(getattr(signal, name))
        told, errors = process.communicate(timeout=20)
    assert process.returncode == 4, errors
    assert "Cancelled; go on by --resume." in errors
    assert "of 12 lines: " in told
    made = results(folder)
    assert 2 <= len(made) < 12
    # stopped between note and result: it is made again
    assert len(entries(folder)) - len(made) in (0, 1)
    again = batch(folder, "--resume")
    assert again.returncode == 0, again.stderr
    assert f"{len(made)} there already" in again.stdout
    assert len(results(folder)) == 12


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_batch_survives_the_death_of_host_and_daemon(
    folder: Path, slow_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    for i in range(8):
        write_speech(folder / f"vo/long {i}.wav", 20, seed=i)
    write_sheet(folder, *(f"Anna,{i},vo/long {i}.wav,1" for i in range(8)))
    command = [sys.executable, "-m", "mynah_daemon", "batch"]
    command += [str(folder / "sheet.csv"), "-o", str(folder / "out")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: len(results(folder)) >= 2, "the second result")
        process.kill()
    info = read_connection_file()
    assert info is not None
    os.kill(info.pid, signal.SIGKILL)
    with (folder / "out" / LEDGER).open("a") as file:
        file.write('{"output": "Anna/cut o')  # as a crash leaves it
    again = batch(folder, "--resume")
    assert again.returncode == 0, again.stderr
    assert "there already" in again.stdout
    assert len(results(folder)) == 8


def test_a_crash_between_note_and_result_is_made_good(folder: Path) -> None:
    batch(folder)
    first = results(folder)
    noted = {str(e["output"]): e for e in entries(folder)}
    lost = dict(noted["Anna/bye.csv"])
    with (folder / "out" / LEDGER).open("a") as file:  # noted, then the power was cut
        lost |= {"sha256": "0" * 64, "replaces": lost["sha256"], "fingerprint": "new"}
        file.write(json.dumps(lost) + "\n")
    (folder / "out/Anna/hello.csv").unlink()
    again = batch(folder, "--resume")
    assert again.returncode == 0, again.stderr
    assert "2 made, 1 there already" in again.stdout
    assert results(folder) == first
