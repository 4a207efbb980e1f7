"""Brings a language file of the Blender add-on up to date: `python -m tools.words de_DE`.

What is translated stays, texts that are gone go, new ones are added with an empty translation.
"""

from __future__ import annotations

import ast
import itertools
import json
import re
import sys
from collections.abc import Iterator

from .console import ROOT

ADDON = ROOT / "blender_addon"
LANGUAGES = ADDON / "language"
SHARED = ROOT / "shared" / "mynah_shared"
_SET_UP = (
    *("setup/connection_test.py", "setup/job.py", "setup/status.py", "setup/installer/__main__.py"),
    *("setup/installer/environments.py", "setup/installer/folder_lock.py"),
    *("setup/installer/packages.py", "setup/installer/remedies.py", "setup/installer/steps.py"),
)
_SHOWN_BY_BOTH = (
    *("client/examination.py", "client/stage_words.py"),
    *("rig/edit.py", "rig/view.py", "scene/captured.py"),
    *_SET_UP,
)
"""Files of what the hosts share whose words stand in the panels."""

_SILENT = (
    "library.py",
    "pieces.py",
    "command.py",
    "overlay/editors.py",
    "overlay/geometry.py",
    "language/",
)
"""Files without words for people, and the command line, whose words are for logs."""
_NO_WORDS = frozenset(
    {
        *("Mynah", "Mynah ", "Mynah (not complete)", "Blender", "Mynah reads a rig", "Layer"),
        *("eyeLook", "eyeBlink", "eyeSquint", "eyeWide", "performance "),
        *("Lib", "Requires-Dist", "CUDAExecutionProvider", "ERROR: ", ".dist-info/METADATA"),
        *("Scripts/python.exe", "extra ==", "Installing collected packages"),
    }
)
"""Names that others gave, or that are written into files."""
_NAME = re.compile(
    r"(MYNAH_)?[a-z0-9_.\-/\\:*%#$\[\]\"{}()=@+,|;<>?^]+|[A-Z0-9_]+|[A-Z]+-|MYNAH_\w+"
)
"""Identifiers, paths and patterns: no spaces and no capital letters."""
_SMALL = frozenset(
    {
        *("jaw", "lids", "eyes", "brows", "voice", "style", "sound", "movie", "strip"),
        *("quaternion", "axis-angle", "processor"),
    }
)
"""Words that look like identifiers and stand in sentences."""
_SHOWING_NOTHING = frozenset({"getattr", "setattr", "hasattr", "isinstance", "template_list"})


def texts() -> dict[str, str]:
    """All texts of the add-on that people read, with the place of the first use of each; what is
    put in while Blender runs is `{0}`, `{1}`, …"""
    found: dict[str, str] = {}
    own = {path.relative_to(ADDON).as_posix(): path for path in sorted(ADDON.rglob("*.py"))}
    files = {name: p for name, p in own.items() if not name.startswith((*_SILENT, "vendor/"))}
    files |= {f"mynah_shared/{name}": SHARED / name for name in _SHOWN_BY_BOTH}
    for name, path in files.items():
        for text, line in _texts_in(ast.parse(path.read_text("utf-8"))):
            found.setdefault(text, f"{name}:{line}")
    return found


def update(language: str) -> tuple[int, int]:
    """Write the file of a language anew; returns how many texts there are and how many of them
    lack a translation."""
    path = LANGUAGES / f"{language}.json"
    known = json.loads(path.read_text("utf-8")) if path.exists() else {}
    words = {text: known.get(text, "") for text in texts()}
    content = json.dumps(words, ensure_ascii=False, indent=1)
    path.write_text(content + "\n", "utf-8", newline="\n")
    return len(words), sum(not word for word in words.values())


def _texts_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            skipped.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            skipped |= {id(part) for part in node.values}
        elif isinstance(node, ast.Subscript | ast.Compare):
            # names of channels and sockets, and what something is compared with
            skipped |= {id(part) for part in ast.iter_child_nodes(node)}
        elif isinstance(node, ast.Call):
            skipped |= {id(part) for part in _not_shown(node)}
    for node in ast.walk(tree):
        if not isinstance(node, ast.expr) or id(node) in skipped:
            continue
        text = _text(node)
        if text is not None and is_for_people(text):
            yield text, node.lineno


def _not_shown(call: ast.Call) -> Iterator[ast.expr]:
    """Arguments of calls that show nothing: patterns and names of attributes."""
    name = ast.unparse(call.func)
    if name.startswith("re.") or name in _SHOWING_NOTHING:
        yield from call.args


def _text(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        places = itertools.count()  # a text for `str.format` has names for its places
        return re.sub(r"\{[a-z]+\}", lambda _: f"{{{next(places)}}}", node.value)
    if not isinstance(node, ast.JoinedStr):
        return None
    text, n_places = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text += f"{{{n_places}}}"
            n_places += 1
    return text


def is_for_people(text: str) -> bool:
    """Whether a text reads like words, and not like a name that programs use."""
    words = re.sub(r"\{\d+\}", "", text)
    has_words = re.search(r"[A-Za-z]{2}", words) is not None
    if text in _SMALL:
        return True
    is_pattern = "\\b" in text or text.startswith("import ") or re.search(r"\w\|\w", text)
    return has_words and not is_pattern and text not in _NO_WORDS and not _NAME.fullmatch(text)


if __name__ == "__main__":
    for wanted in sys.argv[1:]:
        n_texts, n_missing = update(wanted)
        print(f"{wanted}: {n_texts} texts, {n_missing} of them without a translation")
