"""The map between ARKit and FLAME, fitted on a small FLAME-format model: faces come out alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import lsq_linear
from scipy.spatial.transform import Rotation

from mynah_daemon.cli import main
from mynah_daemon.clip_files import EYE_RANGE_RAD, read_clip, write_clip
from mynah_daemon.flame.align import align
from mynah_daemon.flame.arkit_head import ArkitHead, read_arkit_head
from mynah_daemon.flame.calibrate import Calibration, calibrate
from mynah_daemon.flame.mapping import EYELIDS, FlameMap, map_to_bytes, read_map
from mynah_daemon.flame.model import JAW, MM, FlameModel
from mynah_daemon.flame.picture import FACES, paint_heads
from mynah_daemon.flame.read_model import read_flame_model
from mynah_daemon.flame.stored import MAP_NAME, map_sha256
from mynah_daemon.pictures.head_asset import load_head
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.flame import JAW_POSE, NECK_POSE, exp_channels
from tests.inference_daemon.flame_models import (
    N_EXP,
    SCALE,
    TURN,
    clusters,
    make_model,
    make_stranger,
    smooth_identities,
    write_head,
    write_python3,
)

CELL_MM = 5.5


def faces(n: int = 40, seed: int = 9) -> MotionClip:
    """Random faces in which some shapes show, turned this way and that."""
    rng = np.random.default_rng(seed)
    values = rng.random((n, 55)) * (rng.random((n, 55)) < 0.15)
    column = ARKIT_CHANNELS.index
    values[:, column("tongueOut")] = 0
    for side in ("Left", "Right"):
        values[:, column(f"eyeLookUp{side}")] = values[:, column(f"eyeLookIn{side}")] = 0
    values[:, column("mouthClose")] = 0.5 * values[:, column("jawOpen")]
    values[:, -3:] = rng.uniform(-0.5, 0.5, (n, 3))
    return MotionClip(30.0, ARKIT_CHANNELS, values.astype(np.float32))


def face_error_mm(
    clip: MotionClip, made: Calibration, model: FlameModel, head: ArkitHead
) -> np.ndarray:
    """Distances [T, V] between FLAME's face with the map's coefficients and the right one, which is
    known: each of the model's vertices is the mean of a cell of the head's."""
    cells, _ = clusters(head, CELL_MM)
    n_cells = int(cells.max()) + 1
    counts = np.bincount(cells)[:, None]
    flame = made.flame_map.to_flame(clip)
    errors = []
    for weights, exp, jaw in zip(
        clip.select(ARKIT_BLENDSHAPES).values,
        flame.select(exp_channels(N_EXP)).values,
        flame.select(JAW_POSE).values,
        strict=True,
    ):
        moved = np.tensordot(weights, head.deltas[:, : len(cells)], axes=1) @ (SCALE * TURN.T)
        right = np.zeros((n_cells, 3))
        np.add.at(right, cells, moved)
        pose = np.zeros((5, 3))
        pose[JAW] = jaw
        mesh = model.mesh(model.template, exp.astype(float), pose) - model.template
        errors.append(np.linalg.norm(mesh[:n_cells] * MM - right / counts, axis=1))
    return np.array(errors)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a head of simple forms and a FLAME-format model made of it."""
    folder = tmp_path_factory.mktemp("flame")
    write_head(folder / "ict_arkit52.npz")
    head = read_arkit_head(folder)
    write_python3(folder / "flame.pkl", make_model(head, smooth_identities(head), CELL_MM))
    return folder


@pytest.fixture(scope="module")
def head(files: Path) -> ArkitHead:
    return read_arkit_head(files)


@pytest.fixture(scope="module")
def model(files: Path) -> FlameModel:
    return read_flame_model(files / "flame.pkl")


@pytest.fixture(scope="module")
def made(model: FlameModel, head: ArkitHead) -> Calibration:
    return calibrate(model, head, N_EXP, "flame.pkl", "0" * 64, lambda _stage, _fraction: None)


# --- the fit --------------------------------------------------------------------------------------


def test_the_heads_come_to_lie_on_each_other(made: Calibration) -> None:
    aligned = made.alignment
    assert aligned.distance_mm.mean() < 0.6
    assert len(aligned.matched) > 2000
    np.testing.assert_allclose(aligned.rotation, TURN, atol=0.02)
    assert aligned.scale == pytest.approx(SCALE, rel=0.06)


