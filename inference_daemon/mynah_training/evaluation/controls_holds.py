"""Controls over single moments and parts: pinned gestures, keys set by hand, amounts and mutes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.engine.holds import GESTURE_FADE_S, KEY_REACH_S, Gesture, Holds
from mynah_daemon.engine.style_plan import STYLE_REGIONS
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.curves import resample
from mynah_shared.motion.regions import EYES, HEAD, LIPS, REST, channel_indices
from mynah_shared.protocol.messages import Amounts, GestureUse, KeyUse

from ..metrics.dynamics import join_ratio
from .columns import Column
from .controls_document import Section
from .controls_measures import jump_ratio, mean_and_tail
from .controls_stage import Asked, Manner, Stage, mid_speech_frame, sample
from .filmed import Scores, mean_scores
from .lines import FloatArray, Line

N_PINNED: Final = 4
GESTURE_S: Final = 0.8
KEYS: Final = {"browInnerUp": 0.8, "jawOpen": 0.6, "mouthSmileLeft": 0.7, "headYaw": 0.2}
_PASSAGES: Final = "passages"
_GAZE: Final = tuple(name for name in EYES if name.startswith("eyeLook"))
_PARTS: Final = {
    "lips": LIPS,
    "brows": REST,
    "blinks": tuple(name for name in EYES if name not in _GAZE),
    "gaze": _GAZE,
    "head": HEAD,
}
"""What each amount governs, as docs/STYLE.md says; `blinks` are all that lids do."""

_HELD_COLUMNS: Final = (
    Column(
        "missed", "largest miss", _PASSAGES,
        "of a gesture: largest difference to its clip in any channel of its part, further than its "
        f"fade of {GESTURE_FADE_S:g} s from its ends; of a key: difference to its value at its "
        "moment, between frames on the line through both",
        4,
    ),
    Column("elsewhere", "change elsewhere", _PASSAGES,
           "largest difference to the line without it in any other channel, of a gesture beyond "
           "1 s from it too; another part may answer to it, which is why this is no bound", 3),
    Column(
        "joins", "join ratio at its borders", _PASSAGES,
        "mean |second difference| of all channels within a frame of where it begins and ends to "
        "show, over that elsewhere",
    ),
    Column("plain_joins", "without it", _PASSAGES, "the join ratio there of the line without it"),
    Column(
        "jump", "largest jump", _PASSAGES,
        "largest step from one frame to the next, summed over the held channels, while it is led "
        "in and out, over the largest one elsewhere (of a key: in its one channel)",
    ),
    Column("jump_p95", "largest jump, 95th percentile", _PASSAGES, "of the same"),
    Column("plain_jump", "largest jump without it", _PASSAGES, "the same of the line without it"),
)  # fmt: skip


def holds_section(stage: Stage, manners: Sequence[Manner], passages: Sequence[Line]) -> Section:
    """Gestures are taken from the manners and pinned to lines in the neutral one."""
    rows: dict[str, Scores] = {}
    pinned = sample(manners, N_PINNED)
    for region, channels in {"whole face": ARKIT_CHANNELS, **STYLE_REGIONS}.items():
        found = [
            _gesture(stage, line, manner, "" if region == "whole face" else region, channels)
            for line in passages
            for manner in pinned
        ]
        rows[f"gesture, {region}"] = _pooled(found)
    for off, where in ((0.0, "on a frame"), (0.5, "between two frames")):
        for channel, value in KEYS.items():
            found = [_key(stage, line, KeyUse(channel, 0.0, value), off) for line in passages]
            rows[f"key, {channel} = {value:g}, {where}"] = _pooled(found)
    about = (
        "`--gesture CLIP FROM TO AT` with the liveliest passage of a style clip, "
        f"{GESTURE_S:g} s long, pinned in mid-speech; `--key CHANNEL T VALUE` at the same moment. "
        "Asked: reached exactly, without a jump."
    )
    exact = {n: r for n, r in rows.items() if "between" not in n}
    missed = [name for name, row in exact.items() if row["missed"] > 1e-6]
    verdict = "Asked: gestures and keys on a frame are met exactly. " + (
        f"**Missed: {'; '.join(missed)}.**" if missed else "Met in all rows."
    )
    return Section("Gestures and keys", about, "what is held", _HELD_COLUMNS, rows, (verdict,))


def _pooled(found: list[Scores]) -> Scores:
    """Means, but the largest miss and change."""
    largest = {key: max(row[key] for row in found) for key in ("missed", "elsewhere")}
    jumps = mean_and_tail("jump", [row["jump"] for row in found])
    return mean_scores(found) | largest | jumps


def _gesture(
    stage: Stage, line: Line, manner: Manner, region: str, channels: Sequence[str]
) -> Scores:
    clip = resample(manner.clip, line.fps).select(ARKIT_CHANNELS)
    columns = channel_indices(channels)
    length = min(round(GESTURE_S * line.fps), clip.n_frames - 1)
    start = _liveliest(clip.values[:, columns], length)
    at = mid_speech_frame(line) - length // 2
    use = GestureUse(
        manner.name, "", start / line.fps, (start + length) / line.fps, at / line.fps, region
    )
    free = stage.whole(line, None)
    made = stage.perform(line, (), Holds(gestures=(Gesture(use, clip),)))
    fade = int(np.ceil(GESTURE_FADE_S * line.fps))
    core = np.arange(fade, length - fade + 1)
    asked = clip.values[start + core][:, columns]
    far = np.ones(line.n_frames, bool)
    far[max(at - round(line.fps), 0) : at + length + round(line.fps)] = False
    others = np.setdiff1d(np.arange(len(ARKIT_CHANNELS)), columns)
    apart = np.abs(made - free)
    elsewhere = [apart[far].max(initial=0.0), apart[:, others].max(initial=0.0)]
    return {
        "missed": float(np.abs(made[at + core][:, columns] - asked).max()),
        "elsewhere": float(max(elsewhere)),
        **_borders(made, free, columns, at, at + length, fade),
    }


def _key(stage: Stage, line: Line, key: KeyUse, off: float) -> Scores:
    """With the key `off` frames behind the middle of speech."""
    at = mid_speech_frame(line)
    key = KeyUse(key.channel, (at + off) / line.fps, key.value)
    column = ARKIT_CHANNELS.index(key.channel)
    free = stage.whole(line, None)
    made = stage.perform(line, (), Holds(keys=(key,)))
    reached = np.interp(key.time_s, np.arange(line.n_frames) / line.fps, made[:, column])
    reach = int(np.ceil(KEY_REACH_S * line.fps))
    apart = np.abs(made - free)
    return {
        "missed": float(abs(reached - key.value)),
        "elsewhere": float(np.delete(apart, column, axis=1).max()),
        **_borders(made, free, np.array([column]), at - reach, at + reach, reach),
    }


def _liveliest(values: FloatArray, length: int) -> int:
    """Where the passage of so many frames begins in which the channels [T, C] move farthest."""
    windows = np.lib.stride_tricks.sliding_window_view(values, length + 1, axis=0)
    return int(np.ptp(windows, axis=-1).sum(axis=1).argmax())


def _borders(
    made: FloatArray,
    free: FloatArray,
    columns: NDArray[np.intp],
    first: int,
    last: int,
    fade: int,
) -> Scores:
    """Joins where something held in `columns` begins and ends, and jumps in the `fade` frames
    within."""
    found: Scores = {}
    for name, motion in (("", made), ("plain_", free)):
        found[f"{name}joins"] = join_ratio(motion, [first, last])
        own = motion[:, columns]
        jumps = [jump_ratio(own, first, first + fade), jump_ratio(own, last - fade, last)]
        found[f"{name}jump"] = max(jumps)
    return found


_AMOUNT_COLUMNS: Final = (
    Column("left", "movement left", _PASSAGES,
           "largest range of a channel of the part (shapes 0 to 1, head in radians)", 4),
    Column("full", "movement at 1", _PASSAGES, "the same with all amounts at 1", 3),
    Column("error", "largest error", _PASSAGES,
           "difference to the amount times the performance with all amounts at 1, in any channel "
           "of the part", 4),
    Column("elsewhere", "change elsewhere", _PASSAGES,
           "largest difference in any channel of other parts", 4),
)  # fmt: skip


def amounts_section(stage: Stage, manners: Sequence[Manner], passages: Sequence[Line]) -> Section:
    rows: dict[str, Scores] = {}
    for amount in (0.0, 0.5):
        for part, channels in _PARTS.items():
            found = [
                _amount(stage, line, manner, part, channels, amount)
                for line in passages
                for manner in sample(manners, N_PINNED)
            ]
            rows[f"{part}, {amount:g}"] = {key: max(row[key] for row in found) for key in found[0]}
    about = (
        "`--lips`, `--brows` (with cheeks and nose), `--blinks` (all that lids do), `--gaze`, "
        "`--head`: 0 mutes the part. Asked: a muted part is still, the others stay as they are."
    )
    moving = [name for name, row in rows.items() if name.endswith(" 0") and row["left"] > 0]
    leaking = [name for name, row in rows.items() if row["elsewhere"] > 0]
    verdicts = (
        "Asked: no movement left at 0. " + (f"**Missed: {'; '.join(moving)}.**" if moving else
                                            "Met in all rows."),
        "Asked: no change elsewhere. " + (f"**Missed: {'; '.join(leaking)}.**" if leaking else
                                          "Met in all rows."),
    )  # fmt: skip
    return Section("Amounts and mutes", about, "part, amount", _AMOUNT_COLUMNS, rows, verdicts)


def _amount(
    stage: Stage, line: Line, manner: Manner, part: str, channels: Sequence[str], amount: float
) -> Scores:
    full = stage.whole(line, manner)
    made = stage.perform(line, [Asked(manner)], amounts=Amounts(**{part: amount}))
    own = channel_indices(channels)
    others = np.setdiff1d(np.arange(len(ARKIT_CHANNELS)), own)
    return {
        "left": float(np.ptp(made[:, own], axis=0).max()),
        "full": float(np.ptp(full[:, own], axis=0).max()),
        "error": float(np.abs(made[:, own] - amount * full[:, own]).max()),
        "elsewhere": float(np.abs(made - full)[:, others].max()),
    }
