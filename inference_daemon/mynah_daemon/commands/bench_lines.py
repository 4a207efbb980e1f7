"""What `mynah bench` measures with: speech of any length, a line from submission to result, and a
sentence about the machine."""

from __future__ import annotations

import io
import os
import platform
import sys
import time
import wave
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared._version import __version__
from mynah_shared.client.client import Client
from mynah_shared.client.steps import Line
from mynah_shared.errors import EngineUnavailableError, JobFailedError
from mynah_shared.protocol.messages import JobState, SynthesizeReply, SynthesizeRequest

from ..audio.decode import decode_file

FloatArray = NDArray[np.float32]

FPS: Final = 30.0
_RATE: Final = 16_000
_VOICE_LINE: Final = Path(__file__).resolve().parents[3] / "demo_scene" / "line.flac"
"""The repository's own voice line; an installed package has none."""
_DEADLINE_S: Final = 600.0


@dataclass(frozen=True, eq=False)
class Speech:
    """Samples [N] at 16 kHz to loop, and what they are."""

    samples: FloatArray
    source: str

    def line(self, length_s: float, number: int) -> bytes:
        """A WAV file; another one for each number, so that nothing is known of it yet."""
        turned = np.roll(self.samples, 997 * number)
        return _wav(np.resize(turned, round(length_s * _RATE)))


def read_speech(audio: Path | None) -> Speech:
    """The speech in a file; without one the demo's, or synthetic syllables."""
    if audio is None and _VOICE_LINE.is_file():
        audio = _VOICE_LINE
    if audio is not None:
        return Speech(decode_file(audio, audio.name), f"'{audio.name}', looped")
    rng = np.random.default_rng(0)
    seconds = np.arange(4 * _RATE) / _RATE
    syllables = np.maximum(0, np.sin(2 * np.pi * 4 * seconds)) * (seconds < 3.4)
    buzz = np.sign(np.sin(2 * np.pi * 120 * seconds)) + 0.3 * rng.normal(size=len(seconds))
    samples = (0.2 * syllables * buzz).astype(np.float32)
    return Speech(samples, "synthetic syllables, not speech")


def request_of(sha256: str, model: str) -> SynthesizeRequest:
    """The line whose sound was uploaded under this name."""
    return Line(b"", "bench.wav", FPS, model).to_request(sha256)


def perform(client: Client, request: SynthesizeRequest) -> SynthesizeReply:
    """The line's result, as soon as it is there. Raises `JobFailedError`."""
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


def about_machine() -> str:
    """The processor, its cores, and the versions that count."""
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
