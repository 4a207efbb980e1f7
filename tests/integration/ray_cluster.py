"""A Ray cluster of several nodes on this computer, as a studio starts one: by `ray start`.

Nodes share nothing but the network: each has its own environment, and can be killed with all its
processes as a power cut would. Other clusters of this computer are left alone, so nothing here
calls `ray stop`.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.integration.conftest import wait_for

_MARK: Final = "MYNAH_TEST_NODE"
_START_S: Final = 120
_OBJECTS: Final = "100000000"


class RayCluster:
    """A head with one CPU; `token` is the secret that lets programs in, and `folder` the place of
    all nodes for temporary files."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.token = secrets.token_hex(32)
        self._name = secrets.token_hex(8)
        self._count = 0
        # sockets lie in it, whose paths must be short
        self.folder = Path(tempfile.mkdtemp(prefix="mynah-ray-", dir="/tmp"))
        with socket.socket() as free:
            free.bind(("", 0))
            port = free.getsockname()[1]
        head = ("--head", "--port", str(port), "--include-dashboard", "false")
        try:
            self.head = self._start(environment, *head, "--temp-dir", str(self.folder))
        except BaseException:  # a test that is interrupted leaves no cluster behind
            self.close()
            raise
        self.address = (self.folder / "ray_current_cluster").read_text().strip()

    def add(self, environment: Mapping[str, str]) -> str:
        """Another node with one CPU; its name for `kill`."""
        return self._start(environment, "--address", self.address)

    def _start(self, environment: Mapping[str, str], *options: str) -> str:
        self._count += 1
        node = f"{self._name}.{self._count}"
        command = [str(Path(sys.executable).with_name("ray")), "start", *options]
        command += ["--num-cpus", "1", "--object-store-memory", _OBJECTS]
        own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": self.token, _MARK: node}
        own["TMPDIR"] = str(self.folder)
        done = subprocess.run(
            command,
            env={**os.environ, "RAY_USAGE_STATS_ENABLED": "0", **environment, **own},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_START_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout.decode()
        return node

    def processes(self, node: str) -> list[int]:
        """All that runs on a node, the workers of batches included."""
        mark = f"{_MARK}={node}".encode()
        found: list[int] = []
        for folder in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append(int(folder.name))
        return found

    def workers(self, node: str) -> list[int]:
        """Those of its processes that are workers of Mynah."""
        return [pid for pid in self.processes(node) if "RayWorker" in _command(pid)]

    def kill(self, node: str, how: signal.Signals = signal.SIGKILL) -> None:
        """By SIGTERM it says farewell to the head, which else takes half a minute to notice."""
        for pid in self.processes(node):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, how)
        if how is not signal.SIGKILL:
            wait_for(lambda: not self.processes(node), "the end of the node")

    def kill_nodes(self) -> None:
        """All but the head."""
        for number in range(2, self._count + 1):
            self.kill(f"{self._name}.{number}", signal.SIGTERM)

    def close(self) -> None:
        for number in range(1, self._count + 1):
            self.kill(f"{self._name}.{number}")
        shutil.rmtree(self.folder, ignore_errors=True)


def _command(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    return ""
