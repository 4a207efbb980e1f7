"""`mynah batch SHEET -o DIR`: all lines of a dialogue sheet or of a folder of recordings."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.protocol.messages import Quality
from mynah_shared.scene.style_words import parse_styles

from ..batch.ledger import LEDGER_NAME, Entry, Ledger, check_folder
from ..batch.plan import Defaults, Item, plan_batch
from ..batch.run import BatchRun, Tally
from ..clip_files import clip_writer
from .connecting import APP, connect
from .lines import rate

SOME_FAILED: Final = 2
NO_ENVIRONMENT: Final = 3
CANCELLED: Final = 4
_WIDTH: Final = 24
_LONGEST: Final = 110


def add_parser(commands: Any) -> None:
    parser = commands.add_parser(
        "batch",
        help="perform all lines of a dialogue sheet or a folder",
        epilog="Exit codes: 0 all lines are made, 2 some failed or the sheet is bad, "
        "3 no engine or no room, 4 cancelled.",
    )
    add = parser.add_argument
    add("source", type=Path, metavar="SHEET", help="a CSV with the column 'audio', or a folder")
    add("-o", "--output", type=Path, required=True, metavar="DIR", help="made if it isn't there")
    add("--resume", action="store_true", help="go on: make what is missing or has changed")
    add("--format", choices=["csv", "npz", "json"], default="csv")
    add("--fps", type=rate, default=30.0, help="23.976, 24000/1001, 30 … (default: 30)")
    add("--representation", choices=["arkit", "flame"], default="arkit")
    add("--style", default="", help="for lines that name none: NAME[@WEIGHT][:REGION] [+ …]")
    add("--quality", choices=[q.value for q in Quality], help="of all lines")
    add("--report", action="store_true", help="write DIR/review/index.html to review the lines")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Makes what is missing and tells what failed. Raises `BadInputError` before anything is made
    if the sheet or the folder can't be used."""
    folder: Path = arguments.output
    clip_writer(Path(f"line.{arguments.format}"), arguments.representation)
    defaults = Defaults(
        arguments.fps,
        f".{arguments.format}",
        arguments.representation,
        parse_styles(arguments.style),
        Quality(arguments.quality) if arguments.quality else None,
    )
    plan = plan_batch(arguments.source, defaults)
    if plan.ignored_columns:
        print(f"Columns that are not read: {', '.join(plan.ignored_columns)}.", file=sys.stderr)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise BadInputError(f"The folder '{folder}' can't be made: {err.strerror}.") from err
    ledger = Ledger(folder)
    check_folder(folder, plan.items, ledger, resume=arguments.resume)

    view = _View(sys.stderr)
    batch = BatchRun(plan.items, folder, ledger, view)
    code, sentence = 0, ""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # farms end jobs like this
    try:
        batch.run(connect, APP)
    except EngineUnavailableError as error:
        code, sentence = NO_ENVIRONMENT, str(error)
    except OSError as error:
        code = NO_ENVIRONMENT
        sentence = f"Results can't be written ({error.strerror}); make room and go on by --resume."
    except KeyboardInterrupt:
        code, sentence = CANCELLED, "Cancelled; go on by --resume."
    finally:
        view.end()
    _summarise(batch.tally, folder)
    if sentence:
        print(sentence, file=sys.stderr)
    if arguments.report and not code:
        code = _report(plan.items, folder, ledger)
    return code or (SOME_FAILED if batch.tally.failed else 0)


def _report(items: Sequence[Item], folder: Path, ledger: Ledger) -> int:
    from ..review.report import write_report  # brings a codec for sound

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty():
            end = "\n" if done == total else ""
            print(f"\rReview page: {done} of {total} lines", end=end, file=sys.stderr, flush=True)

    try:
        page = write_report(items, folder, ledger, progress)
    except OSError as error:
        sentence = f"The review page can't be written ({error.strerror}); make room and write it by"
        print(f"{sentence} --resume --report.", file=sys.stderr)
        return NO_ENVIRONMENT
    except KeyboardInterrupt:
        print("Cancelled; write the review page by --resume --report.", file=sys.stderr)
        return CANCELLED
    print(f"Review the lines: open {page} in a browser.")
    return 0


def _summarise(tally: Tally, folder: Path) -> None:
    for item, sentence in tally.failed:
        print(f"{item.title}: {sentence}", file=sys.stderr)
    for _item, sentence in tally.kept:
        print(sentence, file=sys.stderr)
    parts = [
        (tally.made, "made"),
        (tally.skipped, "there already"),
        (len(tally.kept), "kept as edited"),
        (len(tally.failed), "failed"),
        (tally.warned, f"with warnings (see {LEDGER_NAME})"),
    ]
    told = ", ".join(f"{count} {what}" for count, what in parts if count) or "none made"
    print(f"{folder}: {tally.ended} of {tally.total} lines: {told}")


class _View:
    """A bar over all lines on a terminal, elsewhere a line of text for each."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._is_terminal = stream, stream.isatty()
        self._began_s = time.monotonic()
        self._longest = 0

    def update(self, tally: Tally, title: str, stage: str, fraction: float) -> None:
        if not self._is_terminal:
            return
        share = tally.ended / max(tally.total, 1)
        bar = "#" * round(_WIDTH * share)
        failed = f", {len(tally.failed)} failed" if tally.failed else ""
        doing = f"{title} {stage} {fraction:.0%}" if stage else title
        text = (
            f"[{bar:.<{_WIDTH}}] {tally.ended} of {tally.total}{failed}{self._left(tally)}  {doing}"
        )
        text = text[:118]
        self._longest = max(self._longest, len(text))
        self._stream.write("\r" + text.ljust(self._longest))
        self._stream.flush()

    def ended(self, tally: Tally, item: Item, entry: Entry) -> None:
        if self._is_terminal:
            self.update(tally, item.title, "", 1.0)
        else:
            what = entry.failure or f"{entry.output} in {entry.seconds:.1f} s"
            print(f"{tally.ended} of {tally.total}  {item.title}: {what}", file=self._stream)

    def end(self) -> None:
        """Leaves the line of the bar."""
        if self._longest:
            self._stream.write("\n")

    def _left(self, tally: Tally) -> str:
        made = tally.made + len(tally.failed)
        if made < 3:
            return ""
        seconds = (time.monotonic() - self._began_s) / made * (tally.total - tally.ended)
        return f", {seconds:.0f} s left" if seconds < 100 else f", {seconds / 60:.0f} min left"
