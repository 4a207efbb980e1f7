"""Tiny graphs with the signature of a diffusion model: one with random weights, and denoisers whose
answer is plain arithmetic."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mynah_shared.motion.arkit import ARKIT_CHANNELS

N_CHANNELS = len(ARKIT_CHANNELS)
WINDOW_FRAMES = 70
PREVIOUS_FRAMES = 10
N_STYLE = 5
MEAN = [0.2] * N_CHANNELS
SCALE = [0.1] * N_CHANNELS
NEUTRAL_STYLE = [0.3, -0.2, 0.0, 0.1, 0.5]

Shape = Sequence[int | str]


def denoiser(n_speech: int, n_style: int = N_STYLE) -> onnx.ModelProto:
    """tanh of a mix of all inputs with random weights; `n_speech` phones and cepstra."""
    rng = np.random.default_rng(13)

    def weights(*shape: int) -> np.ndarray:
        return rng.normal(0, 1 / np.sqrt(np.prod(shape[1:])), shape).astype(np.float32)

    nodes = [
        _node("Concat", "phone_logits", "cepstrum", to="heard_rows", axis=2),
        _node("Transpose", "heard_rows", to="heard", perm=[0, 2, 1]),
        _node("Conv", "heard", "speech_w", to="tokens", strides=[2], pads=[1, 1]),
        _node("Slice", "tokens", "previous_n", "end", "axis2", to="window_tokens"),
        _node("Transpose", "window_tokens", to="speech", perm=[0, 2, 1]),
        _node("ReduceMean", "previous", to="before", axes=[1], keepdims=1),
        _node("MatMul", "style", "style_w", to="manner_row"),
        _node("Unsqueeze", "manner_row", "axis1", to="manner"),
        _node("Unsqueeze", "switches", "axis1", to="switch_rows"),
        _node("Split", "switch_rows", to=("has_previous", "has_speech", "has_style"), axis=2),
        _node("Unsqueeze", "time", "axes12", to="time_rows"),
        _node("Mul", "before", "has_previous", to="before_or_not"),
        _node("Mul", "speech", "has_speech", to="speech_or_not"),
        _node("Mul", "manner", "has_style", to="manner_or_not"),
        _node("Mul", "noisy", "little", to="noisy_part"),
        _node(
            "Sum", "noisy_part", "time_rows", "before_or_not", "speech_or_not", "manner_or_not",
            to="mixed",
        ),
        _node("Tanh", "mixed", to="clean"),
    ]  # fmt: skip
    constants = {
        "speech_w": weights(N_CHANNELS, n_speech, 4),
        "style_w": weights(n_style, N_CHANNELS),
        "little": np.float32(0.3),
        "previous_n": np.array([PREVIOUS_FRAMES]),
        "end": np.array([2**31]),
        "axis1": np.array([1]),
        "axis2": np.array([2]),
        "axes12": np.array([1, 2]),
    }
    return _denoiser(nodes, constants, n_style)


def linear_denoiser(
    constant: float,
    previous: float = 0,
    speech: float = 0,
    style: float = 0,
    n_style: int = N_STYLE,
) -> onnx.ModelProto:
    """Answers `constant` + the amounts of what is switched on, in all channels and frames."""
    amounts = np.array([[previous], [speech], [style]], np.float32)
    nodes = [
        _node("MatMul", "switches", "amounts", to="known"),
        _node("Add", "known", "constant", to="answer"),
        _node("Unsqueeze", "answer", "axis1", to="rows"),
        _node("Mul", "noisy", "zero", to="still"),
        _node("Add", "still", "rows", to="clean"),
    ]
    constants = {
        "amounts": amounts,
        "constant": np.float32(constant),
        "zero": np.float32(0),
        "axis1": np.array([1]),
    }
    return _denoiser(nodes, constants, n_style)


def style_encoder(n_style: int = N_STYLE) -> onnx.ModelProto:
    """The mean of the first channels."""
    nodes = [
        _node("ReduceMean", "motion", to="mean_pose", axes=[1], keepdims=0),
        _node("Slice", "mean_pose", "start", "end", "axis1", to="style"),
    ]
    constants = {"start": np.array([0]), "end": np.array([n_style]), "axis1": np.array([1])}
    return _model(nodes, constants, {"motion": ("B", "S", N_CHANNELS)}, {"style": ("B", n_style)})


def transfer(context: int) -> onnx.ModelProto:
    """What the driving clip has beyond its mean over `context` frames to each side, around a code
    that has a number for each channel."""
    nodes = [
        _node("Transpose", "driving", to="series", perm=[0, 2, 1]),
        _node(
            "AveragePool", "series", to="smooth", kernel_shape=[2 * context + 1],
            pads=[context, context], count_include_pad=0,
        ),
        _node("Sub", "series", "smooth", to="beyond"),
        _node("Transpose", "beyond", to="course", perm=[0, 2, 1]),
        _node("Unsqueeze", "style", "axis1", to="rest"),
        _node("Add", "course", "rest", to="motion"),
    ]  # fmt: skip
    inputs = {"driving": (1, "T", N_CHANNELS), "style": (1, N_CHANNELS)}
    axis = {"axis1": np.array([1])}
    return _model(nodes, axis, inputs, {"motion": (1, "T", N_CHANNELS)})


def _node(kind: str, *inputs: str, to: str | Sequence[str], **attributes: object) -> onnx.NodeProto:
    outputs = [to] if isinstance(to, str) else list(to)
    return helper.make_node(kind, inputs, outputs, **attributes)


def _denoiser(
    nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], n_style: int = N_STYLE
) -> onnx.ModelProto:
    return _model(
        nodes,
        constants,
        {
            "noisy": ("B", "T", N_CHANNELS),
            "time": ("B",),
            "phone_logits": ("B", "speech_frames", "P"),
            "cepstrum": ("B", "speech_frames", "S"),
            "style": ("B", n_style),
            "previous": ("B", PREVIOUS_FRAMES, N_CHANNELS),
            "switches": ("B", 3),
        },
        {"clean": ("B", "T", N_CHANNELS)},
    )


def _model(
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray],
    inputs: dict[str, Shape],
    outputs: dict[str, Shape],
) -> onnx.ModelProto:
    def infos(tensors: dict[str, Shape]) -> list[onnx.ValueInfoProto]:
        return [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
            for name, shape in tensors.items()
        ]

    weights = [numpy_helper.from_array(np.asarray(v), name) for name, v in constants.items()]
    graph = helper.make_graph(nodes, "tiny", infos(inputs), infos(outputs), weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=10)
