"""The frames of a video with the moments at which they are shown, upright and of handy size."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import av
import av.error
import av.logging
import numpy as np
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError

Image = NDArray[np.uint8]

LONGEST_S: Final = 600.0
_LARGEST_SIDE: Final = 1280
"""The landmarker looks at 192 x 192 pixels of a face; more than this only costs time."""
_MOST_PIXELS: Final = 8192 * 8192
_COMMON_RATES: Final = (
    24000 / 1001,
    24.0,
    25.0,
    30000 / 1001,
    30.0,
    48.0,
    50.0,
    60000 / 1001,
    60.0,
)
_HIGHEST_RATE: Final = 60.0
_LOWEST_RATE: Final = 5.0
_FALLBACK_RATE: Final = 25.0
_SEEK_MARGIN_S: Final = 5.0

# Only real containers: a playlist or "concat" file would make FFmpeg open other files by name.
_FORMATS: Final = "avi,flv,gif,matroska,mov,mp4,mpeg,mpegts,mxf,ogg,webm"


@dataclass(frozen=True, eq=False)
class Shot:
    """One frame: shown at `time_s` after the start of the video; `image` [H, W, 3] RGB, upright,
    with square pixels."""

    time_s: float
    image: Image


@dataclass(frozen=True)
class VideoFacts:
    """`fps` is the mean rate, rounded to a usual one that is near; `length_s` is 0 if unknown."""

    width: int
    height: int
    fps: float
    length_s: float
    has_sound: bool


def _never() -> None:
    """Nobody needs to know."""


class Video:
    """An open video; use it in `with`.

    Raises `BadInputError` if it can't be read or shows nothing. `name` stands for it in sentences.
    """

    def __init__(self, path: Path, name: str) -> None:
        self._name = name
        self.n_damaged = 0
        """Frames that could not be decoded so far."""
        av.logging.set_level(None)
        try:
            self._media = av.open(
                str(path), "r", options={"format_whitelist": _FORMATS}, metadata_errors="ignore"
            )
        except FileNotFoundError as err:
            raise BadInputError(f"There is no video '{name}'; check its path.") from err
        except (av.error.FFmpegError, OSError) as err:
            raise BadInputError(
                f"'{name}' is not a video that can be read; it is damaged, cut off or of an "
                "unknown format: export it again, for example as MP4."
            ) from err
        stream = self._media.streams.best("video")
        if not isinstance(stream, VideoStream) or stream.disposition & _COVER:
            self.close()
            raise BadInputError(f"'{name}' has no picture; choose a video of the performer.")
        stream.thread_type = "AUTO"
        self._stream = stream
        self.facts = self._facts()
        if self.facts.width * self.facts.height > _MOST_PIXELS:
            self.close()
            raise BadInputError(
                f"'{name}' has {self.facts.width} x {self.facts.height} pixels; export it smaller."
            )

    def __enter__(self) -> Video:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Closes the file."""
        self._media.close()

    def _facts(self) -> VideoFacts:
        stream, media = self._stream, self._media
        length_s = 0.0
        if media.duration is not None:
            length_s = media.duration / av.time_base
        elif stream.duration is not None and stream.time_base is not None:
            length_s = float(stream.duration * stream.time_base)
        mean, guess = float(stream.average_rate or 0), float(stream.guessed_rate or 0)
        # FFmpeg's guess counts a short film's frames right; a varying rate has only a mean
        varies = abs(guess - mean) > 0.1 * mean and _LOWEST_RATE <= mean <= _HIGHEST_RATE
        rate = (mean if varies else guess) or _FALLBACK_RATE
        context = stream.codec_context
        has_sound = bool(media.streams.audio)
        return VideoFacts(context.width, context.height, usual_rate(rate), length_s, has_sound)

    def shots(
        self, start_s: float, end_s: float, fps: float, passing: Callable[[], None] = _never
    ) -> Iterator[Shot]:
        """The frames between `start_s` and `end_s` (0 = the end) that a clip at `fps` needs: those
        around each of its moments. `passing` is called with every frame before them, of which there
        may be many in a file without an index. Raises `BadInputError` if the part is too long."""
        end_s = end_s or math.inf
        length_s = min(end_s, self.facts.length_s or math.inf) - start_s
        if math.isfinite(length_s):
            self._check_length(length_s)
        held: tuple[float, VideoFrame] | None = None
        is_needed = True
        for time_s, frame in self._frames(start_s, passing):
            self._check_length(time_s - start_s)
            if held is not None:
                before, after = needed(held[0] - start_s, time_s - start_s, fps)
                if is_needed or before:
                    yield Shot(held[0], self._upright(held[1]))
                is_needed = after
            held = (time_s, frame)
            if time_s >= end_s:
                break
        if held is not None:
            yield Shot(held[0], self._upright(held[1]))

    def _check_length(self, length_s: float) -> None:
        if length_s > LONGEST_S + 0.5:
            raise BadInputError(
                f"'{self._name}' lasts {length_s:.0f} s or more; capture takes {LONGEST_S:.0f} s "
                "at most: choose a part by its start and end (--start, --end)."
            )

    def _frames(
        self, start_s: float, passing: Callable[[], None]
    ) -> Iterator[tuple[float, VideoFrame]]:
        """Decoded frames from `start_s` on, in rising order of their times."""
        zero_s = (self._media.start_time or 0) / av.time_base
        if start_s > _SEEK_MARGIN_S:
            self._seek(zero_s + start_s - _SEEK_MARGIN_S)
        last_s = -math.inf
        for index, frame in enumerate(self._decoded()):
            has_time = frame.pts is not None
            time_s = frame.time - zero_s if has_time else index / self.facts.fps
            if time_s < start_s - 0.5 / self.facts.fps:
                passing()
            elif time_s > last_s:
                last_s = time_s
                yield time_s, frame

    def _seek(self, time_s: float) -> None:
        try:
            self._media.seek(int(time_s * av.time_base))
        except av.error.FFmpegError:  # a container without index: read it from the start
            self._media.seek(0)

    def _decoded(self) -> Iterator[VideoFrame]:
        packets = self._media.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError:  # cut off: what came before is good
                self.n_damaged += 1
                return
            if packet is None:
                return
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                self.n_damaged += 1
                continue
            for frame in frames:
                if not frame.is_corrupt:
                    yield frame
                else:
                    self.n_damaged += 1

    def _upright(self, frame: VideoFrame) -> Image:
        """Square pixels, at most `_LARGEST_SIDE` long, turned as the file says."""
        stretch = float(self._stream.sample_aspect_ratio or 1)
        width, height = frame.width * stretch, float(frame.height)
        shrink = min(1.0, _LARGEST_SIDE / max(width, height))
        size = max(round(width * shrink), 2), max(round(height * shrink), 2)
        if size == (frame.width, frame.height):
            image = frame.to_ndarray(format="rgb24")
        else:
            image = frame.reformat(*size, format="rgb24", interpolation="AREA").to_ndarray()
        # counter-clockwise, as FFmpeg reads the display matrix
        return np.ascontiguousarray(np.rot90(cast("NDArray[Any]", image), frame.rotation // 90))


_COVER: Final = Disposition.attached_pic


def usual_rate(fps: float) -> float:
    """The nearest usual rate if it is within a hundredth; else the rate itself, 5 to 60."""
    nearest = min(_COMMON_RATES, key=lambda rate: abs(rate - fps))
    return (
        nearest if abs(nearest - fps) < 0.01 * fps else min(max(fps, _LOWEST_RATE), _HIGHEST_RATE)
    )


def needed(first_s: float, second_s: float, fps: float) -> tuple[bool, bool]:
    """Whether a clip at `fps` needs each of two frames that follow one another, to know the face
    at the moments from the one to the other. A frame at (nearly) the very moment is enough alone.
    """
    slack = 0.1
    first, second = first_s * fps, second_s * fps
    if math.floor(second - slack) > math.floor(first + slack):
        return True, True  # a moment lies between them
    return abs(first - round(first)) <= slack, abs(second - round(second)) <= slack
