"""FLAME's file and mesh function: what is read is what was written, and nothing in a file runs."""

from __future__ import annotations

import gzip
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_matrix
from scipy.spatial.transform import Rotation

from mynah_daemon.flame.model import JAW, FlameModel
from mynah_daemon.flame.read_model import read_flame_model
from mynah_shared.errors import BadInputError
from tests.inference_daemon.flame_models import write_python2, write_python3

N = 40


@pytest.fixture(scope="module")
def arrays() -> dict[str, Any]:
    """Random numbers in FLAME's layout."""
    rng = np.random.default_rng(2)
    weights = rng.random((N, 5)) ** 4
    return {
        "v_template": rng.normal(size=(N, 3)),
        "shapedirs": rng.normal(size=(N, 3, 150)),
        "posedirs": 0.01 * rng.normal(size=(N, 3, 36)),
        "J_regressor": csc_matrix(rng.dirichlet(np.ones(N), size=5)),
        "kintree_table": np.array([[2**32 - 1, 0, 1, 1, 1], range(5)], np.uint32),
        "weights": weights / weights.sum(axis=1, keepdims=True),
        "f": rng.integers(0, N, (60, 3)).astype(np.uint32),
        "bs_style": "lrotmin",
    }


def assert_is(model: FlameModel, arrays: dict[str, Any]) -> None:
    np.testing.assert_array_equal(model.template, arrays["v_template"])
    np.testing.assert_array_equal(model.shapes, arrays["shapedirs"][..., :100])
    np.testing.assert_array_equal(model.expressions, arrays["shapedirs"][..., 100:])
    np.testing.assert_array_equal(model.correctives, arrays["posedirs"])
    np.testing.assert_allclose(model.joint_regressor, arrays["J_regressor"].toarray())
    np.testing.assert_array_equal(model.weights, arrays["weights"])
    np.testing.assert_array_equal(model.triangles, arrays["f"])
    assert model.parents == (0, 0, 1, 1, 1)


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_plain_pickle_is_read(tmp_path: Path, arrays: dict[str, Any], protocol: int) -> None:
    write_python3(tmp_path / "flame2023.pkl", arrays, protocol)
    assert_is(read_flame_model(tmp_path / "flame2023.pkl"), arrays)


def test_a_pickle_of_python_2_with_chumpys_arrays_is_read(
    tmp_path: Path, arrays: dict[str, Any]
) -> None:
    path = tmp_path / "generic_model.pkl"
    write_python2(path, arrays)
    content = path.read_bytes()
    for name in (b"cchumpy.ch\nCh\n", b"cchumpy.reordering\nSelect\n", b"cscipy.sparse.csc\n"):
        assert name in content
    assert b"cnumpy.core.multiarray\n" in content
    assert_is(read_flame_model(path), arrays)


def test_a_pickle_that_chumpy_itself_wrote_is_read(tmp_path: Path, repository: Path) -> None:
    packed = repository / "tests" / "golden" / "flame" / "chumpy_0.70.pkl.gz"
    (tmp_path / "a.pkl").write_bytes(gzip.decompress(packed.read_bytes()))
    model = read_flame_model(tmp_path / "a.pkl")
    np.testing.assert_allclose(model.template, np.arange(24).reshape(8, 3) / 10)
    numbers = np.concatenate([model.shapes, model.expressions], axis=2).ravel()
    np.testing.assert_array_equal(numbers, np.arange(8 * 3 * 150) % 97)


def test_fortran_order_and_other_byte_orders_are_read(
    tmp_path: Path, arrays: dict[str, Any]
) -> None:
    turned = dict(arrays)
    turned["shapedirs"] = np.asfortranarray(arrays["shapedirs"])
    turned["v_template"] = arrays["v_template"].astype(">f8")
    write_python3(tmp_path / "a.pkl", turned, 2)
    assert_is(read_flame_model(tmp_path / "a.pkl"), arrays)


def test_an_npz_is_read(tmp_path: Path, arrays: dict[str, Any]) -> None:
    np.savez(tmp_path / "flame.npz", **{**arrays, "J_regressor": arrays["J_regressor"].toarray()})
    assert_is(read_flame_model(tmp_path / "flame.npz"), arrays)


def test_four_hundred_columns_have_a_hundred_of_expression(
    tmp_path: Path, arrays: dict[str, Any]
) -> None:
    shapes = np.random.default_rng(0).normal(size=(N, 3, 400))
    write_python3(tmp_path / "a.pkl", {**arrays, "shapedirs": shapes})
    model = read_flame_model(tmp_path / "a.pkl")
    np.testing.assert_array_equal(model.expressions, shapes[..., 300:])
    assert model.exp_width == 100


# --- refusing -------------------------------------------------------------------------------------


