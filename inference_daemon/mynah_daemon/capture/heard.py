"""How much of a video's sound is speech."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from pathlib import Path

from mynah_shared.errors import BadInputError

from ..audio.decode import Decoder
from ..engine.model_store import open_store
from ..engine.speech import SpeechEncoder

_SILENCE = "sil"


def speech_share(
    path: Path, name: str, start_s: float, end_s: float, step: Callable[[], None]
) -> float | None:
    """Share of the time in which the speech encoder hears phones; None without usable sound.
    `step` is called many times a second; what it raises ends the hearing."""
    store = open_store()
    if store.encoder is None:
        return None
    try:
        with contextlib.closing(Decoder()) as decoder:
            samples = decoder.decode(path, name, start_s, end_s, step)
    except BadInputError:  # a video may be silent; its picture is what is captured
        return None
    phones = SpeechEncoder(store).hear(samples, lambda _: step()).phones
    silence = phones.probabilities[:, phones.names.index(_SILENCE)]
    return float((silence < 0.5).mean())
