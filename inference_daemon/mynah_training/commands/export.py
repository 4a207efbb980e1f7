"""`mynah export`: writes trained runs as the ONNX bundle that the daemon serves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Adds the subcommand to the `mynah` parser; torch is imported only when it runs."""
    parser = subparsers.add_parser(
        "export", help="write a trained run as ONNX (needs the [training] extra)"
    )
    parser.add_argument(
        "runs",
        type=Path,
        nargs="+",
        metavar="RUN",
        help="folders of the runs to serve; the first one's model is the default",
    )
    parser.add_argument(
        "--encoder", type=Path, required=True, help="folder of the speech encoder's run"
    )
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FEATURES",
        help="features of the training clips: the neutral style of models with styles",
    )
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="folder for the ONNX files and manifest.json"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ..export_onnx import export_bundle

    for line in export_bundle(args.encoder, args.runs, args.out, args.data):
        print(line)
    return 0
