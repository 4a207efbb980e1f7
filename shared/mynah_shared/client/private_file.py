"""Files that are for their user only: mode 0600 in a folder of mode 0700, refused when looser. And
the JSON in them, which somebody may have damaged."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from pathlib import Path
from typing import cast

from ..errors import EngineUnavailableError

MAX_FILE_BYTES = 64 * 1024


def read_private(path: Path) -> str | None:
    """The text; None if there is no such file. `ValueError` if it is no UTF-8.

    Raises `EngineUnavailableError` if the file or its folder is open to others, or can't be read.
    """
    try:
        refuse_others(path.parent, path.parent.stat(), wanted=0o700)
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        with open(handle, encoding="utf-8") as file:
            refuse_others(path, os.fstat(handle), wanted=0o600)
            return file.read(MAX_FILE_BYTES)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EngineUnavailableError(
            f"The file {path} can't be read ({error.strerror}); delete it and try again."
        ) from error


def create_private(path: Path, text: str) -> bool:
    """Writes a file that is not there yet, whole or not at all; False if there is one already.

    Raises `EngineUnavailableError` if it can't be written.
    """
    try:
        temporary = _write_temporary(path, text)
        try:
            if os.name == "posix":
                os.link(temporary, path)  # fails if there is one; readers never see half a file
            else:
                os.rename(temporary, path)  # the same on Windows
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error) from error
    return True


def replace_private(path: Path, text: str) -> None:
    """Puts the file in place in one step: a reader sees the old one or the new one.

    Raises `EngineUnavailableError` if it can't be written.
    """
    try:
        temporary = _write_temporary(path, text)
        try:
            os.replace(temporary, path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise _unwritable(path, error) from error


def parse_object(text: str) -> dict[str, object]:
    """The JSON object that a text is. Raises `ValueError` for anything else."""
    try:
        content = cast(object, json.loads(text))
    except RecursionError as error:  # brackets without end
        raise ValueError("it is nested too deep") from error
    if not isinstance(content, dict):
        raise ValueError("it is no JSON object")
    return cast("dict[str, object]", content)


def refuse_others(path: Path, status: os.stat_result, *, wanted: int) -> None:
    """Raises `EngineUnavailableError` if others may open what this is the status of.

    Windows has no such modes: there the user's profile folder is closed to others by its ACL.
    """
    if os.name != "posix":
        return
    if status.st_uid != os.getuid():
        raise EngineUnavailableError(
            f"{path} belongs to another user; delete it or set MYNAH_HOME to a folder of your own."
        )
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o077:
        raise EngineUnavailableError(
            f"{path} is open to other users (mode {mode:04o}) though it guards the daemon's keys; "
            f"run: chmod {wanted:03o} '{path}'"
        )


def _write_temporary(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")  # O_EXCL, 0600
    try:
        with open(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _unwritable(path: Path, error: OSError) -> EngineUnavailableError:
    return EngineUnavailableError(
        f"The file {path} can't be written ({error.strerror}); "
        "free the disk's space or set MYNAH_HOME to another folder."
    )
