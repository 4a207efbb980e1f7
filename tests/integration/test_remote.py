"""A daemon on another computer, as far as one computer can show it: separate state folders and
working folders, sockets with fixed ports, the files that people pass on, and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from mynah_shared.client.client import Client
from mynah_shared.client.remote import choose_remote
from mynah_shared.errors import EngineUnavailableError, JobFailedError
from mynah_shared.protocol import messages as m
from tests.integration.conftest import wait_for, wait_for_state, write_speech
from tests.integration.remote_server import Artist, RemoteServer
from tests.integration.test_service import perform, request
from tests.integration.test_styles import take, upload

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX only")
GONE = "does not accept this computer's key any|has ended|was lost|closed"
ENDED = (m.JobState.finished, m.JobState.failed, m.JobState.cancelled)


@pytest.fixture
def anna(tmp_path: Path) -> Artist:
    return Artist("anna", tmp_path / "anna")


@pytest.fixture
def ben(tmp_path: Path) -> Artist:
    return Artist("ben", tmp_path / "ben")


@pytest.fixture
def unstarted(tmp_path: Path, packages_on_path: None) -> Iterator[RemoteServer]:
    server = RemoteServer(tmp_path / "server")
    yield server
    server.stop()


@pytest.fixture
def server(unstarted: RemoteServer, anna: Artist, ben: Artist) -> RemoteServer:
    """It runs, and both artists may connect."""
    unstarted.add(anna)
    unstarted.add(ben)
    unstarted.start()
    return unstarted


@pytest.fixture
def slow(slow_weights: Path, monkeypatch: pytest.MonkeyPatch, packages_on_path: None) -> None:
    """Request before `server`: a long line then takes seconds."""
    monkeypatch.setenv("MYNAH_WEIGHTS", str(slow_weights))


def is_taken(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def refused(server: RemoteServer, artist: Artist, sentence: str) -> None:
    with (
        Client(server.info(artist), "test", "1") as client,
        pytest.raises(EngineUnavailableError, match=sentence),
    ):
        client.hello(timeout_s=10)


def closed_connections(server: RemoteServer) -> int:
    """How many the daemon has closed by itself."""
    return server.log().count("connection_closed")


def is_cut_off(client: Client) -> bool:
    """After what was on its way."""
    try:
        client.next_event(0.8)
    except EngineUnavailableError:
        return True
    return False


# --- setting up -----------------------------------------------------------------------------------


def test_it_does_not_listen_before_somebody_may_connect(unstarted: RemoteServer) -> None:
    for address in ("0.0.0.0", "127.0.0.1"):
        refused = unstarted.run("daemon", "--listen", f"{address}:{unstarted.port}")
        assert refused.returncode == 2
        assert "before somebody may connect" in refused.stderr
        assert not is_taken(unstarted.port)
    (unstarted.home / "clients").mkdir(mode=0o700)
    (unstarted.home / "clients" / "nobody.json").write_text('{"key": "*", "added": ""}')
    (unstarted.home / "clients" / "nobody.json").chmod(0o600)
    refused = unstarted.run("daemon", "--listen", f"0.0.0.0:{unstarted.port}")
    assert "before somebody may connect" in refused.stderr, "a file without a key is nobody"


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ("render01:7730", "an IPv4 address of this computer"),
        ("*:7730", "an IPv4 address of this computer"),
        ("0.0.0.0:99999", "no address with a port"),
        ("0.0.0.0:x", "no address with a port"),
        ("203.0.113.7:7730", "choose another port, or an address that this computer has"),
    ],
)
def test_places_where_it_can_not_listen(
    unstarted: RemoteServer, anna: Artist, place: str, sentence: str
) -> None:
    unstarted.add(anna)
    refused = unstarted.run("daemon", "--listen", place)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_taken_ports_and_a_daemon_that_runs_are_sentences(
    unstarted: RemoteServer, anna: Artist
) -> None:
    unstarted.add(anna)
    with socket.create_server(("127.0.0.1", unstarted.port + 1)):  # the control socket's
        refused = unstarted.run("daemon", "--listen", unstarted.place)
        assert refused.returncode == 2
        assert f"can't listen on 127.0.0.1:{unstarted.port + 1}" in refused.stderr
    unstarted.start()
    refused = unstarted.run("daemon", "--listen", unstarted.place)
    assert refused.returncode == 2
    assert "running already" in refused.stderr
    assert "mynah stop" in refused.stderr


@posix_only
def test_secrets_stay_where_they_belong(server: RemoteServer, anna: Artist) -> None:
    for path in (
        server.home / "server.key",
        server.home / "daemon.json",
        server.home / "clients" / "anna.json",
        anna.home / "client.key",
    ):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((server.home / "clients").stat().st_mode) == 0o700
    secret = json.loads((server.home / "server.key").read_text())["secret_key"]
    for path in server.home.parent.rglob("*"):
        text = path.read_text(errors="replace") if path.is_file() else ""
        assert (secret in text) == (path.name == "server.key"), path
        assert (anna.secret in text) == (path == anna.home / "client.key"), path
    assert set(json.loads(server.file.read_text())) == {
        *("host", "port", "control_port", "server_public_key")
    }


@posix_only
def test_a_key_file_or_a_list_of_clients_open_to_others_is_refused(
    unstarted: RemoteServer, anna: Artist
) -> None:
    unstarted.add(anna)
    for path, loose, tight in (
        (unstarted.home / "server.key", 0o640, 0o600),
        (unstarted.home / "clients", 0o770, 0o700),
        (unstarted.home / "clients" / "anna.json", 0o604, 0o600),
    ):
        path.chmod(loose)
        refused = unstarted.run("daemon", "--listen", unstarted.place)
        assert refused.returncode == 2
        assert f"chmod {tight:03o} '{path}'" in refused.stderr
        path.chmod(tight)


# --- performing -----------------------------------------------------------------------------------


def test_an_artist_needs_the_file_and_nothing_else(
    server: RemoteServer, anna: Artist, tmp_path: Path
) -> None:
    """Everything a line needs travels: the daemon works in other folders, and the artist's files
    are gone when it begins anew from what was sent."""
    chosen = anna.run("connect", server.file)
    assert chosen.returncode == 0, chosen.stderr
    assert "It answers" in chosen.stdout
    mine = tmp_path / "mine"
    mine.mkdir()
    audio = write_speech(mine / "line.wav", 4.0)
    out = mine / "out.csv"
    made = anna.run("generate", audio, "-o", out, "--model", "regression")
    assert made.returncode == 0, made.stderr
    assert out.stat().st_size > 1000
    assert "1 finished" in anna.run("status").stdout
    assert not (anna.home / "daemon.json").exists(), "a daemon was started on the artist's side"
    assert str(mine) not in server.log()
    style = mine / "take.csv"
    shutil.copy(out, style)
    styled = anna.run("generate", audio, "-o", mine / "two.csv", "--style", style)
    assert styled.returncode == 0, styled.stderr
    assert anna.run("stop").stdout == "No Mynah daemon is running.\n", "never the other computer's"
    assert server.process is not None
    assert server.process.poll() is None
    back = anna.run("connect", "--local")
    assert back.stdout == "Lines are made on this computer.\n"
    assert "No Mynah daemon" in anna.run("status").stdout


def test_a_daemon_that_is_away_is_a_sentence_and_none_is_started_here(
    unstarted: RemoteServer, anna: Artist, tmp_path: Path
) -> None:
    unstarted.add(anna)
    chosen = anna.run("connect", unstarted.file)
    assert chosen.returncode == 1
    assert "Nothing listens at 127.0.0.1:" in chosen.stderr
    audio = write_speech(tmp_path / "line.wav")
    failed = anna.run("generate", audio, "-o", tmp_path / "out.csv")
    assert failed.returncode != 0
    assert "Nothing listens at 127.0.0.1:" in failed.stderr
    assert not (anna.home / "daemon.json").exists()
    assert not (anna.home / "daemon.log").exists()


def test_a_restart_keeps_the_keys_that_were_passed_on(server: RemoteServer, anna: Artist) -> None:
    local = json.loads((server.home / "daemon.json").read_text())
    server.stop()
    server.start()
    with server.client(anna) as client:
        assert client.ping().queued == 0
    again = json.loads((server.home / "daemon.json").read_text())
    assert again["server_public_key"] == local["server_public_key"]
    assert again["client_secret_key"] != local["client_secret_key"]


# --- taking back ----------------------------------------------------------------------------------


def test_a_removed_key_is_refused_at_once_and_its_connections_closed(
    server: RemoteServer, anna: Artist, ben: Artist, tmp_path: Path
) -> None:
    with server.client(anna) as before, server.client(ben) as other:
        before.upload(b"RIFF")  # so that both of its connections are known
        line = request(other.upload(write_speech(tmp_path / "line.wav")))
        server.remove(anna)
        with pytest.raises((JobFailedError, EngineUnavailableError), match=GONE):
            before.status()
        wait_for(lambda: closed_connections(server) == 2, "the end of both connections")
        with pytest.raises(EngineUnavailableError):
            before.ping()
        refused(server, anna, "does not accept this computer's key:")
        perform(other, line)  # on the connections that it had
        server.add(anna)
    with server.client(anna) as after:
        after.ping()
    assert closed_connections(server) == 2


def test_a_removed_user_who_only_listens_is_cut_off(
    slow: None, server: RemoteServer, anna: Artist, tmp_path: Path
) -> None:
    with server.client(anna) as client:
        sha256 = client.upload(write_speech(tmp_path / "long.wav", 60.0))
        (job,) = client.submit([request(sha256)]).jobs
        wait_for_state(client, job.job_id, (m.JobState.running,))
        server.remove(anna)
        wait_for(lambda: is_cut_off(client), "the end of the connection")
    refused(server, anna, "does not accept this computer's key:")


def test_the_key_of_the_daemons_own_user_is_worth_nothing_elsewhere(
    unstarted: RemoteServer, anna: Artist
) -> None:
    """From another address than loopback: this computer's own, if it has one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; only asks for the way
            address = probe.getsockname()[0]
        except OSError:
            pytest.skip("this computer has no address but loopback")
    unstarted.address = address
    unstarted.add(anna)
    unstarted.start()
    with unstarted.client(anna) as client:
        client.ping()
    local = json.loads((unstarted.home / "daemon.json").read_text())
    thief = Artist("thief", anna.home)
    thief.key, thief.secret = local["client_public_key"], local["client_secret_key"]
    refused(unstarted, thief, "does not accept")


