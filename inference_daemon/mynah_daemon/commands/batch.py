"""`mynah batch SHEET -o DIR`: all lines of a dialogue sheet or of a folder of recordings."""

from __future__ import annotations

import argparse
import re
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from mynah_shared.errors import BadInputError, EngineUnavailableError, MynahError
from mynah_shared.protocol.messages import Quality
from mynah_shared.scene.style_words import parse_styles

from ..batch.daemon_engine import DaemonEngine
from ..batch.ledger import Entry, Ledger, check_folder
from ..batch.openjd import check_portable, write_template
from ..batch.plan import Defaults, Item, plan_batch
from ..batch.run import BatchRun, Performers, Tally
from ..clip_files import clip_writer
from ..config import config_from_environment
from ..styles.library import StyleLibrary
from .connecting import APP, connect
from .farm_view import FarmView
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
    _add_farm_arguments(parser.add_argument_group("more than one machine (see docs/FARM.md)"))
    parser.set_defaults(run=run)


def _add_farm_arguments(group: Any) -> None:
    add = group.add_argument
    add("--engine", choices=["local", "ray"], default="local", help="who makes the lines")
    add("--address", default="", help="with --engine ray: join this cluster (default: start Ray)")
    add("--workers", type=_count, default=0, metavar="N", help="with --engine ray: how many")
    add("--lines", type=_range, metavar="FIRST-LAST", help="only these, counted from 1")
    add("--progress", choices=["openjd"], help="tell a farm's monitor how far it is")
    add("--export-openjd", type=Path, metavar="JOB.json", help="make a farm's job, no lines")
    add("--lines-per-task", type=_count, default=50, metavar="N", help="of that job (default: 50)")


def run(arguments: argparse.Namespace) -> int:
    """Makes what is missing and tells what failed. Raises `BadInputError` before anything is made
    if the sheet or the folder can't be used."""
    if not arguments.progress:
        return _run(arguments, _View(sys.stderr))
    view = FarmView(sys.stdout)
    try:
        return _run(arguments, view)
    except MynahError as error:
        view.fail(str(error))
        raise


def _run(arguments: argparse.Namespace, view: _View | FarmView) -> int:
    folder: Path = arguments.output
    if arguments.engine != "ray" and (arguments.address or arguments.workers):
        raise BadInputError("--address and --workers need --engine ray.")
    if arguments.report and (arguments.lines or arguments.export_openjd):
        raise BadInputError(
            "--report is about all lines: when they are made, run this once with --resume --report "
            "and without --lines and --export-openjd."
        )
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
    if arguments.export_openjd:
        return _export(arguments, plan.items)
    items, part = plan.items, ""
    if arguments.lines:
        first, last = arguments.lines
        items, part = _chosen(items, first, last), f"{first}-{last}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as err:
        raise BadInputError(f"The folder '{folder}' can't be made: {err.strerror}.") from err
    ledger = Ledger(folder, part)
    check_folder(folder, items, ledger, resume=arguments.resume)

    batch = BatchRun(items, folder, ledger, view)
    code, sentence = 0, ""
    for name in ("SIGTERM", "SIGBREAK"):  # farms end jobs like this, the latter on Windows
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        batch.run(_performers(arguments))
    except EngineUnavailableError as error:
        code, sentence = NO_ENVIRONMENT, str(error)
    except OSError as error:
        code = NO_ENVIRONMENT
        sentence = f"Results can't be written ({error.strerror}); make room and go on by --resume."
    except KeyboardInterrupt:
        code, sentence = CANCELLED, "Cancelled; go on by --resume."
    finally:
        view.end()
    _summarise(batch.tally, ledger, folder)
    if sentence:
        print(sentence, file=sys.stderr)
    if isinstance(view, FarmView) and (sentence or batch.tally.failed):
        failed = "; ".join(f"{item.title}: {why}" for item, why in batch.tally.failed)
        view.fail(sentence or f"{len(batch.tally.failed)} lines failed: {failed}")
    if arguments.report and not code:
        code = _report(plan.items, folder, ledger)
    return code or (SOME_FAILED if batch.tally.failed else 0)


def _performers(arguments: argparse.Namespace) -> Performers:
    if arguments.engine == "ray":
        from ..batch.ray_engine import RayEngine  # brings the models' runtime

        return RayEngine(arguments.address, arguments.workers)
    return DaemonEngine(connect, APP)


def _chosen(items: Sequence[Item], first: int, last: int) -> tuple[Item, ...]:
    if first > len(items):
        raise BadInputError(
            f"There are {len(items)} lines, so --lines {first}-{last} asks for none of them; "
            "export the job again if the sheet has changed."
        )
    return tuple(items[first - 1 : last])  # farms round the last chunk up


def _export(arguments: argparse.Namespace, items: Sequence[Item]) -> int:
    path: Path = arguments.export_openjd
    check_portable(arguments.source, items, StyleLibrary(config_from_environment().style_dir))
    options = ["--format", arguments.format, "--fps", repr(arguments.fps)]
    options += ["--style", arguments.style] if arguments.style else []
    options += ["--quality", arguments.quality] if arguments.quality else []
    per_task = arguments.lines_per_task
    write_template(path, arguments.source, arguments.output, len(items), per_task, options)
    source = arguments.source if arguments.source.is_dir() else arguments.source.parent
    print(
        f"{path}: a job of {len(items)} lines, {per_task} per task; "
        f"Source is '{source.absolute()}', Output '{arguments.output.absolute()}'"
    )
    return 0


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 up")
    return int(text)


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    chosen = _count(first), _count(last or first)
    if chosen[1] < chosen[0]:
        raise argparse.ArgumentTypeError(f"'{text}' ends before it begins")
    return chosen


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


def _summarise(tally: Tally, ledger: Ledger, folder: Path) -> None:
    for item, sentence in tally.failed:
        print(f"{item.title}: {sentence}", file=sys.stderr)
    for _item, sentence in tally.kept:
        print(sentence, file=sys.stderr)
    parts = [
        (tally.made, "made"),
        (tally.skipped, "there already"),
        (len(tally.kept), "kept as edited"),
        (len(tally.failed), "failed"),
        (tally.warned, f"with warnings (see {ledger.name})"),
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
