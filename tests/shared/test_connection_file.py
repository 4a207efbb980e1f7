"""The connection file: private, replaced in one step, refused when others may read it."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mynah_shared.client import connection_file
from mynah_shared.client.connection_file import (
    ConnectionInfo,
    read_connection_file,
    remove_connection_file,
    state_dir,
    write_connection_file,
)
from mynah_shared.errors import EngineUnavailableError

INFO = ConnectionInfo(
    endpoint="tcp://127.0.0.1:4000",
    control_endpoint="tcp://127.0.0.1:4001",
    server_public_key="s" * 40,
    client_public_key="c" * 40,
    client_secret_key="k" * 40,
    pid=1234,
    server_id="d1",
    version="0.1.0",
)
posix_only = pytest.mark.skipif(os.name != "posix", reason="file modes exist on POSIX only")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state" / "mynah"
    monkeypatch.setenv("MYNAH_HOME", str(folder))
    return folder


def test_what_was_written_is_read_back(home: Path):
    assert read_connection_file() is None
    assert write_connection_file(INFO) == home / "daemon.json"
    assert read_connection_file() == INFO
    assert [entry.name for entry in home.iterdir()] == ["daemon.json"]


@posix_only
def test_file_and_folder_are_private_whatever_the_umask_is(home: Path):
    before = os.umask(0)
    try:
        write_connection_file(INFO)
    finally:
        os.umask(before)
    assert stat.S_IMODE((home / "daemon.json").stat().st_mode) == 0o600
    assert stat.S_IMODE(home.stat().st_mode) == 0o700


@posix_only
@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_that_others_may_open_is_refused_with_the_command_that_helps(home: Path, mode: int):
    path = write_connection_file(INFO)
    path.chmod(mode)
    with pytest.raises(EngineUnavailableError, match=f"chmod 600 '{home}/daemon.json'"):
        read_connection_file()


@posix_only
def test_an_open_folder_is_refused_by_reader_and_writer(home: Path):
    write_connection_file(INFO)
    home.chmod(0o755)
    for act in (read_connection_file, lambda: write_connection_file(INFO)):
        with pytest.raises(EngineUnavailableError, match="chmod 700"):
            act()


@posix_only
def test_a_link_in_place_of_the_file_is_refused(home: Path, tmp_path: Path):
    path = write_connection_file(INFO)
    elsewhere = tmp_path / "elsewhere.json"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)
    with pytest.raises(EngineUnavailableError, match=r"daemon\.json can't be read"):
        read_connection_file()


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", b"{}", json.dumps({"pid": "12"}).encode(), b"null"],
)
def test_other_content_counts_as_no_file(content: bytes):
    write_connection_file(INFO).write_bytes(content)
    assert read_connection_file() is None


def test_unknown_keys_are_ignored():
    path = write_connection_file(INFO)
    path.write_text(json.dumps({**json.loads(path.read_text()), "later": 1}))
    assert read_connection_file() == INFO


def test_only_the_daemons_own_file_is_removed():
    write_connection_file(INFO)
    remove_connection_file("another")
    assert read_connection_file() == INFO
    remove_connection_file("d1")
    assert read_connection_file() is None
    remove_connection_file("d1")


def test_the_secret_is_not_in_the_text_of_the_info():
    assert INFO.client_secret_key not in repr(INFO)


@pytest.mark.parametrize(
    ("platform", "environment", "expected"),
    [
        ("linux", {"XDG_STATE_HOME": "/x"}, "/x/mynah"),
        ("linux", {"HOME": "/h"}, "/h/.local/state/mynah"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Application Support/Mynah"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/Mynah"),
    ],
)
@posix_only
def test_each_system_has_its_own_place(
    monkeypatch: pytest.MonkeyPatch, platform: str, environment: dict[str, str], expected: str
):
    for name in ("MYNAH_HOME", "XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(connection_file.sys, "platform", platform)
    assert state_dir() == Path(expected)


@pytest.mark.timeout(60)
def test_readers_see_a_whole_file_while_it_is_replaced(home: Path):
    code = (
        "import dataclasses\n"
        "from mynah_shared.client.connection_file import *\n"
        "info = read_connection_file()\n"
        "for i in range(400):\n"
        "    write_connection_file(dataclasses.replace(info, pid=i, version='v' * (i % 97)))\n"
    )
    write_connection_file(INFO)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as writer:
        reads = 0
        while writer.poll() is None:
            assert read_connection_file() is not None
            reads += 1
    assert writer.returncode == 0
    assert reads > 100
