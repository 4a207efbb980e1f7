"""Virtual environments: .venv/engine (engine and tools), .venv/blender (bpy), .venv/maya (3.10).

Each holds a stamp with the fingerprint of what was asked for; while it agrees, nothing is done.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import tomllib

from .console import ROOT, BuildError, CommandError, run_logged, step

VENVS = ROOT / ".venv"
BPY_FOR_PYTHON = {(3, 11): "5.0.1", (3, 13): "5.2.3"}
_STAMP = "mynah-stamp.json"
_MADE = (".venv", "build", "dist", "demo", ".pytest_cache", ".ruff_cache", ".import_linter_cache")


def python_of(venv: Path) -> Path:
    """The interpreter inside a virtual environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def group(name: str) -> list[str]:
    """The requirements of one dependency group of pyproject.toml."""
    with open(ROOT / "pyproject.toml", "rb") as file:
        entries = tomllib.load(file)["dependency-groups"][name]
    flat: list[str] = []
    for entry in entries:
        flat += [entry] if isinstance(entry, str) else group(entry["include-group"])
    return flat


def version() -> str:
    """The one version number."""
    text = (ROOT / "shared" / "mynah_shared" / "_version.py").read_text(encoding="utf-8")
    return text.split('__version__ = "')[1].split('"')[0]


def engine() -> Path:
    """The Python of an environment with engine, client library and tools; made if needed."""
    projects = [ROOT / "shared", ROOT / "inference_daemon"]
    sources = "".join((p / "pyproject.toml").read_text(encoding="utf-8") for p in projects)
    editable = [part for p in projects for part in ("--editable", str(p))]
    return _ensure("engine", [*editable, *group("dev")], sources + version())


def register_engine(python: Path) -> None:
    """Notes for all hosts on this computer that the engine lies here."""
    code = "from mynah_shared.client.launcher import register_engine; register_engine()"
    with step("Tell Blender and the other hosts where the engine is"):
        run_logged([python, "-c", code], "register-engine")


def blender(bpy: str | None = None) -> Path:
    """The Python of an environment with Blender as a module; made if needed.

    Raises `BuildError` where no bpy wheel exists for this Python.
    """
    wanted = bpy or BPY_FOR_PYTHON.get(sys.version_info[:2])
    if wanted is None:
        raise BuildError(
            f"There is no bpy package for Python {sys.version_info[0]}.{sys.version_info[1]}. "
            "Run this with Python 3.11 or 3.13, or name an installed Blender: "
            "python build.py demo --blender PATH"
        )
    return _ensure("blender", [f"bpy=={wanted}", *group("blender")], "")


def maya() -> Path:
    """The Python of an environment like Maya 2024's: Python 3.10 with PySide2; made if needed.

    Raises `BuildError` where there is no Python 3.10, or no PySide2 for it.
    """
    none = BuildError("there is no Python 3.10 (python3.10 on the PATH)")
    found = shutil.which("python3.10")
    if found is None:
        raise none
    try:  # what is found may only stand for one that is not installed
        told = run_logged([found, "-c", "import sys; print(sys.executable)"], "python-3.10")
    except CommandError:
        raise none from None
    return _ensure("maya", group("maya-tests"), "", told.strip().splitlines()[-1])


def extra(name: str) -> list[str]:
    """The requirements of one extra of the engine's package."""
    with open(ROOT / "inference_daemon" / "pyproject.toml", "rb") as file:
        return tomllib.load(file)["project"]["optional-dependencies"][name]


def torch() -> str | None:
    """Adds the pinned torch to the engine's environment; why it was left out, or None.

    Installed only where the pin resolves without CUDA packages, which would bring gigabytes.
    """
    return _add("torch", group("training"), "tests/training", against_torch)


def capture() -> str | None:
    """Adds MediaPipe, for videos, to the engine's environment; why it was left out, or None.

    Installed only where it leaves numpy as it is, and kept only if it can be loaded: on Linux its
    OpenCV needs libraries of the system.
    """
    reason = _add("mediapipe", extra("capture"), "videos (some 400 MB)", against_replaced)
    return reason or _load_mediapipe(engine())


def farm() -> str | None:
    """Adds Ray and the reference implementation of Open Job Description to the engine's
    environment; why they were left out, or None."""
    wanted = [*extra("ray"), *group("farm")]
    return _add("farm", wanted, "tests of farms (some 100 MB)", against_replaced)


