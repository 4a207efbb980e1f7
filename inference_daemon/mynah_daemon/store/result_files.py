"""Results as files: results/ab/abcd….npz, complete or not there.

Each is an NPZ clip with its `meta`, as `mynah generate` writes it, uncompressed. The archive's own
checksums tell a damaged one.
"""

from __future__ import annotations

import contextlib
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mynah_shared.errors import MynahError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.protocol.messages import SynthesizeReply

from ..archives import open_archive
from . import points
from .syncing import sync_folder

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_BINARY: Final[int] = getattr(os, "O_BINARY", 0)


@dataclass(frozen=True)
class Found:
    """A file of the folder; `used_s` is when it was written (seconds since 1970)."""

    key: str
    n_bytes: int
    used_s: float


class ResultFiles:
    """The results in `folder`. Methods that write raise `OSError`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        for part in folder.glob("*.part"):  # a former daemon died while it wrote
            part.unlink(missing_ok=True)

    def write(self, reply: SynthesizeReply, lease: bytes) -> Path:
        """A part of its own for this attempt, on the disk for good; `publish` gives it its name."""
        part = self._folder / f"{lease.hex()}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _BINARY, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(clip_to_npz(reply.clip, reply.meta))
                file.flush()
                points.reach("result written")
                os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            raise
        return part

    def publish(self, part: Path, key: str) -> int:
        """Names the part after its job; the size in bytes."""
        points.reach("result synced")
        path = self._path(key)
        if not path.parent.is_dir():
            path.parent.mkdir(mode=0o700)
            sync_folder(self._folder)
        os.replace(part, path)
        points.reach("result named")
        sync_folder(path.parent)
        points.reach("result lasting")
        return path.stat().st_size

    def read(self, key: str) -> SynthesizeReply | None:
        """None if there is no such file, or a damaged one."""
        path = self._path(key)
        try:
            with open_archive(path, path.name) as content:
                channels = tuple(str(name) for name in content["channels"])
                clip = MotionClip(float(content["fps"]), channels, content["values"])
                return SynthesizeReply(key, clip, str(content["meta"]))
        except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile, MynahError):
            return None

    def has(self, key: str) -> bool:
        return self._path(key).is_file()

    def size(self, key: str) -> int:
        """Bytes of an existing result."""
        return self._path(key).stat().st_size

    def delete(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def scan(self) -> Iterator[Found]:
        """Every file that seems to be a result."""
        for path in sorted(self._folder.glob("??/*.npz")):
            if _KEY.fullmatch(path.stem) and path.parent.name == path.stem[:2]:
                status = path.stat()
                yield Found(path.stem, status.st_size, status.st_mtime)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npz"
