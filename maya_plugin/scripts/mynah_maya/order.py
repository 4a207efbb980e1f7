"""One line for one character, complete: whatever the scene does next, it can be made and baked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .baking.line import check_character
from .baking.takes import next_seed, takes_on
from .character import Character, find_character, read_rig
from .gestures import Gesture, pin
from .library import (
    Amounts,
    BadInputError,
    DialogueLine,
    Interpolation,
    KeyStyle,
    Line,
    Pieces,
    Quality,
    RigMapping,
    StyleUse,
    clip_to_npz,
    parse_styles,
    style_file,
    write_styles,
)
from .redo import Redo, plan_redo
from .rig_mapping import own_mapping
from .rig_reader import Passage, check_passage, read_passage
from .scene_reader import Source, effective_fps, read_performance, read_source
from .style_choice import StyleChoice


@dataclass(frozen=True)
class Wish:
    """What a command or the window was told, before anything of the scene is read: `style` in
    words, `styles` as the window lists them. `performance` is the file of an actor, which the
    character gets instead of speaking `audio`; None: it speaks."""

    audio: str = ""
    performance: str | None = None
    characters: tuple[str, ...] = ()
    line: str = ""
    start_frame: float | None = None
    from_s: float = 0.0
    to_s: float = 0.0
    style: str = ""
    styles: tuple[StyleChoice, ...] = ()
    strength: float = 1.0
    fade_s: float = 1.0
    audio_guidance: float = 1.0
    style_guidance: float = 1.0
    seed: int = 0
    quality: str = "normal"
    model: str = ""
    text: str = ""
    mapping: str = ""
    key_style: str = "smooth"
    hold_frames: int = 1
    bound: float = 0.01
    on_base: bool = False
    amounts: Amounts = field(default_factory=Amounts)
    gestures: tuple[Gesture, ...] = ()
    new_take: bool = False
    redo_from: float | None = None
    redo_to: float | None = None
    replace_keys: bool = False


def _no_passages() -> dict[int, Passage]:
    return {}


@dataclass(frozen=True)
class Order:
    """A line for the engine and where its result goes: `scene_s` is when it begins, in seconds of
    the scene's clock. `mapping` None: the one that the rig's names propose.

    `sound` is the sound of the scene that tells recording, part and place; empty if none does.
    `line` lacks the clips of `styles` and `gestures`, which come from rigs, by their place in the
    line's lists. With `redo` only a range of a take is made.
    """

    line: Line
    name: str
    character: Character
    scene_s: float
    style: str
    key_style: KeyStyle
    mapping: RigMapping | None = None
    on_base: bool = False
    remarks: tuple[str, ...] = field(default=())
    styles: dict[int, Passage] = field(default_factory=_no_passages)
    gestures: dict[int, Passage] = field(default_factory=_no_passages)
    redo: Redo | None = None
    sound: str = ""

    @property
    def is_read(self) -> bool:
        """Whether `line` is complete as it is."""
        return not (self.styles or self.gestures or self.redo)

    def read(self) -> Pieces[Line]:
        """The complete line. Raises `BadInputError` if something to read has vanished."""
        styles = clips_of(self.line.style_clips, len(self.line.styles))
        for place, passage in self.styles.items():
            styles[place] = clip_to_npz((yield from read_passage(passage)))
        gestures = clips_of(self.line.gesture_clips, len(self.line.gestures))
        for place, passage in self.gestures.items():
            gestures[place] = clip_to_npz((yield from read_passage(passage)))
        line = replace(self.line, style_clips=tuple(styles), gesture_clips=tuple(gestures))
        return line if self.redo is None else (yield from self.redo.read(line))


def clips_of(clips: Sequence[Path | bytes | None], count: int) -> list[Path | bytes | None]:
    """One for each style or gesture; None is one of the engine's, or to be read from a rig."""
    return [*clips, *[None] * (count - len(clips))]


def order_of(wish: Wish) -> Order:
    """The line that a command asks for. Raises `BadInputError` with the remedy."""
    character = find_character(wish.characters)
    if wish.performance is None:
        source = cut(read_source(wish.audio, wish.start_frame), wish.from_s, wish.to_s)
        spoken = replace(spoken_line(wish.line or source.line, source, wish), text=wish.text)
    else:
        source = _performance_of(wish)
        line = spoken_line(wish.line or source.line, source, wish)
        spoken = replace(line, quality=Quality.normal, model="")  # which mean nothing to it
    if wish.new_take:
        made = [
            take for own in takes_on(character) if own.line == spoken.name for take in own.takes
        ]
        spoken = replace(spoken, seed=next_seed(made, wish.seed))
    order = order_line(spoken, character, source.scene_s, wish, Path(), source.remarks)
    pinned = pin(wish.gestures, source.scene_s)
    line = replace(
        order.line,
        gestures=pinned.uses,
        gesture_clips=pinned.clips,
        is_transfer=wish.performance is not None,
    )
    order = replace(order, line=line, gestures=pinned.passages, sound=source.sound)
    return order if wish.redo_from is None and wish.redo_to is None else _redone(order, wish)


