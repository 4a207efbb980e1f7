"""The host's client: never waits, loses nothing, says what happened."""

from __future__ import annotations

import dataclasses
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mynah_shared.client import runner, steps
from mynah_shared.client.background import (
    BackgroundClient,
    Cancelled,
    ClientEvent,
    Connected,
    Disconnected,
    Failed,
    Finished,
    Line,
    Progressed,
)
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.errors import BadInputError, EngineUnavailableError, VersionMismatchError
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip, make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.shared.host import Host

pytestmark = pytest.mark.timeout(60)
REACTION_S = 0.2  # some 2 ms in truth; the machine may be busy with other things
LINE = Line(make_tone(), "line.wav", fps=24.0)


@pytest.fixture
def daemon() -> Iterator[FakeDaemon]:
    with FakeDaemon() as daemon:
        yield daemon


@pytest.fixture
def host(daemon: FakeDaemon) -> Iterator[Host]:
    host = Host(daemon)
    yield host
    host.client.close(5)


def wait_for(condition: Callable[[], bool], timeout_s: float = 10) -> float:
    """Seconds until the condition held."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() - begin < timeout_s
        time.sleep(0.001)
    return time.monotonic() - begin


# --- lines --------------------------------------------------------------------------------------


def test_a_line_is_performed(host: Host, daemon: FakeDaemon):
    ticket = host.client.generate(dataclasses.replace(LINE, seed=3))
    connected, *progress, finished = host.until(Finished)
    assert isinstance(connected, Connected)
    assert connected.server_id == daemon.info.server_id
    assert connected.models[0].name == "fake"
    assert connected.styles == ("neutral",)
    assert all(isinstance(event, Progressed) and event.ticket == ticket for event in progress)
    stages = [event.stage for event in progress]
    assert stages[:2] == ["upload", "queued"]
    assert stages[-1] == "finish"
    fractions = [event.fraction for event in progress]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0.0, 1.0)
    assert finished.ticket == ticket
    assert finished.meta["seed"] == 3
    assert finished.clip.fps == 24.0
    assert (finished.clip.values == make_clip(fps=24.0).values).all()


def test_a_line_carries_every_field_of_the_request():
    own, asked = ({f.name for f in dataclasses.fields(t)} for t in (Line, m.SynthesizeRequest))
    files = "audio audio_sha256 take take_sha256 style_clips gesture_clips"  # hashed on upload
    assert own ^ asked == set(files.split())
    assert LINE.to_request("") == m.SynthesizeRequest("", "line.wav", 24.0)


def test_many_lines_finish_without_crowding_the_daemon(host: Host, daemon: FakeDaemon):
    n_open = [0]

    def submit(message: m.Message) -> list[m.Message]:
        finished = sum(isinstance(seen, m.Fetch) for seen in daemon.seen)
        n_open.append(daemon.count(m.Submit) - finished)
        return list(daemon._answer(message))

    daemon.replies[m.Submit] = submit
    tickets = {host.client.generate(dataclasses.replace(LINE, seed=i)) for i in range(60)}
    finished: set[str] = set()
    while finished != tickets:
        finished.add(host.until(Finished)[-1].ticket)
    assert max(n_open) <= 16
    assert daemon.count(m.BlobPut) <= 16, "equal audio is uploaded once"


def test_generate_and_cancel_return_at_once_whatever_the_thread_does(tmp_path: Path):
    path = tmp_path / "large.wav"
    path.write_bytes(bytes(60_000_000))
    released = threading.Event()

    def connect() -> ConnectionInfo:
        assert released.wait(30)
        raise EngineUnavailableError("None.")

    client = BackgroundClient(connect, "test", "1")
    begin = time.monotonic()
    tickets = [client.generate(Line(path, "large.wav", 24.0)) for _ in range(100)]
    for ticket in tickets:
        client.cancel(ticket)
    assert time.monotonic() - begin < REACTION_S
    assert [client.events.get_nowait() for _ in tickets] == [Cancelled(t) for t in tickets]
    begin = time.monotonic()
    client.close(timeout_s=0.1)
    assert time.monotonic() - begin < 0.5
    released.set()
    client._thread.join(5)
    assert not client._thread.is_alive()


# --- cancelling ---------------------------------------------------------------------------------


def test_a_cancel_reaches_the_daemon_at_once():
    with FakeDaemon(step_s=5) as daemon:
        host = Host(daemon)
        ticket = host.client.generate(LINE)
        wait_for(lambda: daemon.count(m.Submit) == 1)
        host.until(Progressed)
        host.until(Progressed)
        host.client.cancel(ticket)
        assert wait_for(lambda: daemon.count(m.Cancel) == 1) < REACTION_S
        assert host.next() == Cancelled(ticket)
        host.client.close(5)
        assert host.client.events.empty()


def test_a_large_upload_tells_how_far_it_is(host: Host, daemon: FakeDaemon, tmp_path: Path):
    path = tmp_path / "take.mov"
    path.write_bytes(os.urandom(4 * daemon.limits.chunk_bytes))
    host.client.generate(Line(path, "take.mov", 24.0, is_transfer=True))
    *progress, _finished = host.until(Finished)
    shares = [e.fraction for e in progress if isinstance(e, Progressed) and e.stage == "upload"]
    assert shares == [0.0, 0.25, 0.5, 0.75]


def test_a_cancel_does_not_wait_for_a_large_upload(tmp_path: Path):
    path = tmp_path / "large.wav"
    path.write_bytes(os.urandom(60_000_000))
    with FakeDaemon(step_s=5) as daemon:
        host = Host(daemon)
        ticket = host.client.generate(LINE)
        wait_for(lambda: daemon.count(m.Submit) == 1)
        host.client.generate(Line(path, "large.wav", 24.0))
        wait_for(lambda: daemon.count(m.BlobPut) > 3)
        host.client.cancel(ticket)
        assert wait_for(lambda: daemon.count(m.Cancel) == 1) < REACTION_S
        assert daemon.count(m.Submit) == 1, "the upload was not over"
        host.client.close(5)


def test_a_line_cancelled_while_it_is_submitted_leaves_no_job(host: Host, daemon: FakeDaemon):
    reached, released = threading.Event(), threading.Event()

    def submit(message: m.Message) -> list[m.Message]:
        reached.set()
        assert released.wait(10)
        return list(daemon._answer(message))

    daemon.replies[m.Submit] = submit
    ticket = host.client.generate(LINE)
    assert reached.wait(10)
    host.client.cancel(ticket)
    released.set()
    wait_for(lambda: daemon.count(m.Cancel) == 1)
    assert isinstance(host.until(Cancelled)[-1], Cancelled)
    time.sleep(0.2)
    assert host.client.events.empty()


def test_equal_lines_share_a_job_and_one_may_leave():
    with FakeDaemon(step_s=0.05) as daemon:
        host = Host(daemon)
        first, second = host.client.generate(LINE), host.client.generate(LINE)
        wait_for(lambda: daemon.count(m.Submit) == 2)
        time.sleep(0.05)
        host.client.cancel(first)
        (*_, finished) = host.until(Finished)
        assert finished.ticket == second
        assert daemon.count(m.Cancel) == 0
        host.client.close(5)


def test_a_waiting_line_can_be_cancelled_and_nothing_follows(host: Host):
    host.until(Connected)
    tickets = [host.client.generate(dataclasses.replace(LINE, seed=i)) for i in range(40)]
    for ticket in tickets[1:]:
        host.client.cancel(ticket)
    host.client.cancel("unknown")
    ended: list[ClientEvent] = []
    while len(ended) < len(tickets):
        event = host.next()
        if not isinstance(event, Progressed):
            ended.append(event)
    host.client.cancel(tickets[0])
    time.sleep(0.2)
    assert host.client.events.empty()
    assert sum(isinstance(event, Finished) for event in ended) == 1
    assert {event.ticket for event in ended} == set(tickets)


# --- failures of a line -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (dataclasses.replace(LINE, audio=Path("none.wav")), "bad_audio", "'none.wav' does not"),
        (dataclasses.replace(LINE, audio=b""), "bad_audio", "'line.wav' is empty"),
        (dataclasses.replace(LINE, audio=Path(__file__).parent), "bad_audio", "is a folder"),
        (dataclasses.replace(LINE, audio=bytes(70_000_000)), "too_large", "has 70.0 MB, at most"),
        (dataclasses.replace(LINE, fps=float("nan")), "bad_message", "Field 'requests[0].fps'"),
        (dataclasses.replace(LINE, seed=2**70), "bad_message", "can't be written"),
        (dataclasses.replace(LINE, text="x" * 70_000), "bad_message", "at most 65536"),
        (dataclasses.replace(LINE, text="\ud800"), "bad_message", "can't be written"),
    ],
)
def test_a_bad_line_fails_alone(host: Host, line: Line, code: str, message: str):
    bad, good = host.client.generate(line), host.client.generate(LINE)
    endings = [
        event
        for event in (*host.until(Failed), *host.until(Finished))
        if isinstance(event, (Failed, Finished))
    ]
    assert [event.ticket for event in endings] == [bad, good]
    assert endings[0].code == code
    assert message in endings[0].message


def test_a_failed_job_reports_the_daemons_code_and_sentence(host: Host, daemon: FakeDaemon):
    failed = m.JobEvent("j", 1, m.JobState.failed, "decode", 0, 4, "bad_audio", "No sound in it.")
    accepted = m.Accepted((m.JobStatus("j", m.JobState.queued),))
    daemon.replies[m.Submit] = lambda _: [accepted, failed]
    ticket = host.client.generate(LINE)
    assert host.until(Failed)[-1] == Failed(ticket, "bad_audio", "No sound in it.")


def test_a_job_that_another_host_cancels_is_submitted_again(host: Host, daemon: FakeDaemon):
    event = m.JobEvent("j", 1, m.JobState.cancelled, "decode", 0, 4)
    accepted = m.Accepted((m.JobStatus("j", m.JobState.queued),))
    daemon.replies[m.Submit] = lambda message: (
        [accepted, event] if daemon.count(m.Submit) == 1 else daemon._answer(message)
    )
    host.client.generate(LINE)
    host.until(Finished)
    assert daemon.count(m.Submit) == 2


def test_a_line_generated_again_right_after_its_cancel_is_finished(host: Host):
    for _ in range(20):
        host.client.cancel(host.client.generate(LINE))
        ticket = host.client.generate(LINE)
        assert any(host.until(Finished)[-1].ticket == ticket for _ in "12")  # the first may be done


@pytest.mark.parametrize("meta", ["{", "[]"])
def test_a_result_without_a_record_is_a_failure(host: Host, daemon: FakeDaemon, meta: str):
    daemon.replies[m.Fetch] = lambda fetch: [m.SynthesizeReply(fetch.job_id, make_clip(), meta)]
    host.client.generate(LINE)
    assert host.until(Failed)[-1].code == "bad_message"


def test_a_busy_daemon_is_asked_again(
    host: Host, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(steps, "BUSY_PAUSE_S", 0.05)
    busy = m.ErrorReply(m.ErrorCode.busy, "The queue is full.", retry=True)
    daemon.replies[m.Submit] = lambda message: (
        [busy] if daemon.count(m.Submit) < 4 else daemon._answer(message)
    )
    host.client.generate(LINE)
    host.until(Finished)
    assert daemon.count(m.Submit) == 4


def test_lost_events_are_asked_for(host: Host, daemon: FakeDaemon, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(steps, "SILENCE_S", 0.1)
    running = m.Accepted((m.JobStatus("lost", m.JobState.running),))
    daemon.replies[m.Submit] = lambda message: (
        [running] if daemon.count(m.Submit) < 3 else daemon._answer(message)
    )
    host.client.generate(LINE)
    host.until(Finished)
    assert daemon.count(m.Submit) >= 3


# --- a daemon that dies, hangs or is not there ---------------------------------------------------


def test_a_daemon_killed_during_the_job_costs_nothing_but_time():
    with FakeDaemon(step_s=5) as first, FakeDaemon() as second:
        host = Host(first, second)
        ticket = host.client.generate(LINE)
        wait_for(lambda: first.count(m.Submit) == 1)
        first.close()
        events = host.until(Finished)
        assert [type(e) for e in events if not isinstance(e, Progressed)] == [
            Connected,
            Disconnected,
            Connected,
            Finished,
        ]
        assert events[-1].ticket == ticket
        assert "closed the connection" in next(
            e.message for e in events if isinstance(e, Disconnected)
        )
        assert host.connects == 2
        host.client.close(5)


def test_a_line_that_loses_two_daemons_fails_and_leaves_the_third_alone():
    with FakeDaemon(step_s=5) as first, FakeDaemon(step_s=5) as second, FakeDaemon() as third:
        host = Host(first, second, third)
        ticket = host.client.generate(LINE)
        for daemon in (first, second):
            wait_for(lambda daemon=daemon: daemon.count(m.Submit) == 1)
            daemon.close()
        failed = host.until(Failed)[-1]
        assert (failed.ticket, failed.code) == (ticket, "unavailable")
        assert "lost twice while it worked on 'line.wav'" in failed.message
        time.sleep(0.2)
        assert third.seen == []
        host.client.generate(LINE)
        host.until(Finished)
        host.client.close(5)


def test_a_frozen_daemon_is_noticed_within_some_three_seconds():
    with FakeDaemon(step_s=5) as first, FakeDaemon() as second:
        host = Host(first, second)
        host.client.generate(LINE)
        wait_for(lambda: first.count(m.Submit) == 1)
        first.frozen.set()
        host.daemons.remove(first)
        begin = time.monotonic()
        lost = host.until(Disconnected)[-1]
        assert 2.5 < time.monotonic() - begin < 4.5
        assert "silent for 3 s" in lost.message
        host.until(Finished)
        host.client.close(5)


def test_a_busy_but_living_daemon_is_not_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(runner, "PING_INTERVAL_S", 0.05)
    monkeypatch.setattr(runner, "PING_TIMEOUT_S", 0.3)
    with FakeDaemon(step_s=1.5, n_steps=1) as daemon:
        host = Host(daemon)
        host.client.generate(LINE)
        host.until(Finished)
        assert daemon.count(m.Ping) > 5
        assert host.connects == 1
        host.client.close(5)


def test_a_daemon_lost_while_idle_is_replaced_for_the_next_line():
    with FakeDaemon() as first, FakeDaemon() as second:
        host = Host(first, second)
        host.until(Connected)
        first.close()
        assert isinstance(host.next(), Disconnected)
        time.sleep(0.3)
        assert host.connects == 1, "an idle host starts no daemon"
        host.client.generate(LINE)
        assert host.until(Connected)[-1].server_id == second.info.server_id
        host.until(Finished)
        host.client.close(5)


def test_an_idle_client_sends_nothing(host: Host, daemon: FakeDaemon):
    host.client.generate(LINE)
    host.until(Finished)
    n_seen = len(daemon.seen)
    time.sleep(2.5)
    assert len(daemon.seen) == n_seen


def test_without_any_daemon_the_line_fails_and_the_next_one_tries_again(daemon: FakeDaemon):
    host = Host()
    assert host.next() == Disconnected("There is no daemon; start one.")
    ticket = host.client.generate(LINE)
    assert host.until(Failed)[-1] == Failed(ticket, "unavailable", "There is no daemon; start one.")
    host.daemons.append(daemon)
    host.client.generate(LINE)
    host.until(Finished)
    host.client.close(5)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (VersionMismatchError("Update the engine."), "version"),
        (ZeroDivisionError("a bug"), "unavailable"),
    ],
)
def test_whatever_goes_wrong_while_connecting_ends_the_line(error: Exception, code: str):
    def connect() -> ConnectionInfo:
        raise error

    client = BackgroundClient(connect, "test", "1")
    client.generate(LINE)
    while not isinstance(event := client.events.get(timeout=10), Failed):
        pass
    assert event.code == code
    assert str(error) in event.message
    client.close(5)


def test_a_daemon_that_sends_nonsense_is_treated_as_lost(monkeypatch: pytest.MonkeyPatch):
    with FakeDaemon() as first, FakeDaemon() as second:
        host = Host(first, second)
        host.until(Connected)
        monkeypatch.setattr(
            first,
            "_send",
            lambda router, identity, *_: router.send_multipart([identity, b"MYN1", b"\xc1"]),
        )
        host.daemons.remove(first)
        host.client.generate(LINE)
        assert "not valid msgpack" in host.until(Disconnected)[-1].message
        host.until(Finished)
        host.client.close(5)


# --- the end ------------------------------------------------------------------------------------


def test_closing_cancels_open_jobs_and_ends_the_thread():
    with FakeDaemon(step_s=5) as daemon:
        n_threads = threading.active_count()
        host = Host(daemon)
        host.client.generate(LINE)
        wait_for(lambda: daemon.count(m.Submit) == 1)
        host.until(Progressed)
        host.until(Progressed)
        begin = time.monotonic()
        host.client.close(5)
        assert time.monotonic() - begin < 0.5
        assert daemon.count(m.Cancel) == 1
        assert threading.active_count() == n_threads
        assert host.client.events.empty()
        with pytest.raises(BadInputError, match="is closed"):
            host.client.generate(LINE)
        host.client.cancel("x")
        host.client.close()


def test_closing_does_not_wait_for_a_frozen_daemon():
    with FakeDaemon(step_s=5) as daemon:
        host = Host(daemon)
        host.client.generate(LINE)
        wait_for(lambda: daemon.count(m.Submit) == 1)
        daemon.frozen.set()
        begin = time.monotonic()
        host.client.close(5)
        assert time.monotonic() - begin < 1


def test_events_are_frozen_and_the_queue_is_a_plain_queue(host: Host):
    connected = host.until(Connected)[-1]
    with pytest.raises(dataclasses.FrozenInstanceError):
        connected.server_id = "x"
    with pytest.raises(queue.Empty):
        host.client.events.get_nowait()
