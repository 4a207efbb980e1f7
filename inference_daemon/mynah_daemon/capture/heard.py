"""How much of a video's sound is speech."""

from __future__ import annotations

from pathlib import Path

from mynah_shared.errors import BadInputError

from ..audio.decode import decode_file
from ..engine.model_store import open_store
from ..engine.speech import SpeechEncoder

_SILENCE = "sil"


def speech_share(path: Path, name: str, start_s: float, end_s: float) -> float | None:
    """Share of the time in which the speech encoder hears phones; None without usable sound."""
    store = open_store()
    if store.encoder is None:
        return None
    try:
        samples = decode_file(path, name, start_s, end_s)
    except BadInputError:  # a video may be silent; its picture is what is captured
        return None
    phones = SpeechEncoder(store).hear(samples, _ignore).phones
    silence = phones.probabilities[:, phones.names.index(_SILENCE)]
    return float((silence < 0.5).mean())


def _ignore(_stage: str) -> None:
    """The encoder takes a moment only."""
