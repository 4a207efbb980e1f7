"""`mynah doctor`: checks the installation piece by piece and says how to mend what is broken."""

from __future__ import annotations

import argparse
import math
import os
import shutil
import struct
import sys
import tempfile
import time
import wave
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import zmq

from mynah_shared.client.connection_file import FILE_NAME, ensure_state_dir, state_dir
from mynah_shared.client.remote import chosen_remote
from mynah_shared.client.steps import Line
from mynah_shared.errors import EngineUnavailableError, MynahError

from ..audio.decode import decode_file
from ..config import config_from_environment
from ..crash_reports import list_reports
from ..devices import find_devices
from ..engine.model_store import open_store
from ..store.local_disk import require_local_disk
from .connecting import find_running, open_client
from .lines import perform
from .stop import end_daemon

_PACKAGES: Final = ("numpy", "scipy", "onnxruntime", "pyzmq", "msgpack", "av", "soxr", "pillow")
_TIGHT_BYTES, _TOO_FEW_BYTES = 2 << 30, 200 << 20
_RECENT_DAYS: Final = 7
_TONE_S: Final = 1.0


@dataclass(frozen=True)
class Finding:
    """What a check found: `level` is ok, warn or fail; a remedy for the latter two."""

    level: str
    text: str
    remedy: str = ""


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("doctor", help="check the installation")
    parser.set_defaults(run=run)


def run(_arguments: argparse.Namespace) -> int:
    """0 if nothing failed, else 1."""
    was_running = False
    failed = False
    for name, check in CHECKS.items():
        if name == "end to end":
            was_running = _is_running()
        finding = _examine(check)
        failed |= finding.level == "fail"
        remedy = f"\n       → {finding.remedy}" if finding.remedy else ""
        print(f"{finding.level:<4}  {name}: {finding.text}{remedy}", flush=True)
    if not was_running and _is_running() and (info := find_running()):
        end_daemon(info)  # leave things as they were
    return 1 if failed else 0


def _examine(check: Callable[[], Finding]) -> Finding:
    try:
        return check()
    except MynahError as err:
        return Finding("fail", str(err), "do what the sentence says and run this again")
    except Exception as err:  # a broken installation fails in ways nobody listed
        return Finding("fail", f"{type(err).__name__}: {err}", "install Mynah again")


def check_python() -> Finding:
    text = sys.version.split()[0]
    if sys.version_info < (3, 11):
        return Finding("fail", text, "install Python 3.11 or newer and Mynah into that")
    return Finding("ok", text)


def check_packages() -> Finding:
    found: list[str] = []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            if name == "onnxruntime":
                found.append(f"onnxruntime-gpu {version('onnxruntime-gpu')}")
                continue
            return Finding("fail", f"{name} is missing", f"pip install {name}")
    return Finding("ok", ", ".join(found))


def check_encryption() -> Finding:
    if zmq.has("curve"):
        return Finding("ok", f"CURVE in libzmq {zmq.zmq_version()}")
    return Finding("fail", "pyzmq has no CURVE", "pip install --force-reinstall pyzmq")


def check_weights() -> Finding:
    store = open_store(config_from_environment().weights)
    if store.encoder is None:
        return Finding("warn", "only the loudness model is there", "install the complete wheel")
    for file in store.files:
        store.verified_path(file)
    names = ", ".join(model.name for model in store.models)
    return Finding("ok", f"checksums agree; models: {names} (default: {store.default_model})")


def check_capture() -> Finding:
    from ..capture.downloads import LANDMARKER, is_fetched  # landmarks.py brings decoders
    from ..capture.landmarks import INSTALL, load_mediapipe

    if find_spec("mediapipe") is None:
        return Finding("ok", f"not installed; to make clips of videos: {INSTALL}")
    try:
        load_mediapipe()
    except EngineUnavailableError as err:
        return Finding("warn", str(err), "all else works; only videos can't be captured")
    has_model = config_from_environment().landmarker or is_fetched(LANDMARKER)
    model = "is here" if has_model else "will be fetched on first use (4 MB)"
    return Finding("ok", f"MediaPipe {version('mediapipe')}; its landmark model {model}")


