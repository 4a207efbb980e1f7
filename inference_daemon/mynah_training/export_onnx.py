"""Writes a trained run as ONNX and proves that the files compute what the trained network
computes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch

from mynah_daemon.audio.features import N_MELS
from mynah_shared.errors import MynahError
from mynah_shared.motion.arkit import ARKIT_CHANNELS

from .data.phones import PHONES
from .models.regression import RegressionModel
from .train import load_checkpoint, model_config

TOLERANCE = 1e-4
MOTION_FPS = 25.0


def load_trained(path: Path) -> RegressionModel:
    """The averaged (EMA) weights of a checkpoint, ready to run."""
    state = load_checkpoint(path / "checkpoint.pt" if path.is_dir() else path)
    n = len(ARKIT_CHANNELS)
    model = RegressionModel(model_config(state), torch.zeros(n), torch.ones(n))
    model.load_state_dict(state["ema"])
    return model.eval()


def export_bundle(checkpoint: Path, out: Path) -> Iterator[str]:
    """Writes speech_encoder.onnx, regression.onnx and manifest.json to `out`; yields a line per
    file.

    Raises `MynahError` if an exported graph differs from the trained one by more than 1e-4.
    """
    model = load_trained(checkpoint)
    out.mkdir(parents=True, exist_ok=True)
    n_side = model.config.side_channels
    mel = torch.randn(1, 400, N_MELS)
    logits, side = torch.randn(1, 200, len(PHONES)), torch.randn(1, 200, n_side)
    _export(model.encoder, (mel,), ["mel"], ["phone_logits", "side"], out / "speech_encoder.onnx")
    _export(
        model.decoder,
        (logits, side),
        ["phone_logits", "side"],
        ["coefficients"],
        out / "regression.onnx",
    )
    for name, network, inputs in (
        ("speech_encoder.onnx", model.encoder, (torch.randn(1, 1000, N_MELS),)),
        (
            "regression.onnx",
            model.decoder,
            (torch.randn(1, 500, len(PHONES)) * 3, torch.rand(1, 500, n_side)),
        ),
    ):
        difference = _difference(out / name, network, inputs)
        yield f"{name}: largest difference from the trained network {difference:.1e}"
    (out / "manifest.json").write_text(json.dumps(_manifest(model, out), indent=2) + "\n")
    yield "manifest.json written"


def _export(
    network: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    names: list[str],
    outputs: list[str],
    path: Path,
) -> None:
    axes = {name: {1: f"{name}_frames"} for name in names + outputs}
    torch.onnx.export(
        network,
        inputs,
        str(path),
        input_names=names,
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,  # the newer exporter needs onnxscript and ten times as long for these graphs
    )


def _difference(path: Path, network: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> float:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    feed = {
        item.name: value.numpy() for item, value in zip(session.get_inputs(), inputs, strict=True)
    }
    with torch.no_grad():
        expected = network(*inputs)
    expected = expected if isinstance(expected, tuple) else (expected,)
    pairs = zip(session.run(None, feed), expected, strict=True)
    difference = max(float(np.abs(ours - theirs.numpy()).max()) for ours, theirs in pairs)
    if difference > TOLERANCE:
        raise MynahError(
            f"{path.name} differs from the trained network by {difference:.1e}; at most "
            f"{TOLERANCE:.0e} is allowed."
        )
    return difference


def _manifest(model: RegressionModel, out: Path) -> dict[str, Any]:
    def about(name: str) -> dict[str, Any]:
        return {"file": name, "sha256": hashlib.sha256((out / name).read_bytes()).hexdigest()}

    return {
        "schema": 1,
        "default_model": "regression",
        "encoder": {
            **about("speech_encoder.onnx"),
            "phones": list(PHONES),
            "context_frames": model.encoder.context_frames,
        },
        "models": [
            {
                "name": "regression",
                **about("regression.onnx"),
                "fps": MOTION_FPS,
                "channels": list(ARKIT_CHANNELS),
                "context_frames": model.decoder.context_frames,
                "description": "Convolutional regression behind a phone bottleneck; no style.",
            }
        ],
    }
