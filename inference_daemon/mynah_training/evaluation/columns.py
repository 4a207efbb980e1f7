"""What the columns mean, and how their numbers are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

REAL, RESTYLED, EVAL_ONLY, LINE, VOICES, MOODS = (
    "real, dev clips", "re-styled", "real, eval-only", "real speech, long line", "synthetic voices",
    "real, dev sentences in eval-only styles",
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A score: what it is measured on, its formula, and the decimals it is written with; `yes_no`
    for one that is 1 or 0."""

    key: str
    title: str
    measured_on: str
    formula: str
    digits: int = 2
    yes_no: bool = False

    def cell(self, values: Sequence[float]) -> str:
        """The seeds' values as mean ± sample deviation; – if there is none."""
        numbers = [v for v in values if not np.isnan(v)]
        if not numbers:
            return "–"
        if self.yes_no:
            return "yes" if all(numbers) else "no"
        mean = f"{np.mean(numbers):z.{self.digits}f}"
        if len(numbers) == 1:
            return mean
        return f"{mean} ± {np.std(numbers, ddof=1):.{self.digits}f}"


COLUMNS: Final = (
    Column(
        "mean_vertex", "mean vertex error (mm)", REAL,
        "mean over frames and every eighth vertex of the head's face of the distance to the "
        "reference, head pose apart",
    ),
    Column(
        "lip_vertex", "lip vertex error (mm)", REAL,
        "mean over frames of the largest distance among the 20 lip landmarks (not squared)",
    ),
    Column(
        "gap", "lip-gap correlation", REAL,
        "Pearson correlation over time of the distances between the middles of the inner lips",
        3,
    ),
    Column(
        "restyled_lips", "lip vertex error, re-styled (mm)", RESTYLED,
        "the same against the re-styled sentence, in the style of another sentence of the same "
        "performer",
    ),
    Column(
        "dynamics", "upper-face dynamics error (mm)", REAL,
        "absolute FDD: |mean over the landmarks of brows and lids of (deviation over time of the "
        "displacement from the relaxed face, reference less output)|; clips with a known upper "
        "face only",
    ),
    Column(
        "opening", "mouth opening error (mm)", REAL,
        "MOD: root of the mean over frames of the squared difference of the inner lips' Euclidean "
        "gaps",
    ),
    Column(
        "timing", "mouth timing (ms)", REAL,
        "after MTM: extrema of both smoothed gaps (σ 40 ms, prominence 1 mm), each paired with at "
        "most one of its kind within 200 ms; mean distance in time over pairs and extrema without "
        "a partner, missing or too many, which count as 200",
        0,
    ),
    Column(
        "closed", "b/m/p closed (%)", REAL,
        "bilabials with a frame within ± 20 ms whose gap exceeds the relaxed head's by at most "
        "1 mm; forced phones",
        1,
    ),
    Column(
        "silence", "open in silence (%)", LINE,
        "frames at least 150 ms away from speech whose gap exceeds the relaxed head's by more than "
        "1 mm",
        1,
    ),
    Column(
        "blinks", "blinks per second", LINE,
        "peaks of the mean of both eyeBlink channels of at least 0.5 and prominence 0.3",
    ),
    Column(
        "similarity", "style similarity", RESTYLED,
        "cosine of the judge's codes of output and reference of the same sentence",
        3,
    ),
    Column(
        "retrieval", "style retrieval@1 (%)", RESTYLED,
        "outputs whose code is nearest to the mean code of their own performer among all held-out "
        "performers; the sentences spoken and shown are left out of the means",
        1,
    ),
    Column(
        "mood_hits", "eval-only style hits (%)", EVAL_ONLY,
        "outputs whose code is nearest to that of the (person, mood) that was shown, among those "
        "of all performances; only channels that all performances know; for the reference itself, "
        "second halves among the codes of first halves: what the judge can tell",
        1,
    ),
    Column(
        "content_leak", "content leak (R²)", RESTYLED,
        "R² of a ridge regression from style code to the shares of the phones in the sentence, "
        "each performer predicted from the others, the best of four penalties, at least 0 "
        "(0 = nothing leaks)",
    ),
    Column(
        "identity_leak", "identity leak (%)", RESTYLED,
        "held-out performers told by the mean motion code of a clip: nearest centre in units of "
        "the spread within performers, each sentence judged by the others; only models with a "
        "motion code",
        1,
    ),
    Column(
        "joins", "join ratio", LINE,
        "mean |second difference| of all channels within a frame of where a window begins or its "
        "cross-fade ends, over that elsewhere (1 = seamless)",
    ),
    Column(
        "jerk", "jerk (m/s³)", LINE,
        "mean size of the third derivative of the 68 landmarks, head pose apart",
        1,
    ),
    Column(
        "real_time", "real-time factor", LINE,
        "seconds of computing per second of speech, the faster of two runs of a loaded model",
        3,
    ),
    Column(
        "repeatable", "repeatable", LINE,
        "a model loaded anew gives the same curves, bit for bit",
        yes_no=True,
    ),
)  # fmt: skip

