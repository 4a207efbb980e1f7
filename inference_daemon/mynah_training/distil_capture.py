"""Distils the capture's solve into the network that ships: `python -m mynah_training.distil_capture
--head HEAD -o inference_daemon/mynah_daemon/weights`.

Lessons are made-up faces (`data.captured_faces`) and what the solver makes of them; a few minutes
on one core are enough. Writes `capture.onnx` and, with its checksum, `capture.json`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
import torch
from torch import Tensor, nn

from mynah_daemon.capture.distilled import GRAPH, NOTE
from mynah_daemon.capture.face_points import N_SKIN, SKIN_TRUST
from mynah_daemon.capture.head_model import HeadModel, load_head, reference_face
from mynah_daemon.capture.observation import N_MEASURED, lip_gap
from mynah_daemon.capture.solver import LASTING_COLUMNS, Solver, unmix
from mynah_shared.errors import MynahError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .data.captured_faces import FaceMaker
from .models.capture_network import BoxSteps, CaptureNetwork

N_STEPS: Final = 24
N_LASTING_STEPS: Final = 24
TOLERANCE: Final = 1e-4
_FRAMES_PER_CLIP: Final = 192
_BATCH: Final = 256
_LEARNING_RATE: Final = 5e-4
_FIT_SCALE: Final = 0.02  # 1/mm²: brings the fit's loss to the order of the others


@dataclass(frozen=True, eq=False)
class Lessons:
    """Targets and the solver's shares, of frames [L, 52] and of resting faces [P, 18]."""

    frame_targets: Tensor
    frame_shares: Tensor
    lasting_targets: Tensor
    lasting_shares: Tensor


