"""`build.py demo`: the main job in real Blender, and pictures of it."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from . import environments
from .console import LOGS, ROOT, BuildError, CommandError, environment, run_logged, step

OUT = ROOT / "demo"
FPS = 25
_LEAVES = ("demo.blend", "line.csv", "line.png", "line.mp4")
_PREFIX = "demo: "


def run(blender: str | None, bpy: str | None) -> int:
    """Everything from a bare checkout to the four files in demo/."""
    start = time.monotonic()
    command = _host(blender, bpy)
    engine = environments.engine()
    no_capture = environments.capture()
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir()
    # A state folder of its own: the demo must not meet or stop a daemon the user works with.
    state = ROOT / "build" / "demo-state"
    env = {"MYNAH_HOME": str(state), "MYNAH_ENGINE": str(engine)}
    try:
        with step("The main job in Blender"):
            stages = _in_blender(command, env)
        with step("The same line on the command line: line.csv"):
            audio = ROOT / "demo_scene" / "line.flac"
            mynah = [engine, "-m", "mynah_daemon", "generate", audio, "-o", OUT / "line.csv"]
            run_logged([*mynah, "--fps", str(FPS)], "demo-csv", **env)
        with step("Film strip and film"):
            run_logged([engine, "-m", "demo_scene.pictures", OUT, str(FPS)], "demo-pictures")
    finally:
        # If the daemon can't be stopped, what failed before matters more; it ends by itself.
        with suppress(CommandError):
            run_logged([engine, "-m", "mynah_daemon", "stop"], "demo-stop", **env)
    shutil.rmtree(OUT / "frames")
    _report(stages, time.monotonic() - start)
    if no_capture:
        print(f"\nVideos of performers can't be captured: {no_capture}")
    return 0


def _host(blender: str | None, bpy: str | None) -> list[str | Path]:
    """The command that runs the demo's script in Blender."""
    script = ROOT / "demo_scene" / "run_demo.py"
    if blender is None:
        return [environments.blender(bpy), script, "--", OUT]
    program = shutil.which(blender)
    if program is None:
        raise BuildError(f"There is no program at '{blender}'; give --blender the path of Blender.")
    base = [program, "--background", "--factory-startup"]
    packages = _packages_for(base)
    return [*base, "--python-exit-code", "1", "--python", script, "--", OUT, packages]


def _packages_for(base: Sequence[str]) -> Path:
    """A folder with the wheels that this Blender's own Python needs."""
    ask = "import sys; print('python=%d.%d' % sys.version_info[:2])"
    told = run_logged([*base, "--python-expr", ask], "blender-version")
    found = re.search(r"python=(3\.\d+)", told)
    if found is None:
        raise BuildError("This Blender did not tell its Python version; use Blender 4.5 or newer.")
    folder = ROOT / "build" / f"host-{found[1]}"
    if not folder.is_dir():
        pip = [environments.engine(), "-m", "pip", "install", "--only-binary=:all:", "--no-deps"]
        pip = [*pip, "--python-version", found[1], "--target", folder]
        run_logged([*pip, *environments.group("hosts")], f"host-{found[1]}")
    return folder


def _in_blender(command: list[str | Path], env: dict[str, str]) -> list[str]:
    """Runs the script, shows its progress, returns its lines about stages."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / "demo-blender.log"
    stages: list[str] = []
    with (
        open(log, "w", encoding="utf-8") as out,
        subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            env=environment(**env),
            cwd=ROOT,
        ) as process,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            out.write(line)
            if line.startswith(_PREFIX):
                said = line[len(_PREFIX) :].strip()
                print(f"  {said}", flush=True)
                stages += [said[len("stage ") :]] if said.startswith("stage ") else []
    if process.returncode:
        tail = "\n".join(f"    {line}" for line in log.read_text("utf-8").splitlines()[-15:])
        raise BuildError(f"The demo failed in Blender. The last lines of {log}:\n{tail}")
    return stages


def _report(stages: list[str], total_s: float) -> None:
    print("\nStages: " + "; ".join(stages) + f"; everything: {total_s:.1f} s")
    for name in _LEAVES:
        path: Path = OUT / name
        print(f"  {path}  ({path.stat().st_size / 1e3:.0f} kB)")
