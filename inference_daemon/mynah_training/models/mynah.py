"""The joint model: MirrorTalk, DisentTalk and Model See, Model Do in one network so far."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.regions import LIPS, REGIONS, channel_indices

from ..data.style_batches import PREVIOUS_FRAMES, StyleBatch
from ..losses.closure import bilabial_frames, closure_loss
from ..losses.face import FaceLoss
from ..losses.join import join_loss
from ..losses.smoothness import smoothness_loss
from ..losses.sync import SyncExpert
from ..modules.attention import Attention, FeedForward, Modulation
from ..modules.audio_style_mix import LowerRule, mix_lower, mix_upper
from ..modules.diffusion import embed_time
from ..modules.multiscale_conv import DILATIONS, MultiScaleConv
from ..modules.region_attention import RegionAttention, RegionStem
from ..modules.style_basis import StyleBasis
from ..modules.style_pooling import AttentionPooling
from ..modules.style_vae import MeanPooling, StyleVae
from ..modules.temporal_conv import GatedConvStack
from ..modules.window_tokens import WindowTokens
from .drafted_speech import DraftedSpeech
from .styled import LARGEST, N_CHANNELS, Conditions, DenoisingConfig, StyledMotionModel
from .variational import VariationalObjective

_N_SHAPES = len(ARKIT_BLENDSHAPES)
_LIPS = channel_indices(LIPS).tolist()
_LARGEST_LOG_GAIN = 1.2
"""A style reaches at most about three times as far as another, or a third."""
_JAW_OPEN = ARKIT_CHANNELS.index("jawOpen")


@dataclass(frozen=True)
class MynahConfig:
    """Sizes, mechanisms' limits, and weights of losses. The papers' sizes: 8 layers of width 512
    and a style code of 128 (MSMD), local convolution of 5 frames (DisentTalk).

    Papers' values: `bases`, `smoothness`, `kl` (MSMD), `local_frames`, `sync` (DisentTalk); open:
    `reach` in frames, `style_tokens`, `largest_gain` of MirrorTalk's scales, `largest_amounts` of
    the bases in lips, eyes, rest and head, and `expert`, `join`, `closure`. The lips' amounts stay
    small, since a mood's expression at full strength fights the visemes.

    For ablations: without `draft` phones are heard in its place; without `split` every region sees
    all channels; without `region_attention` one attention has the whole width; `scales` are those
    of Eq. 5's convolutions; `local_frames` of 1 leave of the local path what a frame says of
    itself; with the reversed rule and a `largest_gain` of 1, audio and style are added as they are;
    no `bases` and no `dilations` mean no style basis and no convolutions of what is heard; the
    style is pooled by its mean without `attention_pooling`, and not told or used for what
    `style_statistics` and `style_gain` say.
    """

    region_width: int = 32
    region_heads: int = 2
    heads: int = 4
    layers: int = 4
    dilations: tuple[int, ...] = (1, 2, 4)
    dropout: float = 0.1
    style_width: int = 64
    style_encoder_width: int = 96
    style_encoder_layers: int = 4
    style_tokens: int = 4
    bases: int = 4
    largest_amounts: tuple[float, ...] = (0.5, 2.0, 2.0, 2.0)
    reach: int = 5
    local_frames: int = 5
    lower_rule: LowerRule = "reversed"
    largest_gain: float = 4.0
    smoothness: float = 5e-6
    kl: float = 1e-6
    sync: float = 0.01
    expert: float = 0.1
    join: float = 0.5
    closure: float = 0.05
    draft: bool = True
    split: bool = True
    region_attention: bool = True
    scales: tuple[int, ...] = DILATIONS
    attention_pooling: bool = True
    style_statistics: bool = True
    style_gain: bool = True

    @property
    def width(self) -> int:
        """Of all regions' slices together."""
        return len(REGIONS) * self.region_width


