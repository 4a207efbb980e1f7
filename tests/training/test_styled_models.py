"""Every model with styles, from a training run to curves out of the engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_daemon.engine.diffusion import DiffusionModel
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.engine.postprocess import constrain
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import Quality, StyleUse, SynthesizeRequest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.builders import (  # noqa: E402  (needs torch)
    REGRESSION,
    STYLED,
    build_trainer,
    load_trained,
    read_config,
)  # fmt: skip
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.style_batches import StyleMix  # noqa: E402
from mynah_training.export_onnx import export_bundle  # noqa: E402
from mynah_training.half_weights import round_to_half  # noqa: E402
from mynah_training.models.regression import RegressionConfig  # noqa: E402
from tests.training.tiny_runs import write_encoder_run  # noqa: E402

DRIVEN_BY_CLIPS = ("anitalker", "fixtalk")
CLOSE = ARKIT_CHANNELS.index("mouthClose")
MIX = StyleMix(performer=1, others=1, animated=1, revoiced=1, silence=1, performers=3)
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # the exporter's advice about LSTMs and shapes that are fixed on purpose
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
    pytest.mark.filterwarnings("ignore:Exporting a model to ONNX:UserWarning"),
]


@pytest.fixture
def encoder(pack: Pack, head_file: Path, tmp_path: Path) -> Path:
    """The run of a tiny encoder, and the tiny pack's features by it."""
    return write_encoder_run(pack, head_file, tmp_path)


@pytest.mark.parametrize("name", STYLED)
def test_a_model_trains_resumes_exports_and_is_served(
    name: str, encoder: Path, head_file: Path, tmp_path: Path
) -> None:
    config = replace(read_config(name, None), mix=MIX)
    features, run = tmp_path / "features", tmp_path / name
    drafts = tmp_path / "regression"
    build_trainer(REGRESSION, features, head_file, drafts, read_config(REGRESSION, None)).save()
    trainer = build_trainer(name, features, head_file, run, config, regression=drafts)
    losses = [trainer.train_step(0.5) for _ in range(2)]
    trainer.save()

    assert all(np.isfinite(list(step.values())).all() for step in losses)
    assert build_trainer(name, features, head_file, run, config).step == 2

    lines = list(export_bundle(encoder, [run], tmp_path / "bundle", features))
    assert lines[1].startswith(f"{name}: ")
    engine = LipSyncEngine(open_store(tmp_path / "bundle"))
    samples = np.random.default_rng(0).standard_normal(64000).astype(np.float32) * 0.1
    request = SynthesizeRequest("", "", fps=30.0, model=name, quality=Quality.draft, seed=5)
    clip = engine.synthesize(request, samples, lambda *_: None)
    assert clip.values.shape == (120, 55)
    assert np.isfinite(clip.values).all()
    again = engine.synthesize(request, samples, lambda *_: None)
    np.testing.assert_array_equal(clip.values, again.values)
    other = engine.synthesize(replace(request, seed=6), samples, lambda *_: None)
    assert np.abs(clip.values - other.values).max() > 1e-3
    model = engine.model(name)
    assert isinstance(model, DiffusionModel)
    assert np.isfinite(model.encode_style(clip)).all()
    if name in DRIVEN_BY_CLIPS:
        _check_transfer(load_trained(run, *STYLED), engine, name)
    else:
        with pytest.raises(BadInputError, match=rf"'{name}' can't give a performance .* out\.$"):
            engine.transfer(replace(request, is_transfer=True), clip)


@torch.no_grad()
def _check_transfer(network: Any, engine: LipSyncEngine, name: str) -> None:
    """A line of several windows, driven through the engine as through the network itself."""
    round_to_half(network)
    rng = np.random.default_rng(3)
    noise = rng.standard_normal((700, 55)).astype(np.float32)
    smooth = np.apply_along_axis(np.convolve, 0, noise, np.full(5, 0.2, np.float32), "same")
    motion = 0.4 + 0.2 * smooth.astype(np.float32)
    motion[:, CLOSE] = 0
    driving, shown = (MotionClip(25.0, ARKIT_CHANNELS, m) for m in (motion[:600], motion[600:]))
    request = SynthesizeRequest(
        "", "", 25.0, model=name, styles=(StyleUse("shown"),), is_transfer=True
    )
    served = engine.transfer(request, driving, (shown,))
    clips = (network.normalise(torch.from_numpy(c.values)[None]) for c in (driving, shown))
    own, style = next(clips), network.encode_style(next(clips))
    wanted = network.denormalise(network.transfer(own, style))[0].numpy()
    wanted = np.where(network.scale.numpy() > 0, wanted, driving.values)
    wanted = constrain(MotionClip(25.0, ARKIT_CHANNELS, wanted)).values
    np.testing.assert_allclose(served.values, wanted, atol=1e-4)
    assert np.abs(served.values - driving.values).max() > 1e-2


def test_a_model_with_styles_needs_features_to_be_exported(
    encoder: Path, head_file: Path, tmp_path: Path
) -> None:
    config = replace(read_config("msmd", None), mix=MIX)
    build_trainer("msmd", tmp_path / "features", head_file, tmp_path / "run", config).save()

    with pytest.raises(BadInputError, match="--data FEATURES"):
        list(export_bundle(encoder, [tmp_path / "run"], tmp_path / "bundle"))


def test_mynah_needs_a_regression_model_of_the_usual_size(
    encoder: Path, head_file: Path, tmp_path: Path
) -> None:
    features, run = tmp_path / "features", tmp_path / "run"
    config = replace(read_config("mynah", None), mix=MIX)
    small = replace(read_config(REGRESSION, None), model=RegressionConfig(width=16))
    build_trainer(REGRESSION, features, head_file, tmp_path / "small", small).save()

    with pytest.raises(BadInputError, match="--regression RUN"):
        build_trainer("mynah", features, head_file, run, config)
    with pytest.raises(BadInputError, match="holds the model 'encoder', not regression"):
        build_trainer("mynah", features, head_file, run, config, regression=encoder)
    with pytest.raises(BadInputError, match="other sizes"):
        build_trainer("mynah", features, head_file, run, config, regression=tmp_path / "small")
