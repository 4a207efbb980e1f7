"""Wheels of an engine that does next to nothing, so that a set-up takes seconds; pip is real."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

DOCTOR = """
import sys
words = sys.argv[1:]
if words == ["daemon"]:
    raise SystemExit(f"daemon of {sys.prefix}")
if words == ["doctor"]:
    import mynah_shared, onnxruntime
    print("ok    packages: all there")
"""
SICK = "print('ok    Python: 3'); print('fail  decoding: no sound'); raise SystemExit(1)"


def write_wheel(
    folder: Path,
    name: str,
    version: str = "1.0",
    *needs: str,
    main: str = "",
    package: str = "",
    init: str = "",
) -> Path:
    """A wheel of one package, called like the wheel unless named, with these two files."""
    info = f"{name}-{version}.dist-info"
    extras = {found[1] for need in needs if (found := re.search(r'extra == "(\w+)"', need))}
    files = {
        f"{package or name}/__init__.py": init,
        f"{package or name}/__main__.py": main,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        + "".join(f"Provides-Extra: {extra}\n" for extra in sorted(extras))
        + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    target = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(target, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return target


def write_engine(folder: Path, pip: Path, *, main: str = DOCTOR, version: str = "1.0") -> Path:
    """All that is needed to set up the tiny engine without a network; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / pip.name).write_bytes(pip.read_bytes())
    write_wheel(folder, "mynah_shared", version)
    needs = ["mynah-shared", "onnxruntime>=1.0"]
    needs += ['torch; extra == "training"', 'mediapipe>=1.0; extra == "capture"']
    write_wheel(folder, "mynah_daemon", version, *needs, main=main)
    write_wheel(folder, "onnxruntime")
    return folder


def fetch_pip(folder: Path, repository: Path) -> Path:
    """The wheel of pip that the extension brings."""
    project = (repository / "pyproject.toml").read_text("utf-8")
    wanted = re.findall(r'^installer = \["(.+)"\]$', project, re.MULTILINE)
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", str(folder), *wanted]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"pip's wheel can't be fetched: {done.stderr.strip()[-200:]}")
    return next(folder.glob("pip-*.whl"))