# --- one user and another -------------------------------------------------------------------------


def test_results_go_to_those_who_asked_for_them(
    server: RemoteServer, anna: Artist, ben: Artist, tmp_path: Path
) -> None:
    with server.client(anna) as hers, server.client(ben) as his:
        sha256 = hers.upload(write_speech(tmp_path / "line.wav"))
        reply = perform(hers, request(sha256))
        with pytest.raises(JobFailedError, match="has no result for this job") as refusal:
            his.fetch(reply.job_id)
        with pytest.raises(JobFailedError) as unknown:
            his.fetch("ab" * 32)
        assert str(refusal.value) == str(unknown.value), "it tells that there is one"
        assert [s.state for s in his.cancel([reply.job_id]).jobs] == [m.JobState.cancelled]
        assert hers.fetch(reply.job_id).meta == reply.meta
        # the same recording and settings are the same job: computed once, given to both
        (job,) = his.submit([request(his.upload(tmp_path / "line.wav"))]).jobs
        assert (job.job_id, job.state) == (reply.job_id, m.JobState.finished)
        assert his.fetch(reply.job_id).meta == reply.meta
        assert hers.status().finished == 1


def test_a_job_that_another_wants_is_only_left(
    slow: None, server: RemoteServer, anna: Artist, ben: Artist, tmp_path: Path
) -> None:
    with server.client(anna) as hers, server.client(ben) as his:
        sha256 = hers.upload(write_speech(tmp_path / "long.wav", 40.0))
        (job,) = hers.submit([request(sha256)]).jobs
        assert [s.state for s in his.cancel([job.job_id]).jobs] == [m.JobState.cancelled]
        assert hers.ping().running + hers.ping().queued == 1, "a stranger has ended it"
        his.submit([request(sha256)])
        hers.cancel([job.job_id])
        with pytest.raises(JobFailedError, match="no result"):
            hers.fetch(job.job_id)
        events = wait_for_state(his, job.job_id, ENDED)
        assert events[-1].state is m.JobState.finished
        his.fetch(job.job_id)
        (second,) = his.submit([request(sha256, seed=5)]).jobs
        his.cancel([second.job_id])
        assert wait_for(lambda: his.ping().running + his.ping().queued == 0, "the end")


