"""Made performers: what they change and what they leave alone, and the batches drawn from them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_training.data.performers import Performer, draw_performer, perform

JAW, CLOSE = ARKIT_CHANNELS.index("jawOpen"), ARKIT_CHANNELS.index("mouthClose")
LIDS = [ARKIT_CHANNELS.index(f"eyeBlink{side}") for side in ("Left", "Right")]
SMILE = [ARKIT_CHANNELS.index(f"mouthSmile{side}") for side in ("Left", "Right")]
KNOWN = np.ones(55, bool)


def poses() -> np.ndarray:
    return np.random.default_rng(0).random((20, 55)).astype(np.float32)


def neutral() -> Performer:
    """Someone who changes nothing and does not move by himself."""
    return replace(
        draw_performer(0, poses()),
        rest=np.zeros(55, np.float32), gain=np.ones(55, np.float32), asymmetry=0.0, sharpness=1.0,
        lead_s=0.0, brow_accent=0.0, brow_drift=0.0, nod_accent=0.0,
        setting=np.zeros(55, np.float32), hang=0.0, lids=0.0,
        wander=np.zeros(3, np.float32), blinks_per_s=0.0, gaze_deg=0.0, gaze_aside=(0.0, 0.0),
    )  # fmt: skip


def speech(n_frames: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """A jaw that opens and shuts twice a second, with the loudness that belongs to it."""
    opening = np.maximum(np.sin(np.arange(n_frames) / 25 * 2 * np.pi * 2), 0)
    motion = np.zeros((n_frames, 55), np.float32)
    motion[:, JAW] = 0.3 * opening
    return motion, opening.astype(np.float32)


def styled(performer: Performer, n_frames: int = 100, seed: int = 0) -> np.ndarray:
    motion, loudness = speech(n_frames)
    return perform(performer, motion, loudness, KNOWN, np.random.default_rng(seed))


def test_a_seed_is_one_performer_and_another_seed_another() -> None:
    first, again, other = (draw_performer(n, poses()) for n in (3, 3, 4))

    np.testing.assert_array_equal(first.rest, again.rest)
    assert first.sharpness == again.sharpness
    assert first.sharpness != other.sharpness


def test_a_performer_without_a_manner_only_makes_lips_meet_that_nearly_do() -> None:
    motion, _ = speech()

    values = styled(neutral())

    others = np.setdiff1d(np.arange(55), CLOSE)
    np.testing.assert_allclose(values[:, others], motion[:, others], atol=1e-5)
    apart = motion[:, JAW] > 0.13
    assert apart.any()
    assert values[apart, CLOSE].max() < 0.001
    assert (values[:, CLOSE] <= motion[:, JAW] + 1e-6).all()
    nearly = (motion[:, JAW] > 0.02) & (motion[:, JAW] < 0.05)
    np.testing.assert_allclose(values[nearly, CLOSE], motion[nearly, JAW], atol=0.01)


def test_every_performer_stays_within_the_face_and_closes_no_more_than_it_opens() -> None:
    for seed in range(40):
        values = styled(draw_performer(seed, poses()), seed=seed)
        assert np.isfinite(values).all()
        assert values[:, :52].min() >= 0
        assert values[:, :52].max() <= 1
        assert (values[:, CLOSE] <= values[:, JAW] + 1e-6).all()


def test_what_is_said_survives_every_manner() -> None:
    motion, _ = speech(200)
    for seed in range(40):
        opening = styled(draw_performer(seed, poses()), 200, seed)[:, JAW]
        assert np.corrcoef(opening, motion[:, JAW])[0, 1] > 0.8


def test_a_resting_expression_lasts_but_never_holds_the_mouth_open() -> None:
    rested = [draw_performer(seed, poses()) for seed in range(60)]

    assert max(p.rest[SMILE].max() for p in rested) > 0.2
    assert not any(p.rest[[JAW, CLOSE]].any() for p in rested)


def test_lips_that_meet_go_on_meeting_however_the_mouth_is_held() -> None:
    funnel = ARKIT_CHANNELS.index("mouthFunnel")
    setting = np.zeros(55, np.float32)
    setting[funnel] = 0.3
    motion = np.zeros((20, 55), np.float32)
    motion[:, JAW] = 0.4
    motion[:10, CLOSE] = 0.4  # a b behind which the jaw is open, then a vowel
    held = replace(neutral(), setting=setting, hang=0.1)

    values = perform(held, motion, np.zeros(20, np.float32), KNOWN, np.random.default_rng(0))

    np.testing.assert_allclose(values[:, JAW], 0.5, atol=1e-6)
    np.testing.assert_allclose(values[:10, CLOSE], 0.5, atol=1e-6)
    assert values[:10, funnel].max() < 1e-6
    assert values[10:, funnel].min() > 0.29
    assert values[10:, CLOSE].max() < 0.01


def test_lids_are_lowered_for_good() -> None:
    sleepy = styled(replace(neutral(), lids=0.3))

    np.testing.assert_allclose(sleepy[:, LIDS], 0.3, atol=1e-6)


def test_settings_are_the_mouths_alone_and_never_drop_the_jaw() -> None:
    settings = np.stack([draw_performer(seed, poses()).setting for seed in range(60)])
    held = {ARKIT_CHANNELS[i] for i in np.flatnonzero(settings.max(0) > 0)}

    assert held <= {n for n in ARKIT_CHANNELS if n.startswith(("mouth", "jaw"))}
    assert not held & {"jawOpen", "mouthClose"}
    assert not (settings[:, SMILE[0]] != settings[:, SMILE[1]]).any()


def test_a_mild_manner_lies_between_the_filmed_one_and_the_full_one() -> None:
    full, mild = draw_performer(5, poses()), draw_performer(5, poses(), 0.25)

    np.testing.assert_allclose(mild.rest, 0.25 * full.rest, atol=1e-6)
    np.testing.assert_allclose(np.log(mild.gain), 0.25 * np.log(full.gain), atol=1e-5)
    assert mild.hang == pytest.approx(0.25 * full.hang)
    assert mild.blinks_per_s == full.blinks_per_s


def test_a_lead_moves_the_face_before_the_voice() -> None:
    motion, _ = speech()
    early = styled(replace(neutral(), lead_s=0.04))

    np.testing.assert_allclose(early[:-1, JAW], motion[1:, JAW], atol=1e-5)


def test_sharpness_exaggerates_and_slurs_quick_movements() -> None:
    swings = [
        float(np.ptp(styled(replace(neutral(), sharpness=s))[:, JAW])) for s in (0.6, 1.0, 1.6)
    ]

    assert swings[0] < swings[1] < swings[2]


def test_blinks_come_at_the_performers_rate() -> None:
    blinker = replace(neutral(), blinks_per_s=0.4, blink_s=0.25)
    lids = styled(blinker, 25 * 200)[:, LIDS[0]]
    starts = np.flatnonzero((lids[1:] > 0.5) & (lids[:-1] <= 0.5))

    assert 0.3 < len(starts) / 200 < 0.5
    assert lids.max() > 0.9


def test_brows_answer_the_voice() -> None:
    brow = ARKIT_CHANNELS.index("browInnerUp")
    lively = styled(replace(neutral(), brow_accent=0.5), 200)

    assert lively[:, brow].max() > 0.1
    assert styled(neutral(), 200)[:, brow].max() == 0


def test_channels_that_a_clip_does_not_know_are_made_up_from_rest() -> None:
    motion, loudness = speech()
    motion[:, SMILE[0]] = 0.7
    known = KNOWN.copy()
    known[SMILE[0]] = False

    values = perform(neutral(), motion, loudness, known, np.random.default_rng(0))

    assert not values[:, SMILE[0]].any()


torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.data.features import FeaturePack, write_features  # noqa: E402  (needs torch)
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.style_batches import (  # noqa: E402
    StyleMix,
    StyleSampler,
    style_statistics,
)  # fmt: skip
from mynah_training.models.speech_encoder import SpeechEncoder, SpeechEncoderConfig  # noqa: E402

MIX = StyleMix(performer=3, others=2, animated=1, revoiced=2, silence=1, performers=5)


@pytest.fixture
def features(pack: Pack, tmp_path: Path) -> FeaturePack:
    torch.manual_seed(0)
    encoder = SpeechEncoder(SpeechEncoderConfig(width=16, dilations=(1, 2))).eval()
    list(write_features(pack, encoder, tmp_path / "features", 2, 0))
    return FeaturePack(tmp_path / "features")


def test_a_batch_brings_other_clips_of_the_same_performer(features: FeaturePack) -> None:
    sampler = StyleSampler(features, replace(MIX, as_filmed=0.0), seed=0)
    none = np.zeros(55, np.float32)
    still = replace(sampler.performers[0], gain=none, setting=none, hang=0.0, lids=0.0)
    sampler.performers = [
        replace(still, rest=np.full(55, 0.1 * n, np.float32), asymmetry=0.0, brow_drift=0.0,
                brow_accent=0.0, nod_accent=0.0, wander=np.zeros(3, np.float32))
        for n in range(5)
    ]  # fmt: skip

    batch = sampler.draw()

    for i, n in enumerate(batch.performer.tolist()):
        for clip in (batch.motion, batch.style, batch.same_style):
            np.testing.assert_allclose(clip[i, :, SMILE].numpy(), 0.1 * n, atol=1e-4)


def test_people_as_filmed_keep_their_own_number(features: FeaturePack) -> None:
    sampler = StyleSampler(features, replace(MIX, as_filmed=1.0, silence=0), seed=0)

    batch = sampler.draw()

    assert sampler.n_performers == 5 + 3  # the tiny pack has three filmed speakers
    assert (batch.performer >= 5).all()


def test_the_same_seed_draws_the_same_batch(features: FeaturePack) -> None:
    first, second = (StyleSampler(features, MIX, seed=3).draw() for _ in range(2))

    for name, value in vars(first).items():
        assert torch.equal(value, vars(second)[name]), name


def test_a_channel_that_is_never_known_gets_no_scale(features: FeaturePack) -> None:
    mean, scale = style_statistics(StyleSampler(features, replace(MIX, as_filmed=0.0), 0), 2)

    assert scale[51] == 0
    assert mean[51] == 0
    assert (scale[:51] > 0).all()


def test_a_mood_of_a_person_is_a_manner_of_its_own(features: FeaturePack) -> None:
    features.entries = [
        replace(entry, mood="sad") if entry.source == "facegood" else entry
        for entry in features.entries
    ]

    sampler = StyleSampler(features, replace(MIX, as_filmed=1.0, silence=0), seed=0)

    assert "flite2 sad" in sampler.people
    assert "flite2" not in sampler.people
