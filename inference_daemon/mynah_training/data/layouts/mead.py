"""Layout `mead`: MEAD (Wang et al. 2020), with tracks of the face in place of the videos.

    M030/audio/happy/level_1/001.m4a
    M030/video/front/happy/level_1/001.csv   the track; or M030/tracks/happy/level_1/001.csv,
                                             or beside the sound

Verified: a folder per person, "M" or "W" and a number (README of uniBruce/Mead); sound in
`audio/EMOTION/level_N/NNN.m4a` and video in `video/VIEW/EMOTION/level_N/NNN.mp4` with the same
number (several public repositories that read the set, among them paths in M003 and M031); emotions
such as angry, contempt, disgusted, happy, neutral, sad, surprised. Assumed: that the take of
one number is the same in sound and video, other views than the front one run in step with the
sound, and English. Tracks are the user's own capture; MEAD has none.

The mood is emotion and level ("happy_level_1").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from mynah_shared.errors import BadInputError

from ..corpus import Recording
from .clips import Clip, find_sounds, read_clips
from .phone_files import find_phones
from .tracks import find_track

_PERSON = re.compile(r"[MW]\d{3}")


def read_mead(root: Path) -> Iterator[Recording]:
    """`root` holds the people's folders. Raises `BadInputError` for a folder or file that can't be
    used."""
    clips = []
    for sound in find_sounds(root):
        place = sound.with_suffix("").relative_to(root)
        if len(place.parts) < 3 or place.parts[1] != "audio" or not _PERSON.match(place.parts[0]):
            continue
        person, take = Path(place.parts[0]), Path(*place.parts[2:])
        views = sorted((root / person / "video").glob("*"), key=lambda view: view.name != "front")
        stems = (root / place, root / person / "tracks" / take, *(view / take for view in views))
        clips.append(
            Clip(
                (person / take).as_posix(),
                person.name,
                sound,
                find_track(stems),
                find_phones(root / place),
                "_".join(take.parts[:-1]),
                "en",
            )
        )
    if not clips:
        raise BadInputError(
            f"{root} is not laid out like MEAD: it has no sound in PERSON/audio/EMOTION/level_N, "
            "for example M030/audio/happy/level_1/001.m4a."
        )
    return read_clips(root, clips)
