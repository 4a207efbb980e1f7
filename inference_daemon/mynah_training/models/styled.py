"""What the six style-conditioned motion models have in common: their interface, and how they are
trained by denoising."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from ..data.style_batches import PREVIOUS_FRAMES, StyleBatch
from ..losses.face import FaceLoss
from ..modules import diffusion

N_CHANNELS = len(ARKIT_CHANNELS)
LARGEST = 6.0
"""Predicted clean motion is kept within this many deviations: ε at full noise says nothing."""


@dataclass(frozen=True)
class Conditions:
    """What a window of T frames is generated from.

    `phone_logits` [B, 2(10 + T), P] and `cepstrum` [B, 2(10 + T), 12] cover the previous frames and
    the window; `style` [B, K]; `previous` [B, 10, 55] is the motion before the window, normalised.
    `has_previous`, `has_speech`, `has_style` [B] (0 or 1) switch a condition off: the model then
    uses what it learned for its absence (a line's first window; the null branches of guidance).
    """

    phone_logits: Tensor
    cepstrum: Tensor
    style: Tensor
    previous: Tensor
    has_previous: Tensor
    has_speech: Tensor
    has_style: Tensor


class StyledMotionModel(nn.Module, ABC):
    """A style encoder and a denoiser. Motion is normalised by `mean` and `scale` [55]; a channel of
    scale 0 is never known and stays at rest.

    Subclasses set `description` (a line for users), `style_width` and `prediction`, and implement
    `encode_style` and `predict`.
    """

    mean: Tensor
    scale: Tensor
    description: str
    style_width: int
    prediction: Literal["clean", "noise"] = "clean"

    def __init__(self, mean: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("mean", mean)
        self.register_buffer("scale", scale)

    def normalise(self, motion: Tensor) -> Tensor:
        known = self.scale > 0
        return torch.where(known, (motion - self.mean) / self.scale.clamp(min=1e-6), 0.0)

    def denormalise(self, motion: Tensor) -> Tensor:
        return motion * self.scale + self.mean

    @abstractmethod
    def encode_style(self, style_clip: Tensor) -> Tensor:
        """Style code [B, K] of normalised performances [B, S, 55] of any length; deterministic."""

    @abstractmethod
    def predict(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        """The clean motion or the noise (`prediction`) in `noisy` [B, T, 55] at `time` [B]."""

    def denoise(self, noisy: Tensor, time: Tensor, conditions: Conditions) -> Tensor:
        """The clean motion x̂_0 [B, T, 55], normalised."""
        predicted = self.predict(noisy, time, conditions)
        if self.prediction == "noise":
            predicted = diffusion.clean_from_noise(noisy, predicted, time)
        return predicted.clamp(-LARGEST, LARGEST)


@runtime_checkable
class DrivenByClips(Protocol):
    """A motion model that a clip can drive as well as speech: AniTalker and FixTalk."""

    @property
    def transfer_context_frames(self) -> int: ...

    def transfer(self, driving: Tensor, style: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class DenoisingConfig:
    """How any of the models is trained: chance of hiding a condition (for guidance), share of items
    that imitate the very clip that they generate (MSMD: self-conditioning) and that start a line,
    noise on the previous frames in deviations (at inference they are the model's own), and weights
    of the losses."""

    no_speech: float = 0.1
    no_style: float = 0.1
    self_conditioning: float = 0.5
    line_start: float = 0.3
    previous_noise: float = 0.1
    denoising: float = 1.0
    velocity: float = 0.5
    face: float = 0.4


class DenoisingObjective(nn.Module):
    """Denoising loss of a `StyledMotionModel`; a paper's own losses are added by subclasses in
    `paper_losses`."""

    def __init__(self, network: StyledMotionModel, face: FaceLoss, config: DenoisingConfig) -> None:
        super().__init__()
        self.network, self.face, self.denoising = network, face, config

    def losses(self, batch: StyleBatch) -> dict[str, Tensor]:
        motion = self.network.normalise(batch.motion) * batch.valid[:, None]
        device, n_items = motion.device, len(motion)

        def chance(share: float) -> Tensor:
            return (torch.rand(n_items, device=device) < share).float()

        itself = chance(self.denoising.self_conditioning)[:, None, None] > 0
        length = min(batch.style.shape[1], motion.shape[1])
        style_clip = self.network.normalise(batch.style)[:, :length]
        style_clip = torch.where(itself, motion[:, :length], style_clip)
        previous, window = motion[:, :PREVIOUS_FRAMES], motion[:, PREVIOUS_FRAMES:]
        previous = previous + self.denoising.previous_noise * torch.randn_like(previous)
        # Few steps rest on what is made of much noise: most of the items have it.
        time = torch.rand(n_items, device=device).sqrt()
        noise = torch.randn_like(window)
        noisy = diffusion.add_noise(window, noise, time)
        conditions = Conditions(
            batch.phone_logits,
            batch.cepstrum,
            self.style_in_training(style_clip),
            previous,
            1 - chance(self.denoising.line_start),
            1 - chance(self.denoising.no_speech),
            1 - chance(self.denoising.no_style),
        )
        predicted = self.network.predict(noisy, time, conditions)
        if self.network.prediction == "noise":
            target = noise
            clean = diffusion.clean_from_noise(noisy, predicted, time)
            clean = clean.clamp(-LARGEST, LARGEST)
        else:
            target, clean = window, predicted
        known = batch.valid[:, None]
        # Made of full noise, a clean prediction is the mean of what may be; what follows from a
        # predicted noise is a guess.
        trust = diffusion.signal(time) if self.network.prediction == "noise" else 0 * time + 1
        face = self.face(
            self.network.denormalise(clean), batch.motion[:, PREVIOUS_FRAMES:], batch.valid, trust
        )
        change = (clean - window).diff(dim=1).square() * known * trust[:, None, None]
        losses = {
            "denoising": self.denoising.denoising * ((predicted - target).square() * known).mean(),
            "velocity": self.denoising.velocity * change.mean(),
            **{f"face_{name}": self.denoising.face * value for name, value in face.items()},
        }
        return losses | self.paper_losses(batch, motion, style_clip, clean, time, conditions)

    def style_in_training(self, style_clip: Tensor) -> Tensor:
        """The style code that the denoiser is trained with; a VAE draws it here."""
        return self.network.encode_style(style_clip)

    def paper_losses(
        self,
        batch: StyleBatch,
        motion: Tensor,
        style_clip: Tensor,
        clean: Tensor,
        time: Tensor,
        conditions: Conditions,
    ) -> dict[str, Tensor]:
        """A paper's own losses, weighted. `motion` [B, 10 + T, 55] is normalised, `clean`
        [B, T, 55] the denoised window."""
        del batch, motion, style_clip, clean, time, conditions
        return {}
