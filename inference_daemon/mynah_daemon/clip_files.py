"""Motion clips as files: Live Link Face CSV, NPZ and JSON; numpy only, nothing pickled.

CSV: the columns the Live Link Face app writes (52 shapes, then head and eye rotations in radians),
one row per frame. The timecode `HH:MM:SS:FF.mmm` holds real time: FF.mmm is the frame within the
second, fractional at rates like 23.976, so a reader can recover the exact rate.
NPZ: `values` float32 [T, C], `channels` [C], `fps`, `meta` (JSON text). JSON: the same as lists.

FLAME: an NPZ has FLAME's own arrays (`exp`, `jaw_pose`, …) for values and channels. Whoever reads a
clip gets ARKit's channels: those of FLAME go through the map on this computer.
"""

from __future__ import annotations

import csv
import io
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, Final, cast

import numpy as np

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import FloatArray, MotionClip
from mynah_shared.motion.flame import FLAME, exp_width, to_arrays

from .archives import open_archive

_SWAPPED: Final = {
    "jawLeft": "jawRight",
    "jawRight": "jawLeft",
    "mouthLeft": "mouthRight",
    "mouthRight": "mouthLeft",
}
# The app writes JawRight before JawLeft and MouthRight before MouthLeft, unlike Apple's own list.
LIVE_LINK_SHAPES: Final = tuple(_SWAPPED.get(name, name) for name in ARKIT_BLENDSHAPES)
LIVE_LINK_ROTATIONS: Final = (
    "HeadYaw HeadPitch HeadRoll LeftEyeYaw LeftEyePitch LeftEyeRoll"
    " RightEyeYaw RightEyePitch RightEyeRoll"
).split()

EYE_RANGE_RAD: Final = 0.5236
"""The eye's rotation at a look shape of 1: 30 degrees, about what ARKit's look shapes reach."""

_NTSC_RATES: Final = (24000 / 1001, 30000 / 1001, 60000 / 1001)
_COMMON_RATES: Final = (*_NTSC_RATES, 24.0, 25.0, 30.0, 48.0, 50.0, 60.0)


def write_clip(clip: MotionClip, path: Path, meta: str = "{}") -> None:
    """Writes the clip in the format of the path's suffix, complete or not at all.

    `meta` is JSON text (CSV has no place for it). Raises `BadInputError` for another suffix or an
    unwritable folder.
    """
    data = encode_clip(clip, path, meta)
    try:
        replace_file(path, data)
    except OSError as err:
        raise BadInputError(f"Can't write {path}: {err.strerror}; choose another folder.") from err


def encode_clip(clip: MotionClip, path: PurePath, meta: str = "{}") -> bytes:
    """The content of the file that `write_clip` writes."""
    return clip_writer(path, FLAME if exp_width(clip.channels) else "")(clip, meta)


def clip_writer(path: PurePath, representation: str = "") -> Callable[[MotionClip, str], bytes]:
    """The encoder for the path's suffix. Raises `BadInputError` if there is none, or none that can
    hold the representation."""
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise BadInputError(
            f"The output '{path.name}' has the suffix '{path.suffix}'; use .csv, .npz or .json."
        )
    if representation == FLAME and writer is _to_csv:
        raise BadInputError(
            f"The output '{path.name}' would be a Live Link Face file, which has no place for "
            "FLAME's coefficients; use .npz or .json."
        )
    return writer


def read_clip(path: Path, fps: float | None = None, name: str = "") -> MotionClip:
    """Reads a clip written by `write_clip`, a CSV of the Live Link Face app or an NPZ of a FLAME
    tracker (`flame.tracks`), as ARKit's channels.

    `fps` overrides the rate of a CSV, which is otherwise told from its timecode and can't be for a
    clip under a second, and that of a FLAME track, which often has none; `name` is what the file is
    called if not like its path. Raises `BadInputError` with the file's name if it can't be read,
    and for FLAME without a map.
    """
    clip = _read_as_stored(path, fps, name or path.name)
    if not exp_width(clip.channels):
        return clip
    from .config import config_from_environment  # its modules read clips themselves
    from .flame.mapping import read_map  # brings scipy, which takes half a second to load

    return read_map(config_from_environment().flame_map).to_arkit(clip)


def _read_as_stored(path: Path, fps: float | None, name: str) -> MotionClip:
    suffix = Path(name).suffix.lower()
    try:
        if suffix == ".csv":
            return _read_csv(path, fps, name)
        if suffix == ".npz":
            return _read_npz(path, fps, name)
        if suffix == ".json":
            content = cast("dict[str, Any]", json.loads(path.read_text("utf-8")))
            values = np.array(content["values"], np.float32, ndmin=2)
            return MotionClip(float(content["fps"]), tuple(content["channels"]), values)
    except OSError as err:
        raise BadInputError(f"Can't read the clip '{name}': {err.strerror}.") from err
    except (EOFError, ValueError, KeyError, TypeError, IndexError, zipfile.BadZipFile) as err:
        raise BadInputError(
            f"'{name}' is not a motion clip: its content doesn't fit its suffix {suffix}."
        ) from err
    raise BadInputError(
        f"'{name}' is not a motion clip; use a .csv, .npz or .json file, or make one of a video "
        "with `mynah capture`."
    )


