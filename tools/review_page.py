"""three.js for the review page: from npm into one script, which is committed.

So nobody but who changes its version needs npm, and pages made anywhere are the same. What is
fetched, the bundler included, is pinned with its checksums in tools/three/package-lock.json.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from .console import ROOT, BuildError, run_logged, step

PAGE = ROOT / "inference_daemon" / "mynah_daemon" / "review" / "page"
SCRIPT = "three.min.js"
LICENCE = "three.LICENSE.txt"
_SOURCE = ROOT / "tools" / "three"
_WORK = ROOT / "build" / "three"


def vendor_three(into: Path = PAGE) -> None:
    """Writes script and licence into a folder. Needs npm; raises `BuildError` where there is none,
    and `CommandError` if it can't fetch what it needs."""
    npm = shutil.which("npm")
    if npm is None:
        raise BuildError("There is no npm on the path; install Node.js 20 or newer.")
    with step("three.js for the review page"):
        shutil.rmtree(_WORK, ignore_errors=True)
        shutil.copytree(_SOURCE, _WORK, ignore=shutil.ignore_patterns("node_modules"))
        run_logged([npm, "--prefix", _WORK, "ci", "--no-audit", "--no-fund"], "three-npm")
        made = _WORK / SCRIPT
        build = ["run", "build", "--", f"--outfile={made}"]
        run_logged([npm, "--prefix", _WORK, *build], "three-bundle")
        shutil.copyfile(made, into / SCRIPT)
        shutil.copyfile(_WORK / "node_modules" / "three" / "LICENSE", into / LICENCE)