def check_provider() -> Finding:
    from ..engine.onnx_session import available_providers  # takes a second to load

    names = available_providers()
    devices = ", ".join(map(str, find_devices()))
    return Finding("ok", f"{names[0]} (available: {', '.join(names)}); devices: {devices}")


def check_state_folder() -> Finding:
    folder = ensure_state_dir()
    require_local_disk(folder)
    return Finding("ok", str(folder))


def check_daemon() -> Finding:
    remote = chosen_remote()
    if remote is not None:
        with open_client(remote.connection()) as client:
            client.hello()
        return Finding("ok", f"lines are made on {remote.place}, which answers")
    info = find_running()
    if info is None and (state_dir() / FILE_NAME).exists():
        return Finding(
            "warn",
            "the connection file is stale: no daemon answers there",
            "nothing to do; the next start replaces it",
        )
    if info is None:
        return Finding("ok", "none runs; hosts and `mynah generate` start one")
    with open_client(info) as client:
        client.hello()
        started_s = time.perf_counter()
        client.ping()
        milliseconds = 1000 * (time.perf_counter() - started_s)
        workers = client.status().workers
    text = f"process {info.pid} answers in {milliseconds:.1f} ms"
    failures = [worker.failure for worker in workers if worker.failure]
    if failures:
        remedy = "free the device or mend its driver; the daemon tries it again by itself"
        return Finding("warn", f"{text}; {' '.join(failures)}", remedy)
    devices = ", ".join(worker.device for worker in workers)
    return Finding("ok", f"{text}; makes lines on {devices}" if devices else text)


def check_crashes() -> Finding:
    newest = [path for path in list_reports(config_from_environment().log_dir) if _is_recent(path)]
    if not newest:
        return Finding("ok", f"none in the last {_RECENT_DAYS} days")
    return Finding(
        "warn",
        f"the worker crashed {len(newest)} times in the last {_RECENT_DAYS} days",
        f"send {newest[-1]} along if you report it; it holds no audio and no keys",
    )


def _is_recent(path: Path) -> bool:
    return time.time() - path.stat().st_mtime < _RECENT_DAYS * 86_400


def check_disk() -> Finding:
    free = shutil.disk_usage(ensure_state_dir()).free
    text = f"{free / 1e9:.1f} GB free for results, uploads and logs"
    if free < _TOO_FEW_BYTES:
        return Finding("fail", text, "free some space, or set MYNAH_HOME to another disk")
    if free < _TIGHT_BYTES:
        return Finding("warn", text, "an uploaded file needs up to 1 GB while it is performed")
    return Finding("ok", text)


def check_decoding() -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.perf_counter()
        n_samples = len(decode_file(_write_tone(Path(folder)), "tone.wav"))
        seconds = time.perf_counter() - started_s
    if n_samples != 16_000 * _TONE_S:
        return Finding("fail", f"{n_samples} samples of a second", "pip install av soxr again")
    return Finding("ok", f"a second of 48 kHz in {seconds:.2f} s")


def check_end_to_end() -> Finding:
    with tempfile.TemporaryDirectory() as folder:
        started_s = time.perf_counter()
        finished = perform(Line(_write_tone(Path(folder)), "tone.wav", 30.0), _ignore)
        seconds = time.perf_counter() - started_s
    model = finished.meta.get("model", "")
    return Finding("ok", f"{finished.clip.n_frames} frames from '{model}' in {seconds:.2f} s")


CHECKS: Final[dict[str, Callable[[], Finding]]] = {
    "Python": check_python,
    "packages": check_packages,
    "encryption": check_encryption,
    "weights": check_weights,
    "provider": check_provider,
    "capture": check_capture,
    "state folder": check_state_folder,
    "daemon": check_daemon,
    "crashes": check_crashes,
    "disk": check_disk,
    "decoding": check_decoding,
    "end to end": check_end_to_end,
}


def _ignore(stage: str, fraction: float) -> None:
    """No progress is shown for a second of sound."""


def _is_running() -> bool:
    try:
        return find_running() is not None
    except MynahError:  # its own check has reported that
        return False


def _write_tone(folder: Path) -> Path:
    rate = 48_000
    tone = [round(9000 * math.sin(2 * math.pi * 220 * i / rate)) for i in range(rate)]
    path = folder / "tone.wav"
    with wave.open(os.fspath(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(struct.pack(f"<{rate}h", *tone))
    return path
