"""What fewer steps of denoising cost: one model at each quality that a request may ask for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from mynah_daemon.engine.diffusion import STEPS
from mynah_daemon.engine.model_store import DiffusionEntry, ModelStore, open_store

from ..metrics.head import LandmarkHead
from ..metrics.mesh import FaceMesh
from .contestants import Served
from .filmed import Filmed, Scores, score_filmed
from .judge import Judge
from .lines import Line
from .long_line import score_long_line
from .restyled import Restyled, score_spoken

_PERSON: Final = "grid_s1"
"""Whose dev clips are spoken: the man of whom most was filmed."""


def step_scores(
    bundle: Path,
    filmed: list[Filmed],
    restyled: Restyled,
    line: Line,
    head: LandmarkHead,
    mesh: FaceMesh,
    judge: Judge | None,
) -> dict[str, list[Scores]]:
    """Of a bundle's default model, or of the first one that denoises if that does not; nothing if
    none does. One person's clips, one sentence of each made performer, and the long line."""
    store = open_store(bundle)
    model = denoising_model(store)
    if model is None:
        return {}
    clips = [trial for trial in filmed if trial.person == _PERSON]
    one_each = replace(restyled, n_spoken=1)
    found: dict[str, list[Scores]] = {}
    for quality, n_steps in STEPS.items():
        name = f"{model}, {quality.value}: {n_steps} steps"
        served = Served(store, model, name, quality=quality)
        found[name] = [
            score_filmed(served, clips, head, mesh)
            | score_spoken(served, one_each, head, judge)
            | score_long_line(served, line, head)
        ]
    return found


def denoising_model(store: ModelStore) -> str | None:
    """The default model if it denoises, or the first one that does."""
    names = [entry.name for entry in store.entries if isinstance(entry, DiffusionEntry)]
    if store.default_model in names:
        return store.default_model
    return names[0] if names else None
