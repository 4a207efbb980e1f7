"""AniTalker: identity-free motion codes for video, a conformer that denoises motion for speech."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mynah_shared.motion.arkit import ARKIT_CHANNELS, HEAD_CHANNELS

from ..data.style_batches import PREVIOUS_FRAMES, StyleBatch
from ..losses.club import MutualInformationBound
from ..losses.face import FaceLoss
from ..losses.margin_softmax import MarginSoftmaxLoss
from ..losses.triplet import triplet_loss
from ..modules.conformer import ConformerBlock
from ..modules.diffusion import embed_time
from ..modules.hierarchical_aggregation import HierarchicalAggregation, LastLayer
from ..modules.speech_tokens import SpeechTokens
from ..modules.temporal_pyramid import TemporalPyramid
from ..modules.variance_adapter import VarianceAdapter
from .styled import N_CHANNELS, Conditions, DenoisingConfig, DenoisingObjective, StyledMotionModel

ATTRIBUTES = (*HEAD_CHANNELS, "openness", "blink")
"""What an animator may set per frame: the head in radians, openness = jawOpen - mouthClose, and
blink = the mean of both lids."""
_ADAPTED = (len(HEAD_CHANNELS), 1, 1)
_LEAST_SPREAD = 0.01


@dataclass(frozen=True)
class AniTalkerConfig:
    """Sizes; the paper's (and its code's, where the paper is silent) are: motion code 20, width 512
    (generator 1024), 4 and 2 conformer blocks with 2 heads, kernel 13 and a feed-forward as wide as
    the block, dropout 0.2, LSTMs of 2 x 128; an image encoder of 8 levels.

    Weights of the losses, and how often an adapter is shown the true attribute, are open in the
    paper but for `adapters`, 1 in its code.

    For ablations: without `aggregation` codes come from the encoder's last layer; identities are
    told apart by AAM-softmax or by the `triplet` loss that the paper compares it with.
    """

    width: int = 128
    style_width: int = 128
    code_width: int = 20
    pyramid_width: int = 96
    dilations: tuple[int, ...] = (1, 2, 4, 8)
    speech_blocks: int = 4
    generator_blocks: int = 2
    heads: int = 2
    kernel: int = 13
    lstm_units: int = 64
    dropout: float = 0.1
    margin: float = 0.2
    margin_scale: float = 30.0
    teacher_forcing: float = 0.5
    reconstruction: float = 0.5
    metric_learning: float = 0.02
    mutual_information: float = 0.01
    adapters: float = 0.1
    aggregation: bool = True
    identity_loss: Literal["margin_softmax", "triplet"] = "margin_softmax"


@dataclass
class Lesson:
    """True attributes [B, 10 + T, 5] that the adapters are shown where `is_given` is 1, and what
    they would have `predicted`."""

    given: Tensor
    is_given: Tensor
    predicted: Tensor | None = None


def attribute_matrix() -> Tensor:
    """[5, 55]: the attributes as sums of channels."""
    matrix = torch.zeros(len(ATTRIBUTES), N_CHANNELS)
    for row, parts in enumerate(
        (
            *({name: 1.0} for name in HEAD_CHANNELS),
            {"jawOpen": 1.0, "mouthClose": -1.0},
            {"eyeBlinkLeft": 0.5, "eyeBlinkRight": 0.5},
        )
    ):
        for name, weight in parts.items():
            matrix[row, ARKIT_CHANNELS.index(name)] = weight
    return matrix


class AniTalkerModel(StyledMotionModel):
    """AniTalker (Liu et al. 2024), on coefficients.

    Video-driven (section 3.2): a temporal encoder with HAL gives a clip's identity code, which is
    our style [B, K], and a motion code of 20 numbers per frame; `transfer` decodes the motion of
    one performer with the identity of another. Speech-driven (section 3.3): a conformer encodes the
    speech, adapters add head, openness and blink to it, a conformer predicts ε (Eq. 1).

    Departures: identity is the performer's manner in coefficients instead of looks in an image;
    speech tokens come from phones and cepstrum instead of HuBERT; the generator works on the 55
    coefficients themselves rather than on motion codes, whose renderer is the decoder of
    `transfer`; time is embedded by sinusoids; adapters are for openness and blink instead of the
    head's place and size in the image, which a rig doesn't have.
    """

    description = "AniTalker: identity-free motion codes and variance adapters, in coefficients."
    prediction = "noise"
    attributes: Tensor

    def __init__(self, config: AniTalkerConfig, mean: Tensor, scale: Tensor) -> None:
        super().__init__(mean, scale)
        self.style_width = config.style_width
        wide, width, code = config.pyramid_width, config.width, config.code_width
        self.encoder = TemporalPyramid(N_CHANNELS, wide, config.dilations)
        n_layers = len(config.dilations)

        def aggregation(*, over_clip: bool) -> nn.Module:
            if config.aggregation:
                return HierarchicalAggregation(n_layers, over_clip=over_clip)
            return LastLayer(over_clip=over_clip)

        self.identity_aggregation = aggregation(over_clip=True)
        self.identity_head = _mlp(wide, config.style_width)
        self.motion_aggregation = aggregation(over_clip=False)
        self.motion_head = _mlp(wide, code)
        self.code_in = nn.Linear(code, wide)
        self.identity_in = nn.Linear(config.style_width, wide)
        self.decoder = TemporalPyramid(wide, wide, (1, 1))
        self.decoded = nn.Linear(wide, N_CHANNELS)

        self.speech = SpeechTokens(width)
        self.no_speech = nn.Parameter(torch.zeros(width))
        self.speech_blocks = nn.Sequential(
            *(self._block(config) for _ in range(config.speech_blocks))
        )
        self.adapters = nn.ModuleList(
            [VarianceAdapter(width, n, config.lstm_units) for n in _ADAPTED]
        )
        self.register_buffer("attributes", attribute_matrix(), persistent=False)
        self.no_style = nn.Parameter(torch.zeros(config.style_width))
        self.motion_in = nn.Linear(N_CHANNELS, width)
        self.start = nn.Parameter(0.02 * torch.randn(PREVIOUS_FRAMES, width))
        self.style_in = nn.Linear(config.style_width, width)
        self.together = nn.Linear(4 * width, width)
        self.generator = nn.Sequential(
            *(self._block(config) for _ in range(config.generator_blocks))
        )
        self.noise = nn.Linear(width, N_CHANNELS)
        self.lesson: Lesson | None = None

    @staticmethod
    def _block(config: AniTalkerConfig) -> ConformerBlock:
        return ConformerBlock(
            config.width, config.heads, config.kernel, dropout=config.dropout
        )  # fmt: skip

    def encode_style(self, style_clip: Tensor) -> Tensor:
        return self.identity_head(self.identity_aggregation(self.encoder(style_clip)))

    def encode_motion(self, motion: Tensor) -> Tensor:
        """Motion codes [B, T, 20] of normalised motion [B, T, 55]."""
        return self.motion_head(self.motion_aggregation(self.encoder(motion)))

    def decode(self, codes: Tensor, style: Tensor) -> Tensor:
        """Normalised motion [B, T, 55] of a character with the identity code `style` [B, K]."""
        hidden = self.code_in(codes) + self.identity_in(style)[:, None]
        return self.decoded(self.decoder(hidden)[-1])

    @property
    def transfer_context_frames(self) -> int:
        """How far `transfer` sees to each side."""
        return self.encoder.reach + self.decoder.reach

    def transfer(self, driving: Tensor, style: Tensor) -> Tensor:
        """The performance `driving` [B, T, 55] (normalised, of anyone) as the character with the
        identity code `style` [B, K] gives it."""
        return self.decode(self.encode_motion(driving), style)

    def attributes_of(self, motion: Tensor) -> Tensor:
        """`ATTRIBUTES` [B, T, 5] of motion [B, T, 55] that is not normalised."""
        return motion @ self.attributes.t()

    def predict(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        lesson = self.lesson
        if lesson is None:
            return self._generate(noisy, time, conditions, None, None)[0]
        noise, lesson.predicted = self._generate(
            noisy, time, conditions, lesson.given, lesson.is_given
        )
        return noise

    def predict_controlled(
        self, noisy: Tensor, time: Tensor, conditions: Conditions, controls: Tensor,
        is_controlled: Tensor,
    ) -> Tensor:  # fmt: skip
        """As `predict`, with `ATTRIBUTES` [B, T, 5] of the window where `is_controlled` [B, T, 5]
        is 1."""
        before = controls.new_zeros(controls.shape[0], PREVIOUS_FRAMES, len(ATTRIBUTES))
        given, is_given = (torch.cat([before, x], 1) for x in (controls, is_controlled))
        return self._generate(noisy, time, conditions, given, is_given)[0]

    @contextmanager
    def taught(self, lesson: Lesson) -> Iterator[Lesson]:
        """While it lasts, `predict` forces the adapters by the lesson and writes down what they
        would have predicted."""
        self.lesson = lesson
        try:
            yield lesson
        finally:
            self.lesson = None

    def _generate(
        self, noisy: Tensor, time: Tensor, conditions: Conditions, given: Tensor | None,
        is_given: Tensor | None,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """ε̂ of the window, and the attributes [B, 10 + T, 5] predicted from the speech."""
        has_speech, has_style, has_previous = (
            x[:, None]
            for x in (conditions.has_speech, conditions.has_style, conditions.has_previous)
        )
        tokens = self.speech(conditions.phone_logits, conditions.cepstrum)
        tokens = has_speech[..., None] * tokens + (1 - has_speech[..., None]) * self.no_speech
        tokens, predicted = self._adapt(self.speech_blocks(tokens), given, is_given)
        style = has_style * conditions.style + (1 - has_style) * self.no_style
        known = has_previous[..., None]
        before = known * self.motion_in(conditions.previous) + (1 - known) * self.start
        motion = torch.cat([before, self.motion_in(noisy)], dim=1)
        constant = torch.cat([self.style_in(style), embed_time(time, motion.shape[-1])], dim=-1)
        constant = constant[:, None].expand(-1, motion.shape[1], -1)
        hidden = self.generator(self.together(torch.cat([tokens, motion, constant], dim=-1)))
        return self.noise(hidden[:, PREVIOUS_FRAMES:]), predicted

    def _adapt(
        self, tokens: Tensor, given: Tensor | None, is_given: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        centre = self.attributes @ self.mean
        spread = (self.attributes.square() @ self.scale.square()).sqrt().clamp(min=_LEAST_SPREAD)
        none = tokens.new_zeros(tokens.shape[0], tokens.shape[1], len(ATTRIBUTES))
        wanted = ((none if given is None else given) - centre) / spread
        held = none if is_given is None else is_given
        predicted, column = [], 0
        for adapter, n in zip(self.adapters, _ADAPTED, strict=True):
            part = slice(column, column + n)
            tokens, one = adapter(tokens, wanted[..., part], held[..., part])
            predicted.append(one)
            column += n
        return tokens, torch.cat(predicted, dim=-1) * spread + centre


class AniTalkerObjective(DenoisingObjective):
    """ε-loss, and AniTalker's: reconstruction from motion code and another clip's identity code,
    AAM-softmax on the identity codes, CLUB between identity and motion codes, adapters' L2.

    Both stages of the paper are trained at once. Its perceptual loss is the distance of the lips in
    millimetres (`FaceLoss`); there is no picture for an adversary to judge.
    """

    network: AniTalkerModel

    def __init__(
        self,
        config: AniTalkerConfig,
        mean: Tensor,
        scale: Tensor,
        face: FaceLoss,
        denoising: DenoisingConfig,
        n_performers: int,
    ) -> None:
        super().__init__(AniTalkerModel(config, mean, scale), face, denoising)
        self.config = config
        by_margin = config.identity_loss == "margin_softmax"
        sizes = config.style_width, n_performers
        self.metric = (
            MarginSoftmaxLoss(*sizes, config.margin, config.margin_scale) if by_margin else None
        )
        self.information = MutualInformationBound(config.style_width, config.code_width)

    def losses(self, batch: StyleBatch) -> dict[str, Tensor]:
        network = self.network
        attributes = network.attributes_of(batch.motion)
        known = _known_attributes(network, batch.valid)
        shown = torch.rand(len(known), 1, len(ATTRIBUTES), device=known.device)
        shown = (shown < self.config.teacher_forcing).float() * known[:, None]
        lesson = Lesson(attributes, shown.expand_as(attributes))
        with network.taught(lesson):
            losses = super().losses(batch)
        assert lesson.predicted is not None
        spread = (network.attributes.square() @ network.scale.square()).sqrt()
        error = (lesson.predicted - attributes) / spread.clamp(min=_LEAST_SPREAD)
        losses["adapters"] = (
            self.config.adapters * (error.square().mean(1) * known).sum(-1).mean()
        )  # the sum over attributes as in L_gen
        return losses

    def paper_losses(
        self,
        batch: StyleBatch,
        motion: Tensor,
        style_clip: Tensor,
        clean: Tensor,
        time: Tensor,
        conditions: Conditions,
    ) -> dict[str, Tensor]:
        del style_clip, clean, time
        config, network = self.config, self.network
        identity = network.encode_style(network.normalise(batch.style))
        codes = network.encode_motion(motion)
        rebuilt = network.decode(codes, identity)
        known = batch.valid[:, None]
        face = self.face(network.denormalise(rebuilt), batch.motion, batch.valid)
        rebuilding = ((rebuilt - motion) * known).square().mean()
        rebuilding = rebuilding + self.denoising.face * torch.stack(list(face.values())).sum()
        frames = identity[:, None].expand(-1, codes.shape[1], -1)
        information = self.information(frames.flatten(0, 1), codes.flatten(0, 1))
        return {
            "reconstruction": config.reconstruction * rebuilding,
            "metric_learning": config.metric_learning
            * self._metric(identity, conditions.style, batch.performer),
            "mutual_information": config.mutual_information * information,
        }

    def _metric(self, identity: Tensor, shown: Tensor, performer: Tensor) -> Tensor:
        """Metric learning of identity codes [B, K]; those of the clips that the denoiser is
        `shown` must tell their performers as well."""
        if self.metric is not None:
            return self.metric(torch.cat([identity, shown]), performer.repeat(2))
        anchor, positive = (functional.normalize(x, dim=-1) for x in (identity, shown))
        return triplet_loss(anchor, positive, performer, self.config.margin)


def _known_attributes(network: AniTalkerModel, valid: Tensor) -> Tensor:
    """[B, 5]: 1 where every channel that an attribute is made of is known."""
    used = (network.attributes != 0).float()
    return (valid.float() @ used.t() >= used.sum(-1)).float()


def _mlp(width: int, out: int) -> nn.Sequential:
    return nn.Sequential(
        nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, out)
    )
