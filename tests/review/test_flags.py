"""Automatic flags: each trips on a made case, and not on one just inside its rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mynah_daemon.review.evidence import Evidence, silences
from mynah_daemon.review.flags import RULES, TITLES, Flag, FlagKind, find_flags
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

FPS = 30.0
RATE = 48_000
SECONDS = 4.0
SPOKEN = ((0.0, 0.5, "sil"), (0.5, 3.5, "AA"), (3.5, 4.0, "sil"))


def tone(seconds: float = SECONDS, level: float = 0.5, hz: float = 110.0) -> np.ndarray:
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)).astype("f4")


def clip(**channels: np.ndarray | float) -> MotionClip:
    """Channels over four seconds, the others at rest."""
    values = np.zeros((round(SECONDS * FPS), len(ARKIT_CHANNELS)), np.float32)
    for name, curve in channels.items():
        values[:, ARKIT_CHANNELS.index(name)] = curve
    return MotionClip(FPS, ARKIT_CHANNELS, values)


def between(begin_s: float, end_s: float, value: float) -> np.ndarray:
    """A curve that is `value` from one time to another, and 0 elsewhere."""
    times = np.arange(round(SECONDS * FPS)) / FPS
    return np.where((times > begin_s - 1e-6) & (times < end_s - 1e-6), value, 0).astype("f4")


CLEAN = Evidence(tone(), RATE, clip(), SPOKEN, 0.8)


def flags(evidence: Evidence) -> dict[FlagKind, Flag]:
    found = find_flags(evidence)
    assert len({flag.kind for flag in found}) == len(found)
    return {flag.kind: flag for flag in found}


def test_a_good_line_has_no_flag() -> None:
    assert flags(CLEAN) == {}
    assert flags(replace(CLEAN, phones=(), confidence=None)) == {}


def test_every_kind_has_a_title_and_a_rule() -> None:
    assert set(TITLES) == set(RULES) == set(FlagKind)


# --- sound ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [1.02, 2.0])
def test_flattened_peaks_are_clipped(level: float) -> None:
    flag = flags(replace(CLEAN, samples=np.clip(tone(level=level), -1, 1)))[FlagKind.clipped]
    assert "places" in flag.sentence
    assert flag.spans[0][0] < 0.01
    assert flag.spans[-1][1] > SECONDS - 0.01


def test_a_recording_clipped_below_full_scale_is_clipped() -> None:
    assert FlagKind.clipped in flags(replace(CLEAN, samples=np.clip(tone(), -0.46, 0.46) * 2))


def test_a_float_file_beyond_full_scale_is_clipped_where_it_is_played() -> None:
    flag = flags(replace(CLEAN, samples=tone(level=1.3)))[FlagKind.clipped]
    assert len(flag.spans) == 1  # places that nearly touch are one


@pytest.mark.parametrize("hz", [60.0, 110.0, 3000.0])
def test_a_recording_normalised_to_full_scale_is_not(hz: float) -> None:
    steps = np.rint(tone(level=1.0, hz=hz) * 32767) / 32767
    assert flags(replace(CLEAN, samples=steps.astype(np.float32))) == {}


def test_a_few_flattened_samples_are_not() -> None:
    samples = tone()
    samples[1000:1009] = 0.95
    assert flags(replace(CLEAN, samples=samples)) == {}
    samples[1009] = 0.95
    assert "10 samples are flattened at one place." in str(flags(replace(CLEAN, samples=samples)))


def test_a_flat_quiet_stretch_is_not_clipped() -> None:
    samples = tone()
    samples[48_000:60_000] = 0.3
    assert flags(replace(CLEAN, samples=samples)) == {}


@pytest.mark.parametrize(("end_s", "is_long"), [(2.95, False), (3.0, True)])
def test_a_long_silence_is_told_by_the_phones(end_s: float, is_long: bool) -> None:
    phones = ((0.0, 1.0, "AA"), (1.0, end_s, "sil"), (end_s, 4.0, "AA"))
    found = flags(replace(CLEAN, phones=phones))
    assert (FlagKind.silence in found) == is_long
    if is_long:
        assert found[FlagKind.silence].sentence == "Nobody speaks for 2.0 s, from 1.0 s on."
        assert found[FlagKind.silence].spans == ((1.0, 3.0),)


@pytest.mark.parametrize(("quiet_s", "is_long"), [(1.8, False), (2.2, True)])
def test_without_phones_silence_is_what_is_quiet(quiet_s: float, is_long: bool) -> None:
    samples = tone()
    samples[: round(quiet_s * RATE)] *= 0.005  # -46 dB
    found = flags(replace(CLEAN, samples=samples, phones=(), confidence=None))
    assert (FlagKind.silence in found) == is_long


def test_what_is_only_quieter_is_no_silence() -> None:
    samples = tone()
    samples[: 3 * RATE] *= 0.03  # -30 dB
    assert silences(replace(CLEAN, samples=samples, phones=())) == []


def test_an_empty_recording_is_all_silence() -> None:
    mute = replace(CLEAN, samples=np.zeros(4 * RATE, np.float32), phones=(), confidence=None)
    assert flags(mute)[FlagKind.silence].spans == ((0.0, 4.0),)


@pytest.mark.parametrize(("confidence", "is_unsure"), [(0.59, True), (0.6, False)])
def test_unsure_phones_are_flagged(confidence: float, is_unsure: bool) -> None:
    assert (FlagKind.unsure in flags(replace(CLEAN, confidence=confidence))) == is_unsure


def test_a_line_without_speech_is_flagged() -> None:
    found = flags(replace(CLEAN, phones=((0.0, 1.5, "sil"),), confidence=None))
    assert [flag.sentence for flag in found.values()] == ["No speech was heard."]


# --- curves ---------------------------------------------------------------------------------------

QUIET_MIDDLE = ((0.0, 1.0, "AA"), (1.0, 2.9, "sil"), (2.9, 4.0, "AA"))


@pytest.mark.parametrize(
    ("begin_s", "end_s", "jaw", "is_open"),
    [
        (1.7, 2.2, 0.1, True),
        (1.7, 1.9, 0.1, True),  # as short as the rule says
        (1.7, 1.8, 0.1, False),  # shorter: a twitch
        (1.7, 2.2, 0.05, False),  # 1.6 mm
        (1.0, 1.5, 0.1, False),  # so near to speech lips still relax
        (2.4, 2.9, 0.1, False),  # … or prepare
        (0.2, 0.8, 0.1, False),  # that is speech
    ],
)
def test_lips_open_in_silence(begin_s: float, end_s: float, jaw: float, is_open: bool) -> None:
    moved = clip(jawOpen=between(begin_s, end_s, jaw))
    found = flags(replace(CLEAN, clip=moved, phones=QUIET_MIDDLE))
    assert (FlagKind.open_lips in found) == is_open
    if is_open:
        flag = found[FlagKind.open_lips]
        assert "up to 3.3 mm" in flag.sentence
        assert flag.spans[0] == pytest.approx((begin_s, end_s), abs=1.5 / FPS)


def test_silence_at_both_ends_of_a_line_counts_up_to_the_ends() -> None:
    phones = ((0.0, 1.0, "sil"), (1.0, 3.0, "AA"), (3.0, 4.0, "sil"))
    for begin_s, end_s in ((0.0, 0.3), (3.7, 4.0)):
        moved = clip(jawOpen=between(begin_s, end_s, 0.1))
        assert FlagKind.open_lips in flags(replace(CLEAN, clip=moved, phones=phones))


SPOKEN_P = ((0.0, 1.0, "AA"), (1.0, 1.1, "P"), (1.1, 2.0, "M"), (2.0, 4.0, "AA"))


def test_lips_that_stay_open_on_a_closure_are_flagged() -> None:
    open_at_p = 0.2 - between(1.3, 1.6, 0.2)
    found = flags(replace(CLEAN, clip=clip(jawOpen=open_at_p), phones=SPOKEN_P))
    assert found[FlagKind.closure].sentence == (
        "The lips stay open on 1 of 2 b, m and p, by 6.6 mm at most."
    )
    assert found[FlagKind.closure].spans == ((1.0, 1.1),)


def test_one_closed_frame_is_a_closure_even_between_two_frames() -> None:
    closed = 0.2 - between(1.0, 1.03, 0.2) - between(1.3, 1.6, 0.2)
    assert flags(replace(CLEAN, clip=clip(jawOpen=closed), phones=SPOKEN_P)) == {}
    sealed = clip(jawOpen=0.2, mouthClose=0.15)
    assert FlagKind.closure not in flags(replace(CLEAN, clip=sealed, phones=SPOKEN_P))


@pytest.mark.parametrize(
    ("value", "seconds", "is_stuck"),
    [(1.0, 0.5, True), (0.996, 0.3, True), (0.99, 0.5, False), (1.0, 0.2, False)],
)
def test_a_shape_at_its_limit_is_flagged(value: float, seconds: float, is_stuck: bool) -> None:
    ramp = np.linspace(0, 0.9 * value, 15)
    curve = between(1.5, 1.5 + seconds, value)
    curve[30:45], curve[45 + round(seconds * FPS) :][:15] = ramp, ramp[::-1]
    found = flags(replace(CLEAN, clip=clip(mouthSmileLeft=curve)))
    assert (FlagKind.saturated in found) == is_stuck
    if is_stuck:
        assert found[FlagKind.saturated].sentence.startswith("mouthSmileLeft for up to")


def test_a_blink_is_no_limit() -> None:
    blink = between(1.0, 1.12, 1.0)
    assert flags(replace(CLEAN, clip=clip(eyeBlinkLeft=blink, eyeBlinkRight=blink))) == {}


@pytest.mark.parametrize(("step", "is_jump"), [(0.4, True), (0.32, False)])
def test_a_jump_between_two_frames_is_flagged(step: float, is_jump: bool) -> None:
    found = flags(replace(CLEAN, clip=clip(browInnerUp=between(1.0, 9.0, step))))
    assert (FlagKind.jump in found) == is_jump
    if is_jump:
        assert found[FlagKind.jump].sentence == "browInnerUp: 12.0 per second at 0.97 s."


@pytest.mark.parametrize(("step", "is_jump"), [(0.11, True), (0.09, False)])
def test_a_head_jumps_at_lower_speed(step: float, is_jump: bool) -> None:
    found = flags(replace(CLEAN, clip=clip(headYaw=between(1.0, 9.0, step))))
    assert (FlagKind.jump in found) == is_jump


def test_eyes_may_jump_and_many_channels_are_summed_up() -> None:
    jump = between(1.0, 9.0, 0.9)
    assert flags(replace(CLEAN, clip=clip(eyeLookUpLeft=jump, eyeBlinkLeft=jump))) == {}
    names = ("browInnerUp", "cheekPuff", "noseSneerLeft", "noseSneerRight")
    found = flags(replace(CLEAN, clip=clip(**dict.fromkeys(names, jump))))
    assert "and 1 more: 27.0 per second" in found[FlagKind.jump].sentence


@pytest.mark.parametrize("n_frames", [1, 2])
def test_the_shortest_clips_can_be_judged(n_frames: int) -> None:
    short = MotionClip(FPS, ARKIT_CHANNELS, np.zeros((n_frames, 55), np.float32))
    sound = np.zeros(round(0.04 * RATE), np.float32)
    assert flags(Evidence(sound, RATE, short, ((0.0, 0.04, "B"),), 0.9)) == {}
    assert flags(Evidence(sound, RATE, short)) == {}
