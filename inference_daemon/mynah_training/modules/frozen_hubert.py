"""A user's own HuBERT, read from a local folder and never trained. Mynah ships no such weights."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mynah_daemon.audio.features import SAMPLE_RATE
from mynah_shared.errors import BadInputError

FRAME_RATE = 50
_MOST_BYTES = 2_000_000_000  # one ONNX file holds no more


class FrozenHubert(nn.Module):
    """Sound in rows of 10 ms [B, L, 160] at 16 kHz → the hidden states [K, B, L/2, H] of all its
    layers at 50/s (HuBERT, Hsu et al. 2021; K - 1 transformer layers and what enters the first).

    HuBERT's own frame k covers the samples 320 k to 320 k + 400. With 200 samples of silence before
    the sound it is centred on sample 320 k, where frame k of the phones is.

    It never learns, is left out of checkpoints, and copies share it.
    """

    def __init__(self, hubert: nn.Module) -> None:
        super().__init__()
        self.hubert = hubert.requires_grad_(False)
        config: Any = hubert.config
        self.n_states, self.width = config.num_hidden_layers + 1, config.hidden_size
        self._reach = receptive_field(config.conv_kernel, config.conv_stride)
        self.eval()
        self.register_state_dict_post_hook(_forget)
        self.register_load_state_dict_pre_hook(_remember)

    def __deepcopy__(self, memo: dict[int, Any]) -> FrozenHubert:
        return self

    def train(self, mode: bool = True) -> FrozenHubert:  # noqa: ARG002
        return super().train(False)

    @property
    def sha256(self) -> str:
        """Of the weights, in whichever file format they lay."""
        digest = hashlib.sha256()
        for name, value in sorted(self.hubert.state_dict().items()):
            digest.update(name.encode())
            digest.update(value.detach().cpu().contiguous().numpy())
        return digest.hexdigest()

    @torch.no_grad()
    def forward(self, rows: Tensor) -> Tensor:
        sound = functional.pad(rows.flatten(1), (self._reach // 2, 0))
        return torch.stack(self.hubert(sound, output_hidden_states=True).hidden_states)


def _forget(module: Any, state: dict[str, Any], prefix: str, _: Any) -> None:
    for name in module.hubert.state_dict(prefix=f"{prefix}hubert."):
        del state[name]


def _remember(module: Any, state: dict[str, Any], prefix: str, *_: Any) -> None:
    state.update(module.hubert.state_dict(prefix=f"{prefix}hubert."))


def receptive_field(kernels: list[int], strides: list[int]) -> int:
    """Samples that one frame of a stack of convolutions sees."""
    return 1 + sum((k - 1) * math.prod(strides[:i]) for i, k in enumerate(kernels))


def load_hubert(folder: Path) -> FrozenHubert:
    """Reads a folder in the layout of Hugging Face (config.json, and weights as .safetensors or
    .bin); nothing is downloaded.

    Raises `BadInputError` if the folder, its kind of model or the library is not what is needed.
    """
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        kind = settings.get("model_type", "unnamed")
    except (OSError, ValueError, AttributeError) as error:
        raise BadInputError(
            f"{folder} has no readable config.json; give the folder of a HuBERT in the layout of "
            "Hugging Face: config.json and model.safetensors."
        ) from error
    if kind != "hubert":
        raise BadInputError(f"{folder} holds a model of the kind '{kind}', not a HuBERT.")
    strides = settings.get("conv_stride", [5, 2, 2, 2, 2, 2, 2])
    if math.prod(strides) * FRAME_RATE != SAMPLE_RATE:
        raise BadInputError(
            f"{folder} holds a HuBERT with a frame per {math.prod(strides)} samples; Mynah needs "
            f"one per {SAMPLE_RATE // FRAME_RATE}, as HuBERT Base and Large have."
        )
    hubert = FrozenHubert(_read(folder))
    size = sum(p.numel() * p.element_size() for p in hubert.parameters())
    if size > _MOST_BYTES:
        raise BadInputError(
            f"{folder} holds {size / 1e9:.1f} GB of weights; the most that can be exported is "
            f"{_MOST_BYTES / 1e9:.0f} GB: take HuBERT Base or Large."
        )
    return hubert


def _read(folder: Path) -> nn.Module:
    try:
        from transformers import HubertModel
    except ImportError as error:
        raise BadInputError(
            "HuBERT needs the library transformers; install it with: "
            "pip install 'mynah_daemon[training,hubert]'"
        ) from error
    try:
        # Eager attention is made of plain operations that the ONNX exporter knows.
        found: Any = HubertModel.from_pretrained(
            folder,
            local_files_only=True,
            output_loading_info=True,
            attn_implementation="eager",
            dtype=torch.float32,
        )
    except Exception as error:  # of many kinds: the library's, torch's and safetensors' own
        reason = str(error).strip().partition("\n")[0]
        raise BadInputError(f"{folder} can't be read as a HuBERT: {reason}") from error
    network, report = found
    unused = {"masked_spec_embed"}  # only pre-training hides frames
    missing = sorted(set(report["missing_keys"]) - unused)
    if missing or report["mismatched_keys"]:
        lacking = [*missing, *(str(key[0]) for key in report["mismatched_keys"])]
        raise BadInputError(
            f"{folder} lacks {len(lacking)} of HuBERT's weights ({lacking[0]}, …); its files are "
            "incomplete or of another model."
        )
    return network
