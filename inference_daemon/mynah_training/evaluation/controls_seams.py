"""Controls over when: transitions from one style to another, and ranges that are made anew."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Final

import numpy as np

from mynah_daemon.engine.holds import Holds, Take
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

from ..metrics.dynamics import join_ratio
from .columns import Column
from .controls_document import Section, bound_verdict
from .controls_measures import channel_deviation, jump_ratio, mean_and_tail, percent
from .controls_stage import Asked, Manner, Stage, mid_speech_frame, sample
from .controls_styles import LARGEST_JOIN_RATIO
from .filmed import Scores
from .lines import FloatArray, Line

FADES_S: Final = (0.0, 0.2, 0.4, 1.0, 2.0)
N_FADED: Final = 3
"""Manners of a group, each of which is followed by each other one."""
N_REDONE: Final = 4
REDO_S: Final = (0.4, 1.0, 2.0)
_PASSAGES: Final = "passages"
_ANOTHER_TAKE: Final = 1
"""Added to the seed."""

_JUMP: Final = (
    "largest step from one frame to the next, summed over channels, {where}, over the largest one "
    "elsewhere in the same performance, blinks included (above 1 = the line's largest step is here)"
)
_P95: Final = "95th percentile of the same"
_OVER: Final = (
    "the join ratio over that at the same frames without, trial by trial (1 = bends no more than "
    "speech does there by itself)"
)
_AGAINST_SPEECH: Final = "a join ratio over that of the same frames without it of"
_FADE_COLUMNS: Final = (
    Column(
        "joins", "join ratio", _PASSAGES,
        "mean |second difference| of all channels within a frame of the fade's first and last "
        "moment and of the style's start between them, over that elsewhere",
    ),
    Column("joins_p95", "join ratio, 95th percentile", _PASSAGES, _P95),
    Column("within", f"join ratio ≤ {LARGEST_JOIN_RATIO:g} (%)", _PASSAGES, "trials", 1),
    Column(
        "plain_joins", "without a transition", _PASSAGES,
        "the join ratio at the same frames of the passage wholly in the first and wholly in the "
        "second style: what speech itself does there",
    ),
    Column("plain_joins_p95", "without, 95th percentile", _PASSAGES, _P95),
    Column("over_plain", "over that without", _PASSAGES, _OVER),
    Column("over_plain_p95", "over that without, 95th percentile", _PASSAGES, _P95),
    Column("jump", "largest jump", _PASSAGES, _JUMP.format(where="during the fade")),
    Column("jump_p95", "largest jump, 95th percentile", _PASSAGES, _P95),
    Column(
        "plain_jump", "largest jump without", _PASSAGES,
        "the same, of the performances wholly in one style",
    ),
    Column("plain_jump_p95", "without, 95th percentile", _PASSAGES, _P95),
)  # fmt: skip


def transitions_section(
    stage: Stage, groups: dict[str, list[Manner]], passages: Sequence[Line]
) -> Section:
    rows: dict[str, Scores] = {}
    for group, manners in groups.items():
        pairs = list(permutations(sample(manners, N_FADED), 2))
        for fade_s in FADES_S:
            rows[f"{group}, {fade_s:g} s"] = _fades(stage, passages, pairs, fade_s)
    about = (
        "`--style A --style-at T B --style-fade S`: the second style begins in the middle of a "
        "passage's second sentence. One second is the default fade."
    )
    tail = {name: {"joins": row["joins_p95"]} for name, row in rows.items()}
    verdicts = (
        bound_verdict("a mean join ratio of", rows, "joins", LARGEST_JOIN_RATIO),
        bound_verdict("its 95th percentile", tail, "joins", LARGEST_JOIN_RATIO),
        bound_verdict(_AGAINST_SPEECH, rows, "over_plain", LARGEST_JOIN_RATIO),
        "Mid-speech bends more than the mean of a line, in which there are pauses, so the third of "
        "these tells whether a transition shows.",
    )
    return Section("Transitions", about, "styles, fade", _FADE_COLUMNS, rows, verdicts)


def _fades(
    stage: Stage,
    passages: Sequence[Line],
    pairs: Sequence[tuple[Manner, ...]],
    fade_s: float,
) -> Scores:
    ratios: list[float] = []
    over: list[float] = []
    jumps: list[float] = []
    plain_ratios: list[float] = []
    plain_jumps: list[float] = []
    for line in passages:
        seam = mid_speech_frame(line)
        half = round(fade_s / 2 * line.fps)
        first, last = seam - half, seam + half
        for a, b in pairs:
            asked = [Asked(a), Asked(b, start_s=seam / line.fps)]
            made = stage.perform(line, asked, style_fade_s=fade_s)
            ratios.append(join_ratio(made, [first, seam, last]))
            jumps.append(jump_ratio(made, first, last))
            wholes = stage.whole(line, a), stage.whole(line, b)
            plain = [join_ratio(whole, [first, seam, last]) for whole in wholes]
            over.append(ratios[-1] / max(float(np.mean(plain)), 1e-9))
            plain_ratios += plain
            plain_jumps += [jump_ratio(whole, first, last) for whole in wholes]
    return {
        **mean_and_tail("joins", ratios),
        "within": percent([round(ratio, 2) <= LARGEST_JOIN_RATIO for ratio in ratios]),
        **mean_and_tail("over_plain", over),
        **mean_and_tail("jump", jumps),
        **mean_and_tail("plain_joins", plain_ratios),
        **mean_and_tail("plain_jump", plain_jumps),
    }


_REDO_COLUMNS: Final = (
    Column("outside", "largest difference outside", _PASSAGES,
           "of any channel in any frame up to the range's start and from its end on, to the old "
           "take", 6),
    Column("inside", "difference inside", _PASSAGES,
           "root mean square over frames and channels within the range", 3),
    Column("least", "least difference inside", _PASSAGES,
           "the same in the trial in which it is smallest", 3),
    Column("joins", "join ratio at the borders", _PASSAGES,
           "mean |second difference| of all channels within a frame of both borders, over that "
           "elsewhere"),
    Column("joins_p95", "95th percentile", _PASSAGES, _P95),
    Column("plain_joins", "of the old take there", _PASSAGES, "the join ratio before the redo"),
    Column("plain_joins_p95", "of the old take, 95th percentile", _PASSAGES, _P95),
    Column("over_plain", "over that of the old take", _PASSAGES, _OVER),
    Column("over_plain_p95", "over that, 95th percentile", _PASSAGES, _P95),
    Column("jump", "largest jump", _PASSAGES,
           _JUMP.format(where="within 0.2 s of a border")),
    Column("plain_jump", "largest jump of the old take", _PASSAGES, "the same before the redo"),
)  # fmt: skip


def redo_section(
    stage: Stage, groups: dict[str, list[Manner]], passages: Sequence[Line]
) -> Section:
    rows: dict[str, Scores] = {}
    for group, manners in groups.items():
        redone = sample(manners, N_REDONE)
        same = list(zip(redone, redone, strict=True))
        other = list(zip(redone, [*redone[1:], redone[0]], strict=True))
        for seconds in REDO_S:
            rows[f"{group}, {seconds:g} s, another seed"] = _redos(stage, passages, same, seconds)
        rows[f"{group}, {REDO_S[1]:g} s, another style too"] = _redos(
            stage, passages, other, REDO_S[1]
        )
    about = (
        "`--take old.npz --redo FROM TO --seed N`, in mid-speech. Asked: the outside stays as it "
        "is, bit for bit, and the inside is another performance."
    )
    changed = sum(row["outside"] != 0 for row in rows.values())
    unchanged = [name for name, row in rows.items() if not row["least"] > 0]
    verdicts = (
        "Asked: no difference outside. " + (f"**Missed in {changed} rows.**" if changed else
                                             "Met in all rows."),
        "Asked: another performance inside. " + (f"**Missed: {'; '.join(unchanged)}.**"
                                                 if unchanged else "Met in all trials."),
        bound_verdict("a mean join ratio of", rows, "joins", LARGEST_JOIN_RATIO),
        bound_verdict(_AGAINST_SPEECH, rows, "over_plain", LARGEST_JOIN_RATIO),
    )  # fmt: skip
    return Section("Redo of a range", about, "styles, range", _REDO_COLUMNS, rows, verdicts)


def _redos(
    stage: Stage,
    passages: Sequence[Line],
    pairs: Sequence[tuple[Manner, Manner]],
    seconds: float,
) -> Scores:
    """Of takes in the first style of each pair, with a range anew in the second."""
    outside: list[float] = []
    inside: list[float] = []
    found: dict[str, list[float]] = {k: [] for k in ("joins", "plain_joins", "jump", "plain_jump")}
    for line in passages:
        middle = mid_speech_frame(line)
        half = round(seconds / 2 * line.fps)
        first, last = middle - half, middle + half
        for old, new in pairs:
            take = stage.whole(line, old)
            clip = MotionClip(line.fps, ARKIT_CHANNELS, take)
            holds = Holds(Take(clip, first / line.fps, last / line.fps))
            made = stage.perform(line, [Asked(new)], holds, seeds_on=_ANOTHER_TAKE)
            apart = np.abs(made - take)
            outside.append(float(np.delete(apart, range(first + 1, last), axis=0).max()))
            inside.append(
                channel_deviation(made[first + 1 : last], take[first + 1 : last], ARKIT_CHANNELS)
            )
            for name, motion in (("", made), ("plain_", take)):
                found[f"{name}joins"].append(join_ratio(motion, [first, last]))
                found[f"{name}jump"].append(_jump_at_borders(motion, first, last, line.fps))
    pairs_of_joins = zip(found["joins"], found["plain_joins"], strict=True)
    over = [joins / max(plain, 1e-9) for joins, plain in pairs_of_joins]
    return {
        "outside": max(outside),
        "inside": float(np.mean(inside)),
        "least": min(inside),
        **mean_and_tail("joins", found["joins"]),
        **mean_and_tail("plain_joins", found["plain_joins"]),
        **mean_and_tail("over_plain", over),
        **mean_and_tail("jump", found["jump"]),
        **mean_and_tail("plain_jump", found["plain_jump"]),
    }


def _jump_at_borders(motion: FloatArray, first: int, last: int, fps: float) -> float:
    """The larger of both, each over the largest step beyond it."""
    reach = round(0.2 * fps)
    return max(jump_ratio(motion, at - reach, at + reach) for at in (first, last))
