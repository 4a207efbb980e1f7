"""Model See, Model Do: equations by hand, switches, training steps and export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.motion.arkit import ARKIT_CHANNELS  # noqa: E402  (needs torch)
from mynah_training.losses.kl import kl_loss  # noqa: E402
from mynah_training.losses.smoothness import smoothness_loss  # noqa: E402
from mynah_training.models.msmd import (  # noqa: E402
    MsmdConfig,
    MsmdLayer,
    MsmdModel,
    MsmdObjective,
)  # fmt: skip
from mynah_training.models.styled import Conditions, DenoisingConfig  # noqa: E402
from mynah_training.modules.style_basis import StyleBasis  # noqa: E402
from mynah_training.modules.style_vae import MeanPooling, StyleVae, draw  # noqa: E402
from mynah_training.modules.window_tokens import WindowTokens  # noqa: E402
from tests.training.exporting import largest_error  # noqa: E402
from tests.training.style_batches import (  # noqa: E402
    MEAN,
    SCALE,
    N,
    conditions,
    face_loss,
    style_batch,
)  # fmt: skip
from tests.training.styled_checks import (  # noqa: E402
    SWITCHED,
    assert_steps_lower_the_loss,
    assert_switch_works,
    predicted,
    total_loss,
)  # fmt: skip

TINY = MsmdConfig(
    width=16, heads=2, layers=2, dropout=0.0, style_width=8, style_encoder_width=16,
    style_encoder_layers=2, bases=3,
)  # fmt: skip


@pytest.fixture
def model() -> MsmdModel:
    torch.manual_seed(0)
    return MsmdModel(TINY, MEAN, SCALE).eval()


def objective(denoising: DenoisingConfig | None = None, **config: float) -> MsmdObjective:
    torch.manual_seed(0)
    denoising = denoising or DenoisingConfig()
    return MsmdObjective(replace(TINY, **config), MEAN, SCALE, face_loss(), denoising, 3)


@pytest.fixture
def given(model: MsmdModel) -> Conditions:
    return conditions(style_batch(), torch.randn(6, model.style_width))


def test_shapes_and_repeatable_style(model: MsmdModel, given: Conditions) -> None:
    clip = torch.randn(6, 33, N)
    with torch.no_grad():
        style = model.encode_style(clip)
        assert torch.equal(style, model.encode_style(clip))

    assert style.shape == (6, TINY.style_width)
    assert predicted(model, given).shape == (6, 70, N)


@pytest.mark.parametrize(("switch", "condition"), SWITCHED)
def test_a_condition_counts_only_while_it_is_switched_on(
    model: MsmdModel, given: Conditions, switch: str, condition: str
) -> None:
    assert_switch_works(model, given, switch, condition)


def test_given_frames_are_told_from_noisy_ones() -> None:
    window = WindowTokens(8, 4)
    window.start.data.fill_(7.0)
    previous, noisy = torch.randn(2, 10, N), torch.randn(2, 5, N)

    motion = window.motion(noisy, previous, torch.tensor([1.0, 0.0]))

    assert torch.equal(motion[0, :, :N], torch.cat([previous[0], noisy[0]]))
    assert torch.equal(motion[1, :10, :N], torch.full((10, N), 7.0))
    assert motion[..., N].tolist() == [[1.0] * 10 + [0.0] * 5, [0.0] * 15]


def test_the_null_branch_of_style_holds_no_basis(model: MsmdModel, given: Conditions) -> None:
    """The published code leaks: its null branch still adds the basis of the real style."""
    null = replace(given, has_style=torch.zeros(6))
    before, with_style = predicted(model, null), predicted(model, given)
    with torch.no_grad():
        for decoder in model.basis.decoders:
            decoder[-1].bias += 1.0

    assert torch.equal(predicted(model, null), before)
    assert not torch.allclose(predicted(model, given), with_style, atol=0.1)


def test_basis_is_the_sum_of_equation_4_with_bounded_amounts() -> None:
    torch.manual_seed(0)
    limits = (0.5, 2.0, 1.0, 3.0)
    basis = StyleBasis(4, 8, n_bases=3, limits=limits)
    features, style, on = 20 * torch.randn(2, 5, 8), torch.randn(2, 4), torch.tensor([1.0, 0.0])
    with torch.no_grad():
        added, b, amounts = basis(features, style, on), basis.bases(style), basis.amounts(features)

    region_of = {"jawOpen": 0, "tongueOut": 0, "eyeBlinkLeft": 1, "browInnerUp": 2, "headYaw": 3}
    for name, r in region_of.items():
        c = ARKIT_CHANNELS.index(name)
        for t in range(5):
            by_hand = sum(float(amounts[0, t, k, r] * b[0, k, c]) for k in range(3))
            assert float(added[0, t, c]) == pytest.approx(by_hand, abs=1e-5)
    assert torch.equal(added[1], torch.zeros(5, N))
    assert (amounts >= 0).all()
    assert (amounts <= torch.tensor(limits)).all()
    assert amounts[0, :, 0, 3].std() > 0, "amounts change over time, for the head too"


def test_order_of_the_style_frames_matters() -> None:
    """In the published code, and in those that it stems from, a slip in the positional encoding
    makes the encoder blind to order."""
    torch.manual_seed(0)
    encoder = StyleVae(16, 2, 2, 8, MeanPooling()).eval()
    clip = torch.randn(1, 40, N)
    with torch.no_grad():
        forward, backward = encoder(clip)[0], encoder(clip.flip(1))[0]
        for layer in encoder.layers:
            layer.attention.positions = False
        blind, blind_backward = encoder(clip)[0], encoder(clip.flip(1))[0]

    assert (forward - backward).abs().max() > 1e-4
    assert torch.allclose(blind, blind_backward, atol=1e-5)


def test_divergence_by_hand() -> None:
    zero = torch.zeros(3, 4)
    assert float(kl_loss(zero, zero)) == 0.0

    mean, variance = torch.tensor([[1.0, 2.0], [0.0, 0.0]]), torch.tensor([[4.0, 1.0], [1.0, 1.0]])
    by_hand = 0.5 * (1 + 4 - np.log(4) - 1 + 4 + 1 - 0 - 1) / 2
    assert float(kl_loss(mean, variance.log())) == pytest.approx(by_hand)


def test_smoothness_is_the_second_difference() -> None:
    line = torch.arange(6.0)[None, :, None]
    assert float(smoothness_loss(line)) == 0.0, "even motion is smooth"
    assert float(smoothness_loss(line.square())) == pytest.approx(4.0)


def test_draws_follow_the_posterior() -> None:
    torch.manual_seed(0)
    mean, logvar = torch.full((20_000, 1), 3.0), torch.full((20_000, 1), float(np.log(0.25)))
    drawn = draw(mean, logvar)

    assert float(drawn.mean()) == pytest.approx(3.0, abs=0.02)
    assert float(drawn.std()) == pytest.approx(0.5, abs=0.02)


def test_style_is_drawn_in_training_only() -> None:
    trained, clip = objective(), torch.randn(2, 20, N)

    assert not torch.equal(*(trained.train().style_in_training(clip) for _ in range(2)))
    trained.eval()
    style = trained.style_in_training(clip)
    assert torch.equal(style, trained.network.encode_style(clip))


def test_the_divergence_is_that_of_the_drawn_posterior() -> None:
    trained = objective(kl=1.0)
    losses = trained.losses(style_batch())

    assert losses["kl"].item() > 0
    losses["kl"].backward()
    assert trained.network.style_encoder.head[-1].bias.grad.abs().sum() > 0


def test_a_frame_hears_only_what_is_near() -> None:
    torch.manual_seed(0)
    layer = MsmdLayer(16, 2, reach=2, dropout=0.0).eval()
    x, speech = torch.randn(1, 21, 16), torch.randn(1, 20, 16)
    changed = speech.clone()
    changed[:, 10] += 1.0
    with torch.no_grad():
        moved = (layer(x, speech) - layer(x, changed)).abs().amax(dim=-1)[0] > 1e-6

    assert moved.nonzero().flatten().tolist() == [1 + i for i in range(8, 13)]


def test_training_steps_lower_the_loss() -> None:
    assert_steps_lower_the_loss(objective())


def test_every_weight_learns() -> None:
    trained = objective(DenoisingConfig(line_start=0.5, no_speech=0.5, no_style=0.5)).train()
    total_loss(trained).backward()

    lost = [n for n, p in trained.named_parameters() if p.grad is None or not p.grad.any()]
    assert lost == []


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_exported_graphs_compute_the_same_at_other_lengths(
    model: MsmdModel, tmp_path: Path
) -> None:
    assert largest_error(model, tmp_path) < 1e-4
