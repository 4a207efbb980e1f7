"""Who may connect: the commands, the folder of keys, the verdict at the door."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import zmq

from mynah_daemon import cli
from mynah_daemon.clients import ClientFolder
from mynah_daemon.listening import Listen, read_listen, split_port
from mynah_daemon.visitors import LOCAL, MOST_CONNECTIONS, Verdict, Visitors
from mynah_daemon.zap import ZAP_DOMAIN, Gatekeeper
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.client.key_text import key_to_text
from mynah_shared.client.remote import load_key_pair, own_key_text, read_remote_file
from mynah_shared.errors import BadInputError, EngineUnavailableError

posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX only")


def new_key() -> str:
    return zmq.curve_keypair()[0].decode()


@pytest.fixture
def folder(mynah_home: Path) -> ClientFolder:
    return ClientFolder(mynah_home / "clients")


# --- the commands ---------------------------------------------------------------------------------


@pytest.fixture
def mynah(capsys: pytest.CaptureFixture[str]) -> object:
    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.main([str(argument) for argument in arguments])
        return code, *capsys.readouterr()

    return run


def test_adding_listing_and_removing(mynah, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    file = tmp_path / "c.json"
    assert "Nobody may connect" in mynah("clients", "list")[1]
    _, shown, _ = mynah("connect")
    (key,) = [line for line in shown.splitlines() if line.startswith("mynah-")]
    for _ in range(2):  # the file can be had again
        code, said, _ = mynah("clients", "add", "anna", "--key", key, "--address", "r1", "-o", file)
        assert code == 0
        assert "names r1:7730 and holds no secret" in said
    remote = read_remote_file(file)
    assert (remote.host, remote.port, remote.control_port) == ("r1", 7730, 7731)
    assert key in mynah("clients", "list")[1]
    other = key_to_text(new_key())
    cases = [
        (("anna", "--key", key[:-1]), "no complete Mynah key"),
        (("anna", f"--key={new_key()}"), "no complete Mynah key"),
        (("carl", "--key", key), "is the one of 'anna' already"),
        (("../carl", "--key", other), "can't be a client's name"),
        (("Anna", "--key", other), "with another key"),
        (("carl", "--key", other, "--address", "r1:70000"), "no address with a port"),
        (("carl", "--key", other, "--address", "a b"), "no name or IPv4 address"),
        (("carl", "--key", other, "-o", tmp_path / "none" / "c.json"), "can't be written"),
    ]
    for arguments, sentence in cases:
        code, _, said = mynah("clients", "add", "-o", file, *arguments)
        assert code == 2
        assert sentence in said
    assert mynah("clients", "remove", "ben")[0] == 2
    assert mynah("clients", "remove", "anna")[0] == 0
    assert "anna" not in mynah("clients", "list")[1]


def test_a_key_that_is_not_named_is_asked_for(
    mynah,  # type: ignore[no-untyped-def]
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: key_to_text(new_key()))
    assert mynah("clients", "add", "anna", "-o", tmp_path / "c.json")[0] == 0

    def nobody(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    code, _, said = mynah("clients", "add", "ben", "-o", tmp_path / "c.json")
    assert code == 2
    assert "say it with --key" in said


@pytest.mark.parametrize(
    ("text", "listen"),
    [
        ("0.0.0.0", Listen("0.0.0.0", 7730)),
        ("10.0.0.5:9000", Listen("10.0.0.5", 9000)),
    ],
)
def test_places_to_listen(text: str, listen: Listen) -> None:
    assert read_listen(text) == listen
    assert listen.control_port == listen.port + 1


@pytest.mark.parametrize("text", ["", ":7730", "r:", "r:0", "r:65535", "r:²", "r:1:2", "::1"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(BadInputError, match="no address with a port"):
        split_port(text)


# --- the folder -----------------------------------------------------------------------------------


def test_changes_of_another_process_count_at_once(folder: ClientFolder, mynah_home: Path) -> None:
    key, elsewhere = new_key(), ClientFolder(mynah_home / "clients")
    assert folder.find(key) is None
    elsewhere.add("anna", key)
    client = folder.find(key)
    assert client is not None
    assert client.name == "anna"
    assert folder.still_has(key) == client
    elsewhere.remove("anna")
    assert folder.still_has(key) is None
    elsewhere.add("anna", new_key())
    assert folder.still_has(key) is None, "a new key under the old name lets the old one in"
    assert folder.find(key) is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "\0", '{"key": 5, "added": ""}', '{"key": "*", "added": "x"}', "[" * 9000],
)
def test_a_file_that_is_no_client_lets_nobody_in(
    folder: ClientFolder, mynah_home: Path, content: str
) -> None:
    folder.add("anna", new_key())
    path = mynah_home / "clients" / "odd.json"
    path.write_text(content)
    path.chmod(0o600)
    assert [client.name for client in folder.list()] == ["anna"]


@posix_only
def test_a_folder_or_file_that_others_could_write_lets_nobody_in(
    folder: ClientFolder, mynah_home: Path
) -> None:
    key = new_key()
    folder.add("anna", key)
    visitors = Visitors(new_key().encode(), folder)
    assert visitors.judge(key.encode(), "10.0.0.9") is Verdict.welcome
    for path, mode in ((mynah_home / "clients", 0o700), (mynah_home / "clients/anna.json", 0o600)):
        path.chmod(mode | 0o022)
        assert visitors.judge(key.encode(), "10.0.0.9") is Verdict.refused
        path.chmod(mode)
    assert visitors.judge(key.encode(), "10.0.0.9") is Verdict.welcome


# --- the door -------------------------------------------------------------------------------------


def test_verdicts(folder: ClientFolder) -> None:
    local, anna, stranger = (new_key() for _ in range(3))
    folder.add("anna", anna)
    visitors = Visitors(local.encode(), folder)

    def judge(key: str, address: str = "10.0.0.9") -> Verdict:
        return visitors.judge(key.encode(), address)

    assert judge(anna) is Verdict.welcome
    assert judge(stranger) is Verdict.refused
    assert judge(local) is Verdict.refused, "the local key works from this computer only"
    assert judge(local, "127.0.0.1") is Verdict.welcome
    assert judge(local, "") is Verdict.refused
    assert visitors.user_of(local) == LOCAL
    assert visitors.user_of(anna) == "anna"
    assert visitors.user_of(stranger) is None
    visitors.count = lambda: MOST_CONNECTIONS + 1
    assert judge(anna) is Verdict.full
    assert judge(local, "127.0.0.1") is Verdict.welcome
    assert Visitors(local.encode(), None).judge(anna.encode(), "127.0.0.1") is Verdict.refused


class Judge(Visitors):
    """Gives the verdict that it was told to give, or fails."""

    def __init__(self, verdict: Verdict | None) -> None:
        super().__init__(b"", None)
        self.verdict = verdict

    def judge(self, key: bytes, address: str) -> Verdict:
        del key, address
        if self.verdict is None:
            raise RuntimeError("a defect")
        return self.verdict


@pytest.fixture
def door() -> Iterator[tuple[Judge, ConnectionInfo]]:
    """Two sockets that answer nothing; only who may connect matters."""
    public, secret = zmq.curve_keypair()
    mine = zmq.curve_keypair()
    judge = Judge(Verdict.welcome)
    context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
    gatekeeper = Gatekeeper(context, judge)
    routers = [context.socket(zmq.ROUTER) for _ in range(2)]
    ends: list[str] = []
    for router in routers:
        router.setsockopt(zmq.ZAP_DOMAIN, ZAP_DOMAIN)
        router.curve_server = True
        router.curve_secretkey = secret
        router.bind("tcp://127.0.0.1:*")
        ends.append(router.getsockopt_string(zmq.LAST_ENDPOINT))
    keys = (public.decode(), *(key.decode() for key in mine))
    yield judge, ConnectionInfo(*ends, *keys, pid=0, server_id="", version="")
    gatekeeper.stop()
    for router in routers:
        router.close(linger=0)
    context.term()


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict.welcome, "did not answer within"),
        (Verdict.refused, "does not accept this computer's key: it was not added"),
        (Verdict.full, "as many connections as it takes; try again later"),
        (None, "does not accept this computer's key"),
    ],
)
def test_every_verdict_is_another_sentence(
    door: tuple[Judge, ConnectionInfo], verdict: Verdict | None, sentence: str
) -> None:
    judge, info = door
    judge.verdict = verdict
    with (
        Client(info, "test", "1") as client,
        pytest.raises(EngineUnavailableError, match=sentence),
    ):
        client.hello(timeout_s=1.5)


@posix_only
def test_a_key_pair_is_made_once_and_for_its_user_only(mynah_home: Path) -> None:
    path = mynah_home / "server.key"
    public, secret = load_key_pair(path)
    assert load_key_pair(path) == (public, secret)
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text()) == {"public_key": public, "secret_key": secret}
    assert secret not in own_key_text()
    path.write_text("{}")
    with pytest.raises(EngineUnavailableError, match="holds no keys; delete it"):
        load_key_pair(path)
    path.unlink()
    path.symlink_to(mynah_home / "client.key")
    with pytest.raises(EngineUnavailableError, match="can't be read"):
        load_key_pair(path)
