"""Layout `beat`: BEAT (Liu et al. 2022), whose faces are ARKit coefficients.

    1/1_wayne_0_1_1.wav
    1/1_wayne_0_1_1.json       {"names": […], "frames": [{"weights": […], "time": …}, …]}, 60 fps
    1/1_wayne_0_1_1.TextGrid   tiers "words" and "phones"
    1/1_wayne_0_1_1.csv        emotion: rows like "00_netural, 0, 63.908, 63.908, 0"

Verified: the names (PantoMatrix issue 13: speaker's number and name, kind of recording, first and
last sequence; kinds 0 and 1 English, 2 and 3 Chinese, 4 and 5 Spanish, 6 and 7 Japanese, even ones
alone and odd ones in conversation; issue 20: alone, sequences to 64 are neutral, then happiness to
72, anger to 80, sadness to 86, contempt to 94, surprise to 102, fear to 110, disgust to 118); 51
shapes without the tongue (issue 43); the fields of the JSON file, an empty "rotation", the tiers
and the row of the emotion file (README of 99csg/EMAGE_db); "time" in seconds, 1/60 for the first
frame (a public test that reads 1_wayne_0_1_1); sound and track come from one device, start together
and are used as far as both go (issue 37). Assumed: that "time" is on the sound's clock (frames are
60 per second where it is missing); that sound and track never differ by more than a tenth when the
pair is right; and that the
fields of the emotion file are label, start, end, duration.

Some takes are out of step, says issue 73; nothing here can tell.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip

from ..corpus import Recording
from .clips import Clip, find_sounds, read_clips
from .phone_files import find_phones
from .tracks import named_error, with_arkit_names

FPS = 60.0
_MISMATCH = 0.1
_NAME = re.compile(r"(?P<number>\d+)_(?P<name>[^_]+)_(?P<kind>[0-7])_(?P<first>\d+)_\d+")
_LANGUAGES = "en en zh zh es es ja ja".split()
_LAST_SEQUENCES = (
    (64, "neutral"), (72, "happiness"), (80, "anger"), (86, "sadness"), (94, "contempt"),
    (102, "surprise"), (110, "fear"), (118, "disgust"),
)  # fmt: skip


def read_beat(root: Path) -> Iterator[Recording]:
    """`root` holds the speakers' folders. Raises `BadInputError` for a folder or file that can't be
    used."""
    clips = []
    for sound in find_sounds(root):
        stem = sound.with_suffix("")
        name = _NAME.fullmatch(stem.name)
        if name is None:
            continue
        track = stem.with_suffix(".json")
        clips.append(
            Clip(
                stem.name,
                f"{name['number']}_{name['name']}",
                sound,
                track if track.is_file() else None,
                find_phones(stem),
                _mood(stem.with_suffix(".csv"), int(name["kind"]), int(name["first"])),
                _LANGUAGES[int(name["kind"])],
                _MISMATCH,
            )
        )
    if not clips:
        raise BadInputError(
            f"{root} is not laid out like BEAT: no sound has a name like 1_wayne_0_1_1.wav."
        )
    return read_clips(root, clips, read_beat_track)


def read_beat_track(path: Path) -> MotionClip:
    """The frames at their times, at 60 per second from the sound's start. Raises `BadInputError`
    with the file's name."""
    try:
        content = json.loads(path.read_text("utf-8"))
        names, frames = tuple(map(str, content["names"])), content["frames"]
        weights = np.array([frame["weights"] for frame in frames], np.float32, ndmin=2)
        times = np.array([frame.get("time", i / FPS) for i, frame in enumerate(frames)], np.float64)
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInputError(
            f"{path} is not a track of BEAT: it needs names, and frames with weights."
        ) from error
    if not frames or not np.all(np.diff(times) > 0):
        raise BadInputError(f"{path} has no frames whose times rise.")
    try:
        clip = MotionClip(FPS, names, weights)
    except BadInputError as error:
        raise named_error(path, error) from error
    grid = np.arange(int(times[-1] * FPS + 1e-6) + 1) / FPS
    columns = [np.interp(grid, times, column) for column in clip.values.T]
    return with_arkit_names(MotionClip(FPS, names, np.stack(columns, axis=1)), path)


def _mood(path: Path, kind: int, sequence: int) -> str:
    """The emotion that lasts longest in the take's file or, without one, that of its number."""
    if path.is_file():
        seconds: dict[str, float] = {}
        try:
            with path.open(newline="", encoding="utf-8-sig") as file:
                for label, start, end, *_ in csv.reader(file):
                    mood = label.strip().lstrip("0123456789_").replace("netural", "neutral")
                    seconds[mood] = seconds.get(mood, 0.0) + float(end) - float(start)
        except ValueError as error:
            raise BadInputError(
                f"{path} is not an emotion file of BEAT: it needs rows of label, start and end."
            ) from error
        if seconds:
            return max(seconds, key=seconds.__getitem__)
    if kind % 2:
        return ""
    return next((mood for last, mood in _LAST_SEQUENCES if sequence <= last), "")
