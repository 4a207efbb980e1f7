"""How much later a video's picture is than its sound, told from b, m and p: the lips are closed
when they are heard.

The opening of the lips around every closure that is heard within speech is averaged (a
closure-triggered average). In the average the lips open, close and open again, and the moment at
which they are closed is the lag. Of all dips the one that stands out most counts, since a speaker's
rhythm makes shallow ones beside. How sure that is tell bootstrap samples of the closures (Efron
1979).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray
from scipy import signal  # pyright: ignore[reportMissingTypeStubs]

from mynah_daemon.engine.speech import PHONE_RATE

FloatArray = NDArray[np.float64]
Track = NDArray[np.floating]

_signal = cast(Any, signal)  # scipy ships no types

LEAST_CLOSURES: Final = 8
LARGEST_UNCERTAINTY_S: Final = 0.03
LARGEST_LAG_S: Final = 0.2

CLOSURE_LEAD_S: Final = 0.017
"""Lips are closest this long before the middle of what the speech encoder hears as b, m or p:
median over ten performers of the corpus whose sound and face are in step."""
_REACH_S: Final = 0.3
"""Dips are looked for within this time of the sound; beyond `LARGEST_LAG_S`, to tell that too."""
_STEP_S: Final = 0.01
_N_AROUND: Final = 40
"""Steps to each side that are averaged: a dip at the end of the reach has a rise on both sides."""
_SHIFTS_S: Final = np.arange(-_N_AROUND, _N_AROUND + 1) * _STEP_S
_SMOOTH: Final = np.hanning(7)[1:-1] / np.hanning(7).sum()
_HEARD: Final = 0.35
"""Probability from which a closure counts as heard, as in `engine.lip_closure`."""
_WITHIN_SPEECH_S: Final = 0.1
"""No silence may be so near: before speech, lips may be closed for long."""
_LEAST_DIP: Final = 0.5
"""Standard deviations of the opening by which the dip must stand out."""
_SAMPLES: Final = 200
_MIDDLE: Final = (16, 84)


@dataclass(frozen=True)
class Lag:
    """`lag_s` > 0: the picture is late. `uncertainty_s` is half the width in which two thirds of
    the bootstrap samples lie, infinite where nothing can be told from `n_closures`."""

    lag_s: float
    uncertainty_s: float
    n_closures: int

    @property
    def is_certain(self) -> bool:
        """Whether it is known well enough to correct it."""
        return self.n_closures >= LEAST_CLOSURES and self.uncertainty_s <= LARGEST_UNCERTAINTY_S


def closure_moments(closure: Track, silence: Track) -> FloatArray:
    """Middles [E] in seconds of the closures that are heard within speech; probabilities of b, m or
    p and of silence [N] at 50/s."""
    edges = np.flatnonzero(np.diff(np.pad((closure > _HEARD).astype(np.int8), 1)))
    reach = round(_WITHIN_SPEECH_S * PHONE_RATE)
    moments = []
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        around = silence[max(first - reach, 0) : end + reach]
        if first >= reach and end + reach <= len(silence) and around.max() < 0.5:
            moments.append(np.average(np.arange(first, end), weights=closure[first:end]))
    return np.array(moments, np.float64) / PHONE_RATE


def around_closures(moments_s: FloatArray, opening: Track, fps: float) -> FloatArray:
    """How far the lips are open [E, 81] from 0.4 s before to 0.4 s after each closure whose nearer
    surroundings the track `opening` [T] covers: against its mean, in its standard deviations."""
    times_s = np.arange(len(opening)) / fps
    inside = moments_s[(moments_s >= _REACH_S) & (moments_s <= times_s[-1] - _REACH_S)]
    spread = float(opening.std())
    if spread == 0 or len(inside) == 0:
        return np.zeros((0, len(_SHIFTS_S)))
    away = (opening - opening.mean()) / spread
    return np.interp(inside[:, None] + _SHIFTS_S, times_s, away, left=0.0, right=0.0)


def measure_lag(openings: FloatArray) -> Lag:
    """The lag that closures [E, 81] show, see `around_closures`."""
    n = len(openings)
    lag_s = _dip_s(openings.mean(axis=0)) if n else None
    if lag_s is None:
        return Lag(0.0, np.inf, n)
    draws = np.random.default_rng(0).integers(0, n, (_SAMPLES, n))
    found = [_dip_s(openings[draw].mean(axis=0)) for draw in draws]
    # a sample without a dip says that it might be anywhere
    away_s = [_REACH_S if dip is None else dip - lag_s for dip in found]
    early_s, late_s = np.percentile(away_s, _MIDDLE)
    return Lag(lag_s + CLOSURE_LEAD_S, float(late_s - early_s) / 2, n)


def _dip_s(opening: FloatArray) -> float | None:
    """Where the average [81] dips most within reach, refined between its steps by a parabola."""
    reach = len(_SMOOTH) // 2
    smooth = np.convolve(np.pad(opening, reach, mode="edge"), _SMOOTH, mode="valid")
    places, found = _signal.find_peaks(-smooth, prominence=_LEAST_DIP)
    depths = np.where(np.abs(_SHIFTS_S[places]) <= _REACH_S, found["prominences"], 0.0)
    if not depths.any():
        return None
    place = int(places[depths.argmax()])
    before, least, after = smooth[place - 1 : place + 2]
    bend = before - 2 * least + after
    offset = 0.5 * (before - after) / bend if bend > 0 else 0.0
    return float(_SHIFTS_S[place] + offset * _STEP_S)


def lag_reason(lag: Lag, whose: str) -> str:
    """Why clips with this lag can't be used, or "". `whose` tells what it was measured in."""
    if lag.n_closures < LEAST_CLOSURES:
        return (
            f"only {lag.n_closures} closures (b, m, p within speech) in {whose}: {LEAST_CLOSURES} "
            "are the least to tell whether picture and sound are in step"
        )
    if not lag.is_certain:
        return (
            f"the lips don't close where b, m and p are heard in {whose}: somebody else speaks, or "
            "picture and sound are far out of step"
        )
    if abs(lag.lag_s) > LARGEST_LAG_S:
        late = "late" if lag.lag_s > 0 else "early"
        return (
            f"the picture is {abs(lag.lag_s) * 1000:.0f} ms {late}, more than "
            f"{LARGEST_LAG_S * 1000:.0f} ms"
        )
    return ""
