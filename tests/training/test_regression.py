"""The first motion model: shapes, reach, training steps, resuming and export."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import SynthesizeRequest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.data.batches import Batch, BatchSampler, Mix  # noqa: E402  (needs torch)
from mynah_training.data.pack import Entry, Pack, _Writer  # noqa: E402
from mynah_training.data.phones import PHONES  # noqa: E402
from mynah_training.export_onnx import export_bundle  # noqa: E402
from mynah_training.models.regression import RegressionConfig, RegressionModel  # noqa: E402
from mynah_training.train import TrainConfig, Trainer, motion_statistics, read_config  # noqa: E402

TINY = RegressionConfig(
    encoder_width=16, encoder_dilations=(1, 2), decoder_width=16, decoder_dilations=(1,)
)
MIX = Mix(performer=2, others=1, animated=1, revoiced=1, speech=1, english=1, languages=1, noise=1)


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """Ten seconds of noise bursts whose loudness moves the jaw, from every kind of source."""
    rng = np.random.default_rng(0)
    writer = _Writer()
    for i, source in enumerate(
        ("grid_s1", "grid_multi", "facegood", "synthetic_grid", "synthetic")
    ):
        motion = np.zeros((51, 55), np.float32)
        motion[:, 17] = np.repeat(rng.random(17), 3)
        loudness = np.interp(np.arange(32000) / 640, np.arange(51), motion[:, 17])
        samples = (rng.standard_normal(32000) * loudness * 0.2).astype(np.float32)
        writer.add(
            samples, (("AA", 0.0, 1.0), ("sil", 1.0, 2.0)),
            None if source == "synthetic" else motion,
            utterance_id=f"{source}_bgiq4p", source=source, speaker=f"flite{i}", language="en",
            split="train", trusted=True, valid="" if source == "synthetic" else "1" * 55,
        )  # fmt: skip
    writer.write(tmp_path / "pack")
    return Pack(tmp_path / "pack")


@pytest.fixture
def head_file(tmp_path: Path) -> Path:
    """A head file of the prepared layout with a jaw that lowers the lips."""
    from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

    deltas = np.zeros((52, 68, 3), np.float32)
    deltas[17, 57:, 1] = -3.0
    path = tmp_path / "ict_arkit52.npz"
    np.savez(
        path, neutral=np.zeros((68, 3), np.float32), deltas=deltas,
        arkit_names=np.array(ARKIT_BLENDSHAPES), landmarks68=np.arange(68),
    )  # fmt: skip
    return path


def total_loss(trainer: Trainer, batch: Batch) -> float:
    with torch.no_grad():
        return float(sum(trainer.losses_of(batch).values()))


def model() -> RegressionModel:
    torch.manual_seed(0)
    return RegressionModel(TINY, torch.zeros(55), torch.ones(55)).eval()


def test_rates_follow_from_the_mel_rate() -> None:
    logits, side, coefficients = model()(torch.zeros(2, 40, 80))

    assert logits.shape == (2, 20, len(PHONES))
    assert side.shape == (2, 20, 8)
    assert coefficients.shape == (2, 10, 55)


def test_nothing_beyond_the_stated_context_is_seen() -> None:
    network = model().encoder
    mel = torch.zeros(1, 200, 80)
    changed = mel.clone()
    changed[:, 100 + network.context_frames + 1 :] = 1.0
    with torch.no_grad():
        first, second = network(mel)[0], network(changed)[0]

    assert torch.equal(first[:, :50], second[:, :50])
    assert not torch.equal(first, second)


def test_a_channel_that_no_clip_knows_stays_at_rest(pack: Pack) -> None:
    pack.entries = [replace(e, valid=e.valid and "0" + e.valid[1:]) for e in pack.entries]
    mean, scale = motion_statistics(pack, frozenset())

    coefficients = RegressionModel(TINY, mean, scale).eval()(torch.randn(1, 40, 80))[2]

    assert torch.equal(coefficients[..., 0], torch.zeros(1, 10))
    assert coefficients[..., 17].std() > 0


def test_a_batch_holds_every_kind_and_masks_what_is_unknown(pack: Pack) -> None:
    batch = BatchSampler(pack, MIX, seed=0).draw()

    assert batch.mel.shape == (7, 320, 80)
    assert batch.phones.shape == (7, 160)
    assert batch.motion.shape == (7, 80, 55)
    assert batch.valid.any(1).tolist() == [True, True, True, True, True, False, True]


def test_the_same_seed_draws_the_same_batch(pack: Pack) -> None:
    first, second = (BatchSampler(pack, MIX, seed=3).draw() for _ in range(2))

    assert torch.equal(first.mel, second.mel)
    assert torch.equal(first.motion, second.motion)


def test_held_out_words_and_speakers_are_never_drawn(pack: Pack) -> None:
    sampler = BatchSampler(pack, MIX, 0, frozenset({"flite2"}), left_out_words=("3q",))

    drawn: list[Entry] = [entry for kind in sampler.kinds for entry in kind.entries]
    assert [entry.source for entry in drawn] == ["synthetic"]


def test_training_lowers_the_loss_stops_on_time_and_resumes(
    pack: Pack, head_file: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    trainer = Trainer(pack, head_file, out, TINY, TrainConfig(learning_rate=1e-2), MIX)
    batch = trainer.sampler.draw()
    before = total_loss(trainer, batch)

    trainer.fit(minutes=0.15)

    after = total_loss(trainer, batch)
    assert after < before
    again = Trainer(pack, head_file, out, TINY, TrainConfig(), MIX)
    assert (again.step, again.spent_s) == (trainer.step, trainer.spent_s)


def test_a_checkpoint_of_other_sizes_is_refused(
    pack: Pack, head_file: Path, tmp_path: Path
) -> None:
    Trainer(pack, head_file, tmp_path / "run", TINY, TrainConfig(), MIX).save()

    with pytest.raises(BadInputError, match="other sizes"):
        Trainer(pack, head_file, tmp_path / "run", RegressionConfig(), TrainConfig(), MIX)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_engine_serves_an_exported_run(pack: Pack, head_file: Path, tmp_path: Path) -> None:
    trainer = Trainer(pack, head_file, tmp_path / "run", TINY, TrainConfig(), MIX)
    trainer.save()

    lines = list(export_bundle(tmp_path / "run", tmp_path / "bundle"))

    assert [line.split(":")[0] for line in lines[:2]] == ["speech_encoder.onnx", "regression.onnx"]
    engine = LipSyncEngine(open_store(tmp_path / "bundle"))
    samples = np.random.default_rng(0).standard_normal(20000).astype(np.float32) * 0.1
    request = SynthesizeRequest(audio_sha256="", audio_name="", fps=30.0)
    clip = engine.synthesize(request, samples, lambda *_: None)
    assert clip.n_frames == round(20000 / 16000 * 30)
    trained = trainer.ema.decoder.context_frames
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["models"][0]["context_frames"] == trained


@pytest.mark.parametrize("text", ["{", '{"training": {"learning_speed": 1}}'])
def test_a_bad_configuration_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(text)

    with pytest.raises(BadInputError, match=r"bad\.json"):
        read_config(path)


def test_a_folder_without_packed_data_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"data\.pack"):
        Pack(tmp_path)
