"""The vocabularies in which rigs name their targets: read from presets/, found in names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ..motion.flame import MOST_EXP, exp_channels
from . import mapping_file
from .names import fold, without_prefixes
from .targets import Kind, Target

PRESETS: Final = Path(__file__).parent / "presets"
ARKIT: Final = "arkit"

_LETTERS: Final = 3
"""Shorter names must be spelled as in the vocabulary, but for their case."""
_NUMBERED: Final = re.compile(r"(?:exp|expression)[ _.]?(\d{1,3})", re.IGNORECASE)
_LEAST_NUMBERED: Final = 5
_OF_PRESETS: Final = ("names", "unless", "beside")
"""Fields that a preset's targets have and a mapping's have not."""


@dataclass(frozen=True)
class Entry:
    """One target of a vocabulary. `row` drives it, or is what it `shows`; `target` is what it is on
    the rig, without its name. A rig that has one of `unless` doesn't need it. Beside shapes of the
    vocabularies in `beside` it is needed although they seem to move the same."""

    label: str
    names: tuple[str, ...]
    row: Mapping[str, float]
    shows: bool
    target: Target
    unless: tuple[str, ...]
    beside: frozenset[str]


@dataclass(frozen=True)
class Preset:
    """A vocabulary: `at_least` so many of its names make a rig one of its kind; `rest` are names
    that show nothing; `confidence` is how sure a name's meaning and amount are, and `note` says
    what is left to look at."""

    name: str
    title: str
    source: tuple[str, ...]
    at_least: int
    confidence: float
    note: str
    rest: frozenset[str]
    entries: Mapping[str, Entry]

    is_of_bones: bool
    """Whether its names are bones' or controls', not shapes' or properties'."""


@dataclass(frozen=True)
class Vocabulary:
    """A vocabulary that some names speak: `found` of its `size` targets are there, and `share` of
    the names belong to it, 0..1."""

    name: str
    title: str
    found: int
    size: int
    share: float


@lru_cache(maxsize=1)
def presets() -> tuple[Preset, ...]:
    """All vocabularies, by name."""
    return tuple(_load(path) for path in sorted(PRESETS.glob("*.json")))


def find(preset: Preset, names: Sequence[str], prefix: str = "") -> dict[str, tuple[str, bool]]:
    """Label → the rig's name for it, and whether it is written exactly so. Of several spellings the
    vocabulary's first wins, of several names the rig's first."""
    exact, folded = _spellings(preset)
    found: dict[str, tuple[int, str, bool]] = {}
    for name in names:
        for at, (short, key) in enumerate(_readings(name, prefix, preset.is_of_bones)):
            hits = exact.get(short, ()) or folded.get(key, ())
            for label, rank in hits:
                spelled = short in exact and at == 0
                order = 2 * rank + (not spelled)
                if label not in found or order < found[label][0]:
                    found[label] = (order, name, spelled)
            if hits:
                break
    return {label: (name, spelled) for label, (_, name, spelled) in found.items()}


def is_spoken(preset: Preset, hits: Mapping[str, tuple[str, bool]]) -> bool:
    """Whether enough names were found that it's no coincidence."""
    return len({name for name, _ in hits.values()}) >= preset.at_least


def recognise(names: Sequence[str], prefix: str = "") -> tuple[Vocabulary, ...]:
    """The vocabularies of shapes or properties that `names` speak, the one that knows most of them
    first; none that knows only what those before it know."""
    heard: list[tuple[Vocabulary, set[str]]] = []
    for preset in presets():
        if preset.is_of_bones:
            continue
        hits = find(preset, names, prefix)
        if is_spoken(preset, hits):
            told = {name for name, _ in hits.values()} | (preset.rest & set(names))
            share = len(told) / len(names)
            size = len(preset.entries)
            heard.append((Vocabulary(preset.name, preset.title, len(hits), size, share), told))
    heard.sort(key=lambda item: (-item[0].found, item[0].name != ARKIT, item[0].name))
    known: set[str] = set()
    spoken: list[Vocabulary] = []
    for vocabulary, told in heard:
        if not told <= known:
            spoken.append(vocabulary)
            known |= told
    return tuple(spoken)


def flame_expressions(names: Sequence[str]) -> dict[str, str]:
    """The rig's name → FLAME's component that it is: "Exp1" is the first one, unless there is an
    "Exp0". Empty if the names are not FLAME's."""
    numbers: dict[str, int] = {}
    for name in names:
        for short in without_prefixes(name):
            if match := _NUMBERED.fullmatch(short):
                numbers[name] = int(match[1])
    if len(numbers) < _LEAST_NUMBERED:
        return {}
    first = 0 if 0 in numbers.values() else 1
    channels = exp_channels(MOST_EXP)
    return {
        name: channels[number - first]
        for name, number in numbers.items()
        if number - first < MOST_EXP
    }


@lru_cache(maxsize=8192)
def _readings(name: str, prefix: str, is_bone: bool) -> tuple[tuple[str, str], ...]:
    """What a name may be without what stands before it, each with its key among `folded`."""
    shorts = without_prefixes(name, prefix, after_dots=not is_bone)
    return tuple((short, _key(short)) for short in shorts)


def _key(name: str) -> str:
    return fold(name) if len(name) > _LETTERS else name.lower()


@lru_cache(maxsize=64)
def _spellings_of(
    name: str,
) -> tuple[dict[str, list[tuple[str, int]]], dict[str, list[tuple[str, int]]]]:
    preset = next(preset for preset in presets() if preset.name == name)
    exact: dict[str, list[tuple[str, int]]] = {}
    folded: dict[str, list[tuple[str, int]]] = {}
    for label, entry in preset.entries.items():
        for rank, spelling in enumerate(entry.names):
            exact.setdefault(spelling, []).append((label, rank))
            folded.setdefault(_key(spelling), []).append((label, rank))
    return exact, folded


def _spellings(
    preset: Preset,
) -> tuple[dict[str, list[tuple[str, int]]], dict[str, list[tuple[str, int]]]]:
    return _spellings_of(preset.name)


def _load(path: Path) -> Preset:
    document: dict[str, Any] = json.loads(path.read_text("utf-8"))
    content = mapping_file.Content(path.stem, {}, {}, {})
    entries: dict[str, Entry] = {}
    for label, fields in document["targets"].items():
        own = {key: value for key, value in fields.items() if key not in _OF_PRESETS}
        if own.get("kind") == Kind.BONE.value:
            own["bone"] = fields["names"][0]
        mapping_file.add_entry(content, label, own)
        shows = label in content.shows
        row = content.shows[label] if shows else content.weights[label]
        target = content.targets.get(label, Target())
        entries[label] = Entry(
            label,
            tuple(fields["names"]),
            row,
            shows,
            target,
            tuple(fields.get("unless", ())),
            frozenset(fields.get("beside", ())),
        )
    return Preset(
        document["name"],
        document["title"],
        tuple(document["source"]),
        document["at_least"],
        document["confidence"],
        document.get("note", ""),
        frozenset(document.get("rest", ())),
        entries,
        any(entry.target.kind is Kind.BONE for entry in entries.values()),
    )
