"""A bundle of tiny ONNX graphs with the signature of the real weights: convolutions, a few kB."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from tests.inference_daemon import tiny_diffusion

PHONES = ("sil", "AA", "B", "M", "P", "S")
N_CEPSTRA = 4
CONTEXT_MEL = 9
CONTEXT_PHONES = 6


def write_bundle(
    folder: Path,
    layers: int = 1,
    denoiser: onnx.ModelProto | None = None,
    transfer_context: int = 0,
) -> Path:
    """Writes manifest and graphs; `layers` more convolutions make the encoder slower, `denoiser`
    replaces the one of the diffusion model, and with `transfer_context` clips can drive it."""
    folder.mkdir(parents=True, exist_ok=True)
    n_style = tiny_diffusion.N_CHANNELS if transfer_context else tiny_diffusion.N_STYLE
    rng = np.random.default_rng(11)
    encoder = _encoder(rng, layers)
    decoder = _decoder(rng)
    files = {
        "speech_encoder.onnx": encoder,
        "regression.onnx": decoder,
        "diffusion.onnx": denoiser or tiny_diffusion.denoiser(len(PHONES) + N_CEPSTRA, n_style),
        "diffusion_style.onnx": tiny_diffusion.style_encoder(n_style),
    }
    if transfer_context:
        files["diffusion_transfer.onnx"] = tiny_diffusion.transfer(transfer_context)
    for name, graph in files.items():
        onnx.checker.check_model(graph)
        (folder / name).write_bytes(graph.SerializeToString())
    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files}
    manifest: dict[str, Any] = {
        "schema": 2,
        "default_model": "regression",
        "encoder": {
            "file": "speech_encoder.onnx",
            "sha256": sums["speech_encoder.onnx"],
            "phones": PHONES,
            "context_frames": CONTEXT_MEL + 4 * layers,
        },
        "models": [
            {
                "name": "regression",
                "kind": "regression",
                "file": "regression.onnx",
                "sha256": sums["regression.onnx"],
                "fps": 25.0,
                "channels": ARKIT_CHANNELS,
                "context_frames": CONTEXT_PHONES,
                "description": "Tiny random weights for tests.",
            },
            {
                "name": "diffusion",
                "kind": "diffusion",
                "file": "diffusion.onnx",
                "sha256": sums["diffusion.onnx"],
                "style_file": "diffusion_style.onnx",
                "style_sha256": sums["diffusion_style.onnx"],
                "fps": 25.0,
                "channels": ARKIT_CHANNELS,
                "description": "Tiny random weights for tests.",
                "window_frames": tiny_diffusion.WINDOW_FRAMES,
                "previous_frames": tiny_diffusion.PREVIOUS_FRAMES,
                "mean": tiny_diffusion.MEAN,
                "scale": tiny_diffusion.SCALE,
                "neutral_style": tiny_diffusion.NEUTRAL_STYLE,
            },
        ],
    }
    if transfer_context:
        manifest["models"][1] |= {
            "transfer_file": "diffusion_transfer.onnx",
            "transfer_sha256": sums["diffusion_transfer.onnx"],
            "transfer_context_frames": transfer_context,
            "neutral_style": tiny_diffusion.MEAN,
        }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


class _Graph:
    """Collects convolution layers over [1, C, T]."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def convolve(
        self, source: str, width_in: int, width_out: int, output: str, kernel: int, stride: int = 1
    ) -> str:
        shape = (width_out, width_in, kernel)
        scale = 1.5 / np.sqrt(width_in * kernel)
        weights = self.rng.normal(0, scale, shape).astype(np.float32)
        self.weights.append(numpy_helper.from_array(weights, f"{output}_w"))
        pad = (kernel - 1) // 2
        pads = [pad, kernel - stride - pad if stride > 1 else pad]
        return self.node(
            "Conv",
            [source, f"{output}_w"],
            output,
            kernel_shape=[kernel],
            strides=[stride],
            pads=pads,
        )

    def model(self, inputs: dict[str, int], outputs: dict[str, int]) -> onnx.ModelProto:
        def info(name: str, width: int, length: str) -> onnx.ValueInfoProto:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, length, width])

        graph = helper.make_graph(
            self.nodes,
            "tiny",
            [info(name, width, "T") for name, width in inputs.items()],
            [info(name, width, "T_out") for name, width in outputs.items()],
            self.weights,
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)


def _encoder(rng: np.random.Generator, layers: int) -> onnx.ModelProto:
    g = _Graph(rng)
    x = g.node("Transpose", ["mel"], "x", perm=[0, 2, 1])
    x = g.node("Tanh", [g.convolve(x, 80, 32, "c0", kernel=9)], "h0")
    for i in range(1, layers):
        x = g.node("Tanh", [g.convolve(x, 32, 32, f"c{i}", kernel=9)], f"h{i}")
    for name, width in (("phone_logits", len(PHONES)), ("cepstrum", N_CEPSTRA)):
        y = g.convolve(x, 32, width, f"{name}_c", kernel=4, stride=2)
        g.node("Transpose", [y], name, perm=[0, 2, 1])
    return g.model({"mel": 80}, {"phone_logits": len(PHONES), "cepstrum": N_CEPSTRA})


def _decoder(rng: np.random.Generator) -> onnx.ModelProto:
    g = _Graph(rng)
    both = g.node("Concat", ["phone_logits", "cepstrum"], "both", axis=2)
    x = g.node("Transpose", [both], "x", perm=[0, 2, 1])
    x = g.node("Tanh", [g.convolve(x, len(PHONES) + N_CEPSTRA, 16, "c0", kernel=7)], "h0")
    x = g.node("Sigmoid", [g.convolve(x, 16, len(ARKIT_CHANNELS), "c1", kernel=4, stride=2)], "h1")
    g.node("Transpose", [x], "coefficients", perm=[0, 2, 1])
    return g.model(
        {"phone_logits": len(PHONES), "cepstrum": N_CEPSTRA}, {"coefficients": len(ARKIT_CHANNELS)}
    )
