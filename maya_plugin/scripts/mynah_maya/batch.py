"""Many lines at once: rows of a dialogue sheet, sounds of the scene, or bookmarks."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from maya import cmds

from .character import Character, find_character
from .library import BadInputError, read_marker, read_sheet
from .order import Order, Wish, cut, order_line, spoken_line
from .scene_reader import (
    Bookmark,
    Source,
    audio_nodes,
    bookmarks,
    effective_fps,
    is_muted,
    read_audio,
    read_source,
    seconds_of,
)

_SEPARATORS = re.compile(r"[ _\-.:]+")


def orders_of_sheet(sheet: Path, wish: Wish) -> tuple[list[Order], list[str]]:
    """A line per row, and a sentence for each that can't be made in this scene. Lines without a
    `start` begin at the playback range's start. Raises `BadInputError` with all faults if the sheet
    can't be read."""
    lines = read_sheet(sheet, effective_fps()).lines
    wish = replace(wish, style="", styles=())  # the rows tell theirs
    orders: list[Order] = []
    faults: list[str] = []
    for line in lines:
        try:
            names = (line.character,) if line.character else wish.characters
            start = line.start_frame
            if start is None:
                start = float(cmds.playbackOptions(query=True, minTime=True))
            character = find_character(names)
            orders.append(order_line(line, character, seconds_of(start), wish, sheet.parent))
        except BadInputError as error:
            faults.append(f"The line '{line.name}' can't be made: {error}")
    return orders, faults


def orders_of_scene(wish: Wish) -> tuple[list[Order], list[str]]:
    """A line per sound of the scene that is heard, and a sentence for each other one. A sound
    belongs to the character with whose name its own begins, or to the only one there is. Raises
    `BadInputError` if there is no sound or no character."""
    nodes = audio_nodes()
    if not nodes:
        raise BadInputError(
            "The scene has no sound; import the dialogue (File > Import) or give a -sheet."
        )
    cast = _cast(wish.characters)
    orders: list[Order] = []
    faults: list[str] = []
    for node in nodes:
        if is_muted(node):
            faults.append(f"The sound '{node}' is muted and was left out.")
            continue
        try:
            source = read_audio(node)
            line = spoken_line(source.line, source, wish)
            speaker = _speaker(node, cast)
            order = order_line(line, speaker, source.scene_s, wish, Path(), source.remarks)
            orders.append(replace(order, sound=source.sound))
        except BadInputError as error:
            faults.append(f"The line '{node}' can't be made: {error}")
    return orders, faults


def orders_of_bookmarks(wish: Wish) -> tuple[list[Order], list[str]]:
    """A line for each bookmark of the time slider, cut out of one long recording: that which
    `wish.audio` names, else as for a single line; and a sentence for each that can't be made. A
    bookmark is called "Anna: line name" or "Anna"; one without letters is passed over. Raises
    `BadInputError` if there is no bookmark, no recording or no character."""
    marks = [mark for mark in bookmarks() if any(read_marker(mark.text))]
    if not marks:
        raise BadInputError(
            "The time slider has no bookmark; add some called 'Anna: line name' over the lines of "
            "the recording (right-click the time slider > Bookmarks)."
        )
    source = read_source(wish.audio, wish.start_frame)
    cast = _cast(wish.characters)
    orders: list[Order] = []
    faults: list[str] = []
    counts: Counter[str] = Counter()
    for mark in marks:
        name, said = read_marker(mark.text)
        try:
            part = _part(source, mark)
            speaker = _speaker_called(name, cast, is_line=not said)
            if not said:
                is_of_speaker = _words(name) == _words(speaker.name)
                counts[speaker.name] += is_of_speaker
                said = f"{source.line} {counts[speaker.name]}" if is_of_speaker else name
            line = spoken_line(said, part, wish)
            orders.append(order_line(line, speaker, part.scene_s, wish, Path(), part.remarks))
        except BadInputError as error:
            faults.append(f"The line '{mark.text}' can't be made: {error}")
    return orders, faults


def _part(source: Source, mark: Bookmark) -> Source:
    """What of a recording is heard at a bookmark."""
    from_s = source.start_s + max(0.0, mark.start_s - source.scene_s)
    to_s = source.start_s + mark.end_s - source.scene_s
    if to_s <= from_s:
        raise BadInputError(
            f"nothing of '{source.audio.name}' is heard there; move the bookmark over it."
        )
    return cut(source, from_s, to_s)


def _speaker_called(name: str, cast: Sequence[Character], *, is_line: bool) -> Character:
    """Who bears this name: of the cast, else of the scene. `is_line`: it may be a line's instead,
    of the only one who is there."""
    for character in cast:
        if _words(character.name) == _words(name):
            return character
    if is_line and len(cast) == 1:
        return cast[0]
    return find_character((name,))


def _cast(names: Sequence[str]) -> list[Character]:
    """Those who are named or selected, else every namespace with a face."""
    if names:
        return [find_character((name,)) for name in names]
    if cmds.ls(selection=True):
        selected = [
            find_character((node,))
            for node in cmds.ls(selection=True, long=True, objectsOnly=True)
            if cmds.nodeType(node) != "audio"
        ]
        if selected:
            return [replace(one, name=one.name.rpartition("|")[2]) for one in selected]
    spaces = cmds.namespaceInfo(":", listOnlyNamespaces=True) or []
    found: list[Character] = []
    for space in spaces:
        if space not in ("UI", "shared"):
            try:
                found.append(find_character((f"{space}:",)))
            except BadInputError:
                continue  # an empty namespace speaks no lines
    if not found:
        raise BadInputError(
            "No character is chosen; select one, or name those who speak: mynahBatch hero: villain:"
        )
    return found


def _speaker(node: str, cast: Sequence[Character]) -> Character:
    words = _words(node)
    by_length = sorted(cast, key=lambda one: len(one.name), reverse=True)
    for character in by_length:
        own = _words(character.name)
        if own and words[: len(own)] == own:
            return character
    if len(cast) == 1:
        return cast[0]
    raise BadInputError(
        f"nobody's name is at the beginning of '{node}'; rename the sound to begin with one of "
        f"{', '.join(one.name for one in cast)}, or give a sheet."
    )


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name.casefold()) if word]
