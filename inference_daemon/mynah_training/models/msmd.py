"""Model See, Model Do (Pan et al. 2025): a jointly trained variational style encoder, and a
denoiser that adds a basis of persistent expressions to its motion."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..data.style_batches import PREVIOUS_FRAMES, StyleBatch
from ..losses.face import FaceLoss
from ..losses.smoothness import smoothness_loss
from ..modules.attention import Attention, FeedForward
from ..modules.diffusion import embed_time
from ..modules.style_basis import N_REGIONS, StyleBasis
from ..modules.style_vae import MeanPooling, StyleVae
from ..modules.window_tokens import WindowTokens
from .styled import N_CHANNELS, Conditions, DenoisingConfig, StyledMotionModel
from .variational import VariationalObjective


@dataclass(frozen=True)
class MsmdConfig:
    """Sizes and weights of losses. The paper: denoiser of 8 layers, width 512, 8 heads; style
    encoder of 4 layers, width 512, 4 heads; style code of 128; 4 bases; λ_smooth 5e-6, λ_KL 1e-6
    (λ_vel is `DenoisingConfig.velocity`). Reach in frames and the largest amount of a basis are
    open in the paper. With 0 `bases` nothing is added to the primary motion."""

    width: int = 128
    heads: int = 4
    layers: int = 4
    dropout: float = 0.1
    style_width: int = 64
    style_encoder_width: int = 96
    style_encoder_layers: int = 4
    bases: int = 4
    largest_amount: float = 2.0
    reach: int = 2
    smoothness: float = 5e-6
    kl: float = 1e-6


class MsmdLayer(nn.Module):
    """Pre-norm layer on [B, 1 + T, D], the style's token first: all tokens attend to each other,
    then each frame to the speech [B, T, D] at most `reach` frames away."""

    def __init__(self, width: int, heads: int, reach: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(3)])
        self.attention = Attention(width, heads)
        self.hear = Attention(width, heads, reach=reach)
        self.feed_forward = FeedForward(width, dropout=dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, speech: Tensor) -> Tensor:
        x = x + self.dropout(self.attention(self.norms[0](x)))
        style, frames = x[:, :1], x[:, 1:]
        frames = frames + self.dropout(self.hear(self.norms[1](frames), speech))
        x = torch.cat([style, frames], dim=1)
        return x + self.dropout(self.feed_forward(self.norms[2](x)))


class MsmdModel(StyledMotionModel):
    """MSMD on ARKit coefficients: x̂_0 = Δx̂ + Σ_k α_k(t) b_k(s) (Eq. 4), [B, T, 55].

    Tokens: the style, 10 previous frames (or learned ones), the noisy window; the previous frames'
    speech is heard too (section 4.1). Where it departs from the paper: ARKit coefficients for the
    SEREP code, phone posteriors and cepstrum for HuBERT, rotary positions for learned ones, and
    α per region and bounded (`StyleBasis`). How the diffusion's time enters is open in the paper;
    here it is added to every token. The paper's code lets a frame hear its own moment alone; here
    it hears ±2 frames, as lips move ahead of the sound. At inference the style is the posterior's
    mean, so that equal requests give equal motion.
    """

    description = (
        "Model See, Model Do: a style basis added to speech-driven motion, in coefficients."
    )
    prediction = "clean"

    def __init__(self, config: MsmdConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__(mean, scale)
        self.config, self.style_width, width = config, config.style_width, config.width
        self.style_encoder = StyleVae(
            config.style_encoder_width, config.heads, config.style_encoder_layers,
            config.style_width, MeanPooling(), config.dropout,
        )  # fmt: skip
        self.window = WindowTokens(width, config.style_width)
        self.stem = nn.Linear(N_CHANNELS + 1, width)
        self.style_token = nn.Linear(config.style_width, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.layers = nn.ModuleList(
            [
                MsmdLayer(width, config.heads, config.reach, config.dropout)
                for _ in range(config.layers)
            ]
        )
        self.norm = nn.LayerNorm(width)
        self.primary = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, N_CHANNELS)
        )
        limits = (config.largest_amount,) * N_REGIONS
        self.basis = (
            StyleBasis(config.style_width, width, config.bases, limits) if config.bases else None
        )

    def encode_style(self, style_clip: Tensor) -> Tensor:
        return self.style_encoder(style_clip)[0]

    def predict(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        window, c = self.window, conditions
        frames = self.stem(window.motion(noisy, c.previous, c.has_previous))
        speech = window.speech(c.phone_logits, c.cepstrum, c.has_speech)
        style = window.style(c.style, c.has_style)
        x = torch.cat([self.style_token(style)[:, None], frames], dim=1)
        x = x + self.time(embed_time(time, self.config.width))[:, None]
        for layer in self.layers:
            x = layer(x, speech)
        x = self.norm(x)[:, 1 + PREVIOUS_FRAMES :]
        primary = self.primary(x)
        return primary if self.basis is None else primary + self.basis(x, style, c.has_style)


class MsmdObjective(VariationalObjective):
    """Eq. 5: denoising, velocity (both of `DenoisingObjective`), smoothness, and divergence of the
    style's posterior; encoder, basis and denoiser learn together.

    Self- and cross-conditioning (section 4.4) alternate by item. Velocity and smoothness are means
    over normalised coefficients and lie within the window.
    """

    network: MsmdModel

    def __init__(
        self, config: MsmdConfig, mean: Tensor, scale: Tensor, face: FaceLoss,
        denoising: DenoisingConfig, n_performers: int,
    ) -> None:  # fmt: skip
        del n_performers  # this paper tells no performers apart
        super().__init__(MsmdModel(config, mean, scale), face, denoising)
        self.config = config

    def paper_losses(
        self, batch: StyleBatch, motion: Tensor, style_clip: Tensor, clean: Tensor, time: Tensor,
        conditions: Conditions,
    ) -> dict[str, Tensor]:  # fmt: skip
        del motion, style_clip, time, conditions
        return {
            "smoothness": self.config.smoothness * smoothness_loss(clean * batch.valid[:, None]),
            "kl": self.config.kl * self.divergence(),
        }
