"""The direction of imports, as pyproject.toml's contracts state it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

PACKAGES = ("shared", "inference_daemon", "maya_plugin/scripts", ".")


def test_every_contract_is_kept(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
        + ["--no-cache"],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(PACKAGES), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout
