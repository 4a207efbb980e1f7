"""What a denoiser is given: tokens of the previous frames and of the noisy window, what is heard
during both, and the style; each with what was learned for its absence."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mynah_shared.motion.arkit import ARKIT_CHANNELS

from ..data.style_batches import PREVIOUS_FRAMES
from .speech_tokens import SpeechTokens

_N_CHANNELS = len(ARKIT_CHANNELS)


class WindowTokens(nn.Module):
    """Motion [B, 10 + T, 56], speech [B, 10 + T, D] and style [B, K] of a window of T frames.

    The last channel of the motion tells the frames that are given (1) from those to be denoised
    (0). MSMD (section 4.4) begins a line with learned start frames and replaces a dropped
    condition by a learned null one. Without `hears` the speech is someone else's tokens.
    """

    def __init__(self, width: int, style_width: int, *, hears: bool = True) -> None:
        super().__init__()
        self.hear = SpeechTokens(width) if hears else None
        self.start = nn.Parameter(torch.zeros(PREVIOUS_FRAMES, _N_CHANNELS))
        self.silence = nn.Parameter(0.02 * torch.randn(width))
        self.no_style = nn.Parameter(torch.zeros(style_width))

    def motion(self, noisy: Tensor, previous: Tensor, has_previous: Tensor) -> Tensor:
        given = has_previous[:, None, None]
        before = given * previous + (1 - given) * self.start
        told = torch.cat([given.expand(-1, before.shape[1], -1), 0 * noisy[..., :1]], dim=1)
        return torch.cat([torch.cat([before, noisy], dim=1), told], dim=-1)

    def speech(self, phone_logits: Tensor, cepstrum: Tensor, has_speech: Tensor) -> Tensor:
        assert self.hear is not None
        return self.or_silence(self.hear(phone_logits, cepstrum), has_speech)

    def or_silence(self, tokens: Tensor, has_speech: Tensor) -> Tensor:
        """Tokens [B, 10 + T, D] of speech where there is any."""
        heard = has_speech[:, None, None]
        return heard * tokens + (1 - heard) * self.silence

    def style(self, style: Tensor, has_style: Tensor) -> Tensor:
        return has_style[:, None] * style + (1 - has_style[:, None]) * self.no_style