def test_faces_of_flame_are_the_right_ones(
    made: Calibration, model: FlameModel, head: ArkitHead
) -> None:
    clip = faces()
    errors = face_error_mm(clip, made, model, head)
    still = np.zeros_like(clip.values)
    motion = face_error_mm(clip, _nothing(made), model, head)
    assert errors.mean() < 0.2
    assert np.quantile(errors, 0.99) < 4
    assert errors.mean() < 0.15 * motion.mean(), "nearly all of the motion must be there"
    at_rest = face_error_mm(MotionClip(30.0, clip.channels, still), made, model, head)
    assert at_rest.max() < 1e-9


def _nothing(made: Calibration) -> Calibration:
    empty = np.zeros_like(made.flame_map.coefficients)
    flame_map = FlameMap(empty, made.flame_map.metric, "", "")
    return Calibration(flame_map, made.fit, made.alignment)


def test_the_report_is_in_mm_and_small(made: Calibration) -> None:
    fit, jaw = made.fit, ARKIT_BLENDSHAPES.index("jawOpen")
    tongue = ARKIT_BLENDSHAPES.index("tongueOut")
    assert fit.moves_mm[jaw] == pytest.approx(30.7, abs=3)
    assert fit.moves_mm[tongue] == 0
    shown = np.delete(np.arange(52), [tongue])
    assert (fit.residual_mm[shown] < 0.15 * fit.moves_mm[shown]).all()
    assert (fit.worst_mm >= fit.residual_mm).all()
    assert fit.round_trip[shown].max() < 0.05


def test_the_jaw_opens_by_turning(made: Calibration) -> None:
    x = made.flame_map.coefficients[ARKIT_BLENDSHAPES.index("jawOpen")]
    pitch, yaw, roll = x[N_EXP : N_EXP + 3]
    assert 0.2 < pitch < 0.6
    assert abs(yaw) < 0.02
    assert abs(roll) < 0.02


@pytest.mark.parametrize(
    "template", [lambda p: Rotation.from_euler("Y", 90, degrees=True).apply(p), lambda p: 100 * p]
)
def test_a_model_that_lies_elsewhere_is_refused(
    model: FlameModel, head: ArkitHead, template: Callable[[np.ndarray], np.ndarray]
) -> None:
    other = FlameModel(**{**vars(model), "template": template(model.template)})
    with pytest.raises(BadInputError, match=r"don't come to lie on each other .* metres"):
        align(other, head)


# --- the map --------------------------------------------------------------------------------------


def test_there_and_back_are_the_same_shapes_and_head(made: Calibration) -> None:
    clip = faces()
    back = made.flame_map.to_arkit(made.flame_map.to_flame(clip))
    assert set(ARKIT_CHANNELS) - set(back.channels) == {"tongueOut"}
    errors = back.values - clip.select(back.channels).values
    assert np.sqrt(np.mean(errors**2)) < 0.03
    np.testing.assert_allclose(
        back.select(HEAD_CHANNELS).values, clip.select(HEAD_CHANNELS).values, atol=1e-5
    )


def test_the_best_shapes_in_their_bounds_are_found(made: Calibration) -> None:
    flame_map = made.flame_map
    # Beyond what ARKit can show, so that bounds hold.
    wild = MotionClip(30.0, exp_channels(N_EXP), np.float32(2) * faces(5).values[:, :N_EXP])
    found = flame_map.to_arkit(wild)
    root = np.linalg.cholesky(flame_map.metric + 1e-12 * np.eye(len(flame_map.metric))).T
    used = flame_map.coefficients[flame_map.shown]
    own = np.sqrt(1e-3 * np.einsum("si,ij,sj->s", used, flame_map.metric, used))
    matrix = np.concatenate([root @ used.T, np.diag(own)])
    jaw, close = (found.channels.index(name) for name in ("jawOpen", "mouthClose"))
    for exp, shapes in zip(wild.values, found.values, strict=True):
        x = np.concatenate([exp, np.zeros(9)])
        wanted = lsq_linear(matrix, np.concatenate([root @ x, np.zeros(len(used))]), (0, 1)).x
        wanted[close] = min(wanted[close], wanted[jaw])
        np.testing.assert_allclose(shapes, wanted, atol=2e-3)


