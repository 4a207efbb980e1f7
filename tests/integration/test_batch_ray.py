"""`mynah batch --engine ray`: the same results as this computer's engine, whatever dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import pytest

from mynah_daemon.batch.ledger import hash_file
from tests.integration.conftest import run_mynah, wait_for, write_speech
from tests.integration.test_batch import entries, results, write_sheet

needs_ray = pytest.mark.skipif(
    find_spec("ray") is None, reason="ray is not installed: batches on it can't be tested"
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two recordings, a style clip beside them, and a sheet that uses both models."""
    (tmp_path / "vo").mkdir()
    for i in range(2):
        write_speech(tmp_path / f"vo/{i}.wav", 1.5 + i, seed=i)
    return tmp_path


def on_ray(folder: Path, *more: object) -> subprocess.CompletedProcess[str]:
    sheet = folder / "sheet.csv"
    return run_mynah(
        *("batch", sheet, "-o", folder / "out", "--engine", "ray", *more), timeout_s=240
    )


@needs_ray
def test_results_are_those_of_the_local_engine(folder: Path) -> None:
    run_mynah("generate", folder / "vo/1.wav", "-o", folder / "take.csv", "--fps", "60")
    rows = ["one,vo/0.wav,1,,", "two,vo/1.wav,2,angry@0.7,", "three,vo/1.wav,3,,diffusion"]
    (folder / "vo/broken.wav").write_bytes(b"no sound at all")
    text = "\n".join(["line,audio,seed,style,model", *rows, "bad,vo/broken.wav,1,,"])
    (folder / "sheet.csv").write_text(text + "\n", "utf-8")
    done = on_ray(folder, "--workers", 2)
    assert done.returncode == 2, done.stderr
    assert "4 of 4 lines: 3 made" in done.stdout
    assert "1 failed" in done.stdout
    assert "bad: 'broken.wav'" in done.stderr.replace("Can't decode ", "")
    made = results(folder)
    there = run_mynah(
        *("batch", folder / "sheet.csv", "-o", folder / "out", "--resume", "--lines", "1-3")
    )
    assert "3 there already" in there.stdout, "the ledger of one engine must do for the other"
    (folder / "out").rename(folder / "by ray")
    local = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out")
    assert local.returncode == 2, local.stderr
    assert results(folder) == made
    (wanted,) = (e for e in entries(folder) if e["failure"])
    assert wanted["failure"] in done.stderr


