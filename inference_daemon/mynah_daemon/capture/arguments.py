"""What faces are found and solved with: arguments of the commands that watch videos."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ..config import landmarker_from_environment

if TYPE_CHECKING:  # the command line must start without what fetches files
    from .downloads import Report

_DOWNLOAD: Final = Path("download")


def add_capture_arguments(parser: argparse.ArgumentParser) -> None:
    """`--landmarker` and `--head`."""
    parser.add_argument(
        "--landmarker",
        type=Path,
        default=landmarker_from_environment(),
        metavar="PATH",
        help="MediaPipe's face_landmarker.task (default: MYNAH_LANDMARKER, else fetched on first "
        "use)",
    )
    parser.add_argument(
        "--head",
        type=Path,
        metavar="PATH",
        help="solve on this ICT-FaceKit head instead of the network that ships; 'download' "
        "fetches it on first use",
    )


def chosen_head(arguments: argparse.Namespace, report: Report) -> Path | None:
    """The head of `--head`, fetched if it says so; None for the network that ships. `report` hears
    of the download; raises `EngineUnavailableError` if that fails."""
    head: Path | None = arguments.head
    if head != _DOWNLOAD:
        return head
    from .ict_facekit import fetch_head

    return fetch_head(report)