def _performance_of(wish: Wish) -> Source:
    """What is transferred; a part of it begins where the whole would."""
    whole = read_performance(wish.performance or "", wish.start_frame)
    return replace(cut(whole, wish.from_s, wish.to_s), scene_s=whole.scene_s)


def _redone(order: Order, wish: Wish) -> Order:
    """Only a range of the take that shows."""
    if wish.redo_from is None or wish.redo_to is None:
        raise BadInputError(
            "-redoFrom and -redoTo belong together; give the first and the last frame of the range."
        )
    if wish.on_base:
        raise BadInputError(
            "Takes have layers of their own, so a range can't be redone with -baseLayer; leave it "
            "out."
        )
    frames = (wish.redo_from, wish.redo_to)
    keeps_keys = not wish.replace_keys
    line, redo = plan_redo(
        order.character, order.name, order.line, order.mapping, frames, keeps_keys=keeps_keys
    )
    return replace(order, line=line, redo=redo)


def spoken_line(name: str, source: Source, wish: Wish) -> DialogueLine:
    """The line that a recording holds, spoken in the wished manner."""
    return DialogueLine(
        name=name,
        audio=source.audio,
        from_s=source.start_s,
        to_s=source.end_s,
        styles=(
            *parse_styles(wish.style),
            *(choice.to_use(source.scene_s) for choice in wish.styles),
        ),
        strength=wish.strength,
        seed=wish.seed,
        quality=_quality(wish.quality),
        model=wish.model,
    )


def order_line(
    spoken: DialogueLine,
    character: Character,
    scene_s: float,
    wish: Wish,
    folder: Path,
    remarks: Sequence[str] = (),
) -> Order:
    """A line of dialogue for a character; styles that are files lie in `folder`. Raises
    `BadInputError` with the remedy."""
    if wish.mapping:
        mapping = RigMapping.load(Path(wish.mapping))
    else:
        mapping = own_mapping(read_rig(character))
    passages = _passages(spoken, wish)
    for place, use in enumerate(spoken.styles):
        file = style_file(use.name, folder)
        if place not in passages and file is not None and not file.is_file():
            raise BadInputError(f"There is no style clip '{use.name}'; correct the path.")
    representation = check_character(character, mapping)
    line = spoken.to_line(effective_fps(), folder)
    clips = clips_of(line.style_clips, len(line.styles))
    line = replace(
        line,
        style_clips=tuple(None if i in passages else clip for i, clip in enumerate(clips)),
        representation=representation,
        amounts=wish.amounts,
        style_fade_s=wish.fade_s,
        audio_guidance=wish.audio_guidance,
        style_guidance=wish.style_guidance,
    )
    return Order(
        line,
        spoken.name,
        character,
        scene_s,
        write_styles(spoken.styles or (StyleUse("neutral"),)),
        key_style_of(wish),
        mapping,
        wish.on_base,
        tuple(remarks),
        passages,
    )


def _passages(spoken: DialogueLine, wish: Wish) -> dict[int, Passage]:
    """What rigs perform of the line's styles, of which those that the window lists are the last.
    Raises `BadInputError` if there is nothing to read."""
    first = len(spoken.styles) - len(wish.styles)
    found = {
        first + place: choice.performance.to_passage()
        for place, choice in enumerate(wish.styles)
        if choice.performance is not None
    }
    for passage in found.values():
        check_passage(passage)
    return found


def key_style_of(wish: Wish) -> KeyStyle:
    """Raises `BadInputError` if there is no such style of keys."""
    kinds = {kind.value: kind for kind in Interpolation}
    if wish.key_style not in kinds:
        raise BadInputError(
            f"There is no style of keys '{wish.key_style}'; use {', '.join(kinds)}."
        )
    return KeyStyle(kinds[wish.key_style], wish.hold_frames, wish.bound)


def _quality(text: str) -> Quality:
    try:
        return Quality(text.lower())
    except ValueError:
        raise BadInputError(
            f"There is no quality '{text}'; use {', '.join(q.value for q in Quality)}."
        ) from None


def cut(source: Source, from_s: float, to_s: float) -> Source:
    """Only these seconds of the recording, if there are any; 0 is its beginning or end."""
    if not (from_s or to_s):
        return source
    start_s = max(source.start_s, from_s)
    ends = [end for end in (source.end_s, to_s) if end > 0]
    end_s = min(ends) if ends else 0.0
    if ends and end_s <= start_s:
        raise BadInputError(
            f"Nothing of '{source.audio.name}' is left from {start_s:g} to {end_s:g} seconds; "
            "correct the range."
        )
    scene_s = source.scene_s + start_s - source.start_s
    return replace(source, start_s=start_s, end_s=end_s, scene_s=scene_s, sound="")
