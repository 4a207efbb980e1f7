"""Reads the user's FLAME model, a pickle or an .npz, without running what a pickle may ask for.

FLAME 2020, 2023 and 2023 Open are pickles of Python 2 or 3 that hold numpy arrays, scipy's sparse
matrices and chumpy's arrays (`chumpy.ch.Ch`, whose numbers are its `x`, and
`chumpy.reordering.Select`, some of another's numbers). A pickle names classes and functions to
call; here such a name leads to a stand-in that keeps what it is given and does nothing, or to a
refusal. numpy arrays are made of the kept bytes afterwards.
"""

from __future__ import annotations

import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from mynah_shared.errors import BadInputError

from .model import FlameModel

FloatArray = NDArray[np.float64]

_DAMAGED: Final = (
    *(pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError),
    *(AttributeError, OverflowError, MemoryError, RecursionError, zipfile.BadZipFile),
)
"""What reading damaged or hostile bytes raises, in pickle, numpy and the stand-ins."""
_FIELDS: Final = (
    *("v_template", "shapedirs", "posedirs", "J_regressor", "kintree_table", "weights", "f"),
)
_N_JOINTS: Final = 5
"""Root, neck, jaw, left eye, right eye."""
_SHAPE_COMPONENTS: Final = {400: 300, 150: 100}
"""Columns of `shapedirs` → how many of them are identity; the others are expression."""


def read_flame_model(path: Path) -> FlameModel:
    """The model in a FLAME .pkl or .npz.

    Raises `BadInputError` with the file's name if it can't be read, asks for code, or is no FLAME.
    """
    try:
        with path.open("rb") as file:
            content = _read_npz(file) if _is_zip(file) else _read_pickle(file, path.name)
    except OSError as err:
        raise BadInputError(f"Can't read the FLAME model '{path}': {err.strerror}.") from err
    except _DAMAGED as err:
        raise BadInputError(
            f"'{path.name}' is no FLAME model or damaged; download it again from FLAME's site."
        ) from err
    return _build(content, path.name)


# --- files ----------------------------------------------------------------------------------------


def _is_zip(file: IO[bytes]) -> bool:
    start = file.read(4)
    file.seek(0)
    return start == b"PK\x03\x04"


def _read_npz(file: IO[bytes]) -> Mapping[str, Any]:
    with np.load(file, allow_pickle=False) as content:
        return {name: content[name] for name in _FIELDS if name in content.files}


def _read_pickle(file: IO[bytes], name: str) -> Mapping[str, Any]:
    content = _Reader(file, name).load()
    if not isinstance(content, dict):
        raise ValueError("no dictionary")
    fields = cast("dict[object, object]", content)
    return {field: _to_array(fields[field]) for field in _FIELDS if field in fields}


class _Reader(pickle.Unpickler):
    """An unpickler that finds stand-ins only. Text of Python 2 is read as Latin-1, as arrays' bytes
    are text there."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        super().__init__(file, encoding="latin1")
        self._name = name

    def find_class(self, module_name: str, global_name: str, /) -> Callable[..., Any]:
        package, base = module_name.split(".")[0], global_name
        found = _STAND_INS.get((package, base))
        if found is None and package == "chumpy":
            found = _Chumpy
        if found is None or "." in global_name:
            raise BadInputError(
                f"'{self._name}' asks to run '{module_name}.{global_name}', which no FLAME model "
                "needs; it was not read. Download it again from FLAME's site."
            )
        return found


# --- stand-ins ------------------------------------------------------------------------------------


class _Kept:
    """Keeps the state that a pickle gives it."""

    state: Any = None

    def __init__(self, *_arguments: object) -> None:
        """What a class is made with is told again by its state."""

    def __setstate__(self, state: Any) -> None:
        self.state = state


class _Chumpy(_Kept):
    """An array of chumpy, or an expression of such."""


class _Csc(_Kept):
    """A scipy matrix, compressed by columns."""


class _Csr(_Kept):
    """A scipy matrix, compressed by rows."""


class _Dtype(_Kept):
    """numpy.dtype(code, …), with its byte order in the state."""

    def __init__(self, code: str = "", *_arguments: object) -> None:
        self.code = code

    def build(self) -> np.dtype[Any]:
        order = self.state[1] if self.state else "="
        found = np.dtype(self.code).newbyteorder("=" if order == "|" else order)
        if found.kind not in "fiub":
            raise ValueError(f"numbers of the kind {found}")
        return found


class _Array(_Kept):
    """numpy.ndarray: the state is (version, shape, dtype, is_fortran, bytes)."""

    def build(self) -> NDArray[Any]:
        _version, shape, dtype, is_fortran, raw = self.state
        data = raw.encode("latin1") if isinstance(raw, str) else raw
        array = np.frombuffer(data, dtype.build())
        return array.reshape(shape, order="F" if is_fortran else "C")


class _Buffer(_Kept):
    """An array as pickle's protocol 5 has it: bytes, dtype, shape, order."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments

    def build(self) -> NDArray[Any]:
        raw, dtype, shape, order = self.arguments
        return np.frombuffer(raw, dtype.build()).reshape(shape, order=order)


