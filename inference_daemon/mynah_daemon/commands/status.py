"""`mynah status`: what the daemon is doing."""

from __future__ import annotations

import argparse
from typing import Any

from mynah_shared.client.remote import chosen_remote
from mynah_shared.protocol.messages import Status, WorkerStatus

from .connecting import find_running, open_client


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("status", help="what the daemon is doing")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """0 if a daemon answers, 1 if none runs here and none was chosen on another computer."""
    remote = chosen_remote()
    info = remote.connection() if remote else find_running()
    if info is None:
        print("No Mynah daemon is running; hosts and `mynah generate` start one by themselves.")
        return 1
    with open_client(info) as client:
        status = client.status()
    place = f"on {remote.host}, " if remote else ""
    print(
        f"Mynah daemon {status.server_version} ({place}process {status.pid}) has been up for "
        f"{status.uptime_s:.0f} s.\n"
        f"Lines: {status.running} running, {status.queued} waiting, {status.finished} finished.\n"
        f"{describe_workers(status)}"
        f"Memory of the daemon at most: {status.memory_bytes / 1e6:.0f} MB."
    )
    return 0


def describe_workers(status: Status) -> str:
    """A line for each; daemons of former versions tell of one only."""
    if not status.workers:
        return f"Worker: process {status.worker_pid}, restarted {status.worker_restarts} times.\n"
    return "".join(f"Worker on {worker.device}: {_state(worker)}\n" for worker in status.workers)


def _state(worker: WorkerStatus) -> str:
    if worker.failure:
        return worker.failure
    process = f"process {worker.pid}" if worker.pid else "being started"
    windows = f", at most {worker.windows} windows at a time" if worker.windows else ""
    return f"{process}, {worker.running} running{windows}, restarted {worker.restarts} times."
