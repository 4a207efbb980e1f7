"""The held-out judge of styles, read from a run of it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS

from ..models.style_judge import StyleJudge, StyleJudgeConfig
from ..train import load_checkpoint
from .lines import LONGEST_STYLE_S, STYLE_FPS

FloatArray = NDArray[np.float32]
NAME: Final = "judge"


class Judge:
    """Style codes of unit length, for measuring."""

    def __init__(self, network: StyleJudge) -> None:
        self._network = network.eval()

    @torch.no_grad()
    def code(self, motion: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
        """Of a performance [S, 55] at 25/s, of which only the channels `known` [55] are seen."""
        seen = motion[: round(LONGEST_STYLE_S * STYLE_FPS)] * known
        return self._network(torch.from_numpy(seen.astype(np.float32))[None])[0].numpy()


def load_judge(path: Path) -> Judge:
    """The averaged (EMA) network of a run of `mynah train --model judge`. Raises `BadInputError`
    for a run of anything else."""
    state = load_checkpoint(path)
    name = state["about"]["name"]
    if name != NAME:
        raise BadInputError(f"{path} holds the model '{name}', not {NAME}.")
    n_channels = len(ARKIT_CHANNELS)
    config = StyleJudgeConfig(**state["about"]["model"])
    network = StyleJudge(config, torch.zeros(n_channels), torch.ones(n_channels))
    network.load_state_dict(state["ema"])
    return Judge(network)
