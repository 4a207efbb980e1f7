"""One ONNX graph with its signature checked: the only module that imports onnxruntime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import onnxruntime  # pyright: ignore[reportMissingTypeStubs]
from numpy.typing import NDArray

from mynah_shared.errors import EngineUnavailableError

from ..cuda_driver import free_bytes as free_cuda_bytes
from ..devices import Device, DeviceUnavailableError, Kind, default_threads
from ..memory import free_bytes, resident_bytes
from .fitting import Memory

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
_PROVIDERS: Final = {
    Kind.cuda: "CUDAExecutionProvider",
    Kind.directml: "DmlExecutionProvider",
    Kind.cpu: "CPUExecutionProvider",
}
_ONLY_ERRORS: Final = 3


class _Process:
    """Where the sessions of this process run: None is the best device that works."""

    device: Device | None = None
    threads: int = default_threads()


def work_on(device: Device, threads: int) -> None:
    """From now on sessions of this process run on that device or fail, with so many threads."""
    _Process.device, _Process.threads = device, threads


def device_memory() -> Memory:
    """Of the device that `work_on` named, else of the processor."""
    device = _Process.device
    if device is None or device.kind is Kind.cpu:
        return Memory(free_bytes, resident_bytes)
    if device.kind is not Kind.cuda:
        return Memory(lambda: None, lambda: None)

    def held_bytes() -> int | None:
        free = free_cuda_bytes(device.number)
        return None if free is None else -free  # only differences count

    return Memory(lambda: free_cuda_bytes(device.number), held_bytes)


def is_on_processor() -> bool:
    """Whether the memory that sessions need is the computer's own."""
    return _Process.device is None or _Process.device.kind is Kind.cpu


def available_providers() -> list[str]:
    """ONNX Runtime's providers on this machine that Mynah uses, best first."""
    present = cast("list[str]", _ort.get_available_providers())
    return [name for name in _PREFERRED if name in present]


class OnnxSession:
    """A graph of float32 tensors.

    `inputs` and `outputs` map the names the caller relies on to their shapes (-1: any length).
    Raises `DeviceUnavailableError` if this process's device can't be used, and
    `EngineUnavailableError` if the file can't be loaded or its signature differs.
    """

    def __init__(
        self, path: Path, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]
    ) -> None:
        self._path = path
        names, options = _providers()
        if "CUDAExecutionProvider" in names and hasattr(_ort, "preload_dlls"):
            _ort.preload_dlls()  # CUDA's libraries come as packages, where no linker looks
        try:
            self._session: Any = _ort.InferenceSession(
                str(path),
                _options(),
                providers=names,
                provider_options=options,
            )
        except Exception as err:  # onnxruntime raises its own types, none of them exported
            if not is_on_processor():  # the file is as it was made, so it is the card
                raise _unavailable(_Process.device, "a model can't be loaded there") from err
            raise EngineUnavailableError(
                f"The model file '{path.name}' can't be loaded; install Mynah again."
            ) from err
        if _Process.device is not None and self.provider != names[0]:  # ORT fell back
            raise _unavailable(_Process.device, "it can't be initialised")
        self._inputs, self._outputs = inputs, list(outputs)
        self._check("input", self._session.get_inputs(), inputs)
        self._check("output", self._session.get_outputs(), outputs)

    @property
    def provider(self) -> str:
        return str(self._session.get_providers()[0])

    def run(self, **inputs: FloatArray) -> list[FloatArray]:
        """The outputs in the order given at construction."""
        feed = {name: np.ascontiguousarray(value) for name, value in inputs.items()}
        return list(self._session.run(self._outputs, feed))

    def width(self, output: str) -> int:
        """The last axis of an output; -1 if any length may come."""
        (axes,) = (tensor.shape for tensor in self._session.get_outputs() if tensor.name == output)
        return axes[-1] if isinstance(axes[-1], int) else -1

    def zeros(self, n_items: int, lengths: Mapping[str, int]) -> dict[str, FloatArray]:
        """Inputs of so many items in which nothing is; axes that may have any length get that of
        `lengths`."""
        return {
            name: np.zeros((n_items, *(n if n > 0 else lengths[name] for n in shape[1:])), "f4")
            for name, shape in self._inputs.items()
        }

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


def _providers() -> tuple[list[str], list[dict[str, str]]]:
    """Names, best first, and the options of each."""
    device, names = _Process.device, available_providers()
    if device is None:
        return names, [_PREFERRED[name] for name in names]
    wanted = _PROVIDERS[device.kind]
    if wanted not in names:
        raise _unavailable(device, "the installed ONNX Runtime is not made for it")
    if device.kind is Kind.cpu:
        return [wanted], [_PREFERRED[wanted]]
    here = {**_PREFERRED[wanted], "device_id": str(device.number)}
    cpu = _PROVIDERS[Kind.cpu]  # for the few operators that only it has
    return [wanted, cpu], [here, _PREFERRED[cpu]]


def _unavailable(device: Device | None, reason: str) -> DeviceUnavailableError:
    return DeviceUnavailableError(
        f"The device {device} can't be used: {reason}; run `mynah doctor`, or name another with "
        "`mynah daemon --device`."
    )


def _options() -> Any:
    options = _ort.SessionOptions()
    options.intra_op_num_threads = _Process.threads
    options.inter_op_num_threads = 1
    options.log_severity_level = _ONLY_ERRORS
    options.enable_mem_pattern = False  # DirectML demands it; lengths differ from line to line
    # Threads that spin between two windows would steal the cores that the host draws with.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
