"""What `mynah status` says of workers."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from mynah_daemon.commands.status import describe_workers
from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import Status
from mynah_shared.testing.examples import EXAMPLES

FORMER = Path(__file__).parents[1] / "golden" / "protocol" / "vectors-1.2.json"


def test_each_worker_has_its_line() -> None:
    status = EXAMPLES["status.report"]
    assert isinstance(status, Status)
    assert describe_workers(status) == (
        "Worker on cuda:0: process 4712, 1 running, at most 32 windows at a time, restarted 0 "
        "times.\n"
        "Worker on cuda:1: The device cuda:1 can't be used: it can't be initialised.\n"
    )
    first, _ = status.workers
    starting = replace(status, workers=(replace(first, pid=0, running=0, windows=0),))
    assert describe_workers(starting) == (
        "Worker on cuda:0: being started, 0 running, restarted 0 times.\n"
    )


def test_a_daemon_of_the_former_version_is_understood() -> None:
    frames = json.loads(FORMER.read_text("utf-8"))["status.report"]
    status = codec.decode([bytes.fromhex(frame) for frame in frames]).message
    assert isinstance(status, Status)
    assert describe_workers(status) == "Worker: process 4712, restarted 0 times.\n"
