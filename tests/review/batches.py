"""Small finished batches, as `mynah batch` leaves them, made without an engine."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from mynah_daemon.batch.ledger import Entry, Ledger, hash_file
from mynah_daemon.batch.metas import note_meta
from mynah_daemon.batch.plan import Defaults, Item, plan_batch
from mynah_daemon.clip_files import write_clip
from mynah_daemon.review.report import write_report
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

FPS = 30.0
RATE = 16_000


@dataclass(frozen=True)
class Spoken:
    """A line: `jaw` opens and closes at four times a second up to this; `phones` as heard."""

    name: str
    character: str = "Anna"
    text: str = ""
    seconds: float = 1.5
    jaw: float = 0.6
    phones: Sequence[tuple[float, float, str]] = ((0.0, 1.5, "AA"),)
    confidence: float = 0.8
    failure: str = ""
    warnings: tuple[str, ...] = ()
    cells: dict[str, str] = field(default_factory=dict)


class MadeBatch:
    """Recordings, sheet, results and ledger in a folder."""

    def __init__(self, folder: Path, lines: Sequence[Spoken], suffix: str = ".csv") -> None:
        self.folder, self.out = folder, folder / "out"
        self.suffix = suffix
        self.lines = {(line.character, line.name): line for line in lines}
        (folder / "vo").mkdir(parents=True, exist_ok=True)
        self.out.mkdir(exist_ok=True)
        self.sheet = self.write_sheet(lines)
        for item in self.items():
            self.make(item)

    def write_sheet(self, lines: Sequence[Spoken], name: str = "sheet.csv") -> Path:
        cells = [
            {
                "line": line.name,
                "character": line.character,
                "audio": self._write_sound(line),
                "text": line.text,
                **line.cells,
            }
            for line in lines
        ]
        columns = list(dict.fromkeys(column for row in cells for column in row))
        path = self.folder / name
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(cells)
        return path

    def items(self, sheet: Path | None = None) -> tuple[Item, ...]:
        return plan_batch(sheet or self.sheet, Defaults(FPS, self.suffix)).items

    def make(self, item: Item, jaw: float | None = None) -> None:
        """Makes a line, or makes it anew with another jaw."""
        line = self.lines[item.dialogue.character, item.dialogue.name]
        output = item.output.as_posix()
        if line.failure:
            Ledger(self.out).add(Entry(output, "", failure=line.failure))
            return
        path = self.out / item.output
        path.parent.mkdir(parents=True, exist_ok=True)
        write_clip(_clip(line.seconds, line.jaw if jaw is None else jaw), path)
        heard = {"phones": line.phones, "confidence": line.confidence} if line.phones else {}
        sha256 = hash_file(path)
        note_meta(self.out, output, sha256, {"model": "tiny", "heard": heard})
        Ledger(self.out).add(Entry(output, "made", sha256, 0.1, line.warnings))

    def report(self, sheet: Path | None = None) -> Path:
        """Writes the page and returns it."""
        return write_report(self.items(sheet), self.out, Ledger(self.out))

    def _write_sound(self, line: Spoken) -> str:
        name = f"vo/{len(list((self.folder / 'vo').iterdir()))}.wav"
        times = np.arange(round(line.seconds * RATE)) / RATE
        soundfile.write(self.folder / name, 0.4 * np.sin(2 * np.pi * 150 * times), RATE)
        return name


def _clip(seconds: float, jaw: float) -> MotionClip:
    times = np.arange(round(seconds * FPS)) / FPS
    values = np.zeros((len(times), len(ARKIT_CHANNELS)), np.float32)
    values[:, ARKIT_CHANNELS.index("jawOpen")] = jaw * (0.5 - 0.5 * np.cos(2 * np.pi * 2 * times))
    values[:, ARKIT_CHANNELS.index("headYaw")] = 0.1 * np.sin(times)
    return MotionClip(FPS, ARKIT_CHANNELS, values)
