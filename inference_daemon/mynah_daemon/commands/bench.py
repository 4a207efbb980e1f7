"""`mynah bench`: measures this machine and prints a Markdown table. Nothing here is a test."""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
import tempfile
import time
import wave
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared._version import __version__
from mynah_shared.client.client import Client
from mynah_shared.client.steps import Line
from mynah_shared.errors import EngineUnavailableError, JobFailedError
from mynah_shared.motion.curves import closure_pins, reduce_clip
from mynah_shared.protocol import codec
from mynah_shared.protocol.messages import (
    JobState,
    Message,
    Submit,
    SynthesizeReply,
    SynthesizeRequest,
)

from ..audio.decode import decode_file
from .connecting import connect, open_client
from .stop import end_daemon

FloatArray = NDArray[np.float32]

_RATE: Final = 16_000
_VOICE_LINE: Final = Path(__file__).resolve().parents[3] / "demo_scene" / "line.flac"
"""The repository's own voice line; an installed package has none."""
_LENGTHS_S: Final = (5, 10, 30, 120)
_SHORT_S: Final = 5
_REPEATS: Final = 5
_FPS: Final = 30.0
_STAGES: Final = ("decode", "features", "motion", "finish")
_DEADLINE_S: Final = 600.0


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
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Uses a daemon and a state folder of its own, so that no cache helps."""
    speech, source = _speech(arguments.audio)
    with tempfile.TemporaryDirectory() as home:
        os.environ["MYNAH_HOME"] = home
        started_s = time.perf_counter()
        info = connect()
        with open_client(info) as client:
            model = client.hello().default_model if not arguments.model else arguments.model
            _measure(client, speech, _SHORT_S, model, seed=1)
            cold_s = time.perf_counter() - started_s
            warm = [
                _measure(client, speech, _SHORT_S, model, seed=2 + i).total_s
                for i in range(_REPEATS)
            ]
            rows = [_measure(client, speech, length_s, model, seed=100) for length_s in _LENGTHS_S]
            daemon_bytes = client.status().memory_bytes
        end_daemon(info)
    print(_report(rows, cold_s, sorted(warm)[_REPEATS // 2], daemon_bytes, model, source))
    return 0


def _speech(audio: Path | None) -> tuple[FloatArray, str]:
    """Samples to loop, and what they are."""
    if audio is None and _VOICE_LINE.is_file():
        audio = _VOICE_LINE
    if audio is not None:
        return decode_file(audio, audio.name), f"'{audio.name}', looped"
    rng = np.random.default_rng(0)
    seconds = np.arange(4 * _RATE) / _RATE
    syllables = np.maximum(0, np.sin(2 * np.pi * 4 * seconds)) * (seconds < 3.4)
    buzz = np.sign(np.sin(2 * np.pi * 120 * seconds)) + 0.3 * rng.normal(size=len(seconds))
    return (0.2 * syllables * buzz).astype(np.float32), "synthetic syllables, not speech"


def _measure(
    client: Client, speech: FloatArray, length_s: int, model: str, seed: int
) -> Measurement:
    audio = _wav(np.resize(speech, length_s * _RATE))
    started_s = time.perf_counter()
    sha256 = client.upload(audio)
    request = Line(audio, "bench.wav", _FPS, model, seed=seed).to_request(sha256)
    reply = _perform(client, request)
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


def _perform(client: Client, request: SynthesizeRequest) -> SynthesizeReply:
    (job,) = client.submit([request]).jobs
    deadline_s = time.monotonic() + _DEADLINE_S
    state = job.state
    while state is not JobState.finished:
        event = client.next_event(timeout_s=1.0)
        if event is not None and event.job_id == job.job_id:
            state = event.state
            if state in (JobState.failed, JobState.cancelled):
                raise JobFailedError(event.message or "The line was cancelled.", code=event.code)
        elif time.monotonic() > deadline_s:
            raise EngineUnavailableError("The daemon doesn't finish a line; run `mynah doctor`.")
    return client.fetch(job.job_id)


def _wav(samples: FloatArray) -> bytes:
    data = io.BytesIO()
    with wave.open(data, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    return data.getvalue()


def _wire_bytes(message: Message) -> int:
    frames = codec.encode(message, message_id=bytes(16), session_id=bytes(16))
    return sum(len(frame) for frame in frames)


def _report(
    rows: list[Measurement],
    cold_s: float,
    warm_s: float,
    daemon_bytes: int,
    model: str,
    source: str,
) -> str:
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
            f"daemon, {warm_s:.2f} s warm (median of {_REPEATS}). "
            f"The daemon itself needed at most {daemon_bytes / 1e6:.0f} MB.",
            "",
            f"Model {model}, {_FPS:g} fps, speech: {source}. {_machine()}",
        ]
    )


def _machine() -> str:
    versions = ", ".join(f"{name} {version(name)}" for name in ("onnxruntime", "numpy", "pyzmq"))
    return (
        f"Machine: {_processor()}, {os.cpu_count()} cores, {platform.platform(terse=True)}, "
        f"Python {sys.version.split()[0]}, Mynah {__version__}, {versions}."
    )


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
