"""Weights stored in half precision: a smaller file that computes the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

import onnxruntime  # noqa: E402  (needs torch)

from mynah_training.half_weights import round_to_half, store_half  # noqa: E402


@pytest.fixture
def network() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(64, 64), torch.nn.GELU(), torch.nn.Linear(64, 2))


def export(network: torch.nn.Module, path: Path) -> None:
    torch.onnx.export(
        network, (torch.randn(1, 64),), str(path), input_names=["x"], dynamic_axes={"x": {0: "n"}},
        opset_version=17, dynamo=False,
    )  # fmt: skip


def computed(path: Path, x: torch.Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x.numpy()})[0]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of torch's older exporter
def test_a_rounded_network_loses_nothing_but_half_its_size(
    network: torch.nn.Module, tmp_path: Path
) -> None:
    round_to_half(network)
    export(network, tmp_path / "net.onnx")
    whole = (tmp_path / "net.onnx").stat().st_size
    x = torch.randn(5, 64)
    before = computed(tmp_path / "net.onnx", x)

    store_half(tmp_path / "net.onnx")

    assert (tmp_path / "net.onnx").stat().st_size < 0.6 * whole
    np.testing.assert_array_equal(computed(tmp_path / "net.onnx", x), before)


def test_rounding_moves_weights_by_less_than_a_thousandth(network: torch.nn.Module) -> None:
    before = network[0].weight.clone()

    round_to_half(network)

    change = (network[0].weight - before).abs() / before.abs()
    assert 0 < change.max() < 1e-3
