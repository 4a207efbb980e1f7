"""Which style shows in which part of the face, how much, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import EYES, HEAD, LIPS, REST, channel_indices
from mynah_shared.protocol.messages import StyleUse

FloatArray = NDArray[np.float32]

STYLE_REGIONS: Final[dict[str, tuple[str, ...]]] = {
    "lips": LIPS,
    "eyes": EYES,
    "brows": REST,  # cheeks and nose go with them, as in the amounts
    "head": HEAD,
}
"""Parts of the face that a style can be limited to; together every channel once."""


@dataclass(frozen=True, eq=False)
class StyleKey:
    """A use of a style and the performance that shows it; None is the model's neutral manner."""

    use: StyleUse
    clip: MotionClip | None


@dataclass(frozen=True, eq=False)
class StylePlan:
    """The styles of a line.

    Of a part of the face, the styles show that start last before a moment: those limited to this
    part if there are any, else those for the whole face. They are mixed by weight; weights that add
    up to less than 1 leave the rest to the neutral manner. Where it changes, one manner fades into
    the other within `fade_s` around the start. `strength` is how far every style is from neutral: 0
    neutral, 1 as shown, 2 exaggerated.
    """

    keys: tuple[StyleKey, ...] = ()
    fade_s: float = 1.0
    strength: float = 1.0

    def shares(self, times_s: NDArray[np.floating], channels: Sequence[str]) -> FloatArray:
        """How much of each manner is shown, [1 + K, T, C], the neutral one first; 1 together."""
        shares = np.zeros((1 + len(self.keys), len(times_s), len(channels)), np.float32)
        for region, names in STYLE_REGIONS.items():
            columns = channel_indices([n for n in ARKIT_CHANNELS if n in names], channels)
            shares[:, :, columns] = self._of_region(region, times_s)[:, :, None]
        return shares

    def _of_region(self, region: str, times_s: NDArray[np.floating]) -> FloatArray:
        starts = sorted({k.use.start_s for k in self.keys if k.use.region in ("", region)})
        manner = self._mixed(region, -np.inf)
        shares = np.tile(manner[:, None], len(times_s))
        for start in starts:
            following = self._mixed(region, start)
            # A style from the beginning on is there from the beginning on.
            amount = _fade(times_s, start, self.fade_s) if start > 0 else 1.0
            shares += (following - manner)[:, None] * amount
            manner = following
        return shares.astype(np.float32)

    def _mixed(self, region: str, time_s: float) -> NDArray[np.float64]:
        """Shares [1 + K] of the manners that rule a region at `time_s`, but for fades."""
        weights = np.zeros(1 + len(self.keys))
        for scope in (region, ""):
            begun = [k for k in self.keys if k.use.region == scope and k.use.start_s <= time_s]
            latest = max((k.use.start_s for k in begun), default=None)
            for key in begun:
                if key.use.start_s == latest:
                    row = 0 if key.clip is None else 1 + self.keys.index(key)
                    weights[row] += key.use.weight
            if latest is not None:
                break
        weights /= max(weights.sum(), 1.0)
        weights[0] += 1 - weights.sum()
        return weights


def _fade(times_s: NDArray[np.floating], start_s: float, fade_s: float) -> NDArray[np.floating]:
    """0 before and 1 behind the fade [T], smooth in between."""
    x = np.clip((times_s - start_s) / max(fade_s, 1e-6) + 0.5, 0, 1)
    return x * x * (3 - 2 * x)
