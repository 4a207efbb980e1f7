"""A user's sound file, of any rate and container, as the samples that training hears."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from mynah_daemon.audio.decode_child import SAMPLE_RATE, Refusal, decode
from mynah_shared.errors import BadInputError

# In the order of preference where one take lies there in several formats: a video last.
SOUND_SUFFIXES: Final[Sequence[str]] = (
    ".wav .flac .aiff .aif .w64 .caf .ogg .oga .opus .m4a .aac .mp3 .mp4 .mov .mkv .webm .avi"
).split()


def read_sound(path: Path) -> NDArray[np.float32]:
    """Mono samples [N] in -1..1 at 16 kHz, all channels mixed with equal weight.

    What libsndfile can't read goes through FFmpeg, as a line to be animated does (and may last ten
    minutes like one). Raises `BadInputError` that names the file.
    """
    try:
        samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError:
        return _decode(path)
    if not len(samples) or not np.isfinite(samples).all():
        raise BadInputError(
            f"{path} holds {'no sound' if not len(samples) else 'samples that are not a number'}; "
            "export it again."
        )
    mono = samples.mean(axis=1, dtype=np.float32)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    return np.asarray(mono, np.float32)


def _decode(path: Path) -> NDArray[np.float32]:
    try:
        with path.open("rb") as file:
            return decode(file, str(path), 0.0, 0.0)
    except OSError as error:
        raise BadInputError(f"{path} can't be read ({error.strerror}).") from error
    except Refusal as refusal:
        raise BadInputError(str(refusal)) from refusal
