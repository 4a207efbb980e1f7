"""Ablations: every one takes away what it names, trains, and is judged against its paper."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.errors import BadInputError  # noqa: E402  (all of these need torch)
from mynah_training import ablations as driver  # noqa: E402
from mynah_training.builders import (  # noqa: E402
    STYLED,
    RunConfig,
    load_trained,
    read_config,
)
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.style_batches import StyleBatch, StyleMix  # noqa: E402
from mynah_training.evaluation.ablation_study import (  # noqa: E402
    Studied,
    read_studied,
    score_study,
)
from mynah_training.evaluation.ablations import (  # noqa: E402
    ABLATIONS,
    CONFIGS,
    STUDIED,
    Ablation,
    full_label,
)
from mynah_training.evaluation.columns import ABLATION_COLUMNS  # noqa: E402
from mynah_training.evaluation.contestants import Contestant  # noqa: E402
from mynah_training.losses.face import FaceLoss, FaceWeights  # noqa: E402
from mynah_training.metrics.head import LandmarkHead  # noqa: E402
from mynah_training.train import Trainer  # noqa: E402
from tests.training.style_batches import (  # noqa: E402
    MEAN,
    SCALE,
    N,
    conditions,
    style_batch,
)
from tests.training.styled_checks import predicted  # noqa: E402
from tests.training.tiny_runs import write_encoder_run  # noqa: E402

SMALL: dict[str, dict[str, Any]] = {
    "mynah": {"region_width": 8, "layers": 1, "style_encoder_width": 16, "bases": 2},
    "mirrortalk": {"width": 16, "layers": 1, "style_encoder_width": 16, "bank_size": 32},
    "disenttalk": {"region_width": 8, "layers": 1, "heads": 2},
    "msmd": {"width": 16, "layers": 1, "style_encoder_width": 16, "bases": 2},
    "anitalker": {"width": 16, "pyramid_width": 16, "speech_blocks": 1, "lstm_units": 8},
    "fixtalk": {"width": 16, "pyramid_width": 24, "layers": 1, "slots": 8, "token_width": 16},
}
MIX = StyleMix(performer=1, others=1, animated=1, revoiced=1, silence=1, performers=3)

# What is gone of the parameters and buffers, and the losses that are 0 or gone.
GONE: dict[str, list[str]] = {
    "mirrortalk-no_bank": ["banks."],
    "disenttalk-no_temporal": ["network.layers.0.temporal."],
    "disenttalk-no_region_attention": ["network.layers.0.spatial.attentions."],
    "msmd-no_basis": ["network.basis."],
    "anitalker-no_hal": ["network.identity_aggregation.", "network.motion_aggregation."],
    "anitalker-no_hal_club": ["network.identity_aggregation.", "network.motion_aggregation."],
    "anitalker-triplet": ["network.motion_aggregation.", "metric."],
    "anitalker-baseline": ["network.identity_aggregation.", "network.motion_aggregation."],
    "fixtalk-no_emi": ["network.indicator.queries", "network.indicator.layers."],
    "fixtalk-no_edi": ["network.details."],
    "fixtalk-no_emi_edi": ["network.indicator.queries", "network.details."],
    "mynah-no_basis": ["network.basis."],
    "mynah-no_region_attention": ["network.blocks.0.regions.attentions."],
    "mynah-one_scale": ["network.blocks.0.scales.scales.1."],
    "mynah-mean_pooling": ["network.style_encoder.pooling."],
    "mynah-no_gain": ["network.gain."],
    "mynah-no_draft": ["network.drafted."],
    "mynah-no_listening": ["network.listen."],
}
SILENT: dict[str, list[str]] = {
    "mirrortalk-no_disentanglement": ["orthogonality", "hsic", "structure", "expert"],
    "mirrortalk-no_triplet": ["triplet"],
    "disenttalk-no_sync": ["sync", "expert"],
    "anitalker-no_hal_club": ["mutual_information"],
    "anitalker-triplet": ["mutual_information"],
    "anitalker-baseline": ["mutual_information", "metric_learning"],
    "fixtalk-no_emi": ["disentanglement"],
    "fixtalk-no_edi": ["memory", "alignment", "token"],
    "fixtalk-no_emi_edi": ["disentanglement", "memory", "alignment", "token"],
    "mynah-no_sync": ["sync", "expert"],
    "mynah-no_join": ["join"],
    "mynah-no_closure": ["closure"],
}


def settings(label: str, config: Path | None) -> RunConfig:
    """Of a small model; what the ablation says comes last."""
    model = STUDIED[label]
    full, asked = read_config(model, None), read_config(model, config)
    said = {
        name: value
        for name, value in vars(asked.model).items()
        if value != getattr(full.model, name)
    }
    return replace(asked, model=replace(full.model, **(SMALL[model] | said)), mix=MIX)


def objective(label: str, config: Path | None) -> Any:
    found = settings(label, config)
    torch.manual_seed(0)
    return STYLED[STUDIED[label]][2](found.model, MEAN, SCALE, face(), found.denoising, 3)


def face() -> FaceLoss:
    """A head whose lips are 1 mm apart at rest and 31 mm with the jaw open."""
    neutral, deltas = np.zeros((68, 3), np.float32), np.zeros((52, 68, 3), np.float32)
    neutral[66, 1], deltas[17, 66, 1] = -1.0, -30.0
    return FaceLoss(LandmarkHead(neutral, deltas), SCALE, FaceWeights())


def pair(ablation: Ablation) -> tuple[Any, Any]:
    """The full objective and the one with something taken away."""
    return objective(full_label(ablation.model), None), objective(ablation.label, ablation.config)


by_label = {ablation.label: ablation for ablation in ABLATIONS}
every = pytest.mark.parametrize("label", by_label)


# What is taken away


def test_every_configuration_has_an_entry_and_the_reverse() -> None:
    files = {path.stem for path in CONFIGS.glob("*.json")}

    assert files == set(by_label)
    assert len(by_label) == len(ABLATIONS)
    assert set(STUDIED.values()) == set(STYLED)


def test_predictions_are_about_columns_and_each_is_about_another() -> None:
    keys = {column.key for column in ABLATION_COLUMNS}
    for ablation in ABLATIONS:
        asked = [prediction.column for prediction in ablation.predictions]
        assert set(asked) <= keys, ablation.label
        assert len(set(asked)) == len(asked), ablation.label


@every
def test_an_ablation_takes_away_what_it_names(label: str) -> None:
    full, less = pair(by_label[label])
    gone, silent = GONE.get(label, []), SILENT.get(label, [])
    assert gone or silent or label in CHECKS, "nothing says what is taken away"

    for start in gone:
        assert any(name.startswith(start) for name in full.state_dict()), start
        assert not any(name.startswith(start) for name in less.state_dict()), start
    if silent:
        before, after = _totals(full), _totals(less)
        for name in silent:
            assert before[name] != 0, name
            assert after.get(name, 0) == 0, name
    if label in CHECKS:
        CHECKS[label](full, less)


def _totals(trained: Any) -> dict[str, float]:
    """Losses over a few batches: in one of them a loss may ask for nothing."""
    torch.manual_seed(0)
    found = [trained.train().losses(style_batch(seed=seed)) for seed in range(4)]
    return {name: sum(abs(losses[name].item()) for losses in found) for name in found[0]}


def _sums(full: Any, less: Any) -> None:
    """Audio and style are added as they are."""
    for trained, plain in ((full, False), (less, True)):
        config, network = trained.config, trained.network
        layer = network.blocks[0] if hasattr(network, "blocks") else network.layers[0]
        audio, style = torch.randn(4, 5, config.width), torch.randn(4, 5, config.width)
        assert torch.allclose(layer.mix(audio, style), audio + style, atol=1e-5) == plain


def _every_region_sees_all(full: Any, less: Any) -> None:
    """A blink reaches the slice of the lips, which is the first one."""
    motion = torch.randn(1, 4, N + 1)
    blink = motion.clone()
    blink[..., 0] += 1.0
    with torch.no_grad():
        for trained, seen in ((full, False), (less, True)):
            stem = trained.network.stem
            lips = (stem(blink) - stem(motion)).chunk(4, dim=-1)[0]
            assert bool(lips.abs().max() > 1e-4) == seen


def _no_neighbour(full: Any, less: Any) -> None:
    """The local path knows of no other frame."""
    for trained, alone in ((full, False), (less, True)):
        network = trained.network
        layer = network.blocks[0] if hasattr(network, "blocks") else network.layers[0]
        x = torch.randn(1, layer.local.in_channels, 9)
        changed = x.clone()
        changed[..., 4] += 1.0
        moved = (layer.local(changed) - layer.local(x)).abs().amax(1)[0] > 1e-6
        assert moved.tolist() == [i == 4 or (not alone and abs(i - 4) <= 2) for i in range(9)]


def _imitates_itself(full: Any, less: Any) -> None:
    """What other clip is shown says nothing."""
    batch = style_batch(n_items=16)
    other = replace(batch, style=batch.style + 0.5)

    def loss(trained: Any, given: Any) -> float:
        torch.manual_seed(3)
        return trained.eval().losses(given)["denoising"].item()

    assert loss(full, batch) != loss(full, other)
    assert loss(less, batch) == loss(less, other)


def _blind_to_statistics(full: Any, less: Any) -> None:
    assert full.network.style_encoder.with_statistics
    width = less.config.style_encoder_width
    assert less.network.style_encoder.head[0].in_features == width
    assert full.network.style_encoder.head[0].in_features == width + 2 * N


def _printed(full: Any, less: Any) -> None:
    assert (full.config.lower_rule, less.config.lower_rule) == ("reversed", "printed")


def _triplets(full: Any, less: Any) -> None:
    """Of codes of length 1: a positive at the anchor, negatives opposite, lose nothing."""
    del full
    codes = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    assert float(less._metric(3 * codes, codes, torch.tensor([0, 1]))) == 0.0
    assert float(less._metric(codes, -codes, torch.tensor([0, 1]))) == pytest.approx(0.2)


def _pairs_of_a_batch(full: Any, less: Any) -> None:
    """The loss of a batch doesn't know what was before it."""
    one, two = style_batch(seed=1), style_batch(seed=2)

    def structure(trained: Any, batch: Any) -> float:
        torch.manual_seed(0)
        return trained.train().stage_1(batch, batch.motion)["structure"].item()

    for trained, same in ((full, False), (less, True)):
        first = structure(trained, one)
        structure(trained, two)
        assert (structure(trained, one) == pytest.approx(first, rel=1e-4)) == same


