"""Layout `folder`: any folder of sound and tracks.

    takes/anna/hello_happy.wav        sound in any format
    takes/anna/hello_happy.csv        track: Live Link Face .csv, or .npz or .json as Mynah writes
    takes/anna/hello_happy.TextGrid   phones, if known; or .phones.csv, or .csv beside another track

The track may also lie in a folder `tracks` at the top, under the same relative name or flat. The
folder of a sound is the speaker; files at the top are all of one. What follows the last "_" of a
name is the mood if it is a word for one ("hello_happy"). The language is not told.

Nothing to verify: the layout is ours.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ..corpus import Recording
from .clips import Clip, find_sounds, read_clips
from .phone_files import find_phones
from .tracks import find_track

MOODS = frozenset(
    "afraid amused angry anger annoyed bored calm confused contempt contemptuous disgust disgusted"
    " excited fear fearful happiness happy laughing neutral proud sad sadness sarcastic scared"
    " serious shouting sleepy surprise surprised tired whispering worried".split()
)


def read_folder(root: Path) -> Iterator[Recording]:
    """Raises `BadInputError` for a folder or file that can't be used."""
    return read_clips(root, find_folder_clips(root))


def find_folder_clips(root: Path) -> list[Clip]:
    """The clips of a folder, unread. Raises `BadInputError` if there is no sound."""
    clips = []
    for sound in find_sounds(root):
        stem = sound.with_suffix("")
        place = stem.relative_to(root)
        mood = stem.name.rpartition("_")[2].lower()
        clips.append(
            Clip(
                place.as_posix(),
                place.parent.as_posix() if place.parts[:-1] else root.resolve().name,
                sound,
                find_track((stem, root / "tracks" / place, root / "tracks" / place.name)),
                find_phones(stem),
                mood if mood in MOODS else "",
            )
        )
    return clips
