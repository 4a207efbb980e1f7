"""The judge of styles: an encoder that no motion model is trained with, for measuring only.

It learns to tell performers apart from two clips of each in different sentences (NT-Xent, Chen et
al. 2020, Eq. 1), from performers that no motion model has met. Style similarity is the cosine of
its codes.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from ..data.style_batches import StyleBatch
from ..modules.attention import TransformerLayer
from ..modules.style_pooling import AttentionPooling, statistics


@dataclass(frozen=True)
class StyleJudgeConfig:
    """Sizes; `temperature` of the contrast."""

    width: int = 96
    heads: int = 4
    layers: int = 2
    style_width: int = 64
    temperature: float = 0.1


class StyleJudge(nn.Module):
    """Performance [B, S, 55] in ARKit units → unit code [B, K]."""

    mean: Tensor
    scale: Tensor

    def __init__(self, config: StyleJudgeConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)
        # The pose, and how it changes: what a frame shows and what only time shows.
        self.stem = nn.Conv1d(2 * len(ARKIT_CHANNELS), config.width, 5, padding=2)
        self.layers = nn.Sequential(
            *(TransformerLayer(config.width, config.heads) for _ in range(config.layers))
        )
        self.pooling = AttentionPooling(config.width)
        self.head = nn.Linear(config.width + 2 * len(ARKIT_CHANNELS), config.style_width)

    def forward(self, motion: Tensor) -> Tensor:
        known = self.scale > 0
        pose = torch.where(known, (motion - self.mean) / self.scale.clamp(min=1e-6), 0.0)
        change = functional.pad(pose.diff(dim=1), (0, 0, 1, 0))
        seen = self.stem(torch.cat([pose, 4 * change], dim=-1).transpose(1, 2)).transpose(1, 2)
        told = torch.cat([self.pooling(self.layers(seen)), statistics(pose)], dim=-1)
        return functional.normalize(self.head(told), dim=-1)


class StyleJudgeObjective(nn.Module):
    """Two clips of a performer agree more than clips of two performers."""

    def __init__(self, config: StyleJudgeConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.temperature = config.temperature
        self.network = StyleJudge(config, mean, scale)

    def losses(self, batch: StyleBatch) -> dict[str, Tensor]:
        first, second = self.network(batch.style), self.network(batch.same_style)
        alike = first @ second.t() / self.temperature
        same = batch.performer[:, None] == batch.performer
        # Another clip of the same performer in the batch is no opposite.
        target = torch.arange(len(alike), device=alike.device)
        alike = alike.masked_fill(same & (target[:, None] != target), -1e4)
        both = functional.cross_entropy(alike, target) + functional.cross_entropy(alike.t(), target)
        return {"contrast": both / 2}
