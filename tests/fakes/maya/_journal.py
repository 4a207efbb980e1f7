"""Every change of the scene, so that it can be taken back and made again.

All state lives in dictionaries and attributes whose values are replaced, never mutated; a change
is therefore one replaced value, and undoing it means putting the former value back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from maya._errors import NotInTheFake

_MISSING = object()


class Change:
    """One replaced value of a dictionary or of an object; `flip` swaps it with the other one."""

    __slots__ = ("_container", "_key", "_other")

    def __init__(self, container: Any, key: Any, value: Any) -> None:
        self._container, self._key, self._other = container, key, value

    def flip(self) -> None:
        container, key, other = self._container, self._key, self._other
        if isinstance(container, dict):
            self._other = container.get(key, _MISSING)
            if other is _MISSING:
                container.pop(key, None)
            else:
                container[key] = other
        else:
            self._other = getattr(container, key)
            setattr(container, key, other)

    undo = redo = flip


class Call:
    """What a plug-in's command does by itself to take its work back and to do it again."""

    def __init__(self, undo: Callable[[], None], redo: Callable[[], None]) -> None:
        self.undo, self.redo = undo, redo


Step = Change | Call


class Entry:
    """What one Undo takes back."""

    def __init__(self, name: str, steps: Sequence[Step]) -> None:
        self.name, self.steps = name, list(steps)

    def undo(self) -> None:
        for step in reversed(self.steps):
            step.undo()

    def redo(self) -> None:
        for step in self.steps:
            step.redo()


class Journal:
    """The undo queue, and where the changes of the moment are written down."""

    def __init__(self) -> None:
        self.done: list[Entry] = []
        self.undone: list[Entry] = []
        self.is_on = True
        self.version = 0
        self._chunk: Entry | None = None
        self._depth = 0
        self._records: list[list[Step]] = []

    def put(self, container: Any, key: Any, value: Any) -> None:
        """Set a dictionary's item or an object's attribute, and remember what was there."""
        change = Change(container, key, value)
        change.flip()
        self.version += 1
        if self._records:
            self._records[-1].append(change)

    def drop(self, container: dict[Any, Any], key: Any) -> None:
        """Remove a dictionary's item."""
        self.put(container, key, _MISSING)

    @contextmanager
    def record(self) -> Iterator[list[Step]]:
        """Collect the changes made inside; if an error ends it, they are taken back."""
        steps: list[Step] = []
        self._records.append(steps)
        try:
            yield steps
        except BaseException:  # as Maya: what did not end did not happen
            self.revert(steps)
            raise
        finally:
            self._records.pop()

    @contextmanager
    def unrecorded(self) -> Iterator[None]:
        """What the API does outside of a modifier: no Undo knows it."""
        outer, self._records = self._records, []
        try:
            yield
        finally:
            self._records = outer

    def revert(self, steps: Sequence[Step]) -> None:
        for step in reversed(steps):
            step.undo()
        self.version += 1

    def repeat(self, steps: Sequence[Step]) -> None:
        for step in steps:
            step.redo()
        self.version += 1

    def add(self, name: str, steps: Sequence[Step]) -> None:
        """Put the work of one command on the queue, or on the chunk or command it was part of."""
        if not steps:
            return
        if self._records:
            self._records[-1].extend(steps)
        elif not self.is_on:
            return
        elif self._chunk is not None:
            self._chunk.steps.extend(steps)
        else:
            self._close(Entry(name, steps))

    def open_chunk(self, name: str) -> None:
        if self._depth == 0:
            self._chunk = Entry(name, ())
        self._depth += 1

    def close_chunk(self) -> None:
        if self._depth == 0:
            raise NotInTheFake("undoInfo(closeChunk=True) without an open chunk")
        self._depth -= 1
        if self._depth == 0 and self._chunk is not None:
            entry, self._chunk = self._chunk, None
            if entry.steps:
                self._close(entry)

    @property
    def open_chunks(self) -> int:
        return self._depth

    def _close(self, entry: Entry) -> None:
        self.done.append(entry)
        self.undone.clear()

    def undo(self) -> str:
        if self._depth:
            raise NotInTheFake("undo inside an open chunk")
        if not self.done:
            raise RuntimeError("There are no more commands to undo.")
        entry = self.done.pop()
        with self.unrecorded():
            entry.undo()
        self.undone.append(entry)
        self.version += 1
        return entry.name

    def redo(self) -> str:
        if not self.undone:
            raise RuntimeError("There are no more commands to redo.")
        entry = self.undone.pop()
        with self.unrecorded():
            entry.redo()
        self.done.append(entry)
        self.version += 1
        return entry.name

    def flush(self) -> None:
        self.done.clear()
        self.undone.clear()
