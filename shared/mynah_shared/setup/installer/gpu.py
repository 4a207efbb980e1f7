"""Is there an NVIDIA GPU with a driver? Asked of the driver itself, in a process of its own."""

from __future__ import annotations

import ctypes
import platform
import sys

_MACHINES = ("x86_64", "AMD64")  # the GPU package exists for these only
_DRIVERS = {"linux": "libcuda.so.1", "win32": "nvcuda.dll"}


def driver_cuda() -> int:
    """The CUDA version that the driver serves, as a whole number (13); 0 without GPU or driver."""
    name = _DRIVERS.get(sys.platform)
    if name is None or platform.machine() not in _MACHINES:
        return 0
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return 0
    count, version = ctypes.c_int(), ctypes.c_int()
    if driver.cuInit(0) or driver.cuDeviceGetCount(ctypes.byref(count)) or not count.value:
        return 0
    if driver.cuDriverGetVersion(ctypes.byref(version)):
        return 0
    return version.value // 1000


if __name__ == "__main__":
    print(driver_cuda())
