"""`mynah train`: trains a model within a budget of minutes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Adds the subcommand to the `mynah` parser; torch is imported only when it runs."""
    parser = subparsers.add_parser(
        "train", help="train a model on packed data (needs the [training] extra)"
    )
    parser.add_argument(
        "--model",
        choices=(
            "encoder",
            "judge",
            "regression",
            "mynah",
            "mirrortalk",
            "disenttalk",
            "msmd",
            "anitalker",
            "fixtalk",
        ),
        required=True,
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder written by mynah_training.data.pack (encoder) or .features (other models)",
    )
    parser.add_argument(
        "--head",
        type=Path,
        help="ICT-FaceKit head (ict_arkit52.npz or its folder); not for encoder",
    )
    parser.add_argument(
        "--config", type=Path, help="JSON with any of the sections model, mix, training and loss"
    )
    parser.add_argument(
        "--minutes", type=float, required=True, help="computing time of all runs in --out together"
    )
    parser.add_argument(
        "-o",
        "--out",
        type=Path,
        required=True,
        help="folder of the run; an unfinished run there goes on",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ..builders import build_trainer, read_config

    config = read_config(args.model, args.config)
    build_trainer(args.model, args.data, args.head, args.out, config).fit(args.minutes)
    return 0
