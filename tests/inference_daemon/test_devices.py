"""Devices: found, named, and shared out among workers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mynah_daemon import devices
from mynah_daemon.devices import (
    CPU,
    Device,
    Kind,
    check_devices,
    find_devices,
    read_device,
    share_out,
)
from mynah_shared.errors import BadInputError


@pytest.mark.parametrize("text", ["cpu", "cuda:0", "cuda:11", "directml:1"])
def test_a_device_is_named_as_it_is_written(text: str) -> None:
    assert str(read_device(text)) == text


@pytest.mark.parametrize(
    "text", ["", "gpu", "cuda", "cuda:", "cuda:-1", "cpu:0", "CUDA:0", "cuda:٣"]
)
def test_other_names_are_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadInputError, match=f"There is no device '{text}'; say cpu, or a"):
        read_device(text)


def test_only_the_processor_may_have_two_workers() -> None:
    check_devices([CPU, CPU, Device(Kind.cuda, 0), Device(Kind.cuda, 1)])
    with pytest.raises(BadInputError, match="cuda:1 is named twice"):
        check_devices([Device(Kind.cuda, 1), Device(Kind.cuda, 1)])


def test_workers_on_the_processor_share_its_cores_evenly() -> None:
    alone, *_ = share_out([CPU], 2)
    assert (alone.threads, alone.lines) == (2, 4)
    for count, n_cores in ((2, 2), (2, 16), (3, 16), (5, 2), (8, 64)):
        places = share_out([CPU] * count, n_cores)
        assert [place.number for place in places] == list(range(count))
        assert len({(place.threads, place.lines) for place in places}) == 1
        assert places[0].threads * count <= max(n_cores, count)
        assert 1 <= places[0].lines <= 16


def test_a_worker_beside_cards_has_the_cores_of_the_processor() -> None:
    card, cpu = share_out([Device(Kind.cuda, 0), CPU], 8)
    assert (card.threads, cpu.threads) == (4, 4)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an ONNX Runtime that is for the processor only."""
    monkeypatch.setattr(devices, "_runtime_folder", lambda: tmp_path)
    return tmp_path


def test_without_a_runtime_for_cards_it_is_the_processor(runtime: Path) -> None:
    assert find_devices() == (CPU,)


@pytest.mark.parametrize("library", devices._CUDA_LIBRARIES)
def test_each_card_that_cuda_shows_is_a_device(
    runtime: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (runtime / library).touch()
    monkeypatch.setattr(devices, "_count_cuda", lambda: 2)
    assert find_devices() == (Device(Kind.cuda, 0), Device(Kind.cuda, 1))
    monkeypatch.setattr(devices, "_count_cuda", lambda: 0)
    assert find_devices() == (CPU,)


def test_directml_has_one_device(runtime: Path) -> None:
    (runtime / "DirectML.dll").touch()
    assert find_devices() == (Device(Kind.directml),)


def test_this_machine_is_looked_at_without_loading_a_runtime() -> None:
    program = (
        "import sys\n"
        "from mynah_daemon.devices import _count_cuda, find_devices\n"
        "print(*find_devices(), _count_cuda() >= 0, 'onnxruntime' in sys.modules)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.split()[-2:] == ["True", "False"]