class MynahBlock(nn.Module):
    """One layer on [B, T, R·d], a slice per region:

    attention within each region and their fusion (DisentTalk, Eq. 4), convolutions of three
    scales (Eq. 5), local convolution beside attention to speech (Eq. 6; both ways but near,
    where the paper's is causal and far), attention to the style, both mixed in each region by
    which dominates (MirrorTalk, Eq. 7-9), and modulation by the diffusion's time and the style
    (DisentTalk, Eq. 7; its condition is the time alone).
    """

    def __init__(self, config: MynahConfig) -> None:
        super().__init__()
        width = config.width
        self.config = config
        self.norms = nn.ModuleList([nn.LayerNorm(width) for _ in range(4)])
        self.regions = (
            RegionAttention(len(REGIONS), config.region_width, config.region_heads)
            if config.region_attention
            else Attention(width, len(REGIONS) * config.region_heads)
        )
        self.scales = MultiScaleConv(width, config.scales)
        self.local = nn.Conv1d(
            width, width, config.local_frames, padding=config.local_frames // 2, groups=width
        )
        self.hear = Attention(width, config.heads, reach=config.reach)
        self.fuse = nn.Linear(2 * width, width)
        self.heed = Attention(width, config.heads, positions=False)
        self.modulate = Modulation(width, width)
        self.feed_forward = FeedForward(width, factor=2, dropout=config.dropout)

    def forward(self, x: Tensor, speech: Tensor, style: Tensor, manner: Tensor) -> Tensor:
        """`speech` [B, T, D], `style` tokens [B, S, D], `manner` [B, D]: time and style."""
        x = x + self.regions(self.norms[0](x))
        x = x + self.scales(self.norms[1](x))
        frames = self.norms[2](x)
        near = self.local(frames.transpose(1, 2)).transpose(1, 2)
        audio = self.fuse(torch.cat([near, self.hear(frames, speech)], dim=-1))
        mixed = self.mix(audio, self.heed(frames, style))
        x = x + self.modulate(mixed, manner)
        return x + self.feed_forward(self.norms[3](x))

    def mix(self, audio: Tensor, style: Tensor) -> Tensor:
        """The lips by the lower face's rule, the rest by the upper one's: [B, T, R·d]."""
        gain, rule = self.config.largest_gain, self.config.lower_rule
        pairs = zip(
            REGIONS, audio.chunk(len(REGIONS), -1), style.chunk(len(REGIONS), -1), strict=True
        )
        return torch.cat(
            [
                mix_lower(a, s, rule, gain) if region == "lips" else mix_upper(a, s, gain)
                for region, a, s in pairs
            ],
            dim=-1,
        )


