"""An expert that judges from coefficients whether lips and speech belong together."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn import functional

from ..modules.speech_tokens import SpeechTokens

_LEAST = 1e-4
_LEAST_SHIFT = 8
"""Lips are out of sync with what was said at least this many frames (0.32 s) before or after."""


class _Embedding(nn.Module):
    """[B, T, C] → vectors [B, T, E] of length 1, each of 9 frames."""

    def __init__(self, n_channels: int, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv1d(n_channels, width, 5, padding=2), nn.GELU(),
            nn.Conv1d(width, width, 5, padding=2), nn.GELU(), nn.Conv1d(width, width, 1),
        )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(self.layers(x.transpose(1, 2)).transpose(1, 2), dim=-1)


def sync_probability(heard: Tensor, seen: Tensor) -> Tensor:
    """Probability [B, T] that vectors [B, T, E] of length 1 belong together.

    DisentTalk (Eq. 10) gives the cosine itself to a cross-entropy, which takes values from 0 to 1
    alone: here (cos + 1) / 2, kept off both ends.
    """
    return ((1 + (heard * seen).sum(-1)) / 2).clamp(_LEAST, 1 - _LEAST)


class SyncExpert(nn.Module):
    """f_a and f_m of DisentTalk's sync loss (Eq. 10) on lip coefficients [B, T, `n_lips`].

    It also stands in for MirrorTalk's motion expert, which sees crops of images. The papers train
    it beforehand, here it learns beside the generator; therefore `generator_loss` follows it only
    as far as it tells true pairs from shifted ones. The encoders are open in both papers.
    """

    def __init__(self, n_lips: int, width: int = 64) -> None:
        super().__init__()
        self.tokens = SpeechTokens(width)
        self.hear = _Embedding(width, width)
        self.see = _Embedding(n_lips, width)

    def listen(self, phone_logits: Tensor, cepstrum: Tensor) -> Tensor:
        """f_a [B, T, E] of speech [B, 2T, …]."""
        return self.hear(self.tokens(phone_logits, cepstrum))

    def expert_loss(self, heard: Tensor, lips: Tensor) -> tuple[Tensor, Tensor]:
        """The expert's own loss on true lips, with the same lips shifted in time for y = 0; and
        its competence, 0 to 1 without gradient: how much likelier it finds true pairs."""
        seen = self.see(lips)
        n_frames = lips.shape[1]
        least = min(_LEAST_SHIFT, n_frames // 3)
        shift = int(torch.randint(least, n_frames - least + 1, ()))
        true = sync_probability(heard, seen)
        false = sync_probability(heard, seen.roll(shift, dims=1))
        loss = -(true.log().mean() + (1 - false).log().mean()) / 2
        return loss, (true - false).mean().clamp(min=0).detach()

    def generator_loss(
        self, heard: Tensor, lips: Tensor, weight: Tensor, competence: Tensor
    ) -> Tensor:
        """Cross-entropy with y = 1 of generated lips; items weigh `weight` [B]. The expert learns
        nothing from it."""
        frozen = {name: value.detach() for name, value in self.see.named_parameters()}
        seen = functional_call(self.see, frozen, (lips,))
        unlikely = -sync_probability(heard.detach(), seen).log().mean(dim=1)
        return competence * (weight * unlikely).mean()
