"""Films of the sample videos' speaker with sound, changed in known ways."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")

RATE = 16000


def write_talk(
    path: Path, frames: Sequence[np.ndarray], samples: np.ndarray | None, fps: float = 25.0
) -> Path:
    """RGB frames [H, W, 3] at a steady rate with mono sound at 16 kHz; use .mkv."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w") as media:
        picture = media.add_stream("mpeg4", rate=Fraction(fps).limit_denominator(1001))
        picture.height, picture.width = frames[0].shape[:2]
        picture.pix_fmt, picture.bit_rate = "yuv420p", 8_000_000
        sound = None if samples is None else media.add_stream("pcm_s16le", rate=RATE, layout="mono")
        for image in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
            media.mux(picture.encode(frame))
        media.mux(picture.encode(None))
        if sound is not None and samples is not None:
            whole = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
            block = av.AudioFrame.from_ndarray(whole, format="s16", layout="mono")
            block.sample_rate, block.pts, block.time_base = RATE, 0, Fraction(1, RATE)
            media.mux([*sound.encode(block), *sound.encode(None)])
    return path


def with_mask(image: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The picture with a mask from the nose to the chin; landmarks [478, 3], y up."""
    from PIL import Image, ImageDraw

    outline = (132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361)
    points = landmarks[:, :2] * [1, -1]
    drawn = Image.fromarray(image)
    corners = [tuple(points[i]) for i in (*outline, 355, 5, 126)]
    ImageDraw.Draw(drawn).polygon(corners, fill=(170, 200, 215))
    return np.asarray(drawn)
