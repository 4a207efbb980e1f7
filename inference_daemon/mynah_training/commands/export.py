"""`mynah export`: writes a trained run as the ONNX bundle that the daemon serves."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Adds the subcommand to the `mynah` parser; torch is imported only when it runs."""
    parser = subparsers.add_parser(
        "export", help="write a trained run as ONNX (needs the [training] extra)"
    )
    parser.add_argument("checkpoint", type=Path, help="checkpoint.pt of a run, or the run's folder")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, help="folder for the ONNX files and manifest.json"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from ..export_onnx import export_bundle

    for line in export_bundle(args.checkpoint, args.out):
        print(line)
    return 0
