"""NPZ archives from outside: opened only if they are what they seem to be."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.lib import format as npy

from mynah_shared.errors import BadInputError

MOST_BYTES: Final = 256 << 20
"""What an archive may unpack to: ten minutes of a FLAME track at 120 frames a second and more."""
_MOST_ARRAYS: Final = 64


@contextmanager
def open_archive(path: Path, name: str) -> Generator[Any]:
    """The arrays of an NPZ file that is called `name`, by their names; nothing pickled is read.

    Raises `BadInputError` before anything is unpacked if its arrays would need more memory than a
    clip can, however small the file; otherwise what numpy raises of a file that is none.
    """
    # numpy itself leaves a file open that is no archive.
    with path.open("rb") as file:
        with zipfile.ZipFile(file) as archive:
            n_bytes = sum(_unpacked_bytes(archive, entry) for entry in archive.infolist())
            n_arrays = len(archive.infolist())
        if n_bytes > MOST_BYTES or n_arrays > _MOST_ARRAYS:
            raise BadInputError(
                f"'{name}' would unpack to {n_bytes / 1e6:.0f} MB in {n_arrays} arrays, which no "
                f"clip needs; at most {MOST_BYTES / 1e6:.0f} MB are read: cut it to a shorter one."
            )
        file.seek(0)
        with np.load(file, allow_pickle=False) as content:
            yield content


def _unpacked_bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> int:
    """What an array says of itself, or the archive of it, whichever is more: either may lie."""
    with archive.open(entry) as file:
        try:
            version = npy.read_magic(file)
            read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _order, kind = read(file)
        except ValueError:  # no array: numpy gives its bytes
            return entry.file_size
    return max(entry.file_size, math.prod(shape) * kind.itemsize)
