"""CLUB: an upper bound of the mutual information of two codes, to be made small."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


class Estimator(nn.Module):
    """q(y | x): a normal distribution with mean [N, Y] and log variance [N, Y] within ±1."""

    def __init__(self, x_width: int, y_width: int, hidden: int) -> None:
        super().__init__()
        self.mean = nn.Sequential(nn.Linear(x_width, hidden), nn.ReLU(), nn.Linear(hidden, y_width))
        self.log_variance = nn.Sequential(
            nn.Linear(x_width, hidden), nn.ReLU(), nn.Linear(hidden, y_width), nn.Tanh()
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.mean(x), self.log_variance(x)


class MutualInformationBound(nn.Module):
    """E_p(x,y)[log q(y|x)] - E_p(x)E_p(y)[log q(y|x)] (Cheng et al. 2020, Eq. 7) of codes x [N, X]
    and y [N, Y].

    Two optimisers alternate: each call in training first brings q closer to the codes as they are
    (detached), by its own optimiser, then returns the bound, whose gradient reaches the codes only.
    So q is kept out of this module's parameters; its state is saved with it all the same.
    """

    def __init__(
        self, x_width: int, y_width: int, hidden: int = 64, learning_rate: float = 1e-3,
        steps: int = 2,
    ) -> None:  # fmt: skip
        super().__init__()
        self.steps = steps
        estimator = Estimator(x_width, y_width, hidden).requires_grad_(False)
        self._hidden = (estimator,)  # a tuple: modules in it aren't registered
        self._optimiser = torch.optim.Adam(estimator.parameters(), learning_rate)

    @property
    def estimator(self) -> Estimator:
        return self._hidden[0]

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():
            for _ in range(self.steps):
                self.fit_estimator(x.detach(), y.detach())
        mean, log_variance = self.estimator(x)
        together = (y - mean).square()
        # The mean of (y_j - mean_i)² over all j, by the moments of y instead of N² pairs.
        apart = mean.square() - 2 * mean * y.mean(0) + y.square().mean(0)
        return (0.5 * (apart - together) * (-log_variance).exp()).sum(-1).mean()

    def fit_estimator(self, x: Tensor, y: Tensor) -> float:
        """One step up the likelihood of y; the negative log-likelihood before it."""
        self.estimator.requires_grad_(True)
        mean, log_variance = self.estimator(x)
        error = (y - mean).square() * (-log_variance).exp() + log_variance
        loss = 0.5 * error.sum(-1).mean()
        self._optimiser.zero_grad()
        loss.backward()
        self._optimiser.step()
        self.estimator.requires_grad_(False)
        return float(loss.detach())

    def get_extra_state(self) -> dict[str, Any]:
        return {
            "estimator": self.estimator.state_dict(), "optimiser": self._optimiser.state_dict()
        }  # fmt: skip

    def set_extra_state(self, state: dict[str, Any]) -> None:
        self.estimator.load_state_dict(state["estimator"])
        self._optimiser.load_state_dict(state["optimiser"])

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True):
        self.estimator._apply(fn, recurse)  # moves to a device with the rest
        return super()._apply(fn, recurse)
