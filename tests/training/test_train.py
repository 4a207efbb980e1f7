"""The trainer on CPU and GPU: what a GPU's path computes, batches drawn ahead, and refusals."""

from __future__ import annotations

import copy
import multiprocessing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon import cli
from mynah_shared.errors import BadInputError

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.acceleration import accelerate, find_device  # noqa: E402  (needs torch)
from mynah_training.builders import REGRESSION, RunConfig, build_trainer  # noqa: E402
from mynah_training.data.features import write_features  # noqa: E402
from mynah_training.data.motion_batches import MotionSampler  # noqa: E402
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.prefetch import Prefetcher  # noqa: E402
from mynah_training.data.utterances import UtteranceMix  # noqa: E402
from mynah_training.models.msmd import MsmdConfig, MsmdObjective  # noqa: E402
from mynah_training.models.regression import RegressionConfig  # noqa: E402
from mynah_training.models.speech_encoder import (  # noqa: E402
    SpeechEncoder,
    SpeechEncoderConfig,
)  # fmt: skip
from mynah_training.models.styled import DenoisingConfig  # noqa: E402
from mynah_training.modules.attention import rotate  # noqa: E402
from tests.training.style_batches import MEAN, SCALE, face_loss, style_batch  # noqa: E402

CPU = torch.device("cpu")
TINY = RunConfig(
    RegressionConfig(width=16, dilations=(1,)),
    UtteranceMix(performer=2, others=1, animated=1, revoiced=1, silence=1),
)
# Python warns that a process with threads is copied; the loader's workers only draw batches.
forks = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


@dataclass(frozen=True)
class Numbers:
    values: torch.Tensor


class Counting:
    """Batches that tell seed and step; the one of step `failing` can't be drawn."""

    def __init__(self, failing: int = -1) -> None:
        self.failing = failing
        self.reseed(0, 0)

    def reseed(self, seed: int, step: int) -> None:
        self.step, self.rng = step, np.random.default_rng([seed, step])

    def draw(self) -> Numbers:
        if self.step == self.failing:
            raise BadInputError("speech.npy ends early.")
        return Numbers(torch.tensor([self.step, self.rng.random()]))


@pytest.fixture
def features(pack: Pack, tmp_path: Path) -> Path:
    torch.manual_seed(0)
    encoder = SpeechEncoder(SpeechEncoderConfig(width=16, dilations=(1, 2))).eval()
    list(write_features(pack, encoder, tmp_path / "features", 2, 0))
    return tmp_path / "features"


@forks
def test_batches_come_in_order_whoever_draws_them() -> None:
    one, two = (Prefetcher(Counting(), 7, CPU, workers) for workers in (1, 2))

    found = [[p.draw().values.tolist() for _ in range(8)] for p in (one, two)]
    one.close()
    two.close()

    assert found[0] == found[1]
    assert [step for step, _ in found[0]] == list(range(8))
    assert len({value for _, value in found[0]}) == 8


@forks
def test_drawing_goes_on_where_it_ended_and_after_a_resume() -> None:
    whole, parted, resumed = (Prefetcher(Counting(), 7, CPU, 2) for _ in range(3))
    expected = [whole.draw().values.tolist() for _ in range(6)]
    parts = [parted.draw().values.tolist() for _ in range(2)]
    parted.close()
    parts += [parted.draw().values.tolist() for _ in range(2)]
    resumed.reseed(7, 4)
    last = [resumed.draw().values.tolist() for _ in range(2)]
    for prefetcher in (whole, parted, resumed):
        prefetcher.close()

    assert parts + last == expected


@forks
def test_a_failure_in_a_worker_is_raised_and_no_worker_stays() -> None:
    before = set(multiprocessing.active_children())
    prefetcher = Prefetcher(Counting(failing=3), 0, CPU, 2)
    for _ in range(3):
        prefetcher.draw()
    assert set(multiprocessing.active_children()) > before

    with pytest.raises(BadInputError, match=r"speech\.npy ends early"):
        prefetcher.draw()

    assert set(multiprocessing.active_children()) == before


@forks
def test_a_trained_batch_comes_whole_out_of_a_worker(features: Path) -> None:
    from mynah_training.data.features import FeaturePack

    def sampler() -> MotionSampler:
        return MotionSampler(FeaturePack(features), TINY.mix, seed=3)

    prefetcher = Prefetcher(sampler(), 3, CPU, 1)
    drawn, expected = prefetcher.draw(), sampler().draw()
    prefetcher.close()

    assert type(drawn) is type(expected)
    for name, value in vars(expected).items():
        assert torch.equal(getattr(drawn, name), value)


# What the compiler sees, looking at tensors on their way through.
@pytest.mark.filterwarnings("ignore:The .grad attribute of a Tensor that is not a leaf:UserWarning")
def test_bf16_changes_neither_the_losses_nor_the_names_of_parameters(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("WARNING", "torch.__trace")  # or the compiler writes down every tensor
    torch.manual_seed(0)
    exact = MsmdObjective(
        MsmdConfig(layers=1, style_encoder_layers=1), MEAN.clone(), SCALE.clone(), face_loss(),
        DenoisingConfig(), 3,
    ).train()  # fmt: skip
    fast, names = copy.deepcopy(exact), list(exact.state_dict())
    untouched = copy.deepcopy(fast.network)
    accelerate(fast.network, CPU, backend="eager")

    def losses(objective: MsmdObjective) -> dict[str, torch.Tensor]:
        torch.manual_seed(1)
        return objective.losses(style_batch())

    wanted, found = losses(exact), losses(fast)
    assert list(fast.state_dict()) == names
    assert {value.dtype for value in found.values()} == {torch.float32}
    for name, value in wanted.items():
        assert float(found[name].detach()) == pytest.approx(float(value.detach()), rel=0.02)
    assert not torch.equal(found["denoising"], wanted["denoising"])  # bf16 was at work
    assert "predict" in vars(fast.network)
    assert "predict" not in vars(untouched)
    torch.stack(list(found.values())).sum().backward()
    assert fast.network.primary[0].weight.grad.dtype == torch.float32


def test_positions_stay_apart_in_bf16() -> None:
    x, positions = torch.randn(1, 1, 80, 32), torch.arange(80)

    error = (rotate(x.bfloat16(), positions) - rotate(x, positions)).abs().max()

    assert float(error) < 0.05


def test_a_device_that_is_not_there_is_named() -> None:
    if torch.cuda.is_available():
        pytest.skip("this machine has a CUDA device")

    with pytest.raises(BadInputError, match="No CUDA device is available; train with --device cpu"):
        find_device("cuda")


def test_a_missing_head_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", "--model", "regression", "--data", str(tmp_path)]

    assert cli.main([*command, "--minutes", "1", "-o", str(tmp_path / "run")]) != 0
    assert "--head is missing; give the ICT-FaceKit head" in capsys.readouterr().err


@pytest.mark.gpu
@forks
def test_a_run_on_a_gpu_goes_on_on_a_cpu(features: Path, head_file: Path, tmp_path: Path) -> None:
    run = build_trainer(REGRESSION, features, head_file, tmp_path / "run", TINY, "cuda")
    assert {p.device.type for p in run.objective.parameters()} == {"cuda"}
    run.fit(minutes=0.5)
    assert run.step > 0
    assert not multiprocessing.active_children()

    again = build_trainer(REGRESSION, features, head_file, tmp_path / "run", TINY)

    assert again.step == run.step
    for ours, theirs in zip(again.ema.parameters(), run.ema.parameters(), strict=True):
        assert torch.equal(ours, theirs.cpu())
    assert np.isfinite(list(again.train_step(1.0).values())).all()
