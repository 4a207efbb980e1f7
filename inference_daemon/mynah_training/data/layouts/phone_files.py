"""Phones with their times beside a user's sound: a Praat TextGrid or a CSV.

TextGrid: the tier whose name contains "phone" (the Montreal Forced Aligner writes "words" and
"phones"), in Praat's long or short text form. Names are ARPABET or IPA; an interval without text
is silence. CSV: columns `phone`, `start_s` and `end_s`, and `kind` if some are only guessed.

Verified: the file formats in Praat's manual (TextGrid_file_formats): numbers, texts in quotes and
flags that stand free count, all else is for the eye; a quote within a text is doubled.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from mynah_shared.errors import BadInputError

from ..corpus import TRUSTED_PHONES, Segment
from ..phones import UNKNOWN, ipa_to_phones, phone_index

_TOKEN = re.compile(
    r'"(?P<text>(?:[^"]|"")*)"|(?<!\S)(?P<flag><\w+>)|(?<!\S)(?P<number>[+-]?\d[\d.eE+-]*)(?!\S)'
)
_INTERVALS = "IntervalTier"


def find_phones(stem: Path) -> Path | None:
    """`stem.TextGrid`, `stem.phones.csv`, or `stem.csv` if it has a column of phones."""
    for suffix in (".TextGrid", ".textgrid", ".phones.csv"):
        path = stem.with_name(stem.name + suffix)
        if path.is_file():
            return path
    path = stem.with_name(stem.name + ".csv")
    return path if path.is_file() and has_phones(path) else None


def csv_header(path: Path) -> list[str]:
    """Names of the columns."""
    with path.open(newline="", encoding="utf-8-sig", errors="replace") as file:
        return [name.strip() for name in next((row for row in csv.reader(file) if row), [])]


def has_phones(path: Path) -> bool:
    """Whether a CSV holds phones, not a track."""
    return "phone" in csv_header(path)


def read_phones_beside(path: Path) -> tuple[tuple[Segment, ...], bool]:
    """The phones and whether they come from a transcript. Raises `BadInputError` with the file's
    name."""
    try:
        items, trusted = _csv(path) if path.suffix.lower() == ".csv" else (_phone_tier(path), True)
    except (ValueError, KeyError, TypeError, StopIteration, OSError, csv.Error) as error:
        raise BadInputError(f"{path} is not a file of phones that can be read.") from error
    segments = tuple(part for item in items for part in _in_inventory(*item))
    return segments, trusted and bool(segments)


def _csv(path: Path) -> tuple[list[Segment], bool]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    items = [(row["phone"], float(row["start_s"]), float(row["end_s"])) for row in rows]
    return items, all(row["kind"] in TRUSTED_PHONES for row in rows if "kind" in row)


def _phone_tier(path: Path) -> list[Segment]:
    """Intervals of the tier of phones; none without such a tier."""
    tokens = _tokens(path)
    if next(tokens) != "ooTextFile" or next(tokens) != "TextGrid":
        raise ValueError("no TextGrid")
    for _ in range(3):  # start, end, and whether there are tiers
        next(tokens)
    for _ in range(int(next(tokens))):
        kind, name = next(tokens), next(tokens)
        _ = next(tokens), next(tokens)  # its start and end
        n_fields = 3 if kind == _INTERVALS else 2
        rows = [[next(tokens) for _ in range(n_fields)] for _ in range(int(next(tokens)))]
        if kind == _INTERVALS and "phone" in name.lower():
            return [(text.strip() or "sil", float(start), float(end)) for start, end, text in rows]
    return []


def _tokens(path: Path) -> Iterator[str]:
    content = path.read_bytes()
    is_wide = content[:2] in (b"\xfe\xff", b"\xff\xfe")
    text = content.decode("utf-16" if is_wide else "utf-8-sig")
    for match in _TOKEN.finditer(text):
        if match["text"] is not None:
            yield match["text"].replace('""', '"')
        else:
            yield match["number"] or match["flag"]


def _in_inventory(name: str, start_s: float, end_s: float) -> Iterator[Segment]:
    """The segment by names of the inventory: a symbol of IPA may be two of them, each for a half
    of its time. A name that neither knows stays: its time carries no label."""
    parts = [name] if phone_index(name) != UNKNOWN else ipa_to_phones(name) or [name]
    step = (end_s - start_s) / len(parts)
    for i, part in enumerate(parts):
        yield part, start_s + i * step, start_s + (i + 1) * step
