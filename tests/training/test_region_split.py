"""DisentTalk's data-driven split into lips, eyes and the rest, in two spaces of coefficients."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES  # noqa: E402
from mynah_training.modules.region_split import sensitivity, split_dimensions  # noqa: E402

N = len(ARKIT_BLENDSHAPES)


def indices(*names: str) -> tuple[int, ...]:
    return tuple(sorted(ARKIT_BLENDSHAPES.index(name) for name in names))


OPENING = indices("jawOpen", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthUpperUpLeft")
LIDS = indices("eyeBlinkLeft", "eyeBlinkRight")


def arkit_faces() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Faces, with their lips closed, and with their eyes closed."""
    generator = torch.Generator().manual_seed(0)
    faces = torch.rand(300, N, generator=generator)
    lips_closed, eyes_closed = faces.clone(), faces.clone()
    lips_closed[:, OPENING] = 0
    eyes_closed[:, LIDS] = 1
    return faces, lips_closed, eyes_closed


def test_the_ratio_is_the_largest_change_by_the_deviation() -> None:
    motion = torch.tensor([[0.0, 1.0, 5.0], [2.0, 3.0, 5.0]])
    edited = torch.tensor([[0.0, 1.5, 9.0], [-1.0, 3.0, 5.0]])

    assert sensitivity(motion, edited).tolist() == pytest.approx([3.0, 0.5, 0.0])


def test_in_arkit_space_the_edited_channels_are_found() -> None:
    split = split_dimensions(*arkit_faces(), k_lip=4, k_eye=2)

    assert split.lips == OPENING
    assert split.eyes == LIDS
    assert len(split.rest) == N - 6


def test_the_scale_of_a_dimension_does_not_matter() -> None:
    scale = torch.logspace(-2, 2, N)

    assert split_dimensions(*(faces * scale for faces in arkit_faces()), 4, 2) == (
        split_dimensions(*arkit_faces(), 4, 2)
    )


def test_in_pca_space_the_components_that_move_the_part_are_found() -> None:
    """Vertices of lips, eyes and brows move apart from each other; their PCA is in no order of
    parts, and edits are made on the mesh, then projected."""
    generator = torch.Generator().manual_seed(1)

    def part(n_vertices: int, n_moves: int, size: float) -> torch.Tensor:
        moves = torch.randn(400, n_moves, generator=generator) * size
        return moves @ torch.randn(n_moves, n_vertices, generator=generator)

    lips, eyes, brows = part(20, 4, 1.0), part(12, 2, 0.3), part(16, 3, 0.6)
    mesh = torch.cat([lips, eyes, brows], dim=1)
    mesh = mesh - mesh.mean(0)
    components = torch.linalg.svd(mesh, full_matrices=False).Vh[:9]

    def closed(part: slice) -> torch.Tensor:
        edited = mesh.clone()
        edited[:, part] = edited[:, part].amin(0)
        return edited @ components.T

    split = split_dimensions(
        mesh @ components.T, closed(slice(0, 20)), closed(slice(20, 32)), k_lip=4, k_eye=2
    )

    energy = components.square()
    moves_lips, moves_eyes = energy[:, :20].sum(1), energy[:, 20:32].sum(1)
    assert set(split.lips) == set(moves_lips.topk(4).indices.tolist())
    assert set(split.eyes) == set(moves_eyes.topk(2).indices.tolist())
    assert sorted(split.lips + split.eyes + split.rest) == list(range(9))


def test_a_dimension_that_both_edits_change_goes_to_the_more_sensitive_region() -> None:
    motion = torch.tensor([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]])
    lips_closed = motion + torch.tensor([2.0, 5.0, 1.0])
    eyes_closed = motion + torch.tensor([3.0, 4.0, 0.0])

    split = split_dimensions(motion, lips_closed, eyes_closed, 1, 1)

    assert (split.lips, split.eyes, split.rest) == ((1,), (0,), (2,))


def test_more_dimensions_than_there_are_can_not_be_asked_for() -> None:
    with pytest.raises(ValueError, match="can't give"):
        split_dimensions(*arkit_faces(), k_lip=50, k_eye=3)
