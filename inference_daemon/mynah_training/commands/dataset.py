"""`mynah dataset build VIDEO_DIR -o CORPUS`: training data from videos of people who speak."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from mynah_daemon.capture.arguments import add_capture_arguments, chosen_head
from mynah_daemon.commands.reporter import Reporter
from mynah_shared.errors import EngineUnavailableError

_STOPPED = 130


def add_parser(subparsers: Any) -> None:
    """Adds the subcommand to the `mynah` parser; what it needs is imported only when it runs."""
    parser = subparsers.add_parser(
        "dataset", help="make training data of videos (needs the extras [training] and [capture])"
    )
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    build = verbs.add_parser(
        "build", help="track, filter and cut a folder of videos; run again, it goes on"
    )
    add = build.add_argument
    add(
        "videos",
        type=Path,
        metavar="VIDEO_DIR",
        help="videos of people who speak, in a folder per speaker; VIDEO.txt beside one is its "
        "transcript",
    )
    add("-o", "--output", type=Path, required=True, metavar="CORPUS", help="folder of the corpus")
    add(
        "--language",
        default="en-us",
        help="of the transcripts, as espeak-ng names it (default: en-us)",
    )
    add_capture_arguments(build)
    build.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Builds the corpus; 130 after Ctrl-C, which keeps what is done."""
    try:
        from ..curation.build import build_dataset
        from ..curation.examining import Tools
        from ..curation.report import REPORT
    except ImportError as error:
        raise EngineUnavailableError(
            f"'mynah dataset' needs the package '{error.name}'; install it with: "
            "pip install 'mynah_daemon[training,capture]'"
        ) from error
    progress = _Progress()
    try:
        head = chosen_head(arguments, progress.report)
        tools = Tools(arguments.language, arguments.landmarker, head)
        build_dataset(arguments.videos, arguments.output, tools, progress.report, progress.say)
    except KeyboardInterrupt:
        progress.end()
        print("Stopped; run it again and it goes on here.", file=sys.stderr)
        return _STOPPED
    finally:
        progress.end()
    print(f"{arguments.output / REPORT} shows every clip, and why it was kept or left out.")
    return 0


class _Progress:
    """A bar per video, and what became of it."""

    def __init__(self) -> None:
        self._reporter = Reporter(sys.stderr)
        self._stage = ""

    def report(self, stage: str, fraction: float) -> None:
        if stage != self._stage:
            self._reporter.end()
        self._stage = stage
        self._reporter(stage, fraction)

    def say(self, line: str) -> None:
        self._reporter.end()
        print(line, flush=True)

    def end(self) -> None:
        self._reporter.end()