class MynahModel(StyledMotionModel):
    """Variational style encoder with attention pooling (MSMD, MirrorTalk Eq. 1); denoiser of
    `MynahBlock`s; clean prediction as the sum of a primary motion and a style basis (MSMD, Eq. 4),
    [B, T, 55].

    Beside the papers: what is heard is the face that the regression model drafts
    (`DraftedSpeech`), to which the primary motion is added; it passes gated convolutions and is
    added to the motion's features frame by frame, so that the lips needn't wait until attention
    finds the same moment; the style code is told each channel's mean and deviation, and scales
    draft and primary motion by channel.

    Departures: the diffused motion is ARKit coefficients by region instead of images, FLAME, BFM
    or SEREP codes; the speech is phone posteriors and cepstrum instead of HuBERT; D is as
    `audio_style_mix` reads it, with the lower face's rule reversed, which is what MirrorTalk's
    text asks for; the noise is not predicted (MirrorTalk, DisentTalk, AniTalker) but the clean
    motion (MSMD), as the losses on lips and joins need it.
    """

    description = "MirrorTalk, DisentTalk and Model See, Model Do in one network."
    prediction = "clean"

    def __init__(self, config: MynahConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__(mean, scale)
        self.config, self.style_width, width = config, config.style_width, config.width
        self.style_encoder = StyleVae(
            config.style_encoder_width, config.heads, config.style_encoder_layers,
            config.style_width,
            AttentionPooling(config.style_encoder_width)
            if config.attention_pooling else MeanPooling(),
            config.dropout, with_statistics=config.style_statistics,
        )  # fmt: skip
        self.window = WindowTokens(width, config.style_width, hears=not config.draft)
        self.drafted = DraftedSpeech(width) if config.draft else None
        self.listen = GatedConvStack(width, list(config.dilations), config.dropout)
        self.heard = nn.Linear(width, width)
        told = N_CHANNELS  # every region is told which frames are given
        regions = [channel_indices(names).tolist() for names in REGIONS.values()]
        seen = regions if config.split else [range(N_CHANNELS)] * len(regions)
        self.stem = RegionStem([(*region, told) for region in seen], config.region_width)
        self.style_tokens = nn.Linear(config.style_width, config.style_tokens * width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
        self.manner = nn.Linear(config.style_width, width)
        self.blocks = nn.ModuleList([MynahBlock(config) for _ in range(config.layers)])
        self.norm = nn.LayerNorm(width)
        self.primary = nn.Sequential(
            nn.Linear(width, width), nn.GELU(), nn.Linear(width, N_CHANNELS)
        )
        self.gain = nn.Linear(config.style_width, N_CHANNELS) if config.style_gain else None
        if self.gain is not None:
            nn.init.zeros_(self.gain.weight)
            nn.init.zeros_(self.gain.bias)
        limits = config.largest_amounts
        self.basis = (
            StyleBasis(config.style_width, width, config.bases, limits) if config.bases else None
        )

    def encode_style(self, style_clip: Tensor) -> Tensor:
        return self.style_encoder(style_clip)[0]

    def predict(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        window, c = self.window, conditions
        draft, speech = self.hear(c)
        style = window.style(c.style, c.has_style)
        tokens = self.style_tokens(style).unflatten(-1, (self.config.style_tokens, -1))
        manner = self.time(embed_time(time, self.config.width)) + self.manner(style)
        x = self.stem(window.motion(noisy, c.previous, c.has_previous)) + self.heard(speech)
        for block in self.blocks:
            x = block(x, speech, tokens, manner)
        x = self.norm(x)[:, PREVIOUS_FRAMES:]
        motion = draft[:, PREVIOUS_FRAMES:] + self.primary(x)
        if self.gain is not None:
            motion = (_LARGEST_LOG_GAIN * torch.tanh(self.gain(style)))[:, None].exp() * motion
        return motion if self.basis is None else motion + self.basis(x, style, c.has_style)

    def hear(self, c: Conditions) -> tuple[Tensor, Tensor]:
        """The normalised draft [B, 10 + T, 55], 0 where there is none, and what is heard
        [B, 10 + T, D]."""
        if self.drafted is None:
            speech = self.window.speech(c.phone_logits, c.cepstrum, c.has_speech)
            draft = torch.zeros_like(speech[..., :1])
        else:
            made = self.drafted.draft(c.phone_logits, c.cepstrum)
            made = self.normalise(made).clamp(-LARGEST, LARGEST)
            draft = c.has_speech[:, None, None] * made
            tokens = self.drafted.tokens(made, c.cepstrum)
            speech = self.window.or_silence(tokens, c.has_speech)
        return draft, self.listen(speech.transpose(1, 2)).transpose(1, 2)


class MynahObjective(VariationalObjective):
    """Denoising and velocity with smoothness and the style's divergence (MSMD, Eq. 5), a sync
    expert on the clean lips (DisentTalk, Eq. 10), and losses that no paper has: lips that meet for
    b, m, p, and windows that join.

    Not in it: AniTalker's and FixTalk's separation of identity,
    MirrorTalk's stages of semantic disentanglement, FixTalk's memory of details.
    """

    network: MynahModel

    def __init__(
        self, config: MynahConfig, mean: Tensor, scale: Tensor, face: FaceLoss,
        denoising: DenoisingConfig, n_performers: int,
    ) -> None:  # fmt: skip
        del n_performers  # performers are told apart by their style clips alone
        super().__init__(MynahModel(config, mean, scale), face, denoising)
        self.config = config
        self.expert = SyncExpert(len(_LIPS))

    def paper_losses(
        self, batch: StyleBatch, motion: Tensor, style_clip: Tensor, clean: Tensor, time: Tensor,
        conditions: Conditions,
    ) -> dict[str, Tensor]:  # fmt: skip
        del style_clip
        del time
        config, clean = self.config, clean * batch.valid[:, None]
        previous, window = motion[:, :PREVIOUS_FRAMES], motion[:, PREVIOUS_FRAMES:]
        return {
            "smoothness": config.smoothness * smoothness_loss(clean),
            "kl": config.kl * self.divergence(),
            "join": config.join * join_loss(previous, clean, window, conditions.has_previous),
            "closure": config.closure * self._closure(batch, clean, conditions.has_speech),
            **self._sync(motion, clean, conditions),
        }

    def _sync(self, motion: Tensor, clean: Tensor, conditions: Conditions) -> dict[str, Tensor]:
        heard = self.expert.listen(conditions.phone_logits, conditions.cepstrum)
        own, competence = self.expert.expert_loss(heard, motion[..., _LIPS])
        window = heard[:, PREVIOUS_FRAMES:]
        lips, weight = clean[..., _LIPS], conditions.has_speech
        sync = self.expert.generator_loss(window, lips, weight, competence)
        return {"expert": self.config.expert * own, "sync": self.config.sync * sync}

    def _closure(self, batch: StyleBatch, clean: Tensor, weight: Tensor) -> Tensor:
        lips, known = self.face.lips, batch.valid[:, None]
        made = (self.network.denormalise(clean) * known)[..., :_N_SHAPES]
        filmed = (batch.motion * known)[:, PREVIOUS_FRAMES:, :_N_SHAPES]
        said = bilabial_frames(batch.phones)[:, PREVIOUS_FRAMES:]
        weight = weight * batch.valid[:, _JAW_OPEN]
        return closure_loss(lips.gap(made), lips.gap(filmed), lips.gap_rest.norm(), said, weight)
