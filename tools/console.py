"""Saying what is going on, and running programs whose noise goes to a log file."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "logs"
_TAIL_LINES = 15
_HEARTBEAT_S = 15.0


class BuildError(Exception):
    """A step that could not be done: one or two sentences with the remedy."""


class CommandError(BuildError):
    """A program failed; `output` is what it said."""

    def __init__(self, message: str, output: str) -> None:
        super().__init__(message)
        self.output = output


@contextmanager
def step(title: str) -> Iterator[None]:
    """Announces a step and, when it is over, how long it took."""
    start = time.monotonic()
    print(f"▸ {title} …", flush=True)
    yield
    print(f"  {title}: {time.monotonic() - start:.1f} s", flush=True)


def environment(**extra: str) -> dict[str, str]:
    """The caller's environment without what would leak other packages into a child."""
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    return {**clean, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1", **extra}


def run_logged(command: Sequence[str | Path], log_name: str, **env: str) -> str:
    """Runs a program quietly and returns what it said.

    Its output goes to build/logs/`log_name`.log; a sign of life is shown every few seconds.
    Raises `CommandError` with the last lines if it fails.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{log_name}.log"
    with open(log, "w", encoding="utf-8") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment(**env),
        )
        try:
            _wait(process)
        except BaseException:  # even Ctrl-C must not leave the child running
            process.kill()
            process.wait()
            raise
    text = log.read_text(encoding="utf-8", errors="replace")
    if process.returncode:
        tail = "\n".join(f"    {line}" for line in text.splitlines()[-_TAIL_LINES:])
        message = f"{Path(command[0]).name} failed. The last lines of {log}:\n{tail}"
        raise CommandError(message, text)
    return text


def _wait(process: subprocess.Popen[bytes]) -> None:
    start = last = time.monotonic()
    live = sys.stdout.isatty()
    while True:
        try:
            process.wait(0.5 if live else 2.0)
        except subprocess.TimeoutExpired:
            now = time.monotonic()
            if live:
                print(f"\r  … {now - start:.0f} s", end="", flush=True)
            elif now - last >= _HEARTBEAT_S:
                last = now
                print(f"  … {now - start:.0f} s", flush=True)
            continue
        break
    if live:
        print("\r" + " " * 20 + "\r", end="", flush=True)


def run_shown(command: Sequence[str | Path], **env: str) -> int:
    """Runs a program whose output the caller should see; its exit status."""
    sys.stdout.flush()
    return subprocess.run(
        [str(part) for part in command], cwd=ROOT, env=environment(**env), check=False
    ).returncode


def run_hidden(command: Sequence[str | Path], log_name: str, **env: str) -> tuple[int, str]:
    """Runs a program beside others, quietly; its exit status and what it said."""
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{log_name}.log"
    with open(log, "w", encoding="utf-8") as out:
        status = subprocess.run(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment(**env),
            check=False,
        ).returncode
    return status, log.read_text(encoding="utf-8", errors="replace")
