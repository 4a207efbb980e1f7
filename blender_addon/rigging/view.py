"""What the panel shows of a character's mapping, as plain words: one row per target."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import bpy

from ..library import (
    BadInputError,
    DryRun,
    Kind,
    RigMapping,
    dry_run,
    recognise_meshes,
)
from .character import home_of, mapping_from, mapping_of, propose, stored_text
from .names import Names, read_parts

_SURE, _LIKELY = 0.8, 0.6
_MOST_NAMES = 8


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
    def level(self) -> str:
        """How much it asks to be looked at."""
        if self.confidence is None:
            return "OWN"
        if self.confidence >= _SURE:
            return "SURE"
        return "LIKELY" if self.confidence >= _LIKELY else "GUESS"


@dataclass(frozen=True)
class View:
    """The mapping of a character. `titles` say what was recognised, `remarks` what was not used."""

    titles: tuple[str, ...]
    remarks: tuple[str, ...]
    rows: tuple[Row, ...]
    is_own: bool
    error: str = ""

    def find(self, name: str) -> Row | None:
        return next((row for row in self.rows if row.name == name), None)


def read_view(character: bpy.types.Object) -> View:
    return view_of(*asked_of(character))


def asked_of(character: bpy.types.Object) -> tuple[Names, str, str]:
    """All that a view is made of: the names, the text of the mapping that is kept, and on what."""
    return read_parts(character).names, stored_text(character), home_of(character).name


@lru_cache(maxsize=8)
def view_of(names: Names, text: str, owner: str) -> View:
    """It asks Blender nothing, so that another thread may do it: thousands of names take long."""
    try:
        mapping = mapping_from(names, text, owner)
    except BadInputError as error:
        return View((), (), (), bool(text), str(error))
    proposal = propose(names)
    reasons = {match.target: match for match in proposal.matches}
    report = report_of(mapping, names)
    rows: list[Row] = []
    for driven in report.driven:
        name = driven.target
        shows = name in mapping.shows
        row = dict((mapping.shows if shows else mapping.weights)[name])
        match = reasons.get(name)
        proposed = proposal.mapping
        is_proposed = row == {**proposed.weights, **proposed.shows}.get(name) and (
            mapping.target(name) == proposed.target(name)
        )
        confidence = match.confidence if match is not None and is_proposed else None
        reason = match.reason if match is not None and is_proposed else "You have set this."
        what, by, kind = driven.what, driven.by, mapping.target(name).kind
        rows.append(Row(name, kind, what, by, confidence, reason, tuple(row.items()), shows))
    remarks: list[str] = []
    if report.missing:
        remarks.append(f"Not on this rig: {_short(report.missing)}.")
    left = [name for name in proposal.left_alone if name not in mapping.names]
    if left:
        remarks.append(f"Known and left alone: {_short(left)}.")
    return View(_titles(names, mapping, rows), tuple(remarks), tuple(rows), bool(text))


def report_of(mapping: RigMapping, names: Names) -> DryRun:
    return dry_run(mapping, names.to_rig_names())


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


def unmapped(character: bpy.types.Object) -> list[str]:
    """What of the rig could be mapped and is not: shapes, properties, then bones."""
    parts = read_parts(character)
    mapping = mapping_of(character, parts)
    used = {mapping.target(name).name or name for name in mapping.names}
    shapes = [name for _mesh, own in parts.names.shapes for name in own]
    rest = [*shapes, *(name for _owner, name in parts.names.properties), *parts.names.bones]
    return [name for name in dict.fromkeys(rest) if name not in used or name in parts.bones]


def _titles(names: Names, mapping: RigMapping, rows: Sequence[Row]) -> tuple[str, ...]:
    titles: list[str] = []
    mapped = set(mapping.names)
    for mesh, vocabularies in recognise_meshes(names.to_rig_names()).items():
        shapes = dict(names.shapes)[mesh]
        n_used = sum(shape in mapped for shape in shapes)
        if not n_used:
            continue
        title = f"{n_used} of {len(shapes)} shapes on {mesh}"
        titles.append(f"{vocabularies[0].title}: {title}" if vocabularies else title)
    n_bones = sum(row.kind is Kind.BONE for row in rows)
    n_properties = sum(row.kind is Kind.PROPERTY for row in rows)
    if n_bones:
        titles.append(f"{n_bones} bone motions")
    if n_properties:
        titles.append(f"{n_properties} properties")
    return tuple(titles)


def _short(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MOST_NAMES])
    more = len(names) - _MOST_NAMES
    return f"{shown} and {more} more" if more > 0 else shown
