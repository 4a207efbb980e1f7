"""DisentTalk: its interface, attention within regions, scales of time, and the sync expert."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.losses.sync import SyncExpert, sync_probability  # noqa: E402
from mynah_training.models.disenttalk import (  # noqa: E402
    DisentTalkConfig,
    DisentTalkLayer,
    DisentTalkModel,
    DisentTalkObjective,
)
from mynah_training.models.styled import Conditions, DenoisingConfig  # noqa: E402
from mynah_training.modules.multiscale_conv import MultiScaleConv  # noqa: E402
from mynah_training.modules.region_attention import RegionAttention, RegionStem  # noqa: E402

from .style_batches import MEAN, SCALE, N, conditions, face_loss, style_batch  # noqa: E402
from .styled_checks import (  # noqa: E402
    SWITCHED,
    assert_steps_lower_the_loss,
    assert_switch_works,
)

SMALL = DisentTalkConfig(
    region_width=8, heads=2, layers=2, time_width=16, style_width=16, expert_width=16
)
BROW, JAW, BLINK, PITCH = 43, 17, 0, 52


def awake(config: DisentTalkConfig = SMALL) -> DisentTalkModel:
    """A model whose layers that start at zero do something."""
    torch.manual_seed(0)
    model = DisentTalkModel(config, MEAN, SCALE).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def objective(config: DisentTalkConfig = SMALL) -> DisentTalkObjective:
    torch.manual_seed(0)
    return DisentTalkObjective(config, MEAN, SCALE, face_loss(), DenoisingConfig(), 3)


def inputs(model: DisentTalkModel) -> tuple[torch.Tensor, torch.Tensor, Conditions]:
    torch.manual_seed(1)
    batch = style_batch(4)
    code = model.encode_style(batch.style).detach()
    time = torch.tensor([0.1, 0.4, 0.7, 0.99])
    return torch.randn(4, 70, N), time, conditions(batch, code)


def test_codes_and_predictions_have_the_shapes_of_the_interface() -> None:
    model = awake()
    noisy, time, given = inputs(model)

    assert model.encode_style(torch.randn(4, 33, N)).shape == (4, SMALL.style_width)
    assert model.predict(noisy, time, given).shape == noisy.shape
    assert model.denoise(noisy, time, given).abs().max() <= 6.0
    assert model.prediction == "noise"


def test_the_reference_code_is_deterministic_and_knows_no_order() -> None:
    model, clip = awake(), torch.randn(2, 40, N)

    assert torch.equal(model.encode_style(clip), model.encode_style(clip))
    assert torch.allclose(model.encode_style(clip), model.encode_style(clip.flip(1)), atol=1e-5)
    assert not torch.allclose(model.encode_style(clip), model.encode_style(clip + 1), atol=1e-2)


@pytest.mark.parametrize(("switch", "condition"), SWITCHED)
def test_a_condition_counts_only_while_it_is_switched_on(switch: str, condition: str) -> None:
    model = awake()
    assert_switch_works(model, inputs(model)[2], switch, condition)


def test_the_regions_cover_all_channels_once() -> None:
    regions = SMALL.regions

    assert [len(region) for region in regions] == [28, 14, 10, 3]
    assert sorted(channel for region in regions for channel in region) == list(range(N))
    own = replace(SMALL, lips=(0, 1), eyes=(2,))
    assert [len(region) for region in own.regions] == [2, 1, 49, 3]
    assert awake(own).predict(*inputs(awake(own))).shape == (4, 70, N)


@torch.no_grad()
def test_a_region_is_made_from_its_channels_and_attends_to_itself() -> None:
    torch.manual_seed(0)
    stem, attention = RegionStem(SMALL.regions, 8), RegionAttention(4, 8, heads=2)
    motion = torch.randn(1, 12, N)

    for region, channel in enumerate((JAW, BLINK, BROW, PITCH)):
        moved = motion.clone()
        moved[:, 5, channel] += 1
        made = (stem(moved) - stem(motion)).abs().amax((0, 1)).unflatten(0, (4, 8)).amax(1) > 1e-5
        within = (attention.within(stem(moved)) - attention.within(stem(motion))).abs()[0]
        fused = (attention(stem(moved)) - attention(stem(motion))).abs()[0]
        assert made.tolist() == [r == region for r in range(4)]
        reached = within.unflatten(-1, (4, 8)).amax(-1) > 1e-6  # [T, R]
        assert reached.any(0).tolist() == made.tolist()
        assert reached[:, region].all()  # at all times
        assert (fused.unflatten(-1, (4, 8)).amax((0, 2)) > 1e-6).all()  # W_f joins them


@torch.no_grad()
def test_region_attention_agrees_with_the_equation() -> None:
    torch.manual_seed(0)
    attention, x = RegionAttention(2, 4, heads=1), torch.randn(1, 6, 8)

    parts = [attention.attentions[r](x[..., 4 * r : 4 * r + 4]) for r in range(2)]

    expected = torch.cat(parts, -1) @ attention.fuse.weight.T + attention.fuse.bias
    assert torch.allclose(attention(x), expected, atol=1e-6)


@torch.no_grad()
def test_each_scale_sees_its_own_neighbours_of_its_own_channel() -> None:
    conv = MultiScaleConv(2)
    pulse = torch.zeros(1, 2, 21)
    pulse[0, 1, 10] = 1.0

    for scale, dilation in zip(conv.scales, (1, 2, 4), strict=True):
        response = (scale(pulse) - scale(torch.zeros_like(pulse))).abs() > 0
        assert response[0, 1].nonzero().flatten().tolist() == [10 - dilation, 10, 10 + dilation]
        assert not response[0, 0].any()
    changed = (conv(pulse.mT) - conv(torch.zeros(1, 21, 2)))[0].abs().amax(-1) > 0
    assert changed.nonzero().flatten().tolist() == [6, 8, 9, 10, 11, 12, 14]


@torch.no_grad()
def test_speech_is_heard_around_a_frame_and_motion_locally() -> None:
    torch.manual_seed(0)
    layer = DisentTalkLayer(replace(SMALL, reach=3))
    x, speech, time = torch.randn(1, 30, 32), torch.randn(1, 30, 32), torch.randn(1, 16)
    heard = speech.clone()
    heard[:, 15] += 1

    change = (layer(x, heard, time) - layer(x, speech, time)).abs().amax((0, 2)) > 1e-6

    assert change.nonzero().flatten().tolist() == list(range(12, 19))
    x_moved = torch.randn(1, 30, 32)
    local = layer.local(x_moved.mT)
    x_moved[:, 15] += 1
    moved = (layer.local(x_moved.mT) - local).abs().amax((0, 1)) > 1e-6
    assert moved.nonzero().flatten().tolist() == [13, 14, 15, 16, 17]


@torch.no_grad()
def test_time_scales_and_shifts_what_a_layer_adds() -> None:
    torch.manual_seed(0)
    layer = DisentTalkLayer(SMALL)
    x, speech, time = torch.randn(2, 9, 32), torch.randn(2, 9, 32), torch.randn(2, 16)
    plain = layer(x, speech, time)  # FiLM is the identity at the start
    layer.modulation.linear.bias[:32] = -1  # γ = 0
    layer.modulation.linear.bias[32:] = 0.25  # β
    nothing = layer(x, speech, time) - 0.25
    layer.modulation.linear.bias[:32] = 1  # γ = 2
    layer.modulation.linear.bias[32:] = 0

    assert torch.allclose(layer(x, speech, time) - nothing, 2 * (plain - nothing), atol=1e-5)


def test_the_probability_of_sync_maps_the_cosine() -> None:
    vectors = torch.tensor([[[1.0, 0.0]], [[0.0, 1.0]], [[-1.0, 0.0]]])

    probability = sync_probability(torch.tensor([[[1.0, 0.0]]]), vectors)

    assert probability.flatten().tolist() == pytest.approx([1.0, 0.5, 0.0], abs=2e-4)
    assert torch.isfinite(probability.log() + (1 - probability).log()).all()


def synced() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Speech whose first cepstrum and lips follow the same random walk."""
    generator = torch.Generator().manual_seed(0)
    walk = torch.randn(8, 60, 2, generator=generator)
    batch = style_batch(8)
    cepstrum = torch.zeros(8, 120, 12)
    cepstrum[..., :2] = walk.repeat_interleave(2, 1)
    return 0 * batch.phone_logits[:, :120], cepstrum, walk


