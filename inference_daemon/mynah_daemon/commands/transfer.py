"""`mynah transfer CLIP|VIDEO -o OUT`: an actor's performance, given to another character."""

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
        "clip",
        type=Path,
        metavar="CLIP|VIDEO",
        help=".csv, .npz or .json, or a video of the actor, which is captured first",
    )
    add_line_arguments(parser, fps=0.0)
    parser.add_argument(
        "--model",
        default="",
        help="go through this model's motion codes (anitalker, fixtalk); default: each channel of "
        "the clip takes the rest and reach that it has in the style",
    )
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Transfers and writes the file. Raises `MynahError` with a sentence, leaving no file."""
    check_output(arguments.output, arguments.representation)
    line = read_line(arguments, arguments.clip, model=arguments.model, is_transfer=True)
    perform_into(line, arguments.output)
    return 0
