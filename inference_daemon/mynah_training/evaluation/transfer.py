"""A clip of one made performer drives the character of another: is the motion kept, and is the
manner the other's? One sentence exists in all their manners, so the right answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import DiffusionEntry, ModelStore, open_store
from mynah_daemon.engine.postprocess import constrain
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import StyleUse, SynthesizeRequest

from ..builders import STYLED, load_trained
from ..data.pack import MOTION_FPS
from ..metrics.codes import cosine, nearest
from ..metrics.head import LandmarkHead
from ..metrics.lips import compare
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
    `shown`; the performer `driver` drives."""

    driving: Line
    truth: Line
    shown: FloatArray
    driver: int
    target: int
    sentence: int


def transfer_scores(
    bundles: list[tuple[str, Path]],
    trials: Restyled,
    pose: FloatArray,
    head: LandmarkHead,
    judge: Judge | None,
) -> dict[str, list[Scores]]:
    """Of the models of (label, folder) bundles that a clip can drive, through the daemon's engine:
    each driven by another performer and, as far as it can get, by the target; behind what needs no
    model. Nothing without such a model."""
    models: dict[str, list[Transfer]] = {}
    for name, store, model in _driven_by_clips(bundles):
        models.setdefault(name, []).append(served_transfer(store, model))
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
        SERVED: served_transfer(open_store(bundles[0][1])),
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


def served_transfer(store: ModelStore, model: str = "") -> Transfer:
    """What the engine makes of it, through a model or without one."""
    engine = LipSyncEngine(store)
    request = SynthesizeRequest(
        "", "", MOTION_FPS, model=model, styles=(StyleUse("shown"),), is_transfer=True
    )

    def transfer(driving: FloatArray, shown: FloatArray) -> FloatArray:
        clips = [MotionClip(MOTION_FPS, ARKIT_CHANNELS, motion) for motion in (driving, shown)]
        return engine.transfer(request, clips[0], clips[1:]).values

    return transfer


def _driven_by_clips(bundles: list[tuple[str, Path]]) -> Iterator[tuple[str, ModelStore, str]]:
    """Row, store and name of every model that a clip can drive; one that several bundles share
    comes once."""
    met = set[tuple[str, str]]()
    for label, folder in bundles:
        store = open_store(folder)
        for entry in store.entries:
            if not (isinstance(entry, DiffusionEntry) and entry.transfer):
                continue
            if (entry.name, entry.sha256) not in met:
                yield f"{entry.name}, {label}" if label else entry.name, store, entry.name
            met.add((entry.name, entry.sha256))


def rebuilt_lips(run: Path, trials: Restyled, head: LandmarkHead) -> float:
    """Lip vertex error (mm) of sentences that the network of a run makes of their own motion codes
    and the style code of another sentence of the same performer: what the code of its motion keeps,
    measured, like what leaks into it, on the network itself."""
    transfer = _through(load_trained(run, *STYLED))
    drives = _drives(trials, by_target=True)
    return mean_scores([_score(transfer, drive, head, None, None) for drive in drives])["lips"]


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
            driver = (target + away) % n_performers
            driving = trials.lines[driver][s]
            yield Drive(driving, truth, trials.style_of(target, s), driver, target, s)


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
        if drive.driver != drive.target:
            row["driver"] = 100.0 * (told == drive.driver)
    return row
