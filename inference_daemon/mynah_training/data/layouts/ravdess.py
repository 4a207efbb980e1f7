"""Layout `ravdess`: RAVDESS (Livingstone & Russo 2018), with tracks that the user took from it.

    Actor_12/03-01-06-01-02-01-12.wav
    Actor_12/03-01-06-01-02-01-12.csv   the track; or in a folder `tracks` at the top, with or
                                        without Actor_12

Verified in the set's own description, as quoted on Kaggle and in PMC7927770 (table 3): seven
numbers of two digits: modality (01 sound and video, 02 video only, 03 sound only), channel (01
speech, 02 song), emotion (01 neutral, 02 calm, 03 happy, 04 sad, 05 angry, 06 fearful, 07 disgust,
08 surprised), intensity (01 normal, 02 strong), sentence, repetition, actor; a folder per actor.
Assumed: that 01, 02 and 03 of one take run in step, so a track named after the video (01 or 02)
also serves the sound of 03. RAVDESS itself has no ARKit tracks.

The mood is the emotion, with "_strong" and "_song" where they apply: other manners.
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

_NAME = re.compile(r"(0[123])-(0[12])-(0[1-8])-(0[12])-\d\d-\d\d-(\d\d)")
_EMOTIONS = "neutral calm happy sad angry fearful disgust surprised".split()
_VIDEO_ONLY, _SOUND_ONLY = "02", "03"


def read_ravdess(root: Path) -> Iterator[Recording]:
    """`root` holds the actors' folders. Raises `BadInputError` for a folder or file that can't be
    used."""
    clips: dict[str, Clip] = {}
    for sound in find_sounds(root):
        stem = sound.with_suffix("")
        name = _NAME.fullmatch(stem.name)
        if name is None or name[1] == _VIDEO_ONLY:
            continue
        modality, channel, emotion, intensity, actor = name.groups()
        take = stem.name[2:]
        if take in clips and modality != _SOUND_ONLY:
            continue
        folders = (stem.parent, root / "tracks" / stem.parent.name, root / "tracks")
        names = dict.fromkeys((modality, "01", _VIDEO_ONLY, _SOUND_ONLY))
        mood = _EMOTIONS[int(emotion) - 1]
        clips[take] = Clip(
            stem.name,
            f"Actor_{actor}",
            sound,
            find_track(folder / (number + take) for folder in folders for number in names),
            find_phones(stem),
            mood + "_strong" * (intensity == "02") + "_song" * (channel == "02"),
            "en",
        )
    if not clips:
        raise BadInputError(
            f"{root} is not laid out like RAVDESS: no sound has a name like "
            "03-01-05-01-02-01-12.wav."
        )
    return read_clips(root, list(clips.values()))
