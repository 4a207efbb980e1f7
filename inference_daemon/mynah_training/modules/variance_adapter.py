"""Variance adapter: an attribute of the performance is predicted from the speech, or given by the
animator, and added to the speech."""

from __future__ import annotations

from torch import Tensor, nn


class VarianceAdapter(nn.Module):
    """One attribute of `n_values` per frame (AniTalker, section 3.3.2 and Fig. 3; after FastSpeech
    2).

    A predictor reads it off the speech tokens [B, T, D], an encoder adds it to them as a residual.
    Both are LSTMs of two layers; the paper's have 128 units.
    """

    def __init__(self, width: int, n_values: int, units: int = 64) -> None:
        super().__init__()
        self.predictor = nn.LSTM(width, units, num_layers=2, batch_first=True)
        self.predicted = nn.Linear(units, n_values)
        self.encoder = nn.LSTM(n_values, units, num_layers=2, batch_first=True)
        self.encoded = nn.Linear(units, width)

    def forward(self, speech: Tensor, given: Tensor, is_given: Tensor) -> tuple[Tensor, Tensor]:
        """Speech with the attribute, and the predicted attribute [B, T, n_values].

        Where `is_given` [B, T, n_values] is 1, `given` counts instead of the prediction. The
        encoder is no way around the predictor's own loss: it sees the prediction detached.
        """
        predicted = self.predicted(self.predictor(speech)[0])
        value = is_given * given + (1 - is_given) * predicted.detach()
        return speech + self.encoded(self.encoder(value)[0]), predicted