CHECKS: dict[str, Callable[[Any, Any], None]] = {
    "mirrortalk-no_bank": _pairs_of_a_batch,
    "mirrortalk-no_h_scales": _sums,
    "mynah-no_h_scales": _sums,
    "disenttalk-no_split": _every_region_sees_all,
    "mynah-no_split": _every_region_sees_all,
    "disenttalk-no_local": _no_neighbour,
    "mynah-no_local": _no_neighbour,
    "msmd-no_cross": _imitates_itself,
    "mynah-no_cross": _imitates_itself,
    "mynah-no_statistics": _blind_to_statistics,
    "mynah-printed_rule": _printed,
    "anitalker-triplet": _triplets,
}


def test_fixtalk_without_memory_renders_no_detail() -> None:
    less = objective("fixtalk-no_edi", by_label["fixtalk-no_edi"].config)
    model, style = less.network.eval(), torch.randn(2, less.network.style_width)
    codes = torch.randn(2, 9, 20)

    assert not model.detail(codes, style, model.features(codes, style)).any()
    assert predicted(model, conditions(style_batch(2), style)).shape == (2, 70, N)


# Training


@pytest.fixture
def encoder(pack: Pack, head_file: Path, tmp_path: Path) -> Path:
    """The run of a tiny encoder, and the tiny pack's features by it."""
    return write_encoder_run(pack, head_file, tmp_path)