def _add(
    name: str, wanted: list[str], use: str, against: Callable[[list[str]], str | None]
) -> str | None:
    """Installs what is wanted into the engine's environment unless `against` the packages that pip
    would bring something speaks; notes the reason, which is returned."""
    python = engine()
    stamp = python.parent.parent / f"mynah-{name}.json"
    if stamp.is_file():
        noted = json.loads(stamp.read_text(encoding="utf-8"))
        if noted["wanted"] == wanted:
            return noted["reason"]
    with step(f"{name} for {use}: {', '.join(wanted)}"):
        reason = _install(python, name, wanted, against)
    stamp.write_text(json.dumps({"wanted": wanted, "reason": reason}), encoding="utf-8")
    return reason


def _install(
    python: Path, name: str, wanted: list[str], against: Callable[[list[str]], str | None]
) -> str | None:
    report = ROOT / "build" / f"{name}-report.json"
    report.parent.mkdir(exist_ok=True)
    pip = [python, "-m", "pip", "install", "--only-binary=:all:"]
    try:
        run_logged([*pip, "--dry-run", "--report", report, *wanted], f"{name}-plan")
    except CommandError:
        return f"{wanted[0]} is not to be had for this Python and platform"
    if reason := against(planned_packages(report.read_text(encoding="utf-8"))):
        return f"{wanted[0]} would bring {reason}"
    _pip(python, ["--only-binary=:all:", *wanted], f"{name}-install")
    return None


def planned_packages(report: str) -> list[str]:
    """The names in pip's installation report."""
    return [entry["metadata"]["name"] for entry in json.loads(report)["install"]]


def against_torch(packages: list[str]) -> str | None:
    """Packages that only serve NVIDIA GPUs."""
    cuda = [name for name in packages if name.lower().startswith("nvidia")]
    return f"{len(cuda)} CUDA packages ({cuda[0]}, …)" if cuda else None


def against_replaced(packages: list[str]) -> str | None:
    """Packages that the engine has already, in the version that its types are checked for."""
    replaced = [name for name in packages if name.lower() in ("numpy", "scipy", "onnxruntime")]
    return f"another {replaced[0]}" if replaced else None


def _load_mediapipe(python: Path) -> str | None:
    code = "from mynah_daemon.capture.landmarks import load_mediapipe; load_mediapipe()"
    try:
        run_logged([python, "-c", code], "mediapipe-load")
    except CommandError as error:
        return error.output.strip().splitlines()[-1].partition(": ")[2]
    return None


def _ensure(name: str, requirements: Sequence[str], sources: str, base: str = "") -> Path:
    """Made anew if what is asked for has changed. `base` is the Python that makes it, '' this one:
    which must not count, as it is another one when an environment's own Python comes here."""
    venv = VENVS / name
    python, stamp = python_of(venv), venv / _STAMP
    asked = "\n".join([sys.version, base, str(ROOT), *requirements, sources])
    digest = hashlib.sha256(asked.encode()).hexdigest()
    if stamp.is_file() and python.exists() and stamp.read_text(encoding="utf-8") == digest:
        return python
    with step(f"Environment .venv/{name}"):
        _create(venv, name, base or sys.executable)
        _pip(python, requirements, f"install-{name}")
    stamp.write_text(digest, encoding="utf-8")
    return python


def _create(venv: Path, name: str, base: str) -> None:
    try:
        run_logged([base, "-m", "venv", "--clear", venv], f"venv-{name}")
    except CommandError as error:
        if "ensurepip" in error.output or "No module named venv" in error.output:
            raise BuildError(
                f"This Python ({base}) lacks venv or pip. Install them with the "
                "system's package manager (Debian and Ubuntu: apt install python3-venv)."
            ) from error
        raise _explained(error) from error


def _pip(python: Path, requirements: Sequence[str], log: str) -> None:
    try:
        run_logged(
            [python, "-m", "pip", "install", "--disable-pip-version-check", *requirements], log
        )
    except CommandError as error:
        raise _explained(error) from error


def _explained(error: CommandError) -> BuildError:
    """The same failure with the remedy in front, where the cause is known."""
    causes = {
        "No space left on device": "The disk is full: free about 4 GB and run this again.",
        "Failed to establish a new connection": "The package index can't be reached: check the "
        "network (or pip's index settings) and run this again.",
        "Temporary failure in name resolution": "The package index can't be reached: check the "
        "network (or pip's index settings) and run this again.",
        "No matching distribution found": "A package is not to be had for this Python and "
        "platform, or the package index can't be reached.",
    }
    for sign, sentence in causes.items():
        if sign in error.output:
            return BuildError(f"{sentence}\n{error}")
    return error


def clean() -> None:
    """Removes everything that build.py makes."""
    for name in _MADE:
        shutil.rmtree(ROOT / name, ignore_errors=True)
    for pattern in ("**/__pycache__", "*/build", "*/*.egg-info"):
        for folder in list(ROOT.glob(pattern)):
            shutil.rmtree(folder, ignore_errors=True)
    print("Removed environments, caches and results.")
