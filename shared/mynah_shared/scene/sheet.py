"""Dialogue sheets: a line of dialogue per row of a CSV file, as spreadsheets write them."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import BadInputError
from ..protocol.messages import Quality
from .dialogue import DialogueLine, repeated_names
from .style_words import parse_styles, style_file, write_styles
from .timecode import parse_frame

COLUMNS: Final = (
    *("line", "character", "audio", "start", "from_s", "to_s"),
    *("style", "strength", "seed", "quality", "model", "text"),
)
_MOST_SHOWN: Final = 10
_LARGEST_BYTES: Final = 64 << 20


@dataclass(frozen=True)
class Fault:
    """What is wrong with a row, which is counted as in a spreadsheet: the names are row 1."""

    row: int
    sentence: str


class SheetError(BadInputError):
    """Rows of a sheet can't be used; the sentence names the first ten."""

    def __init__(self, name: str, faults: Sequence[Fault]) -> None:
        shown = [f"Row {fault.row}: {fault.sentence}" for fault in faults[:_MOST_SHOWN]]
        if len(faults) > _MOST_SHOWN:
            shown.append(f"… and {len(faults) - _MOST_SHOWN} more.")
        rows = "A row" if len(faults) == 1 else f"{len(faults)} rows"
        super().__init__(
            "\n".join([f"{rows} of '{name}' can't be used, so nothing was made.", *shown])
        )
        self.faults = tuple(faults)


@dataclass(frozen=True)
class DialogueSheet:
    """`lines`, the `rows` that they stand in, and the columns that nobody here reads."""

    lines: tuple[DialogueLine, ...]
    rows: tuple[int, ...]
    ignored_columns: tuple[str, ...]


def read_sheet(path: Path, fps: float = 30.0) -> DialogueSheet:
    """Reads and checks all rows. Files are named as seen from the sheet's folder; `fps` is the rate
    in which timecodes count.

    Only `audio` must be there; see `COLUMNS`. Raises `SheetError` with every fault at once, or
    `BadInputError` if the file is no sheet.
    """
    names, records = _records(path)
    lines: list[DialogueLine] = []
    rows: list[int] = []
    faults: list[Fault] = []
    for row, record in records:
        try:
            lines.append(_line(record, path.parent, fps))
            rows.append(row)
        except BadInputError as error:
            faults.append(Fault(row, str(error)))
    for earlier, later in repeated_names(lines):
        line = lines[later]
        of_whom = f" of '{line.character}'" if line.character else ""
        faults.append(
            Fault(
                rows[later],
                f"The line '{line.name}'{of_whom} is also in row {rows[earlier]}; give one of them "
                "another name in the column 'line'.",
            )
        )
    if faults:
        raise SheetError(path.name, sorted(faults, key=lambda fault: fault.row))
    if not lines:
        raise BadInputError(f"The sheet '{path.name}' has no rows below the names of its columns.")
    return DialogueSheet(
        tuple(lines), tuple(rows), tuple(name for name in names if name not in COLUMNS)
    )


def write_sheet(lines: Sequence[DialogueLine], path: Path) -> None:
    """Writes a sheet that `read_sheet` reads back; files inside its folder are named as seen from
    there. The file is complete or not there."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(to_row(line, path.parent) for line in lines)
    unfinished = path.with_name(path.name + ".part")
    unfinished.write_text(text.getvalue(), "utf-8", newline="")
    os.replace(unfinished, path)


def _records(path: Path) -> tuple[list[str], Iterator[tuple[int, dict[str, str]]]]:
    """Names of the columns, and per filled row its number and its filled cells."""
    text = _text(path)
    first = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as err:
        raise BadInputError(
            f"'{path.name}' is no table in CSV ({err}); export it again from the spreadsheet."
        ) from err
    names = [name.strip().lower().replace(" ", "_") for name in table[0]] if table else []
    if "audio" not in names:
        raise BadInputError(
            f"The sheet '{path.name}' has no column 'audio'; its first row must name the columns: "
            f"{', '.join(COLUMNS)}."
        )
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise BadInputError(
            f"The sheet '{path.name}' has the column '{twice[0]}' twice; remove or rename one."
        )

    def filled() -> Iterator[tuple[int, dict[str, str]]]:
        for row, cells in enumerate(table[1:], start=2):
            pairs = zip(names, (cell.strip() for cell in cells), strict=False)
            record = {name: cell for name, cell in pairs if name and cell}
            if record:
                yield row, record

    return names, filled()


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise BadInputError(
                f"The sheet '{path.name}' has more than {_LARGEST_BYTES >> 20} MB; split it."
            )
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError as err:
        raise BadInputError(
            f"The sheet '{path.name}' is not UTF-8; save it as 'CSV UTF-8'."
        ) from err
    except (OSError, ValueError) as err:  # ValueError: a null character in the path
        reason = err.strerror if isinstance(err, OSError) else str(err)
        raise BadInputError(f"The sheet '{path}' can't be read: {reason}.") from err


def _line(record: Mapping[str, str], folder: Path, fps: float) -> DialogueLine:
    if "audio" not in record:
        raise BadInputError("The column 'audio' is empty; name the line's sound file.")
    audio = folder / record["audio"]
    if not audio.is_file():
        raise BadInputError(
            f"The audio file '{record['audio']}' does not exist in the sheet's folder; correct "
            "the path."
        )
    start = record.get("start")
    line = DialogueLine(
        name=record.get("line", audio.stem),
        audio=audio,
        character=record.get("character", ""),
        start_frame=None if start is None else parse_frame(start, fps),
        from_s=_number(record, "from_s", 0.0),
        to_s=_number(record, "to_s", 0.0),
        styles=parse_styles(record.get("style", "")),
        strength=_number(record, "strength", 1.0),
        seed=_number(record, "seed", 0, int),
        quality=_quality(record.get("quality", Quality.normal.value)),
        model=record.get("model", ""),
        text=record.get("text", ""),
    )
    for use in line.styles:
        file = style_file(use.name, folder)
        if file is not None and not file.is_file():
            raise BadInputError(
                f"The style clip '{use.name}' does not exist in the sheet's folder; correct the "
                "path."
            )
    return line


def _number(
    record: Mapping[str, str], column: str, default: float, kind: Callable[[str], Any] = float
) -> Any:
    text = record.get(column)
    if text is None:
        return default
    try:
        value = kind(text)
    except ValueError:
        value = None
    if value is None or not 0 <= value < 2**63:
        whole = "whole number" if kind is int else "number"
        raise BadInputError(f"'{text}' in the column '{column}' is no {whole} from 0 on.")
    return value


def _quality(text: str) -> Quality:
    try:
        return Quality(text.lower())
    except ValueError:
        raise BadInputError(
            f"There is no quality '{text}'; use {', '.join(q.value for q in Quality)}."
        ) from None


def to_row(line: DialogueLine, folder: Path) -> dict[str, str]:
    """The cells of a line by the names of their columns; a recording inside `folder` is named as
    seen from there."""
    within = line.audio.is_relative_to(folder)
    audio = line.audio.relative_to(folder) if within else line.audio
    plain = DialogueLine("", line.audio)
    cells = {
        "line": line.name,
        "character": line.character,
        "audio": audio.as_posix(),
        "start": "" if line.start_frame is None else f"{line.start_frame:.10g}",
        "style": write_styles(line.styles),
        "quality": line.quality.value,
        "model": line.model,
        "text": line.text,
    }
    for column in ("from_s", "to_s", "strength", "seed"):
        value = getattr(line, column)
        cells[column] = "" if value == getattr(plain, column) else repr(value)
    return cells
