"""Who speaks for whom: names in sheets, markers and strips, and the characters that are meant."""

from __future__ import annotations

import re
from collections.abc import Iterable

import bpy

from ..style_properties import can_be_character

_SEPARATORS = re.compile(r"[^\w]+|_")
_ANY_CHANNEL = re.compile(r"channel \d+")
"""What Blender calls a channel that nobody has named."""


def characters_in(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """What can speak: everything with shape keys, or above such a mesh, the highest first."""
    faces = [o for o in scene.objects if o.type == "MESH" and o.data.shape_keys is not None]
    found: dict[int, bpy.types.Object] = {}
    for face in faces:
        chain = [face]
        while chain[-1].parent is not None:
            chain.append(chain[-1].parent)
        for candidate in reversed(chain):
            if can_be_character(scene.mynah, candidate):
                found.setdefault(candidate.session_uid, candidate)
    return list(found.values())


def known_names(scene: bpy.types.Scene) -> list[str]:
    """Names of speakers and characters, as a file's name may begin with them."""
    speakers = [speaker.name for speaker in scene.mynah_dialogue.speakers]
    return list(dict.fromkeys([*speakers, *(o.name for o in characters_in(scene))]))


def cast_speaker(scene: bpy.types.Scene, name: str) -> bpy.types.Object | None:
    """The character of a speaker, who is put into the cast if new: the object whose name is the
    speaker's or begins with it, else the only one that has it as a word; None if there is none."""
    if not name:
        return None
    speakers = scene.mynah_dialogue.speakers
    for row in speakers:
        if row.name == name:
            return row.character
    row = speakers.add()
    row.name = name
    row.character = _guess(characters_in(scene), name)
    return row.character


def speaker_of_strip(scene: bpy.types.Scene, strip: bpy.types.Strip, names: Iterable[str]) -> str:
    """Who speaks in a strip: the one of `names` with which its name begins, else who its channel
    is called after, else the channel."""
    words = _words(strip.name)
    for name in sorted(names, key=len, reverse=True):
        own = _words(name)
        if own and words[: len(own)] == own:
            return name
    channel = scene.sequence_editor.channels[strip.channel].name
    return channel if not _ANY_CHANNEL.fullmatch(channel.lower()) else f"Channel {strip.channel}"


def _guess(characters: list[bpy.types.Object], name: str) -> bpy.types.Object | None:
    wanted = _words(name)
    if not wanted:
        return None
    same = [c for c in characters if _words(c.name) == wanted]
    begin = [c for c in characters if _words(c.name)[: len(wanted)] == wanted]
    within = [c for c in characters if set(wanted) <= set(_words(c.name))]
    for found in (same, begin):
        if found:
            return found[0]  # the highest of them: the rig rather than its teeth
    tops = [c for c in within if c.parent not in within]
    return tops[0] if len(tops) == 1 else None


def _words(name: str) -> list[str]:
    return [word for word in _SEPARATORS.split(name.casefold()) if word]
