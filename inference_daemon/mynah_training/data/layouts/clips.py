"""What all layouts of users' data sets have in common: from files that were found to recordings.

Sound without a track is skipped, counted and logged; a data set of nothing else is refused.

The split is the same in every run. A hash of its name puts about every tenth speaker into dev or,
in a data set of fewer than ten people, about every tenth clip. Among two clips or more at least one
is dev and one is train: where the hash leaves a side empty, the clip or speaker with the smallest
hash is dev.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from ..corpus import LARGEST_MISMATCH_S, OTHERS, Recording
from ..sound_files import SOUND_SUFFIXES
from .phone_files import read_phones_beside
from .tracks import read_track

_log = logging.getLogger(__name__)

_FEWEST_SPEAKERS = 10
"""From this many on, a speaker is either for training or for dev."""
_EVERY = 10
_NAMED = 3


@dataclass(frozen=True)
class Clip:
    """Files of one performance: `track` and `phones` are None where there are none.

    `mismatch` is the share of the track's length by which the sound's may differ, where that is
    more than the 0.1 s that training allows otherwise.
    """

    name: str
    speaker: str
    sound: Path
    track: Path | None
    phones: Path | None = None
    mood: str = ""
    language: str = ""
    mismatch: float = 0.0


def find_sounds(root: Path) -> list[Path]:
    """Every sound file below `root` in the order of names; of one take in several formats the best.

    Raises `BadInputError` for a folder without any.
    """
    if not root.is_dir():
        raise BadInputError(f"{root} is not a folder; give the folder of a data set.")
    best: dict[Path, Path] = {}
    for path in sorted(root.rglob("*")):
        if path.suffix.lower() in SOUND_SUFFIXES and path.is_file() and path.name[0] != ".":
            other = best.get(path.with_suffix(""))
            if other is None or rank(path) < rank(other):
                best[path.with_suffix("")] = path
    if not best:
        raise BadInputError(f"{root} holds no sound files; there is nothing to learn.")
    return [best[stem] for stem in sorted(best)]


def rank(path: Path) -> int:
    """The lower, the better a format to learn from."""
    return SOUND_SUFFIXES.index(path.suffix.lower())


def read_clips(
    root: Path, clips: Sequence[Clip], read: Callable[[Path], MotionClip] = read_track
) -> Iterator[Recording]:
    """The recordings of the clips that have a track. Raises `BadInputError` naming the file that
    can't be used, or if no clip has a track."""
    usable = [clip for clip in clips if clip.track is not None]
    if not usable:
        raise BadInputError(
            f"None of the {len(clips)} sound files in {root} has a track of the face; put tracks "
            "with the same names beside them."
        )
    if skipped := [clip.name for clip in clips if clip.track is None]:
        _log.warning(
            "%d of %d sound files have no track of the face and are skipped: %s%s",
            len(skipped), len(clips), ", ".join(skipped[:_NAMED]),
            ", …" if len(skipped) > _NAMED else "",
        )  # fmt: skip
    dev = dev_clips(usable)
    for clip in usable:
        assert clip.track is not None
        motion = read(clip.track)
        phones, trusted = read_phones_beside(clip.phones) if clip.phones else ((), False)
        yield Recording(
            clip.name,
            OTHERS,
            clip.speaker,
            clip.language,
            "dev" if clip.name in dev else "train",
            clip.sound,
            phones,
            trusted,
            motion.select(ARKIT_CHANNELS),
            np.array([name in motion.channels for name in ARKIT_CHANNELS]),
            mood=clip.mood,
            any_sound=True,
            largest_mismatch_s=max(LARGEST_MISMATCH_S, clip.mismatch * motion.duration_s),
        )


def dev_clips(clips: Sequence[Clip]) -> set[str]:
    """Names of the clips (with a track) that are for dev."""
    speakers = {clip.speaker for clip in clips}
    if len(speakers) >= _FEWEST_SPEAKERS:
        held_out = _every_tenth(speakers)
        return {clip.name for clip in clips if clip.speaker in held_out}
    return _every_tenth({clip.name for clip in clips})


def _every_tenth(names: set[str]) -> set[str]:
    hashes = {name: int(hashlib.sha256(name.encode()).hexdigest()[:12], 16) for name in names}
    chosen = {name for name in names if hashes[name] % _EVERY == 0}
    if len(names) > 1 and len(chosen) in (0, len(names)):
        return {min(names, key=hashes.__getitem__)}
    return chosen if len(names) > 1 else set()
