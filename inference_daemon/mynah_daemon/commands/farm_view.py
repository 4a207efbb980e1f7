"""What a farm's monitor shows of a batch: lines that Open Job Description defines, on stdout."""

from __future__ import annotations

from typing import Final, TextIO

from ..batch.ledger import Entry
from ..batch.plan import Item
from ..batch.run import Tally

_LONGEST: Final = 400


class FarmView:
    """Writes `openjd_progress` and `openjd_status`; failures as `openjd_fail`."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._told = ""

    def update(self, tally: Tally, title: str, stage: str, fraction: float) -> None:
        """Only whole lines count: a farm keeps all that it is told."""
        del title, fraction
        if not stage:
            self._tell(tally)

    def ended(self, tally: Tally, item: Item, entry: Entry) -> None:
        what = entry.failure or f"{entry.output} in {entry.seconds:.1f} s"
        self._print(f"{item.title}: {what}")
        self._tell(tally)

    def end(self) -> None:
        """Nothing is left open."""

    def fail(self, sentence: str) -> None:
        """Says why the task fails."""
        self._print("openjd_fail: " + " ".join(sentence.split())[:_LONGEST])

    def _tell(self, tally: Tally) -> None:
        failed = f", {len(tally.failed)} failed" if tally.failed else ""
        told = f"{tally.ended} of {tally.total} lines{failed}"
        if told != self._told:
            self._print(f"openjd_progress: {100 * tally.ended / max(tally.total, 1):.1f}")
            self._print(f"openjd_status: {told}")
        self._told = told

    def _print(self, text: str) -> None:
        print(text, file=self._stream, flush=True)
