"""What lines can be made on: the processor, and the graphics cards that ONNX Runtime can use.

Nothing here loads a model runtime or a driver, as the daemon's own process never does.
"""

from __future__ import annotations

import enum
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mynah_shared.errors import BadInputError, EngineUnavailableError

_CUDA_LIBRARIES: Final = (
    "libonnxruntime_providers_cuda.so",
    "onnxruntime_providers_cuda.dll",
)
_DIRECTML_LIBRARY: Final = "DirectML.dll"
_COUNT_S: Final = 20.0
_MOST_THREADS: Final = 4  # the graphs are small: more threads only fight the host for cores
_MOST_LINES: Final = 16
_NUMBERED: Final = re.compile(r"(cuda|directml):(\d{1,3})", re.ASCII)


class DeviceUnavailableError(EngineUnavailableError):
    """This process can't work on the device that it was started for."""


class Kind(enum.Enum):
    """What a device is; results are equal to the last bit among devices of one kind and make."""

    cpu = "cpu"
    cuda = "cuda"
    directml = "directml"


@dataclass(frozen=True)
class Device:
    """`number` counts from 0 as CUDA or DirectML does; the processor has none."""

    kind: Kind
    number: int = 0

    def __str__(self) -> str:
        return "cpu" if self.kind is Kind.cpu else f"{self.kind.value}:{self.number}"


CPU: Final = Device(Kind.cpu)


@dataclass(frozen=True)
class Place:
    """One worker's share of the computer: its device, so many threads for the models and so many
    lines at a time. `number` counts the workers of a daemon from 0."""

    number: int
    device: Device
    threads: int
    lines: int


def read_device(text: str) -> Device:
    """'cpu', 'cuda:0' or 'directml:0'. Raises `BadInputError` for anything else."""
    if text == "cpu":
        return CPU
    match = _NUMBERED.fullmatch(text)
    if match is None:
        raise BadInputError(
            f"There is no device '{text}'; say cpu, or a graphics card such as cuda:0 or "
            "directml:0."
        )
    return Device(Kind(match[1]), int(match[2]))


def check_devices(devices: Sequence[Device]) -> None:
    """Only the processor may have several workers. Raises `BadInputError` if a graphics card is
    named twice."""
    for device in devices:
        if device != CPU and devices.count(device) > 1:
            raise BadInputError(
                f"The device {device} is named twice; one worker keeps a graphics card busy."
            )


def find_devices() -> tuple[Device, ...]:
    """Each graphics card that the installed ONNX Runtime is made for, else the processor."""
    folder = _runtime_folder()
    if folder is None:
        return (CPU,)
    if any((folder / name).exists() for name in _CUDA_LIBRARIES) and (count := _count_cuda()):
        return tuple(Device(Kind.cuda, number) for number in range(count))
    if (folder / _DIRECTML_LIBRARY).exists():
        return (Device(Kind.directml),)
    return (CPU,)


def share_out(devices: Sequence[Device], n_cores: int) -> tuple[Place, ...]:
    """A place for each device. All workers on the processor get equally many threads, so that they
    don't fight for cores and make the same bytes."""
    n_cpus = max(1, devices.count(CPU))
    lines = max(1, min(_MOST_LINES, 2 * n_cores // len(devices)))
    return tuple(
        Place(number, device, _threads(n_cores // (n_cpus if device == CPU else 1)), lines)
        for number, device in enumerate(devices)
    )


def n_cores() -> int:
    """What this computer has."""
    return os.cpu_count() or 1


def default_threads() -> int:
    """For the models of a process that has the computer to itself."""
    return _threads(n_cores())


def _threads(cores: int) -> int:
    return max(1, min(_MOST_THREADS, cores))


def _runtime_folder() -> Path | None:
    """Where ONNX Runtime keeps its libraries."""
    spec = importlib.util.find_spec("onnxruntime")
    return Path(spec.origin).parent / "capi" if spec and spec.origin else None


def _count_cuda() -> int:
    """Cards that CUDA shows (CUDA_VISIBLE_DEVICES counts), asked in a process that ends at once."""
    command = [sys.executable, "-m", "mynah_daemon.cuda_driver"]
    try:
        told = subprocess.run(command, capture_output=True, timeout=_COUNT_S, check=True)
        return int(told.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):  # a driver that is none
        return 0
