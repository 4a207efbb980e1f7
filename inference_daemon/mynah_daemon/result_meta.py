"""What is said of a result, so that a take can be explained and made again."""

from __future__ import annotations

import dataclasses
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from mynah_shared._version import __version__
from mynah_shared.protocol.messages import ModelInfo, SynthesizeRequest
from mynah_shared.protocol.version import PROTOCOL_VERSION

from .code_fingerprint import code_sha256
from .memory import peak_bytes
from .performing import Performed


def describe(
    request: SynthesizeRequest,
    performed: Performed,
    model: ModelInfo | None,
    seconds: dict[str, float],
) -> dict[str, Any]:
    """Plain values. All that influences the result is in them, or its hash; the text is left
    out. Without `model` none took part."""
    meta: dict[str, Any] = {
        "audio_sha256": request.audio_sha256,
        "audio_s": performed.length_s,
        "is_transfer": request.is_transfer,
        "start_s": request.start_s,
        "end_s": request.end_s,
        "model": model.name if model else request.model,
        "model_sha256": model.sha256 if model else "",
        "styles": [dataclasses.asdict(style) for style in request.styles],
        "style_strength": request.style_strength,
        "style_fade_s": request.style_fade_s,
        "style_guidance": request.style_guidance,
        "audio_guidance": request.audio_guidance,
        "amounts": dataclasses.asdict(request.amounts),
        "representation": request.representation,
        "seed": request.seed,
        "quality": request.quality.value,
        "fps": performed.clip.fps,
        "frames": performed.clip.n_frames,
        "warnings": performed.warnings,
        "seconds": seconds,
        "worker_peak_bytes": peak_bytes(),
        "versions": {
            "mynah": __version__,
            "code_sha256": code_sha256(),
            "protocol": ".".join(map(str, PROTOCOL_VERSION)),
            "python": platform.python_version(),
            "numpy": np.__version__,
            "onnxruntime": _onnxruntime(),
        },
    }
    if request.take_sha256:
        meta["take_sha256"] = request.take_sha256
        meta["redo"] = (request.redo_start_s, request.redo_end_s)
    if request.gestures:
        meta["gestures"] = [use.clip_sha256 for use in request.gestures]
    if request.keys:
        meta["keys"] = len(request.keys)
    if performed.heard is not None:
        meta["heard"] = performed.heard.to_meta()
    return meta


def _onnxruntime() -> str:
    for package in ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml"):
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    return ""
