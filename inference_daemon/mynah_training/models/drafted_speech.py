"""What a voice says, as the face that the regression decoder makes of it: speech for a model that
need only learn manners."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..modules.cepstrum import N_CEPSTRA
from .regression import RegressionConfig, RegressionDecoder
from .styled import N_CHANNELS

_NARROW, _VIEW = 8, 16


class DraftedSpeech(nn.Module):
    """A frozen `RegressionDecoder` drafts the face; tokens are made of the draft and of a narrow
    view of the cepstrum (loudness, for brows and head).

    Few faces teach how sounds are articulated. So that a large network doesn't learn those few by
    heart, it hears through one that was trained briefly. In training the decoder hears noise, as in
    its own training, so that its draft of a line that it knows isn't better than that of a new one.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.config = RegressionConfig()
        nothing = torch.zeros(N_CHANNELS)
        self.decoder = RegressionDecoder(self.config, nothing, nothing + 1).eval()
        self.decoder.requires_grad_(False)
        self.narrow = nn.Conv1d(N_CEPSTRA, _NARROW, 9, padding=4)
        self.view = nn.Conv1d(_NARROW, _VIEW, 4, stride=2, padding=1)
        self.join = nn.Linear(N_CHANNELS + _VIEW, width)

    def train(self, mode: bool = True) -> DraftedSpeech:
        super().train(mode)
        self.decoder.eval()
        return self

    def draft(self, phone_logits: Tensor, cepstrum: Tensor) -> Tensor:
        """Coefficients [B, T, 55] in ARKit units."""
        if self.training:
            phone_logits = phone_logits + self.config.phone_noise * torch.randn_like(phone_logits)
        return self.decoder(phone_logits, self._disturbed(cepstrum))

    def tokens(self, draft: Tensor, cepstrum: Tensor) -> Tensor:
        """[B, T, D] of a normalised draft [B, T, 55]."""
        narrow = torch.tanh(self.narrow(self._disturbed(cepstrum).transpose(1, 2)))
        return self.join(torch.cat([draft, self.view(narrow).transpose(1, 2)], dim=-1))

    def _disturbed(self, cepstrum: Tensor) -> Tensor:
        if not self.training:
            return cepstrum
        return cepstrum + self.config.cepstrum_noise * torch.randn_like(cepstrum)
