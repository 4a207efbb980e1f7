"""The scene's dialogue without a window: for the command line, a farm, or a script.

blender -b scene.blend --command mynah generate-all --sheet lines.csv --save
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from .dialogue.batch import Batch, Tally
from .dialogue.filling import fill_from_sheet
from .dialogue.properties import MYNAH_PG_line
from .file_work import file_work
from .library import BadInputError
from .preferences import chosen_connection
from .session import CANCELLED, session

DONE, FAILED, NO_ENGINE, WAS_CANCELLED = 0, 2, 3, 4
"""Exit codes, as `mynah batch` has them."""

_PAUSE_S = 0.01
Say = Callable[[str], None]


def run_command(arguments: list[str]) -> int:
    """What `blender --command mynah …` does; returns the exit code."""
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as end:  # argparse has said why
        return end.code if isinstance(end.code, int) else FAILED
    try:
        return _generate_all(options)
    except BadInputError as error:
        print(error, file=sys.stderr)
        return FAILED


def generate_all(
    scene: bpy.types.Scene | None = None,
    *,
    sheet: Path | None = None,
    characters: Collection[str] = (),
    forced: bool = False,
    say: Say = lambda _sentence: None,
) -> Tally:
    """Make the lines of a scene that are missing or have changed, or all if `forced`; returns when
    that is done. A line that fails doesn't hold up the others, and is in the tally.

    `sheet` fills the list first; `characters` leaves only lines of these speakers or objects.
    Raises `BadInputError` if there is nothing to make; an interrupt keeps what is made.
    """
    scene = scene or bpy.context.scene
    if sheet is not None:
        filled = fill_from_sheet(scene, sheet)
        say(" ".join([f"{sheet.name}: {filled.sentence}", *filled.remarks]))
    uids = [line.uid for line in _lines_of(scene, characters)]
    batch = Batch(scene, scene, uids, forced=forced)
    session.start_batch(batch, chosen_connection())
    try:
        while session.batch is batch:
            if not session.pump():
                time.sleep(_PAUSE_S)
            _tell(batch, say)
    except BaseException:  # Ctrl-C, too: no line may go on that nobody waits for
        session.cancel(CANCELLED)
        raise
    finally:
        file_work.flush()  # what was computed is on the disk, whatever happens now
    assert session.outcome is not None
    say(session.outcome.message)
    return batch.tally


def _generate_all(options: argparse.Namespace) -> int:
    scene = bpy.context.scene
    if options.scene:
        found = bpy.data.scenes.get(options.scene)
        if found is None:
            raise BadInputError(f"There is no scene '{options.scene}' in this file.")
        scene = found
    if options.save and not bpy.data.filepath:
        raise BadInputError("No .blend is open that could be saved; name one before --command.")
    if not options.save and not options.output:
        raise BadInputError("Say --save or --output FILE, or nothing of what is made is kept.")
    with _interrupts():
        try:
            tally = generate_all(
                scene,
                sheet=options.sheet,
                characters=options.characters,
                forced=options.all,
                say=lambda sentence: print(sentence, flush=True),
            )
        except KeyboardInterrupt:
            print("Cancelled; the file was not saved. What was computed is not computed again.")
            return WAS_CANCELLED
    if tally.made:
        _save(options.output)
    for name, sentence in tally.failed:
        print(f"'{name}': {sentence}", file=sys.stderr)
    if not tally.has_engine:
        return NO_ENGINE
    return FAILED if tally.failed else DONE


def _save(output: Path | None) -> None:
    try:
        if output is None:
            bpy.ops.wm.save_mainfile()
        else:
            bpy.ops.wm.save_as_mainfile(filepath=str(output.absolute()))
    except RuntimeError as error:
        raise BadInputError(f"The file can't be saved: {error}") from error
    print(f"Saved {bpy.data.filepath}.", flush=True)


def _lines_of(scene: bpy.types.Scene, characters: Collection[str]) -> list[MYNAH_PG_line]:
    lines = list(scene.mynah_dialogue.lines)
    if not lines:
        raise BadInputError(
            f"The scene '{scene.name}' has no lines; fill its list in Blender, or name a sheet."
        )
    known = {name for line in lines for name in _names_of(line)}
    strangers = sorted(set(characters) - known)
    if strangers:
        raise BadInputError(
            f"No line is spoken by {', '.join(strangers)}; there are {', '.join(sorted(known))}."
        )
    return [line for line in lines if not characters or not _names_of(line).isdisjoint(characters)]


def _names_of(line: MYNAH_PG_line) -> set[str]:
    own = line.character.name if line.character is not None else ""
    return {name for name in (line.speaker, own) if name}


def _tell(batch: Batch, say: Say) -> None:
    """A row for each line that has ended."""
    while batch.news:
        n_ended, name, how = batch.news.popleft()
        say(f"[{n_ended}/{batch.tally.total}] {name}: {how}")


@contextmanager
def _interrupts() -> Iterator[None]:
    """Ctrl-C, and a farm that ends the job, as an exception."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            # Blender's own are not Python's, who can't put them back; the program is at its end
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="blender -b FILE --command mynah")
    commands = parser.add_subparsers(dest="command", required=True)
    every = commands.add_parser(
        "generate-all", help="make the lines of the scene that are missing or have changed"
    )
    every.add_argument("--sheet", type=Path, metavar="CSV", help="take lines from this sheet first")
    every.add_argument(
        "--characters",
        type=lambda names: tuple(name.strip() for name in names.split(",") if name.strip()),
        default=(),
        metavar="A,B",
        help="only lines of these speakers or objects",
    )
    every.add_argument("--scene", default="", metavar="NAME", help="another scene of the file")
    every.add_argument("--all", action="store_true", help="make also lines that have not changed")
    every.add_argument("--save", action="store_true", help="save the file")
    every.add_argument("--output", type=Path, metavar="FILE", help="save as another file")
    return parser
