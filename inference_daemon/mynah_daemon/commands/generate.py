"""`mynah generate AUDIO -o OUT`: one line of dialogue to a motion file."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

from mynah_shared.protocol.messages import Quality

from .lines import add_line_arguments, check_output, number, perform_into, read_line


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("generate", help="perform one line of dialogue")
    add = parser.add_argument
    add("audio", type=Path, metavar="AUDIO", help="any sound or video file")
    add_line_arguments(parser)
    add("--model", default="", help="default: the installation's best")
    add("--seed", type=_seed, default=0)
    add("--quality", choices=[q.value for q in Quality], default=Quality.normal.value)
    add("--text", default="", help="what is spoken, if known")
    add("--audio-guidance", type=number, default=1.0)
    add("--style-guidance", type=number, default=1.0)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Generates and writes the file. Raises `MynahError` with a sentence, leaving no file."""
    check_output(arguments.output, arguments.representation)
    line = read_line(
        arguments,
        arguments.audio,
        model=arguments.model,
        seed=arguments.seed,
        quality=Quality(arguments.quality),
        text=arguments.text,
        audio_guidance=arguments.audio_guidance,
        style_guidance=arguments.style_guidance,
    )
    perform_into(line, arguments.output)
    return 0


def _seed(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a whole number from 0 up, of at most 18 digits"
        )
    return int(text)
