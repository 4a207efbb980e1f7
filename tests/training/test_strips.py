"""Film strips: faces drawn with numpy, moments chosen, strips written while a model trains."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from PIL import Image  # noqa: E402  (comes with tensorboard)

from mynah_training.builders import (  # noqa: E402
    REGRESSION,
    STYLED,
    RunConfig,
    build_trainer,
)  # fmt: skip
from mynah_training.data.features import FeaturePack, write_features  # noqa: E402
from mynah_training.data.pack import Pack  # noqa: E402
from mynah_training.data.phones import PHONES  # noqa: E402
from mynah_training.data.utterances import UtteranceMix  # noqa: E402
from mynah_training.evaluation.face_picture import HEIGHT, WIDTH, load_painter  # noqa: E402
from mynah_training.models.regression import RegressionConfig  # noqa: E402
from mynah_training.models.speech_encoder import (  # noqa: E402
    SpeechEncoder,
    SpeechEncoderConfig,
)  # fmt: skip
from mynah_training.strips import FilmStrips, moments_of, perform  # noqa: E402

MEAN, SCALE = torch.full((55,), 0.1), torch.full((55,), 0.2)
TINY = RunConfig(
    RegressionConfig(width=16, dilations=(1,)),
    UtteranceMix(performer=2, others=1, animated=1, revoiced=1, silence=1),
)
TEETH = 17039


@pytest.fixture
def whole_head(tmp_path: Path) -> Path:
    """A head of the prepared layout: a wall of skin with a flap that the jaw lowers, teeth behind
    it."""
    neutral = np.zeros((26719, 3), np.float32)
    square = np.array([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]], np.float32)
    neutral[100:104] = 3 * square + [0, 0, 5]  # the flap
    neutral[104:108] = 3 * square + [7, 0, 5]  # a cheek on the head's left
    neutral[TEETH : TEETH + 4] = 3 * square + [0, 0, 4]
    deltas = np.zeros((52, len(neutral), 3), np.float16)
    deltas[ARKIT_BLENDSHAPES.index("jawOpen"), 100:104, 1] = -30
    quads = np.array([range(100, 104), range(104, 108), range(TEETH, TEETH + 4)], np.int32)
    path = tmp_path / "whole.npz"
    np.savez_compressed(
        path, neutral=neutral, deltas=deltas, faces=quads,
        arkit_names=np.array(ARKIT_BLENDSHAPES), landmarks68=np.arange(68),
    )  # fmt: skip
    return path


@pytest.fixture
def features(pack: Pack, tmp_path: Path) -> FeaturePack:
    torch.manual_seed(0)
    encoder = SpeechEncoder(SpeechEncoderConfig(width=16, dilations=(1, 2))).eval()
    list(write_features(pack, encoder, tmp_path / "features", 1, 0))
    return FeaturePack(tmp_path / "features")


def pose(**values: float) -> NDArray[np.float32]:
    found = np.zeros((1, 55), np.float32)
    for name, value in values.items():
        found[0, ARKIT_CHANNELS.index(name)] = value
    return found


def test_what_is_nearer_hides_what_lies_behind(whole_head: Path) -> None:
    painter = load_painter(whole_head)

    shut, wide = (painter.paint(pose(jawOpen=jaw))[0] for jaw in (0.0, 1.0))

    assert shut.shape == (HEIGHT, WIDTH, 3)
    middle = (HEIGHT // 2, WIDTH // 2)
    red, _, blue = shut[middle].astype(int)
    assert red > 1.3 * blue  # skin
    red, _, blue = wide[middle].astype(int)
    assert blue < red < 1.15 * blue  # teeth


def test_the_left_of_the_head_is_on_the_right_and_it_turns_to_its_own_left(
    whole_head: Path,
) -> None:
    painter = load_painter(whole_head)

    def centre(**values: float) -> tuple[float, float]:
        picture = painter.paint(pose(**values))[0]
        rows, columns = np.nonzero((picture != picture[0, 0]).any(-1))
        return float(rows.mean()), float(columns.mean())

    row, column = centre()
    assert column > WIDTH / 2
    assert centre(headYaw=0.3)[1] > column + 3
    assert centre(headPitch=0.2)[0] > row + 3  # chin down: points in front of the neck sink
    assert centre(headRoll=0.2)[1] < column - 3  # to its own right


def test_moments_are_middles_of_sounds() -> None:
    phones = np.repeat([0, 3, 0, *range(5, 17), 0], 4)

    moments = moments_of(phones)

    assert len(moments) == 8
    assert moments == sorted(moments)
    assert (phones[moments] > 0).all()
    assert all(m % 4 == 1 for m in moments)


@pytest.mark.parametrize("phone", [-1, 0])
def test_moments_are_spread_evenly_where_no_sound_is_known(phone: int) -> None:
    assert moments_of(np.full(71, phone)) == [0, 10, 20, 30, 40, 50, 60, 70]


@pytest.mark.parametrize("name", STYLED)
def test_models_with_styles_perform_a_window_in_their_style(name: str) -> None:
    config, model, _ = STYLED[name]
    torch.manual_seed(0)
    network = model(config(), MEAN, SCALE).eval()
    with torch.no_grad():
        for parameter in network.parameters():  # wake what begins at zero
            parameter.add_(0.05 * torch.randn_like(parameter))
    rng = np.random.default_rng(0)
    speech = [rng.standard_normal((160, len(PHONES) + 12)).astype(np.float32)] * 2
    styles = [rng.random((75, 55)).astype(np.float32) for _ in range(2)]
    before = torch.random.get_rng_state()

    motion = perform(network, speech, styles)

    assert motion.shape == (2, 70, 55)
    assert np.isfinite(motion).all()
    assert motion[..., :52].min() >= 0
    assert motion[..., :52].max() <= 1
    np.testing.assert_array_equal(motion, perform(network, speech, styles))
    assert np.abs(motion[0] - perform(network, speech[:1], styles[1:])[0]).max() > 1e-4
    assert torch.equal(before, torch.random.get_rng_state())  # the training is not disturbed


def test_a_run_leaves_a_strip_of_its_averaged_network(
    features: FeaturePack, whole_head: Path, tmp_path: Path
) -> None:
    run = build_trainer(REGRESSION, tmp_path / "features", whole_head, tmp_path / "run", TINY)

    run.fit(minutes=0.01)

    (path,) = (tmp_path / "run" / "strips").glob("*.png")
    assert path.name == f"step_{run.step:06}.png"
    with Image.open(path) as picture:
        shown = np.asarray(picture)
    np.testing.assert_array_equal(shown, FilmStrips(features, whole_head).draw(run.ema))
    assert shown.shape[1] == 8 * WIDTH
    assert shown.shape[0] > 3 * 2 * HEIGHT  # three people, filmed and made
    (events,) = (tmp_path / "run").glob("events.out.tfevents.*")
    assert b"strip" in events.read_bytes()


def test_a_head_that_can_not_be_drawn_does_not_end_the_training(
    features: FeaturePack, head_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BadInputError, match="no whole ICT-FaceKit head"):
        load_painter(head_file)
    assert features.entries

    run = build_trainer(REGRESSION, tmp_path / "features", head_file, tmp_path / "run", TINY)
    run.fit(minutes=0.005)

    assert run.step > 0
    assert (tmp_path / "run" / "checkpoint.pt").is_file()
    assert f"no film strip at step {run.step}: " in capsys.readouterr().out
