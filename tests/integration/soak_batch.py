"""Whether a long batch grows: python -m tests.integration.soak_batch [--lines 2000] [--engine ray].

Makes lines of 3 to 8 s that sound like speech to a decoder, performs them by `mynah batch` with the
weights of this installation, and samples the resident memory of the command, the daemon, its worker
and its decoder (Linux only). Prints a Markdown table: a row per tenth of the lines.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from tests.integration.conftest import write_speech

ROOT = Path(__file__).resolve().parents[2]
KINDS = {
    b"mynah_daemon.worker": "worker",
    b"mynah_daemon.audio.decode_child": "decoder",
    b"daemon": "daemon",
    b"batch": "command",
}
_SAMPLE_S = 0.5
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass
class Soak:
    """Resident megabytes of each process at (seconds, lines made)."""

    samples: list[tuple[float, int, dict[str, float]]] = field(default_factory=list)
    exit_code: int = -1

    def rows(self, parts: int = 10) -> list[tuple[int, dict[str, float]]]:
        """Per part of the lines the largest sizes while it was made."""
        total = self.samples[-1][1]
        found: list[tuple[int, dict[str, float]]] = []
        for part in range(parts):
            first, last = total * part / parts, total * (part + 1) / parts
            inside = [sizes for _, n, sizes in self.samples if first <= n < last or n == last]
            kinds = {kind for sizes in inside for kind in sizes}
            largest = {k: max(sizes.get(k, 0.0) for sizes in inside) for k in kinds}
            found.append((round(last), largest))
        return found


def write_lines(folder: Path, n_lines: int, n_recordings: int = 200) -> Path:
    """A sheet of lines 3 to 8 s long; seeds make equal recordings different lines."""
    (folder / "vo").mkdir(parents=True)
    lengths = np.random.default_rng(7).uniform(3.0, 8.0, min(n_recordings, n_lines))
    for i, seconds in enumerate(lengths):
        write_speech(folder / f"vo/{i}.wav", float(seconds), seed=i)
    rows = [f"line {i},vo/{i % len(lengths)}.wav,{i}" for i in range(n_lines)]
    (folder / "sheet.csv").write_text("\n".join(["line,audio,seed", *rows]) + "\n", "utf-8")
    return folder / "sheet.csv"


def soak(folder: Path, sheet: Path, more: Sequence[str] = ()) -> Soak:
    """Runs the batch in the state folder of MYNAH_HOME and watches its processes."""
    out = folder / "out"
    command = [sys.executable, "-m", "mynah_daemon", "batch", str(sheet), "-o", str(out), *more]
    found, began_s = Soak(), time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as batch:
        while batch.poll() is None:
            found.samples.append((time.monotonic() - began_s, count_results(out), resident_mb()))
            time.sleep(_SAMPLE_S)
        found.exit_code = batch.returncode
    found.samples.append((time.monotonic() - began_s, count_results(out), resident_mb()))
    return found


def count_results(out: Path) -> int:
    """How many lines are made."""
    return sum(1 for _ in out.glob("*.csv")) if out.exists() else 0


def resident_mb() -> dict[str, float]:
    """Resident megabytes of the processes that serve this state folder."""
    home = b"MYNAH_HOME=" + os.environ["MYNAH_HOME"].encode() + b"\0"
    sizes: dict[str, float] = {}
    for process in Path("/proc").iterdir():
        if not process.name.isdecimal():
            continue
        try:
            if home not in (process / "environ").read_bytes():
                continue
            words = (process / "cmdline").read_bytes().split(b"\0")
            pages = int((process / "statm").read_text().split()[1])
        except (OSError, IndexError):
            continue  # it has just ended
        kind = "ray" if words[0].startswith(b"ray::RayWorker") else None
        kind = kind or next((KINDS[w] for w in words if w in KINDS), None)
        if kind:
            sizes[kind] = sizes.get(kind, 0.0) + pages * _PAGE / 1e6
    return sizes


def main() -> int:
    """Prints the table; 1 if a line failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=2000)
    parser.add_argument("--engine", choices=["local", "ray"], default="local")
    parser.add_argument("--workers", default="", help="of --engine ray")
    parser.add_argument("--style", default="", help="a style asks for the model that imitates")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mynah-soak-") as name:
        folder = Path(name)
        os.environ["MYNAH_HOME"] = str(folder / "home")
        os.environ["PYTHONPATH"] = os.pathsep.join(
            [str(ROOT / "shared"), str(ROOT / "inference_daemon"), os.environ.get("PYTHONPATH", "")]
        )
        more = ["--engine", arguments.engine]
        more += ["--workers", arguments.workers] if arguments.workers else []
        more += ["--style", arguments.style] if arguments.style else []
        found = soak(folder, write_lines(folder, arguments.lines), more)
        subprocess.run([sys.executable, "-m", "mynah_daemon", "stop"], check=False)
    kinds = sorted({kind for _, sizes in found.rows() for kind in sizes})
    print("| lines made |", " | ".join(f"{kind} MB" for kind in kinds), "|")
    print("|---" * (len(kinds) + 1) + "|")
    for made, sizes in found.rows():
        print(f"| {made} |", " | ".join(f"{sizes.get(kind, 0):.0f}" for kind in kinds), "|")
    began_s = next((s for s, n, _ in found.samples if n), 0.0)
    print(
        f"{found.samples[-1][1]} lines in {found.samples[-1][0]:.0f} s, the first one after "
        f"{began_s:.0f} s; exit code {found.exit_code}."
    )
    return int(found.exit_code != 0)


if __name__ == "__main__":
    sys.exit(main())
