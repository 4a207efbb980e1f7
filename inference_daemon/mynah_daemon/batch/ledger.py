"""What a batch has made, in the folder where it made it: so that it can go on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, cast

from mynah_shared._version import __version__
from mynah_shared.client.steps import Line
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import ModelInfo

from ..store.syncing import sync_folder, sync_way
from .plan import Item

LEDGER_NAME: Final = "mynah_batch.jsonl"
_PART_NAME: Final = "mynah_batch.{}.jsonl"


@dataclass(frozen=True)
class Entry:
    """One result: `fingerprint` tells what it was made of, `sha256` what was written. With
    `failure` a sentence, nothing was. `noted_s` is when it was noted, in seconds of the Unix
    clock."""

    output: str
    fingerprint: str
    sha256: str = ""
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()
    failure: str = ""
    noted_s: float = 0.0


class Ledger:
    """The file `mynah_batch.jsonl` of a folder: an entry per line, the last one of a result counts.

    Entries are on disk when `add` returns. A line that a crash cut off is ignored.

    Machines that share a folder would spoil each other's file, so each `part` of a batch has one
    of its own, `mynah_batch.PART.jsonl`. All are read; where two know a result, the later counts.
    """

    def __init__(self, folder: Path, part: str = "") -> None:
        self._folder = folder
        self._path = folder / (_PART_NAME.format(part) if part else LEDGER_NAME)
        self.entries: dict[str, Entry] = {}
        for path in (folder / LEDGER_NAME, *sorted(folder.glob(_PART_NAME.format("*")))):
            for entry in {entry.output: entry for entry in _read(path)}.values():
                known = self.entries.get(entry.output)
                if known is None or entry.noted_s >= known.noted_s:
                    self.entries[entry.output] = entry

    @property
    def name(self) -> str:
        """What the file is called."""
        return self._path.name

    def add(self, entry: Entry) -> None:
        entry = dataclasses.replace(entry, noted_s=round(time.time(), 3))
        self.entries[entry.output] = entry
        is_new = not self._path.exists()
        is_cut_off = not is_new and not _ends_with_newline(self._path)
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n" * is_cut_off + json.dumps(dataclasses.asdict(entry)) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if is_new:
            sync_way(self._folder)

    def store(self, entry: Entry, data: bytes) -> None:
        """Writes a result and notes it; both outlast a power cut when it returns. It is noted
        before it takes its place: so a result in its place is never one that no batch knows,
        whatever stops the program."""
        path = self._folder / entry.output
        if not path.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            sync_way(path.parent)
        with _unsettled(path).open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        self.add(entry)
        _unsettled(path).replace(path)
        sync_folder(path.parent)

    def settle(self, output: str) -> None:
        """Ends what a crash interrupted: a result that was noted takes its place, another goes."""
        path, entry = self._folder / output, self.entries.get(output)
        unsettled = _unsettled(path)
        if not unsettled.is_file():
            return
        if entry is not None and hash_file(unsettled) == entry.sha256:
            unsettled.replace(path)
        else:
            unsettled.unlink()


def _unsettled(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


def check_folder(folder: Path, items: Iterable[Item], ledger: Ledger, *, resume: bool) -> None:
    """Raises `BadInputError` before anything is made if results are there that must not be
    overwritten."""
    if ledger.entries and not resume:
        raise BadInputError(
            f"'{folder}' holds the results of an earlier batch; go on with it by --resume, or "
            "choose another folder."
        )
    for item in items:
        if item.output.as_posix() not in ledger.entries and (folder / item.output).exists():
            raise BadInputError(
                f"'{folder / item.output}' is there already and no batch made it; move it away or "
                "choose another folder."
            )


def is_done(entry: Entry | None, fingerprint: str, path: Path) -> bool:
    """Whether a result is there as it was made, of the same things."""
    return (
        entry is not None
        and not entry.failure
        and entry.fingerprint == fingerprint
        and path.is_file()
        and hash_file(path) == entry.sha256
    )


def is_edited(entry: Entry | None, path: Path) -> bool:
    """Whether somebody has changed a result since it was made."""
    return (
        entry is not None
        and bool(entry.sha256)
        and path.is_file()
        and hash_file(path) != entry.sha256
    )


def fingerprint_of(line: Line, models: Sequence[ModelInfo]) -> str:
    """SHA-256 over all that influences a result, the content of files included. Raises
    `BadInputError` if one of them can't be read."""
    fields = {field.name: getattr(line, field.name) for field in dataclasses.fields(line)}
    fields["audio"] = _hash_of(line.audio)
    fields["style_clips"] = [_hash_of(clip) for clip in line.style_clips]
    fields["styles"] = [dataclasses.asdict(use) for use in line.styles]
    fields["amounts"] = dataclasses.asdict(line.amounts)
    content = {
        "version": __version__,
        "models": sorted(model.sha256 for model in models),
        "line": fields,
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _hash_of(clip: Path | bytes | None) -> str:
    if clip is None:
        return ""
    if isinstance(clip, bytes):
        return hashlib.sha256(clip).hexdigest()
    try:
        status = clip.stat()
        return _hash_unchanged(clip, status.st_size, status.st_mtime_ns)
    except OSError as err:
        raise BadInputError(f"'{clip}' can't be read: {err.strerror}.") from err


@cache  # a style clip serves many lines
def _hash_unchanged(path: Path, _n_bytes: int, _modified_ns: int) -> str:
    return hash_file(path)


def _read(path: Path) -> list[Entry]:
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as err:
        raise BadInputError(
            f"'{path}' can't be read, so this batch can't go on; choose another folder."
        ) from err
    return [entry for line in lines if (entry := _parse(line)) is not None]


def _parse(line: str) -> Entry | None:
    try:
        content = cast("dict[str, Any]", json.loads(line))
        content["warnings"] = tuple(content["warnings"])
        return Entry(**content)
    except (ValueError, TypeError, KeyError):
        return None


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        if file.tell() == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
