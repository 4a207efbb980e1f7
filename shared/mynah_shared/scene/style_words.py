"""Styles as people write them: `angry`, `tired@0.5:brows`, `take 3.csv + warm@0.3 from 2.5`."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Final

from ..errors import BadInputError
from ..protocol.messages import StyleUse

CLIP_SUFFIXES: Final = (".csv", ".npz", ".json")
LIBRARY_SUFFIX: Final = ".mynahstyle"
STYLE_SUFFIXES: Final = (*CLIP_SUFFIXES, LIBRARY_SUFFIX)

_WORDS: Final = re.compile(
    r"(?P<name>.+?)(@(?P<weight>[^@:]*?))?(:(?P<region>\w+))?( from (?P<start>\d+(\.\d+)?))?"
)
_AND: Final = " + "  # with spaces: names of files may hold a plus


def parse_style(words: str) -> StyleUse:
    """`NAME[@WEIGHT][:REGION][ from SECONDS]`, seconds of the performance. Raises `BadInputError`
    with the remedy."""
    match = _WORDS.fullmatch(words.strip())
    if match is None:
        raise BadInputError(f"'{words}' is no style; write NAME, NAME@WEIGHT or NAME:REGION.")
    weight = 1.0
    if match["weight"] is not None:
        try:
            weight = float(match["weight"])
        except ValueError:
            weight = math.nan
        if not math.isfinite(weight):
            raise BadInputError(
                f"'{match['weight']}' in '{words}' is no weight; write a number, as in "
                f"{match['name']}@0.5."
            )
    start_s = float(match["start"] or 0)
    return StyleUse(match["name"], weight, match["region"] or "", start_s=start_s)


def parse_styles(words: str) -> tuple[StyleUse, ...]:
    """Styles with ` + ` between them; none for empty words."""
    return tuple(parse_style(part) for part in words.split(_AND)) if words.strip() else ()


def write_styles(styles: tuple[StyleUse, ...]) -> str:
    """The words that `parse_styles` reads back."""
    return _AND.join(
        use.name
        + (f"@{use.weight:g}" if use.weight != 1 else "")
        + (f":{use.region}" if use.region else "")
        + (f" from {_plain(use.start_s)}" if use.start_s else "")
        for use in styles
    )


def style_file(name: str, folder: Path = Path()) -> Path | None:
    """The file that a style's name means, seen from `folder`; None for a style of the library."""
    path = folder / name
    return path if path.suffix.lower() in STYLE_SUFFIXES or path.is_file() else None


def read_tags(words: str) -> tuple[str, ...]:
    """Tags with commas between: `angry, loud`."""
    return tuple(tag.strip() for tag in words.split(",") if tag.strip())


def _plain(seconds: float) -> str:
    """To the microsecond, without an exponent, which nobody writes."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".")