def test_the_expert_learns_to_tell_sync_and_then_corrects_lips() -> None:
    torch.manual_seed(0)
    logits, cepstrum, lips = synced()
    expert = SyncExpert(2, width=24)
    optimiser = torch.optim.Adam(expert.parameters(), 5e-3)
    for _ in range(80):
        loss, competence = expert.expert_loss(expert.listen(logits, cepstrum), lips)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert competence > 0.3

    heard, weight = expert.listen(logits, cepstrum), torch.ones(8)
    true = expert.generator_loss(heard, lips, weight, competence)
    shifted = expert.generator_loss(heard, lips.roll(15, 1), weight, competence)
    assert true < 0.7 * shifted


def test_the_generators_loss_reaches_the_lips_alone() -> None:
    torch.manual_seed(0)
    logits, cepstrum, lips = synced()
    expert, lips = SyncExpert(2, width=8), lips.clone().requires_grad_()
    weight = torch.tensor([0.0, 0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])

    expert.generator_loss(
        expert.listen(logits, cepstrum), lips, weight, torch.tensor(1.0)
    ).backward()

    assert all(p.grad is None for p in expert.parameters())
    assert lips.grad[0].abs().max() == 0
    assert lips.grad[1:].abs().amax((1, 2)).min() > 0


def test_sync_counts_by_the_signal_and_where_speech_is_heard() -> None:
    trained, batch = objective().eval(), style_batch(4)
    trained.expert.expert_loss = lambda *_: (torch.tensor(0.0), torch.tensor(1.0))
    motion = trained.network.normalise(batch.motion)
    given = conditions(batch, torch.zeros(4, SMALL.style_width))

    def sync(time: float, has_speech: float = 1.0) -> float:
        some = replace(given, has_speech=torch.full((4,), has_speech))
        times = torch.full((4,), time)
        losses = trained.paper_losses(batch, motion, motion, motion[:, 10:], times, some)
        return losses["sync"].item()

    assert sync(0.0, 0.0) == 0
    assert sync(0.5) == pytest.approx(0.494 * sync(0.0), rel=0.02)  # the cosine schedule
    assert 0 < sync(1.0) < 1e-3 * sync(0.0)


def test_each_loss_trains_its_own_modules_only() -> None:
    trained = objective().train()
    batch = style_batch()
    trained.expert.expert_loss = lambda heard, lips: (
        SyncExpert.expert_loss(trained.expert, heard, lips)[0], torch.tensor(1.0),
    )  # fmt: skip
    losses = trained.losses(batch)

    def reached(name: str) -> set[str]:
        trained.zero_grad()
        losses[name].backward(retain_graph=True)
        return {
            key.split(".")[0]
            for key, value in trained.named_parameters()
            if value.grad is not None and value.grad.abs().sum() > 0
        }

    assert reached("expert") == {"expert"}
    assert reached("sync") == {"network"}
    assert reached("denoising") == {"network"}


def test_steps_on_one_batch_lower_the_loss() -> None:
    assert_steps_lower_the_loss(objective())


@pytest.mark.filterwarnings("ignore")  # of torch's tracer
def test_exported_graphs_agree_at_other_lengths(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from .exporting import largest_error

    assert largest_error(awake(), tmp_path) < 1e-4
