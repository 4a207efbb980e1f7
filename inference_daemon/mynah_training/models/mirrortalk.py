"""MirrorTalk (Lu et al. 2025): a style encoder kept apart from what is said, and a diffusion
transformer that weighs speech against style by part of the face."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.regions import EYES, HEAD, LIPS, REST, channel_indices

from ..data.style_batches import PREVIOUS_FRAMES, StyleBatch
from ..losses.disentangle import hsic, orthogonality
from ..losses.face import FaceLoss
from ..losses.memory_bank import MemoryBanks, structure_of_batch
from ..losses.sync import SyncExpert
from ..losses.triplet import triplet_loss
from ..modules.attention import Attention, FeedForward, Modulation, TransformerLayer
from ..modules.audio_style_mix import LowerRule, mix_lower, mix_upper
from ..modules.diffusion import embed_time
from ..modules.style_pooling import AttentionPooling
from ..modules.window_tokens import WindowTokens
from .styled import N_CHANNELS, Conditions, DenoisingConfig, DenoisingObjective, StyledMotionModel

_UPPER = channel_indices(EYES + REST + HEAD).tolist()
_LOWER = channel_indices(LIPS).tolist()
_N_EXPRESSION = len(ARKIT_BLENDSHAPES)


@dataclass(frozen=True)
class MirrorTalkConfig:
    """Sizes, and weights of losses. The paper gives no sizes at all, and no δ (`margin`), λ_orth,
    λ_hsic, nor the size of the banks: all of them are open in the paper, which adds up Eq. 4 and 5
    with weight 1.

    `reach`: frames of speech heard before and after a frame. `style_tokens`: keys that the style
    code becomes. `largest_gain` bounds 1 / D. `lower_rule`: Eq. 9 for the lower face as printed,
    or reversed. `stage_1` weighs losses that train nothing of the model; it is small because the
    gradients of an objective are clipped together. `lifetime` is in batches.

    For ablations: with a `bank_size` of 0 only clips of one batch are compared; with the reversed
    rule and a `largest_gain` of 1, audio and style are added as they are.
    """

    width: int = 96
    heads: int = 4
    layers: int = 4
    reach: int = 5
    style_width: int = 64
    style_encoder_width: int = 96
    style_encoder_layers: int = 2
    style_tokens: int = 8
    largest_gain: float = 4.0
    lower_rule: LowerRule = "printed"
    semantic_width: int = 64
    semantic_layers: int = 2
    expert_width: int = 64
    bank_size: int = 256
    lifetime: int = 100
    stage_1: float = 0.1
    orthogonality: float = 0.1
    hsic: float = 1.0
    triplet: float = 0.1
    margin: float = 0.5


class ClipEncoder(nn.Module):
    """Code [B, K] of a clip [B, S, C] of any length: a transformer and self-attention pooling
    (Eq. 1); both the style encoder and the semantic encoder."""

    def __init__(self, n_channels: int, width: int, layers: int, code_width: int, heads: int = 4):
        super().__init__()
        self.stem = nn.Linear(n_channels, width)
        self.layers = nn.Sequential(*(TransformerLayer(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.pool = AttentionPooling(width)
        self.head = nn.Linear(width, code_width)

    def forward(self, clip: Tensor) -> Tensor:
        return self.head(self.pool(self.norm(self.layers(self.stem(clip)))))


class MirrorTalkLayer(nn.Module):
    """A DiT block on two streams of frames, the upper and the lower face: [2B, T, D], first all
    upper ones.

    A stream attends to frames of both; then its cross-attentions to speech and to style are mixed
    by which dominates (Eq. 7-9). Time scales and shifts what each part is given, and gates what it
    adds (adaLN-Zero; Peebles and Xie 2023).
    """

    def __init__(self, config: MirrorTalkConfig) -> None:
        super().__init__()
        width, heads = config.width, config.heads
        self.config = config
        self.norms = nn.ModuleList(
            [nn.LayerNorm(width, elementwise_affine=False) for _ in range(3)]
        )
        self.modulations = nn.ModuleList([Modulation(width, width) for _ in range(3)])
        self.gates = nn.Linear(width, 3 * width)
        nn.init.zeros_(self.gates.weight)
        nn.init.zeros_(self.gates.bias)
        self.together = Attention(width, heads, key_width=2 * width)
        self.hear = Attention(width, heads, reach=config.reach)
        self.imitate = Attention(width, heads, positions=False)
        self.feed_forward = FeedForward(width, factor=2)

    def forward(self, x: Tensor, speech: Tensor, style: Tensor, time: Tensor) -> Tensor:
        """`speech` [2B, T, D], `style` [2B, M, D], `time` [2B, D]."""
        gates = self.gates(time)[:, None].chunk(3, dim=-1)
        given = self._given(0, x, time)
        both = torch.cat(given.chunk(2), dim=-1).repeat(2, 1, 1)
        x = x + gates[0] * self.together(given, both)
        given = self._given(1, x, time)
        x = x + gates[1] * self.mix(self.hear(given, speech), self.imitate(given, style))
        return x + gates[2] * self.feed_forward(self._given(2, x, time))

    def mix(self, audio: Tensor, style: Tensor) -> Tensor:
        """Z' of Z_a and Z_s, all [2B, T, D]."""
        (upper_audio, lower_audio), (upper_style, lower_style) = audio.chunk(2), style.chunk(2)
        gain = self.config.largest_gain
        upper = mix_upper(upper_audio, upper_style, gain)
        lower = mix_lower(lower_audio, lower_style, self.config.lower_rule, gain)
        return torch.cat([upper, lower])

    def _given(self, part: int, x: Tensor, time: Tensor) -> Tensor:
        return self.modulations[part](self.norms[part](x), time)


