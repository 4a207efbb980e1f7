"""Which packages the engine needs, and pip, which fetches and installs them."""

from __future__ import annotations

import json
import re
import threading
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path

from .children import Children
from .environments import Layout
from .order import SetUpError
from .remedies import of_output

Say = Callable[[float, str], None]
"""How far a step is, 0 to 1, and what it is doing."""

_CPU_RUNTIME = "onnxruntime"
_GPU_RUNTIME = "onnxruntime-gpu[cuda,cudnn]"
_FOR_VIDEOS = re.compile(r"([^;]+); extra == .capture.")
_MB = 1e6


class PackageError(SetUpError):
    """pip failed."""


@dataclass(frozen=True)
class Wheels:
    """Our own wheels, the wheel of pip, and folders in which others may lie."""

    ours: tuple[Path, ...]
    pip: Path
    folders: tuple[Path, ...]


@dataclass(frozen=True)
class Plan:
    """The exact packages to install beside ours. `cuda` is the CUDA version they need, or 0."""

    pins: tuple[str, ...]
    cuda: int


def find_wheels(*folders: Path) -> Wheels:
    """The first of each in the folders, in their order. Raises `SetUpError` if one is missing."""

    def first(name: str) -> Path:
        found = (path for folder in folders for path in sorted(folder.glob(f"{name}-*.whl")))
        path = next(found, None)
        if path is None:
            raise SetUpError(
                f"There is no wheel of {name} in {folders[0]}: install Mynah's zip again, "
                "or choose an engine package that was made for this version."
            )
        return path

    return Wheels((first("mynah_shared"), first("mynah_daemon")), first("pip"), folders)


def requirements(wheels: Sequence[Path], *, for_gpu: bool, with_videos: bool) -> list[str]:
    """What the wheels need of others."""
    found: set[str] = set()
    for wheel in wheels:
        needs = HeaderParser().parsestr(_metadata(wheel)).get_all("Requires-Dist") or []
        found.update(need for need in needs if "extra ==" not in need)
        if with_videos:
            found.update(m[1] for need in needs if (m := _FOR_VIDEOS.fullmatch(need)))
    others = sorted(need for need in found if not re.match(r"mynah[-_]", need))
    if for_gpu:
        runtime = re.compile(rf"{_CPU_RUNTIME}(?![-\w])")
        others = [runtime.sub(_GPU_RUNTIME, need, count=1) for need in others]
    return others


def _metadata(wheel: Path) -> str:
    try:
        with zipfile.ZipFile(wheel) as archive:
            names = archive.namelist()
            name = next(name for name in names if name.endswith(".dist-info/METADATA"))
            return archive.read(name).decode("utf-8")
    except (zipfile.BadZipFile, StopIteration) as error:
        raise SetUpError(f"The wheel {wheel} is damaged; install its package again.") from error


class Pip:
    """pip, run from its wheel, for one environment.

    With a sentence in `without_index` it asks no index, and that is said if something is missing.
    """

    def __init__(
        self, layout: Layout, wheels: Wheels, children: Children, *, without_index: str = ""
    ) -> None:
        self._layout = layout
        self._children, self._wheels, self._without_index = children, wheels, without_index
        self._command: list[str | Path] = [layout.python]
        self._command += [] if layout.program else ["-I"]  # Maya's may need its variables
        self._command += [wheels.pip / "pip", "install"]
        self._command += ["--disable-pip-version-check", "--no-input", "--no-user"]
        if layout.program and layout.packages:
            self._command += ["--target", layout.packages]
        self._command += ["--only-binary=:all:", "--progress-bar=raw", "--retries=3"]
        self._command += ["--no-index"] if without_index else ["--timeout=30"]
        for folder in wheels.folders:
            self._command += ["--find-links", folder]

    def plan(self, needs: Sequence[str], say: Say) -> Plan:
        """Find out what to install. Raises `PackageError`."""
        report = self._layout.path / "plan.json"
        found: list[str] = []
        say(0.0, "Looking up the packages")

        def show(line: str) -> None:
            if name := re.match(r"Collecting ([\w.-]+)", line):
                found.append(name[1])
                # how many there will be is what this is to find out
                say(1 - 0.85 ** len(found), f"Looking up {name[1]}")

        self._run(["--dry-run", "--report", report, *needs], show)
        entries = json.loads(report.read_text(encoding="utf-8"))["install"]
        report.unlink()
        made = [entry["metadata"] for entry in entries]
        return Plan(
            tuple(f"{one['name']}=={one['version']}" for one in made),
            max((_cuda_of(one["name"], one["version"]) for one in made), default=0),
        )

    def install(self, plan: Plan, say: Say) -> None:
        """Fetch and install the planned packages and ours. Raises `PackageError`."""
        n_packages = len(plan.pins) + len(self._wheels.ours)
        progress = _Progress(n_packages, self._layout, say)
        try:
            self._run(["--no-deps", *self._wheels.ours, *plan.pins], progress.read)
        finally:
            progress.stop()

    def _run(self, arguments: Sequence[str | Path], on_line: Callable[[str], None]) -> None:
        status, said = self._children.run([*self._command, *arguments], on_line)
        if status:
            told = of_output(said, self._layout.path, without_index=self._without_index)
            raise PackageError(told)


def _cuda_of(name: str, version: str) -> int:
    """The CUDA version that a package of NVIDIA's belongs to; 0 for all others."""
    name = re.sub(r"[-_.]+", "-", name).lower()
    if found := re.fullmatch(r"nvidia-.+-cu(\d+)", name):
        return int(found[1])
    if name in ("nvidia-cuda-runtime", "nvidia-cublas"):
        return int(version.split(".")[0])
    return 0


class _Progress:
    """Understands what pip says. Of installing it says nothing, so that is counted on the disk."""

    _FETCHING = 0.75  # of the whole

    def __init__(self, n_packages: int, layout: Layout, say: Say) -> None:
        self._n, self._say, self._layout = n_packages, say, layout
        self._begun, self._name = 0, ""
        self._stopped = threading.Event()
        self._counter: threading.Thread | None = None

    def read(self, line: str) -> None:
        if found := re.match(r"(?:Collecting|Processing) (\S+)", line):
            self._begun += 1
            self._name = re.split(r"[=<>~!-]", Path(found[1]).name)[0]
            self._fetching(0.0)
        elif found := re.match(r"Progress (\d+) of (\d+)", line):
            have, all_of_it = int(found[1]), int(found[2])
            if all_of_it:
                sizes = f" ({have / _MB:.0f} of {all_of_it / _MB:.0f} MB)"
                self._fetching(have / all_of_it, sizes if all_of_it > _MB else "")
        elif line.startswith("Installing collected packages") and self._counter is None:
            self._counter = threading.Thread(target=self._count, daemon=True)
            self._counter.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._counter is not None:
            self._counter.join()

    def _fetching(self, part: float, sizes: str = "") -> None:
        done = min(1.0, (self._begun - 1 + part) / self._n)
        text = f"Fetching {self._name}, {self._begun} of {max(self._n, self._begun)}{sizes}"
        self._say(self._FETCHING * done, text)

    def _count(self) -> None:
        while not self._stopped.wait(0.3):
            site = self._layout.packages
            made = sum(1 for _ in site.glob("*.dist-info")) if site else 0
            done = min(1.0, made / self._n)
            fraction = self._FETCHING + (1 - self._FETCHING) * done
            self._say(fraction, f"Installing, {min(made, self._n)} of {self._n}")
