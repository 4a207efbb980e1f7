"""A stretch of a video as the capture sees it: the performance, what the filters want to know, and
a picture for the report."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mynah_daemon.capture.capture import FEWEST_FRAMES, to_clip
from mynah_daemon.capture.distilled import CaptureNetwork
from mynah_daemon.capture.downloads import Report
from mynah_daemon.capture.face_points import LIPS
from mynah_daemon.capture.head_model import reference_face
from mynah_daemon.capture.landmarks import Face, Landmarker, face_size
from mynah_daemon.capture.observation import Observation, observe
from mynah_daemon.capture.solver import Solver
from mynah_daemon.capture.track import FaceTrack, follow
from mynah_daemon.capture.video import Video
from mynah_daemon.pictures.film_strip import MOMENTS, telling_frames
from mynah_daemon.pictures.portrait import THUMBNAIL, shipped_painter
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from .filters import AS_LARGE, Measures
from .segments import Stretch
from .videos import SourceVideo

FloatArray = NDArray[np.float64]
Picture = NDArray[np.uint8]

_AROUND: Final = 1.5
"""Height of a picture of the face, in sizes of the face."""
_JPEG_QUALITY: Final = 80


@dataclass(frozen=True, eq=False)
class Watched:
    """`clip` is the performance, `lip_gap_mm` [T] the distance of the inner lips as seen."""

    clip: MotionClip
    lip_gap_mm: FloatArray
    measures: Measures


class Watcher(Landmarker):
    """The landmarker, which remembers of each frame how large the faces are and what the first one
    looks like."""

    def __init__(self, model: Path) -> None:
        super().__init__(model)
        self.sizes: list[list[float]] = []
        self.thumbnails: list[Picture] = []

    def forget(self) -> None:
        """Before another stretch."""
        self.sizes, self.thumbnails = [], []

    def find(self, image: Picture) -> list[Face]:
        found = super().find(image)
        self.sizes.append([face_size(face) for face in found])
        self.thumbnails.append(_thumbnail(image, found))
        return found


def watch(
    video: SourceVideo,
    stretch: Stretch,
    watcher: Watcher,
    solver: Solver | CaptureNetwork,
    speech: float,
    report: Report,
) -> tuple[Watched | None, bytes]:
    """Follows the face in a stretch and solves its performance at the video's rate; None if there
    is no face. With it comes a picture (JPEG).

    `speech` is the share of the stretch in which it is heard. `report` hears of stage and fraction;
    what it raises ends the work. Raises `BadInputError` if the video can't be read.
    """
    watcher.forget()
    start_s, end_s = stretch
    with Video(video.path, video.place) as film:
        fps = film.facts.fps
        track = follow(film.shots(start_s, end_s, fps), watcher, start_s, end_s - start_s, report)
    seen_at = np.sort([*track.times_s, *track.missing_s])
    if len(track.times_s) < FEWEST_FRAMES:
        return None, _picture(None, seen_at, watcher.thumbnails)
    times = np.arange(round((end_s - start_s) * fps)) / fps
    seen = observe(track.at(times), reference_face(), fps)
    clip = to_clip(seen, solver.solve(seen), fps)
    measures = _measure(track, times, seen, watcher.sizes, speech)
    return Watched(clip, seen.lip_gap_mm, measures), _picture(clip, seen_at, watcher.thumbnails)


def _measure(
    track: FaceTrack,
    times: FloatArray,
    seen: Observation,
    sizes: list[list[float]],
    speech: float,
) -> Measures:
    ends = np.concatenate([[0.0], track.times_s, [times[-1]]])
    size = np.array([face_size(face) for face in track.faces])
    middle = track.faces[:, :, :2].mean(axis=1)
    turned = seen.rotations[:, 2, 2]  # the face's forward axis along the camera's
    swung = np.einsum("tij,tij->t", seen.rotations[1:], seen.rotations[:-1])
    least_mm, most_mm = np.percentile(seen.lip_gap_mm, [5, 95])
    return Measures(
        unseen_s=float(np.diff(ends).max()) if len(ends) > 1 else 0.0,
        turned_deg=np.degrees(np.arccos(np.clip(turned, -1, 1))),
        moved=np.linalg.norm(np.diff(middle, axis=0), axis=1) / size[1:],
        grown=np.abs(np.diff(size)) / size[1:],
        swung_deg=np.degrees(np.arccos(np.clip((swung - 1) / 2, -1, 1))),
        crowded=float(np.mean([len(s) > 1 and s[1] > AS_LARGE * s[0] for s in sizes])),
        mouth_pixels=float(np.median(np.ptp(track.faces[:, list(LIPS), 0], axis=1))),
        resting_gap_mm=seen.resting_gap_mm,
        opening_mm=float(most_mm - least_mm),
        speech=speech,
    )


# --- the picture ----------------------------------------------------------------------------------


def _thumbnail(image: Picture, found: list[Face]) -> Picture:
    """The first face, as large as the painted head; the whole image if there is none."""
    height, width = image.shape[:2]
    if found:
        points = found[0][:, :2] * [1, -1]  # y down again
        (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
        x, y, size = (left + right) / 2, (top + bottom) / 2, _AROUND * (bottom - top)
    else:
        x, y, size = width / 2, height / 2, float(height)
    half, aside = size / 2, size / 2 * THUMBNAIL.width / THUMBNAIL.height
    small = Image.fromarray(image).crop((x - aside, y - half, x + aside, y + half))
    return np.asarray(small.resize((THUMBNAIL.width, THUMBNAIL.height)))


def _picture(clip: MotionClip | None, seen_at: FloatArray, thumbnails: list[Picture]) -> bytes:
    """A JPEG: telling moments as filmed and, below, as solved."""
    if not thumbnails:
        return b""
    if clip is None:
        chosen = np.linspace(0, len(thumbnails) - 1, MOMENTS).round().astype(int)
        rows = [[thumbnails[i] for i in chosen]]
    else:
        frames = telling_frames(clip)
        nearest = [int(np.abs(seen_at - frame / clip.fps).argmin()) for frame in frames]
        solved = shipped_painter().paint(clip.select(ARKIT_CHANNELS).values[frames])
        rows = [[thumbnails[i] for i in nearest], list(solved)]
    data = io.BytesIO()
    strip = np.concatenate([np.concatenate(row, axis=1) for row in rows])
    Image.fromarray(strip).save(data, "JPEG", quality=_JPEG_QUALITY)
    return data.getvalue()
