"""Guess a mapping for a whole rig: shapes of all its meshes, properties and bones, with visemes and
expressions where it has no finer shapes, and lips that shut whatever it has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ..motion.arkit import ARKIT_BLENDSHAPES
from ..motion.flame import FLAME, MOST_EXP
from ..motion.regions import LIPS
from .mapping import RigMapping, Row
from .matcher import Found, Match, Proposal, preset_match, propose_mapping
from .names import shared_prefix
from .targets import Kind, Target
from .vocabulary import (
    Entry,
    Preset,
    Vocabulary,
    find,
    flame_expressions,
    is_spoken,
    presets,
    recognise,
)

_FINE: Final = 8
"""Lips with so many channels, among them an opening, a closing and a rounding one, need no
visemes."""
_OPENING: Final = "jawOpen"
_CLOSING: Final = "mouthClose"
_ROUNDING: Final = ("mouthFunnel", "mouthPucker")


def _no_meshes() -> dict[str, tuple[str, ...]]:
    return {}


@dataclass(frozen=True)
class RigNames:
    """What a rig has that can be keyed: the shapes of each mesh, its bones or controls, and its
    properties as (owner, name). Leave out what drivers or connections move: a key there is lost."""

    shapes: Mapping[str, Sequence[str]] = field(default_factory=_no_meshes)
    bones: Sequence[str] = ()
    properties: Sequence[tuple[str, str]] = ()


@dataclass
class _Draft:
    """A mapping in the making."""

    weights: dict[str, Row]
    shows: dict[str, Row]
    targets: dict[str, Target]
    matches: dict[str, Match]
    left_alone: dict[str, str]

    @property
    def driven(self) -> set[str]:
        return {channel for row in self.weights.values() for channel in row}

    @property
    def seen(self) -> set[str]:
        return {channel for row in self.shows.values() for channel in row}


def propose_rig(names: RigNames) -> Proposal:
    """Match all of a rig: as `propose_mapping` for the shapes and properties, then its visemes and
    expressions for what no finer shape moves, then its bones for what nothing else does.

    Where the rig has visemes for lips, all its lip shapes are found together with them; where it
    only has something that opens the mouth, that shuts for b, m and p. A rig of FLAME's expressions
    is driven by FLAME's components (`RigMapping.representation`).
    """
    shapes = tuple(dict.fromkeys(name for mesh in names.shapes.values() for name in mesh))
    owners = {name: owner for owner, name in reversed(names.properties) if name not in shapes}
    values = (*shapes, *reversed(owners))
    found = propose_mapping(values)
    draft = _Draft(dict(found.mapping.weights), {}, {}, {m.target: m for m in found.matches}, {})
    vocabularies = found.vocabularies
    components = flame_expressions(shapes)
    if len(components) > len(draft.weights):
        share = len(components) / len(values)
        vocabularies = (Vocabulary(FLAME, "FLAME", len(components), MOST_EXP, share),)
        _take_flame(draft, components, names.bones)
    else:
        _take_pictures(draft, values, found.vocabularies)
        _take_bones_beside(draft, names.bones, {v.name for v in found.vocabularies})
        _take_bones(draft, names.bones)
        _shut_lips(draft)
    for name in (*draft.weights, *draft.shows):
        if name in owners:
            draft.targets[name] = Target(Kind.PROPERTY, name, owner=owners[name])
    moved = draft.driven | draft.seen
    exact = tuple(name for name, match in draft.matches.items() if match.how is Found.EXACT)
    used = {draft.targets[n].name or n if n in draft.targets else n for n in draft.matches}
    return Proposal(
        RigMapping(draft.weights, "", draft.shows, draft.targets),
        exact,
        tuple(name for name in draft.matches if name not in exact),
        tuple(channel for channel in ARKIT_BLENDSHAPES if channel not in moved),
        tuple(name for name in values if name not in used),
        tuple(draft.matches.values()),
        vocabularies,
        {name: why for name, why in draft.left_alone.items() if name not in draft.matches},
    )


def propose_character(names: RigNames) -> Proposal:
    """As `propose_rig`, but each mesh's spellings count beside those of the others: teeth may call
    their shapes otherwise than the face does."""
    proposal = propose_rig(names)
    if len(names.shapes) < 2 or proposal.mapping.representation != "arkit":
        return proposal
    weights = dict(proposal.mapping.weights)
    matches = list(proposal.matches)
    exact, aliased = list(proposal.exact), list(proposal.aliased)
    known = {*proposal.mapping.names, *proposal.left_alone}
    for shapes in names.shapes.values():
        own = propose_mapping(shapes)
        for match in own.matches:
            if match.target in known:
                continue
            known.add(match.target)
            weights[match.target] = own.mapping.weights[match.target]
            matches.append(match)
            (exact if match.target in own.exact else aliased).append(match.target)
    return replace(
        proposal,
        mapping=replace(proposal.mapping, weights=weights),
        exact=tuple(exact),
        aliased=tuple(aliased),
        unmatched_targets=tuple(n for n in proposal.unmatched_targets if n not in weights),
        matches=tuple(matches),
    )


def recognise_meshes(names: RigNames) -> dict[str, tuple[Vocabulary, ...]]:
    """Mesh → the vocabularies that its shapes speak, the likeliest first."""
    return {mesh: recognise(shapes) for mesh, shapes in names.shapes.items()}


# --- visemes and expressions ---------------------------------------------------------------------


def _take_pictures(
    draft: _Draft, values: Sequence[str], vocabularies: Sequence[Vocabulary]
) -> None:
    fine = _has_fine_lips(draft.driven)
    spoken = ""
    for vocabulary in vocabularies:
        preset = next(preset for preset in presets() if preset.name == vocabulary.name)
        hits = find(preset, values, shared_prefix(values))
        for label, (name, spelled) in hits.items():
            entry = preset.entries[label]
            if not entry.shows or name in draft.matches:
                continue
            why = _reason_to_leave(draft, preset, entry, hits, fine, spoken)
            if why:
                draft.left_alone[name] = f"'{name}' is left alone: {why}."
                continue
            if _is_of_lips(entry.row):
                spoken = preset.name
            draft.shows[name] = entry.row
            draft.matches[name] = preset_match(
                name, preset.title, preset.confidence, spelled, preset.note
            )
        for name in preset.rest & set(values):
            draft.left_alone.setdefault(name, f"'{name}' is the face at rest: it stays at 0.")
    if spoken:
        _join_lips(draft)


def _reason_to_leave(
    draft: _Draft,
    preset: Preset,
    entry: Entry,
    hits: Mapping[str, tuple[str, bool]],
    fine: bool,
    spoken: str,
) -> str:
    """Why a viseme or expression isn't used; empty if it is."""
    instead = [hits[label][0] for label in entry.unless if label in hits]
    if instead:
        return f"'{instead[0]}' moves a smaller part of the same"
    if _is_of_lips(entry.row):
        if fine:
            return "the rig has finer shapes for the lips"
        if spoken not in ("", preset.name):
            return "other visemes move the lips"
        return ""
    if not draft.driven.isdisjoint(channel for channel in entry.row if channel not in LIPS):
        return "finer shapes move the same part of the face"
    return ""


