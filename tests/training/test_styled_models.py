"""Every model with styles, from a training run to curves out of the engine."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.engine.diffusion import DiffusionModel
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import Quality, SynthesizeRequest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.builders import (  # noqa: E402  (needs torch)
    REGRESSION,
    STYLED,
    build_trainer,
    read_config,
)  # fmt: skip
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.style_batches import StyleMix  # noqa: E402
from mynah_training.export_onnx import export_bundle  # noqa: E402
from mynah_training.models.regression import RegressionConfig  # noqa: E402
from tests.training.tiny_runs import write_encoder_run  # noqa: E402

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
