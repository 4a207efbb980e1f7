"""Uploaded audio, clips and videos by their content hash: chunks in, a verified file out, the
oldest deleted first."""

from __future__ import annotations

import hashlib
import os
import re
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mynah_shared.errors import JobFailedError
from mynah_shared.protocol.messages import BlobState, ErrorCode, Limits

from .store import points
from .store.syncing import sync_folder, sync_way

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass
class _Upload:
    """A file on its way: hashed as it comes in."""

    n_bytes: int
    offset: int = 0
    digest: Any = field(default_factory=hashlib.sha256)


class BlobStore:
    """Lives as long as the daemon: of what a former one left behind, only that is kept which
    `is_in_use`: what open jobs still need.

    Not thread-safe; `path` may be called from anywhere. All methods raise `JobFailedError` with a
    code and a sentence.
    """

    def __init__(
        self,
        folder: Path,
        limits: Limits,
        capacity_bytes: int,
        is_in_use: Callable[[str], bool] = lambda _: False,
    ) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder, self._limits, self._capacity = folder, limits, capacity_bytes
        self._is_in_use = is_in_use
        self._uploads: dict[str, _Upload] = {}
        self._complete: OrderedDict[str, int] = OrderedDict()
        self._delete_unused()
        for path in sorted(folder.iterdir()):
            if _hash_of(path) == path.name:
                self._complete[path.name] = path.stat().st_size
            else:
                path.unlink()
        sync_way(folder)

    def stat(self, sha256: str, n_bytes: int) -> BlobState:
        """How much of the blob is there."""
        if sha256 in self._complete:
            self._complete.move_to_end(sha256)
            return BlobState(sha256, self._complete[sha256], complete=True)
        self._check(sha256, n_bytes)
        upload = self._uploads.get(sha256)
        return BlobState(sha256, upload.offset if upload else 0, complete=False)

    def put(self, sha256: str, n_bytes: int, offset: int, data: bytes) -> BlobState:
        """Adds the chunk if it continues what is there; the answer says where to go on."""
        state = self.stat(sha256, n_bytes)
        if state.complete or offset != state.offset or not data:
            return state
        upload = self._uploads.setdefault(sha256, _Upload(n_bytes))
        if upload.n_bytes != n_bytes or offset + len(data) > n_bytes:
            self._discard(sha256)
            raise JobFailedError(
                f"The upload of the file doesn't fit its size of {n_bytes} bytes; send it again.",
                code=ErrorCode.bad_value,
            )
        if offset == 0:
            self._part(sha256).unlink(missing_ok=True)
            self._make_room()
        self._append(sha256, data)
        upload.digest.update(data)
        upload.offset += len(data)
        if upload.offset == n_bytes:
            self._finish(sha256, upload)
        return self.stat(sha256, n_bytes)

    def add(self, data: bytes) -> str:
        """Stores a file of the daemon's own beside the uploaded ones; returns its SHA-256."""
        sha256 = hashlib.sha256(data).hexdigest()
        self._discard(sha256)  # half an upload of the same would be in the way
        self.put(sha256, len(data), 0, data)
        return sha256

    def abandon(self, sha256: str) -> None:
        """Forgets what has come of an unfinished file."""
        if sha256 in self._uploads:
            self._discard(sha256)

    def has(self, sha256: str) -> bool:
        return sha256 in self._complete

    def path(self, sha256: str) -> Path:
        """Where the blob lies when it is complete."""
        return self._folder / sha256

    def close(self) -> None:
        """Deletes what no open job needs."""
        self._uploads.clear()
        self._delete_unused()
        with suppress(OSError):  # something is left in it
            self._folder.rmdir()

    def _delete_unused(self) -> None:
        for path in list(self._folder.iterdir()):
            if not (_HASH.fullmatch(path.name) and self._is_in_use(path.name)):
                with suppress(OSError):  # on Windows, a dying worker may still have it open
                    path.unlink()

    def _check(self, sha256: str, n_bytes: int) -> None:
        if not _HASH.fullmatch(sha256):
            raise JobFailedError(
                "A SHA-256 has 64 lower-case hexadecimal digits.", code=ErrorCode.bad_value
            )
        if n_bytes > self._limits.audio_bytes:
            raise JobFailedError(
                f"The file has {n_bytes / 1e6:.0f} MB; at most "
                f"{self._limits.audio_bytes / 1e6:.0f} MB are accepted: cut it, or save audio as "
                "FLAC and videos smaller.",
                code=ErrorCode.too_large,
            )
        if n_bytes <= 0:
            raise JobFailedError("The file is empty.", code=ErrorCode.bad_value)

    def _append(self, sha256: str, data: bytes) -> None:
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0)
            handle = os.open(self._part(sha256), flags, 0o600)
            with os.fdopen(handle, "ab") as file:
                file.write(data)
        except OSError as err:
            raise self._cannot_store(sha256, err) from err

    def _finish(self, sha256: str, upload: _Upload) -> None:
        if upload.digest.hexdigest() != sha256:
            self._discard(sha256)
            raise JobFailedError(
                "The file was damaged on its way to the daemon; send it again.",
                code=ErrorCode.bad_value,
                retry=True,
            )
        try:  # jobs that are accepted with it must find it after a power cut
            with self._part(sha256).open("rb+") as file:
                os.fsync(file.fileno())
            points.reach("blob written")
            os.replace(self._part(sha256), self.path(sha256))
            points.reach("blob named")
            sync_folder(self._folder)
        except OSError as err:
            raise self._cannot_store(sha256, err) from err
        del self._uploads[sha256]
        self._complete[sha256] = upload.n_bytes

    def _cannot_store(self, sha256: str, err: OSError) -> JobFailedError:
        self._discard(sha256)
        return JobFailedError(
            f"The file can't be stored ({err.strerror}); free some disk space and try again.",
            code=ErrorCode.internal,
            retry=True,
        )

    def _make_room(self) -> None:
        """Deletes the least recently used files that no job needs."""
        total = sum(self._complete.values()) + sum(u.n_bytes for u in self._uploads.values())
        if total <= self._capacity:
            return
        for sha256 in [key for key in self._complete if not self._is_in_use(key)]:
            if total <= self._capacity:
                return
            total -= self._complete.pop(sha256)
            self.path(sha256).unlink(missing_ok=True)

    def _discard(self, sha256: str) -> None:
        self._uploads.pop(sha256, None)
        self._part(sha256).unlink(missing_ok=True)

    def _part(self, sha256: str) -> Path:
        return self._folder / f"{sha256}.part"


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
