"""MirrorTalk: its interface, both stages of its style encoder, and the mix of speech and style."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_training.losses.disentangle import hsic, orthogonality  # noqa: E402
from mynah_training.losses.memory_bank import MemoryBanks  # noqa: E402
from mynah_training.losses.triplet import triplet_loss  # noqa: E402
from mynah_training.models.mirrortalk import (  # noqa: E402
    MirrorTalkConfig,
    MirrorTalkModel,
    MirrorTalkObjective,
)
from mynah_training.models.styled import Conditions, DenoisingConfig  # noqa: E402
from mynah_training.modules.audio_style_mix import (  # noqa: E402
    audio_dominance,
    mix_lower,
    mix_upper,
)
from mynah_training.modules.style_pooling import AttentionPooling  # noqa: E402

from .style_batches import MEAN, SCALE, N, conditions, face_loss, style_batch  # noqa: E402
from .styled_checks import (  # noqa: E402
    SWITCHED,
    assert_steps_lower_the_loss,
    assert_switch_works,
)

SMALL = MirrorTalkConfig(
    width=32, heads=2, layers=2, style_width=16, style_encoder_width=32, style_encoder_layers=1,
    style_tokens=3, semantic_width=16, semantic_layers=1, expert_width=16, bank_size=12,
)  # fmt: skip


def awake(config: MirrorTalkConfig = SMALL) -> MirrorTalkModel:
    """A model whose gates, closed at the start, are open."""
    torch.manual_seed(0)
    model = MirrorTalkModel(config, MEAN, SCALE).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def objective(config: MirrorTalkConfig = SMALL) -> MirrorTalkObjective:
    torch.manual_seed(0)
    return MirrorTalkObjective(config, MEAN, SCALE, face_loss(), DenoisingConfig(), 3)


def inputs(model: MirrorTalkModel) -> tuple[torch.Tensor, torch.Tensor, Conditions]:
    torch.manual_seed(1)
    batch = style_batch(4)
    noisy = torch.randn(4, 70, N)
    code = model.encode_style(batch.style).detach()
    return noisy, torch.tensor([0.1, 0.4, 0.7, 0.99]), conditions(batch, code)


def test_codes_and_predictions_have_the_shapes_of_the_interface() -> None:
    model = awake()
    noisy, time, given = inputs(model)

    assert model.encode_style(torch.randn(4, 33, N)).shape == (4, SMALL.style_width)
    assert model.predict(noisy, time, given).shape == noisy.shape
    assert model.denoise(noisy, time, given).abs().max() <= 6.0
    assert model.prediction == "noise"


def test_the_style_code_is_deterministic_and_knows_the_order_of_frames() -> None:
    model, clip = awake(), torch.randn(2, 40, N)

    assert torch.equal(model.encode_style(clip), model.encode_style(clip))
    assert not torch.allclose(model.encode_style(clip), model.encode_style(clip[:, ::2]), atol=1e-3)


@pytest.mark.parametrize(("switch", "condition"), SWITCHED)
def test_a_condition_counts_only_while_it_is_switched_on(switch: str, condition: str) -> None:
    model = awake()
    assert_switch_works(model, inputs(model)[2], switch, condition)


@torch.no_grad()
def test_each_region_is_told_its_own_channels_and_both_meet_in_attention() -> None:
    model = awake()
    noisy, time, given = inputs(model)
    brow, jaw = 43, 17

    def change(channel: int) -> torch.Tensor:
        moved = noisy.clone()
        moved[:, 30, channel] += 2
        return (model.predict(moved, time, given) - model.predict(noisy, time, given)).abs()

    assert change(jaw)[..., brow].max() > 1e-4
    for layer in model.layers:  # without attention no frame and no region knows of another
        layer.together.out.weight.zero_()
    assert change(jaw)[..., brow].max() == 0
    assert change(jaw)[:, 30, jaw].max() > 1e-3


def test_pooling_is_a_softmax_weighted_sum() -> None:
    torch.manual_seed(0)
    pool, frames = AttentionPooling(4), torch.randn(1, 3, 4)
    scores = pool.score(frames)[0, :, 0].exp()

    expected = sum(scores[t] / scores.sum() * frames[0, t] for t in range(3))

    assert torch.allclose(pool(frames)[0], expected, atol=1e-6)
    with torch.no_grad():
        pool.score[2].weight.zero_()
    assert torch.allclose(pool(frames), frames.mean(1), atol=1e-6)


def test_dominance_agrees_with_the_equations() -> None:
    audio, style = torch.tensor([[[3.0, 0.0]]]), torch.tensor([[[0.0, 4.0]]])

    dominance = audio_dominance(audio, style)  # Z = (3, 4), P_a = 3 / 5, P_s = 4 / 5

    d = 1 / (1 + np.exp(0.2))
    assert float(dominance) == pytest.approx(d)
    assert mix_upper(audio, style, 4.0)[0, 0].tolist() == pytest.approx([3, 4 / d])
    assert mix_lower(audio, style, "printed", 4.0)[0, 0].tolist() == pytest.approx([3 * d, 4])
    reverse = mix_lower(audio, style, "reversed", 4.0)
    assert reverse[0, 0].tolist() == pytest.approx([3 / (1 - d), 4])


def test_dominance_is_bounded_and_its_inverse_clamped() -> None:
    torch.manual_seed(0)
    audio = torch.randn(500, 3, 2) * torch.logspace(-3, 3, 500)[:, None, None]
    style = torch.randn(500, 3, 2)
    style[::2] = -audio[::2] * (1 + 0.1 * torch.randn(250, 1, 1))  # nearly opposite
    dominance = audio_dominance(audio, style)

    assert 0.119 < float(dominance.min()) < 0.2
    assert 0.8 < float(dominance.max()) < 0.8809
    gain = (mix_upper(audio, style, 2.0) - audio).norm(dim=(1, 2)) / style.norm(dim=(1, 2))
    assert 1.13 < float(gain.min()) < 1.3
    assert float(gain.max()) == pytest.approx(2.0, rel=1e-3)


@pytest.mark.parametrize(("rule", "attenuates"), [("printed", True), ("reversed", False)])
def test_the_printed_lower_rule_attenuates_the_speech(rule: str, attenuates: bool) -> None:
    torch.manual_seed(0)
    audio, style = torch.randn(50, 3, 8), torch.randn(50, 3, 8)

    heard = (mix_lower(audio, style, rule, 4.0) - style).norm(dim=(1, 2)) / audio.norm(dim=(1, 2))

    assert bool((heard < 1).all()) == attenuates
    assert bool((heard > 1).all()) != attenuates


@torch.no_grad()
def test_the_lower_rule_changes_the_lower_face_first() -> None:
    model = awake()
    layer = model.layers[0]
    audio, style = torch.randn(4, 9, SMALL.width), torch.randn(4, 9, SMALL.width)
    printed = layer.mix(audio, style)
    layer.config = replace(SMALL, lower_rule="reversed")
    reverse = layer.mix(audio, style)

    assert torch.equal(printed[:2], reverse[:2])
    assert not torch.allclose(printed[2:], reverse[2:], atol=1e-2)


def test_redundancy_is_the_mean_cosine_to_the_others() -> None:
    banks = MemoryBanks(4, 2, 2, lifetime=10)
    banks.heard = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 3.0], [9.0, 9.0]])
    banks.filled = torch.tensor([True, True, True, False])

    assert banks.redundancy()[:3].tolist() == pytest.approx([0.5, 0.5, 0.0])


def test_the_most_redundant_rows_are_replaced_in_both_banks() -> None:
    banks = MemoryBanks(3, 2, 2, lifetime=10)
    first = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.9, 0.5]])  # the third is like both
    banks(first, torch.tensor([[1.0, 1.0], [2.0, 2.0], [3.0, 3.0]]))
    order = banks.heard[:, 0].argsort(descending=True)
    assert banks.filled.all()
    assert banks.seen[order, 0].tolist() == [1.0, 3.0, 2.0]

    banks(torch.tensor([[-1.0, -1.0]]), torch.tensor([[7.0, 7.0]]))

    assert {tuple(row) for row in banks.heard.tolist()} == {(1, 0), (0, 1), (-1, -1)}
    assert sorted(banks.seen[:, 0].tolist()) == [1.0, 2.0, 7.0]
    kept = banks.heard.clone()
    banks.eval()(torch.ones(1, 2), torch.ones(1, 2))
    assert torch.equal(banks.heard, kept)


def test_rows_that_are_too_old_go_first() -> None:
    banks = MemoryBanks(2, 2, 2, lifetime=2)
    for angle in (0.0, 3.1, 0.1):  # opposite, then like the first: by redundancy it would go
        code = torch.tensor([[np.cos(angle), np.sin(angle)]], dtype=torch.float32)
        banks(code, code)
    banks.age[banks.heard[:, 0] < 0] = 2
    banks(torch.tensor([[1.0, 0.05]]), torch.ones(1, 2))

    assert (banks.heard[:, 0] > 0).all()


def test_the_structural_loss_is_the_mean_over_pairs_with_a_new_row() -> None:
    torch.manual_seed(0)
    banks = MemoryBanks(5, 3, 2, lifetime=10)
    old_heard, old_seen = torch.randn(3, 3), torch.randn(3, 2)
    banks(old_heard, old_seen)
    heard, seen = torch.randn(2, 3), torch.randn(2, 2, requires_grad=True)

    loss = banks(heard, seen)

    def cosine(rows: torch.Tensor) -> torch.Tensor:
        unit = rows / rows.norm(dim=1, keepdim=True)
        return unit @ unit.T

    a, v = cosine(torch.cat([old_heard, heard])), cosine(torch.cat([old_seen, seen]))
    new = torch.tensor([False] * 3 + [True] * 2)
    pairs = new[:, None] | new
    assert loss.item() == pytest.approx((v - a)[pairs].square().mean().item(), rel=1e-5)
    everything = torch.autograd.grad((v - a).square().sum() / pairs.sum(), seen)[0]
    assert torch.allclose(torch.autograd.grad(loss, seen)[0], everything, atol=1e-6)


def test_orthogonality_is_the_cross_correlation_of_codes() -> None:
    style, semantic = torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([[1.0], [-5.0]])

    assert float(orthogonality(style, semantic)) == pytest.approx(0.25 + 0.25)
    assert float(orthogonality(torch.ones(4, 3), torch.ones(4, 2))) == pytest.approx(1.0)
    balanced = torch.tensor([[1.0], [-1.0], [1.0], [-1.0]])
    assert float(orthogonality(torch.eye(2).repeat_interleave(2, 0), balanced)) == 0


def test_hsic_agrees_with_the_definition() -> None:
    torch.manual_seed(0)
    x, y = torch.randn(8, 3), torch.randn(8, 5)

    def kernel(rows: torch.Tensor) -> torch.Tensor:
        rows = rows / rows.norm(dim=1, keepdim=True)
        squares = torch.stack([(row - rows).square().sum(1) for row in rows])
        width = squares[~torch.eye(8, dtype=torch.bool)].median()
        return torch.exp(-squares / (2 * width))

    centre = torch.eye(8) - 1 / 8
    expected = torch.trace(kernel(x) @ centre @ kernel(y) @ centre) / 49
    assert float(hsic(x, y)) == pytest.approx(float(expected), rel=1e-4)


def test_hsic_sees_a_dependence_that_no_correlation_shows() -> None:
    torch.manual_seed(0)
    angle, other = torch.rand(256) * 2 * np.pi, torch.rand(256) * 2 * np.pi

    def circle(angles: torch.Tensor) -> torch.Tensor:
        return torch.stack([angles.cos(), angles.sin()], dim=1)

    assert float(orthogonality(circle(angle), circle(2 * angle))) < 0.02
    assert hsic(circle(angle), circle(2 * angle)) > 5 * hsic(circle(angle), circle(other))


def test_triplets_are_all_pairs_of_different_performers() -> None:
    anchor = torch.tensor([[0.0], [1.0], [3.0]])
    positive = torch.tensor([[0.5], [1.0], [3.0]])
    performer = torch.tensor([0, 0, 1])

    loss = triplet_loss(anchor, positive, performer, margin=5.0)

    # (0, 2): 5 + 0.25 - 9 < 0; (1, 2): 5 - 4; (2, 0): 5 - 9 < 0; (2, 1): 5 - 4
    assert float(loss) == pytest.approx(2 / 4)
    assert float(triplet_loss(anchor, positive, torch.zeros(3), 5.0)) == 0


def test_each_stage_trains_its_own_modules_only() -> None:
    trained = objective().train()
    losses = trained.losses(style_batch())

    def reached(name: str) -> set[str]:
        trained.zero_grad()
        losses[name].backward(retain_graph=True)
        return {
            key.split(".")[0]
            for key, value in trained.named_parameters()
            if value.grad is not None and value.grad.abs().sum() > 0
        }

    assert reached("expert") == {"expert"}
    assert reached("structure") == {"semantic"}
    assert reached("orthogonality") == reached("hsic") == reached("triplet") == {"network"}
    assert reached("denoising") == {"network"}


def test_the_structural_loss_teaches_the_semantic_encoder_what_was_heard() -> None:
    torch.manual_seed(0)
    trained = objective().train()
    heard = torch.randn(6, SMALL.expert_width)
    motion = style_batch().motion
    optimiser = torch.optim.Adam(trained.semantic.parameters(), 5e-3)
    values = []
    for _ in range(25):
        loss = trained.banks(heard, trained.says(motion))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        values.append(float(loss.detach()))

    assert values[-1] < 0.6 * values[0]


def test_steps_on_one_batch_lower_the_loss() -> None:
    assert_steps_lower_the_loss(objective())


@pytest.mark.filterwarnings("ignore")  # of torch's tracer
def test_exported_graphs_agree_at_other_lengths(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    from .exporting import largest_error

    assert largest_error(awake(), tmp_path) < 1e-4
