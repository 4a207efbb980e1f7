"""What is asked for at the press of a button, read from the scene at once; clips of rigs follow in
pieces, and then the line can go to the engine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import bpy

from .baking.actions import Span, slot_for
from .baking.line import check_character, find_character
from .baking.placement import action_frame, our_actions
from .baking.record import CurveName
from .baking.redo import check_take, keys_by_hand
from .baking.takes import on_show, owners_of
from .library import BadInputError, KeyStyle, KeyUse, Line, MotionClip, clip_to_npz
from .line_settings import settings_of
from .reference import Reference
from .rig_reader import Passage, Pieces, channels_of, check_passage, read_passage
from .rigging.character import learn, representation_of
from .scene_reader import effective_fps, sequencer_scene, source_of

if TYPE_CHECKING:
    from .properties import LineSettings

_ROUNDING = 1e-6


@dataclass(frozen=True)
class Redo:
    """The range of a take that is made anew, from `first_row` to `last_row` of the line.

    `passage` is the whole take as it is now; `hand_keys` are the frames of the artist's keys in the
    range, by (data-block, data path).
    """

    action: Reference
    span: Span
    first_row: int
    last_row: int
    passage: Passage
    keeps_keys: bool
    hand_keys: dict[tuple[int, str], list[float]] = field(default_factory=dict)


@dataclass(frozen=True)
class Order:
    """One line for one character; `line` lacks the clips of `styles` and `gestures`, which come
    from rigs, by their place in the line's lists, and what the character is written in."""

    line: Line
    name: str
    character: Reference
    scene: Reference
    start_frame: float
    styles: dict[int, Passage]
    gestures: dict[int, Passage]
    key_style: KeyStyle
    uid: str = ""
    """Of the line in the scene's list; empty for the settings of the scene."""
    redo: Redo | None = None

    activity = "A line is being generated"

    @property
    def step(self) -> str:
        """What the undo history calls it."""
        if self.redo is not None:
            return "Redo Range"
        return "Transfer Performance" if self.line.is_transfer else "Generate Lip Sync"

    @property
    def style_names(self) -> str:
        """For people: the styles in short."""
        return ", ".join(use.name.removesuffix(".npz") for use in self.line.styles)

    def read(self) -> Pieces[Line]:
        """The complete line. Raises `BadInputError` if something to read has vanished, or if there
        is nothing on the character to bake on."""
        yield from learn(self.character)
        yield 0.0
        check_character(find_character(self.character))
        yield 0.0
        representation = representation_of(find_character(self.character))
        yield 0.0
        styles = list(self.line.style_clips)
        for place, passage in self.styles.items():
            styles[place] = clip_to_npz((yield from read_passage(passage)))
        gestures = list(self.line.gesture_clips)
        for place, passage in self.gestures.items():
            gestures[place] = clip_to_npz((yield from read_passage(passage)))
        line = replace(
            self.line,
            style_clips=tuple(styles),
            gesture_clips=tuple(gestures),
            representation=representation,
        )
        if self.redo is None:
            return line
        take = yield from read_passage(self.redo.passage)
        keys = yield from _read_keys(self.redo)
        return replace(line.within_redo(), take=clip_to_npz(take), keys=keys)


def collect(context: bpy.types.Context, character: bpy.types.Object) -> Order:
    """The line that the panel shows. Raises `BadInputError` with the remedy."""
    return order_of(settings_of(context), character, context.scene, sequencer_scene(context))


def order_of(
    settings: LineSettings,
    character: bpy.types.Object,
    scene: bpy.types.Scene,
    sequence: bpy.types.Scene,
) -> Order:
    """The line that `settings` describe, strips being those of `sequence`. Raises `BadInputError`
    with the remedy."""
    fps = effective_fps(scene)
    source = source_of(settings, sequence)
    order = Order(
        line=settings.to_line(source, fps),
        name=settings.name or source.line,
        character=Reference.to(character),
        scene=Reference.to(scene),
        start_frame=source.start_frame,
        styles=_passages(settings.styles, fps),
        gestures=_passages(settings.gestures, fps),
        key_style=settings.to_key_style(),
        uid=settings.uid,
    )
    for passage in (*order.styles.values(), *order.gestures.values()):
        check_passage(passage)
    return order


def redo_range(
    order: Order, character: bpy.types.Object, first: float, last: float, *, keeps_keys: bool
) -> Order:
    """The same, but only the scene frames `first` to `last` of the take on show.

    Raises `BadInputError` if there is no take, no frame of it in the range, or a take that this
    can't be done with.
    """
    owners = owners_of(character)
    action = on_show(owners, order.name)
    if action is None:
        raise BadInputError(
            f"The line '{order.name}' has no take on '{character.name}' yet; generate it first."
        )
    span = check_take(action)
    if abs(span.fps * span.frames_per_row - order.line.fps) > 1e-3:
        raise BadInputError(
            f"The take '{action.name}' was made for {span.fps * span.frames_per_row:g} frames per "
            f"second and the scene now has {order.line.fps:g}; generate the line again."
        )
    owner = next(owner for owner in owners if action in our_actions(owner))
    begin, end = (span.row_at(action_frame(owner, action, f)) for f in (first, last))
    first_row = max(0, math.ceil(begin - _ROUNDING))
    last_row = min(span.rows - 1, math.floor(end + _ROUNDING))
    if last_row - first_row < 2:
        raise BadInputError(
            f"The frames {first:g} to {last:g} hold less than three frames of the line "
            f"'{order.name}'; set the preview range to a part of it."
        )
    frames = tuple(span.frame_of(row) for row in range(span.rows))
    passage = Passage(order.character, Reference.to(action), frames, span.fps, action.name)
    check_passage(passage)
    found: dict[CurveName, list[float]] = {}
    if keeps_keys:
        found = keys_by_hand(action, frames[first_row], frames[last_row])
    redo = Redo(
        Reference.to(action),
        span,
        first_row,
        last_row,
        passage,
        keeps_keys,
        _by_owner(action, owners, found),
    )
    is_at_end = last_row == span.rows - 1
    line = replace(
        order.line,
        fps=span.fps,
        redo_start_s=first_row / span.fps,
        # nothing follows the last row that the new motion would have to lead into
        redo_end_s=last_row / span.fps + (1.0 if is_at_end else 0.0),
    )
    return replace(order, line=line, redo=redo)


def _passages(rows: Iterable[bpy.types.PropertyGroup], fps: float) -> dict[int, Passage]:
    return {i: row.to_passage(fps) for i, row in enumerate(rows) if row.kind == "RIG"}


def _by_owner(
    action: bpy.types.Action,
    owners: Iterable[bpy.types.ID],
    hand_keys: dict[CurveName, list[float]],
) -> dict[tuple[int, str], list[float]]:
    slots = {slot.handle: o.session_uid for o in owners if (slot := slot_for(action, o))}
    found: dict[tuple[int, str], list[float]] = {}
    for (handle, path, _index), frames in hand_keys.items():
        if handle in slots:
            found.setdefault((slots[handle], path), []).extend(frames)
    return found


def _read_keys(redo: Redo) -> Pieces[tuple[KeyUse, ...]]:
    """The artist's keys as values of the channels that move their curves."""
    frames = tuple(sorted({frame for own in redo.hand_keys.values() for frame in own}))
    if not frames:
        return ()
    shown = yield from read_passage(replace(redo.passage, frames=frames))
    channels = channels_of(redo.passage)
    return tuple(_key_uses(redo, frames, channels, shown))


def _key_uses(
    redo: Redo,
    frames: Sequence[float],
    channels: Mapping[tuple[int, str], Sequence[str]],
    shown: MotionClip,
) -> Iterator[KeyUse]:
    wanted = sorted(
        {
            (channel, frame)
            for place, own in redo.hand_keys.items()
            for channel in channels.get(place, ())
            for frame in own
        }
    )
    for channel, frame in wanted:
        time_s = redo.span.row_at(frame) / redo.span.fps
        value = float(shown.column(channel)[frames.index(frame)])
        yield KeyUse(channel, max(0.0, time_s), value)
