"""A daemon as a render machine runs it: another state folder, another working folder, fixed ports,
and artists who have nothing of it but its connection file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.client.key_text import key_to_text
from mynah_shared.client.remote import load_key_pair, read_remote_file
from tests.integration.conftest import wait_for


def free_ports() -> int:
    """The first of two free ports in a row."""
    for _ in range(100):
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = first.getsockname()[1]
            try:
                with socket.create_server(("127.0.0.1", port + 1)):
                    return port
            except (OSError, OverflowError):
                continue
    raise AssertionError("no two free ports in a row")


@dataclass
class Artist:
    """A user with keys of his own."""

    name: str
    home: Path
    key: str = ""
    secret: str = ""

    def __post_init__(self) -> None:
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.key, self.secret = load_key_pair(self.home / "client.key")

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return run_in(self.home, *arguments)


@dataclass
class RemoteServer:
    """The render machine's side: `address` is where it listens."""

    home: Path
    address: str = "127.0.0.1"
    port: int = field(default_factory=free_ports)
    process: subprocess.Popen[str] | None = None

    @property
    def file(self) -> Path:
        return self.home.parent / f"{self.home.name}-connection.json"

    def run(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        return run_in(self.home, *arguments)

    def add(self, artist: Artist) -> None:
        place = f"{self.address}:{self.port}"
        added = self.run(
            *("clients", "add", artist.name, "--key", key_to_text(artist.key)),
            *("--address", place, "-o", self.file),
        )
        assert added.returncode == 0, added.stderr

    def remove(self, artist: Artist) -> None:
        removed = self.run("clients", "remove", artist.name)
        assert removed.returncode == 0, removed.stderr

    def start(self) -> None:
        elsewhere = self.home.parent / f"{self.home.name}-work"
        elsewhere.mkdir(exist_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "mynah_daemon", "daemon", "--listen", self.place],
            env={**os.environ, "MYNAH_HOME": str(self.home)},
            cwd=elsewhere,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        wait_for(self._is_ready, "the connection file of the server's own")

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.communicate(timeout=20)
            self.process = None

    @property
    def place(self) -> str:
        return f"{self.address}:{self.port}"

    def log(self) -> str:
        return (self.home / "logs" / "daemon.jsonl").read_text(encoding="utf-8")

    def info(self, artist: Artist) -> ConnectionInfo:
        """How the artist connects."""
        remote = read_remote_file(self.file)
        return ConnectionInfo(
            f"tcp://{remote.host}:{remote.port}",
            f"tcp://{remote.host}:{remote.control_port}",
            remote.server_public_key,
            artist.key,
            artist.secret,
            pid=0,
            server_id="",
            version="",
        )

    @contextmanager
    def client(self, artist: Artist) -> Iterator[Client]:
        with Client(self.info(artist), "test", "1") as client:
            client.hello(timeout_s=10)
            yield client

    def _is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.process.communicate()[0]
        return (self.home / "daemon.json").exists()


def run_in(home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """`mynah` with this state folder."""
    return subprocess.run(
        [sys.executable, "-m", "mynah_daemon", *map(str, arguments)],
        env={**os.environ, "MYNAH_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
