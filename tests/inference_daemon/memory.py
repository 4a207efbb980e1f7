"""Where tests sync files hundreds of times."""

from __future__ import annotations

import os
from pathlib import Path


def memory_folder_or_none() -> Path | None:
    """Where files lie in memory, if this system has such a place: a disk of unknown speed would
    take minutes for what a test does in seconds."""
    folder = Path("/dev/shm")
    return folder if os.access(folder, os.W_OK) else None