def replace_file(path: Path, data: bytes) -> None:
    """Writes the file beside its place and moves it there: complete or not at all, also after a
    power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:  # also after Ctrl-C: a failed run leaves nothing
        temporary.unlink(missing_ok=True)


# --- CSV ------------------------------------------------------------------------------------------


def _to_csv(clip: MotionClip, _meta: str) -> bytes:
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    shapes = [name[0].upper() + name[1:] for name in LIVE_LINK_SHAPES]
    count = len(shapes) + len(LIVE_LINK_ROTATIONS)
    rows.writerow(["Timecode", "BlendShapeCount", *shapes, *LIVE_LINK_ROTATIONS])
    values = np.concatenate([clip.select(LIVE_LINK_SHAPES).values, _rotations(clip)], axis=1)
    for frame, row in enumerate(values.tolist()):
        rows.writerow([_timecode(frame, clip.fps), count, *(f"{value:.8f}" for value in row)])
    return text.getvalue().encode("utf-8")


def _rotations(clip: MotionClip) -> FloatArray:
    """Head and eye angles [T, 9] in radians; yaw > 0 to the subject's left, pitch > 0 down."""
    head = clip.select(("headYaw", "headPitch", "headRoll")).values
    eyes = [head]
    for side, outward in (("Left", 1.0), ("Right", -1.0)):
        looks = clip.select([f"eyeLook{way}{side}" for way in ("Out", "In", "Down", "Up")]).values
        out, inner, down, up = (looks[:, i] for i in range(4))
        yaw, pitch = outward * (out - inner) * EYE_RANGE_RAD, (down - up) * EYE_RANGE_RAD
        eyes.append(np.stack([yaw, pitch, np.zeros_like(yaw)], axis=1))
    return np.concatenate(eyes, axis=1)


def _timecode(frame: int, fps: float) -> str:
    seconds = int((frame + 1e-6) / fps)
    within = max(0.0, frame - seconds * fps)
    hours, rest = divmod(seconds, 3600)
    return f"{hours:02d}:{rest // 60:02d}:{rest % 60:02d}:{within:06.3f}"


def _read_csv(path: Path, fps: float | None, name: str) -> MotionClip:
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows = [row for row in csv.reader(file) if row]
    header = [title.strip().lower() for title in rows[0]] if rows else []
    channels = [c for c in ARKIT_CHANNELS if c.lower() in header]
    if "timecode" not in header or not channels or len(rows) < 2:
        raise BadInputError(
            f"'{name}' is not a Live Link Face file: it needs a header with Timecode and "
            "shape names, and a row per frame."
        )
    columns = [header.index(channel.lower()) for channel in channels]
    values = np.array([[float(row[c]) for c in columns] for row in rows[1:]], np.float32)
    if fps is None:
        fps = _rate_of([row[header.index("timecode")] for row in rows[1:]], name)
    return MotionClip(fps, tuple(channels), values)


def _rate_of(timecodes: list[str], name: str) -> float:
    """Frames per second from the rows between two timecodes in different seconds."""
    first_s, first_frame = _split_timecode(timecodes[0])
    last_s, last_frame = _split_timecode(timecodes[-1])
    if last_s <= first_s:
        raise BadInputError(f"'{name}' is shorter than a second, so its rate is unknown; give it.")
    rate = (len(timecodes) - 1 - (last_frame - first_frame)) / (last_s - first_s)
    nearest = min(_COMMON_RATES, key=lambda common: abs(common - rate))
    return nearest if abs(nearest - rate) < 0.002 else rate


def _split_timecode(text: str) -> tuple[int, float]:
    hours, minutes, seconds, frames = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds), float(frames)


# --- NPZ and JSON ---------------------------------------------------------------------------------


def _to_npz(clip: MotionClip, meta: str) -> bytes:
    named: dict[str, Any] = {"values": clip.values, "channels": np.array(clip.channels)}
    if exp_width(clip.channels):
        named = {**to_arrays(clip)}
    data = io.BytesIO()
    np.savez_compressed(data, **named, fps=np.float64(clip.fps), meta=np.array(meta))
    return data.getvalue()


def _read_npz(path: Path, fps: float | None, name: str) -> MotionClip:
    with open_archive(path, name) as content:
        if "channels" not in content.files:
            from .flame.tracks import read_flame_track

            return read_flame_track(content, name, fps)
        channels = tuple(str(name) for name in content["channels"])
        return MotionClip(float(content["fps"]), channels, content["values"])


def _to_json(clip: MotionClip, meta: str) -> bytes:
    rows = [[float(f"{value:.7g}") for value in row] for row in clip.values.tolist()]
    content = {"fps": clip.fps, "channels": clip.channels, "values": rows, "meta": json.loads(meta)}
    return json.dumps(content).encode("utf-8")


_WRITERS: Final[dict[str, Callable[[MotionClip, str], bytes]]] = {
    ".csv": _to_csv,
    ".npz": _to_npz,
    ".json": _to_json,
}
