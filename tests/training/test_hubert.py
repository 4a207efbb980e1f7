"""HuBERT as the speech encoder: a tiny one with random weights through the whole chain, from the
pack to the daemon."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.audio.features import normalise_sound, raw_log_mel, sound_rows
from mynah_daemon.cli import build_parser
from mynah_daemon.engine import windows
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import ModelStore, open_store
from mynah_daemon.engine.speech import SpeechEncoder
from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.protocol.messages import SynthesizeRequest
from tests.training.tiny_corpus import write_corpus

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")
transformers = pytest.importorskip(
    "transformers", reason="transformers is not installed: HuBERT can't be tested"
)

from mynah_training.builders import (  # noqa: E402  (needs torch)
    ENCODERS,
    build_trainer,
    load_trained,
    read_config,
)
from mynah_training.commands import train  # noqa: E402
from mynah_training.data import augment_sound, features  # noqa: E402
from mynah_training.data import pack as packing  # noqa: E402
from mynah_training.data.features import FeaturePack  # noqa: E402
from mynah_training.data.hearing import MelHearing, SoundHearing  # noqa: E402
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.phones import PHONES  # noqa: E402
from mynah_training.export_onnx import export_bundle  # noqa: E402
from mynah_training.models.hubert_encoder import HubertEncoder  # noqa: E402
from mynah_training.modules.frozen_hubert import load_hubert  # noqa: E402
from mynah_training.train import Trainer  # noqa: E402

SMALL = {
    "model": {"width": 16, "dilations": [1]},
    "mix": {"performer": 2, "others": 0, "free": 0, "noise": 1},
    "training": {"learning_rate": 1e-2},
}
BASE = {"feat_extract_norm": "group", "do_stable_layer_norm": False, "conv_bias": False}
LARGE = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}


def write_hubert(folder: Path, seed: int = 0, **settings: object) -> Path:
    """A HuBERT of 16 channels with the frames of the real one, as its library saves it."""
    torch.manual_seed(seed)
    config = transformers.HubertConfig(
        **{
            "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
            "intermediate_size": 32, "conv_dim": [16] * 7, "num_conv_pos_embeddings": 16,
            "num_conv_pos_embedding_groups": 4, **BASE, **settings,
        }
    )  # fmt: skip
    transformers.HubertModel(config).save_pretrained(folder)
    return folder


def run_main(module: object, *arguments: object) -> None:
    """A module's command with these arguments."""
    before, sys.argv = sys.argv, ["command", *map(str, arguments)]
    try:
        module.main()
    finally:
        sys.argv = before


@pytest.fixture(scope="module")
def hubert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_hubert(tmp_path_factory.mktemp("hubert"))


