"""Files that Mynah fetches on first use, each known by its checksum."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mynah_shared.client.connection_file import ensure_state_dir
from mynah_shared.errors import EngineUnavailableError

Report = Callable[[str, float], None]
"""Called with a stage and the fraction done."""

_CHUNK: Final = 1 << 16
_TIMEOUT_S: Final = 30.0


@dataclass(frozen=True)
class Download:
    """A file on the web. `option`, with a path behind it, gives the file instead."""

    name: str
    url: str
    sha256: str
    n_bytes: int
    option: str


LANDMARKER: Final = Download(
    "face_landmarker.task",
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/"
    "face_landmarker.task",
    "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff",
    3_758_596,
    "MYNAH_LANDMARKER=PATH or --landmarker",
)
"""Google's Face Landmarker with its face detector, Apache-2.0."""


def download_folder() -> Path:
    """Where fetched files are kept; made if needed."""
    folder = ensure_state_dir() / "downloads"
    folder.mkdir(exist_ok=True)
    return folder


def is_fetched(download: Download) -> bool:
    """Whether the file is there already, and the right one."""
    path = download_folder() / download.name
    return path.is_file() and _sha256(path.read_bytes()) == download.sha256


def fetch(download: Download, report: Report) -> Path:
    """The file's path, fetched first if it isn't there.

    Raises `EngineUnavailableError` if it can't be fetched or is not the expected one.
    """
    path = download_folder() / download.name
    if is_fetched(download):
        return path
    data = read_url(download.url, download.n_bytes, download.option, report)
    if _sha256(data) != download.sha256:
        raise EngineUnavailableError(
            f"{download.url} sends another file than Mynah knows (checksum {_sha256(data)[:12]} "
            f"instead of {download.sha256[:12]}); give the right one with {download.option} PATH."
        )
    keep(path, data)
    return path


def read_url(url: str, n_bytes: int, option: str, report: Report) -> bytes:
    """What an address sends; about `n_bytes`. Raises `EngineUnavailableError`, naming `option` as
    the remedy, if it can't be reached or sends far more."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_S) as answer:
            data = bytearray()
            while chunk := answer.read(_CHUNK):
                data += chunk
                report("download", min(len(data) / n_bytes, 1.0))
                if len(data) > 2 * n_bytes:
                    raise OSError("it is far longer than expected")
            return bytes(data)
    except (OSError, ValueError) as err:
        reason = err.reason if isinstance(err, urllib.error.URLError) else err
        raise EngineUnavailableError(
            f"Can't fetch {url} ({reason}); go online once, or fetch it elsewhere and give it with "
            f"{option} PATH."
        ) from err


def keep(path: Path, data: bytes) -> None:
    """Writes the file, complete or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(data)
        os.replace(temporary, path)
    except OSError as err:
        raise EngineUnavailableError(
            f"Can't store {path.name} ({err.strerror}); free some disk space, or set MYNAH_HOME "
            "to another folder."
        ) from err
    finally:
        temporary.unlink(missing_ok=True)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
