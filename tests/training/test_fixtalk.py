"""FixTalk: its mechanisms by hand, its switches, transfer, training and export."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")


from mynah_training.data.style_batches import PREVIOUS_FRAMES, StyleBatch  # noqa: E402
from mynah_training.losses.hinge import disentanglement_loss  # noqa: E402
from mynah_training.models.fixtalk import (  # noqa: E402
    FixTalkConfig,
    FixTalkModel,
    FixTalkObjective,
    orthonormal,
)  # fmt: skip
from mynah_training.models.styled import Conditions, DenoisingConfig  # noqa: E402
from mynah_training.modules.detail_memory import DetailMemory, address, high_pass  # noqa: E402
from mynah_training.modules.motion_indicator import MotionIndicator  # noqa: E402

from .exporting import graph_error  # noqa: E402
from .style_batches import MEAN, SCALE, conditions, face_loss, style_batch  # noqa: E402
from .styled_checks import (  # noqa: E402
    SWITCHED,
    assert_steps_lower_the_loss,
    assert_switch_works,
)

TINY = FixTalkConfig(
    width=16, identity_width=12, code_width=20, pyramid_width=24, dilations=(1, 2), heads=2,
    indicator_layers=1, layers=2, dropout=0.0, slots=8, token_width=8,
)  # fmt: skip
STYLE = 32


@pytest.fixture
def model() -> FixTalkModel:
    """With its gate ajar: shut, as at the start, no detail would be seen."""
    torch.manual_seed(0)
    model = FixTalkModel(TINY, MEAN, SCALE).eval()
    torch.nn.init.constant_(model.details.gate, 0.5)
    for modulation in model.modulations:
        torch.nn.init.normal_(modulation.linear.weight, std=0.3)
    return model


@pytest.fixture
def objective() -> FixTalkObjective:
    torch.manual_seed(0)
    return FixTalkObjective(TINY, MEAN, SCALE, face_loss(), DenoisingConfig(), 3)


def drawn(model: FixTalkModel, batch: StyleBatch) -> tuple[torch.Tensor, torch.Tensor, Conditions]:
    style = model.encode_style(model.normalise(batch.style))
    noisy = torch.randn(batch.motion[:, PREVIOUS_FRAMES:].shape)
    return noisy, torch.full((len(noisy),), 0.5), conditions(batch, style)


def test_shapes_and_a_deterministic_style(model: FixTalkModel) -> None:
    batch = style_batch()
    noisy, time, given = drawn(model, batch)
    assert given.style.shape == (6, STYLE) == (6, model.style_width)
    torch.testing.assert_close(given.style, model.encode_style(model.normalise(batch.style)))
    assert model.predict(noisy, time, given).shape == noisy.shape
    assert model.encode_motion(batch.motion).shape == (6, 80, 20)
    assert model.transfer(batch.motion, given.style).shape == batch.motion.shape


@pytest.mark.parametrize(("switch", "condition"), SWITCHED)
def test_a_condition_counts_only_while_it_is_switched_on(
    model: FixTalkModel, switch: str, condition: str
) -> None:
    _, _, given = drawn(model, style_batch())
    assert_switch_works(model, given, switch, condition)


def test_a_few_steps_lower_the_loss(objective: FixTalkObjective) -> None:
    assert_steps_lower_the_loss(objective)

    losses = objective.losses(style_batch())
    assert {"reconstruction", "disentanglement", "memory", "alignment", "token"} <= set(losses)
    unused = [n for n, p in objective.named_parameters() if p.grad is None]
    assert unused == []
    assert objective.network.details.gate.detach().abs().max() > 0  # it opens by itself


def test_directions_are_orthonormal() -> None:
    torch.manual_seed(0)
    vectors = torch.randn(20, 96)
    basis = orthonormal(vectors)
    torch.testing.assert_close(basis @ basis.t(), torch.eye(20), atol=1e-5, rtol=0)
    q = torch.linalg.qr(vectors.t())[0].t()
    torch.testing.assert_close((basis * q).sum(-1).abs(), torch.ones(20))


def test_hinge_by_hand() -> None:
    one = torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
    other = torch.tensor([[2.0, 0.0], [0.0, 3.0], [1.0, 1.0]])
    expected = (0.8 + 0.0 + (1 / math.sqrt(2) - 0.2)) / 3
    torch.testing.assert_close(disentanglement_loss(one, other, 0.2), torch.tensor(expected))


def test_indicator_reads_each_frame_by_itself_and_all_its_scales() -> None:
    torch.manual_seed(0)
    indicator = MotionIndicator(2, 8, 3, queries=2, layers=1, heads=2).eval()
    scales = [torch.randn(2, 5, 8) for _ in range(2)]
    codes = indicator(scales)
    for scale in range(2):
        changed = [x.clone() for x in scales]
        changed[scale][:, 3] = torch.randn(8)
        difference = (indicator(changed) - codes).abs().amax(-1)
        assert (difference[:, 3] > 1e-5).all()
        assert difference[:, [0, 1, 2, 4]].max() < 1e-6


def test_address_needs_its_temperature() -> None:
    """With cosines of 1 and -1 at most, 64 slots can't be told apart without one."""
    slots = torch.full((64, 1), -1.0)
    slots[5] = 1.0
    query = torch.tensor([[7.0]])
    for temperature in (1.0, 16.0):
        best = math.exp(temperature) / (math.exp(temperature) + 63 * math.exp(-temperature))
        weights = address(query, slots, temperature)
        torch.testing.assert_close(weights[0, 5], torch.tensor(best))
        assert (best > 0.99) == (temperature == 16.0)
    assert address(query, slots, 1.0).max() < 0.11


