"""Starts the engine whose packages lie beside this file, which is copied there."""

from __future__ import annotations

import os
import runpy
import sys
from pathlib import Path

if __name__ == "__main__":
    packages = str(Path(__file__).absolute().parent / "packages")
    sys.path.insert(0, packages)
    os.environ["PYTHONPATH"] = packages  # for the processes that the engine starts
    os.environ["PYTHONNOUSERSITE"] = "1"
    runpy.run_module("mynah_daemon", run_name="__main__", alter_sys=True)
