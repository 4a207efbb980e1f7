"""House rules that can be read from the sources."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("shared", "inference_daemon", "blender_addon", "maya_plugin", "demo_scene", "tools")
NOT_OURS = {"vendor", "wheels", "build", "__pycache__"}
MOST_LINES = 500
BROAD = {"Exception", "BaseException"}


def _sources(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if not NOT_OURS & set(path.relative_to(ROOT).parts))


ALL = [ROOT / "build.py", *_sources(*FOLDERS, "tests")]


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_no_file_is_too_long(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{lines} lines: split it"


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_a_broad_except_raises_again_or_gives_its_reason(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = text.splitlines()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ExceptHandler) and _is_broad(node):
            said = "".join(lines[node.lineno - 1 : node.lineno + 1])
            assert "#" in said, f"line {node.lineno}: say why it must be broad"


def _is_broad(handler: ast.ExceptHandler) -> bool:
    if isinstance(handler.body[-1], ast.Raise) and handler.body[-1].exc is None:
        return False
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or getattr(kind, "id", None) in BROAD for kind in kinds)


@pytest.mark.parametrize("path", _sources("shared", "demo_scene", "tools"), ids=_name)
def test_everything_public_says_what_it_is(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert ast.get_docstring(tree), "the module has no docstring"
    silent = [name for name, node in _public(tree) if not ast.get_docstring(node)]
    assert not silent, f"no docstring: {', '.join(silent)}"


def _public(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef | ast.FunctionDef]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and not node.name.startswith("_"):
            yield node.name, node


def test_no_file_names_a_package_index_or_a_home_folder() -> None:
    # Which index pip asks is the business of the machine, not of the repository.
    forbidden = re.compile("|".join(("py" + r"pi\.org", "python" + "hosted", "/ro" + "ot/")))
    suffixes = {".py", ".toml", ".md", ".json", ""}
    folders = [ROOT / folder for folder in (*FOLDERS, "tests", ".ci")]
    files = [path for folder in folders for path in folder.rglob("*") if path.suffix in suffixes]
    files += [path for path in ROOT.iterdir() if path.suffix in suffixes]
    for path in files:
        if path.is_file() and not NOT_OURS & set(path.relative_to(ROOT).parts):
            found = forbidden.search(path.read_text(encoding="utf-8", errors="replace"))
            assert found is None, f"{_name(path)} names {found[0] if found else ''}"


def test_an_old_python_can_read_build_py_to_be_refused_in_a_sentence() -> None:
    ast.parse((ROOT / "build.py").read_text(encoding="utf-8"), feature_version=(3, 8))
