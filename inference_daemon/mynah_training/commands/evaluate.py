"""`mynah evaluate`: compares generated clips with reference performances on a real head, or writes
the results table of the models or that of the controls over a performance."""

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
_TABLES_ONLY = ("corpus", "weights", "judge", "runs", "lines", "out")


def add_parser(subparsers: Any) -> None:
    """Adds the subcommand to the `mynah` parser."""
    parser = subparsers.add_parser(
        "evaluate", help="score clips against reference performances, or models in one table"
    )
    parser.add_argument(
        "folders",
        type=Path,
        nargs="*",
        metavar="PRED_DIR REF_DIR",
        help="clips to score and the performances to compare them with, of the same names",
    )
    parser.add_argument(
        "--head", type=Path, required=True, help="ICT-FaceKit head (ict_arkit52.npz or its folder)"
    )
    parser.add_argument(
        "--phones", type=Path, help="CSV with clip_id, phone, start_s, end_s, kind: adds closures"
    )
    parser.add_argument(
        "--table",
        action="store_true",
        help="measure the models of bundles instead and write a table (needs the [training] extra)",
    )
    parser.add_argument(
        "--controls",
        action="store_true",
        help="measure what strength, weights, parts, transitions and the other controls do to a "
        "performance instead and write a table (needs the [training] extra)",
    )
    parser.add_argument("--corpus", type=Path, help="folder of the corpus to measure on")
    parser.add_argument(
        "--weights",
        nargs="+",
        metavar="[LABEL=]DIR",
        help="bundles; a model that several hold is one row with mean ± sd over them, those of a "
        "bundle with a label have rows of their own; a label such as msmd-no_basis or msmd-full "
        "puts a bundle into the section on ablations; with --controls one bundle, unless given the "
        "one that ships",
    )
    parser.add_argument("--judge", type=Path, metavar="RUN", help="run of the judge of styles")
    parser.add_argument(
        "--runs",
        nargs="+",
        metavar="[LABEL=]RUN",
        help="runs to measure identity leak on; with the label of an ablation, of that",
    )
    parser.add_argument("--lines", type=int, metavar="N", help="sentences of each trial")
    parser.add_argument("-o", "--out", type=Path, help="Markdown file to write")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.table and args.controls:
        raise BadInputError("--table and --controls are two tables; write one after the other.")
    if args.table:
        return _run_table(args)
    if args.controls:
        return _run_controls(args)
    if given := [f"--{name}" for name in _TABLES_ONLY if getattr(args, name) is not None]:
        raise BadInputError(f"{given[0]} goes with --table or --controls only.")
    if len(args.folders) != 2:
        raise BadInputError("Give two folders, PRED_DIR and REF_DIR, or --table or --controls.")
    return _run_folders(args, *args.folders)


def _run_table(args: argparse.Namespace) -> int:
    if args.folders or args.phones:
        raise BadInputError("PRED_DIR, REF_DIR and --phones do not go with --table.")
    for name in ("corpus", "weights", "out"):
        if not getattr(args, name):
            raise BadInputError(f"--table needs --{name} too.")
    from ..evaluation.ablation_study import is_studied
    from ..evaluation.table import DEFAULT_LINES, LEAST_LINES, write_table

    n_lines = DEFAULT_LINES if args.lines is None else args.lines
    if n_lines < LEAST_LINES:
        raise BadInputError(f"--lines must be at least {LEAST_LINES}.")
    bundles = [_labelled(text) for text in args.weights]
    runs = [_labelled(text) for text in args.runs or ()]
    labels = {label for label, _ in bundles if is_studied(label)}
    if unknown := [label for label, _ in runs if label and label not in labels]:
        raise BadInputError(
            f"--runs {unknown[0]}=… needs the bundle of that ablation: --weights {unknown[0]}=DIR."
        )
    write_table(
        args.corpus,
        args.head,
        bundles,
        args.out,
        judge=args.judge,
        runs=[run for label, run in runs if not label],
        studied_runs=[(label, run) for label, run in runs if label],
        n_lines=n_lines,
        say=lambda line: print(line, flush=True),
    )
    return 0


def _run_controls(args: argparse.Namespace) -> int:
    if args.folders or args.phones or args.runs:
        raise BadInputError("PRED_DIR, REF_DIR, --phones and --runs do not go with --controls.")
    for name in ("corpus", "out"):
        if not getattr(args, name):
            raise BadInputError(f"--controls needs --{name} too.")
    from mynah_daemon.engine.model_store import BUNDLED

    from ..evaluation.controls import DEFAULT_LINES, write_controls

    n_lines = DEFAULT_LINES if args.lines is None else args.lines
    if n_lines < 1:
        raise BadInputError("--lines must be at least 1.")
    bundles = [Path(text) for text in args.weights or (BUNDLED,)]
    if len(bundles) > 1:
        raise BadInputError(f"--controls measures one bundle, not {len(bundles)}.")
    if not (bundles[0] / "manifest.json").is_file():
        raise BadInputError(
            f"{bundles[0]} has no manifest.json; give a folder written by mynah export."
        )
    write_controls(
        args.corpus,
        args.head,
        bundles[0],
        args.out,
        judge=args.judge,
        n_lines=n_lines,
        say=lambda line: print(line, flush=True),
    )
    return 0


def _labelled(text: str) -> tuple[str, Path]:
    """(label, folder) of "LABEL=DIR" or "DIR"."""
    label, equals, folder = text.partition("=")
    return (label, Path(folder)) if equals and not Path(text).is_dir() else ("", Path(text))


def _run_folders(args: argparse.Namespace, predicted_dir: Path, reference_dir: Path) -> int:
    from ..data.corpus import read_phones
    from ..metrics.head import load_head
    from ..metrics.summary import ClipResult, markdown_table, score_clip

    head = load_head(args.head)
    phones = read_phones(args.phones) if args.phones else {}
    results: list[ClipResult] = []
    for name, predicted, reference in _pairs(predicted_dir, reference_dir):
        segments = phones.get(name, ((), False))[0]
        results.append(score_clip(name, *_aligned(name, predicted, reference), segments, head))
    print(markdown_table({predicted_dir.name: results}))
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
