"""`mynah transfer CLIP -o OUT`: an actor's performance, given to another character."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from .lines import add_line_arguments, check_output, perform_into, read_line


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "transfer", help="give a performance to the character that --style shows"
    )
    parser.add_argument(
        "clip", type=Path, metavar="CLIP", help=".csv, .npz or .json; for a video: `mynah capture`"
    )
    add_line_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Transfers and writes the file. Raises `MynahError` with a sentence, leaving no file."""
    check_output(arguments.output, arguments.representation)
    perform_into(read_line(arguments, arguments.clip, is_transfer=True), arguments.output)
    return 0
