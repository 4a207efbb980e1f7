"""Guess a mapping from the names of a rig's shapes: exact, then as vocabularies spell them, then
with a slip of the pen; never by position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ..motion.arkit import ARKIT_BLENDSHAPES
from ..motion.regions import MIRROR_PAIRS
from .mapping import RigMapping
from .names import fold, is_one_slip_away, shared_prefix, split_side, without_prefixes
from .vocabulary import ARKIT, Vocabulary, find, presets, recognise

# "jaw" or "mouth" alone is no average of its left and right: those two are directions, not sides.
_DIRECTIONS: Final = ("jawLeft", "mouthLeft")

_SLIP_LETTERS: Final = 8
"""Shorter words have too many neighbours to guess a slip."""


class Found(Enum):
    """How a target was recognised."""

    EXACT = "exact"
    """It has ARKit's own name."""
    ALIAS = "alias"
    """It has ARKit's name in another spelling, or one side or both sides of it."""
    PRESET = "preset"
    """It has its name in another vocabulary."""
    FUZZY = "fuzzy"
    """Its name is one slip away from ARKit's."""


@dataclass(frozen=True)
class Match:
    """Why a target is driven as it is: `confidence` 0..1, and `reason` as a sentence."""

    target: str
    how: Found
    confidence: float
    reason: str


def _no_remarks() -> dict[str, str]:
    return {}


@dataclass(frozen=True)
class Proposal:
    """A guessed mapping and what it leaves open.

    `exact` and `aliased` are the mapped targets by how they were found; `unmatched_channels` has no
    target on this rig, `unmatched_targets` answers to no channel and stays untouched. `matches`
    gives each mapped target's reason, `vocabularies` what the names speak, and `left_alone` why a
    target stays untouched although its name is known.
    """

    mapping: RigMapping
    exact: tuple[str, ...]
    aliased: tuple[str, ...]
    unmatched_channels: tuple[str, ...]
    unmatched_targets: tuple[str, ...]
    matches: tuple[Match, ...] = ()
    vocabularies: tuple[Vocabulary, ...] = ()
    left_alone: Mapping[str, str] = field(default_factory=_no_remarks)


def propose_mapping(targets: Sequence[str]) -> Proposal:
    """Match the names of a rig's shapes with the 52 ARKit shapes.

    An exact name wins over any other spelling of the same shape (PascalCase, snake_case, `_L`/`_R`,
    spaces, a namespace or prefix in front, another vocabulary). A target with a side takes a shape
    that has none ("browInnerUp_L"), one without takes the mean of both sides ("mouthSmile"). No
    part of the face is given to two targets, unless a vocabulary splits it. Visemes and whole
    expressions, which no single channel drives, are for `propose_rig`.
    """
    names = tuple(dict.fromkeys(targets))
    prefix = shared_prefix(names)
    vocabularies = recognise(names, prefix)
    guess = _Guess()
    for name in names:
        if name in ARKIT_BLENDSHAPES:
            guess.take(name, {name: 1.0}, _claims(_parts(name)), _exact(name))
    _read_vocabularies(guess, names, prefix, vocabularies)
    for name in names:
        if name not in guess.rows:
            for match, claims, row in _slips(name, prefix):
                guess.take(name, row, claims, match)
    return guess.proposal(names, vocabularies)


