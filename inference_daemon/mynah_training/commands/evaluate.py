"""`mynah evaluate`: compares generated clips with reference performances on a real head."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from mynah_daemon.clip_files import read_clip
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import resample

_SUFFIXES = (".npz", ".csv", ".json")


def add_parser(subparsers: Any) -> None:
    """Adds the subcommand to the `mynah` parser."""
    parser = subparsers.add_parser("evaluate", help="score clips against reference performances")
    parser.add_argument("predicted", type=Path, metavar="PRED_DIR")
    parser.add_argument("reference", type=Path, metavar="REF_DIR")
    parser.add_argument(
        "--head", type=Path, required=True, help="ICT-FaceKit head (ict_arkit52.npz or its folder)"
    )
    parser.add_argument(
        "--phones", type=Path, help="CSV with clip_id, phone, start_s, end_s, kind: adds closures"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ..data.corpus import read_phones
    from ..metrics.head import load_head
    from ..metrics.summary import ClipResult, markdown_table, score_clip

    head = load_head(args.head)
    phones = read_phones(args.phones) if args.phones else {}
    results: list[ClipResult] = []
    for name, predicted, reference in _pairs(args.predicted, args.reference):
        segments = phones.get(name, ((), False))[0]
        results.append(score_clip(name, *_aligned(name, predicted, reference), segments, head))
    print(markdown_table({args.predicted.name: results}))
    return 0


def _pairs(predicted: Path, reference: Path) -> list[tuple[str, Path, Path]]:
    for folder in (predicted, reference):
        if not folder.is_dir():
            raise BadInputError(
                f"{folder} is not a folder; give two folders with clips of the same names."
            )
    ours, theirs = (
        {p.stem: p for p in sorted(f.iterdir()) if p.suffix in _SUFFIXES}
        for f in (predicted, reference)
    )
    names = sorted(ours.keys() & theirs.keys())
    if not names:
        raise BadInputError(
            f"No clip in {predicted} has the name of one in {reference}; nothing can be compared."
        )
    missing = sorted(theirs.keys() - ours.keys())
    if missing:
        raise BadInputError(
            f"{predicted} lacks {len(missing)} of the reference clips, '{missing[0]}' "
            "first; generate them all."
        )
    return [(name, ours[name], theirs[name]) for name in names]


def _aligned(name: str, predicted: Path, reference: Path) -> tuple[MotionClip, MotionClip]:
    """Both clips as ARKit-52, the prediction resampled to the reference's rate and length."""
    ours, theirs = read_clip(predicted), read_clip(reference)
    if abs(ours.duration_s - theirs.duration_s) > 2.5 / min(ours.fps, theirs.fps):
        raise BadInputError(
            f"'{name}' lasts {ours.duration_s:.2f} s, its reference "
            f"{theirs.duration_s:.2f} s; they must be of the same audio."
        )
    present = [c in theirs.channels and bool(np.any(theirs.column(c))) for c in ARKIT_BLENDSHAPES]
    ours = resample(ours, theirs.fps, theirs.n_frames).select(ARKIT_BLENDSHAPES)
    # A channel that the reference never moves is unknown there, not zero: it must not count against
    # a prediction.
    masked = MotionClip(ours.fps, ours.channels, ours.values * np.array(present, np.float32))
    return masked, theirs.select(ARKIT_BLENDSHAPES)
