"""AniTalker: its mechanisms by hand, its switches, controls, transfer, training and export."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")


from mynah_shared.motion.arkit import ARKIT_CHANNELS  # noqa: E402
from mynah_training.data.style_batches import PREVIOUS_FRAMES, StyleBatch  # noqa: E402
from mynah_training.losses.club import MutualInformationBound  # noqa: E402
from mynah_training.losses.margin_softmax import MarginSoftmaxLoss  # noqa: E402
from mynah_training.models.anitalker import (  # noqa: E402
    ATTRIBUTES,
    AniTalkerConfig,
    AniTalkerModel,
    AniTalkerObjective,
    Lesson,
    attribute_matrix,
)  # fmt: skip
from mynah_training.models.styled import Conditions, DenoisingConfig  # noqa: E402
from mynah_training.modules.conformer import ConformerBlock  # noqa: E402
from mynah_training.modules.hierarchical_aggregation import (  # noqa: E402
    HierarchicalAggregation,
)

from .exporting import graph_error  # noqa: E402
from .style_batches import MEAN, SCALE, conditions, face_loss, style_batch  # noqa: E402
from .styled_checks import (  # noqa: E402
    SWITCHED,
    assert_steps_lower_the_loss,
    assert_switch_works,
)

TINY = AniTalkerConfig(
    width=16, style_width=12, pyramid_width=16, dilations=(1, 2), speech_blocks=1,
    generator_blocks=1, lstm_units=8, dropout=0.0,
)  # fmt: skip


@pytest.fixture
def model() -> AniTalkerModel:
    torch.manual_seed(0)
    return AniTalkerModel(TINY, MEAN, SCALE).eval()


@pytest.fixture
def objective() -> AniTalkerObjective:
    torch.manual_seed(0)
    return AniTalkerObjective(TINY, MEAN, SCALE, face_loss(), DenoisingConfig(), 3)


def drawn(
    model: AniTalkerModel, batch: StyleBatch
) -> tuple[torch.Tensor, torch.Tensor, Conditions]:
    style = model.encode_style(model.normalise(batch.style))
    noisy = torch.randn(batch.motion[:, PREVIOUS_FRAMES:].shape)
    return noisy, torch.full((len(noisy),), 0.5), conditions(batch, style)


def test_shapes_and_a_deterministic_style(model: AniTalkerModel) -> None:
    batch = style_batch()
    noisy, time, given = drawn(model, batch)
    assert given.style.shape == (6, 12)
    torch.testing.assert_close(given.style, model.encode_style(model.normalise(batch.style)))
    assert model.predict(noisy, time, given).shape == noisy.shape
    assert model.denoise(noisy, time, given).abs().max() <= 6.0
    assert model.encode_motion(batch.motion).shape == (6, 80, 20)


@pytest.mark.parametrize(("switch", "condition"), SWITCHED)
def test_a_condition_counts_only_while_it_is_switched_on(
    model: AniTalkerModel, switch: str, condition: str
) -> None:
    _, _, given = drawn(model, style_batch())
    assert_switch_works(model, given, switch, condition)


def test_a_few_steps_lower_the_loss(objective: AniTalkerObjective) -> None:
    assert_steps_lower_the_loss(objective)

    losses = objective.losses(style_batch())
    assert {"metric_learning", "mutual_information", "adapters", "reconstruction"} <= set(losses)
    unused = [n for n, p in objective.named_parameters() if p.grad is None]
    assert unused == []


def test_aggregation_is_a_softmax_weighted_sum() -> None:
    layers = [torch.randn(2, 5, 3) for _ in range(3)]
    for over_clip in (False, True):
        aggregation = HierarchicalAggregation(3, over_clip=over_clip)
        with torch.no_grad():
            aggregation.weights.copy_(torch.tensor([0.0, math.log(2.0), math.log(5.0)]))
        pooled = [x.mean(1) for x in layers] if over_clip else layers
        expected = (pooled[0] + 2 * pooled[1] + 5 * pooled[2]) / 8
        torch.testing.assert_close(aggregation(layers), expected)


def test_margin_softmax_by_hand() -> None:
    loss = MarginSoftmaxLoss(2, 2, margin=0.2, scale=30.0)
    angles = torch.tensor([0.0, 2.0])
    with torch.no_grad():
        loss.centres.copy_(torch.stack([angles.cos(), angles.sin()], dim=1))
    code = 3.0 * torch.tensor([[math.cos(0.5), math.sin(0.5)]])  # length doesn't matter
    right, wrong = 30 * math.cos(0.5 + 0.2), 30 * math.cos(1.5)
    torch.testing.assert_close(
        loss(code, torch.tensor([0])), torch.tensor(math.log1p(math.exp(wrong - right)))
    )


def test_margin_softmax_rises_all_the_way_to_the_opposite_direction() -> None:
    loss = MarginSoftmaxLoss(3, 2)
    with torch.no_grad():
        loss.centres.copy_(torch.eye(3)[[0, 2]])  # the wrong class stays at a right angle
    angles = torch.linspace(1.0, math.pi, 30)
    codes = torch.stack([angles.cos(), angles.sin(), torch.zeros(30)], dim=1)
    losses = torch.stack([loss(code[None], torch.tensor([0])).detach() for code in codes])
    assert (losses.diff() > 0).all()


def test_information_bound_is_that_of_all_pairs() -> None:
    torch.manual_seed(0)
    bound = MutualInformationBound(3, 2).eval()
    x, y = torch.randn(7, 3), torch.randn(7, 2)
    mean, log_variance = bound.estimator(x)

    def log_likelihood(i: int, j: int) -> torch.Tensor:
        variance = log_variance[i].exp()
        return (-0.5 * (y[j] - mean[i]).square() / variance - 0.5 * log_variance[i]).sum()

    together = sum(log_likelihood(i, i) for i in range(7)) / 7
    apart = sum(log_likelihood(i, j) for i in range(7) for j in range(7)) / 49
    torch.testing.assert_close(bound(x, y), together - apart)


def test_information_is_large_between_dependent_codes_only() -> None:
    torch.manual_seed(0)

    def codes(dependent: bool) -> tuple[torch.Tensor, torch.Tensor]:
        x = torch.randn(256, 3)
        return x, x[:, :2].clone() if dependent else torch.randn(256, 2)

    bounds = {}
    for dependent in (True, False):
        bound = MutualInformationBound(3, 2, learning_rate=1e-2)
        fits = [bound.fit_estimator(*codes(dependent)) for _ in range(200)]
        assert not dependent or fits[-1] < fits[0] - 0.5
        bounds[dependent] = float(bound.eval()(*codes(dependent)))
    assert bounds[True] > 1.0
    assert abs(bounds[False]) < 0.3


def test_estimator_is_nobody_elses_parameter_but_is_saved(objective: AniTalkerObjective) -> None:
    estimator = objective.information.estimator
    theirs = {id(p) for p in objective.parameters()}
    assert not any(id(p) in theirs for p in estimator.parameters())
    before = [p.clone() for p in estimator.parameters()]
    torch.stack(list(objective.losses(style_batch()).values())).sum().backward()
    assert any(not torch.equal(a, b) for a, b in zip(before, estimator.parameters(), strict=True))
    seen = [p.grad.clone() for p in estimator.parameters() if p.grad is not None]
    identity = torch.randn(4, 12, requires_grad=True)
    objective.information.eval()(identity, torch.randn(4, 20)).backward()
    assert identity.grad is not None
    assert all(
        torch.equal(a, p.grad) for a, p in zip(seen, estimator.parameters(), strict=True)
    )  # the encoders' turn leaves q alone
    other = AniTalkerObjective(TINY, MEAN, SCALE, face_loss(), DenoisingConfig(), 3)
    other.load_state_dict(objective.state_dict())
    for ours, loaded in zip(
        estimator.parameters(), other.information.estimator.parameters(), strict=True
    ):
        torch.testing.assert_close(ours, loaded)


def test_conformer_sees_near_by_convolution_and_far_by_attention() -> None:
    torch.manual_seed(0)
    block = ConformerBlock(8, kernel=13).eval()
    x = torch.randn(1, 40, 8)
    moved = x.clone()
    moved[:, 30] = torch.randn(8)
    assert (block(moved) - block(x))[0, 2].abs().max() > 1e-6  # attention
    torch.nn.init.zeros_(block.attention.out.weight)
    difference = (block(moved) - block(x))[0].abs().amax(-1)
    assert difference[:24].max() == 0.0  # half a kernel is 6 frames
    assert difference[24] > 0.0


def test_attributes_are_the_channels_they_are_named_after() -> None:
    face = torch.zeros(1, 1, 55)
    for name, value in {
        "jawOpen": 0.7, "mouthClose": 0.2, "eyeBlinkLeft": 1.0, "eyeBlinkRight": 0.5,
        "headPitch": 0.1, "headYaw": 0.2, "headRoll": 0.3,
    }.items():  # fmt: skip
        face[..., ARKIT_CHANNELS.index(name)] = value
    torch.testing.assert_close(
        (face @ attribute_matrix().t())[0, 0], torch.tensor([0.1, 0.2, 0.3, 0.5, 0.75])
    )


def test_controls_count_only_where_given(model: AniTalkerModel) -> None:
    noisy, time, given = drawn(model, style_batch())
    controls = torch.ones(*noisy.shape[:2], len(ATTRIBUTES))
    free = model.predict(noisy, time, given)
    none = model.predict_controlled(noisy, time, given, controls, torch.zeros_like(controls))
    torch.testing.assert_close(none, free)
    for column in range(len(ATTRIBUTES)):
        used = torch.zeros_like(controls)
        used[..., column] = 1.0
        one = model.predict_controlled(noisy, time, given, controls, used)
        assert (one - free).abs().max() > 1e-5


def test_adapters_are_shown_the_truth_in_training_only(model: AniTalkerModel) -> None:
    batch = style_batch()
    noisy, time, given = drawn(model, batch)
    free = model.predict(noisy, time, given)
    truth = model.attributes_of(batch.motion)
    with model.taught(Lesson(truth, torch.ones_like(truth))) as lesson:
        forced = model.predict(noisy, time, given)
    assert lesson.predicted is not None
    assert lesson.predicted.shape == truth.shape
    assert (forced - free).abs().max() > 1e-5
    torch.testing.assert_close(model.predict(noisy, time, given), free)


def performances(seed: int, offsets: torch.Tensor) -> tuple[StyleBatch, torch.Tensor]:
    """Four movements, and performers that differ in where their faces rest; also the motion
    without that."""
    batch = style_batch(12, len(offsets), seed)
    generator = torch.Generator().manual_seed(7)
    movements = 0.15 * torch.randn(4, 55, generator=generator)

    def moved(clip: torch.Tensor) -> torch.Tensor:
        walk = clip[..., :4] - clip[..., :4].mean((0, 1))
        return walk / walk.std() @ movements

    resting = offsets[batch.performer][:, None]
    plain = moved(batch.motion)
    return replace(
        batch,
        motion=plain + resting,
        style=moved(batch.style) + resting,
        same_style=moved(batch.same_style) + resting,
    ), plain


def test_transfer_gives_the_manner_of_the_other_performer() -> None:
    """Mean square distance of transferred motion from the right motion in the other performer's
    manner and from it in the driving one's, after a short training."""
    torch.manual_seed(0)
    config = replace(TINY, metric_learning=0.1, mutual_information=0.05)
    objective = AniTalkerObjective(config, MEAN, SCALE, face_loss(), DenoisingConfig(face=0.0), 3)
    network = objective.network
    offsets = 0.4 * torch.randn(3, 55)
    optimiser = torch.optim.AdamW(objective.parameters(), 5e-3)
    for step in range(80):
        batch, _ = performances(step, offsets)
        motion = network.normalise(batch.motion)
        given = conditions(batch, network.encode_style(network.normalise(batch.style)))
        losses = objective.paper_losses(batch, motion, motion, motion, motion[:, 0, 0], given)
        optimiser.zero_grad()
        torch.stack(list(losses.values())).sum().backward()
        optimiser.step()
    batch, plain = performances(999, offsets)
    network.eval()
    with torch.no_grad():
        other = batch.performer.roll(1)
        style = network.encode_style(network.normalise(batch.style)).roll(1, 0)
        given = network.denormalise(network.transfer(network.normalise(batch.motion), style))
    to_theirs = (given - plain - offsets[other][:, None]).square().mean()
    to_own = (given - plain - offsets[batch.performer][:, None]).square().mean()
    assert to_theirs < 0.5 * to_own


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # the LSTM's checks of its sizes
@pytest.mark.filterwarnings("ignore:Exporting a model to ONNX with a batch_size:UserWarning")
def test_export_computes_the_same_at_other_lengths(model: AniTalkerModel, tmp_path: Path) -> None:
    class Denoiser(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, noisy, time, controls, used, *given):
            free = self.model.predict(noisy, time, Conditions(*given))
            held = self.model.predict_controlled(noisy, time, Conditions(*given), controls, used)
            return free, held

    class Transfer(Denoiser):
        def forward(self, clip, driving):
            style = self.model.encode_style(clip)
            return style, self.model.transfer(driving, style)

    def inputs(n_items: int, n_frames: int) -> tuple[torch.Tensor, ...]:
        whole = 2 * (n_frames + PREVIOUS_FRAMES)
        batch = style_batch(n_items)
        on = torch.ones(n_items)
        return (
            torch.randn(n_items, n_frames, 55), torch.rand(n_items),
            torch.rand(n_items, n_frames, 5), torch.rand(n_items, n_frames, 5).round(),
            torch.randn(n_items, whole, batch.phone_logits.shape[-1]),
            torch.randn(n_items, whole, batch.cepstrum.shape[-1]), torch.randn(n_items, 12),
            torch.randn(n_items, PREVIOUS_FRAMES, 55), on, on, on,
        )  # fmt: skip

    clips = (torch.randn(2, 20, 55), torch.randn(2, 30, 55))
    other_clips = (torch.randn(1, 41, 55), torch.randn(1, 17, 55))

    assert graph_error(Denoiser(), inputs(2, 20), [inputs(3, 33)], tmp_path) < 1e-4
    assert graph_error(Transfer(), clips, [other_clips], tmp_path) < 1e-4
