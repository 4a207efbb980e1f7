"""What a batch makes: which line becomes which file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Final

from mynah_shared.client.steps import Line
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import Quality, StyleUse
from mynah_shared.scene.dialogue import DialogueLine
from mynah_shared.scene.folder import lines_in_folder
from mynah_shared.scene.sheet import Fault, SheetError, read_sheet
from mynah_shared.scene.style_words import style_file

_FORBIDDEN: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for itself."""


@dataclass(frozen=True)
class Defaults:
    """What holds for every line; `styles` for those that name none."""

    fps: float
    suffix: str
    representation: str = "arkit"
    styles: tuple[StyleUse, ...] = ()
    quality: Quality | None = None


@dataclass(frozen=True)
class Item:
    """A line, what it is called, and where its result goes within the output folder; `dialogue` is
    the line as a sheet says it, files by their full paths."""

    line: Line
    title: str
    output: PurePosixPath
    dialogue: DialogueLine


@dataclass(frozen=True)
class Plan:
    """`ignored_columns` of the sheet are read by nobody."""

    items: tuple[Item, ...]
    ignored_columns: tuple[str, ...] = ()


def plan_batch(source: Path, defaults: Defaults) -> Plan:
    """The lines of a sheet, or of all recordings in a folder. Raises `BadInputError`, for a sheet
    with every row that can't be used."""
    if source.is_dir():
        lines = lines_in_folder(source)
        clashes = _clashes([_output(line, defaults.suffix) for line in lines])
        if clashes:
            first, second = (lines[i].audio.relative_to(source) for i in clashes[0])
            raise BadInputError(
                f"'{first}' and '{second}' would become the same file; rename one of them."
            )
        return Plan(tuple(_item(line, source, defaults) for line in lines))
    sheet = read_sheet(source, defaults.fps)
    clashes = _clashes([_output(line, defaults.suffix) for line in sheet.lines])
    if clashes:
        raise SheetError(source.name, [_clash(sheet.rows[i], sheet.rows[j]) for i, j in clashes])
    items = tuple(_item(line, source.parent, defaults) for line in sheet.lines)
    return Plan(items, sheet.ignored_columns)


def _item(line: DialogueLine, folder: Path, defaults: Defaults) -> Item:
    wanted = replace(
        line,
        styles=line.styles or defaults.styles,
        quality=defaults.quality or line.quality,
    )
    request = replace(wanted.to_line(defaults.fps, folder), representation=defaults.representation)
    title = f"{line.character}/{line.name}" if line.character else line.name
    return Item(request, title, _output(line, defaults.suffix), _in_full(wanted, folder))


def _in_full(line: DialogueLine, folder: Path) -> DialogueLine:
    """The same line for a sheet in any folder."""
    files = [style_file(use.name, folder) for use in line.styles]
    styles = tuple(
        use if file is None else replace(use, name=file.absolute().as_posix())
        for use, file in zip(line.styles, files, strict=True)
    )
    return replace(line, audio=line.audio.absolute(), styles=styles)


def _output(line: DialogueLine, suffix: str) -> PurePosixPath:
    """A folder per character, and names that every system can write."""
    parts = [_file_name(part) for part in (line.character, line.name) if part]
    return PurePosixPath(*parts[:-1], parts[-1] + suffix)


def _file_name(text: str) -> str:
    name = _FORBIDDEN.sub("_", text).strip(" .") or "_"
    return f"_{name}" if _DEVICES.fullmatch(name) else name


def _clashes(outputs: Sequence[PurePosixPath]) -> list[tuple[int, int]]:
    first: dict[str, int] = {}
    found: list[tuple[int, int]] = []
    for place, output in enumerate(outputs):
        key = output.as_posix().casefold()
        if first.setdefault(key, place) != place:
            found.append((first[key], place))
    return found


def _clash(earlier: int, later: int) -> Fault:
    return Fault(
        later, f"The line would become the same file as that of row {earlier}; rename one of them."
    )
