"""`mynah bench`: measures this machine and prints a Markdown table. Nothing here is a test."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mynah_shared.client.client import Client
from mynah_shared.errors import BadInputError
from mynah_shared.motion.curves import closure_pins
from mynah_shared.motion.key_reduction import reduce_clip
from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import Message, Submit

from ..devices import Device
from .bench_clients import report_clients
from .bench_lines import FPS, Speech, about_machine, perform, read_speech, request_of
from .connecting import connect, open_client
from .daemon import add_device_option
from .stop import end_daemon

_LENGTHS_S: Final = (5, 10, 30, 120)
_SHORT_S: Final = 5
_REPEATS: Final = 5
_STAGES: Final = ("decode", "features", "motion", "finish")
_MOST_CLIENTS: Final = 64


@dataclass(frozen=True)
class Measurement:
    """One line performed by a daemon that was already warm."""

    speech_s: int
    total_s: float
    stages: dict[str, float]
    sent_bytes: int
    received_bytes: int
    keys_before: int
    keys_after: int
    worker_bytes: int


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("bench", help="measure this machine")
    parser.add_argument("--audio", type=Path, help="speech to loop (default: the demo's line)")
    parser.add_argument("--model", default="", help="default: the installation's best")
    parser.add_argument(
        "--concurrency",
        type=int,
        default=0,
        metavar="N",
        help="measure how 1 to N clients at a time get on, instead of one",
    )
    add_device_option(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Uses a daemon and a state folder of its own, so that no cache helps."""
    if not 0 <= arguments.concurrency <= _MOST_CLIENTS:
        raise BadInputError(
            f"--concurrency is {arguments.concurrency}; choose 1 to {_MOST_CLIENTS} clients."
        )
    speech = read_speech(arguments.audio)
    with tempfile.TemporaryDirectory() as home, contextlib.ExitStack() as stack:
        os.environ["MYNAH_HOME"] = home
        started_s = time.perf_counter()
        if arguments.device:
            stack.enter_context(_daemon_on(arguments.device))
        info = connect()
        with open_client(info) as client:
            model = client.hello().default_model if not arguments.model else arguments.model
            _measure(client, speech, _SHORT_S, model, 1)
            cold_s = time.perf_counter() - started_s
            if arguments.concurrency:
                report = report_clients(info, speech, model, arguments.concurrency)
            else:
                report = _report_lines(client, speech, model, cold_s)
        end_daemon(info)
    devices = f", on {', '.join(map(str, arguments.device))}" if arguments.device else ""
    print(report)
    print(f"\nModel {model}{devices}, {FPS:g} fps, speech: {speech.source}. {about_machine()}")
    return 0


@contextlib.contextmanager
def _daemon_on(devices: Sequence[Device]) -> Generator[None]:
    """A daemon with a worker on each of them, that answers."""
    options = [word for device in devices for word in ("--device", str(device))]
    command = [sys.executable, "-m", "mynah_daemon", "daemon", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield


def _measure(client: Client, speech: Speech, length_s: int, model: str, number: int) -> Measurement:
    audio = speech.line(length_s, number)
    started_s = time.perf_counter()
    request = request_of(client.upload(audio), model)
    reply = perform(client, request)
    total_s = time.perf_counter() - started_s
    meta = json.loads(reply.meta)
    keys = reduce_clip(reply.clip, pins=closure_pins(reply.clip))
    return Measurement(
        speech_s=length_s,
        total_s=total_s,
        stages=meta["seconds"],
        sent_bytes=len(audio) + _wire_bytes(Submit((request,))),
        received_bytes=_wire_bytes(reply),
        keys_before=reply.clip.values.size,
        keys_after=sum(len(curve.rows) for curve in keys),
        worker_bytes=meta["worker_peak_bytes"],
    )


def _wire_bytes(message: Message) -> int:
    frames = codec.encode(message, message_id=bytes(16), session_id=bytes(16))
    return sum(len(frame) for frame in frames)


def _report_lines(client: Client, speech: Speech, model: str, cold_s: float) -> str:
    """What lines of several lengths take, one after the other."""
    warm = sorted(_measure(client, speech, _SHORT_S, model, 2 + i).total_s for i in range(_REPEATS))
    rows = [_measure(client, speech, length_s, model, 100) for length_s in _LENGTHS_S]
    head = (
        "| speech | " + " | ".join(_STAGES) + " | total | real-time factor | sent | received | "
        "keys before | after | worker peak |"
    )
    lines = [head, "|" + " --- |" * (len(_STAGES) + 8)]
    for row in rows:
        stages = " | ".join(f"{row.stages.get(stage, 0.0):.3f} s" for stage in _STAGES)
        lines.append(
            f"| {row.speech_s} s | {stages} | {row.total_s:.3f} s | "
            f"{row.total_s / row.speech_s:.3f} | {row.sent_bytes / 1e3:.0f} kB | "
            f"{row.received_bytes / 1e3:.0f} kB | {row.keys_before} | {row.keys_after} | "
            f"{row.worker_bytes / 1e6:.0f} MB |"
        )
    return "\n".join(
        [
            *lines,
            "",
            f"First result for a {_SHORT_S} s line: {cold_s:.2f} s from a cold start of the "
            f"daemon, {warm[_REPEATS // 2]:.2f} s warm (median of {_REPEATS}). "
            f"The daemon itself needed at most {client.status().memory_bytes / 1e6:.0f} MB.",
        ]
    )
