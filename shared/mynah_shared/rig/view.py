"""What a host's panel shows of a character's mapping, as plain words: one row per target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from .dry_run import DryRun, dry_run
from .mapping import UNBOUNDED, RigMapping
from .matcher import Proposal
from .rig_matcher import RigNames, recognise_meshes
from .targets import Kind

_SURE: Final = 0.8
_LIKELY: Final = 0.6
_MOST_NAMES: Final = 8
_UNBOUNDED_SHARE: Final = 0.3
"""Heads and FLAME's components have no full value; a third of their unit is to be seen well."""


class Level(Enum):
    """How much a row asks to be looked at: a sure, likely or guessed match, or the artist's own."""

    SURE = "SURE"
    LIKELY = "LIKELY"
    GUESS = "GUESS"
    OWN = "OWN"


@dataclass(frozen=True)
class Row:
    """A target: `what` it is and what moves it, in words. `confidence` is 0..1, or None for what
    the artist has set. `row` are its channels and weights; `shows` says how these are meant."""

    name: str
    kind: Kind
    what: str
    by: str
    confidence: float | None
    reason: str
    row: tuple[tuple[str, float], ...]
    shows: bool

    @property
    def level(self) -> Level:
        """How much it asks to be looked at."""
        if self.confidence is None:
            return Level.OWN
        if self.confidence >= _SURE:
            return Level.SURE
        return Level.LIKELY if self.confidence >= _LIKELY else Level.GUESS

    def has(self, search: str) -> bool:
        """Whether all words of a search stand somewhere in the row: "bone jaw", "mouthSmile"."""
        return matches_search(f"{self.name} {self.by} {self.what}", search)


@dataclass(frozen=True)
class View:
    """The mapping of a character. `titles` say what was recognised, `remarks` what was not used;
    `is_own` that the artist has one of their own; `error` why there is none to show."""

    titles: tuple[str, ...]
    remarks: tuple[str, ...]
    rows: tuple[Row, ...]
    is_own: bool
    error: str = ""

    def find(self, name: str) -> Row | None:
        """The row of a target, if it has one."""
        return next((row for row in self.rows if row.name == name), None)


def view_of(mapping: RigMapping, proposal: Proposal, names: RigNames, *, is_own: bool) -> View:
    """The rows of `mapping` on the rig of `names`, each beside what was proposed for it."""
    matches = {match.target: match for match in proposal.matches}
    report = dry_run(mapping, names)
    proposed = {**proposal.mapping.weights, **proposal.mapping.shows}
    rows: list[Row] = []
    for driven in report.driven:
        name = driven.target
        shows = name in mapping.shows
        row = dict((mapping.shows if shows else mapping.weights)[name])
        match = matches.get(name)
        is_proposed = row == proposed.get(name) and (
            mapping.target(name) == proposal.mapping.target(name)
        )
        confidence = match.confidence if match is not None and is_proposed else None
        reason = match.reason if match is not None and is_proposed else "You have set this."
        kind = mapping.target(name).kind
        pairs = tuple(row.items())
        rows.append(Row(name, kind, driven.what, driven.by, confidence, reason, pairs, shows))
    remarks: list[str] = []
    if report.missing:
        remarks.append(f"Not on this rig: {_short(report.missing)}.")
    left = [name for name in proposal.left_alone if name not in mapping.names]
    if left:
        remarks.append(f"Known and left alone: {_short(left)}.")
    return View(_titles(names, mapping, rows), tuple(remarks), tuple(rows), is_own)


def report_sentences(report: DryRun) -> list[str]:
    """The dry run for people, long lists cut."""
    lines = [f"Drives {len(report.driven)} targets."]
    for title, found in (
        ("Not on this rig", report.missing),
        ("Shown by nothing on this rig", report.homeless),
        ("Left alone", report.left_alone),
    ):
        if found:
            lines.append(f"{title}: {_short(found)}.")
    return lines


def unmapped(mapping: RigMapping, names: RigNames) -> list[str]:
    """What of the rig could be mapped: shapes and properties that are not, then bones, which may
    have several motions."""
    used = {mapping.target(name).name or name for name in mapping.names}
    shapes = [name for own in names.shapes.values() for name in own]
    rest = [*shapes, *(name for _owner, name in names.properties), *names.bones]
    bones = set(names.bones)
    return [name for name in dict.fromkeys(rest) if name not in used or name in bones]


def shown_value(mapping: RigMapping, name: str) -> float:
    """The value, in the target's unit, at which a test pose shows it."""
    target = mapping.target(name)
    row = mapping.weights.get(name, {})
    if not UNBOUNDED.isdisjoint(row):
        return target.value(_UNBOUNDED_SHARE)
    low, high = mapping.limits(name)
    return float(min(max(target.full, low), high))


def matches_search(text: str, search: str) -> bool:
    """Whether all words of a search stand somewhere in the text, in any case."""
    folded = text.casefold()
    return all(word in folded for word in search.casefold().split())


def _titles(names: RigNames, mapping: RigMapping, rows: Sequence[Row]) -> tuple[str, ...]:
    titles: list[str] = []
    mapped = set(mapping.names)
    for mesh, vocabularies in recognise_meshes(names).items():
        shapes = names.shapes[mesh]
        n_used = sum(shape in mapped for shape in shapes)
        if not n_used:
            continue
        title = f"{n_used} of {len(shapes)} shapes on {mesh}"
        titles.append(f"{vocabularies[0].title}: {title}" if vocabularies else title)
    for kind, word in ((Kind.BONE, "bone motions"), (Kind.PROPERTY, "properties")):
        found = sum(row.kind is kind for row in rows)
        if found:
            titles.append(f"{found} {word}")
    return tuple(titles)


def _short(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
