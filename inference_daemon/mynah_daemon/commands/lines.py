"""What `mynah generate` and `mynah transfer` have in common: the arguments that shape a line, how
it is performed by the daemon, and how its result is written."""

from __future__ import annotations

import argparse
import json
import math
import queue
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

from mynah_shared._version import __version__
from mynah_shared.client.background import BackgroundClient
from mynah_shared.client.events import (
    Cancelled,
    ClientEvent,
    Disconnected,
    Failed,
    Finished,
    Progressed,
)
from mynah_shared.client.steps import Line
from mynah_shared.errors import BadInputError, JobFailedError
from mynah_shared.protocol.messages import Amounts, GestureUse, KeyUse, StyleUse
from mynah_shared.scene.style_words import parse_style, style_file

from ..clip_files import clip_writer, write_clip
from .connecting import APP, connect
from .reporter import Reporter

_PARTS: Final = ("lips", "brows", "blinks", "gaze", "head")
_POLL_S: Final = 0.1  # a wait without end would not hear Ctrl-C on Windows


def add_line_arguments(parser: argparse.ArgumentParser, fps: float = 30.0) -> None:
    """Output, styles, what to keep, rate, amounts and the part of the source. `fps` is the rate
    unless told otherwise; 0 is the source's own."""
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="OUT", help=".csv, .npz or .json")
    add(
        "--style",
        action="append",
        type=_style,
        default=[],
        metavar="STYLE",
        help="NAME|TAG|FILE[@WEIGHT][:REGION]: imitate a style of the library or the performance "
        "in a file; REGION is lips, eyes, brows or head; repeat to mix",
    )
    add(
        "--style-at",
        action="append",
        nargs=2,
        default=[],
        metavar=("S", "STYLE"),
        help="from S seconds on, this style",
    )
    add("--style-fade", type=number, default=1.0, metavar="S", help="how long styles cross-fade")
    add(
        "--style-strength",
        type=number,
        default=1.0,
        metavar="AMOUNT",
        help="0 neutral, 1 as shown, 2 exaggerated (default: 1)",
    )
    add("--take", type=Path, metavar="CLIP.npz", help="an earlier take of this line, to keep")
    add(
        "--redo",
        nargs=2,
        type=number,
        metavar=("START", "END"),
        help="with --take: make only these seconds anew (give another --seed)",
    )
    add(
        "--gesture",
        action="append",
        nargs=4,
        default=[],
        metavar=("CLIP[:REGION]", "FROM", "TO", "AT"),
        help="pin the passage FROM to TO (s) of a clip or a style to the moment AT of the line",
    )
    add(
        "--key",
        action="append",
        nargs=3,
        default=[],
        metavar=("CHANNEL", "S", "VALUE"),
        help="at S seconds this channel must have this value",
    )
    usual = f"{fps:g}" if fps else "the source's"
    add("--fps", type=rate, default=fps, help=f"23.976, 24000/1001, 30 … (default: {usual})")
    for part in _PARTS:
        add(f"--{part}", type=number, default=1.0, metavar="AMOUNT", help="0 to 2 (default: 1)")
    add("--start", type=number, default=0.0, metavar="S", help="begin here in the source")
    add("--end", type=number, default=0.0, metavar="S", help="end here in the source")
    add("--representation", choices=["arkit", "flame"], default="arkit")


