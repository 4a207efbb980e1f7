"""What must outlast a power cut: contents by an fsync of the file, names by one of their folder."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import Final

_UNASKED: Final = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""What network drives answer that can't sync a folder."""


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder last, on systems where that is asked for."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as err:
        if err.errno not in _UNASKED:
            raise
    finally:
        os.close(handle)


def sync_way(folder: Path) -> None:
    """Makes the names in a new folder last, its own name, and those of the folders above it."""
    sync_folder(folder)
    for above in folder.absolute().parents:
        with suppress(OSError):  # of somebody else, who has made it last
            sync_folder(above)
