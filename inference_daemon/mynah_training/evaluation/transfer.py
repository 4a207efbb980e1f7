"""A clip of one made performer drives the character of another: is the motion kept, and is the
manner the other's? One sentence exists in all their manners, so the right answer is known."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from mynah_daemon.engine.postprocess import constrain
from mynah_daemon.engine.style_plan import StyleKey, StylePlan
from mynah_daemon.engine.transfer import transfer_performance
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import StyleUse

from ..builders import STYLED, load_trained
from ..data.pack import MOTION_FPS
from ..metrics.codes import cosine, nearest
from ..metrics.head import LandmarkHead
from ..metrics.lips import compare
from ..train import load_checkpoint
from .contestants import MEAN_POSE
from .filmed import Scores, mean_scores
from .judge import Judge
from .lines import N_SHAPES, Line
from .restyled import Restyled, judged_codes, performer_codes

FloatArray = NDArray[np.float32]
Transfer = Callable[[FloatArray, FloatArray], FloatArray]
"""A driving performance [T, 55] and another [S, 55] that shows the target → motion [T, 55]."""

UNCHANGED: Final = "the driving clip, unchanged"
RESCALED: Final = "the driving clip, rescaled"
SERVED: Final = "mynah transfer"
SELF_DRIVEN: Final = "driven by the target"


@dataclass(frozen=True, eq=False)
class Drive:
    """`driving` is to be given as `truth`, by the performer `target`, in another sentence
    `shown`."""

    driving: Line
    truth: Line
    shown: FloatArray
    target: int
    sentence: int


def transfer_scores(
    runs: list[Path],
    trials: Restyled,
    pose: FloatArray,
    head: LandmarkHead,
    judge: Judge | None,
) -> dict[str, list[Scores]]:
    """Of the runs whose models can be driven by a clip, each driven by another performer and, as
    far as it can get, by the target; behind what needs no model. Nothing without such a run."""
    models = defaultdict[str, list[Transfer]](list)
    for run in runs:
        network: Any = load_trained(run, *STYLED)
        if hasattr(network, "transfer"):
            models[load_checkpoint(run)["about"]["name"]].append(_through(network))
    if not models:
        return {}
    codes = judged_codes(trials, judge) if judge else None
    others, selves = list(_drives(trials)), list(_drives(trials, by_target=True))

    def score(transfer: Transfer, drives: list[Drive]) -> Scores:
        return mean_scores([_score(transfer, drive, head, judge, codes) for drive in drives])

    def still(driving: FloatArray, shown: FloatArray) -> FloatArray:
        del shown
        return np.tile(pose, (len(driving), 1))

    plain: dict[str, Transfer] = {
        UNCHANGED: lambda d, _: d,
        RESCALED: rescale,
        SERVED: as_served,
        MEAN_POSE: still,
    }
    found = {name: [score(transfer, others)] for name, transfer in plain.items()}
    for name, transfers in models.items():
        found[name] = [score(transfer, others) for transfer in transfers]
        found[f"{name}, {SELF_DRIVEN}"] = [score(transfer, selves) for transfer in transfers]
    return found


def rescale(driving: FloatArray, shown: FloatArray) -> FloatArray:
    """Each channel with the mean and the deviation that it has in what is shown."""
    scale = shown.std(axis=0) / driving.std(axis=0).clip(1e-6)
    return (driving - driving.mean(axis=0)) * scale + shown.mean(axis=0)


def as_served(driving: FloatArray, shown: FloatArray) -> FloatArray:
    """What the engine makes of it."""
    key = StyleKey(StyleUse("shown"), MotionClip(MOTION_FPS, ARKIT_CHANNELS, shown))
    clip = MotionClip(MOTION_FPS, ARKIT_CHANNELS, driving)
    return transfer_performance(clip, StylePlan((key,))).values


def _through(network: Any) -> Transfer:
    @torch.no_grad()
    def transfer(driving: FloatArray, shown: FloatArray) -> FloatArray:
        clips = (torch.from_numpy(clip.astype(np.float32))[None] for clip in (driving, shown))
        motion, style = (network.normalise(clip) for clip in clips)
        return network.denormalise(network.transfer(motion, network.encode_style(style)))[0].numpy()

    return transfer


def _drives(trials: Restyled, *, by_target: bool = False) -> Iterator[Drive]:
    """The spoken sentences for every target, each time driven by another of the others."""
    n_performers = len(trials.lines)
    for target, own in enumerate(trials.lines):
        for s, truth in enumerate(own[: trials.n_spoken]):
            away = 0 if by_target else 1 + (target + s) % (n_performers - 1)
            driving = trials.lines[(target + away) % n_performers][s]
            yield Drive(driving, truth, trials.style_of(target, s), target, s)


def _score(
    transfer: Transfer,
    drive: Drive,
    head: LandmarkHead,
    judge: Judge | None,
    codes: FloatArray | None,
) -> Scores:
    truth, driving = drive.truth, drive.driving
    assert truth.motion is not None
    assert driving.motion is not None
    given = MotionClip(truth.fps, ARKIT_CHANNELS, transfer(driving.motion, drive.shown))
    found = constrain(given).values * truth.known
    shapes = found[:, :N_SHAPES]
    to_truth, to_driving = (
        compare(shapes, motion[:, :N_SHAPES], truth.fps, head)
        for motion in (truth.motion, driving.motion)
    )
    row = {
        "lips": to_truth.lip_vertex_error_mm,
        "gap": to_truth.gap_correlation,
        "kept": to_driving.gap_correlation,
    }
    if judge is not None and codes is not None:
        code = judge.code(found, truth.known)
        row["similarity"] = cosine(code, codes[drive.target, drive.sentence])
        told = nearest(code, performer_codes(codes, drive.sentence))
        row["target"] = 100.0 * (told == drive.target)
    return row
