"""What a take was made of, to perform the same again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from .baking.record import Take, baked_keys, moved_s
from .order import Wish
from .scene_reader import audio_nodes, frame_of


def with_source_of(take: Take, wish: Wish) -> Wish:
    """The wish, for the recording or performance of the take: a sound of the scene as it lies there
    now; else the same part of the same file, where the take lies. If neither is there any more, or
    an older Mynah didn't note it, the wish has to tell."""
    tag = take.tag
    if tag.file and Path(tag.file).is_file():
        is_transfer = tag.source == "PERFORMANCE"
        # a part of a recording lies where it would with all before it, a performance's begins there
        begin_s = _start_s(take) - (0.0 if is_transfer else tag.from_s)
        return replace(
            wish,
            audio="" if is_transfer else tag.file,
            performance=tag.file if is_transfer else None,
            start_frame=frame_of(begin_s),
            from_s=tag.from_s,
            to_s=tag.to_s,
        )
    sound = next((name for name in (tag.sound, tag.line) if name in audio_nodes()), "")
    if not sound:
        return wish
    return replace(wish, audio=sound, performance=None, start_frame=None, from_s=0.0, to_s=0.0)


def _start_s(take: Take) -> float:
    baked = baked_keys(take)
    return take.tag.start_s + (moved_s(take, baked) if baked is not None else 0.0)
