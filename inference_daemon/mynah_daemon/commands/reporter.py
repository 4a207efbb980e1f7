"""How far a command is."""

from __future__ import annotations

from typing import TextIO


class Reporter:
    """Progress on a terminal as a bar, elsewhere as one line per stage."""

    _WIDTH = 30

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_terminal = stream.isatty()
        self._stage = ""
        self._has_bar = False

    def __call__(self, stage: str, fraction: float) -> None:
        if self._is_terminal:
            done = round(self._WIDTH * fraction)
            bar = "#" * done + "." * (self._WIDTH - done)
            self._stream.write(f"\r[{bar}] {fraction:4.0%} {stage:<10}")
            self._stream.flush()
            self._has_bar = True
        elif stage and stage != self._stage:
            print(stage, file=self._stream)
        self._stage = stage

    def end(self) -> None:
        """Leaves the line of the bar."""
        if self._has_bar:
            self._stream.write("\n")
            self._has_bar = False