def _is_of_lips(row: Mapping[str, float]) -> bool:
    return all(channel in LIPS for channel in row)


def _has_fine_lips(driven: set[str]) -> bool:
    lips = driven & set(LIPS)
    shuts = {_OPENING, _CLOSING} <= lips
    return shuts and not lips.isdisjoint(_ROUNDING) and len(lips) >= _FINE


def _join_lips(draft: _Draft) -> None:
    """Find the rig's lip shapes together with its visemes where these move the same, so that they
    add up to what the clip shows."""
    _show(draft, [n for n, row in draft.weights.items() if draft.seen.issuperset(row)])


def _shut_lips(draft: _Draft) -> None:
    """A mouth that opens but has no channel to shut it again opens only as far as the lips part."""
    if _OPENING in draft.driven and _CLOSING not in draft.driven | draft.seen:
        _show(draft, [n for n, row in draft.weights.items() if _is_of_lips(row)])


def _show(draft: _Draft, names: Sequence[str]) -> None:
    """Turn weights into what is shown: of a channel that several shapes share, a part each."""
    shares = Counter(channel for name in names for channel in draft.weights[name])
    for name in names:
        row = draft.weights[name]
        whole = sum(row.values())
        # "mouthSmile", half of left and half of right, shows both when it is 1
        pictured = 1.0 if len(row) > 1 and abs(whole - 1.0) < 1e-9 else None
        draft.shows[name] = {
            channel: (pictured or weight) / shares[channel] for channel, weight in row.items()
        }
        del draft.weights[name]


# --- bones ---------------------------------------------------------------------------------------


def _take_bones(draft: _Draft, bones: Sequence[str]) -> None:
    told = [(preset, find(preset, bones)) for preset in presets() if preset.is_of_bones]
    told = [(p, hits) for p, hits in told if is_spoken(p, hits) and p.name != FLAME]
    # the one that knows most of the bones first; the usual names last
    for preset, hits in sorted(told, key=lambda item: (item[0].at_least == 1, -len(item[1]))):
        free = draft.driven | draft.seen
        for label, (name, spelled) in hits.items():
            entry = preset.entries[label]
            if free.isdisjoint(entry.row) and hits.keys().isdisjoint(entry.unless):
                _take_bone(draft, preset, entry, name, spelled)


def _take_bones_beside(draft: _Draft, bones: Sequence[str], spoken: set[str]) -> None:
    """Bones that rigs of these vocabularies need for what their shapes only seem to move: shapes
    that show an opening part the lips, and the bone drops the jaw."""
    for preset in presets():
        for label, (name, spelled) in find(preset, bones).items() if preset.is_of_bones else ():
            entry = preset.entries[label]
            if entry.beside.isdisjoint(spoken):
                continue
            if _has_fine_lips(draft.driven):
                entry = replace(entry, shows=False)
            for picture, row in draft.shows.items():
                rest = {channel: w for channel, w in row.items() if channel not in entry.row}
                draft.shows[picture] = rest or row
            _take_bone(draft, preset, entry, name, spelled)


def _take_bone(draft: _Draft, preset: Preset, entry: Entry, name: str, spelled: bool) -> None:
    target = replace(entry.target, name=name)
    key = f"{name} {target.motion.value if target.motion else ''} {target.axis}"
    (draft.shows if entry.shows else draft.weights)[key] = entry.row
    draft.targets[key] = target
    match = preset_match(name, preset.title, preset.confidence, spelled, preset.note)
    draft.matches[key] = replace(match, target=key)


# --- FLAME ---------------------------------------------------------------------------------------


def _take_flame(draft: _Draft, components: Mapping[str, str], bones: Sequence[str]) -> None:
    draft.weights, draft.matches = {}, {}
    for name, component in components.items():
        draft.weights[name] = {component: 1.0}
        reason = f"'{name}' reads as {component} of FLAME's expressions."
        draft.matches[name] = Match(name, Found.PRESET, 0.9, reason)
    preset = next(preset for preset in presets() if preset.name == FLAME)
    for label, (name, spelled) in find(preset, bones).items():
        _take_bone(draft, preset, preset.entries[label], name, spelled)
