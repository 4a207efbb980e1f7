"""Which package is chosen by looking. The driver is a small library that is compiled here, as few
machines that run tests have the real one; the installer and pip are real."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import bpy
import pytest

from blender_addon.operators import engine
from blender_addon.setup.places import engine_place
from mynah_shared.setup.installer import environments, gpu, packages
from mynah_shared.setup.status import looked
from tests.shared.tiny_engine import fetch_pip, write_engine, write_wheel

COMPILER = shutil.which("cc") or shutil.which("gcc")

pytestmark = [
    pytest.mark.bpy,
    pytest.mark.timeout(180),
    pytest.mark.skipif(
        not sys.platform.startswith("linux") or COMPILER is None,
        reason="no C compiler to make a driver with",
    ),
]

DRIVER = """
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int *count) { *count = 1; return 0; }
int cuDriverGetVersion(int *version) { *version = 13010; return 0; }
"""
RUNTIME = """
def preload_dlls(): pass
class InferenceSession:
    def __init__(self, path, providers): pass
    def get_providers(self): return ["{provider}"]
"""


@pytest.fixture
def driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A driver for CUDA 13.1 with one GPU."""
    folder = tmp_path / "driver"
    folder.mkdir()
    (folder / "cuda.c").write_text(DRIVER)
    library = folder / "libcuda.so.1"
    command = [COMPILER, "-shared", "-fPIC", "-o", library, folder / "cuda.c"]
    subprocess.run(command, check=True, timeout=60)
    monkeypatch.setenv("LD_LIBRARY_PATH", str(folder))


@pytest.fixture
def wheels(addon: None, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("MYNAH_ENGINE")
    monkeypatch.setenv("PATH", os.defpath)
    if shutil.disk_usage(tmp_path).free < 9e9:
        pytest.skip("less than 9 GB of disk: the GPU package would not be chosen")
    folder = write_engine(tmp_path / "engine", fetch_pip(tmp_path, repository))
    monkeypatch.setattr(engine, "PACKAGES", folder)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    looked.forget()
    return folder


def write_gpu_runtime(folder: Path, provider: str, cuda: str = "13.0") -> None:
    needs = ['nvidia-cublas; extra == "cuda"', 'nvidia-cudnn-cu13; extra == "cudnn"']
    write_wheel(
        folder,
        "onnxruntime_gpu",
        "1.0",
        *needs,
        package="onnxruntime",
        init=RUNTIME.format(provider=provider),
    )
    write_wheel(folder, "nvidia_cublas", cuda)
    write_wheel(folder, "nvidia_cudnn_cu13")


def installed() -> tuple[environments.Stamp, set[str]]:
    assert bpy.ops.mynah.set_up_engine() == {"FINISHED"}
    (made,) = engine_place().environments()
    site = environments.site_packages(made.path)
    assert site is not None
    return made.stamp, {path.name.split("-")[0] for path in site.glob("*.dist-info")}


def test_with_a_gpu_its_package_is_installed(driver: None, wheels: Path) -> None:
    write_gpu_runtime(wheels, "CUDAExecutionProvider")
    stamp, names = installed()
    assert (stamp.device, stamp.remark) == ("GPU", "")
    assert "onnxruntime_gpu" in names
    assert "nvidia_cublas" in names
    assert "onnxruntime" not in names


def test_a_gpu_that_does_not_run_leaves_the_processor(driver: None, wheels: Path) -> None:
    write_gpu_runtime(wheels, "CPUExecutionProvider")
    stamp, names = installed()
    assert stamp.device == "CPU"
    assert stamp.remark == "The GPU package does not run on this computer."
    assert "onnxruntime" in names
    assert "onnxruntime_gpu" not in names


def test_a_driver_that_is_too_old_leaves_the_processor(driver: None, wheels: Path) -> None:
    write_gpu_runtime(wheels, "CUDAExecutionProvider", cuda="14.0")
    stamp, _ = installed()
    assert stamp.device == "CPU"
    assert stamp.remark == "The GPU package needs a driver for CUDA 14, and this one is for 13."


def test_without_the_gpu_package_at_hand_the_processor_is_used(driver: None, wheels: Path) -> None:
    stamp, names = installed()
    assert stamp.device == "CPU"
    assert stamp.remark == "The GPU package is not at hand."
    assert "onnxruntime" in names


def test_only_the_runtime_differs(tmp_path: Path) -> None:
    needs = ("mynah-shared", "numpy>=1.26", "onnxruntime>=1.20", 'torch==2; extra == "training"')
    wheel = write_wheel(tmp_path, "mynah_daemon", "1.0", *needs)

    def others(*, for_gpu: bool) -> list[str]:
        return packages.requirements([wheel], for_gpu=for_gpu, with_videos=False)

    assert others(for_gpu=False) == ["numpy>=1.26", "onnxruntime>=1.20"]
    assert others(for_gpu=True) == ["numpy>=1.26", "onnxruntime-gpu[cuda,cudnn]>=1.20"]


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="there is a GPU here")
def test_without_a_driver_there_is_no_gpu() -> None:
    assert gpu.driver_cuda() == 0
