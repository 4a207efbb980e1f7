"""The speech encoder that every motion model listens through: phones in any language, and the
shape of the sound."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mynah_daemon.audio.features import N_MELS

from ..data.motion_batches import MotionBatch
from ..data.phones import PHONES, UNKNOWN
from ..data.speech_batches import SpeechBatch
from ..losses.face import FaceLoss
from ..modules.cepstrum import Cepstrum
from ..modules.temporal_conv import GatedConvStack
from .hubert_encoder import HubertEncoder
from .regression import RegressionConfig, RegressionObjective


@dataclass(frozen=True)
class SpeechEncoderConfig:
    """Width in channels, dilations in frames of 20 ms."""

    width: int = 192
    dilations: tuple[int, ...] = (1, 2, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8)
    dropout: float = 0.05


class SpeechEncoder(nn.Module):
    """Normalised log-mel [B, L, 80] at 100/s → phone logits [B, L/2, P] and cepstrum [B, L/2, 12]
    at 50/s.

    What phones leave out of the performance (loudness, timbre) passes through the cepstrum, which
    is computed and not learned.
    """

    inputs = ("mel",)

    def __init__(self, config: SpeechEncoderConfig) -> None:
        super().__init__()
        self.config = config
        self.stem = nn.Conv1d(N_MELS, config.width, 5, stride=2, padding=2)
        self.blocks = GatedConvStack(config.width, list(config.dilations), config.dropout)
        self.phone_head = nn.Conv1d(config.width, len(PHONES), 1)
        self.cepstrum = Cepstrum()
        self.context_frames = 2 * self.blocks.reach + 4

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        bands = mel.transpose(1, 2)
        logits = self.phone_head(self.blocks(self.stem(bands)))
        return logits.transpose(1, 2), self.cepstrum(bands).transpose(1, 2)


class SpeechEncoderObjective(nn.Module):
    """Cross-entropy over phones, frame by frame (weakly labelled utterances count less), and how
    well a regression decoder can tell the faces of filmed people from the same outputs.

    The faces make the encoder spend its capacity on what is seen: how far a vowel opens, when lips
    part before a word.
    """

    def __init__(
        self, network: SpeechEncoder | HubertEncoder, mean: Tensor, scale: Tensor, face: FaceLoss
    ):
        super().__init__()
        self.network = network
        self.faces = RegressionObjective(RegressionConfig(), mean, scale, face)

    def losses(self, batch: SpeechBatch) -> dict[str, Tensor]:
        with torch.autocast(batch.mel.device.type, torch.bfloat16):
            logits, cepstrum = self.network(*(getattr(batch, name) for name in self.network.inputs))
        logits = logits.float()
        phone = functional.cross_entropy(
            logits.transpose(1, 2),
            batch.phones,
            ignore_index=UNKNOWN,
            label_smoothing=0.05,
            reduction="none",
        )
        seen = batch.valid.any(1)
        heard = MotionBatch(
            logits[seen], cepstrum[seen].float(), batch.motion[seen], batch.valid[seen]
        )
        return {"phone": (phone.mean(1) * batch.weight).mean(), **self.faces.losses(heard)}