def read_line(arguments: argparse.Namespace, source: Path, **own: Any) -> Line:
    """The line of `add_line_arguments`, of a file, with the command's `own` fields."""
    uses = [*arguments.style, *(_style_at(*pair) for pair in arguments.style_at)]
    clips = [style_file(use.name) for use in uses]
    uses = [
        use if c is None else replace(use, name=c.name) for use, c in zip(uses, clips, strict=True)
    ]
    if (arguments.take is None) != (arguments.redo is None):
        raise BadInputError(
            "--take and --redo go together: the take to keep, and the seconds to make anew."
        )
    redo_start_s, redo_end_s = arguments.redo or (0.0, 0.0)
    gestures = [_gesture(*words) for words in arguments.gesture]
    return Line(
        audio=source,
        audio_name=source.name,
        fps=arguments.fps,
        styles=tuple(uses) or (StyleUse("neutral"),),
        style_clips=tuple(clips),
        style_strength=arguments.style_strength,
        style_fade_s=arguments.style_fade,
        take=arguments.take,
        redo_start_s=redo_start_s,
        redo_end_s=redo_end_s,
        gestures=tuple(gesture for gesture, _ in gestures),
        gesture_clips=tuple(clip for _, clip in gestures),
        keys=tuple(_key(*words) for words in arguments.key),
        amounts=Amounts(**{part: getattr(arguments, part) for part in _PARTS}),
        start_s=arguments.start,
        end_s=arguments.end,
        representation=arguments.representation,
        **own,
    )


def check_output(output: Path, representation: str = "") -> None:
    """Raises `BadInputError` before the work if the result could not be written."""
    clip_writer(output, representation)
    if not output.absolute().parent.is_dir():
        raise BadInputError(f"The folder of the output '{output}' doesn't exist; create it first.")


def perform_into(line: Line, output: Path) -> None:
    """Performs the line with a progress bar and writes its result. Raises `MynahError` with a
    sentence, leaving no file."""
    reporter = Reporter(sys.stderr)
    try:
        finished = perform(line, reporter)
    finally:
        reporter.end()
    write_clip(finished.clip, output, json.dumps(finished.meta))
    for warning in finished.meta.get("warnings", []):
        print(warning, file=sys.stderr)
    clip = finished.clip
    print(f"{output}: {clip.n_frames} frames at {clip.fps:g} fps")


def perform(line: Line, report: Callable[[str, float], None]) -> Finished:
    """The line's result from the daemon, which is started if none runs.

    `report` is called with stage and fraction. Raises `MynahError` if the line fails; an interrupt
    cancels the job.
    """
    client = BackgroundClient(connect, APP, __version__)
    try:
        client.generate(line)
        while True:
            try:
                event = client.events.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(event, Finished):
                return event
            _check(event, report)
    finally:
        client.close(timeout_s=2.0)


def _check(event: ClientEvent, report: Callable[[str, float], None]) -> None:
    if isinstance(event, Progressed):
        report(event.stage, event.fraction)
    elif isinstance(event, Failed):
        raise JobFailedError(event.message, code=event.code)
    elif isinstance(event, Cancelled):
        raise BadInputError("The line was cancelled by another program; try again.")
    elif isinstance(event, Disconnected):
        report("reconnecting", 0.0)


def _style(text: str) -> StyleUse:
    try:
        return parse_style(text)
    except BadInputError as error:
        raise argparse.ArgumentTypeError(str(error).rstrip(".")) from error


def _style_at(start: str, text: str) -> StyleUse:
    with _argument("--style-at"):
        return replace(_style(text), start_s=number(start))


def _gesture(clip: str, start: str, end: str, at: str) -> tuple[GestureUse, Path | None]:
    with _argument("--gesture"):
        use = _style(clip)
        path = style_file(use.name)
        passage = (number(start), number(end), number(at))
        return GestureUse(path.name if path else use.name, "", *passage, use.region), path


def _key(channel: str, time: str, value: str) -> KeyUse:
    with _argument("--key"):
        return KeyUse(channel, number(time), number(value))


@contextmanager
def _argument(name: str) -> Generator[None]:
    """Tells which option of several words holds what can't be used."""
    try:
        yield
    except argparse.ArgumentTypeError as error:
        raise BadInputError(f"argument {name}: {error}") from error


def number(text: str) -> float:
    """A finite number, for argparse."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number")
    return value


def rate(text: str) -> float:
    """Frames per second, for argparse."""
    try:
        return float(Fraction(text))
    except (ValueError, ZeroDivisionError, OverflowError):
        raise argparse.ArgumentTypeError(f"'{text}' is not a rate like 30 or 24000/1001") from None
