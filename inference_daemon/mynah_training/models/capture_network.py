"""The network that captures without the morphable head: the solve, distilled.

A frame's solve (`mynah_daemon.capture.solver`) is a matrix product and then a search for the best
shares between 0 and 1. The network begins as that product and a fixed number of steps of the
alternating direction method of multipliers (Boyd et al. 2011, section 5.2), unrolled into layers of
their own as in LISTA (Gregor and LeCun 2010); the layers then learn from made-up faces to arrive in
few steps where the search ends.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mynah_daemon.capture.bounded import SharesFit
from mynah_daemon.capture.solver import LASTING_COLUMNS, Solver
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

FloatArray = NDArray[np.float64]

_PENALTY = 0.1
"""Of the augmented Lagrangian, as a share of each coordinate's stiffness."""


def _tensor(values: FloatArray) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))


class BoxSteps(nn.Module):
    """Targets [T, S] → the shares [T, S] in 0..1 that solve the box-bounded fit with this
    Hessian."""

    hessian: Tensor
    stiffness: Tensor

    def __init__(self, hessian: FloatArray, n_steps: int) -> None:
        super().__init__()
        penalty = _PENALTY * np.diag(hessian)
        # Targets are counted in units of their coordinate's stiffness, so that all weights are of
        # one order.
        self.register_buffer("hessian", _tensor(hessian), persistent=False)
        self.register_buffer("stiffness", _tensor(np.diag(hessian)))
        inverse = np.linalg.inv(hessian + np.diag(penalty)) * np.diag(hessian)[:, None]
        self.inverses = nn.Parameter(_tensor(inverse).repeat(n_steps, 1, 1))
        self.penalties = nn.Parameter(torch.full((n_steps, len(hessian)), _PENALTY))

    def forward(self, targets: Tensor) -> Tensor:
        scaled = targets / self.stiffness
        shares = torch.zeros_like(scaled)
        dual = torch.zeros_like(scaled)
        for inverse, penalty in zip(self.inverses, self.penalties, strict=True):
            free = (scaled + penalty * (shares - dual)) @ inverse
            shares = (free + dual).clamp(0, 1)
            dual = dual + free - shares
        return shares


class CaptureNetwork(nn.Module):
    """`measured` [T, N_MEASURED] and `rest` [1, 1404] (see `mynah_daemon.capture.distilled`) →
    `coefficients` [T, 52] and `turns` [T, 3]."""

    def __init__(self, solver: Solver, n_steps: int, n_lasting_steps: int) -> None:
        super().__init__()
        self.lasting_steps = BoxSteps(solver.lasting.hessian, n_lasting_steps)
        self.frame_steps = BoxSteps(solver.frames.hessian, n_steps)
        self.to_lasting_targets = _linear(solver.lasting)
        self.to_targets = _linear(solver.frames)
        held = solver.effects[LASTING_COLUMNS]
        self.lasting_to_targets = _layer(held @ solver.frames.to_targets)
        self.to_turns = _layer(solver.frames.to_free[:, :3])
        self.shares_to_turns = _layer(-solver.frames.shares_to_free[:, :3])
        self.lasting_to_turns = _layer(solver.frames.shares_to_free[LASTING_COLUMNS, :3])
        unmixing = np.eye(len(ARKIT_BLENDSHAPES))
        jaw, close = (ARKIT_BLENDSHAPES.index(name) for name in ("jawOpen", "mouthClose"))
        unmixing[close, jaw] = 1
        self.register_buffer("unmixing", _tensor(unmixing))

    def forward(self, measured: Tensor, rest: Tensor) -> tuple[Tensor, Tensor]:
        lasting = self.lasting_steps(self.to_lasting_targets(rest))
        shares = self.frame_steps(self.to_targets(measured) + self.lasting_to_targets(lasting))
        turns = self.to_turns(measured) + self.lasting_to_turns(lasting)
        coefficients = (shares @ self.unmixing).clamp(0, 1)
        return coefficients, turns + self.shares_to_turns(shares)


def _linear(fit: SharesFit) -> nn.Linear:
    layer = _layer(fit.to_targets, with_bias=True)
    nn.init.constant_(layer.bias, -fit.threshold)
    return layer


def _layer(matrix: FloatArray, *, with_bias: bool = False) -> nn.Linear:
    """A layer that multiplies rows by `matrix` [I, O]."""
    layer = nn.Linear(*matrix.shape, bias=with_bias)
    with torch.no_grad():
        layer.weight.copy_(_tensor(matrix.T))
    return layer
