"""Writes trained runs as the ONNX bundle that the daemon serves, and proves that the files compute
what the trained networks compute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from mynah_daemon.audio.features import HOP, N_MELS
from mynah_shared.errors import BadInputError, MynahError
from mynah_shared.motion.arkit import ARKIT_CHANNELS

from .builders import ENCODERS, SERVED, load_trained
from .data.corpus import OTHERS
from .data.features import FeaturePack
from .data.pack import Entry
from .data.phones import PHONES
from .data.style_batches import PREVIOUS_FRAMES, WINDOW_FRAMES
from .half_weights import round_to_half, store_half
from .models.hubert_encoder import HubertEncoder
from .models.regression import RegressionDecoder
from .models.speech_encoder import SpeechEncoder
from .models.styled import Conditions, DrivenByClips, StyledMotionModel
from .modules.cepstrum import N_CEPSTRA
from .train import load_checkpoint

TOLERANCE = 1e-4
MOTION_FPS = 25.0
_N_CHANNELS = len(ARKIT_CHANNELS)
_WIDTHS = {"mel": N_MELS, "samples": HOP}
_FILMED = {"grid_s1", "grid_multi", OTHERS}
_CALM = {"", "neutral", "calm"}


class StyleGraph(nn.Module):
    """A performance [1, S, 55] in ARKit units → its style code [1, K]."""

    def __init__(self, model: StyledMotionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, motion: Tensor) -> Tensor:
        return self.model.encode_style(self.model.normalise(motion))


class TransferGraph(nn.Module):
    """A performance [1, T, 55] of anyone, in ARKit units, and a character's style code [1, K] → the
    performance by that character."""

    def __init__(self, model: StyledMotionModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, driving: Tensor, style: Tensor) -> Tensor:
        model = self.model
        assert isinstance(model, DrivenByClips)
        return model.denormalise(model.transfer(model.normalise(driving), style))


class DenoiserGraph(nn.Module):
    """One denoising step; `switches` [B, 3] are has_previous, has_speech and has_style."""

    def __init__(self, model: StyledMotionModel) -> None:
        super().__init__()
        self.model = model

    def forward(
        self,
        noisy: Tensor,
        time: Tensor,
        phone_logits: Tensor,
        cepstrum: Tensor,
        style: Tensor,
        previous: Tensor,
        switches: Tensor,
    ) -> Tensor:
        conditions = Conditions(phone_logits, cepstrum, style, previous, *switches.unbind(1))
        return self.model.denoise(noisy, time, conditions)


def export_bundle(
    encoder: Path, runs: list[Path], out: Path, features: Path | None = None
) -> Iterator[str]:
    """Writes speech_encoder.onnx, the graphs of every run's model and manifest.json to `out`; the
    first run's model is the default. Yields a line per file.

    `features` are needed by models with a style: their neutral style is the mean code of the
    filmed people's training clips. Raises `MynahError` if an exported graph differs from the
    trained one by more than 1e-4.
    """
    out.mkdir(parents=True, exist_ok=True)
    listens = load_trained(encoder, *ENCODERS)
    assert isinstance(listens, SpeechEncoder | HubertEncoder)  # there are no others
    yield _export(
        listens,
        lambda n: {k: torch.randn(1, 4 * n, _WIDTHS[k]) for k in listens.inputs},
        ["phone_logits", "cepstrum"],
        out / "speech_encoder.onnx",
    )
    entries = []
    for run in runs:
        model = load_trained(run, *SERVED)
        if isinstance(model, RegressionDecoder):
            entries.append(_regression(model, out))
        else:
            assert isinstance(model, StyledMotionModel)  # nothing else is served
            if features is None:
                raise BadInputError(f"{run} holds a model with styles: give --data FEATURES too.")
            entries.append(_diffusion(model, FeaturePack(features), out))
        entries[-1] |= _budget(run)
        yield f"{entries[-1]['name']}: agrees with the trained network within {TOLERANCE:.0e}"
    manifest = {
        "schema": 2,
        "default_model": entries[0]["name"],
        "encoder": {
            "file": "speech_encoder.onnx",
            "sha256": _sha256(out / "speech_encoder.onnx"),
            "phones": list(PHONES),
            "context_frames": listens.context_frames,
            "inputs": list(listens.inputs),
        },
        "models": entries,
    }
    (out / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    yield "manifest.json written"


def _budget(run: Path) -> dict[str, Any]:
    """Computing time and steps that a run has had; an average of several has none of its own."""
    state = load_checkpoint(run)
    return {"minutes": state["spent_s"] / 60, "steps": state["step"]} if "spent_s" in state else {}


def _speech(n_items: int, n_frames: int) -> dict[str, Tensor]:
    return {
        "phone_logits": 3 * torch.randn(n_items, 2 * n_frames, len(PHONES)),
        "cepstrum": torch.randn(n_items, 2 * n_frames, N_CEPSTRA),
    }


def _regression(model: RegressionDecoder, out: Path) -> dict[str, Any]:
    _export(model, lambda n: _speech(1, n), ["coefficients"], out / "regression.onnx")
    return {
        "name": "regression",
        "kind": "regression",
        "file": "regression.onnx",
        "sha256": _sha256(out / "regression.onnx"),
        "fps": MOTION_FPS,
        "channels": list(ARKIT_CHANNELS),
        "context_frames": model.context_frames,
        "description": "Convolutional regression behind a phone bottleneck; no style.",
    }


def _diffusion(model: StyledMotionModel, features: FeaturePack, out: Path) -> dict[str, Any]:
    name = type(model).__name__.removesuffix("Model").lower()
    round_to_half(model)
    neutral = neutral_style(model, features)
    denoiser, style = out / f"{name}.onnx", out / f"{name}_style.onnx"
    _export(
        StyleGraph(model),
        lambda n: {"motion": model.denormalise(torch.randn(1, n, _N_CHANNELS))},
        ["style"],
        style,
        half=True,
    )

    def step(n_frames: int) -> dict[str, Tensor]:
        return {
            "noisy": torch.randn(2, n_frames, _N_CHANNELS),
            "time": torch.tensor([0.9, 0.1]),
            **_speech(2, PREVIOUS_FRAMES + n_frames),
            "style": neutral.expand(2, -1),
            "previous": torch.randn(2, PREVIOUS_FRAMES, _N_CHANNELS),
            "switches": torch.tensor([[1.0, 1.0, 1.0], [0.0, 1.0, 0.0]]),
        }

    _export(DenoiserGraph(model), step, ["clean"], denoiser, batched=True, half=True)
    entry = {
        "name": name,
        "kind": "diffusion",
        "file": denoiser.name,
        "sha256": _sha256(denoiser),
        "style_file": style.name,
        "style_sha256": _sha256(style),
        "fps": MOTION_FPS,
        "channels": list(ARKIT_CHANNELS),
        "description": model.description,
        "window_frames": WINDOW_FRAMES,
        "previous_frames": PREVIOUS_FRAMES,
        "mean": model.mean.tolist(),
        "scale": model.scale.tolist(),
        "neutral_style": neutral[0].tolist(),
    }
    return entry | _transfer(model, neutral, out / f"{name}_transfer.onnx")


def _transfer(model: StyledMotionModel, style: Tensor, path: Path) -> dict[str, Any]:
    """What the manifest says of the graph through which clips drive the model; nothing of one that
    they can't."""
    if not isinstance(model, DrivenByClips):
        return {}

    def clips(n_frames: int) -> dict[str, Tensor]:
        driving = model.denormalise(torch.randn(1, n_frames, _N_CHANNELS))
        return {"driving": driving, "style": style}

    _export(TransferGraph(model), clips, ["motion"], path, half=True)
    return {
        "transfer_file": path.name,
        "transfer_sha256": _sha256(path),
        "transfer_context_frames": model.transfer_context_frames,
    }