def test_the_head_turns_on_the_neck(made: Calibration) -> None:
    values = np.zeros((3, 55), np.float32)
    values[0, -3:], values[1, -3:], values[2, -3:] = (0.3, 0, 0), (0, 0.4, 0), (0, 0, 0.2)
    neck = made.flame_map.to_flame(MotionClip(30.0, ARKIT_CHANNELS, values)).select(NECK_POSE)
    np.testing.assert_allclose(neck.values, np.diag([0.3, 0.4, 0.2]), atol=1e-6)
    # Yaw first, then pitch about the turned head's own axis (CONVENTIONS.md).
    values[0, -3:] = (0.3, 0.4, 0)
    both = made.flame_map.to_flame(MotionClip(30.0, ARKIT_CHANNELS, values)).select(NECK_POSE)
    wanted = Rotation.from_rotvec([0, 0.4, 0]) * Rotation.from_rotvec([0.3, 0, 0])
    np.testing.assert_allclose(both.values[0], wanted.as_rotvec(), atol=1e-6)


def test_eyes_turn_as_in_live_link_files(made: Calibration) -> None:
    values = np.zeros((1, 55), np.float32)
    for name in ("eyeLookOutLeft", "eyeLookInRight", "eyeLookDownLeft"):
        values[0, ARKIT_CHANNELS.index(name)] = 1
    flame = made.flame_map.to_flame(MotionClip(30.0, ARKIT_CHANNELS, values))
    turned = {name: flame.column(name)[0] for name in flame.channels if name.startswith("eyePose")}
    assert turned == pytest.approx(
        {
            "eyePoseLeftX": EYE_RANGE_RAD, "eyePoseLeftY": EYE_RANGE_RAD, "eyePoseLeftZ": 0,
            "eyePoseRightX": 0, "eyePoseRightY": EYE_RANGE_RAD, "eyePoseRightZ": 0,
        }
    )  # fmt: skip


def test_fewer_components_are_the_same_face_and_more_are_refused(made: Calibration) -> None:
    flame = made.flame_map.to_flame(faces())
    narrow = flame.select([c for c in flame.channels if c < "exp030" or not c.startswith("exp")])
    padded = flame.values.copy()
    padded[:, 30:N_EXP] = 0
    wide = made.flame_map.to_arkit(MotionClip(flame.fps, flame.channels, padded))
    np.testing.assert_array_equal(made.flame_map.to_arkit(narrow).values, wide.values)
    many = MotionClip(30.0, exp_channels(100), np.zeros((2, 100), np.float32))
    with pytest.raises(BadInputError, match=r"100 components .* calibrated with 50; run .*100"):
        made.flame_map.to_arkit(many)


def test_lids_beside_the_expression_close_the_eyes(made: Calibration) -> None:
    channels = (*exp_channels(N_EXP), *JAW_POSE, *EYELIDS)
    values = np.zeros((1, len(channels)), np.float32)
    values[0, -2:] = 0.8, 0.3
    back = made.flame_map.to_arkit(MotionClip(30.0, channels, values))
    assert back.column("eyeBlinkLeft")[0] == pytest.approx(0.8)
    assert back.column("eyeBlinkRight")[0] == pytest.approx(0.3)


def test_the_file_holds_the_map_and_no_mesh(made: Calibration, tmp_path: Path) -> None:
    path = tmp_path / "map.npz"
    path.write_bytes(map_to_bytes(made.flame_map))
    back = read_map(path)
    np.testing.assert_array_equal(back.coefficients, made.flame_map.coefficients)
    np.testing.assert_array_equal(back.metric, made.flame_map.metric)
    assert (back.model, back.model_sha256) == ("flame.pkl", "0" * 64)
    with np.load(path) as content:
        assert max(content[name].size for name in content.files) < 5000


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04"])
def test_a_file_that_is_no_map_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "map.npz").write_bytes(content)
    with pytest.raises(BadInputError, match=r"'map\.npz' is not a map"):
        read_map(tmp_path / "map.npz")
    np.savez(tmp_path / "map.npz", schema=1, coefficients=np.zeros((3, 3)), metric=np.eye(3))
    with pytest.raises(BadInputError, match=r"'map\.npz' is not a map"):
        read_map(tmp_path / "map.npz")


def test_another_map_has_another_name(tmp_path: Path) -> None:
    assert map_sha256(tmp_path / "map.npz") == ""
    (tmp_path / "map.npz").write_bytes(b"one")
    first = map_sha256(tmp_path / "map.npz")
    (tmp_path / "map.npz").write_bytes(b"two")
    assert len({first, map_sha256(tmp_path / "map.npz"), ""}) == 3


# --- the picture and the commands -----------------------------------------------------------------