@contextmanager
def under_way(folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A batch on Ray in a process of its own."""
    command = [sys.executable, "-m", "mynah_daemon", "batch", str(folder / "sheet.csv")]
    command += ["-o", str(folder / "out"), "--engine", "ray", "--workers", "1", *more]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


@needs_ray
@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="Linux tells who listens")
def test_a_stopped_batch_goes_on_and_nobody_else_could_reach_it(
    folder: Path, slow_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    write_speech(folder / "vo/long.wav", 30)
    write_sheet(folder, *(f"Anna,{i},vo/long.wav,{i}" for i in range(24)))
    with under_way(folder) as process:
        wait_for(lambda: len(results(folder)) >= 2, "the second result", 120)
        listening = listening_places()
        process.send_signal(signal.SIGTERM)
        told, errors = process.communicate(timeout=60)
    assert process.returncode == 4, errors
    assert "Cancelled; go on by --resume." in errors
    assert "of 24 lines: " in told
    assert listening, "the check must see Ray's ports"
    assert not [place for place in listening if set(place.split(":")[0]) == {"0"}], listening
    wait_for(lambda: not processes_of_ray(), "the end of all processes of Ray", 60)
    n_made = len(results(folder))
    assert 2 <= n_made < 24
    again = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--resume")
    assert again.returncode == 0, again.stderr
    assert f"{n_made} there already" in again.stdout


@needs_ray
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="Linux tells whose they are")
def test_a_line_that_kills_its_workers_fails_and_those_in_its_company_do_not(
    folder: Path, slow_weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))
    deadly = hash_file(write_speech(folder / "vo/deadly.wav", 500))
    write_speech(folder / "vo/other.wav", 60)
    others = [f"Anna,{i},vo/other.wav,{i}" for i in range(5)]
    write_sheet(folder, "Anna,deadly,vo/deadly.wav,1", *others)
    killed: set[Path] = set()
    with under_way(folder) as process:
        while process.poll() is None:
            time.sleep(0.01)
            # a worker keeps the recordings of the lines that it has in hand
            for place in Path("/tmp").glob(f"mynah-ray-*/mynah-*/blobs/{deadly}"):
                if place not in killed and (worker := worker_in_hand()):
                    os.kill(worker, signal.SIGKILL)
                    killed.add(place)
        told, errors = process.communicate()
    assert len(killed) == 3, "once in company, twice alone"
    assert process.returncode == 2, errors
    assert "6 of 6 lines: 5 made, 1 failed" in told
    assert "Anna/deadly: The engine crashed 2 times on 'deadly.wav'" in errors


def processes_of_ray() -> list[Path]:
    """Those that were started by this test's batch, by the token that it gave them."""
    found: list[Path] = []
    for process in Path("/proc").iterdir():
        try:
            settings = (process / "environ").read_bytes()
        except OSError:
            continue  # none, or of another user, or gone
        if os.environ["MYNAH_HOME"].encode() in settings and b"RAY_AUTH_TOKEN" in settings:
            found.append(process)
    return found


def worker_in_hand() -> int:
    """The process id of the one worker; 0 if there is none."""
    for process in processes_of_ray():
        with suppress(OSError):
            if (process / "cmdline").read_bytes().startswith(b"ray::RayWorker"):
                return int(process.name)
    return 0


def listening_places() -> list[str]:
    """Address and port, in hexadecimal, of all that Ray's processes listen on."""
    ours: set[str] = set()
    for process in processes_of_ray():
        with suppress(OSError):
            ours |= {os.readlink(link) for link in (process / "fd").iterdir()}
    tables = [Path(f"/proc/net/{name}").read_text().splitlines()[1:] for name in ("tcp", "tcp6")]
    rows = [line.split() for table in tables for line in table]
    return [row[1] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in ours]


@needs_ray
def test_a_cluster_that_is_not_there_is_told_in_a_sentence(folder: Path) -> None:
    write_sheet(folder, "Anna,one,vo/0.wav,1")
    done = on_ray(folder, "--address", "127.0.0.1:9")
    assert done.returncode == 3
    assert "Ray at '127.0.0.1:9' can't be joined" in done.stderr
    assert not results(folder)
    refused = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--workers", 2)
    assert (refused.returncode, refused.stderr.strip()) == (
        2,
        "--address and --workers need --engine ray.",
    )


def test_without_ray_a_sentence_names_the_remedy(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_sheet(folder, "Anna,one,vo/0.wav,1")
    (folder / "hidden/ray").mkdir(parents=True)
    (folder / "hidden/ray/__init__.py").write_text("raise ModuleNotFoundError('no ray')\n")
    path = os.pathsep.join([str(folder / "hidden"), os.environ["PYTHONPATH"]])
    monkeypatch.setenv("PYTHONPATH", path)
    done = on_ray(folder)
    assert done.returncode == 3
    assert "pip install 'mynah_daemon[ray]'" in done.stderr


def test_a_ledger_of_each_part(folder: Path) -> None:
    write_sheet(folder, "Anna,one,vo/0.wav,1", "Anna,two,vo/1.wav,1")
    for part in ("2", "1-1"):
        done = run_mynah(
            *("batch", folder / "sheet.csv", "-o", folder / "out", "--resume", "--lines", part)
        )
        assert done.returncode == 0, done.stderr
    ledgers = sorted(path.name for path in (folder / "out").glob("*.jsonl"))
    assert ledgers == ["mynah_batch.1-1.jsonl", "mynah_batch.2-2.jsonl"]
    noted = json.loads((folder / "out" / ledgers[1]).read_text())
    assert noted["output"] == "Anna/two.csv"
    whole = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--resume")
    assert "2 of 2 lines: 2 there already" in whole.stdout
    beyond = run_mynah("batch", folder / "sheet.csv", "-o", folder / "out", "--lines", "3-4")
    assert beyond.returncode == 2
    assert "There are 2 lines, so --lines 3-4 asks for none of them" in beyond.stderr
