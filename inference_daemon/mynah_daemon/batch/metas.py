"""What the daemon said about each result of a batch: Live Link Face files have no place for it.

A file of its own for each, so that machines that share the folder need not take turns.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..clip_files import replace_file

METAS_NAME: Final = "mynah_metas"


def note_meta(folder: Path, output: str, sha256: str, meta: Mapping[str, Any]) -> None:
    """Keeps what is known of the result `output` with this checksum."""
    path = _path(folder, output, sha256)
    path.parent.mkdir(exist_ok=True)
    replace_file(path, json.dumps(meta).encode())


def read_meta(folder: Path, output: str, sha256: str) -> dict[str, Any]:
    """All of it. What can't be read is empty: it explains results, and none depends on it."""
    try:
        return dict(json.loads(_path(folder, output, sha256).read_bytes()))
    except (OSError, ValueError, TypeError):
        return {}


def _path(folder: Path, output: str, sha256: str) -> Path:
    name = hashlib.sha256(f"{sha256} {output}".encode()).hexdigest()[:32]
    return folder / METAS_NAME / f"{name}.json"
