"""Trains any of the models within a budget of minutes; resumes by itself."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.tensorboard import SummaryWriter

from mynah_shared.errors import BadInputError

from .acceleration import accelerate
from .data.prefetch import Prefetcher

CHECKPOINT = "checkpoint.pt"
_WARM_UP_STEPS = 100
_CHECKPOINT_S = 120.0
_STRIPS = 20
"""Film strips of a run, unless that would be more than one per checkpoint."""
_CPU = torch.device("cpu")


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


class Painter(Protocol):
    """Draws what an averaged network does."""

    def draw(self, network: nn.Module) -> Image.Image: ...


class Trainer:
    """One run: objective, EMA copy of its network, and optimiser. `fit` trains until the budget is
    spent.

    `about` describes the model and its settings; a run in `out` goes on only if it agrees. On a GPU
    the network is accelerated and its batches are prefetched; the run may go on elsewhere. `strips`
    draws sample film strips.
    """

    def __init__(
        self,
        objective: Any,
        sampler: Sampler,
        out: Path,
        config: TrainConfig,
        about: dict[str, Any],
        device: torch.device = _CPU,
        strips: Painter | None = None,
    ) -> None:
        self.objective, self.sampler, self.out = objective.to(device), sampler, out
        self.strips = strips
        self.config, self.about = config, json.loads(json.dumps(about))
        self.ema = copy.deepcopy(objective.network).eval().requires_grad_(False)
        self.optimiser = torch.optim.AdamW(
            objective.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.spent_s = 0, 0.0
        if device != _CPU:
            accelerate(objective.network, device)
            self.sampler = Prefetcher(sampler, config.seed, device)
        self._resume()

    def fit(self, minutes: float) -> None:
        """Trains until `minutes` of computing time are spent in all runs together; saves every two
        minutes, and writes the losses for TensorBoard beside the checkpoint. Film strips go there
        and to `strips/`, at most twenty and one at the end."""
        try:
            with SummaryWriter(self.out, purge_step=self.step) as log:
                self._fit(minutes * 60, log)
        finally:
            if isinstance(self.sampler, Prefetcher):
                self.sampler.close()
        self.save()

    def _fit(self, budget_s: float, log: SummaryWriter) -> None:
        first_step, saved_at, drawn_at = self.step, self.spent_s, self.spent_s
        recent: dict[str, float] = {}
        while self.spent_s < budget_s:
            started = time.monotonic()
            for name, value in self.train_step(self.spent_s / budget_s).items():
                recent[name] = 0.98 * recent.get(name, value) + 0.02 * value
            self.spent_s += time.monotonic() - started
            if self.step % 50 == 0 or self.spent_s >= budget_s:
                shown = " ".join(f"{k} {v:.3f}" for k, v in recent.items())
                print(f"step {self.step} {self.spent_s / 60:.1f} min {shown}", flush=True)
                for name, value in recent.items():
                    log.add_scalar(f"loss/{name}", value, self.step)
            if self.spent_s - saved_at > _CHECKPOINT_S:
                saved_at = self.spent_s
                self.save()
                if self.spent_s - drawn_at > budget_s / _STRIPS:
                    self._draw_strip(log)
                    drawn_at = self.spent_s
        if self.step > first_step:
            self._draw_strip(log)

    def _draw_strip(self, log: SummaryWriter) -> None:
        """Its time counts as training's, so that a run ends when it should."""
        if self.strips is None:
            return
        started = time.monotonic()
        try:
            picture = self.strips.draw(self.ema)
            (self.out / "strips").mkdir(parents=True, exist_ok=True)
            picture.save(self.out / "strips" / f"step_{self.step:06}.png")
            log.add_image("strip", np.asarray(picture), self.step, dataformats="HWC")
        except Exception as error:  # whatever it is: no picture is worth a night of training
            print(f"no film strip at step {self.step}: {error}", flush=True)
        self.spent_s += time.monotonic() - started

    def train_step(self, progress: float) -> dict[str, float]:
        """One step at `progress` (0 to 1) of the budget: cosine decay after a short warm-up."""
        self.objective.train()
        warm = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        decay = max(0.02, 0.5 * (1 + math.cos(math.pi * progress)))
        for group in self.optimiser.param_groups:
            group["lr"] = self.config.learning_rate * warm * decay
        losses = self.objective.losses(self.sampler.draw())
        self.optimiser.zero_grad()
        values = torch.stack(list(losses.values()))
        values.sum().backward()
        nn.utils.clip_grad_norm_(self.objective.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._update_ema()
        # Once for all of them: a GPU is waited for here.
        return dict(zip(losses, values.detach().tolist(), strict=True))

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
        (self.out / "checkpoint.part").replace(self.out / CHECKPOINT)

    def _resume(self) -> None:
        path = self.out / CHECKPOINT
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
    path = path / CHECKPOINT if path.is_dir() else path
    if not path.is_file():
        raise BadInputError(f"{path} does not exist; train first or give the folder of a run.")
    return torch.load(path, map_location="cpu", weights_only=True)
