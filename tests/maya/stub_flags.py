"""Maya's commands and their flags, as the published stubs `types-maya` list them.

The stubs are 93 000 lines, so what is needed of them is kept as JSON in the folder build/, which is
not part of the repository, until another version of the stubs is installed.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from importlib import metadata
from pathlib import Path

PACKAGE = "types-maya"
_CACHE = Path(__file__).resolve().parents[2] / "build" / "maya-flags.json"
_DEF = re.compile(r"^def (\w+)\((.*)\) -> ", re.MULTILINE)
_MODES = {"query": "query", "q": "query", "edit": "edit", "e": "edit"}

Flags = dict[str, list[str]]
"""By flag, long and short names alike: the modes it may be used in, of create, query and edit."""


@lru_cache(maxsize=1)
def commands() -> dict[str, Flags] | None:
    """All commands of Maya with their flags; None if the stubs are not installed."""
    try:
        found = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        return None
    if _CACHE.is_file() and _CACHE.stat().st_mtime > Path(__file__).stat().st_mtime:
        cached = json.loads(_CACHE.read_text(encoding="utf-8"))
        if cached["version"] == found.version:
            return cached["commands"]
    stub = Path(str(found.locate_file("maya-stubs/cmds.pyi")))
    listed = read_stub(stub.read_text(encoding="utf-8"))
    _CACHE.parent.mkdir(exist_ok=True)
    content = {"version": found.version, "commands": listed}
    _CACHE.write_text(json.dumps(content), encoding="utf-8")
    return listed


def read_stub(text: str) -> dict[str, Flags]:
    """The commands in the text of a stub, which has one line for each overload."""
    listed: dict[str, Flags] = {}
    for name, arguments in _DEF.findall(text):
        names = re.findall(r"(?:^|, )(\w+): ", arguments)
        mode = next((_MODES[one] for one in names if one in _MODES), "create")
        known = listed.setdefault(name, {})
        for flag in names:
            if flag in _MODES:
                known.setdefault(flag, [mode])
            elif mode not in known.setdefault(flag, []):
                known[flag].append(mode)
    return listed