@torch.no_grad()
def neutral_style(model: StyledMotionModel, features: FeaturePack) -> Tensor:
    """Mean style code [1, K] of the filmed people's training clips in no particular mood, each
    person counting the same."""
    codes: dict[str, list[Tensor]] = {}
    for entry in features.entries:
        if entry.split == "train" and entry.source in _FILMED and _is_calm(entry):
            motion = torch.from_numpy(features.motion_of(entry).astype(np.float32))[None]
            codes.setdefault(entry.speaker, []).append(model.encode_style(model.normalise(motion)))
    if not codes:
        raise BadInputError("The features hold no filmed training clips to find a neutral style.")
    return torch.stack([torch.cat(found).mean(0) for found in codes.values()]).mean(0)[None]


def _is_calm(entry: Entry) -> bool:
    return entry.mood.split("_")[0] in _CALM  # data sets add a level: "neutral_level_1"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _export(
    network: nn.Module,
    make_inputs: Callable[[int], dict[str, Tensor]],
    outputs: list[str],
    path: Path,
    *,
    batched: bool = False,
    half: bool = False,
) -> str:
    """Writes a graph whose items may have any length, and any number if `batched`; weights that
    were rounded to it are stored in `half` precision."""
    network.eval()  # the exporter puts a wrapper back into the mode that it found
    inputs = make_inputs(WINDOW_FRAMES)
    fixed = {"switches", "style", "previous", "time"}
    axes = {
        name: ({0: "items"} if batched else {}) | ({} if name in fixed else {1: f"{name}_n"})
        for name in [*inputs, *outputs]
    }
    torch.onnx.export(
        network,
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,  # the newer exporter needs onnxscript and ten times as long for these graphs
    )
    if half:
        store_half(path)
    difference = _difference(path, network, make_inputs(2 * WINDOW_FRAMES))
    if difference > TOLERANCE:
        raise MynahError(
            f"{path.name} differs from the trained network by {difference:.1e}; at most "
            f"{TOLERANCE:.0e} is allowed."
        )
    return f"{path.name}: largest difference from the trained network {difference:.1e}"


def _difference(path: Path, network: nn.Module, inputs: dict[str, Tensor]) -> float:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    known = {item.name for item in session.get_inputs()}
    feed = {name: value.numpy() for name, value in inputs.items() if name in known}
    with torch.no_grad():
        expected = network(*inputs.values())
    expected = expected if isinstance(expected, tuple) else (expected,)
    pairs = zip(session.run(None, feed), expected, strict=True)
    return max(float(np.abs(ours - theirs.numpy()).max()) for ours, theirs in pairs)
