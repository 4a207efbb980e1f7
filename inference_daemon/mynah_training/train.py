"""Trains the speech encoder and the regression decoder together, within a budget of minutes;
resumes by itself."""

from __future__ import annotations

import copy
import json
import math
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .data.batches import Batch, BatchSampler, Mix
from .data.pack import Pack
from .data.phones import UNKNOWN
from .losses.lip_geometry import LipGeometryLoss
from .metrics.head import load_head
from .models.regression import RegressionConfig, RegressionModel

_N_SHAPES = len(ARKIT_BLENDSHAPES)
_WARM_UP_STEPS = 100
_CHECKPOINT_S = 120.0
_LEAST_DEVIATION = 0.01


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run besides its data. Weights multiply the losses; see
    `losses_of`."""

    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    ema_decay: float = 0.998
    phone_weight: float = 1.0
    lip_weight: float = 0.5
    velocity_weight: float = 0.5
    gap_weight: float = 0.1
    coefficient_weight: float = 0.3
    side_dropout: float = 0.4
    bottleneck_noise: float = 1.0
    left_out: tuple[str, ...] = ()
    left_out_words: tuple[str, ...] = ()
    seed: int = 0


class Trainer:
    """One run: model, EMA copy, optimiser and sampler. `fit` trains until the budget is spent."""

    def __init__(
        self,
        pack: Pack,
        head: Path,
        out: Path,
        model: RegressionConfig,
        config: TrainConfig,
        mix: Mix,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.out = config, out
        self.sampler = BatchSampler(
            pack, mix, config.seed, frozenset(config.left_out), config.left_out_words
        )
        mean, scale = motion_statistics(pack, frozenset(config.left_out))
        self.model = RegressionModel(model, mean, scale)
        self.ema = copy.deepcopy(self.model).eval().requires_grad_(False)
        self.lips = LipGeometryLoss(load_head(head))
        self.optimiser = torch.optim.AdamW(
            self.model.parameters(), config.learning_rate, weight_decay=config.weight_decay
        )
        self.step, self.spent_s = 0, 0.0
        self._resume(model)

    def fit(self, minutes: float) -> None:
        """Trains until `minutes` of computing time are spent in all runs together; saves every two
        minutes."""
        budget_s, saved_at = minutes * 60, self.spent_s
        recent: dict[str, float] = {}
        while self.spent_s < budget_s:
            started = time.monotonic()
            for name, value in self._train_step(self.spent_s / budget_s).items():
                recent[name] = 0.98 * recent.get(name, value) + 0.02 * value
            self.spent_s += time.monotonic() - started
            if self.step % 50 == 0:
                print(
                    f"step {self.step} {self.spent_s / 60:.1f} min "
                    + " ".join(f"{k} {v:.3f}" for k, v in recent.items()),
                    flush=True,
                )
            if self.spent_s - saved_at > _CHECKPOINT_S:
                saved_at = self.spent_s
                self.save()
        self.save()

    def _train_step(self, progress: float) -> dict[str, float]:
        self.model.train()
        warm = min(1.0, (self.step + 1) / _WARM_UP_STEPS)
        rate = (
            self.config.learning_rate * warm * max(0.02, 0.5 * (1 + math.cos(math.pi * progress)))
        )
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        losses = self.losses_of(self.sampler.draw())
        total = torch.stack(list(losses.values())).sum()
        self.optimiser.zero_grad()
        total.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        self._update_ema()
        return {name: float(value.detach()) for name, value in losses.items()}

    def losses_of(self, batch: Batch) -> dict[str, Tensor]:
        """Weighted losses: phones (cross-entropy), lips (mm), velocity, lip gap, and all
        coefficients."""
        config = self.config
        with torch.autocast("cpu", torch.bfloat16):
            logits, side = self.model.encoder(batch.mel)
            predicted = self.model.decoder(*self._narrowed(logits, side))
        logits, predicted = logits.float(), predicted.float()
        phone = functional.cross_entropy(
            logits.transpose(1, 2),
            batch.phones,
            ignore_index=UNKNOWN,
            label_smoothing=0.05,
            reduction="none",
        )
        faces = batch.valid.any(1)
        valid = batch.valid[faces]
        predicted, target = predicted[faces] * valid[:, None], batch.motion[faces] * valid[:, None]
        position, velocity, gap = self.lips(predicted[..., :_N_SHAPES], target[..., :_N_SHAPES])
        scaled = (predicted - target) / self.model.decoder.scale.clamp(min=_LEAST_DEVIATION)
        coefficients = (
            scaled.square() + 2 * functional.pad(scaled.diff(dim=1), (0, 0, 1, 0)).square()
        )
        return {
            "phone": config.phone_weight * (phone.mean(1) * batch.phone_weight).mean(),
            "lips": config.lip_weight * position,
            "velocity": config.velocity_weight * velocity,
            "gap": config.gap_weight * gap,
            "coefficients": config.coefficient_weight * (coefficients * valid[:, None]).mean(),
        }

    def _narrowed(self, logits: Tensor, side: Tensor) -> tuple[Tensor, Tensor]:
        """The bottleneck with noise on it, and without its side channel for a share of the items.

        The noise limits what passes to what the phones say: few faces are soon learned by heart,
        and a word's identity would slip through in the small print of the logits.
        """
        noise = self.config.bottleneck_noise
        keep = torch.rand(len(side), 1, 1) >= self.config.side_dropout
        heard = logits + noise * torch.randn_like(logits)
        return heard, (side + 0.3 * noise * torch.randn_like(side)) * keep

    def _update_ema(self) -> None:
        decay = min(self.config.ema_decay, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for kept, new in zip(
                self.ema.state_dict().values(), self.model.state_dict().values(), strict=True
            ):
                if kept.dtype.is_floating_point:
                    kept.lerp_(new, 1 - decay)
                else:
                    kept.copy_(new)

    def save(self) -> None:
        """Writes `checkpoint.pt`, replacing the old one only when the new one is complete."""
        self.out.mkdir(parents=True, exist_ok=True)
        state = {
            "model": self.model.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent_s": self.spent_s,
            "config": asdict(self.model.config),
            "training": asdict(self.config),
        }
        torch.save(state, self.out / "checkpoint.part")
        (self.out / "checkpoint.part").replace(self.out / "checkpoint.pt")

    def _resume(self, model: RegressionConfig) -> None:
        path = self.out / "checkpoint.pt"
        if not path.is_file():
            return
        state = load_checkpoint(path)
        if model_config(state) != model:
            raise BadInputError(
                f"{path} was trained with other sizes; choose another --out or the same --config."
            )
        self.model.load_state_dict(state["model"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.spent_s = state["step"], state["spent_s"]
        # Another stretch of the random sequence: the first one was already seen.
        self.sampler.rng = np.random.default_rng([self.config.seed, self.step])
        self.sampler.generator.manual_seed(self.config.seed + self.step)


def motion_statistics(pack: Pack, left_out: frozenset[str]) -> tuple[Tensor, Tensor]:
    """Mean and deviation [55] of the training motion over the clips in which a channel is valid.

    Both are 0 for a channel that no clip knows, so that the model leaves it at rest.
    """
    total, square, count = np.zeros(55), np.zeros(55), np.zeros(55)
    for entry in pack.entries:
        if (
            entry.valid
            and entry.split == "train"
            and entry.source != "synthetic_grid"
            and entry.speaker not in left_out
        ):
            valid = np.array([c == "1" for c in entry.valid])
            values = pack.motion_of(entry).astype(np.float64) * valid
            total, square, count = (
                total + values.sum(0),
                square + (values**2).sum(0),
                count + valid * len(values),
            )
    if not count.any():
        raise BadInputError(
            "The packed data holds no motion to train on; pack a corpus with paired clips."
        )
    mean = total / count.clip(1)
    deviation = np.sqrt((square / count.clip(1) - mean**2).clip(0))
    return torch.tensor(mean, dtype=torch.float32), torch.tensor(
        np.where(count > 0, deviation.clip(_LEAST_DEVIATION), 0.0), dtype=torch.float32
    )


def load_checkpoint(path: Path) -> dict[str, Any]:
    """A checkpoint's tensors and settings, read without unpickling code."""
    if not path.is_file():
        raise BadInputError(f"{path} does not exist; train first or give the folder of a run.")
    return torch.load(path, map_location="cpu", weights_only=True)


def model_config(state: dict[str, Any]) -> RegressionConfig:
    """The sizes of a checkpoint's networks."""
    return RegressionConfig(**_tuples(state["config"]))


def read_config(path: Path | None) -> tuple[RegressionConfig, TrainConfig, Mix]:
    """Settings from a JSON file {"model": {…}, "training": {…}, "mix": {…}}; the defaults where it
    says nothing."""
    try:
        data = json.loads(path.read_text()) if path else {}
        return (
            RegressionConfig(**_tuples(data.get("model", {}))),
            TrainConfig(**_tuples(data.get("training", {}))),
            Mix(**data.get("mix", {})),
        )
    except (OSError, json.JSONDecodeError, TypeError) as error:
        raise BadInputError(
            f"{path} can't be used as a training configuration: {error}."
        ) from error


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
