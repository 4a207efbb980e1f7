"""Layout `hdtf`: clips cut from HDTF's videos (Zhang et al. 2021), with the user's own tracks.

    audios/RD_Radio1_000.wav
    tracks/RD_Radio1_000.csv   or beside the sound

Verified: the set is a list of videos with times; a clip is named after its video and a running
number ("Radio11_0", README of MRzzm/HDTF); in common use the name has the subset in front and three
digits ("RD_Radio1_000", "WDA_BarackObama_000", "WRA_MikeJohanns1_000", many public repositories),
and some cut clips further ("RD_Radio1_000_001"). Assumed: in WDA and WRA a video is named after its
speaker, with a number where there are several (WDA_NancyPelosi0), and every other video name is a
speaker of its own; English; folders may have any names, as HDTF prescribes none.

No moods are told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mynah_shared.errors import BadInputError

from ..corpus import Recording
from .clips import Clip, find_sounds, rank, read_clips
from .phone_files import find_phones
from .tracks import find_track

_NAME = re.compile(r"(?P<person>W[DR]A_[^_]*?[^_\d])\d*(_\d+)+|(?P<video>.*?[^_\d]\d*)(_\d+)+")


def read_hdtf(root: Path) -> Iterator[Recording]:
    """Raises `BadInputError` for a folder or file that can't be used."""
    clips: dict[str, Clip] = {}
    for sound in sorted(find_sounds(root), key=rank):
        stem = sound.with_suffix("")
        name = _NAME.fullmatch(stem.name)
        if name is None or stem.name in clips:  # a video beside its sound in another folder
            continue
        tracks = root / "tracks"
        clips[stem.name] = Clip(
            stem.name,
            name["person"] or name["video"],
            sound,
            find_track((stem, tracks / stem.relative_to(root), tracks / stem.name)),
            find_phones(stem),
            language="en",
        )
    if not clips:
        raise BadInputError(
            f"{root} is not laid out like HDTF: no sound has a name like RD_Radio1_000.wav."
        )
    return read_clips(root, [clips[name] for name in sorted(clips)])
