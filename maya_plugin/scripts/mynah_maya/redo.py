"""A range of a take that is made anew: what of it the engine has to know."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from .baking.anim_layers import curve_of
from .baking.redo import Range, keys_by_hand, span_of
from .baking.takes import next_seed, takes_on
from .baking.tracks import Span
from .character import Character
from .library import BadInputError, KeyUse, Line, MotionClip, Pieces, RigMapping, clip_to_npz
from .reference import Reference
from .rig_reader import Passage, channels_of, check_passage, read_passage
from .scene_reader import effective_fps

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Redo:
    """`range` of the take, which lies at `span`, is made anew. `passage` is the whole take as it is
    now; `hand_keys` are the frames of the artist's keys in the range, by plug."""

    range: Range
    span: Span
    fps: float
    passage: Passage
    hand_keys: dict[str, list[float]] = field(default_factory=dict[str, list[float]])

    def read(self, line: Line) -> Pieces[Line]:
        """The line with the take and the artist's keys. Raises `BadInputError` if that is gone."""
        take = yield from read_passage(self.passage)
        keys = yield from self._read_keys()
        return replace(line.within_redo(), take=clip_to_npz(take), keys=keys)

    def _read_keys(self) -> Pieces[tuple[KeyUse, ...]]:
        """The artist's keys as values of the channels that move their curves."""
        frames = tuple(sorted({frame for own in self.hand_keys.values() for frame in own}))
        if not frames:
            return ()
        # the line's first frame tells the pose that joints are added to
        passage = replace(self.passage, frames=(self.span.start, *frames))
        shown = yield from read_passage(passage)
        return tuple(self._key_uses(passage.frames, channels_of(self.passage), shown))

    def _key_uses(
        self, frames: Sequence[float], channels: Mapping[str, Sequence[str]], shown: MotionClip
    ) -> Iterator[KeyUse]:
        wanted = sorted(
            {
                (channel, frame)
                for plug, own in self.hand_keys.items()
                for channel in channels.get(plug, ())
                for frame in own
            }
        )
        for channel, frame in wanted:
            time_s = (frame - self.span.start) / self.span.frames_per_row / self.fps
            value = float(shown.column(channel)[frames.index(frame)])
            yield KeyUse(channel, max(0.0, time_s), value)


def plan_redo(
    character: Character,
    name: str,
    line: Line,
    mapping: RigMapping | None,
    frames: tuple[float, float],
    *,
    keeps_keys: bool,
) -> tuple[Line, Redo]:
    """The line limited to the scene frames from the first to the last, of the take that shows, and
    what is read for it. With the take's own seed, the next that no take has is meant.

    Raises `BadInputError` if there is no take, no frame of it in the range, or a take that this
    can't be done with.
    """
    found = next((own for own in takes_on(character) if own.line == name), None)
    if found is None:
        raise BadInputError(
            f"The line '{name}' has no take on '{character.name}' yet; generate it first."
        )
    take = found.shown
    if take is None:
        raise BadInputError(f"All takes of '{name}' are muted; show one of them first.")
    span = span_of(take)
    if abs(take.tag.fps - line.fps) > 1e-3:
        raise BadInputError(
            f"The take '{take.layer}' was made for {take.tag.fps:g} frames per second and the "
            f"scene now has {effective_fps():g}; generate the line again."
        )
    begin, end = ((frame - span.start) / span.frames_per_row for frame in frames)
    first_row = max(0, math.ceil(begin - _ROUNDING))
    last_row = min(span.rows - 1, math.floor(end + _ROUNDING))
    if last_row - first_row < 2:
        raise BadInputError(
            f"The frames {frames[0]:g} to {frames[1]:g} hold less than three frames of the line "
            f"'{name}'; give a part of it."
        )
    rows = tuple(span.start + row * span.frames_per_row for row in range(span.rows))
    passage = Passage(character, rows, take.tag.fps, take.layer, Reference.to(take.layer), mapping)
    check_passage(passage)
    by_hand: dict[str, list[float]] = {}
    if keeps_keys:
        by_hand = keys_by_hand(take, rows[first_row], rows[last_row])
    seed = line.seed
    if seed == take.tag.seed:  # which would give the same again
        seed = next_seed(found.takes, max(seed, take.tag.redo_seed))
    redo = Redo(
        Range(Reference.to(take.record), first_row, last_row, keeps_keys, seed),
        span,
        take.tag.fps,
        passage,
        _by_plug(take.layer, channels_of(passage), by_hand),
    )
    is_at_end = last_row == span.rows - 1
    line = replace(
        line,
        seed=seed,
        redo_start_s=first_row / take.tag.fps,
        # nothing follows the last row that the new motion would have to lead into
        redo_end_s=last_row / take.tag.fps + (1.0 if is_at_end else 0.0),
    )
    return line, redo


def _by_plug(
    layer: str, plugs: Iterable[str], by_curve: Mapping[str, list[float]]
) -> dict[str, list[float]]:
    curves = {plug: curve_of(layer, plug) for plug in plugs}
    return {plug: by_curve[curve] for plug, curve in curves.items() if curve in by_curve}
