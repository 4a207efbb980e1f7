"""One ONNX graph with its signature checked: the only module that imports onnxruntime."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from mynah_shared.errors import EngineUnavailableError

FloatArray = NDArray[np.float32]
Shape = tuple[int, ...]

_ort = cast(Any, onnxruntime)  # it ships no types

_PREFERRED: Final[dict[str, dict[str, str]]] = {
    # Heuristic search and full float32: the same request gives the same curves, close to the CPU's.
    "CUDAExecutionProvider": {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"},
    "DmlExecutionProvider": {},
    # Not CoreML, which every macOS wheel brings: it computes in half precision and compiles anew
    # for each length, while these graphs need a hundredth of real time on a CPU.
    "CPUExecutionProvider": {},
}
_MOST_THREADS: Final = 4  # the graphs are small: more threads only fight the host for cores
_ONLY_ERRORS: Final = 3


def available_providers() -> list[str]:
    """ONNX Runtime's providers on this machine that Mynah uses, best first."""
    present = cast("list[str]", _ort.get_available_providers())
    return [name for name in _PREFERRED if name in present]


class OnnxSession:
    """A graph of float32 tensors.

    `inputs` and `outputs` map the names the caller relies on to their shapes (-1: any length).
    Raises `EngineUnavailableError` if the file can't be loaded or its signature differs.
    """

    def __init__(
        self, path: Path, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]
    ) -> None:
        self._path = path
        names = available_providers()
        if "CUDAExecutionProvider" in names and hasattr(_ort, "preload_dlls"):
            _ort.preload_dlls()  # CUDA's libraries come as packages, where no linker looks
        try:
            self._session: Any = _ort.InferenceSession(
                str(path),
                _options(),
                providers=names,
                provider_options=[_PREFERRED[name] for name in names],
            )
        except Exception as err:  # onnxruntime raises its own types, none of them exported
            raise EngineUnavailableError(
                f"The model file '{path.name}' can't be loaded; install Mynah again."
            ) from err
        self._outputs = list(outputs)
        self._check("input", self._session.get_inputs(), inputs)
        self._check("output", self._session.get_outputs(), outputs)

    @property
    def provider(self) -> str:
        return str(self._session.get_providers()[0])

    def run(self, **inputs: FloatArray) -> list[FloatArray]:
        """The outputs in the order given at construction."""
        feed = {name: np.ascontiguousarray(value) for name, value in inputs.items()}
        return list(self._session.run(self._outputs, feed))

    def _check(self, kind: str, tensors: list[Any], wanted: Mapping[str, Shape]) -> None:
        found = {tensor.name: list(tensor.shape) for tensor in tensors}
        for name, shape in wanted.items():
            if name not in found or not _agrees(found[name], shape):
                raise EngineUnavailableError(
                    f"The model file '{self._path.name}' needs an {kind} '{name}' of shape "
                    f"{list(shape)} (-1: any), but has {found}; install Mynah again."
                )


def _agrees(found: list[Any], wanted: Shape) -> bool:
    """An axis without a fixed length is a name or None in `found` and can't contradict."""
    return len(found) == len(wanted) and all(
        theirs == ours or ours < 0 or not isinstance(theirs, int)
        for theirs, ours in zip(found, wanted, strict=True)
    )


def _options() -> Any:
    options = _ort.SessionOptions()
    options.intra_op_num_threads = min(_MOST_THREADS, os.cpu_count() or 1)
    options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_ERRORS
    options.enable_mem_pattern = False  # DirectML demands it; lengths differ from line to line
    # Threads that spin between two windows would steal the cores that the host draws with.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
