"""Phone names, IPA and frame labels."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_training.data.phones import PHONES, UNKNOWN, frame_labels, ipa_to_phones, phone_index


@pytest.mark.parametrize(
    ("name", "expected"),
    [("AA1", "AA"), ("pau", "sil"), ("SIL", "sil"), ("ax", "AH"), ("zh", "ZH"), ("+NSN+", "sil")],
)
def test_other_spellings_find_their_phone(name: str, expected: str) -> None:
    assert PHONES[phone_index(name)] == expected


def test_unknown_names_are_marked_unknown() -> None:
    assert phone_index("XX") == UNKNOWN


@pytest.mark.parametrize(
    ("ipa", "expected"),
    [
        ("tʃ", ["CH"]),
        ("aɪ", ["AA", "IH"]),
        ("ˈbː", ["B"]),
        ("y", ["UW"]),
        ("ts", ["S"]),
        ("ˈ", []),
        ("õ", ["OW"]),
    ],
)
def test_ipa_goes_to_the_phone_that_looks_alike(ipa: str, expected: list[str]) -> None:
    assert ipa_to_phones(ipa) == expected


def test_labels_cover_exactly_the_frames_within_a_segment() -> None:
    labels = frame_labels([("B", 0.0, 0.1), ("AA1", 0.1, 0.2), ("??", 0.2, 0.24)], 14, 50.0)

    expected = [phone_index("B")] * 5 + [phone_index("AA")] * 5 + [UNKNOWN] * 4
    np.testing.assert_array_equal(labels, expected)