def test_both_heads_do_the_same_in_the_picture(
    made: Calibration, model: FlameModel, head: ArkitHead
) -> None:
    arkit, flame = (rows.astype(float) for rows in paint_heads(made, model, head))
    rest, opened = list(FACES).index("at rest"), list(FACES).index("jawOpen 0.6")
    for rows in (arkit, flame):
        assert np.abs(rows[opened] - rows[rest]).max() > 60
    mouth = slice(int(0.55 * arkit.shape[1]), None)
    alike = np.abs(arkit[opened, mouth] - flame[opened, mouth]).mean()
    unlike = np.abs(arkit[opened, mouth] - flame[rest, mouth]).mean()
    assert alike < unlike


def test_calibrate_stores_reports_and_paints(
    files: Path, mynah_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["flame", "calibrate", "--flame", files / "flame.pkl", "--head", files]
    assert main(list(map(str, arguments))) == 0
    told = capsys.readouterr()
    assert "exp 50" in told.out
    rows = [line.split() for line in told.out.splitlines()]
    assert {row[0] for row in rows if row} >= set(ARKIT_BLENDSHAPES)
    assert "Not in FLAME or the head: tongueOut." in told.out
    assert "fit" in told.err
    assert read_map(mynah_home / MAP_NAME).exp_width == 50
    with Image.open((mynah_home / MAP_NAME).with_suffix(".png")) as picture:
        assert picture.width > 8 * 200

    clip = faces()
    write_clip(clip, mynah_home / "a.csv")
    for source, target, form in (("a.csv", "b.npz", "flame"), ("b.npz", "c.csv", "arkit")):
        paths = [str(mynah_home / source), "-o", str(mynah_home / target)]
        assert main(["flame", "convert", *paths, "--representation", form]) == 0
    back = read_clip(mynah_home / "c.csv")
    assert np.sqrt(np.mean((back.values - clip.select(back.channels).values) ** 2)) < 0.03


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"--flame": "gone.pkl"}, "gone.pkl': No such file"),
        ({"--head": "flame.pkl"}, "'flame.pkl' is not a prepared ICT-FaceKit head"),
        ({"--exp": "100"}, "'flame.pkl' has 50 components of expression; --exp 100 is more."),
        ({"-o": "gone/map.npz"}, "map.npz' doesn't exist; create it first."),
    ],
)
def test_calibrate_says_what_is_wrong(
    files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: dict[str, str],
    sentence: str,
) -> None:
    monkeypatch.chdir(files)
    options = {"--flame": "flame.pkl", "--head": ".", "-o": str(tmp_path / "map.npz"), **change}
    assert main(["flame", "calibrate", *(word for pair in options.items() for word in pair)]) == 2
    assert sentence in capsys.readouterr().err.splitlines()[-1]
    assert list(tmp_path.iterdir()) == []


# --- the real head --------------------------------------------------------------------------------


def test_on_ict_facekit_the_map_is_right_to_half_a_millimetre(
    shared_data: Path, tmp_path: Path
) -> None:
    path = shared_data / "data" / "ict_facekit"
    head = read_arkit_head(path)
    with np.load(path / "ict_arkit52.npz") as content:
        identities = 10 * content["identities"][:6].astype(float)
    signs = 0.7 * np.array([1, -1, 1, -1, 1, 1])[:, None, None]
    write_python3(tmp_path / "flame.pkl", make_model(head, signs * identities, CELL_MM))
    model = read_flame_model(tmp_path / "flame.pkl")
    made = calibrate(model, head, N_EXP, "flame.pkl", "", lambda _stage, _fraction: None)
    errors = face_error_mm(faces(), made, model, head)
    assert errors.mean() < 0.5
    assert made.fit.residual_mm.mean() < 0.3
    assert np.delete(made.fit.round_trip, ARKIT_BLENDSHAPES.index("tongueOut")).max() < 0.03


def test_another_head_with_other_shapes_is_met_to_a_few_millimetres(
    shared_data: Path, tmp_path: Path
) -> None:
    head = read_arkit_head(shared_data / "data" / "ict_facekit")
    write_python3(tmp_path / "flame.pkl", make_stranger(load_head()))
    model = read_flame_model(tmp_path / "flame.pkl")
    made = calibrate(model, head, N_EXP, "flame.pkl", "", lambda _stage, _fraction: None)
    assert made.alignment.distance_mm.mean() < 1.5
    assert made.fit.residual_mm.mean() < 2
    assert np.delete(made.fit.round_trip, ARKIT_BLENDSHAPES.index("tongueOut")).mean() < 0.05