def test_what_only_the_daemons_own_user_may_do(server: RemoteServer, anna: Artist) -> None:
    with server.client(anna) as client:
        add = m.AddStyle("mine", upload(client, take()), "clip.csv")
        assert "mine" in [style.name for style in client.request(add, m.StyleList, 60).styles]
        replacing = m.AddStyle("mine", add.clip_sha256, "clip.csv", replace=True)
        for message in (replacing, m.RemoveStyle("mine"), m.RemoveStyle("nothing")):
            with pytest.raises(JobFailedError, match="ask who looks after the daemon"):
                client.request(message, m.StyleList)
        with pytest.raises(JobFailedError, match="on its own computer only"):
            client.shutdown()
        assert client.hello().limits.queued_jobs < 2000
    assert server.run("styles", "remove", "mine").returncode == 0
    assert server.run("stop").returncode == 0


def test_a_chosen_remote_counts_for_hosts_that_only_know_the_launcher(
    server: RemoteServer, anna: Artist, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Maya, for one: it calls `find_or_start_daemon` and nothing else."""
    from mynah_shared.client.background import BackgroundClient, Failed, Finished, Line
    from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon

    monkeypatch.setenv("MYNAH_HOME", str(anna.home))
    choose_remote(server.file)
    engine = EngineCommand((str(tmp_path / "must-not-be-started"),))
    client = BackgroundClient(lambda: find_or_start_daemon(engine), "test", "1")
    try:
        client.generate(Line(write_speech(tmp_path / "a.wav"), "a.wav", 24.0, model="regression"))
        event = client.events.get(timeout=60)
        while not isinstance(event, Finished | Failed):
            event = client.events.get(timeout=60)
        assert isinstance(event, Finished), event
    finally:
        client.close()
