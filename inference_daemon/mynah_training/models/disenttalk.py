"""DisentTalk (Liu et al. 2025): coefficients split into lips, eyes and the rest, a denoiser that
attends within them, and a sync loss on coefficients."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.regions import EYES, LIPS, channel_indices

from ..data.style_batches import PREVIOUS_FRAMES, StyleBatch
from ..losses.face import FaceLoss
from ..losses.sync import SyncExpert
from ..modules.attention import Attention, Modulation
from ..modules.diffusion import embed_time, signal
from ..modules.multiscale_conv import DILATIONS, MultiScaleConv
from ..modules.region_attention import RegionAttention, RegionStem
from ..modules.window_tokens import WindowTokens
from .styled import N_CHANNELS, Conditions, DenoisingConfig, DenoisingObjective, StyledMotionModel

_N_EXPRESSION = len(ARKIT_BLENDSHAPES)


@dataclass(frozen=True)
class DisentTalkConfig:
    """Regions, sizes, and weights of losses. From the paper: local convolution of 5 frames, λ_sync
    0.01. Its sizes are open.

    `lips` and `eyes` are channels; other blend shapes are global, the head is a region of its own.
    In ARKit's space the names tell them; for another one, `split_dimensions` (Eq. 1, 2) finds
    them. `reach`: frames of speech heard before and after a frame. `expert` weighs a loss that
    trains nothing of the model; it is small because the gradients of an objective are clipped
    together.

    For ablations: without `split` every region sees all channels; without `region_attention` one
    attention has the whole width; no `scales` mean no convolutions of Eq. 5; `local_frames` of 1
    leave of the local path what a frame says of itself.
    """

    lips: tuple[int, ...] = tuple(channel_indices(LIPS).tolist())
    eyes: tuple[int, ...] = tuple(channel_indices(EYES).tolist())
    region_width: int = 32
    heads: int = 4
    layers: int = 4
    local_frames: int = 5
    reach: int = 5
    time_width: int = 64
    style_width: int = 64
    expert_width: int = 64
    sync: float = 0.01
    expert: float = 0.1
    split: bool = True
    region_attention: bool = True
    scales: tuple[int, ...] = DILATIONS

    @property
    def regions(self) -> tuple[tuple[int, ...], ...]:
        """Channels of lips, eyes, the rest of the face, and the head."""
        taken = {*self.lips, *self.eyes}
        rest = tuple(i for i in range(_N_EXPRESSION) if i not in taken)
        return self.lips, self.eyes, rest, tuple(range(_N_EXPRESSION, N_CHANNELS))


class DisentTalkLayer(nn.Module):
    """Attention within regions (Eq. 4), convolutions at several scales (Eq. 5), local convolution
    beside attention to the speech (Eq. 6), modulated by time (Eq. 7), on [B, T, R·d].

    The paper writes these as a chain; pre-norm residuals around each, which it does not mention,
    let several layers be trained.
    """

    def __init__(self, config: DisentTalkConfig) -> None:
        super().__init__()
        n_regions = len(config.regions)
        width = n_regions * config.region_width
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.spatial = (
            RegionAttention(n_regions, config.region_width, config.heads)
            if config.region_attention
            else Attention(width, n_regions * config.heads)
        )
        self.temporal = MultiScaleConv(width, config.scales) if config.scales else None
        self.local = nn.Conv1d(width, width, config.local_frames, padding=config.local_frames // 2)
        self.hear = Attention(width, config.heads, reach=config.reach)
        self.fuse = nn.Linear(2 * width, width)
        self.modulation = Modulation(config.time_width, width)

    def forward(self, x: Tensor, speech: Tensor, time: Tensor) -> Tensor:
        x = x + self.spatial(self.norms[0](x))
        if self.temporal is not None:
            x = x + self.temporal(self.norms[1](x))
        given = self.norms[2](x)
        local = self.local(given.transpose(1, 2)).transpose(1, 2)
        fused = self.fuse(torch.cat([local, self.hear(given, speech)], dim=-1))
        return x + self.modulation(fused, time)


class DisentTalkModel(StyledMotionModel):
    """DisentTalk on ARKit coefficients; predicts the noise (Eq. 8) [B, T, 55].

    Where it departs from the paper: ARKit coefficients and head for those of a 3DMM without head,
    and no encoder to a latent space (none is described); phone posteriors and cepstrum for HuBERT;
    attention to the speech is not causal but to ±`reach` frames, since lips move ahead of the
    sound, whole clips are there, and the paper's own features know the future anyway; Eq. 3 is
    read as the cumulative schedule; previous frames stand before the window. The paper has no
    style clip but takes head pose and portrait (or a whole video) from a reference: that role is
    played by a code that knows no order of frames (each frame's code, then the mean), added to
    every frame. FiLM is by time alone, as in the paper.
    """

    description = "DisentTalk: attention within lips, eyes and rest, in coefficients."
    prediction = "noise"

    def __init__(self, config: DisentTalkConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__(mean, scale)
        self.config, self.style_width = config, config.style_width
        regions = config.regions
        width = len(regions) * config.region_width
        self.style_frames = nn.Sequential(
            nn.Linear(N_CHANNELS, width), nn.GELU(), nn.Linear(width, config.style_width)
        )
        self.window = WindowTokens(width, config.style_width)
        told = N_CHANNELS  # whether the frame is given or to be denoised (`WindowTokens`)
        seen = regions if config.split else [range(N_CHANNELS)] * len(regions)
        self.stem = RegionStem([(*region, told) for region in seen], config.region_width)
        self.reference = nn.Linear(config.style_width, width)
        self.time = nn.Sequential(
            nn.Linear(config.time_width, config.time_width), nn.SiLU(),
            nn.Linear(config.time_width, config.time_width), nn.SiLU(),
        )  # fmt: skip
        self.layers = nn.ModuleList([DisentTalkLayer(config) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(width)
        self.last_modulation = Modulation(config.time_width, width)
        self.head = nn.Linear(width, N_CHANNELS)

    def encode_style(self, style_clip: Tensor) -> Tensor:
        return self.style_frames(style_clip).mean(dim=1)

    def predict(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        window, c = self.window, conditions
        speech = window.speech(c.phone_logits, c.cepstrum, c.has_speech)
        style = window.style(c.style, c.has_style)
        moment = self.time(embed_time(time, self.config.time_width))
        x = self.stem(window.motion(noisy, c.previous, c.has_previous))
        x = x + self.reference(style)[:, None]
        for layer in self.layers:
            x = layer(x, speech, moment)
        return self.head(self.last_modulation(self.norm(x), moment))[:, PREVIOUS_FRAMES:]


class DisentTalkObjective(DenoisingObjective):
    """The noise loss (Eq. 8, `DenoisingObjective`, which also hides the speech for Eq. 9) and the
    sync loss on lip coefficients (Eq. 10).

    The sync loss judges x̂_0, which follows from ε̂ and at full noise is a guess: items count by
    their signal's share. Items whose speech is hidden can't be in sync and don't count. The expert
    learns beside the model instead of before (`SyncExpert`), from filmed lips only.
    """

    def __init__(
        self, config: DisentTalkConfig, mean: Tensor, scale: Tensor, face: FaceLoss,
        denoising: DenoisingConfig, n_performers: int,
    ) -> None:  # fmt: skip
        del n_performers  # this paper tells no performers apart
        super().__init__(DisentTalkModel(config, mean, scale), face, denoising)
        self.config = config
        self.expert = SyncExpert(len(config.lips), config.expert_width)

    def paper_losses(
        self, batch: StyleBatch, motion: Tensor, style_clip: Tensor, clean: Tensor, time: Tensor,
        conditions: Conditions,
    ) -> dict[str, Tensor]:  # fmt: skip
        del style_clip
        lips = list(self.config.lips)
        heard = self.expert.listen(batch.phone_logits, batch.cepstrum)[:, PREVIOUS_FRAMES:]
        expert, competence = self.expert.expert_loss(heard, motion[:, PREVIOUS_FRAMES:, lips])
        generated = (clean * batch.valid[:, None])[..., lips]
        weight = signal(time) * conditions.has_speech
        sync = self.expert.generator_loss(heard, generated, weight, competence)
        return {"expert": self.config.expert * expert, "sync": self.config.sync * sync}
