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
    """A graph of float32 tensors [1, T, C].

    `inputs` and `outputs` map the names the caller relies on to C (-1: any).
    Raises `EngineUnavailableError` if the file can't be loaded or its signature differs.
    """

    def __init__(self, path: Path, inputs: Mapping[str, int], outputs: Mapping[str, int]) -> None:
        self._path = path
        names = available_providers()
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
        """Outputs [T', C'] of inputs [T, C], in the order given at construction."""
        batch = {name: np.ascontiguousarray(value[None]) for name, value in inputs.items()}
        return [out[0] for out in self._session.run(self._outputs, batch)]

    def _check(self, kind: str, tensors: list[Any], wanted: Mapping[str, int]) -> None:
        found = {tensor.name: list(tensor.shape) for tensor in tensors}
        for name, width in wanted.items():
            shape = found.get(name)
            # an axis without a fixed length is a name or None there and can't contradict
            contradicts = shape is not None and isinstance(shape[-1], int) and width >= 0
            if shape is None or len(shape) != 3 or (contradicts and shape[2] != width):
                raise EngineUnavailableError(
                    f"The model file '{self._path.name}' needs an {kind} '{name}' of shape "
                    f"[1, T, {width}], but has {found}; install Mynah again."
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
