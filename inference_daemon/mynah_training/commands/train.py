"""`mynah train`: trains a model within a budget of minutes."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from mynah_shared.errors import BadInputError


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
        help="ICT-FaceKit head (ict_arkit52.npz or its folder), on which lips are measured",
    )
    parser.add_argument(
        "--encoder",
        nargs=2,
        metavar=("hubert", "PATH"),
        help="with --model encoder: teach a head on your own HuBERT (folder with config.json)",
    )
    parser.add_argument(
        "--regression",
        type=Path,
        metavar="RUN",
        help="with --model mynah: the run of the regression model that drafts its lips",
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
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="cuda: one NVIDIA GPU, with bf16 and compiled networks (default: cpu)",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ..builders import build_trainer, read_config

    if args.head is None:
        raise BadInputError(
            "--head is missing; give the ICT-FaceKit head (ict_arkit52.npz or its folder), on "
            "which lips are measured."
        )
    model, path = _model(args)
    config = read_config(model, args.config)
    if path is not None:
        config = replace(config, model=replace(config.model, hubert=str(path.resolve())))
    trainer = build_trainer(
        model, args.data, args.head, args.out, config, args.device, args.regression
    )
    trainer.fit(args.minutes)
    return 0


def _model(args: argparse.Namespace) -> tuple[str, Path | None]:
    """What is trained: the named model or, with `--encoder`, the head on the HuBERT in a folder."""
    if args.encoder is None:
        return args.model, None
    kind, path = args.encoder
    if kind != "hubert":
        raise BadInputError(f"There is no encoder '{kind}'; give --encoder hubert PATH.")
    if args.model != "encoder":
        raise BadInputError(
            f"--encoder goes with --model encoder; '{args.model}' hears through the encoder that "
            "its --data was written with."
        )
    return kind, Path(path)
