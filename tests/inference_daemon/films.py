"""Films for the tests of the capture: the sample videos' frames, written anew with PyAV."""

from __future__ import annotations

import importlib.util
import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

SAMPLES = ("bbaf3s", "bwbg8n", "lgwm8p", "pbii2p", "pwwe3a", "sgbp4n")

needs_mediapipe = pytest.mark.skipif(
    importlib.util.find_spec("mediapipe") is None,
    reason="MediaPipe is not installed: pip install 'mynah_daemon[capture]'",
)


def frames_of(path: Path) -> list[np.ndarray]:
    """All frames [H, W, 3] of a video."""
    with av.open(str(path)) as media:
        return [frame.to_ndarray(format="rgb24") for frame in media.decode(video=0)]


def write_film(
    path: Path, frames: Sequence[np.ndarray], times_s: Sequence[float] | float = 25.0
) -> Path:
    """Writes RGB frames in the container of the path's suffix, shown at `times_s` or at a steady
    rate."""
    if isinstance(times_s, float):
        times_s = [i / times_s for i in range(len(frames))]
    with av.open(str(path), "w") as media:
        stream = media.add_stream("mpeg4", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 8_000_000
        stream.codec_context.time_base = Fraction(1, 12_000)
        for image, time_s in zip(frames, times_s, strict=True):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            frame.pts, frame.time_base = round(time_s * 12_000), Fraction(1, 12_000)
            media.mux(stream.encode(frame))
        media.mux(stream.encode(None))
    return path


def turn_clockwise(path: Path) -> Path:
    """Marks an MP4 to be shown turned by 90 degrees clockwise, as phones mark upright films."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    data[matrix : matrix + 36] = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path