MOOD_COLUMNS: Final = (
    Column(
        "neutral_lips", "lip vertex error, neutral (mm)", MOODS,
        "against the filmed sentence, as spoken without a style clip",
    ),
    Column(
        "mood_lips", "lip vertex error, in moods (mm)", MOODS,
        "the same, in the style of each eval-only performance that is not neutral",
    ),
    Column(
        "mood_rise", "rise (%)", MOODS,
        "(in moods / neutral - 1) · 100. What a mood changes on purpose counts against it: a smile "
        "moves the lips away from those of the filmed face, which does not smile",
        1,
    ),
    Column(
        "worst_rise", "rise, worst mood (%)", MOODS,
        "the same in the mood whose mean error is largest",
        1,
    ),
    Column(
        "neutral_matched", "matched error, neutral (mm)", MOODS,
        "the lip vertex error that is left when each lip landmark of the output is moved and "
        "stretched to the mean and the deviation over the clip of the filmed one: of what the lips "
        "do at the wrong time or in the wrong direction",
    ),
    Column("mood_matched", "matched error, in moods (mm)", MOODS, "the same, in the styles"),
    Column(
        "matched_rise", "matched rise (%)", MOODS,
        "(matched in moods / matched neutral - 1) · 100",
        1,
    ),
    Column(
        "neutral_gap", "lip-gap correlation, neutral", MOODS,
        "of the inner lips' gap with the filmed one, without a style clip; free of what a mood "
        "adds to the gap and multiplies it by",
        3,
    ),
    Column("mood_gap", "lip-gap correlation, in moods", MOODS, "the same, in the styles", 3),
    Column(
        "neutral_closed", "b/m/p closed, neutral (%)", MOODS,
        "bilabials closed, as above, without a style clip",
        1,
    ),
    Column("mood_closed", "b/m/p closed, in moods (%)", MOODS, "the same, in the styles", 1),
)  # fmt: skip

TRANSFER_COLUMNS: Final = (
    Column(
        "lips", "lip vertex error (mm)", RESTYLED,
        "against the same sentence in the target performer's manner",
    ),
    Column(
        "gap", "lip-gap correlation", RESTYLED,
        "of the inner lips' gap with that of the same sentence in the target's manner",
        3,
    ),
    Column(
        "kept", "lip-gap correlation, driving clip", RESTYLED,
        "the same with the driving clip: 1 keeps all of its timing",
        3,
    ),
    Column(
        "similarity", "style similarity", RESTYLED,
        "cosine of the judge's codes of output and of the same sentence in the target's manner",
        3,
    ),
    Column(
        "target", "target told (%)", RESTYLED,
        "outputs whose code is nearest to the target's mean code among those of all held-out "
        "performers; the sentences spoken and shown are left out of the means",
        1,
    ),
    Column(
        "driver", "driver told (%)", RESTYLED,
        "the same with the performer who drives: how much of who acts leaks into the character",
        1,
    ),
)  # fmt: skip

STEP_KEYS: Final = (
    "lip_vertex", "gap", "dynamics", "blinks", "similarity", "joins", "real_time",
)  # fmt: skip
STEP_COLUMNS: Final = tuple(column for column in COLUMNS if column.key in STEP_KEYS)

_NOT_STUDIED: Final = ("real_time", "repeatable", "mood_hits")
"""Speed is not what a mechanism is judged by; moods take longest."""

ABLATION_COLUMNS: Final = (
    *(column for column in COLUMNS if column.key not in _NOT_STUDIED),
    Column(
        "rebuilt", "lip vertex error, self-driven (mm)", RESTYLED,
        "of a sentence that is rebuilt from its own motion code and the style code of another "
        "sentence of the same performer; only models with a motion code",
    ),
)  # fmt: skip

LANGUAGE_COLUMNS: Final = (
    Column(
        "closed", "b/m/p closed (%)", VOICES,
        "bilabials closed, with the synthesiser's own phone times",
        1,
    ),
    Column(
        "shut", "open vowels shut (%)", VOICES,
        "open vowels of at least 60 ms with no frame whose gap exceeds the relaxed head's by more "
        "than 1 mm",
        1,
    ),
    Column(
        "rounding", "rounding", VOICES,
        "mean of mouthFunnel + mouthPucker in rounded vowels (AO, OW, OY, UH, UW and what looks "
        "like them) less that in spread ones (IY, IH, EY, EH, AE)",
        3,
    ),
    Column(
        "silence", "open in silence (%)", VOICES,
        "frames at least 150 ms away from speech whose lips are open; a second of pause follows "
        "each sentence",
        1,
    ),
)  # fmt: skip