def main() -> None:
    """Makes the lessons, trains, exports, and reports."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--head", type=Path, required=True, help="ict_arkit52.npz or its folder")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--people", type=int, default=200, help="made-up people to learn from")
    parser.add_argument(
        "--minutes", type=float, default=3.0, help="of computing, after the lessons"
    )
    arguments = parser.parse_args()
    head = load_head(arguments.head)
    solver = Solver(head)
    lessons = make_lessons(head, solver, arguments.people, seed=0)
    network = CaptureNetwork(solver, N_STEPS, N_LASTING_STEPS)
    train(network, lessons, head, arguments.minutes)
    exam = make_lessons(head, solver, max(arguments.people // 10, 2), seed=1)
    print(f"lip gap of strangers within {gap_error_mm(network, exam, head):.3f} mm (RMS)")
    for line in export(network, arguments.output):
        print(line)


def make_lessons(head: HeadModel, solver: Solver, n_people: int, seed: int) -> Lessons:
    """What the solver makes of `n_people` made-up people."""
    maker, rng = FaceMaker(head, reference_face()), np.random.default_rng(seed)
    rows: list[list[np.ndarray]] = [[], [], [], []]
    for _ in range(n_people):
        seen = maker.clip(_FRAMES_PER_CLIP, rng)
        rest = (SKIN_TRUST * seen.rest).reshape(1, -1)
        held = np.zeros((1, len(ARKIT_BLENDSHAPES)))
        held[:, LASTING_COLUMNS] = solver.lasting.shares(rest)
        measured = seen.measured + held @ solver.effects
        rows[0].append(measured @ solver.frames.to_targets - solver.frames.threshold)
        rows[1].append(solver.frames.shares(measured))
        rows[2].append(rest @ solver.lasting.to_targets - solver.lasting.threshold)
        rows[3].append(held[:, LASTING_COLUMNS])
    return Lessons(*(torch.from_numpy(np.concatenate(part)).float() for part in rows))


def train(network: CaptureNetwork, lessons: Lessons, head: HeadModel, minutes: float) -> None:
    """Teaches the steps to end where the solver ends; the products before them stay."""
    torch.manual_seed(0)
    network.requires_grad_(False)
    tasks = (
        (network.lasting_steps, lessons.lasting_targets, lessons.lasting_shares, None, 0.1),
        (network.frame_steps, lessons.frame_targets, lessons.frame_shares, _GapLoss(head), 0.9),
    )
    for steps, targets, shares, gap_loss, part in tasks:
        steps.requires_grad_(True)
        _fit(steps, targets, shares, gap_loss, 60 * minutes * part)
        steps.requires_grad_(False)


def _fit(
    steps: BoxSteps, targets: Tensor, shares: Tensor, gap_loss: nn.Module | None, budget_s: float
) -> None:
    hessian = steps.hessian
    optimiser = torch.optim.Adam(steps.parameters(), _LEARNING_RATE)
    start = time.process_time()
    while (spent := (time.process_time() - start) / budget_s) < 1:
        optimiser.param_groups[0]["lr"] = _LEARNING_RATE * (1 - spent)
        rows = torch.randint(0, len(targets), (_BATCH,))
        found, wanted = steps(targets[rows]), shares[rows]
        error = found - wanted
        loss = _FIT_SCALE * ((error @ hessian) * error).sum(dim=1).mean()
        loss = loss + 5 * error.square().sum(dim=1).mean()
        if gap_loss is not None:
            loss = loss + gap_loss(found, wanted)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(steps.parameters(), 1.0)
        optimiser.step()


class _GapLoss(nn.Module):
    """Mean difference in mm of the lip gaps that two sets of shares make on the head."""

    def __init__(self, head: HeadModel) -> None:
        super().__init__()
        unmixed = np.eye(len(ARKIT_BLENDSHAPES))
        jaw, close = (ARKIT_BLENDSHAPES.index(name) for name in ("jawOpen", "mouthClose"))
        unmixed[close, jaw] = 1
        apart = np.tensordot(unmixed, head.deltas[:, 13] - head.deltas[:, 14], axes=1)
        self.apart = torch.from_numpy(apart).float()
        self.at_rest = torch.from_numpy(head.neutral[13] - head.neutral[14]).float()

    def forward(self, found: Tensor, wanted: Tensor) -> Tensor:
        gaps = [(shares @ self.apart + self.at_rest).norm(dim=1) for shares in (found, wanted)]
        return (gaps[0] - gaps[1]).abs().mean()


@torch.no_grad()
def gap_error_mm(network: CaptureNetwork, lessons: Lessons, head: HeadModel) -> float:
    """Root mean square difference of the lip gaps after the network's steps and the solver's."""
    found = network.frame_steps(lessons.frame_targets)
    gaps = [
        lip_gap(head.pose(unmix(shares.numpy().astype(np.float64))))
        for shares in (found, lessons.frame_shares)
    ]
    return float(np.sqrt(np.mean(np.square(gaps[0] - gaps[1]))))


def export(network: CaptureNetwork, folder: Path) -> Iterator[str]:
    """Writes graph and note; a line per file. Raises `MynahError` if the graph computes something
    else than the network."""
    network.eval()
    path = folder / GRAPH
    rng = torch.Generator().manual_seed(0)
    measured = torch.randn(7, N_MEASURED, generator=rng)
    rest = torch.randn(1, 3 * N_SKIN, generator=rng)
    torch.onnx.export(
        network,
        (measured, rest),
        str(path),
        input_names=["measured", "rest"],
        output_names=["coefficients", "turns"],
        dynamic_axes={name: {0: "frames"} for name in ("measured", "coefficients", "turns")},
        opset_version=17,
        dynamo=False,
    )
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        expected = network(measured[:3], rest)
    outputs = session.run(None, {"measured": measured[:3].numpy(), "rest": rest.numpy()})
    pairs = zip(outputs, expected, strict=True)
    difference = max(float(np.abs(ours - theirs.numpy()).max()) for ours, theirs in pairs)
    if difference > TOLERANCE:
        raise MynahError(f"{path.name} differs from the trained network by {difference:.1e}.")
    yield f"{path.name}: {path.stat().st_size / 1e6:.2f} MB, differs by {difference:.1e}"
    note = {"file": GRAPH, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    (folder / NOTE).write_text(json.dumps(note, indent=2) + "\n", "utf-8")
    yield f"{NOTE} written"


if __name__ == "__main__":
    main()
