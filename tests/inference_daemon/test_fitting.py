"""How many windows fit: found with as little asking as the memory allows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mynah_daemon.engine.fitting import Memory, fit_by_trying, fit_items
from mynah_daemon.memory import free_bytes

MB = 1 << 20
MOST = 32


class Device:
    """Takes so much for each item and keeps it, as an arena does; notes what was asked."""

    def __init__(self, free: int, per_item: int) -> None:
        self.free, self.per_item = free, per_item
        self.taken = 0
        self.asked: list[int] = []

    def ask(self, n_items: int) -> None:
        self.asked.append(n_items)
        if n_items * self.per_item > self.free:
            raise MemoryError
        self.taken = max(self.taken, n_items * self.per_item)

    @property
    def memory(self) -> Memory:
        return Memory(lambda: self.free - self.taken, lambda: 100 * MB + self.taken)


def test_with_plenty_of_memory_one_item_is_enough_to_know() -> None:
    device = Device(8000 * MB, MB)
    assert fit_items(device.ask, device.memory, MOST) == MOST
    assert device.asked == [1]


@pytest.mark.parametrize("free_mb", [1, 20, 60, 100, 150, 300, 600])
@pytest.mark.parametrize("per_item_mb", [1, 5, 40])
def test_no_more_is_asked_than_the_memory_holds(free_mb: int, per_item_mb: int) -> None:
    """A system without swap ends who takes what isn't there, so that nothing is tried blindly."""
    device = Device(free_mb * MB, per_item_mb * MB)
    found = fit_items(device.ask, device.memory, MOST)
    fits = free_mb // per_item_mb
    assert all(n <= fits for n in device.asked[1:])
    if fits:
        assert 1 <= found <= min(MOST, fits)
    if fits >= 8 * MOST:
        assert found == MOST


def test_less_memory_is_a_smaller_batch() -> None:
    found = []
    for free_mb in (2000, 200, 100, 50, 20, 8):
        device = Device(free_mb * MB, 2 * MB)
        found.append(fit_items(device.ask, device.memory, MOST))
    assert found == sorted(found, reverse=True)
    assert (found[0], found[-1]) == (MOST, 1)


def test_where_nothing_is_told_it_is_tried() -> None:
    device = Device(9 * MB, MB)
    assert fit_items(device.ask, Memory(lambda: None, lambda: None), MOST) == 8
    assert device.asked == [32, 16, 8]


def test_a_probe_that_can_not_be_answered_limits_nothing() -> None:
    device = Device(0, MB)
    assert fit_items(device.ask, device.memory, MOST) == MOST
    assert fit_by_trying(device.ask, MOST) == MOST


# --- what the system tells -----------------------------------------------------------------------


def write_proc(folder: Path, cgroup: str) -> Path:
    (folder / "self").mkdir(parents=True)
    (folder / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:    8000 kB\n")
    (folder / "self" / "status").write_text("VmSize:\t  500 kB\nVmRSS:\t  100 kB\n")
    (folder / "self" / "cgroup").write_text(cgroup)
    return folder


def write_group(folder: Path, files: dict[str, object]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, value in files.items():
        (folder / name).write_text(f"{value}\n")


def test_free_is_what_the_computer_has(tmp_path: Path) -> None:
    assert free_bytes(write_proc(tmp_path / "proc", ""), tmp_path) == 8000 * 1024
    assert free_bytes(tmp_path / "none", tmp_path) is None


def test_the_tightest_group_counts_without_what_is_only_cached(tmp_path: Path) -> None:
    proc = write_proc(tmp_path / "proc", "0::/user/farm/job\n")
    groups = tmp_path / "groups"
    write_group(groups / "user" / "farm" / "job", {"memory.max": "max", "memory.current": 1})
    write_group(
        groups / "user" / "farm",
        {
            "memory.max": 5_000_000,
            "memory.current": 4_900_000,
            "memory.stat": "anon 1\ninactive_file 3000000",
        },
    )
    write_group(groups / "user", {"memory.max": 7_000_000, "memory.current": 10})
    assert free_bytes(proc, groups) == 3_100_000


def test_groups_of_the_first_version_count_too(tmp_path: Path) -> None:
    proc = write_proc(tmp_path / "proc", "9:name=systemd:/\n4:cpu,memory:/docker/ab\n0::/\n")
    names = {"memory.limit_in_bytes": 4_000_000, "memory.usage_in_bytes": 1_500_000}
    write_group(tmp_path / "groups" / "memory", names)  # as a container sees it: its own root
    assert free_bytes(proc, tmp_path / "groups") == 2_500_000


@pytest.mark.skipif(sys.platform != "linux", reason="sizes are read from /proc")
def test_a_limit_of_the_process_counts() -> None:
    program = (
        "import resource\n"
        "from mynah_daemon.memory import free_bytes\n"
        "resource.setrlimit(resource.RLIMIT_AS, (300 << 20, resource.RLIM_INFINITY))\n"
        "print(free_bytes())\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert 150 * MB < int(told.stdout) < 300 * MB
