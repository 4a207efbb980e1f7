"""`mynah flame calibrate` and `mynah flame convert`: FLAME in and out."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.flame import FLAME

from ..clip_files import clip_writer, read_clip, replace_file, write_clip
from ..config import config_from_environment
from .reporter import Reporter

if TYPE_CHECKING:  # scipy takes half a second to load, which no other command shall wait for
    from ..flame.arkit_head import ArkitHead
    from ..flame.calibrate import Calibration
    from ..flame.model import FlameModel

_HARDLY: Final = 0.5
"""A shape of which FLAME misses more than this share of the motion is named in the report."""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("flame", help="FLAME coefficients in and out")
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    make = verbs.add_parser("calibrate", help="make the map between ARKit and your FLAME model")
    add = make.add_argument
    add(
        "--flame",
        type=Path,
        required=True,
        metavar="FILE",
        help="generic_model.pkl, flame2023.pkl …",
    )
    add("--head", type=Path, help="ICT-FaceKit's ict_arkit52.npz (default: fetched on first use)")
    add("--exp", type=int, choices=[50, 100], help="components of exp (default: all of the file)")
    add("-o", "--output", type=Path, metavar="MAP", help="default: where Mynah looks for it")
    make.set_defaults(run=run_calibrate)

    turn = verbs.add_parser("convert", help="turn a clip into ARKit's or FLAME's coefficients")
    add = turn.add_argument
    add("clip", type=Path, metavar="CLIP", help="ARKit or FLAME: .csv, .npz or .json")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help=".csv, .npz or .json")
    add("--representation", choices=["arkit", FLAME], default="arkit", help="of OUT")
    add("--fps", type=float, help="rate of a FLAME track that doesn't say it")
    turn.set_defaults(run=run_convert)


def run_calibrate(arguments: argparse.Namespace) -> int:
    """Fits and stores the map, and says how good it is.

    Raises `BadInputError`, leaving no file.
    """
    from ..capture.ict_facekit import fetch_head
    from ..flame.arkit_head import read_arkit_head
    from ..flame.calibrate import calibrate
    from ..flame.read_model import read_flame_model

    path: Path = arguments.output or config_from_environment().flame_map
    if arguments.output and not path.absolute().parent.is_dir():
        raise BadInputError(f"The folder of the map '{path}' doesn't exist; create it first.")
    reporter = Reporter(sys.stderr)
    try:
        reporter("read", 0.0)
        model = read_flame_model(arguments.flame)
        head = read_arkit_head(arguments.head or fetch_head(reporter))
        width = arguments.exp or model.exp_width
        if width > model.exp_width:
            raise BadInputError(
                f"'{arguments.flame.name}' has {model.exp_width} components of expression; --exp "
                f"{width} is more."
            )
        sha256 = hashlib.sha256(arguments.flame.read_bytes()).hexdigest()
        done = calibrate(model, head, width, arguments.flame.name, sha256, reporter)
    finally:
        reporter.end()
    _store(done, model, head, path)
    print(_report(done))
    print(f"\nMap: {path}\nPicture: {path.with_suffix('.png')}")
    return 0


def run_convert(arguments: argparse.Namespace) -> int:
    """Reads the clip and writes it in the other form. Raises `BadInputError`, leaving no file."""
    from ..flame.mapping import read_map

    output: Path = arguments.output
    clip_writer(output, arguments.representation)
    clip = read_clip(arguments.clip, arguments.fps)
    if arguments.representation == FLAME:
        clip = read_map(config_from_environment().flame_map).to_flame(clip)
    write_clip(clip, output)
    print(f"{output}: {clip.n_frames} frames at {clip.fps:g} fps")
    return 0


def _store(done: Calibration, model: FlameModel, head: ArkitHead, path: Path) -> None:
    from ..flame.mapping import map_to_bytes
    from ..flame.picture import write_picture

    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, map_to_bytes(done.flame_map))
        write_picture(done, model, head, path.with_suffix(".png"))
    except OSError as err:
        raise BadInputError(f"Can't write {path}: {err.strerror}; choose another folder.") from err


def _report(done: Calibration) -> str:
    """A table in words: what each shape moves, what FLAME misses of it, and what comes back."""
    fit, aligned = done.fit, done.alignment
    moving = fit.moves_mm > 0
    lines = [
        f"{done.flame_map.model}: exp {done.flame_map.exp_width}; {len(aligned.matched)} vertices "
        f"have a partner on the ARKit head, {aligned.distance_mm.mean():.2f} mm away on average.",
        "",
        f"{'shape':<20} {'moves mm':>9} {'missed mm':>10} {'at worst mm':>12} {'round trip':>11}",
    ]
    columns = (fit.moves_mm, fit.residual_mm, fit.worst_mm, fit.round_trip)
    for name, *values in zip(ARKIT_BLENDSHAPES, *columns, strict=True):
        moves, missed, worst, back = values
        lines.append(f"{name:<20} {moves:>9.1f} {missed:>10.2f} {worst:>12.2f} {back:>11.3f}")
    moves, missed, worst, back = (float(np.mean(column[moving])) for column in columns)
    lines.append(f"{'mean':<20} {moves:>9.1f} {missed:>10.2f} {worst:>12.2f} {back:>11.3f}")
    hardly = fit.motion_mm[moving] * _HARDLY < fit.residual_mm[moving]
    names = np.array(ARKIT_BLENDSHAPES)
    if hardly.any():
        lines.append(f"FLAME shows less than half of: {', '.join(names[moving][hardly])}.")
    if not moving.all():
        lines.append(f"Not in FLAME or the head: {', '.join(names[~moving])}.")
    return "\n".join(lines)
