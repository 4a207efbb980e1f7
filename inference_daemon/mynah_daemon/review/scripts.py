"""What the page loads: data as scripts, for a page from disk may load no other files."""

from __future__ import annotations

import base64
import io
import json
from typing import Any, Final

import av
import numpy as np
from av.audio.frame import AudioFrame
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS

from ..pictures.head_asset import HEAD_FILE
from .evidence import Evidence

FloatArray = NDArray[np.float32]

PEAKS_RATE: Final = 100
VALUE_STEPS: Final = 10_000
"""Steps of the curves per unit: int16 reaches 3.2, more than any shape or head angle."""
_CALL: Final = "mynahReview.{}("
_END: Final = ");\n"


def script(function: str, *values: Any) -> bytes:
    """A script that hands `values` to a function of the page. Nothing in them can be code: JSON
    with all but ASCII escaped."""
    text = ",".join(json.dumps(value, separators=(",", ":")) for value in values)
    safe = text.replace("<", "\\u003c").replace(">", "\\u003e")
    return f"{_CALL.format(function)}{safe}{_END}".encode("ascii")


def read_script(data: bytes, function: str) -> Any:
    """The one value of such a script. Raises `ValueError` if it is none."""
    text, begin = data.decode("ascii"), _CALL.format(function)
    if not (text.startswith(begin) and text.endswith(_END)):
        raise ValueError(f"no script for {function}")
    return json.loads(text[len(begin) : -len(_END)])


def line_data(evidence: Evidence) -> dict[str, Any]:
    """Sound, curves and phones of a line: int16 [T, 55] of `VALUE_STEPS` to the unit, a byte of
    waveform per 1/100 s, and a FLAC file, in base64."""
    clip = evidence.clip
    limits = np.iinfo(np.int16)
    steps = np.rint(clip.values * VALUE_STEPS).clip(limits.min, limits.max)
    return {
        "duration": evidence.duration_s,
        "fps": clip.fps,
        "values": _base64(steps.astype("<i2").tobytes()),
        "peaks": _base64(_peaks(evidence.samples, evidence.rate)),
        "phones": evidence.phones,
        "rate": evidence.rate,
        "sound": _base64(to_flac(evidence.samples, evidence.rate)),
    }


def head_data() -> dict[str, Any]:
    """Mynah's own head as `head_asset.py` describes it, and the channels of curves in order."""
    with np.load(HEAD_FILE, allow_pickle=False) as content:
        return {
            "channels": ARKIT_CHANNELS,
            "steps": VALUE_STEPS,
            "step_m": float(content["step_m"]),
            "positions": _base64(content["positions"].astype("<i2").tobytes()),
            "triangles": _base64(content["triangles"].astype("<u2").tobytes()),
            "colours": _base64(content["colours"].astype("u1").tobytes()),
            "shapes": [ARKIT_BLENDSHAPES.index(str(name)) for name in content["shapes"]],
            "shape_ends": content["shape_ends"].tolist(),
            "moved_vertices": _base64(content["moved_vertices"].astype("<u2").tobytes()),
            "moves": _base64(content["moves"].astype("<i2").tobytes()),
        }


def to_flac(samples: FloatArray, rate: int) -> bytes:
    """Samples [N] in -1..1 as a FLAC file of 16 bits: every browser decodes it, none shifts it."""
    steps = np.rint(np.clip(samples, -1, 1) * 32767).astype(np.int16)
    data = io.BytesIO()
    with av.open(data, "w", format="flac") as opened:
        media: Any = opened
        stream = media.add_stream("flac", rate=rate, layout="mono", format="s16")
        frame = AudioFrame.from_ndarray(steps[None, :], format="s16", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            media.mux(packet)
    return data.getvalue()


def _peaks(samples: FloatArray, rate: int) -> bytes:
    """How far the waveform reaches in each 1/100 s, 255 at full scale."""
    n_peaks = max(1, round(len(samples) / rate * PEAKS_RATE))
    edges = np.linspace(0, len(samples), n_peaks + 1).astype(np.intp)[:-1]
    highest = np.maximum.reduceat(np.abs(samples), edges)
    return np.rint(np.clip(highest, 0, 1) * 255).astype(np.uint8).tobytes()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
