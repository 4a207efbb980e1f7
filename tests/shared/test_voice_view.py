"""What was heard is read from the text on a take, and found in a view of the scene's time."""

from __future__ import annotations

import base64
import json

import pytest

from mynah_shared.scene import voice_view
from mynah_shared.scene.heard import Heard, heard_text, read_heard
from mynah_shared.scene.voice_view import ShownLine, TimeView, Visible, fitting_names, kind_of, see

LOUDNESS = bytes([0, 128, 255, 255])
META = {
    "loudness_fps": 50,
    "loudness": base64.b64encode(LOUDNESS).decode(),
    "phones": [[0.0, 1.0, "sil"], [1.0, 1.1, "M"], [1.1, 2.0, "AA"], [2.0, 2.5, "S"]],
    "confidence": 0.82,
}
TEXT = heard_text({"heard": META, "seed": 7})
LINE = ShownLine("line", TEXT, start=1.0, frames_per_s=24.0, first=1.0, last=61.0)


def heard() -> Heard:
    found = read_heard(TEXT)
    assert found is not None
    return found


def test_the_text_holds_all_that_was_heard() -> None:
    assert json.loads(TEXT) == META
    assert heard().confidence == 0.82
    assert heard_text({"seed": 7}) == ""


def test_a_text_without_confidence_is_read() -> None:
    for text in (json.dumps(META | {"confidence": None}), TEXT.replace("confidence", "later")):
        found = read_heard(text)
        assert found is not None
        assert found.confidence is None
        assert found.names == ("sil", "M", "AA", "S")


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"phones": 3}', TEXT.replace("50", '"x"')])
def test_a_text_that_makes_no_sense_draws_nothing(text: str) -> None:
    assert read_heard(text) is None


def test_quiet_sounds_show_and_silence_does_not() -> None:
    heights = heard().heights
    assert heights[0] == 0
    assert heights[2] == heights[3] == 1
    assert 0.05 < heights[1] < 0.3


def test_kinds_of_phones() -> None:
    kinds = [kind_of(name) for name in heard().names]
    expected = [voice_view.NOTHING, voice_view.CLOSED, voice_view.VOWEL, voice_view.CONSONANT]
    assert kinds == expected


def test_a_line_follows_scale_and_scroll() -> None:
    near = see(LINE, heard(), TimeView(1.0, 25.0, 480.0))
    assert near is not None
    assert (near.origin, near.pixels_per_s) == (0.0, 480.0)
    far = see(LINE, heard(), TimeView(-47.0, 145.0, 960.0))
    assert far is not None
    assert (far.origin, far.pixels_per_s) == (240.0, 120.0)
    assert (far.first_phone, far.stop_phone) == (0, 4)


def test_only_what_is_in_view_is_seen() -> None:
    assert see(LINE, heard(), TimeView(100.0, 200.0, 500.0)) is None
    some = see(LINE, heard(), TimeView(26.2, 30.0, 500.0))  # from 1.05 s to 1.21 s
    assert some is not None
    assert (some.first_phone, some.stop_phone) == (1, 3)
    assert some.first_column >= some.stop_column  # the waveform ended at 0.08 s


def test_names_stand_in_their_boxes_where_there_is_room() -> None:
    visible = Visible(0.0, 100.0, 0, 4, 0, 4)
    widths = {"sil": 10.0, "M": 9.0, "AA": 14.0, "S": 6.0}
    found = fitting_names(heard(), visible, widths, 300.0)
    assert [name for _left, name in found] == ["aa", "s"]  # m has 10 pixels, and needs 11
    assert found[0][0] == pytest.approx(110 + (90 - 14) / 2)


def test_the_name_of_a_phone_that_is_seen_in_part_stands_in_that_part() -> None:
    visible = Visible(-1200.0, 1000.0, 0, 4, 2, 3)  # aa begins 100 pixels before the view
    ((left, name),) = fitting_names(heard(), visible, {"AA": 14.0}, 400.0)
    assert (left, name) == (pytest.approx((400 - 14) / 2), "aa")
