"""Which clips are fit to learn from. Each filter is a function of what was measured: it gives the
reason against a clip in words, or "".

The kinds of clips are those that the curation of Model See Model Do leaves out (section 5.1: faces
turned by more than 45 degrees, jumps of the head, masked speakers), and what a studio's takes have
beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

LONGEST_UNSEEN_S: Final = 0.2
FAR_TURN_DEG: Final = 45.0
MOST_TURNED: Final = 0.05
JUMP_SHARE: Final = 0.25
JUMP_DEG: Final = 25.0
AS_LARGE: Final = 0.4
"""A second face that is smaller against the first one, in somebody's back, does no harm."""
MOST_CROWDED: Final = 0.1
SMALLEST_MOUTH_PIXELS: Final = 25.0
OPEN_MM: Final = 3.0
LEAST_SPEECH: Final = 0.3
LEAST_OPENING_MM: Final = 2.0
LEAST_AGREEMENT: Final = 0.4
"""Of two people whom the regression model never saw, clips of 3 s have 0.47 to 0.95; mouths under
masks that were painted over, -0.34 to 0.21."""


@dataclass(frozen=True, eq=False)
class Measures:
    """What was measured in a clip of T frames, F of which show a face.

    `unseen_s`: the longest time without a face. `turned_deg` [T]: angle between the face's and the
    camera's direction. `moved` [F - 1] and `grown` [F - 1]: by what share of its size the face
    moved and grew from one sight to the next; `swung_deg` [T - 1]: by how much it turned.
    `crowded`: share of frames with a second large face. `mouth_pixels`: median width.
    `resting_gap_mm`: left between the lips where they come nearest; `opening_mm`: how far they part
    beyond, but for the outermost twentieths. `speech`: share of the time in which it is heard.
    """

    unseen_s: float
    turned_deg: FloatArray
    moved: FloatArray
    grown: FloatArray
    swung_deg: FloatArray
    crowded: float
    mouth_pixels: float
    resting_gap_mm: float
    opening_mm: float
    speech: float


def reasons_against(measures: Measures, agreement: float) -> tuple[str, ...]:
    """All reasons why a clip can't be used; none for one that can. `agreement` as in
    `foreign_mouth`."""
    found = (*(each(measures) for each in FILTERS), foreign_mouth(agreement))
    return tuple(reason for reason in found if reason)


def too_little_speech(measures: Measures) -> str:
    if measures.speech >= LEAST_SPEECH:
        return ""
    return f"speech is heard in {measures.speech:.0%} of it, less than {LEAST_SPEECH:.0%}"


def face_missing(measures: Measures) -> str:
    if measures.unseen_s <= LONGEST_UNSEEN_S:
        return ""
    return f"no face is seen for {measures.unseen_s:.1f} s"


def several_faces(measures: Measures) -> str:
    if measures.crowded <= MOST_CROWDED:
        return ""
    return f"several large faces are in {measures.crowded:.0%} of the frames"


def jumps(measures: Measures) -> str:
    shifts = (measures.moved > JUMP_SHARE) | (measures.grown > JUMP_SHARE)
    count = max(int(shifts.sum()), int((measures.swung_deg > JUMP_DEG).sum()))
    if not count:
        return ""
    return f"the face jumps {'once' if count == 1 else f'{count} times'}: a cut, or it was lost"


def turned_away(measures: Measures) -> str:
    turned = float((measures.turned_deg > FAR_TURN_DEG).mean())
    if turned <= MOST_TURNED:
        return ""
    return f"the head is turned by more than {FAR_TURN_DEG:.0f}° in {turned:.0%} of the frames"


def small_mouth(measures: Measures) -> str:
    if measures.mouth_pixels >= SMALLEST_MOUTH_PIXELS:
        return ""
    return (
        f"the mouth is {measures.mouth_pixels:.0f} pixels wide, less than "
        f"{SMALLEST_MOUTH_PIXELS:.0f}"
    )


def lips_never_meet(measures: Measures) -> str:
    if measures.resting_gap_mm <= OPEN_MM:
        return ""
    return f"the lips never come nearer than {measures.resting_gap_mm:.0f} mm"


def still_mouth(measures: Measures) -> str:
    if measures.opening_mm >= LEAST_OPENING_MM:
        return ""
    return (
        f"the lips part by {measures.opening_mm:.1f} mm only, less than {LEAST_OPENING_MM:g} mm: "
        "the mouth is masked or hidden, or somebody else speaks"
    )


def foreign_mouth(agreement: float) -> str:
    """`agreement`: correlation of the lips' opening with what the regression model makes of the
    sound, where it is best within 0.2 s. Landmarks of a hidden mouth move too, but not with the
    speech."""
    if agreement >= LEAST_AGREEMENT:
        return ""
    return (
        f"the lips agree by {agreement:.2f} with the speech, less than {LEAST_AGREEMENT:g}: the "
        "mouth is masked or hidden, or somebody else speaks"
    )


FILTERS: Final = (
    too_little_speech,
    face_missing,
    several_faces,
    jumps,
    turned_away,
    small_mouth,
    lips_never_meet,
    still_mouth,
)
