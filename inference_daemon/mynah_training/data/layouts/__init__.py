"""Data sets that training can read: the corpus, and a user's own by the layout of their folder.

A layout finds the clips of a folder (`clips.Clip`); `clips.read_clips` does for all of them what
they have in common. To add one, write such a module and name its reader here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from ..corpus import Recording, read_corpus
from .beat import read_beat
from .folder import read_folder
from .hdtf import read_hdtf
from .mead import read_mead
from .ravdess import read_ravdess

CORPUS: Final = "corpus"
LAYOUTS: Final[Mapping[str, Callable[[Path], Iterator[Recording]]]] = {
    CORPUS: read_corpus,
    "folder": read_folder,
    "mead": read_mead,
    "ravdess": read_ravdess,
    "hdtf": read_hdtf,
    "beat": read_beat,
}
