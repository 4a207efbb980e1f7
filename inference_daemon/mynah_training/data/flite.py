"""Speech with exact phone times from the flite command (Debian: flite)."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
from numpy.typing import NDArray

from .phones import PHONES, phone_index

VOICES: Final = ("kal16", "awb", "rms", "slt")


def speak(
    text: str, voice: str, *, stretch: float = 1.0, pitch_hz: float | None = None
) -> tuple[NDArray[np.float32], int, list[tuple[str, float, float]]]:
    """Samples in -1..1, their rate, and phone segments (phone, start_s, end_s).

    `stretch` lengthens every phone, `pitch_hz` moves the mean pitch. Raises `CalledProcessError` if
    flite fails.
    """
    options = ["--setf", f"duration_stretch={stretch}"]
    if pitch_hz is not None:
        options += ["--setf", f"int_f0_target_mean={pitch_hz}"]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        command = ["flite", "-voice", voice, *options, "-psdur", "-t", text, "-o", str(path)]
        printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
        samples, rate = soundfile.read(path, dtype="float32")
    segments = []
    start_s = 0.0
    for item in printed.stdout.split():
        name, end = item.rsplit(":", 1)
        index = phone_index(name)
        segments.append((PHONES[index] if index >= 0 else "sil", start_s, float(end)))
        start_s = float(end)
    return np.asarray(samples, np.float32), rate, segments
