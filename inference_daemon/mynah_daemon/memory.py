"""How much memory this process has needed and how much more it may have, where that is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_CGROUPS: Final = Path("/sys/fs/cgroup")

if sys.platform == "win32":

    def peak_bytes() -> int:
        """Largest resident size so far; 0 = unknown, as on Windows without extra packages."""
        return 0

    def _address_limit() -> int | None:
        return None
else:
    import resource

    def peak_bytes() -> int:
        """Largest resident size so far; 0 = unknown."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024

    def _address_limit() -> int | None:
        limit, _ = resource.getrlimit(resource.RLIMIT_AS)
        return None if limit == resource.RLIM_INFINITY else limit


def resident_bytes(proc: Path = _PROC) -> int | None:
    """What this process holds now; None where the system doesn't tell."""
    return _kilobytes(proc / "self" / "status", "VmRSS")


def free_bytes(proc: Path = _PROC, cgroups: Path = _CGROUPS) -> int | None:
    """What this process may still take: of the computer's memory, of its control groups' and of its
    own limit (ulimit -v). None where the system doesn't tell."""
    free = [_kilobytes(proc / "meminfo", "MemAvailable")]
    limit, size = _address_limit(), _kilobytes(proc / "self" / "status", "VmSize")
    if limit is not None and size is not None:
        free.append(max(0, limit - size))
    free += [max(0, most - used) for most, used in _group_limits(proc, cgroups)]
    told = [n_bytes for n_bytes in free if n_bytes is not None]
    return min(told) if told else None


def _group_limits(proc: Path, cgroups: Path) -> Iterator[tuple[int, int]]:
    """Limit and use of each control group that this process is in, of both versions. Files that the
    system keeps in memory only because there is room don't count. A container may show the path
    that its group has on the host: then the container's own limits are found at the root."""
    try:
        lines = (proc / "self" / "cgroup").read_text("utf-8").splitlines()
    except OSError:
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if not controllers:
            root, most_name, used_name = cgroups, "memory.max", "memory.current"
        elif "memory" in controllers.split(","):
            root = cgroups / "memory"
            most_name, used_name = "memory.limit_in_bytes", "memory.usage_in_bytes"
        else:
            continue
        folder = root / path.lstrip("/")
        for group in (folder, *folder.parents):
            most, used = _number(group / most_name), _number(group / used_name)
            if most is not None and used is not None:
                yield most, used - _cached_bytes(group)
            if group == root:
                break


def _cached_bytes(group: Path) -> int:
    try:
        words = (group / "memory.stat").read_text("utf-8").split()
    except OSError:
        return 0
    stat = dict(zip(words[::2], words[1::2], strict=True))
    return int(stat.get("total_inactive_file", stat.get("inactive_file", 0)))


def _number(path: Path) -> int | None:
    """None for a missing file and for `max`."""
    try:
        text = path.read_text("utf-8").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def _kilobytes(path: Path, name: str) -> int | None:
    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return None
    values = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(values[0]) * 1024 if values else None
