"""Can one read from a motion code who moves? It should say how, not who."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mynah_shared.errors import BadInputError

from ..builders import STYLED, load_trained
from ..metrics.codes import identity_leak
from ..train import load_checkpoint
from .restyled import Restyled


def identity_leaks(runs: list[Path], trials: Restyled) -> dict[str, list[float]]:
    """Percent of held-out performers that are told by the mean motion codes of their clips, for the
    model of each run. Raises `BadInputError` for a run whose model has no motion code."""
    found: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        name = load_checkpoint(run)["about"]["name"]
        network = load_trained(run, *STYLED)
        if not hasattr(network, "encode_motion"):
            raise BadInputError(f"{run} holds the model '{name}', which has no motion code.")
        found[name].append(_leak(network, trials))
    return dict(found)


@torch.no_grad()
def _leak(network: Any, trials: Restyled) -> float:
    codes, people, groups = [], [], []
    for p, own in enumerate(trials.lines):
        for s, line in enumerate(own):
            assert line.motion is not None
            motion = network.normalise(torch.from_numpy(line.motion.astype(np.float32))[None])
            codes.append(network.encode_motion(motion)[0].mean(dim=0).numpy())
            people.append(p)
            groups.append(s)
    return identity_leak(np.stack(codes), people, groups)
