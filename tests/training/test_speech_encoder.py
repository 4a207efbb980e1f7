"""The speech encoder: rates, reach, what it is trained on."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.data.pack import Pack  # noqa: E402  (needs torch)
from mynah_training.data.phones import PHONES  # noqa: E402
from mynah_training.data.speech_batches import SpeechMix, SpeechSampler  # noqa: E402
from mynah_training.models.speech_encoder import SpeechEncoder, SpeechEncoderConfig  # noqa: E402

TINY = SpeechEncoderConfig(width=16, dilations=(1, 2))
MIX = SpeechMix(
    performer=2, others=1, revoiced=1, free=1, english=1, languages=1, noise=1, left_out=()
)


def encoder() -> SpeechEncoder:
    torch.manual_seed(0)
    return SpeechEncoder(TINY).eval()


def test_rates_follow_from_the_mel_rate() -> None:
    logits, cepstrum = encoder()(torch.zeros(2, 40, 80))

    assert logits.shape == (2, 20, len(PHONES))
    assert cepstrum.shape == (2, 20, 12)


def test_nothing_beyond_the_stated_context_is_seen() -> None:
    network = encoder()
    mel = torch.zeros(1, 200, 80)
    changed = mel.clone()
    changed[:, 100 + network.context_frames + 1 :] = 1.0
    with torch.no_grad():
        first, second = network(mel)[0], network(changed)[0]

    assert torch.equal(first[:, :50], second[:, :50])
    assert not torch.equal(first, second)


def test_the_cepstrum_is_computed_loudness_first_and_tilt_second() -> None:
    bands = torch.linspace(0, 1, 80)
    loud, tilted = (
        encoder()(mel.expand(1, 40, 80))[1][0, 5] for mel in (torch.ones(80), 0.5 - bands)
    )

    assert loud[0] > 1
    np.testing.assert_allclose(loud[1:].numpy(), 0.0, atol=1e-5)
    assert tilted[1] > 0.5
    np.testing.assert_allclose(float(tilted[0]), 0.0, atol=1e-5)


def test_a_batch_holds_every_kind(pack: Pack) -> None:
    batch = SpeechSampler(pack, MIX, seed=0).draw()

    # the tiny pack has no speech of people without a face and no espeak voice
    assert batch.mel.shape == (6, 320, 80)
    assert batch.phones.shape == (6, 160)
    assert batch.weight.tolist() == [1.0] * 6
    assert batch.motion.shape == (6, 80, 55)
    # performer, performer, others, revoiced, a synthetic voice without a face, a silent room
    assert batch.valid.any(1).tolist() == [True, True, True, True, False, True]


def test_the_same_seed_draws_the_same_batch(pack: Pack) -> None:
    first, second = (SpeechSampler(pack, MIX, seed=3).draw() for _ in range(2))

    assert torch.equal(first.mel, second.mel)


def test_the_voice_of_the_animated_takes_is_never_heard(pack: Pack) -> None:
    sampler = SpeechSampler(pack, SpeechMix(left_out=("flite2",)), seed=0)

    assert "facegood" not in {e.source for _, entries, _ in sampler.kinds for e in entries}
