"""Killed at any named moment, the store keeps what it promised."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mynah_daemon.jobs import JobTable
from mynah_daemon.store import points
from mynah_daemon.store.job_store import JobStore
from mynah_shared.protocol.messages import JobState
from tests.inference_daemon import dying_store
from tests.inference_daemon.store_results import is_right, key_of, request_of, result_of

pytestmark = pytest.mark.skipif(os.name != "posix", reason="kills forked processes")

NAMES = "abcdefghij"


@pytest.fixture(scope="module")
def cases(memory_folder: Path, repository: Path) -> list[Path]:
    """The folders that killed processes left, and of those that came to their end."""
    folder = memory_folder / "cases"
    folder.mkdir()
    folders = [repository / "shared", repository / "inference_daemon", repository]
    subprocess.run(
        [sys.executable, dying_store.__file__, folder],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, folders))},
        timeout=120,
        check=True,
    )
    return sorted(folder.iterdir())


def promised(case: Path) -> dict[str, str]:
    """The last word on each job."""
    lines = (case / "said.txt").read_text().splitlines()
    return {name: word for word, name in (line.split() for line in lines)}


@pytest.fixture(scope="module")
def opened(cases: list[Path]) -> Iterator[list[tuple[Path, JobStore, JobTable]]]:
    made: list[tuple[Path, JobStore, JobTable]] = []
    for case in cases:
        store, table, blobs = dying_store.open_all(case)
        table.fail_without(blobs.has)
        made.append((case, store, table))
    yield made
    for _, store, _ in made:
        store.close()


def test_every_point_was_a_last_moment(cases: list[Path]) -> None:
    killed = {case.name.rpartition(".")[0] for case in cases if case.name.endswith(".1")}
    assert killed == set(points.POINTS)
    assert len(cases) > 2 * len(points.POINTS)
    for point in points.POINTS:  # the last case of each came to its end
        (longest,) = cases_of(cases, point)[-1:]
        assert promised(longest)["j"] == "finished", longest.name


def cases_of(cases: list[Path], point: str) -> list[Path]:
    own = [case for case in cases if case.name.rpartition(".")[0] == point]
    return sorted(own, key=lambda case: int(case.name.rpartition(".")[2]))


def test_what_was_promised_is_kept(
    opened: list[tuple[Path, JobStore, JobTable]],
) -> None:
    for case, store, table in opened:
        for name, word in promised(case).items():
            state = store.ended(key_of(name))
            is_open = table.uses_blob(request_of(name).audio_sha256)
            about = f"{case.name}: {name} was {word}, is {state}, open: {is_open}"
            if word == "accepted":
                assert is_open or state in (JobState.finished, *ended_unheard(name)), about
            elif word == "finished":
                assert state is JobState.finished or (state is None and not is_open), about
            else:  # a job that was submitted again may be open already, unheard of
                assert state is JobState[word] or (is_open and name == "d"), about
        newest = [name for name, word in promised(case).items() if word == "finished"][-1:]
        for name in newest:
            assert store.ended(key_of(name)) is JobState.finished, case.name


def ended_unheard(name: str) -> tuple[JobState, ...]:
    """How the work ends some jobs, of which the client hears a moment later."""
    return {"c": (JobState.failed,), "d": (JobState.cancelled,), "e": (JobState.cancelled,)}.get(
        name, ()
    )


def test_a_result_is_the_right_one_or_none(
    opened: list[tuple[Path, JobStore, JobTable]],
) -> None:
    for case, store, _ in opened:
        for name in NAMES:
            reply = store.result(key_of(name))
            assert reply is None or is_right(reply, name), case.name
            assert (reply is not None) == (store.ended(key_of(name)) is JobState.finished)


def test_work_goes_on_and_nothing_is_left_over(
    opened: list[tuple[Path, JobStore, JobTable]],
) -> None:
    by_key = {key_of(name): name for name in NAMES}
    for case, store, table in opened:
        table.submit([(key_of(name), request_of(name)) for name in NAMES])
        while (job := table.take()) is not None:
            table.finish(job, job.lease, result_of(by_key[job.job_id]))
        assert table.counts()[:2] == (0, 0), case.name
        files = list((case / "jobs" / "results").rglob("*.*"))
        assert sum(path.stat().st_size for path in files) <= dying_store.ROOM, case.name
        assert all(store.ended(path.stem) is JobState.finished for path in files), case.name
