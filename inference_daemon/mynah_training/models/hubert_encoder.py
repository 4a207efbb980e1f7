"""A speech encoder on a user's own frozen HuBERT; it takes the place of `SpeechEncoder`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from mynah_shared.errors import BadInputError

from ..data.phones import PHONES
from ..modules.cepstrum import Cepstrum
from ..modules.frozen_hubert import FrozenHubert, load_hubert
from ..modules.temporal_conv import GatedConvStack


@dataclass(frozen=True)
class HubertEncoderConfig:
    """Width in channels, dilations in frames of 20 ms; the folder of the HuBERT and the checksum of
    the weights that the head was trained on ("" before training)."""

    width: int = 192
    dilations: tuple[int, ...] = (1, 2)
    dropout: float = 0.05
    hubert: str = ""
    sha256: str = ""


class HubertEncoder(nn.Module):
    """Normalised log-mel [B, L, 80] and normalised sound in rows of 10 ms [B, L, 160] → phone
    logits [B, L/2, P] and cepstrum [B, L/2, 12] at 50/s.

    Phones are told by a small head from a learned weighted sum of all layers of HuBERT (as in
    SUPERB, Yang et al. 2021; AniTalker hears its layers likewise); only weights and head are
    trained. Each state is layer-normalised first, since the layers' sizes differ by far more than
    weights can learn. The cepstrum is that of `SpeechEncoder`, computed from log-mel.

    HuBERT's attention has no bound: `context_frames` is how much of a long line a window hears to
    each side, such that all of it is about as long as the crops HuBERT was taught on (15.6 s).
    """

    inputs = ("mel", "samples")
    context_frames = 400

    def __init__(self, config: HubertEncoderConfig, hubert: FrozenHubert) -> None:
        super().__init__()
        self.config, self.hubert = config, hubert
        self.layers = nn.Parameter(torch.zeros(hubert.n_states))
        self.stem = nn.Conv1d(hubert.width, config.width, 1)
        self.blocks = GatedConvStack(config.width, list(config.dilations), config.dropout)
        self.phone_head = nn.Conv1d(config.width, len(PHONES), 1)
        self.cepstrum = Cepstrum()

    def forward(self, mel: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
        states = self.hubert(samples)
        even = functional.layer_norm(states, (self.hubert.width,))
        heard = (self.layers.softmax(0)[:, None, None, None] * even).sum(0).transpose(1, 2)
        logits = self.phone_head(self.blocks(self.stem(heard)))
        return logits.transpose(1, 2), self.cepstrum(mel.transpose(1, 2)).transpose(1, 2)


def open_hubert_encoder(config: HubertEncoderConfig) -> HubertEncoder:
    """An untrained head on the HuBERT that `config` names.

    Raises `BadInputError` if it is not there or holds other weights than those of the checksum.
    """
    hubert = load_hubert(Path(config.hubert))
    sha256 = hubert.sha256
    if config.sha256 not in ("", sha256):
        raise BadInputError(
            f"{config.hubert} holds other weights than the encoder was trained on; put those back "
            "or train the encoder again."
        )
    return HubertEncoder(replace(config, sha256=sha256), hubert)