def test_memory_losses_by_hand() -> None:
    memory = DetailMemory(3, 2, 4, slots=2, token_width=2, heads=1, temperature=16.0)
    details, key = torch.randn(1, 6, 3), torch.randn(1, 6, 2)
    with torch.no_grad():
        result = memory.remember(details, key)
        token = memory.compress(details.transpose(1, 2)).transpose(1, 2)
        divergence, distance = 0.0, 0.0
        for t in range(6):

            def weights(query: torch.Tensor, slots: torch.Tensor) -> torch.Tensor:
                cosine = slots @ query / slots.norm(dim=-1) / query.norm()
                return (16 * cosine).exp() / (16 * cosine).exp().sum()

            values = weights(token[0, t], memory.driven)
            keys = weights(key[0, t], memory.motion_source)
            read = values[0] * memory.driven[0] + values[1] * memory.driven[1]
            distance += float((token[0, t] - read).square().mean()) / 6
            divergence += (
                float((keys * (keys.clamp(min=1e-8) / values.clamp(min=1e-8)).log()).sum()) / 6
            )
            recalled = keys @ memory.driven
            torch.testing.assert_close(memory.recall(key)[0, t], recalled)  # Eq. 9
    assert float(result.memory) == pytest.approx(distance, rel=1e-4)
    assert float(result.alignment) == pytest.approx(divergence, rel=1e-3, abs=1e-5)


def test_memory_recalls_by_motion_and_source_what_it_was_shown() -> None:
    """Two keys, two kinds of detail: after some steps the key alone brings back its detail."""
    torch.manual_seed(0)
    memory = DetailMemory(4, 3, 5, slots=8, token_width=6, heads=1, temperature=16.0)
    keys = torch.nn.functional.normalize(torch.randn(2, 3), dim=-1)[:, None].expand(-1, 10, -1)
    details = torch.randn(2, 1, 4).expand(-1, 10, -1)
    optimiser = torch.optim.Adam(memory.parameters(), 0.02)
    for _ in range(300):
        result = memory.remember(details, keys)
        optimiser.zero_grad()
        (result.memory + result.alignment + result.token).backward()
        optimiser.step()
    with torch.no_grad():
        inside = slice(3, 7)  # convolution sees no border here
        recalled = memory.decompress(memory.recall(keys))[:, inside]
        right = (recalled - details[:, inside]).square().mean()
        wrong = (recalled - details[:, inside].flip(0)).square().mean()
    assert right < 0.1 * wrong


def test_gate_is_shut_at_the_start() -> None:
    memory = DetailMemory(3, 2, 4, slots=4, token_width=2, heads=1, temperature=16.0)
    detail = memory(torch.randn(2, 6, 2), torch.randn(2, 6, 4))
    assert detail.abs().max() == 0
    detail.sum().backward()
    assert memory.gate.grad is not None
    assert memory.gate.grad.abs().max() > 0


def test_detail_is_what_changes_from_frame_to_frame() -> None:
    constant = torch.ones(1, 20, 2)
    torch.testing.assert_close(high_pass(constant), torch.zeros_like(constant))
    shaking = torch.tensor([1.0, -1.0]).repeat(10)[None, :, None].expand(-1, -1, 2)
    torch.testing.assert_close(high_pass(shaking)[:, 2:-2], shaking[:, 2:-2])


def test_noise_has_no_detail_but_the_clean_has(model: FixTalkModel) -> None:
    noisy, _, given = drawn(model, style_batch())
    changes = []
    for time in (torch.zeros(6), torch.ones(6)):
        with_detail = model.predict(noisy, time, given)
        model.details.gate.data.zero_()
        changes.append(
            float((model.predict(noisy, time, given) - with_detail).abs().max().detach())
        )
        model.details.gate.data.fill_(0.5)
    assert changes[0] > 1e-3
    assert changes[1] < 1e-3 * changes[0]


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


def test_transfer_gives_the_motion_of_one_performer_the_manner_of_another() -> None:
    torch.manual_seed(0)
    config = replace(TINY, disentanglement=1.0)
    objective = FixTalkObjective(config, MEAN, SCALE, face_loss(), DenoisingConfig(face=0.0), 3)
    network = objective.network
    offsets = 0.4 * torch.randn(3, 55)
    optimiser = torch.optim.AdamW(objective.parameters(), 5e-3)
    for step in range(80):
        batch, _ = performances(step, offsets)
        motion = network.normalise(batch.motion)
        given = conditions(batch, motion[:, 0, :STYLE])
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
    assert to_theirs < 0.5 * to_own  # their face …
    assert to_theirs < 0.7 * plain.square().mean()  # … in this motion


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_export_computes_the_same_at_other_lengths(model: FixTalkModel, tmp_path: Path) -> None:
    class Denoiser(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, noisy, time, *given):
            return (self.model.predict(noisy, time, Conditions(*given)),)

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
            torch.randn(n_items, whole, batch.phone_logits.shape[-1]),
            torch.randn(n_items, whole, batch.cepstrum.shape[-1]), torch.randn(n_items, STYLE),
            torch.randn(n_items, PREVIOUS_FRAMES, 55), on, on, on,
        )  # fmt: skip

    clips = (torch.randn(2, 20, 55), torch.randn(2, 30, 55))
    other_clips = (torch.randn(1, 41, 55), torch.randn(1, 17, 55))

    assert graph_error(Denoiser(), inputs(2, 20), [inputs(3, 33)], tmp_path) < 1e-4
    assert graph_error(Transfer(), clips, [other_clips], tmp_path) < 1e-4
