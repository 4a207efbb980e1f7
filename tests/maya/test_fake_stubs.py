"""The API of the in-memory Maya has the names and arguments that the stubs give it."""

from __future__ import annotations

import ast
import inspect
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from tests.maya.stub_flags import PACKAGE

OWN_STUB = Path(__file__).resolve().parents[2] / "tools/stubs/maya/api/OpenMayaAnim.pyi"
MISSPELT = {"MTime.kFilm"}  # the stubs call it kkFilmames


def classes_in(path: Path) -> dict[str, ast.ClassDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}


def methods_of(node: ast.ClassDef) -> dict[str, list[ast.FunctionDef]]:
    found: dict[str, list[ast.FunctionDef]] = {}
    for one in node.body:
        if isinstance(one, ast.FunctionDef):
            found.setdefault(one.name, []).append(one)
    return found


def names_of(node: ast.ClassDef) -> set[str]:
    constants = {
        one.target.id
        for one in node.body
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
    }
    return constants | set(methods_of(node))


@pytest.mark.parametrize("name", classes_in(OWN_STUB))
def test_what_the_own_stub_promises_is_there(maya: Any, name: str) -> None:
    import maya.api.OpenMayaAnim as oma

    fake, stub = getattr(oma, name), classes_in(OWN_STUB)[name]
    missing = [one for one in names_of(stub) if not hasattr(fake, one)]
    assert not missing
    for method, overloads in methods_of(stub).items():
        found = inspect.getattr_static(fake, method)
        if len(overloads) > 1 or isinstance(found, property) or method == "__init__":
            continue
        function = found.__func__ if isinstance(found, staticmethod) else found
        expected = [one.arg for one in (*overloads[0].args.posonlyargs, *overloads[0].args.args)]
        told = list(inspect.signature(function).parameters)
        # what can only be given by place may have any name
        by_name = len(overloads[0].args.posonlyargs)
        assert told[by_name:] == expected[by_name:], method
        assert len(told) == len(expected), method


def test_no_class_of_the_fake_has_a_method_that_the_published_stubs_lack(maya: Any) -> None:
    import maya.api.OpenMaya as om

    try:
        folder = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError:
        pytest.skip("types-maya is not installed: the API can't be compared with it")
    published = classes_in(Path(str(folder.locate_file("maya-stubs/api/OpenMaya.pyi"))))
    unknown = []
    for name in om.__all__:
        fake = getattr(om, name)
        if name not in published or not isinstance(fake, type):
            continue  # those that types-maya leaves open, such as MPxCommand
        bases = [one.__name__ for one in fake.__mro__ if one.__name__ in published]
        known = set().union(*(names_of(published[base]) for base in bases))
        for one, value in vars(fake).items():
            described = (inspect.getdoc(value) or "") if not isinstance(value, int) else ""
            is_own = "Not in Maya" in described
            if not one.startswith("_") and one not in known and not is_own:
                unknown.append(f"{name}.{one}")
    assert set(unknown) == MISSPELT