class MirrorTalkModel(StyledMotionModel):
    """MirrorTalk on ARKit coefficients; predicts the noise (Eq. 6) [B, T, 55].

    Where it departs from the paper: ARKit coefficients and head for FLAME; phone posteriors and
    cepstrum for the speech, of which a frame hears ±`reach` frames; the style encoder sees the
    head's motion too, which the paper's does not, as the head is to be imitated; the style code
    becomes `style_tokens` keys, since attention to a single one would not depend on the frame. The
    regions, open in the paper, are jaw, mouth and tongue (lower) and all else (upper); both are
    processed by the same weights, told apart by their input layers. Previous frames stand before
    the window.
    """

    description = "MirrorTalk: style and speech mixed by region, in coefficients."
    prediction = "noise"

    _upper: Tensor
    _lower: Tensor
    _order: Tensor

    def __init__(self, config: MirrorTalkConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__(mean, scale)
        self.config, self.style_width, width = config, config.style_width, config.width
        self.style_encoder = ClipEncoder(
            N_CHANNELS, config.style_encoder_width, config.style_encoder_layers, config.style_width
        )
        self.window = WindowTokens(width, config.style_width)
        self.upper_stem = nn.Linear(len(_UPPER) + 1, width)
        self.lower_stem = nn.Linear(len(_LOWER) + 1, width)
        self.style_tokens = nn.Linear(config.style_width, config.style_tokens * width)
        self.time = nn.Sequential(
            nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU()
        )
        self.layers = nn.ModuleList([MirrorTalkLayer(config) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(width, elementwise_affine=False)
        self.last_modulation = Modulation(width, width)
        self.upper_head = nn.Linear(width, len(_UPPER))
        self.lower_head = nn.Linear(width, len(_LOWER))
        told = N_CHANNELS  # whether the frame is given or to be denoised (`WindowTokens`)
        order = torch.tensor(_UPPER + _LOWER).argsort()
        self.register_buffer("_upper", torch.tensor([*_UPPER, told]), persistent=False)
        self.register_buffer("_lower", torch.tensor([*_LOWER, told]), persistent=False)
        self.register_buffer("_order", order, persistent=False)

    def encode_style(self, style_clip: Tensor) -> Tensor:
        return self.style_encoder(style_clip)

    def predict(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        window, c = self.window, conditions
        frames = window.motion(noisy, c.previous, c.has_previous)
        x = torch.cat(
            [self.upper_stem(frames[..., self._upper]), self.lower_stem(frames[..., self._lower])]
        )
        speech = window.speech(c.phone_logits, c.cepstrum, c.has_speech).repeat(2, 1, 1)
        style = self.style_tokens(window.style(c.style, c.has_style))
        style = style.unflatten(-1, (self.config.style_tokens, -1)).repeat(2, 1, 1)
        moment = self.time(embed_time(time, self.config.width)).repeat(2, 1)
        for layer in self.layers:
            x = layer(x, speech, style, moment)
        x = self.last_modulation(self.norm(x), moment)[:, PREVIOUS_FRAMES:]
        upper, lower = x.chunk(2)
        noise = torch.cat([self.upper_head(upper), self.lower_head(lower)], dim=-1)
        return noise[..., self._order]


class MirrorTalkObjective(DenoisingObjective):
    """Both stages of the style encoder's training beside the denoising loss (Eq. 6).

    The paper trains in sequence: a motion expert; stage 1, a semantic encoder that sees only
    motion and learns the structure of what the expert hears (Eq. 2, 3); stage 2, the style encoder
    kept independent of the then frozen semantic encoder (Eq. 4) and discriminative (Eq. 5); at
    last the generator. An objective does not know how far the training is, so here all run side by
    side, and the order is kept in the gradients instead: the expert learns from its own loss only,
    the semantic encoder from stage 1 only, towards codes of the expert without gradient, and stage
    2 takes the semantic codes without gradient, that is frozen. What is early in training has had
    little time to learn; banks forget old rows for that reason (`MemoryBanks`).

    Other departures: the expert hears phone posteriors and sees lip coefficients where the paper's
    hears MFCCs and sees crops of the lower face (`SyncExpert`); a clip's audio code is the mean of
    its vectors; the style encoder also learns from the denoising loss; distances of Eq. 5 are
    divided by the width of the code, so that δ does not depend on it; motion is not smoothed
    (Savitzky-Golay) here, that being a matter of the data.
    """

    def __init__(
        self, config: MirrorTalkConfig, mean: Tensor, scale: Tensor, face: FaceLoss,
        denoising: DenoisingConfig, n_performers: int,
    ) -> None:  # fmt: skip
        del n_performers  # triplets need to know only who differs
        super().__init__(MirrorTalkModel(config, mean, scale), face, denoising)
        self.config = config
        self.expert = SyncExpert(len(_LOWER), config.expert_width)
        self.semantic = ClipEncoder(
            _N_EXPRESSION, config.semantic_width, config.semantic_layers, config.semantic_width
        )
        sizes = config.bank_size, config.expert_width, config.semantic_width
        self.banks = MemoryBanks(*sizes, config.lifetime) if config.bank_size else None

    def paper_losses(
        self, batch: StyleBatch, motion: Tensor, style_clip: Tensor, clean: Tensor, time: Tensor,
        conditions: Conditions,
    ) -> dict[str, Tensor]:  # fmt: skip
        del clean, time
        same = self.network.encode_style(self.network.normalise(batch.same_style))
        semantic = self.says(style_clip).detach()
        return self.stage_1(batch, motion) | self.stage_2(
            conditions.style, same, semantic, batch.performer
        )

    def says(self, clip: Tensor) -> Tensor:
        """Semantic code v [B, L] of normalised performances [B, S, 55]: of their expression."""
        return self.semantic(clip[..., :_N_EXPRESSION])

    def stage_1(self, batch: StyleBatch, motion: Tensor) -> dict[str, Tensor]:
        """The expert's loss, and the structural loss of the semantic encoder."""
        heard = self.expert.listen(batch.phone_logits, batch.cepstrum)
        expert, _ = self.expert.expert_loss(heard, motion[..., _LOWER])
        compare = structure_of_batch if self.banks is None else self.banks
        structure = compare(heard.mean(dim=1).detach(), self.says(motion))
        return {
            "expert": self.config.stage_1 * expert,
            "structure": self.config.stage_1 * structure,
        }

    def stage_2(
        self, style: Tensor, same: Tensor, semantic: Tensor, performer: Tensor
    ) -> dict[str, Tensor]:
        """Eq. 4 and 5 of codes of two clips of each performer."""
        config, unit = self.config, self.network.style_width**0.5
        return {
            "orthogonality": config.orthogonality * orthogonality(style, semantic),
            "hsic": config.hsic * hsic(style, semantic),
            "triplet": config.triplet
            * triplet_loss(style / unit, same / unit, performer, config.margin),
        }
