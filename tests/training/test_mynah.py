"""The joint model: regions, mixing, joins and closures, switches, training steps and export."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.motion.arkit import ARKIT_CHANNELS  # noqa: E402  (needs torch)
from mynah_shared.motion.regions import REGIONS, channel_indices  # noqa: E402
from mynah_training.data.phones import PHONE_INDEX  # noqa: E402
from mynah_training.losses.closure import bilabial_frames, closure_loss  # noqa: E402
from mynah_training.losses.face import FaceLoss, FaceWeights  # noqa: E402
from mynah_training.losses.join import join_loss  # noqa: E402
from mynah_training.metrics.head import LandmarkHead  # noqa: E402
from mynah_training.models.mynah import (  # noqa: E402
    MynahBlock,
    MynahConfig,
    MynahModel,
    MynahObjective,
)  # fmt: skip
from mynah_training.models.styled import Conditions, DenoisingConfig  # noqa: E402
from mynah_training.modules.style_pooling import statistics  # noqa: E402
from tests.training.exporting import largest_error  # noqa: E402
from tests.training.style_batches import (  # noqa: E402
    MEAN,
    SCALE,
    N,
    conditions,
    style_batch,
)  # fmt: skip
from tests.training.styled_checks import (  # noqa: E402
    SWITCHED,
    assert_steps_lower_the_loss,
    assert_switch_works,
    predicted,
    total_loss,
)  # fmt: skip

TINY = MynahConfig(
    region_width=8, layers=2, dropout=0.0, style_width=8, style_encoder_width=16,
    style_encoder_layers=2, bases=3,
)  # fmt: skip
JAW_OPEN = ARKIT_CHANNELS.index("jawOpen")


@pytest.fixture
def model() -> MynahModel:
    torch.manual_seed(0)
    return MynahModel(TINY, MEAN, SCALE).eval()


@pytest.fixture
def given(model: MynahModel) -> Conditions:
    return conditions(style_batch(), torch.randn(6, model.style_width))


def face() -> FaceLoss:
    """A head whose lips are 1 mm apart at rest and 31 mm with the jaw open."""
    neutral, deltas = np.zeros((68, 3), np.float32), np.zeros((52, 68, 3), np.float32)
    neutral[66, 1] = -1.0
    deltas[JAW_OPEN, 66, 1] = -30.0
    return FaceLoss(LandmarkHead(neutral, deltas), SCALE, FaceWeights())


def objective(**denoising: float) -> MynahObjective:
    torch.manual_seed(0)
    return MynahObjective(TINY, MEAN, SCALE, face(), DenoisingConfig(**denoising), 3)


def losses(**denoising: float) -> dict[str, float]:
    trained = objective(**denoising).train()
    return {name: value.item() for name, value in trained.losses(style_batch()).items()}


class PushedDecoder(torch.nn.Module):
    """A decoder that says more of one channel at one frame."""

    def __init__(self, decoder: torch.nn.Module, frame: int, channel: int) -> None:
        super().__init__()
        self.decoder, self.frame, self.channel = decoder, frame, channel

    def forward(self, phone_logits: torch.Tensor, cepstrum: torch.Tensor) -> torch.Tensor:
        made = self.decoder(phone_logits, cepstrum).clone()
        made[:, self.frame, self.channel] += 0.5
        return made


def test_shapes_and_repeatable_style(model: MynahModel, given: Conditions) -> None:
    clip = torch.randn(6, 33, N)
    with torch.no_grad():
        style = model.encode_style(clip)
        assert torch.equal(style, model.encode_style(clip))

    assert style.shape == (6, TINY.style_width)
    assert predicted(model, given).shape == (6, 70, N)


@pytest.mark.parametrize(("switch", "condition"), SWITCHED)
def test_a_condition_counts_only_while_it_is_switched_on(
    model: MynahModel, given: Conditions, switch: str, condition: str
) -> None:
    assert_switch_works(model, given, switch, condition)


def test_the_null_branch_of_style_holds_no_basis(model: MynahModel, given: Conditions) -> None:
    null = replace(given, has_style=torch.zeros(6))
    before, with_style = predicted(model, null), predicted(model, given)
    with torch.no_grad():
        for decoder in model.basis.decoders:
            decoder[-1].bias += 1.0

    assert torch.equal(predicted(model, null), before)
    assert not torch.allclose(predicted(model, given), with_style, atol=0.1)


def test_the_basis_moves_lips_least(model: MynahModel, given: Conditions) -> None:
    """Every basis reaches 1 everywhere, every amount its limit."""
    before = predicted(model, replace(given, has_style=torch.ones(6)))
    with torch.no_grad():
        without = before - _basis_alone(model, given)
        for decoder in model.basis.decoders:
            decoder[-1].weight.zero_()
            decoder[-1].bias.fill_(1.0)
        model.basis.amount.weight.zero_()
        model.basis.amount.bias.fill_(50.0)
    added = (predicted(model, given) - without)[0, 0]

    for names, limit in zip(REGIONS.values(), TINY.largest_amounts, strict=True):
        expected = torch.full((len(names),), TINY.bases * limit)
        assert torch.allclose(added[torch.from_numpy(channel_indices(names))], expected, atol=1e-4)


def _basis_alone(model: MynahModel, given: Conditions) -> torch.Tensor:
    """What the basis added to `predicted`."""
    kept: list[torch.Tensor] = []
    hook = model.basis.register_forward_hook(lambda *call: kept.append(call[2]))
    predicted(model, given)
    hook.remove()
    return kept[0]


def test_style_code_depends_on_the_order_of_frames(model: MynahModel) -> None:
    clip = torch.randn(1, 40, N)
    with torch.no_grad():
        assert (model.encode_style(clip) - model.encode_style(clip.flip(1))).abs().max() > 1e-4


def test_regions_start_apart_and_know_which_frames_are_given(model: MynahModel) -> None:
    motion = torch.randn(1, 4, N + 1)
    blink, told = motion.clone(), motion.clone()
    blink[..., 0] += 1.0
    told[..., N] += 1.0
    with torch.no_grad():
        before = model.stem(motion)

        def moved(changed: torch.Tensor) -> list[bool]:
            parts = (model.stem(changed) - before).chunk(len(REGIONS), dim=-1)
            return [bool(part.abs().max() > 1e-6) for part in parts]

        assert dict(zip(REGIONS, moved(blink), strict=True)) == {
            "lips": False, "eyes": True, "rest": False, "head": False
        }  # fmt: skip
        assert moved(told) == [True] * len(REGIONS)


@pytest.mark.parametrize(("rule", "lips"), [("reversed", 3.0), ("printed", 1.5)])
def test_each_region_is_mixed_by_its_rule(rule: str, lips: float) -> None:
    """Audio equal to style means D = σ(0) = ½: z/D + z = 3 z, z·D + z = 1.5 z (Eq. 9)."""
    block = MynahBlock(replace(TINY, lower_rule=rule))
    z = torch.randn(2, 5, TINY.width)

    mixed = block.mix(z, z).chunk(len(REGIONS), dim=-1)

    for region, whole, part in zip(REGIONS, mixed, z.chunk(len(REGIONS), dim=-1), strict=True):
        expected = lips if region == "lips" else 3.0
        assert torch.allclose(whole, expected * part, atol=1e-4), region


def test_speech_is_heard_only_from_near() -> None:
    torch.manual_seed(0)
    block = MynahBlock(TINY).eval()
    frames, speech = torch.randn(1, 30, TINY.width), torch.randn(1, 30, TINY.width)
    changed = speech.clone()
    changed[:, 15] += 1.0
    with torch.no_grad():
        moved = (block.hear(frames, speech) - block.hear(frames, changed)).abs().amax(-1)[0] > 1e-6

    assert moved.nonzero().flatten().tolist() == list(range(10, 21))


def test_a_jump_at_the_border_by_hand() -> None:
    """An offset e behind the border errs once in velocity (of 4) and twice in acceleration
    (of 3)."""
    previous, target = torch.randn(2, 10, 7), torch.randn(2, 20, 7)
    whole, half = torch.ones(2), torch.tensor([1.0, 0.0])
    later = target.clone()
    later[:, 3:] += 1.0

    assert float(join_loss(previous, target, target, whole)) == 0.0
    assert float(join_loss(previous, later, target, whole)) == 0.0
    by_hand = 0.3**2 * (1 / 4 + 2 / 3)
    assert float(join_loss(previous, target + 0.3, target, whole)) == pytest.approx(by_hand)
    assert float(join_loss(previous, target + 0.3, target, half)) == pytest.approx(by_hand / 2)


def test_a_line_that_starts_joins_nothing() -> None:
    assert losses(line_start=1.0)["join"] == 0.0
    assert losses(line_start=0.0)["join"] > 0.0


def test_bilabial_frames_are_those_of_either_half() -> None:
    said = "sil B M sil AA AA P P F N".split()
    phones = torch.tensor([[PHONE_INDEX[phone] for phone in said]])

    assert bilabial_frames(phones).tolist() == [[True, True, False, True, False]]


def test_closure_by_hand() -> None:
    """A frame that closed in the film counts whole, one that stayed 2 mm open e⁻², others not."""
    rest = torch.tensor(1.0)
    filmed = torch.tensor([[0.5, 3.0, 0.5, 0.5]])
    gap = torch.tensor([[4.0, 5.0, 0.2, 9.0]])
    bilabial = torch.tensor([[True, True, True, False]])

    loss = closure_loss(gap, filmed, rest, bilabial, torch.ones(1))

    assert float(loss) == pytest.approx((3.0 + 4.0 * np.exp(-2)) / 3)
    assert float(closure_loss(gap, filmed, rest, bilabial, torch.zeros(1))) == 0.0
    assert float(closure_loss(gap, filmed, rest, bilabial.float() < 0, torch.ones(1))) == 0.0


def test_closure_and_sync_ask_nothing_of_a_face_that_hears_nothing() -> None:
    silent, heard = losses(no_speech=1.0), losses(no_speech=0.0)

    assert silent["closure"] == 0.0
    assert silent["sync"] == 0.0
    assert heard["closure"] > 0.0


def test_the_closure_loss_shuts_the_mouth_and_passes_unknown_lips() -> None:
    trained, batch = objective(), style_batch()
    phones = torch.full_like(batch.phones, PHONE_INDEX["M"])
    motion = batch.motion.clone()
    motion[..., JAW_OPEN] = 0.0
    valid = batch.valid.clone()
    valid[1, JAW_OPEN] = False
    batch = replace(batch, phones=phones, motion=motion, valid=valid)
    clean = torch.full((6, 70, N), 0.5, requires_grad=True)

    trained._closure(batch, clean, torch.ones(6)).backward()

    assert (clean.grad[0, :, JAW_OPEN] > 0).all(), "descent lowers the jaw's opening"
    assert not clean.grad[1].any()


def test_the_expert_learns_from_true_lips_alone() -> None:
    trained = objective().train()
    made = trained.losses(style_batch())

    made["expert"].backward(retain_graph=True)
    assert all(p.grad is None for p in trained.network.parameters())
    before = [p.grad.clone() for p in trained.expert.parameters()]
    (made["sync"] + made["denoising"]).backward()
    assert all(
        torch.equal(p.grad, g) for p, g in zip(trained.expert.parameters(), before, strict=True)
    )


def test_style_is_drawn_in_training_only() -> None:
    trained, clip = objective(), torch.randn(2, 20, N)

    assert not torch.equal(*(trained.train().style_in_training(clip) for _ in range(2)))
    trained.eval()
    assert torch.equal(trained.style_in_training(clip), trained.network.encode_style(clip))


def test_training_steps_lower_the_loss() -> None:
    assert_steps_lower_the_loss(objective())


def test_every_weight_learns() -> None:
    trained = objective(line_start=0.5, no_speech=0.5, no_style=0.5).train()
    with torch.no_grad():  # the modulation starts as the identity: nothing reaches the time yet
        for block in trained.network.blocks:
            block.modulate.linear.weight.normal_(std=0.1)
    total_loss(trained).backward()

    lost = [n for n, p in trained.named_parameters() if p.grad is None or not p.grad.any()]
    assert all(n.startswith("network.drafted.decoder.") for n in lost)  # which has learned before


def test_what_drafts_the_lips_stays_as_it_was() -> None:
    trained = objective().train()
    decoder = trained.network.drafted.decoder
    before = {n: x.clone() for n, x in decoder.state_dict().items()}

    optimiser = torch.optim.Adam(trained.parameters(), 3e-3)
    total_loss(trained).backward()
    optimiser.step()

    assert not decoder.training
    assert all(torch.equal(x, before[n]) for n, x in decoder.state_dict().items())


def test_the_lips_follow_the_draft_frame_by_frame(model: MynahModel, given: Conditions) -> None:
    """Another draft at one moment moves the output there most, before anything was learned."""
    given = replace(given, has_style=torch.zeros(6))
    before = predicted(model, given)
    decoder = model.drafted.decoder
    model.drafted.decoder = PushedDecoder(decoder, 40, JAW_OPEN)

    change = (predicted(model, given) - before)[..., JAW_OPEN].abs().mean(0)

    assert int(change.argmax()) == 40 - 10  # the window begins behind ten previous frames


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_exported_graphs_compute_the_same_at_other_lengths(
    model: MynahModel, tmp_path: Path
) -> None:
    assert largest_error(model, tmp_path) < 1e-4


def test_each_frame_hears_its_own_moment_from_the_start(
    model: MynahModel, given: Conditions
) -> None:
    """However untrained attention is, what is said at the end moves the end of the window most."""
    given = replace(given, has_speech=torch.ones(6))
    logits = given.phone_logits.clone()
    logits[:, -4:] += 5 * torch.randn_like(logits[:, -4:])

    other = predicted(model, replace(given, phone_logits=logits))
    change = (other - predicted(model, given)).abs().mean((0, 2))

    assert change[-4:].mean() > 5 * change[:30].mean()


def test_the_style_is_told_where_each_channel_rests_and_how_far_it_moves() -> None:
    clip = torch.zeros(1, 40, N)
    clip[..., 3] = 0.5
    clip[0, ::2, 7], clip[0, 1::2, 7] = 1.0, -1.0

    told = statistics(clip)[0]

    assert told[3] == pytest.approx(0.5)
    assert told[7] == pytest.approx(0.0, abs=1e-6)
    assert told[N + 7] == pytest.approx(1.0, abs=1e-3)
    assert told[N + 3] < 0.02


def test_a_style_scales_the_primary_motion_within_limits(
    model: MynahModel, given: Conditions
) -> None:
    given = replace(given, has_style=torch.zeros(6))  # no basis is added then
    plain = predicted(model, given)
    with torch.no_grad():
        model.gain.bias.fill_(100.0)

    largest = predicted(model, given)

    torch.testing.assert_close(largest, plain * 3.3201, rtol=1e-3, atol=1e-5)
