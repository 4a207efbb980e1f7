"""The sound of a video on the picture's clock, and what is heard in it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Final

import av
import av.error
import numpy as np
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from mynah_daemon.audio.decode import Decoder
from mynah_daemon.audio.decode_child import LONGEST_S, SAMPLE_RATE
from mynah_daemon.engine.lip_closure import BILABIALS
from mynah_daemon.engine.model_store import RegressionEntry, open_store
from mynah_daemon.engine.models import Direction
from mynah_daemon.engine.onnx_pair import OnnxPair
from mynah_daemon.engine.speech import SpeechEncoder
from mynah_shared.errors import EngineUnavailableError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import Quality

from .videos import SourceVideo

FloatArray = NDArray[np.float32]

SILENCE: Final = "sil"
OPENING_RATE: Final = 25.0
_PARTING: Final = tuple(
    f"mouth{lip}{side}" for lip in ("UpperUp", "LowerDown") for side in ("Left", "Right")
)
_PLAIN: Final = Direction(0, Quality.draft, 1.0, 1.0)


class Ear:
    """Decodes sound and hears phones in it; use it in `with`.

    `phones` names the P phones, `sha256` the weights. Raises `EngineUnavailableError` if they are
    missing.
    """

    def __init__(self) -> None:
        store = open_store()
        encoder = SpeechEncoder(store)
        speaker = next((e for e in store.entries if isinstance(e, RegressionEntry)), None)
        if store.encoder is None or speaker is None:
            raise EngineUnavailableError(
                "The weights lack a speech encoder or a regression model; install Mynah again."
            )
        self._speaker = OnnxPair(store, speaker, encoder)
        self.phones: Sequence[str] = store.encoder.phones
        self.sha256 = store.encoder.file.sha256 + speaker.sha256
        self._decoder = Decoder()

    def __enter__(self) -> Ear:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._decoder.close()

    def sound(self, video: SourceVideo, length_s: float) -> FloatArray:
        """Samples [N] at 16 kHz; sample 0 is heard when the picture starts. As long as the picture,
        whose `length_s` may be 0 if it isn't known.

        Raises `BadInputError` if the video has no sound, or none that can be read.
        """
        start_s, sound_s = _place_of_sound(video.path)
        parts = max(1, math.ceil((sound_s or length_s) / LONGEST_S - 1e-3))
        samples = [
            self._decoder.decode(
                video.path, video.place, i * LONGEST_S, (i + 1) * LONGEST_S if i < parts - 1 else 0
            )
            for i in range(parts)
        ]
        late = round(start_s * SAMPLE_RATE)
        placed = np.concatenate([np.zeros(max(late, 0), np.float32), *samples])[max(-late, 0) :]
        wanted = round(length_s * SAMPLE_RATE) or len(placed)
        return np.pad(placed[:wanted], (0, max(0, wanted - len(placed))))

    def hear(self, samples: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How likely each phone is, [N, P] at 50/s, and how far a mouth opens that says this: [M]
        at `OPENING_RATE`, in no unit."""
        performed = self._speaker.perform(samples, _PLAIN, _ignore)
        assert performed.phones is not None
        return performed.phones.probabilities, mouth_opening(performed.clip)

    def column(self, phone: str) -> int:
        """Where a phone is among the P."""
        return self.phones.index(phone)

    def closure(self, heard: FloatArray) -> FloatArray:
        """How likely b, m or p is [N]."""
        return heard[:, [self.column(phone) for phone in BILABIALS]].sum(axis=1)


def mouth_opening(clip: MotionClip) -> FloatArray:
    """How far the lips are apart [T], as far as shapes of a size tell."""
    parting = clip.select(_PARTING).values.mean(axis=1)
    return clip.column("jawOpen") - clip.column("mouthClose") + parting


def _ignore(_stage: str) -> None:
    """The encoder takes a moment only."""


def _place_of_sound(path: Path) -> tuple[float, float]:
    """How much later than the picture's clock the sound starts, and how long it lasts (0 if that is
    unknown), in seconds; whatever is wrong with the file is left to the decoder to say."""
    try:
        with av.open(str(path), metadata_errors="ignore") as media:
            stream = media.streams.best("audio")
            if not isinstance(stream, AudioStream):
                return 0.0, 0.0
            zero_s = (media.start_time or 0) / av.time_base
            length_s = (media.duration or 0) / av.time_base
            if stream.duration is not None and stream.time_base is not None:
                length_s = float(stream.duration * stream.time_base)
            # of the first frame, as what a codec puts before the sound is dropped from it
            frame = next(media.decode(stream), None)
            start_s = 0.0 if frame is None or frame.time is None else frame.time - zero_s
            return start_s, length_s
    except av.error.FFmpegError:
        return 0.0, 0.0