class Runs:
    """Pickles as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", ["mkdir", "eval"])
def test_a_file_that_asks_to_run_something_runs_nothing(
    tmp_path: Path, arrays: dict[str, Any], protocol: int, name: str
) -> None:
    trap = tmp_path / "trap"
    call = {
        "mkdir": Runs(os.mkdir, str(trap)),
        "eval": Runs(eval, f"__import__('os').mkdir({str(trap)!r})"),
    }[name]
    pickle.loads(pickle.dumps(call, protocol))
    assert trap.exists(), "the trap itself must work"
    trap.rmdir()
    write_python3(tmp_path / "evil.pkl", {**arrays, "v_template": call}, protocol)
    with pytest.raises(BadInputError, match=r"'evil\.pkl' asks to run '.*\.(mkdir|eval)'"):
        read_flame_model(tmp_path / "evil.pkl")
    assert not trap.exists()


@pytest.mark.parametrize(
    "name",
    [
        "numpy.load",
        "numpy.core.records.fromfile",
        "scipy.io.loadmat",
        "copyreg.dispatch_table",
        "chumpy.os.system",
        "numpy.ndarray.tofile",
        "mynah_daemon.flame.read_model.np",
    ],
)
def test_only_what_arrays_need_is_found(tmp_path: Path, name: str) -> None:
    module, _, attribute = name.partition(".")
    # As protocol 4 names things: also an attribute of a thing of a module.
    content = pickle.dumps("x", 4)[:2]
    for text in (module, attribute):
        content += pickle.SHORT_BINUNICODE + bytes([len(text)]) + text.encode()
    (tmp_path / "a.pkl").write_bytes(content + pickle.STACK_GLOBAL + pickle.STOP)
    with pytest.raises(BadInputError, match="asks to run"):
        read_flame_model(tmp_path / "a.pkl")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_truncated_file_is_named(tmp_path: Path, arrays: dict[str, Any], share: float) -> None:
    path = tmp_path / "a.pkl"
    write_python2(path, arrays)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(BadInputError, match=r"'a\.pkl' is no FLAME model or damaged"):
        read_flame_model(path)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"PK\x03\x04 no zip", pickle.dumps([1, 2]), b"\x80\x04N."]
)
def test_another_file_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.pkl").write_bytes(content)
    with pytest.raises(BadInputError, match=r"'a\.pkl' is no FLAME model or damaged"):
        read_flame_model(tmp_path / "a.pkl")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"a\.pkl': No such file"):
        read_flame_model(tmp_path / "a.pkl")


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("shapedirs", None, "has no 'shapedirs'"),
        ("posedirs", np.zeros((N, 3, 9)), r"'posedirs' of the shape \(40, 3, 9\)"),
        ("weights", np.zeros((N, 24)), "five joints"),
        ("shapedirs", np.zeros((N, 3, 10)), "10 columns in 'shapedirs'"),
        ("shapedirs", np.zeros(7), "'shapedirs' of the shape"),
        ("v_template", np.full((N, 3), np.nan), "'v_template' that are not finite"),
        ("f", np.full((3, 3), N), "point nowhere"),
        ("kintree_table", np.array([[0, 4, 1, 1, 1], range(5)]), "point nowhere"),
    ],
)
def test_a_model_of_another_kind_is_named(
    tmp_path: Path, arrays: dict[str, Any], field: str, value: Any, sentence: str
) -> None:
    changed = {key: array for key, array in arrays.items() if key != field}
    if value is not None:
        changed[field] = value
    write_python3(tmp_path / "a.pkl", changed)
    with pytest.raises(BadInputError, match=sentence):
        read_flame_model(tmp_path / "a.pkl")


# --- the mesh function ----------------------------------------------------------------------------


@pytest.fixture
def model(tmp_path: Path, arrays: dict[str, Any]) -> FlameModel:
    write_python3(tmp_path / "a.pkl", arrays)
    return read_flame_model(tmp_path / "a.pkl")


def test_at_rest_the_mesh_is_the_person(model: FlameModel) -> None:
    shape = np.array([0.5, -2.0])
    person = model.identity(shape)
    np.testing.assert_allclose(person, model.template + model.shapes[..., :2] @ shape)
    np.testing.assert_allclose(model.mesh(person, np.zeros(50), np.zeros((5, 3))), person)


def test_the_root_turns_all_as_one(model: FlameModel) -> None:
    turn = np.array([0.3, -0.4, 0.2])
    pose = np.zeros((5, 3))
    pose[0] = turn
    pivot = model.joints(model.template)[0]
    wanted = Rotation.from_rotvec(turn).apply(model.template - pivot) + pivot
    np.testing.assert_allclose(model.mesh(model.template, np.zeros(0), pose), wanted, atol=1e-12)


def test_the_mesh_is_that_of_matrices_vertex_by_vertex(model: FlameModel) -> None:
    rng = np.random.default_rng(3)
    exp, pose = rng.normal(size=50), 0.4 * rng.normal(size=(5, 3))
    rotations = Rotation.from_rotvec(pose).as_matrix()
    face = model.template + model.expressions @ exp
    joints = model.joint_regressor @ face
    feature = np.concatenate([(rotations[i] - np.eye(3)).ravel() for i in range(1, 5)])
    corrected = face + model.correctives @ feature
    worlds = []
    for joint, parent in enumerate(model.parents):
        local = np.eye(4)
        local[:3, :3] = rotations[joint]
        local[:3, 3] = joints[joint] - (joints[parent] if joint else 0)
        worlds.append(worlds[parent] @ local if joint else local)
    for v in range(N):
        wanted = np.zeros(4)
        for joint, world in enumerate(worlds):
            from_rest = np.append(corrected[v] - joints[joint], 1)
            wanted += model.weights[v, joint] * (world @ from_rest)
        np.testing.assert_allclose(model.mesh(model.template, exp, pose)[v], wanted[:3])


def test_what_an_expression_adds_turns_with_the_joints(model: FlameModel) -> None:
    pose = np.zeros((5, 3))
    pose[JAW] = [0.4, 0.1, 0]
    step = 1e-6 * np.eye(50)[7]
    # A model whose joints stay: that expression moves them is a second effect.
    still = FlameModel(**{**vars(model), "joint_regressor": np.zeros((5, N))})
    moved = still.mesh(model.template, step, pose) - still.mesh(model.template, 0 * step, pose)
    wanted = model.turns(pose) @ model.expressions[..., 7, None]
    np.testing.assert_allclose(moved / 1e-6, wanted[..., 0], atol=1e-6)
