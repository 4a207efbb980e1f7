"""Distilling the capture: made-up faces are plausible, and the network learns what the solver
does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_daemon.capture.distilled import CaptureNetwork as ShippedNetwork  # noqa: E402
from mynah_daemon.capture.head_model import HeadModel, load_head, reference_face  # noqa: E402
from mynah_daemon.capture.observation import lip_gap  # noqa: E402
from mynah_daemon.capture.solver import Solver  # noqa: E402
from mynah_shared.errors import BadInputError  # noqa: E402
from mynah_training.data.captured_faces import FaceMaker  # noqa: E402
from mynah_training.distil_capture import (  # noqa: E402
    export,
    gap_error_mm,
    make_lessons,
    train,
)
from mynah_training.landmark_embedding import canonical_face, embed  # noqa: E402
from mynah_training.models.capture_network import CaptureNetwork  # noqa: E402


@pytest.fixture(scope="module")
def head(shared_data: Path) -> HeadModel:
    return load_head(shared_data / "data" / "ict_facekit")


def test_made_up_faces_are_seeded_and_human(head: HeadModel) -> None:
    maker = FaceMaker(head, reference_face())
    first, again, other = (maker.landmarks(40, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 10
    seen = maker.clip(120, np.random.default_rng(3))
    assert seen.resting_gap_mm < 4
    assert 5 < np.percentile(seen.lip_gap_mm, 95) < 45
    assert np.sqrt(np.mean(seen.rest**2)) < 12


@pytest.mark.filterwarnings("ignore")  # torch's tracing exporter announces its successor
def test_the_network_learns_and_is_exported(head: HeadModel, tmp_path: Path) -> None:
    solver = Solver(head)
    lessons, exam = (make_lessons(head, solver, 2, seed) for seed in (0, 1))
    network = CaptureNetwork(solver, n_steps=8, n_lasting_steps=4)
    before = gap_error_mm(network, exam, head)
    train(network, lessons, head, minutes=0.05)
    assert gap_error_mm(network, exam, head) < before
    lines = list(export(network, tmp_path))
    assert lines[0].startswith("capture.onnx: ")

    seen = FaceMaker(head, reference_face()).clip(30, np.random.default_rng(4))
    shipped, ours = ShippedNetwork(tmp_path).solve(seen), solver.solve(seen)
    assert shipped.coefficients.shape == (30, 52)
    gaps = [lip_gap(head.pose(solution.coefficients)) for solution in (shipped, ours)]
    assert np.sqrt(np.mean((gaps[0] - gaps[1]) ** 2)) < 2
    assert np.abs(shipped.turns - ours.turns).max() < 0.05


def test_the_embedding_that_ships_can_be_made_again(shared_data: Path, repository: Path) -> None:
    landmarker = shared_data / "models" / "face_landmarker.task"
    vertices, reference = embed(landmarker, shared_data / "data" / "ict_facekit")
    np.testing.assert_allclose(reference, reference_face(), atol=0.01)
    from mynah_daemon.capture.head_model import landmark_vertices

    assert (vertices != landmark_vertices()).sum() <= 2  # ties, on another processor


def test_another_file_holds_no_canonical_face(tmp_path: Path) -> None:
    (tmp_path / "x.task").write_bytes(b"PK")
    with pytest.raises(BadInputError, match="holds no canonical face"):
        canonical_face(tmp_path / "x.task")
