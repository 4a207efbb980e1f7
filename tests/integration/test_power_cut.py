"""What a power cut leaves at any moment is enough: on a disk that forgets all that was not synced.

`lossy_disk.py` is that disk. Each image of it is what the next start of the computer would find:
with nothing but what was synced, or with any part of the rest.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mynah_daemon.batch.ledger import hash_file
from mynah_daemon.store.job_store import CacheLimits, JobStore
from mynah_shared.client.client import Client
from mynah_shared.protocol.messages import JobState, SynthesizeRequest
from tests.integration import lossy_disk
from tests.integration.conftest import DEADLINE_S, RunningDaemon, run_mynah, wait_for, write_speech
from tests.integration.test_batch import write_sheet
from tests.integration.test_service import request

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/dev/fuse").exists(), reason="no FUSE here: Linux has it"),
]

N_LINES = 8
SEEDS = (0, 1, 2)
"""Of images of one moment: 0 is nothing but what was synced."""


@dataclass
class LossyDisk:
    """A mounted disk; images of it come into `images`."""

    folder: Path
    images: Path
    process: subprocess.Popen[str]
    count: int = 0

    def cut(self, seed: int) -> Path:
        """What a power cut would leave now."""
        self.count += 1
        image = self.images / f"{self.count}.{seed}"
        assert self.process.stdin is not None
        self.process.stdin.write(f"{seed} {image}\n")
        self.process.stdin.flush()
        self._expect("left")
        return image

    def _expect(self, word: str) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline().strip() == word


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[LossyDisk]:
    folder, images = tmp_path / "disk", tmp_path / "images"
    folder.mkdir()
    images.mkdir()
    try:
        os.close(lossy_disk.mount(folder))
    except OSError as err:
        pytest.skip(f"no file system can be mounted here ({err}): it takes root and FUSE")
    lossy_disk.unmount(folder)
    process = subprocess.Popen(
        [sys.executable, lossy_disk.__file__, folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    made = LossyDisk(folder, images, process)
    try:
        made._expect("mounted")
        yield made
    finally:
        with process:
            assert process.stdin is not None
            process.stdin.close()


@dataclass(frozen=True)
class Moment:
    """What a host had been told when the power was cut."""

    image: Path
    accepted: tuple[str, ...]
    finished: tuple[str, ...]


def test_what_was_accepted_or_reported_outlives_a_power_cut(
    disk: LossyDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MYNAH_HOME", str(disk.folder / "home"))
    moments, told = _work_and_cut(disk, tmp_path)
    assert {len(moment.finished) for moment in moments} >= {0, N_LINES}
    begun = (moments[0], moments[len(SEEDS)], moments[len(moments) // 2])
    for moment in moments:
        if moment in begun:
            monkeypatch.setenv("MYNAH_HOME", str(moment.image / "home"))
            moment = _let_a_daemon_go_on(moment)
        _check_store(moment, told)


def _work_and_cut(disk: LossyDisk, folder: Path) -> tuple[list[Moment], dict[str, bytes]]:
    """The moments, and all results by their jobs."""
    moments: list[Moment] = []
    accepted: list[str] = []
    finished: list[str] = []

    def cut() -> None:
        for seed in SEEDS:
            moments.append(Moment(disk.cut(seed), tuple(accepted), tuple(finished)))

    running = RunningDaemon()
    try:
        with running.client() as client:
            client.hello()
            for half in range(2):
                lines = _upload(
                    client, folder, range(half * N_LINES // 2, (half + 1) * N_LINES // 2)
                )
                accepted += [job.job_id for job in client.submit(lines).jobs]
                cut()
            until_s = time.monotonic() + DEADLINE_S
            while len(finished) < N_LINES:
                assert time.monotonic() < until_s, finished
                event = client.next_event(timeout_s=1.0)
                if event is not None and event.state is JobState.finished:
                    finished.append(event.job_id)
                    cut()
            told = {job_id: client.fetch(job_id).clip.values.tobytes() for job_id in finished}
    finally:
        running.close()
    cut()
    return moments, told


def _upload(client: Client, folder: Path, seeds: range) -> list[SynthesizeRequest]:
    lines: list[SynthesizeRequest] = []
    for seed in seeds:
        audio = write_speech(folder / f"{seed}.wav", 2.0, seed=seed)
        lines.append(request(client.upload(audio), audio_name=audio.name))
    return lines


def _check_store(moment: Moment, told: dict[str, bytes]) -> None:
    """All that was said is in the store, or can be made from what is in it."""
    home = moment.image / "home"
    with contextlib.closing(JobStore(home / "jobs", CacheLimits(1 << 30, days=30))) as store:
        for job_id in moment.finished:
            reply = store.result(job_id)
            assert reply is not None, f"{moment.image.name}: a reported result is gone"
            assert reply.clip.values.tobytes() == told[job_id]
        waiting = {job.new.key: job.new.request for job in store.open_jobs()}
        for job_id in moment.accepted:
            if store.ended(job_id) is JobState.finished:
                continue
            assert job_id in waiting, f"{moment.image.name}: an accepted job is gone"
            sound = home / "blobs" / waiting[job_id].audio_sha256
            assert sound.is_file(), f"{moment.image.name}: a sound is gone"
            assert hash_file(sound) == sound.name


def _let_a_daemon_go_on(moment: Moment) -> Moment:
    """It makes what is left, unasked."""
    running = RunningDaemon()
    try:
        with running.client() as client:
            client.hello()
            wait_for(lambda: not (ping := client.ping()).running + ping.queued, "the last line")
    finally:
        running.close()
    return replace(moment, finished=moment.accepted)


def test_a_batch_goes_on_where_the_power_was_cut(disk: LossyDisk, tmp_path: Path) -> None:
    write_speech(tmp_path / "vo.wav", 1.0)
    write_sheet(tmp_path, *(f"Anna {i % 2},{i},vo.wav,{i}" for i in range(N_LINES)))
    command = [sys.executable, "-m", "mynah_daemon", "batch", str(tmp_path / "sheet.csv"), "-o"]
    out = disk.folder / "show/out"
    moments: list[tuple[Path, list[str]]] = []
    reported: list[str] = []
    with subprocess.Popen([*command, str(out)], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if " in " in line:
                reported.append(line.split(": ")[1].split(" in ")[0])
                moments += [(disk.cut(seed), list(reported)) for seed in SEEDS]
    assert (process.returncode, len(reported)) == (0, N_LINES)
    right = {name: (out / name).read_bytes() for name in reported}
    for image, names in moments:
        there = image / "show/out"
        for name in names:
            assert (there / name).read_bytes() == right[name], f"{image.name}: {name}"
        again = run_mynah("batch", tmp_path / "sheet.csv", "-o", there, "--resume")
        assert again.returncode == 0, f"{image.name}: {again.stderr}"
        assert f"{len(names)} there already" in again.stdout or len(names) < N_LINES
        assert {name: (there / name).read_bytes() for name in right} == right, image.name
        assert not list(there.rglob("*.part")), image.name
