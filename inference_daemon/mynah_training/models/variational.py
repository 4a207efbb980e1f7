"""Training of models whose style encoder gives a distribution over codes."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from ..losses.kl import kl_loss
from ..modules.style_vae import draw
from .styled import DenoisingObjective


class VariationalObjective(DenoisingObjective):
    """The denoiser is trained with codes drawn from the posterior of a `StyleVae` that the network
    has as `style_encoder` (MSMD, section 4.2)."""

    network: Any

    def style_in_training(self, style_clip: Tensor) -> Tensor:
        """A draw from the posterior, which is kept for its divergence; the mean in evaluation."""
        self._posterior = self.network.style_encoder(style_clip)
        return draw(*self._posterior) if self.training else self._posterior[0]

    def divergence(self) -> Tensor:
        """Of the last batch's posterior from a standard normal distribution."""
        return kl_loss(*self._posterior)