class Batches:
    """A sampler of random batches."""

    def __init__(self) -> None:
        self.seed = 0

    def draw(self) -> StyleBatch:
        self.seed += 1
        return style_batch(seed=self.seed)

    def reseed(self, seed: int, step: int) -> None:
        self.seed = seed + step


@every
def test_an_ablation_trains_two_steps_and_is_read_back(label: str, tmp_path: Path) -> None:
    model, config = STUDIED[label], settings(label, by_label[label].config)
    about = {"name": model, "model": asdict(config.model)}
    trained = objective(label, by_label[label].config)
    trainer = Trainer(trained, Batches(), tmp_path, config.training, about)
    losses = [trainer.train_step(0.5) for _ in range(2)]
    trainer.save()

    assert all(np.isfinite(list(step.values())).all() for step in losses)
    network = load_trained(tmp_path, model)
    given = conditions(style_batch(2), torch.randn(2, network.style_width))
    assert torch.allclose(predicted(network, given), predicted(trainer.ema, given), atol=1e-5)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")
def test_the_driver_trains_exports_and_skips_what_is_finished(
    encoder: Path, head_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(
        driver, "read_config", lambda model, path: settings(full_label(model), path)
    )
    out = tmp_path / "study"
    arguments = [
        *("--data", tmp_path / "features", "--head", head_file, "--encoder", encoder),
        *("--regression", tmp_path / "regression", "--minutes", 0.001),
        *("--only", "msmd-[fn]*_*", "-o", out),
    ]

    driver.main([str(argument) for argument in arguments])
    first = capsys.readouterr().out
    driver.main([str(argument) for argument in arguments])

    told = [line.split(" ")[0] for line in first.splitlines() if line.startswith("msmd")]
    assert told == [
        "msmd-no_basis:",
        "msmd-no_cross:",
    ]
    assert capsys.readouterr().out.count("finished before") == 2
    study = [Studied(f"msmd-{n}", out / "bundles" / f"msmd-{n}", None) for n in ("no_basis",)]
    rows = score_study(study, [], _name_and_joins, _none, lambda _: None)
    assert rows == {"msmd-no_basis": [{"joins": 1.0}]}
    with pytest.raises(BadInputError, match="give --weights msmd-full=DIR too"):
        read_studied([("msmd-no_basis", out / "bundles" / "msmd-no_basis")])
    both = [(label, out / "bundles" / "msmd-no_basis") for label in ("msmd-no_cross", "msmd-full")]
    found = read_studied(both)
    assert [s.label for s in found] == ["msmd-full", "msmd-no_cross"]
    assert found[0].budget is not None
    assert found[0].budget.minutes >= 0.001
    assert found[0].budget.steps > 0


def _name_and_joins(contestant: Contestant) -> dict[str, float]:
    assert contestant.served
    return {"joins": 1.0}


def _none(run: Path) -> dict[str, float]:
    raise AssertionError(run)


def test_an_unknown_pattern_is_named() -> None:
    assert driver.chosen("*")[:2] == ["mirrortalk-full", "disenttalk-full"]
    assert driver.chosen("msmd-*") == ["msmd-full", "msmd-no_basis", "msmd-no_cross"]
    with pytest.raises(
        BadInputError, match=r"No ablation is called 'msmd_x'; there are .*no_cross"
    ):
        driver.chosen("msmd_x")
