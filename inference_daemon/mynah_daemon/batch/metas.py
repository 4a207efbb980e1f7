"""What the daemon said about each result of a batch: Live Link Face files have no place for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

METAS_NAME: Final = "mynah_metas.jsonl"


def note_meta(folder: Path, output: str, sha256: str, meta: Mapping[str, Any]) -> None:
    """Adds what is known of the result `output` with this checksum."""
    with (folder / METAS_NAME).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"output": output, "sha256": sha256, "meta": meta}) + "\n")


def read_metas(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """All of it by output and checksum. What can't be read is left out: it explains results, and
    none depends on it."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    try:
        with (folder / METAS_NAME).open(encoding="utf-8", errors="replace") as file:
            for line in file:
                note = _parse(line)
                if note is not None:
                    found[note[0], note[1]] = note[2]
    except OSError:
        return found
    return found


def _parse(line: str) -> tuple[str, str, dict[str, Any]] | None:
    try:
        content = cast("dict[str, Any]", json.loads(line))
        return str(content["output"]), str(content["sha256"]), dict(content["meta"])
    except (ValueError, TypeError, KeyError):
        return None  # cut off by a crash
