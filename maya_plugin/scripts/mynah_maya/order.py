"""One line for one character, complete: whatever the scene does next, it can be made and baked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .baking.line import check_character
from .character import Character, find_character, read_rig
from .library import (
    Amounts,
    BadInputError,
    DialogueLine,
    Interpolation,
    KeyStyle,
    Line,
    Quality,
    RigMapping,
    StyleUse,
    parse_styles,
    style_file,
    write_styles,
)
from .rig_mapping import own_mapping
from .scene_reader import Source, effective_fps, read_source


@dataclass(frozen=True)
class Wish:
    """What a command was told, before anything of the scene is read."""

    audio: str = ""
    characters: tuple[str, ...] = ()
    line: str = ""
    start_frame: float | None = None
    from_s: float = 0.0
    to_s: float = 0.0
    style: str = ""
    strength: float = 1.0
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


@dataclass(frozen=True)
class Order:
    """A line for the engine and where its result goes: `scene_s` is when it begins, in seconds of
    the scene's clock. `mapping` None: the one that the rig's names propose."""

    line: Line
    name: str
    character: Character
    scene_s: float
    style: str
    key_style: KeyStyle
    mapping: RigMapping | None = None
    on_base: bool = False
    remarks: tuple[str, ...] = field(default=())


def order_of(wish: Wish) -> Order:
    """The line that a command asks for. Raises `BadInputError` with the remedy."""
    character = find_character(wish.characters)
    source = cut(read_source(wish.audio, wish.start_frame), wish.from_s, wish.to_s)
    spoken = replace(spoken_line(wish.line or source.line, source, wish), text=wish.text)
    return order_line(spoken, character, source.scene_s, wish, Path(), source.remarks)


def spoken_line(name: str, source: Source, wish: Wish) -> DialogueLine:
    """The line that a recording holds, spoken in the wished manner."""
    return DialogueLine(
        name=name,
        audio=source.audio,
        from_s=source.start_s,
        to_s=source.end_s,
        styles=parse_styles(wish.style),
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
    for use in spoken.styles:
        file = style_file(use.name, folder)
        if file is not None and not file.is_file():
            raise BadInputError(f"There is no style clip '{use.name}'; correct the path.")
    representation = check_character(character, mapping)
    line = replace(
        spoken.to_line(effective_fps(), folder),
        representation=representation,
        amounts=wish.amounts,
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
    )


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
    """Only these seconds of the recording."""
    start_s = max(source.start_s, from_s)
    ends = [end for end in (source.end_s, to_s) if end > 0]
    end_s = min(ends) if ends else 0.0
    if ends and end_s <= start_s:
        raise BadInputError(
            f"Nothing of '{source.audio.name}' is left from {start_s:g} to {end_s:g} seconds; "
            "correct the range."
        )
    scene_s = source.scene_s + start_s - source.start_s
    return replace(source, start_s=start_s, end_s=end_s, scene_s=scene_s)
