"""A user's track of a face, from a file that Mynah reads (Live Link Face CSV, NPZ, JSON; FLAME goes
through the map of `mynah flame calibrate`), with its channels under ARKit's names."""

from __future__ import annotations

import csv
import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from mynah_daemon.clip_files import LIVE_LINK_ROTATIONS, read_clip
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.rig.matcher import Found, propose_mapping

from .phone_files import csv_header, has_phones

TRACK_SUFFIXES = (".npz", ".json", ".csv")
_HEADS = {name.lower(): name for name in HEAD_CHANNELS}
# Columns beside the shapes in files of Live Link Face, and MediaPipe's shape of a face at rest.
_NO_CHANNELS = {
    "timecode", "blendshapecount", "neutral",
    *(name.lower() for name in LIVE_LINK_ROTATIONS if name.lower() not in _HEADS),
}  # fmt: skip
_NAMED = 3


def find_track(stems: Iterable[Path]) -> Path | None:
    """The first track among files `stem` + suffix; a CSV of phones is none."""
    for stem in stems:
        for suffix in TRACK_SUFFIXES:
            path = stem.with_name(stem.name + suffix)
            if path.is_file() and not (suffix == ".csv" and has_phones(path)):
                return path
    return None


def read_track(path: Path) -> MotionClip:
    """The motion of the ARKit channels that were measured. Raises `BadInputError` with the file's
    name for a track that can't be used."""
    try:
        clip = _read_csv(path) if path.suffix.lower() == ".csv" else read_clip(path)
    except BadInputError as error:
        raise named_error(path, error) from error
    except EOFError as error:  # numpy's word for an empty file
        raise BadInputError(f"{path} is empty.") from error
    return with_arkit_names(clip, path)


def named_error(path: Path, error: BadInputError) -> BadInputError:
    """The error with the file's name in front, as a data set has many of the same last name."""
    return error if str(path) in str(error) else BadInputError(f"{path}: {error}")


def with_arkit_names(clip: MotionClip, path: Path) -> MotionClip:
    """The clip with ARKit's names for its channels, which may have any spelling that is known of
    rigs: other cases and separators, `_L`/`_R`, "mouthSmile" for both sides, "browInnerUp_L" for
    one half. Raises `BadInputError` for other names."""
    names = _arkit_names(clip.channels, path)
    if not names or clip.n_frames == 0:
        raise BadInputError(f"{path} has no {'frames' if names else 'channels of ARKit'}.")
    columns = [np.mean([clip.column(name) for name in found], axis=0) for found in names.values()]
    return MotionClip(clip.fps, tuple(names), np.stack(columns, axis=1))


def _arkit_names(channels: Sequence[str], path: Path) -> dict[str, list[str]]:
    """ARKit channel → the names in the file that mean it or a half of it."""
    plain = {name: re.sub(r"[ _.\-]+", "", name).lower() for name in channels}
    found = {_HEADS[word]: [name] for name, word in plain.items() if word in _HEADS}
    proposal = propose_mapping(
        [n for n, word in plain.items() if word not in _HEADS and word not in _NO_CHANNELS]
    )
    weights = proposal.mapping.weights
    # a slip of the pen is no name, and a control with two directions no share of a channel
    doubtful = [
        match.target
        for match in proposal.matches
        if match.how is Found.FUZZY or not {0.5, 1.0}.issuperset(weights[match.target].values())
    ]
    if unknown := (*proposal.unmatched_targets, *doubtful):
        listed = ", ".join(unknown[:_NAMED]) + (", …" if len(unknown) > _NAMED else "")
        raise BadInputError(
            f"{path} has channels that are no shapes of ARKit, or name one twice ({listed}); rename"
            " or remove them."
        )
    for name, row in weights.items():
        for channel in row:
            found.setdefault(channel, []).append(name)
    return found


def _read_csv(path: Path) -> MotionClip:
    """A Live Link Face file. Mynah's reader passes over columns of another spelling, so it gets a
    copy with ARKit's names."""
    header = csv_header(path)
    found = _arkit_names(header, path)
    lower = [name.lower() for name in header]
    if "timecode" not in lower or all(
        [name.lower() for name in names] == [channel.lower()] for channel, names in found.items()
    ):
        return read_clip(path)
    places = [[header.index(name) for name in names] for names in found.values()]
    time = lower.index("timecode")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = [row for row in csv.reader(file) if row][1:]
        values = [
            [row[time], *(np.mean([float(row[i]) for i in p]) for p in places)] for row in rows
        ]
    except (ValueError, IndexError) as error:
        raise BadInputError(f"{path} has a row that does not fit its header.") from error
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        with copy.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["Timecode", *found], *values])
        return read_clip(copy)
