"""FixTalk: identity-free motion weights on orthogonal directions, and a memory of lost details."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..data.style_batches import PREVIOUS_FRAMES, StyleBatch
from ..losses.face import FaceLoss
from ..losses.hinge import disentanglement_loss
from ..modules.attention import Modulation, TransformerLayer
from ..modules.detail_memory import REACH, DetailMemory, high_pass
from ..modules.diffusion import embed_time, signal
from ..modules.hierarchical_aggregation import HierarchicalAggregation
from ..modules.motion_indicator import DeepestCode, MotionIndicator
from ..modules.speech_tokens import SpeechTokens
from ..modules.temporal_pyramid import TemporalPyramid
from .styled import N_CHANNELS, Conditions, DenoisingConfig, DenoisingObjective, StyledMotionModel


@dataclass(frozen=True)
class FixTalkConfig:
    """Sizes; the paper's are: features and tokens of 512, five scales; EDTalk, its base, has 20
    lip, 6 pose and 10 expression directions. Number of queries, layers and slots, ξ and all weights
    are open in the paper, and so is how speech gives the motion weights.

    For ablations: with 0 `indicator_layers` the deepest scale gives the motion weights, as in
    EDTalk; with 0 `slots` no detail is remembered."""

    width: int = 128
    identity_width: int = 108
    code_width: int = 20
    pyramid_width: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8)
    queries: int = 2
    indicator_layers: int = 2
    heads: int = 4
    layers: int = 4
    dropout: float = 0.1
    slots: int = 64
    token_width: int = 64
    temperature: float = 16.0
    strictness: float = 0.2
    reconstruction: float = 0.5
    disentanglement: float = 0.1
    memory: float = 0.05
    alignment: float = 0.05
    token: float = 0.1


def orthonormal(vectors: Tensor) -> Tensor:
    """Rows [N, D] made orthogonal and of unit length one after the other (Gram-Schmidt; the Q of a
    QR decomposition, which ONNX lacks). In full precision: in bf16 they would not be orthogonal."""
    rows: list[Tensor] = []
    with torch.autocast(vectors.device.type, enabled=False):
        for row in vectors.unbind(0):
            for _ in range(2 if rows else 0):  # once more for what rounding left
                basis = torch.stack(rows)
                row = row - (basis @ row) @ basis
            rows.append(functional.normalize(row, dim=0))
    return torch.stack(rows)


class FixTalkModel(StyledMotionModel):
    """FixTalk (Tan et al. 2025) on its base EDTalk, on coefficients.

    Everything is rendered by one generator, G(f^s + f^d) (Eq. 1): f^s is the character's feature,
    f^d = Σ w_i b_i with orthonormal b_i (EDTalk). Video gives the 20 weights w of a frame by EMI
    (`transfer`); speech gives them by denoising (`predict`). EDI recalls for the character's
    feature and w - w^s the detail that such weights lose (Eq. 5-9), gated, and added as far as the
    time of the denoising has anything to do with detail. The style code [B, K] is f^s's compressed
    feature and the mean weights w^s of the clip.

    Departures: performers' manner instead of looks; one bank of directions for lips, pose and
    expression, as the rig's channels are separate already; a transformer denoises weights where
    EDTalk regresses them, because the interface is a diffusion's; detail is what coefficients
    have beyond their smoothed selves (`DetailMemory`).
    """

    description = "FixTalk: identity-free motion and remembered detail, in coefficients."
    prediction = "clean"

    def __init__(self, config: FixTalkConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__(mean, scale)
        wide, width, code = config.pyramid_width, config.width, config.code_width
        self.identity_width = config.identity_width
        self.style_width = config.identity_width + code
        self.encoder = TemporalPyramid(N_CHANNELS, wide, config.dilations)
        n_scales = len(config.dilations)
        self.identity_aggregation = HierarchicalAggregation(n_scales, over_clip=True)
        self.identity_head = nn.Sequential(
            nn.LayerNorm(wide), nn.Linear(wide, wide), nn.ReLU(),
            nn.Linear(wide, config.identity_width),
        )  # fmt: skip
        self.indicator = (
            MotionIndicator(
                n_scales, wide, code, queries=config.queries, layers=config.indicator_layers,
                heads=config.heads,
            ) if config.indicator_layers else DeepestCode(wide, code)
        )  # fmt: skip
        self.directions = nn.Parameter(torch.randn(code, wide))
        self.source = nn.Linear(self.style_width, wide)
        self.renderer = TemporalPyramid(wide, wide, (1, 1))
        self.rendered = nn.Linear(wide, N_CHANNELS)
        self.details = (
            DetailMemory(
                N_CHANNELS, self.style_width, wide, slots=config.slots, heads=config.heads,
                token_width=config.token_width, temperature=config.temperature,
            ) if config.slots else None
        )  # fmt: skip

        self.speech = SpeechTokens(width)
        self.no_speech = nn.Parameter(torch.zeros(width))
        self.no_style = nn.Parameter(0.02 * torch.randn(self.style_width))
        self.motion_in = nn.Linear(N_CHANNELS, width)
        self.start = nn.Parameter(0.02 * torch.randn(PREVIOUS_FRAMES, width))
        self.condition = nn.Sequential(
            nn.Linear(width + self.style_width, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.modulations = nn.ModuleList([Modulation(width, width) for _ in range(config.layers)])
        self.layers = nn.ModuleList(
            [TransformerLayer(width, config.heads, config.dropout) for _ in range(config.layers)]
        )
        self.norm = nn.LayerNorm(width)
        self.weights = nn.Linear(width, code)

    def encode_style(self, style_clip: Tensor) -> Tensor:
        return self.encode(style_clip)[0]

    def encode(self, clip: Tensor) -> tuple[Tensor, Tensor]:
        """Style code [B, K] and motion codes [B, S, 20] of a normalised clip [B, S, 55]."""
        scales = self.encoder(clip)
        identity = self.identity_head(self.identity_aggregation(scales))
        codes = self.indicator(scales)
        return torch.cat([identity, codes.mean(dim=1)], dim=-1), codes

    def encode_motion(self, motion: Tensor) -> Tensor:
        """Motion codes [B, T, 20] of normalised motion [B, T, 55]."""
        return self.indicator(self.encoder(motion))

    def features(self, codes: Tensor, style: Tensor) -> Tensor:
        """f^s + f^d [B, T, D]."""
        return self.source(style)[:, None] + codes @ orthonormal(self.directions)

    def render(self, features: Tensor) -> Tensor:
        """G without detail: normalised motion [B, T, 55]."""
        return self.rendered(self.renderer(features)[-1])

    def detail_key(self, codes: Tensor, style: Tensor) -> Tensor:
        """f_π^s ⊕ (z^d - z^s) [B, T, K]; f_π^s of unit length, lest a large one drown the
        motion."""
        identity, resting = style.split([self.identity_width, codes.shape[-1]], dim=-1)
        identity = functional.normalize(identity, dim=-1)[:, None].expand(-1, codes.shape[1], -1)
        return torch.cat([identity, codes - resting[:, None]], dim=-1)

    def detail(self, codes: Tensor, style: Tensor, features: Tensor) -> Tensor:
        """Gated detail [B, T, 55]; none without a memory. What it is looked up by isn't steered by
        what is found."""
        if self.details is None:
            return features.new_zeros(*features.shape[:2], N_CHANNELS)
        key = self.detail_key(codes.detach(), style.detach())
        return self.details(key, features.detach())

    @property
    def transfer_context_frames(self) -> int:
        """How far `transfer` sees to each side."""
        return self.encoder.reach + max(self.renderer.reach, REACH)

    def transfer(self, driving: Tensor, style: Tensor) -> Tensor:
        """The performance `driving` [B, T, 55] (normalised, of anyone) as the character with the
        style code `style` [B, K] gives it."""
        codes = self.encode_motion(driving)
        features = self.features(codes, style)
        return self.render(features) + self.detail(codes, style, features)

    def predict(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        has_speech, has_style, has_previous = (
            x[:, None]
            for x in (conditions.has_speech, conditions.has_style, conditions.has_previous)
        )
        tokens = self.speech(conditions.phone_logits, conditions.cepstrum)
        tokens = has_speech[..., None] * tokens + (1 - has_speech[..., None]) * self.no_speech
        style = has_style * conditions.style + (1 - has_style) * self.no_style
        known = has_previous[..., None]
        before = known * self.motion_in(conditions.previous) + (1 - known) * self.start
        hidden = tokens + torch.cat([before, self.motion_in(noisy)], dim=1)
        now = self.condition(torch.cat([embed_time(time, hidden.shape[-1]), style], dim=-1))
        for modulation, layer in zip(self.modulations, self.layers, strict=True):
            hidden = layer(modulation(hidden, now))
        # The renderer needs what came before the window as well: it looks at neighbours.
        codes = self.weights(self.norm(hidden))
        features = self.features(codes, style)
        detail = signal(time)[:, None, None] * self.detail(codes, style, features)
        return (self.render(features) + detail)[:, PREVIOUS_FRAMES:]


class FixTalkObjective(DenoisingObjective):
    """Clean-motion loss, and FixTalk's: reconstruction from motion codes and another clip's style
    (Eq. 2), disentanglement (Eq. 4), memory (Eq. 6) and alignment (Eq. 8).

    The perceptual loss is the distance of the lips in millimetres (`FaceLoss`); there is no picture
    for the adversary of Eq. 3.
    """

    network: FixTalkModel

    def __init__(
        self,
        config: FixTalkConfig,
        mean: Tensor,
        scale: Tensor,
        face: FaceLoss,
        denoising: DenoisingConfig,
        n_performers: int,
    ) -> None:
        del n_performers  # the paper needs no labels
        super().__init__(FixTalkModel(config, mean, scale), face, denoising)
        self.config = config

    def paper_losses(
        self,
        batch: StyleBatch,
        motion: Tensor,
        style_clip: Tensor,
        clean: Tensor,
        time: Tensor,
        conditions: Conditions,
    ) -> dict[str, Tensor]:
        del style_clip, clean, time, conditions
        config, network = self.config, self.network
        clips = network.normalise(torch.cat([batch.style, batch.same_style]))
        styles, clip_codes = network.encode(clips)
        style = styles.chunk(2)[0]
        codes = network.encode_motion(motion)
        features = network.features(codes, style)
        rendered = network.render(features)
        known = batch.valid[:, None]
        rebuilt = rendered + network.detail(codes, style, features)
        face = self.face(network.denormalise(rebuilt), batch.motion, batch.valid)
        rebuilding = ((rebuilt - motion) * known).abs().mean()
        rebuilding = rebuilding + self.denoising.face * torch.stack(list(face.values())).sum()
        one, other = clip_codes.chunk(2)
        return {
            "reconstruction": config.reconstruction * rebuilding,
            "disentanglement": config.disentanglement
            * disentanglement_loss(one, other, config.strictness),
            **self._remember(high_pass(motion - rendered.detach()) * known, codes, style),
        }

    def _remember(self, lost: Tensor, codes: Tensor, style: Tensor) -> dict[str, Tensor]:
        """Losses of the memory, if there is one, for details [B, T, 55]."""
        config, network = self.config, self.network
        if network.details is None:
            return {}
        remembering = network.details.remember(lost, network.detail_key(codes, style).detach())
        return {
            "memory": config.memory * remembering.memory,
            "alignment": config.alignment * remembering.alignment,
            "token": config.token * remembering.token,
        }
