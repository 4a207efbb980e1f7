"""Trains any of the models within a budget of minutes; resumes by itself."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from mynah_shared.errors import BadInputError

_WARM_UP_STEPS = 100
_CHECKPOINT_S = 120.0


@dataclass(frozen=True)
class TrainConfig:
    """How any model is trained."""

    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    ema_decay: float = 0.998
    seed: int = 0


class Objective(Protocol):
    """A module with the networks to train, and their weighted losses on a batch."""

    @property
    def network(self) -> nn.Module: ...

    def losses(self, batch: Any) -> dict[str, Tensor]: ...


class Sampler(Protocol):
    """Endless seeded batches."""

    def draw(self) -> Any: ...

    def reseed(self, seed: int, step: int) -> None: ...


class Trainer:
    """One run: objective, EMA copy of its network, and optimiser. `fit` trains until the budget is
    spent.

    `about` describes the model and its settings; a run in `out` goes on only if it agrees.
    """

    def __init__(
        self,
        objective: Any,
        sampler: Sampler,
        out: Path,
        config: TrainConfig,
        about: dict[str, Any],
    ) -> None:
        self.objective, self.sampler, self.out = objective, sampler, out
        self.config, self.about = config, json.loads(json.dumps(about))
        self.ema = copy.deepcopy(objective.network).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            objective.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.spent_s = 0, 0.0
        self._resume()

    def fit(self, minutes: float) -> None:
        """Trains until `minutes` of computing time are spent in all runs together; saves every two
        minutes, and writes the losses for TensorBoard beside the checkpoint."""
        with SummaryWriter(self.out, purge_step=self.step) as log:
            self._fit(minutes * 60, log)
        self.save()

    def _fit(self, budget_s: float, log: SummaryWriter) -> None:
        saved_at = self.spent_s
        recent: dict[str, float] = {}
        while self.spent_s < budget_s:
            started = time.monotonic()
            for name, value in self.train_step(self.spent_s / budget_s).items():
                recent[name] = 0.98 * recent.get(name, value) + 0.02 * value
            self.spent_s += time.monotonic() - started
            if self.step % 50 == 0:
                shown = " ".join(f"{k} {v:.3f}" for k, v in recent.items())
                print(f"step {self.step} {self.spent_s / 60:.1f} min {shown}", flush=True)
                for name, value in recent.items():
                    log.add_scalar(f"loss/{name}", value, self.step)
            if self.spent_s - saved_at > _CHECKPOINT_S:
                saved_at = self.spent_s
                self.save()

    def train_step(self, progress: float) -> dict[str, float]:
        """One step at `progress` (0 to 1) of the budget: cosine decay after a short warm-up."""
        self.objective.train()
        warm = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        decay = max(0.02, 0.5 * (1 + math.cos(math.pi * progress)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * warm * decay
        losses = self.objective.losses(self.sampler.draw())
        self.optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(self.objective.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._update_ema()
        return {name: float(value.detach()) for name, value in losses.items()}

    @torch.no_grad()
    def _update_ema(self) -> None:
        decay = min(self.config.ema_decay, (self.step + 1) / (self.step + 10))
        trained = self.objective.network.state_dict().values()
        for kept, new in zip(self.ema.state_dict().values(), trained, strict=True):
            if kept.dtype.is_floating_point:
                kept.lerp_(new, 1 - decay)
            else:
                kept.copy_(new)

    def save(self) -> None:
        """Writes `checkpoint.pt`, replacing the old one only when the new one is complete."""
        self.out.mkdir(parents=True, exist_ok=True)
        state = {
            "about": self.about,
            "training": asdict(self.config),
            "objective": self.objective.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent_s": self.spent_s,
        }
        torch.save(state, self.out / "checkpoint.part")
        (self.out / "checkpoint.part").replace(self.out / "checkpoint.pt")

    def _resume(self) -> None:
        path = self.out / "checkpoint.pt"
        if not path.is_file():
            return
        state = load_checkpoint(path)
        if state["about"] != self.about:
            raise BadInputError(
                f"{path} was trained as another model or with other settings; choose another --out "
                "or the same --model and --config."
            )
        self.objective.load_state_dict(state["objective"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.spent_s = state["step"], state["spent_s"]
        # Another stretch of the random sequence: the first one was already seen.
        self.sampler.reseed(self.config.seed, self.step)


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's tensors and settings, read without unpickling code."""
    path = path / "checkpoint.pt" if path.is_dir() else path
    if not path.is_file():
        raise BadInputError(f"{path} does not exist; train first or give the folder of a run.")
    return torch.load(path, map_location="cpu", weights_only=True)
