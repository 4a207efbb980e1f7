"""`mynah capture VIDEO -o OUT`: the performance in a video as a style clip."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..capture.arguments import add_capture_arguments, chosen_head
from ..clip_files import write_clip
from .lines import check_output, rate
from .reporter import Reporter

if TYPE_CHECKING:  # decoders and networks take a second to load
    from ..capture.capture import CaptureReport


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("capture", help="make a style clip of a video of a performer")
    add = parser.add_argument
    add("video", type=Path, metavar="VIDEO", help="a performer who speaks, seen from the front")
    add("-o", "--output", type=Path, required=True, metavar="OUT", help=".csv, .npz or .json")
    add("--fps", type=rate, default=0.0, help="rate of the clip (default: the video's)")
    add("--start", type=float, default=0.0, metavar="S", help="begin here in the video")
    add("--end", type=float, default=0.0, metavar="S", help="end here in the video")
    add_capture_arguments(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Captures and writes the file. Raises `MynahError` with a sentence, leaving no file."""
    from ..capture.capture import Part, capture_video

    output: Path = arguments.output
    check_output(output)
    part = Part(arguments.start, arguments.end, arguments.fps)
    reporter = Reporter(sys.stderr)
    try:
        head = chosen_head(arguments, reporter)
        made = capture_video(
            arguments.video, reporter, part, landmarker=arguments.landmarker, head=head
        )
    finally:
        reporter.end()
    clip, report = made.clip, made.report
    meta = {"source": arguments.video.name, "solved": "network" if head is None else "head"}
    warnings = report.warnings + report.style_warnings
    write_clip(clip, output, json.dumps({**meta, "warnings": warnings}))
    print(f"{output}: {clip.n_frames} frames at {clip.fps:g} fps\n{_summary(report)}")
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def _summary(report: CaptureReport) -> str:
    quality = report.quality
    heard = "no sound" if report.heard is None else f"speech in {report.heard:.0%} of the sound"
    return (
        f"{quality.duration_s:.1f} s, {heard}, the mouth speaks {quality.speaking:.0%} of the "
        f"time; {quality.live_channels} of 55 channels move, {quality.blinks_per_s:.2f} blinks per "
        f"second, the head by {quality.head_deg:.1f} degrees"
    )