@pytest.fixture(scope="module")
def corpus_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny corpus, packed with its sound."""
    root = tmp_path_factory.mktemp("corpus")
    run_main(packing, write_corpus(root / "corpus"), "--samples", "-o", root / "pack")
    return root / "pack"


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    path = tmp_path / "small.json"
    path.write_text(json.dumps(SMALL))
    return path


def parse(*arguments: object) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    train.add_parser(parser.add_subparsers())
    return parser.parse_args(["train", *map(str, arguments)])


def new_run(hubert: Path, packed: Path, head: Path, out: Path, settings: Path) -> Trainer:
    config = read_config("hubert", settings)
    config = replace(config, model=replace(config.model, hubert=str(hubert)))
    return build_trainer("hubert", packed, head, out, config)


def rows_of(samples: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(normalise_sound(sound_rows(samples.astype(np.float32))))[None]


@pytest.mark.parametrize("n_samples", [1, 639, 640, 641, 16000, 51200])
@pytest.mark.parametrize("kind", [BASE, LARGE], ids=["base", "large"])
def test_there_are_two_frames_of_20_ms_per_motion_frame(
    tmp_path: Path, kind: dict[str, object], n_samples: int
) -> None:
    states = load_hubert(write_hubert(tmp_path, **kind))(rows_of(np.ones(n_samples)))

    n_frames = len(raw_log_mel(np.ones(n_samples, np.float32))) // 2
    assert states.shape == (3, 1, n_frames, 16)


def test_frame_k_hears_only_around_k_times_20_ms(tmp_path: Path) -> None:
    # Layer norm in the convolutions looks at one frame alone, group norm would see the whole line.
    frozen = load_hubert(write_hubert(tmp_path, **LARGE))
    extract = frozen.hubert.feature_extractor

    def heard(rows: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            return extract(torch.nn.functional.pad(rows.flatten(1), (200, 0)))[0]

    quiet = 0.1 * torch.randn(1, 200, 160, generator=torch.Generator().manual_seed(0))
    for place in (320 * 50 - 200, 320 * 50 + 199):  # first and last sample of the 25 ms about 1 s
        click = quiet.clone()
        click.view(-1)[place] += 5.0
        changed = (heard(click) - heard(quiet)).abs().amax(0) > 0
        assert changed[50], place
    for place in (320 * 50 - 201, 320 * 50 + 200):
        click = quiet.clone()
        click.view(-1)[place] += 5.0
        assert not ((heard(click) - heard(quiet)).abs().amax(0) > 0)[50], place


def test_the_frames_are_those_of_the_phones_and_the_mel(hubert: Path) -> None:
    samples = np.zeros(32000)
    samples[16000:] = np.random.default_rng(0).standard_normal(16000) * 0.3  # sound from 1 s on
    loud = raw_log_mel(samples.astype(np.float32)).mean(1)[::2]
    states = load_hubert(hubert).hubert.feature_extractor(
        torch.nn.functional.pad(rows_of(samples).flatten(1), (200, 0))
    )[0]
    moved = states.detach().std(0).numpy()[: len(loud)]

    middle = [int(np.argmax(x > (x[:40].mean() + x[60:95].mean()) / 2)) for x in (loud, moved)]
    assert abs(middle[0] - 50) <= 1
    assert abs(middle[1] - 50) <= 1


def test_training_moves_the_head_and_never_hubert(
    hubert: Path, corpus_pack: Path, head_file: Path, tmp_path: Path, settings: Path
) -> None:
    run = new_run(hubert, corpus_pack, head_file, tmp_path / "run", settings)
    before, batch = load_hubert(hubert).sha256, run.sampler.draw()

    def loss() -> float:
        torch.manual_seed(0)
        with torch.no_grad():
            return float(sum(run.objective.losses(batch).values()))

    first = loss()
    for step in range(12):
        run.train_step(step / 12)

    assert loss() < first
    assert run.objective.network.hubert.sha256 == before
    assert not any(p.requires_grad for p in run.objective.network.hubert.parameters())
    assert run.objective.network.layers.abs().max() > 0
    assert run.ema.hubert is run.objective.network.hubert
    run.save()
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)
    assert not [name for kept in ("ema", "objective") for name in state[kept] if ".hubert." in name]
    again = new_run(hubert, corpus_pack, head_file, tmp_path / "run", settings)
    assert again.step == 12
    assert torch.equal(again.ema.layers, run.ema.layers)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore:Constant folding:UserWarning")
def test_the_whole_chain_ends_in_a_daemon_that_hears_the_same(
    hubert: Path,
    corpus_pack: Path,
    head_file: Path,
    tmp_path: Path,
    settings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    common = ("--head", head_file, "--minutes", 0.02)
    args = parse(
        "--model", "encoder", "--encoder", "hubert", hubert, "--data", corpus_pack, *common,
        "--config", settings, "-o", tmp_path / "encoder",
    )  # fmt: skip
    args.run(args)
    run_main(
        features, corpus_pack, "--encoder", tmp_path / "encoder", "--voices", 2,
        "-o", tmp_path / "features",
    )  # fmt: skip
    args = parse(
        "--model", "regression", "--data", tmp_path / "features", *common, "-o", tmp_path / "run"
    )
    args.run(args)
    # Refuses graphs that differ from the trained network by more than 1e-4.
    told = list(export_bundle(tmp_path / "encoder", [tmp_path / "run"], tmp_path / "bundle"))

    assert told[0].startswith("speech_encoder.onnx: largest difference")
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    assert manifest["encoder"]["inputs"] == ["mel", "samples"]
    store = open_store(tmp_path / "bundle")
    _the_daemon_hears_what_training_heard(store, corpus_pack, tmp_path / "features")
    samples = np.random.default_rng(0).standard_normal(40 * 16000).astype(np.float32) * 0.1
    request = SynthesizeRequest(audio_sha256="", audio_name="", fps=30.0)
    first, second = (
        LipSyncEngine(store).synthesize(request, samples, lambda *_: None) for _ in range(2)
    )
    assert first.n_frames == 40 * 30
    assert np.isfinite(first.values).all()
    np.testing.assert_array_equal(first.values, second.values)
    _context_brings_windows_near_to_the_whole(store, samples, monkeypatch)


def _context_brings_windows_near_to_the_whole(
    store: ModelStore, samples: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert store.encoder is not None
    assert store.encoder.context_frames == HubertEncoder.context_frames
    blind = replace(store, encoder=replace(store.encoder, context_frames=0))

    def hear(used: ModelStore) -> np.ndarray:
        return SpeechEncoder(used).hear(samples, lambda _: None).phone_logits

    right, narrow = hear(store), hear(blind)
    monkeypatch.setattr(windows, "WINDOW_MOTION_FRAMES", 10**6)
    whole = hear(store)
    near, far = (float(np.sqrt(np.mean((x - whole) ** 2))) for x in (right, narrow))
    assert near < 0.5 * far


def _the_daemon_hears_what_training_heard(store: ModelStore, packed: Path, written: Path) -> None:
    source, found = Pack(packed), FeaturePack(written)
    entry = found.entries[0]
    original = next(e for e in source.entries if e.utterance_id == entry.utterance_id)
    samples = source.samples_of(original).reshape(-1)[: 3 * 16000]
    heard = SpeechEncoder(store).hear(samples, lambda _: None)
    both = np.concatenate([heard.phone_logits, heard.cepstrum], axis=1)
    assert both.shape == (2 * entry.n_frames, len(PHONES) + 12)
    np.testing.assert_allclose(both, found.speech_of(entry), atol=0.02)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
@pytest.mark.filterwarnings("ignore:Constant folding:UserWarning")
def test_a_large_one_agrees_with_its_graph_too(
    corpus_pack: Path, head_file: Path, tmp_path: Path, settings: Path
) -> None:
    folder = write_hubert(tmp_path / "large", **LARGE)
    new_run(folder, corpus_pack, head_file, tmp_path / "run", settings).save()

    line = next(export_bundle(tmp_path / "run", [], tmp_path / "bundle"))

    assert float(line.split()[-1]) < 1e-4


def test_a_pack_keeps_the_sound_that_it_was_made_of(corpus_pack: Path) -> None:
    packed = Pack(corpus_pack)
    for entry in packed.entries:
        rows = packed.samples_of(entry)
        assert rows.shape == (4 * entry.n_frames, 160)
        again = raw_log_mel(rows.reshape(-1))[: len(rows)]
        loud = packed.mel_of(entry) > -12  # 16 bits blur what is far below
        np.testing.assert_allclose(again[loud], packed.mel_of(entry)[loud], atol=0.05)


def test_both_hearings_see_the_same_stretch(corpus_pack: Path) -> None:
    packed = Pack(corpus_pack)
    entry = packed.entries[0]
    mel, sound = MelHearing(packed), SoundHearing(packed)
    (expected,) = mel.plain(mel.stretch(entry, 5, 68, 80)[None])
    for length in range(68, 97):
        assert sound.stretch(entry, -8, length, 80).shape == (320, 160)

    found, rows = sound.plain(sound.stretch(entry, 5, 68, 80)[None])

    assert found.shape == expected.shape
    assert np.corrcoef(found.mean((0, 2)), expected.mean((0, 2)))[0, 1] > 0.95
    assert abs(float(rows.square().mean()) - 1) < 0.01


def test_rooms_are_repeatable_and_leave_time_alone() -> None:
    sound = torch.zeros(8, 16000)
    sound[:, 8000:8400] = 0.5 * torch.randn(8, 400, generator=torch.Generator().manual_seed(1))

    first, second = (
        augment_sound.voice_and_room(sound.clone(), torch.Generator().manual_seed(3))
        for _ in range(2)
    )

    assert torch.equal(first, second)
    assert not torch.allclose(first, sound, atol=0.01)
    assert ((first.unfold(1, 400, 400).square().mean(2).argmax(1) - 20).abs() <= 1).all()


def test_a_pack_without_sound_is_named(
    pack: Pack, hubert: Path, head_file: Path, tmp_path: Path, settings: Path
) -> None:
    assert pack.entries
    with pytest.raises(BadInputError, match=r"holds no sound for HuBERT to hear.*--samples"):
        new_run(hubert, tmp_path / "pack", head_file, tmp_path / "run", settings)


def test_a_folder_without_a_configuration_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no readable config\.json; give the folder"):
        load_hubert(tmp_path)


def test_another_kind_of_model_is_named(tmp_path: Path) -> None:
    config = transformers.Wav2Vec2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32,
        conv_dim=[16] * 7, num_conv_pos_embeddings=16, num_conv_pos_embedding_groups=4,
    )  # fmt: skip
    transformers.Wav2Vec2Model(config).save_pretrained(tmp_path)

    with pytest.raises(BadInputError, match="of the kind 'wav2vec2', not a HuBERT"):
        load_hubert(tmp_path)


def test_another_frame_rate_is_named(tmp_path: Path) -> None:
    folder = write_hubert(tmp_path, conv_stride=[5, 2, 2, 2, 2, 2, 1])
    with pytest.raises(BadInputError, match="a frame per 160 samples; Mynah needs one per 320"):
        load_hubert(folder)


@pytest.mark.parametrize("prefix", ["", "hubert."], ids=["pre-trained", "fine-tuned"])
def test_files_with_the_names_of_older_releases_are_read(tmp_path: Path, prefix: str) -> None:
    folder = write_hubert(tmp_path)
    frozen = load_hubert(folder)
    older = {
        "parametrizations.weight.original0": "weight_g",
        "parametrizations.weight.original1": "weight_v",
    }
    state = {}
    for name, value in frozen.hubert.state_dict().items():
        for new, old in older.items():
            name = name.replace(new, old)
        state[prefix + name] = value
    assert sum("weight_g" in name for name in state) == 1
    (folder / "model.safetensors").unlink()
    torch.save(state, folder / "pytorch_model.bin")

    assert load_hubert(folder).sha256 == frozen.sha256


def test_missing_weights_are_named(tmp_path: Path) -> None:
    folder = write_hubert(tmp_path)
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**settings, "num_hidden_layers": 3}))
    with pytest.raises(BadInputError, match="lacks 16 of HuBERT's weights"):
        load_hubert(folder)
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(BadInputError, match="can't be read as a HuBERT: "):
        load_hubert(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(BadInputError, match="can't be read as a HuBERT: "):
        load_hubert(folder)


def test_a_missing_library_is_named(hubert: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "transformers", None)  # what Python does with a lost package
    with pytest.raises(BadInputError, match=r"pip install 'mynah_daemon\[training,hubert\]'"):
        load_hubert(hubert)


def test_other_weights_in_the_same_place_are_refused(
    corpus_pack: Path, head_file: Path, tmp_path: Path, settings: Path
) -> None:
    folder = write_hubert(tmp_path / "hubert")
    new_run(folder, corpus_pack, head_file, tmp_path / "run", settings).save()
    assert isinstance(load_trained(tmp_path / "run", *ENCODERS), HubertEncoder)

    write_hubert(folder, seed=1)

    with pytest.raises(BadInputError, match="other weights than the encoder was trained on"):
        load_trained(tmp_path / "run", *ENCODERS)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "regression", "--encoder", "hubert", "x"), "goes with --model encoder"),
        (("--model", "encoder", "--encoder", "wavlm", "x"), "no encoder 'wavlm'"),
        (("--model", "encoder", "--encoder", "hubert", "none"), r"none has no readable config"),
    ],
)
def test_a_wrong_encoder_is_named(
    corpus_pack: Path, head_file: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    common = ("--data", corpus_pack, "--head", head_file, "--minutes", 1, "-o", tmp_path / "run")
    args = build_parser().parse_args(["train", *arguments, *map(str, common)])
    with pytest.raises(BadInputError, match=said):
        args.run(args)


def test_a_manifest_that_wants_something_else_heard_is_refused(tmp_path: Path) -> None:
    from tests.inference_daemon.tiny_models import write_bundle

    path = write_bundle(tmp_path) / "manifest.json"
    manifest = json.loads(path.read_text())
    manifest["encoder"]["inputs"] = ["mel", "video"]
    path.write_text(json.dumps(manifest))
    with pytest.raises(EngineUnavailableError, match="a speech encoder that hears 'video'"):
        open_store(tmp_path)