class _Guess:
    """What was matched so far, and the halves of the face it moves."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, float]] = {}
        self.matches: dict[str, Match] = {}
        self._taken: set[_Part] = set()

    def take(self, name: str, row: dict[str, float], claims: set[_Part], match: Match) -> bool:
        """Map a target, unless it or a part of the face that it moves is mapped already."""
        if name in self.rows or not self._taken.isdisjoint(claims):
            return False
        self._taken |= claims
        self.rows[name] = row
        self.matches[name] = match
        return True

    def take_split(self, found: Sequence[tuple[str, dict[str, float], Match]]) -> None:
        """Map targets of one vocabulary, which may share parts of the face among each other."""
        free = [item for item in found if self._taken.isdisjoint(_claims_of(item[1]))]
        for name, row, match in free:
            if name not in self.rows:
                self.rows[name] = row
                self.matches[name] = match
        self._taken |= {part for _, row, _ in free for part in _claims_of(row)}

    def proposal(self, names: Sequence[str], vocabularies: tuple[Vocabulary, ...]) -> Proposal:
        driven = {channel for row in self.rows.values() for channel in row}
        exact = tuple(n for n, match in self.matches.items() if match.how is Found.EXACT)
        return Proposal(
            RigMapping(self.rows),
            exact,
            tuple(name for name in self.rows if name not in exact),
            tuple(channel for channel in ARKIT_BLENDSHAPES if channel not in driven),
            tuple(name for name in names if name not in self.rows),
            tuple(self.matches.values()),
            vocabularies,
        )


def _read_vocabularies(
    guess: _Guess, names: Sequence[str], prefix: str, vocabularies: Sequence[Vocabulary]
) -> None:
    """Map what the vocabularies know, the one that explains most names first."""
    order = [vocabulary.name for vocabulary in vocabularies]
    # other spellings of ARKit's names, which presets don't list, count as ARKit's
    for vocabulary in order if ARKIT in order else (*order, ARKIT):
        if vocabulary == ARKIT:
            for name in names:
                for match, claims, row in _aliases(name, prefix):
                    if guess.take(name, row, claims, match):
                        break
            continue
        preset = next(preset for preset in presets() if preset.name == vocabulary)
        hits = find(preset, names, prefix)
        told: list[tuple[str, dict[str, float], Match]] = []
        for label, (name, spelled) in hits.items():
            entry = preset.entries[label]
            if not entry.shows and hits.keys().isdisjoint(entry.unless):
                match = preset_match(name, preset.title, preset.confidence, spelled, preset.note)
                told.append((name, dict(entry.row), match))
        guess.take_split(told)


def preset_match(name: str, title: str, confidence: float, spelled: bool, note: str = "") -> Match:
    """The match of a name that a vocabulary knows; `spelled` exactly as it does or only alike."""
    how = "is a name of" if spelled else "reads like a name of"
    sentence = f"'{name}' {how} {title}" + (f"; {note}." if note else ".")
    return Match(name, Found.PRESET, confidence * (1.0 if spelled else 0.95), sentence)


# --- spellings of ARKit's names ------------------------------------------------------------------

_Part = tuple[str, str]
"""(name in lower case without separators and side, side: "l", "r" or "")"""


def _parts(name: str) -> _Part:
    base, side = split_side(name)
    return fold(base), side


_CHANNELS: Final[dict[_Part, str]] = {_parts(name): name for name in ARKIT_BLENDSHAPES}
_PAIRS: Final = {
    _parts(left)[0]: (left, right) for left, right in MIRROR_PAIRS if left not in _DIRECTIONS
}


def _exact(name: str) -> Match:
    return Match(name, Found.EXACT, 1.0, "It has ARKit's own name.")


def _aliases(target: str, prefix: str) -> Iterator[tuple[Match, set[_Part], dict[str, float]]]:
    """What a target may be as another spelling of an ARKit shape, the likeliest first."""
    for at, name in enumerate(without_prefixes(target, prefix)):
        found = _meaning(*_parts(name))
        if found is not None:
            claims, row, what = found
            before = "" if at == 0 else f", after '{target[: len(target) - len(name)]}'"
            confidence = 0.95 - 0.05 * (at > 0) - 0.05 * (len(row) > 1)
            yield Match(target, Found.ALIAS, confidence, f"It reads {what}{before}."), claims, row


def _slips(target: str, prefix: str) -> Iterator[tuple[Match, set[_Part], dict[str, float]]]:
    """What a target may be if somebody mistyped an ARKit shape; nothing if it may be two."""
    name = list(without_prefixes(target, prefix))[-1]
    word, side = _parts(name)
    if len(word) < _SLIP_LETTERS or any(letter.isdigit() for letter in word):
        return
    words = {known for known, _ in _CHANNELS if is_one_slip_away(word, known)}
    if len(words) == 1:
        found = _meaning(words.pop(), side)
        if found is not None:
            claims, row, what = found
            reason = f"It is one letter away from {what.removeprefix('as ')}; please check it."
            yield Match(target, Found.FUZZY, 0.6, reason), claims, row


def _meaning(word: str, side: str) -> tuple[set[_Part], dict[str, float], str] | None:
    """The parts of the face that a word and a side claim, the channels that drive it, and these in
    words, if they are known."""
    claims = _claims((word, side))
    if (word, side) in _CHANNELS:
        channel = _CHANNELS[word, side]
        return claims, {channel: 1.0}, f"as {channel}"
    if side and (word, "") in _CHANNELS:
        channel = _CHANNELS[word, ""]
        return claims, {channel: 1.0}, f"as one side of {channel}"
    if not side and word in _PAIRS:
        left, right = _PAIRS[word]
        return claims, {left: 0.5, right: 0.5}, f"as both {left} and {right}"
    return None


def _claims(part: _Part) -> set[_Part]:
    """The halves of the face that a target of this name moves."""
    word, side = part
    return {(word, side)} if side else {(word, "l"), (word, "r")}


def _claims_of(row: Mapping[str, float]) -> set[_Part]:
    return {part for channel in row for part in _claims(_parts(channel))}
