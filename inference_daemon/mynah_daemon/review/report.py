"""Writes the review page of a batch into the folder of its results."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

from mynah_shared._version import __version__
from mynah_shared.scene.sheet import COLUMNS

from ..audio.decode import Decoder
from ..batch.ledger import Ledger
from ..batch.metas import read_metas
from ..batch.plan import Item
from ..clip_files import replace_file
from .flags import RULES, TITLES
from .lines import FORMAT, LineReader, Record
from .scripts import head_data, line_data, read_script, script

FOLDER: Final = "review"
PAGE: Final = "index.html"
_PAGE_FILES: Final = Path(__file__).with_name("page")
_LIST: Final = "lines.js"
_DATA: Final = "lines"
_FPS: Final = 30.0  # of `mynah batch`


@dataclass(frozen=True)
class _Earlier:
    """What the page that stood here said; `batch` names the batch in browsers' memories."""

    batch: str = field(default_factory=lambda: uuid.uuid4().hex)
    records: tuple[Record, ...] = ()


def write_report(
    items: Sequence[Item],
    folder: Path,
    ledger: Ledger,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Path:
    """The page of all `items` and of lines of an earlier page whose results are still there.

    Data of lines that have not changed are kept. The page can be opened at any moment. Raises
    `OSError` if it can't be written.
    """
    page = folder / FOLDER
    (page / _DATA).mkdir(parents=True, exist_ok=True)
    earlier = _read_earlier(page / _LIST)
    known = {r["id"]: r for r in earlier.records if r["id"] and _data_file(page, r["id"]).is_file()}
    made: dict[str, Record] = {}
    with contextlib.closing(Decoder()) as decoder:
        reader = LineReader(folder, read_metas(folder), known, decoder)
        for done, item in enumerate(items):
            progress(done, len(items))
            line = reader.read(item, ledger.entries.get(item.output.as_posix()))
            if line.evidence is not None:
                name = line.record["id"]
                data = script("addLine", name, line_data(line.evidence))
                replace_file(_data_file(page, name), data)
            made[line.record["output"]] = line.record
    records = _merge(earlier.records, made, folder)
    for source in sorted(path for path in _PAGE_FILES.iterdir() if path.is_file()):
        shutil.copyfile(source, page / source.name)
    replace_file(page / "head.js", script("setHead", head_data()))
    content = {
        "format": FORMAT,
        "version": __version__,
        "batch": earlier.batch,
        "name": folder.absolute().name,
        "command": _command(items, folder),
        "columns": COLUMNS,
        "flags": [{"kind": kind, "title": TITLES[kind], "rule": RULES[kind]} for kind in TITLES],
        "lines": records,
    }
    replace_file(page / _LIST, script("setBatch", content))
    _remove_data(page, {record["id"] for record in records})
    progress(len(items), len(items))
    return page / PAGE


def _command(items: Sequence[Item], folder: Path) -> str:
    """What makes rejected lines anew as they were made: the sheet has the rest of it."""
    line, suffix = items[0].line, items[0].output.suffix
    options = [f'mynah batch rejected.csv -o "{folder.absolute()}"', "--resume --report"]
    options += [f"--fps {line.fps!r}"] * (line.fps != _FPS)
    options += [f"--format {suffix[1:]}"] * (suffix != ".csv")
    options += [f"--representation {line.representation}"] * (line.representation != "arkit")
    return " ".join(options)


def _merge(earlier: Sequence[Record], made: dict[str, Record], folder: Path) -> list[Record]:
    """In the order of the sheet; a sheet of some lines only leaves the others where they were."""
    kept = [r for r in earlier if r["output"] in made or (folder / r["output"]).is_file()]
    if all(record["output"] in made for record in kept):
        return list(made.values())
    there = {record["output"] for record in kept}
    new = [record for output, record in made.items() if output not in there]
    return [made.get(record["output"], record) for record in kept] + new


def _read_earlier(path: Path) -> _Earlier:
    """Of a page that can't be read or is of another format, nothing is kept."""
    try:
        content = cast("dict[str, Any]", read_script(path.read_bytes(), "setBatch"))
        if content["format"] == FORMAT:
            return _Earlier(str(content["batch"]), tuple(content["lines"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return _Earlier()


def _data_file(page: Path, name: str) -> Path:
    return page / _DATA / f"{name}.js"


def _remove_data(page: Path, used: set[str]) -> None:
    for path in (page / _DATA).glob("*.js"):
        if path.stem not in used:
            path.unlink(missing_ok=True)
