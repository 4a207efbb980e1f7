"""A batch under way: lines go to the daemon a few at a time, results to the disk as they come."""

from __future__ import annotations

import hashlib
import json
import queue
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from mynah_shared._version import __version__
from mynah_shared.client.background import BackgroundClient
from mynah_shared.client.connection_file import ConnectionInfo
from mynah_shared.client.events import (
    UNAVAILABLE,
    Cancelled,
    ClientEvent,
    Connected,
    Disconnected,
    Failed,
    Finished,
    Progressed,
)
from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.protocol.messages import ModelInfo

from ..clip_files import encode_clip
from .ledger import Entry, Ledger, fingerprint_of, is_done, is_edited
from .metas import note_meta
from .plan import Item

_IN_FLIGHT: Final = 12
"""Enough to keep an engine busy while results are written; so few that a Ctrl-C loses little."""
_POLL_S: Final = 0.1  # a wait without end would not hear Ctrl-C on Windows
_MOST_LOST: Final = 3
"""One line may take the engine down with it; so many in a row mean that there is none."""
_EDITED: Final = "was changed since it was made, so it was kept; delete it to have it made anew."


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

    def run(self, connect: Callable[[], ConnectionInfo], app: str) -> None:
        """Raises `EngineUnavailableError` if there is no engine to be had, `OSError` if results
        can't be written; an interrupt cancels what is under way."""
        client = BackgroundClient(connect, app, __version__)
        try:
            models = _models(client)
            while self._waiting or self._under_way:
                while self._waiting and len(self._under_way) < _IN_FLIGHT:
                    self._begin(client, self._waiting.popleft(), models)
                self._take(client)
        finally:
            client.close(timeout_s=2.0)

    def _begin(self, client: BackgroundClient, item: Item, models: Sequence[ModelInfo]) -> None:
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
            ticket = client.generate(item.line)
            self._under_way[ticket] = (item, fingerprint, time.monotonic())
            return
        self._view.update(self.tally, item.title, "", 1.0)

    def _take(self, client: BackgroundClient) -> None:
        event = _next(client)
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
        note_meta(self._folder, entry.output, entry.sha256, event.meta)
        self._ledger.store(entry, data)
        self.tally.made += 1
        self.tally.warned += bool(warnings)
        self._view.ended(self.tally, item, entry)

    def _fail(self, item: Item, fingerprint: str, sentence: str) -> None:
        entry = Entry(item.output.as_posix(), fingerprint, failure=sentence)
        self._ledger.add(entry)
        self.tally.failed.append((item, sentence))
        self._view.ended(self.tally, item, entry)


def _models(client: BackgroundClient) -> tuple[ModelInfo, ...]:
    """What the daemon performs with: the client connects by itself."""
    while True:
        event = _next(client)
        if isinstance(event, Connected):
            return event.models
        if isinstance(event, Disconnected):
            raise EngineUnavailableError(event.message)


def _next(client: BackgroundClient) -> ClientEvent | None:
    try:
        return client.events.get(timeout=_POLL_S)
    except queue.Empty:
        return None
