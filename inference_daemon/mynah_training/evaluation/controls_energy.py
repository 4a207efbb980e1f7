"""The warning that a style's lips and a voice are far apart: how often it comes, and whether the
strength that it names helps."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter1d
from scipy.signal import istft, stft

from mynah_daemon.styles.energy import energy_warning, mouth_energy
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from ..data.corpus import SAMPLE_RATE
from .columns import Column
from .controls_document import Section
from .controls_measures import percent
from .controls_stage import Asked, Manner, Stage
from .filmed import Scores
from .lines import FloatArray, Line

_LOUDER: Final = 10 ** (12 / 20)
_WINDOW: Final = 512
_ENVELOPE_BINS: Final = 4.0
"""125 Hz: wider than the distance of the partials of a man's voice, narrower than formants."""
_SENTENCES: Final = "sentences"


def louder(samples: FloatArray) -> FloatArray:
    """By 12 dB; what goes beyond full scale is clipped, as in a file."""
    return np.clip(samples * np.float32(_LOUDER), -1, 1)


def softer(samples: FloatArray) -> FloatArray:
    """By 12 dB."""
    return samples / np.float32(_LOUDER)


def whispered(samples: FloatArray) -> FloatArray:
    """The same words without a voice: noise with the spectral envelope of each moment, as loud on
    the whole."""
    _, _, spectrum = stft(samples, SAMPLE_RATE, nperseg=_WINDOW, noverlap=_WINDOW * 3 // 4)
    envelope = gaussian_filter1d(np.abs(spectrum), _ENVELOPE_BINS, axis=0, mode="nearest")
    turns = np.random.default_rng(0).uniform(0, 2 * np.pi, spectrum.shape)
    _, noise = istft(
        envelope * np.exp(1j * turns), SAMPLE_RATE, nperseg=_WINDOW, noverlap=_WINDOW * 3 // 4
    )
    noise = np.resize(noise, len(samples))
    scale = np.sqrt(np.mean(samples**2) / max(float(np.mean(noise**2)), 1e-12))
    return (noise * scale).clip(-1, 1).astype(np.float32)


VOICES: Final[dict[str, Callable[[FloatArray], FloatArray]]] = {
    "as recorded": lambda samples: samples,
    "12 dB louder": louder,
    "12 dB softer": softer,
    "whispered": whispered,
}
_COLUMNS: Final = (
    Column("warned", "warned (%)", _SENTENCES, "(sentence, style) pairs", 1),
    Column("unlike", "energies apart, all pairs", _SENTENCES,
           "how many times the lips of the style clip move as much as, or as little as, those that "
           "the regression model makes of the voice; geometric mean"),
    Column("before", "apart where warned, strength 1", _SENTENCES,
           "the same of the finished performance at strength 1 in place of the clip"),
    Column("after", "apart where warned, as suggested", _SENTENCES,
           "the same at the strength that the warning names"),
    Column("nearer", "nearer as suggested (%)", _SENTENCES,
           "warned pairs in which the energies are nearer at the strength named", 1),
)  # fmt: skip


def energy_section(stage: Stage, groups: dict[str, list[Manner]], lines: Sequence[Line]) -> Section:
    rows: dict[str, Scores] = {}
    for voice, speak in VOICES.items():
        spoken = [
            replace(line, name=f"{line.name}, {voice}", samples=speak(line.samples))
            for line in lines
        ]
        for group, manners in groups.items():
            rows[f"{group}, {voice}"] = _warned(stage, spoken, manners)
    about = (
        "A warning with a suggested strength comes where the lips of a style clip move more than "
        "four times, or less than a quarter, as much as the voice asks for. Energies of finished "
        "performances are measured as those of clips are."
    )
    return Section("Energy warning", about, "styles, voice", _COLUMNS, rows)


def _warned(stage: Stage, lines: Sequence[Line], manners: Sequence[Manner]) -> Scores:
    """NaN where a model that knows no manner is missing."""
    warned: list[bool] = []
    unlike: list[float] = []
    before: list[float] = []
    after: list[float] = []
    for line in lines:
        neutral = stage.engine.neutral(line.samples)
        if neutral is None:
            continue
        for manner in manners:
            unlike.append(_apart(manner.clip, neutral))
            warning = energy_warning(manner.name, manner.clip, neutral)
            warned.append(bool(warning))
            if warning:
                for strength, found in ((1.0, before), (suggested_strength(warning), after)):
                    made = stage.perform(line, [Asked(manner)], style_strength=strength)
                    found.append(_apart(MotionClip(line.fps, ARKIT_CHANNELS, made), neutral))
    return {
        "warned": percent(warned),
        "unlike": _times(unlike),
        "before": _times(before),
        "after": _times(after),
        "nearer": percent([b < a for a, b in zip(before, after, strict=True)]),
    }


def suggested_strength(warning: str) -> float:
    """What the sentence says, for that is what people follow."""
    found = re.search(r"strength of (\d+(?:\.\d+)?)", warning)
    assert found is not None, warning
    return float(found[1])


def _apart(clip: MotionClip, neutral: MotionClip) -> float:
    """|log| of the ratio of energies."""
    ratio = max(mouth_energy(clip), 1e-6) / max(mouth_energy(neutral), 1e-6)
    return abs(math.log(ratio))


def _times(logs: list[float]) -> float:
    return float(np.exp(np.mean(logs))) if logs else float("nan")