class _Scalar(_Kept):
    """A number of numpy: dtype and bytes. No field of FLAME's that is read is one."""


def _reconstruct(kind: Callable[..., Any], *_arguments: object) -> object:
    """copy_reg._reconstructor and numpy's _reconstruct: an empty thing of a stand-in's kind."""
    if not (isinstance(kind, type) and issubclass(kind, _Kept)):
        raise ValueError("no stand-in")
    return kind()


def _encode(text: str, _encoding: str = "latin1") -> bytes:
    """_codecs.encode, by which Python 3 writes bytes into old pickles."""
    return text.encode("latin1")


_STAND_INS: Final[Mapping[tuple[str, str], Callable[..., Any]]] = {
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Dtype,
    ("numpy", "_reconstruct"): _reconstruct,
    ("numpy", "_frombuffer"): _Buffer,
    ("numpy", "scalar"): _Scalar,
    ("scipy", "csc_matrix"): _Csc,
    ("scipy", "csc_array"): _Csc,
    ("scipy", "csr_matrix"): _Csr,
    ("copy_reg", "_reconstructor"): _reconstruct,
    ("copyreg", "_reconstructor"): _reconstruct,
    ("_codecs", "encode"): _encode,
    ("__builtin__", "object"): _Kept,
    ("builtins", "object"): _Kept,
    ("__builtin__", "set"): _Kept,
    ("builtins", "set"): _Kept,
}
"""(top package, name) → what is made instead: packages moved such names between their versions."""


def _to_array(kept: object) -> NDArray[Any]:
    """The numbers of a stand-in. Raises `ValueError` if there is no telling."""
    if isinstance(kept, _Array | _Buffer):
        return kept.build()
    if isinstance(kept, _Csc | _Csr):
        return _to_dense(kept)
    if isinstance(kept, _Chumpy) and "x" in kept.state:
        return _to_array(kept.state["x"])
    if isinstance(kept, _Chumpy) and {"a", "idxs", "preferred_shape"} <= set(kept.state):
        rows = _to_array(kept.state["idxs"])
        return _to_array(kept.state["a"]).ravel()[rows].reshape(kept.state["preferred_shape"])
    raise ValueError("no array")


def _to_dense(kept: _Csc | _Csr) -> NDArray[Any]:
    """The numbers of a compressed matrix: `data` with its `indices` along one axis, and in `indptr`
    where along it each step of the other axis begins."""
    data, indices, starts = (_to_array(kept.state[name]) for name in ("data", "indices", "indptr"))
    dense = np.zeros(kept.state["_shape"])
    steps = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    place = (indices, steps) if isinstance(kept, _Csc) else (steps, indices)
    np.add.at(dense, place, data)
    return dense


# --- the model ------------------------------------------------------------------------------------


def _build(content: Mapping[str, Any], name: str) -> FlameModel:
    if missing := [field for field in _FIELDS if field not in content]:
        raise BadInputError(
            f"'{name}' has no '{missing[0]}', so it is no FLAME model; give generic_model.pkl "
            "(2020), flame2023.pkl or flame2023_Open.pkl."
        )
    template, shapes, poses, regressor, tree, weights, faces = (content[f] for f in _FIELDS)
    n = len(template)
    wanted = {
        "v_template": (n, 3),
        "shapedirs": (n, 3, shapes.shape[-1]),
        "posedirs": (n, 3, 9 * (_N_JOINTS - 1)),
        "J_regressor": (_N_JOINTS, n),
        "kintree_table": (2, _N_JOINTS),
        "weights": (n, _N_JOINTS),
        "f": (len(faces), 3),
    }
    for field, shape in wanted.items():
        if content[field].shape != shape:
            raise BadInputError(
                f"'{name}' has a '{field}' of the shape {content[field].shape} where FLAME's is "
                f"{shape}; give a FLAME model with five joints."
            )
        if not np.isfinite(content[field]).all():
            raise BadInputError(f"'{name}' has values in '{field}' that are not finite.")
    n_shape = _SHAPE_COMPONENTS.get(shapes.shape[-1])
    if n_shape is None:
        raise BadInputError(
            f"'{name}' has {shapes.shape[-1]} columns in 'shapedirs' where FLAME has 400 (300 of "
            "identity, 100 of expression) or 150 (100 and 50)."
        )
    parents = (0, *(int(parent) for parent in tree[0, 1:]))
    triangles = faces.astype(np.int64)
    if not all(0 <= p < i for i, p in enumerate(parents) if i) or not _within(triangles, n):
        raise BadInputError(f"'{name}' has joints or faces that point nowhere; it is damaged.")
    return FlameModel(
        template=template.astype(np.float64),
        shapes=shapes[..., :n_shape].astype(np.float64),
        expressions=shapes[..., n_shape:].astype(np.float64),
        correctives=poses.astype(np.float64),
        joint_regressor=regressor.astype(np.float64),
        parents=parents,
        weights=weights.astype(np.float64),
        triangles=triangles,
    )


def _within(triangles: NDArray[np.int64], n: int) -> bool:
    return bool(((triangles >= 0) & (triangles < n)).all())
