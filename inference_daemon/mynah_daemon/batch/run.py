"""A batch under way: lines go to the daemon a few at a time, results to the disk as they come."""

from __future__ import annotations

import hashlib
import json
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from mynah_shared.client.events import (
    UNAVAILABLE,
    Cancelled,
    ClientEvent,
    Failed,
    Finished,
    Progressed,
)
from mynah_shared.client.steps import Line
from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.protocol.messages import ModelInfo

from ..clip_files import encode_clip
from .ledger import Entry, Ledger, fingerprint_of, is_done, is_edited
from .metas import note_meta
from .plan import Item

_MOST_LOST: Final = 3
"""One line may take the engine down with it; so many in a row mean that there is none."""
_EDITED: Final = "was changed since it was made, so it was kept; delete it to have it made anew."


class Performers(Protocol):
    """Who makes the lines: the daemon of this computer, or a farm."""

    @property
    def in_flight(self) -> int:
        """How many lines keep it busy; no more, so that a Ctrl-C loses little."""
        ...

    def models(self) -> Sequence[ModelInfo]:
        """What the lines are made with, once it is ready; called first. Raises
        `EngineUnavailableError` if it can't be."""
        ...

    def generate(self, line: Line) -> str:
        """Begins a line; returns the ticket that its events bear."""
        ...

    def next_event(self) -> ClientEvent | None:
        """What happened next, None if nothing did for a moment."""
        ...

    def close(self) -> None:
        """Cancels what is under way; also after `models` failed."""
        ...


class View(Protocol):
    """Who watches a batch."""

    def update(self, tally: Tally, title: str, stage: str, fraction: float) -> None:
        """How far it is, and what a line does now."""
        ...

    def ended(self, tally: Tally, item: Item, entry: Entry) -> None:
        """A line was made, or failed."""
        ...


@dataclass
class Tally:
    """How many lines there are, and what became of them. `kept` were edited by hand."""

    total: int
    made: int = 0
    skipped: int = 0
    kept: list[tuple[Item, str]] = field(default_factory=list[tuple[Item, str]])
    failed: list[tuple[Item, str]] = field(default_factory=list[tuple[Item, str]])
    warned: int = 0

    @property
    def ended(self) -> int:
        return self.made + self.skipped + len(self.kept) + len(self.failed)


class BatchRun:
    """Makes what `folder` lacks of `items`. `tally` is right at any moment, also after an
    exception."""

    def __init__(self, items: Iterable[Item], folder: Path, ledger: Ledger, view: View) -> None:
        self._waiting = deque(items)
        self._folder, self._ledger, self._view = folder, ledger, view
        self._under_way: dict[str, tuple[Item, str, float]] = {}
        self._n_lost = 0
        self.tally = Tally(len(self._waiting))

    def run(self, performers: Performers) -> None:
        """Raises `EngineUnavailableError` if there is no engine to be had, `OSError` if results
        can't be written; an interrupt cancels what is under way. Closes `performers`."""
        try:
            models = performers.models()
            while self._waiting or self._under_way:
                while self._waiting and len(self._under_way) < performers.in_flight:
                    self._begin(performers, self._waiting.popleft(), models)
                self._take(performers)
        finally:
            performers.close()

    def _begin(self, performers: Performers, item: Item, models: Sequence[ModelInfo]) -> None:
        path = self._folder / item.output
        self._ledger.settle(item.output.as_posix())
        known = self._ledger.entries.get(item.output.as_posix())
        try:
            fingerprint = fingerprint_of(item.line, models)
        except BadInputError as error:
            self._fail(item, "", str(error))
            return
        if is_done(known, fingerprint, path):
            self.tally.skipped += 1
        elif is_edited(known, path):
            self.tally.kept.append((item, f"'{item.output}' {_EDITED}"))
        else:
            ticket = performers.generate(item.line)
            self._under_way[ticket] = (item, fingerprint, time.monotonic())
            return
        self._view.update(self.tally, item.title, "", 1.0)

    def _take(self, performers: Performers) -> None:
        event = performers.next_event()
        ticket = getattr(event, "ticket", "")
        if ticket not in self._under_way:
            return
        item, fingerprint, began_s = self._under_way[ticket]
        if isinstance(event, Progressed):
            self._view.update(self.tally, item.title, event.stage, event.fraction)
            return
        del self._under_way[ticket]
        if isinstance(event, Finished):
            self._n_lost = 0
            self._write(item, fingerprint, event, time.monotonic() - began_s)
        elif isinstance(event, Failed):
            self._fail(item, fingerprint, event.message)
            self._n_lost = self._n_lost + 1 if event.code == UNAVAILABLE else 0
            if self._n_lost >= _MOST_LOST:
                raise EngineUnavailableError(event.message)
        elif isinstance(event, Cancelled):
            self._fail(item, fingerprint, "The line was cancelled by another program.")

    def _write(self, item: Item, fingerprint: str, event: Finished, seconds: float) -> None:
        data = encode_clip(event.clip, item.output, json.dumps(event.meta))
        sha256 = hashlib.sha256(data).hexdigest()
        warnings = tuple(str(sentence) for sentence in event.meta.get("warnings", ()))
        entry = Entry(item.output.as_posix(), fingerprint, sha256, round(seconds, 3), warnings)
        note_meta(self._folder, entry.output, sha256, event.meta)
        self._ledger.store(entry, data)
        self.tally.made += 1
        self.tally.warned += bool(entry.warnings)
        self._view.ended(self.tally, item, entry)

    def _fail(self, item: Item, fingerprint: str, sentence: str) -> None:
        entry = Entry(item.output.as_posix(), fingerprint, failure=sentence)
        self._ledger.add(entry)
        self.tally.failed.append((item, sentence))
        self._view.ended(self.tally, item, entry)
