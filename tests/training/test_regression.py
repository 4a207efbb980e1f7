"""The first motion model: shapes, what it is trained on, training runs, and export."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import SynthesizeRequest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")


from mynah_training.builders import (  # noqa: E402  (needs torch)
    ENCODER,
    REGRESSION,
    RunConfig,
    build_trainer,
    load_trained,
    read_config,
)  # fmt: skip
from mynah_training.data.features import SILENCE, FeaturePack, write_features  # noqa: E402
from mynah_training.data.motion_batches import (  # noqa: E402
    MotionSampler,
    motion_statistics,
)  # fmt: skip
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.phones import PHONES  # noqa: E402
from mynah_training.data.speech_batches import SpeechMix  # noqa: E402
from mynah_training.data.utterances import UtteranceMix  # noqa: E402
from mynah_training.export_onnx import export_bundle  # noqa: E402
from mynah_training.models.regression import RegressionConfig, RegressionDecoder  # noqa: E402
from mynah_training.models.speech_encoder import SpeechEncoder, SpeechEncoderConfig  # noqa: E402
from mynah_training.train import TrainConfig, Trainer  # noqa: E402

TINY_ENCODER = SpeechEncoderConfig(width=16, dilations=(1, 2))
TINY = RegressionConfig(width=16, dilations=(1,))
MIX = UtteranceMix(performer=2, others=1, animated=1, revoiced=1, silence=1)
CONFIG = RunConfig(TINY, MIX, TrainConfig(learning_rate=1e-2))


@pytest.fixture
def features(pack: Pack, tmp_path: Path) -> FeaturePack:
    torch.manual_seed(0)
    list(write_features(pack, SpeechEncoder(TINY_ENCODER).eval(), tmp_path / "features", 2, 0))
    return FeaturePack(tmp_path / "features")


def trainer(features: FeaturePack, head: Path, out: Path, config: RunConfig = CONFIG) -> Trainer:
    assert features.entries
    return build_trainer(REGRESSION, out.parent / "features", head, out, config)


def loss_of(run: Trainer, batch: object) -> float:
    torch.manual_seed(0)
    with torch.no_grad():
        return float(sum(run.objective.losses(batch).values()))


def decoder(mean: torch.Tensor, scale: torch.Tensor) -> RegressionDecoder:
    torch.manual_seed(0)
    return RegressionDecoder(TINY, mean, scale).eval()


def test_motion_has_half_the_rate_of_phones() -> None:
    network = decoder(torch.zeros(55), torch.ones(55))

    assert network(torch.zeros(2, 20, len(PHONES)), torch.zeros(2, 20, 12)).shape == (2, 10, 55)


def test_nothing_beyond_the_stated_context_moves_the_face() -> None:
    network = decoder(torch.zeros(55), torch.ones(55))
    logits, cepstrum = torch.zeros(1, 200, len(PHONES)), torch.zeros(1, 200, 12)
    changed = cepstrum.clone()
    changed[:, 100 + network.context_frames :] = 1.0
    with torch.no_grad():
        first, second = network(logits, cepstrum), network(logits, changed)

    assert torch.equal(first[:, :50], second[:, :50])
    assert not torch.equal(first, second)


def test_features_hold_every_face_in_every_voice_and_a_silent_room(
    features: FeaturePack, pack: Pack
) -> None:
    with_face = [e for e in pack.entries if e.valid]

    assert [e.utterance_id for e in features.entries] == [
        *(e.utterance_id for e in with_face), SILENCE,
    ]  # fmt: skip
    assert features.speech.shape == (2, 2 * len(features.motion), len(PHONES) + 12)
    for mine, original in zip(features.entries, with_face, strict=False):
        np.testing.assert_array_equal(features.motion_of(mine), pack.motion_of(original))
    first, second = (features.speech_of(features.entries[0], v) for v in (0, 1))
    assert np.abs(first.astype(np.float32) - second).max() > 0.01
    assert not features.motion_of(features.entries[-1]).any()


def test_a_batch_pairs_speech_with_its_motion(features: FeaturePack) -> None:
    sampler = MotionSampler(features, replace(MIX, silence=0), seed=0)
    for entry in features.entries:  # make the loudness coefficient the motion of the jaw
        speech = np.array(features.speech)
        motion = features.motion_of(entry)[:, 17]
        place = slice(2 * entry.start, 2 * (entry.start + entry.n_frames))
        rows = np.arange(2 * entry.n_frames) / 2
        speech[:, place, -12] = np.interp(rows, np.arange(entry.n_frames), motion)
        features.speech = speech

    batch = sampler.draw()

    assert batch.phone_logits.shape == (5, 160, len(PHONES))
    heard, moved = batch.cepstrum[:, ::2, 0], batch.motion[:, :, 17]
    np.testing.assert_allclose(heard.numpy(), moved.numpy(), atol=0.01)


def test_the_same_seed_draws_the_same_batch(features: FeaturePack) -> None:
    first, second = (MotionSampler(features, MIX, seed=3).draw() for _ in range(2))

    assert torch.equal(first.motion, second.motion)
    assert torch.equal(first.cepstrum, second.cepstrum)


def test_held_out_words_and_speakers_are_never_drawn(features: FeaturePack) -> None:
    mix = replace(MIX, left_out=("flite2",), left_out_words=("3q",))

    assert [e.source for e in MotionSampler(features, mix, 0).entries] == [SILENCE]


def test_a_channel_that_no_clip_knows_stays_at_rest(features: FeaturePack) -> None:
    features.entries = [
        e if e.source == SILENCE else replace(e, valid="0" + e.valid[1:]) for e in features.entries
    ]
    mean, scale = motion_statistics(features.entries, features)

    moved = decoder(mean, scale)(torch.randn(1, 20, len(PHONES)), torch.randn(1, 20, 12))

    assert torch.equal(moved[..., 0], torch.zeros(1, 10))
    assert moved[..., 17].std() > 0


def test_training_lowers_the_loss_stops_on_time_and_resumes(
    features: FeaturePack, head_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    run = trainer(features, head_file, out)
    batch = run.sampler.draw()
    before = loss_of(run, batch)

    run.fit(minutes=0.05)

    assert loss_of(run, batch) < before
    (events,) = out.glob("events.out.tfevents.*")
    assert b"loss/lips" in events.read_bytes()
    again = trainer(features, head_file, out)
    assert (again.step, again.spent_s) == (run.step, run.spent_s)


def test_a_checkpoint_of_other_sizes_is_refused(
    features: FeaturePack, head_file: Path, tmp_path: Path
) -> None:
    trainer(features, head_file, tmp_path / "run").save()

    other = replace(CONFIG, model=RegressionConfig())
    with pytest.raises(BadInputError, match="other settings"):
        trainer(features, head_file, tmp_path / "run", other)


def test_a_run_of_another_model_is_refused(
    features: FeaturePack, head_file: Path, tmp_path: Path
) -> None:
    trainer(features, head_file, tmp_path / "run").save()

    with pytest.raises(BadInputError, match="holds the model 'regression', not encoder"):
        load_trained(tmp_path / "run", ENCODER)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_engine_serves_an_exported_run(
    pack: Pack, features: FeaturePack, head_file: Path, tmp_path: Path
) -> None:
    assert pack.entries
    listening = RunConfig(TINY_ENCODER, SpeechMix())
    build_trainer(ENCODER, tmp_path / "pack", head_file, tmp_path / "encoder", listening).save()
    run = trainer(features, head_file, tmp_path / "run")
    run.save()

    lines = list(export_bundle(tmp_path / "encoder", [tmp_path / "run"], tmp_path / "bundle"))

    assert [line.split(":")[0] for line in lines[:2]] == ["speech_encoder.onnx", "regression"]
    engine = LipSyncEngine(open_store(tmp_path / "bundle"))
    samples = np.random.default_rng(0).standard_normal(20000).astype(np.float32) * 0.1
    request = SynthesizeRequest(audio_sha256="", audio_name="", fps=30.0)
    clip = engine.synthesize(request, samples, lambda *_: None)
    assert clip.n_frames == round(20000 / 16000 * 30)
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["models"][0]["context_frames"] == run.ema.context_frames


def test_a_configuration_file_changes_what_it_names(tmp_path: Path) -> None:
    path = tmp_path / "good.json"
    path.write_text('{"model": {"dilations": [1, 2]}, "mix": {"left_out": ["someone"]}}')

    config = read_config(REGRESSION, path)

    assert config.model == replace(RegressionConfig(), dilations=(1, 2))
    assert asdict(config.mix)["left_out"] == ("someone",)


@pytest.mark.parametrize("text", ["{", '{"training": {"learning_speed": 1}}', '{"modle": {}}'])
def test_a_bad_configuration_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)

    with pytest.raises(BadInputError, match=r"bad\.json"):
        read_config(REGRESSION, path)


def test_a_folder_without_packed_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"data\.pack"):
        Pack(tmp_path)
    with pytest.raises(BadInputError, match=r"data\.features"):
        FeaturePack(tmp_path)
