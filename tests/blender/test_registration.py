"""The add-on comes and goes without a trace, and declares everything it has."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import shutil
import subprocess
import sys
from pathlib import Path

import bpy
import msgpack
import pytest
import tomllib

import blender_addon
from blender_addon import (
    library,
    registration,
)
from mynah_shared._version import __version__

pytestmark = pytest.mark.bpy


def test_registering_twice_leaves_no_trace() -> None:
    for _ in range(2):
        blender_addon.unregister()
        assert not hasattr(bpy.types.Scene, "mynah")
        assert not hasattr(bpy.types.Action, "mynah_take")
        assert not any(hasattr(bpy.types, cls.__name__) for cls in registration.CLASSES)
        assert registration.cancel_before_load not in bpy.app.handlers.load_pre
        blender_addon.register()
        assert bpy.context.scene.mynah.seed == 0
        assert bpy.app.handlers.load_pre.count(registration.cancel_before_load) == 1


def test_every_class_is_in_the_list() -> None:
    names = [info.name for info in pkgutil.walk_packages(blender_addon.__path__, "blender_addon.")]
    defined = {
        item
        for name in names
        for item in vars(importlib.import_module(name)).values()
        if isinstance(item, type) and item.__name__.startswith("MYNAH_")
    }
    assert len(defined) > 20
    assert defined == set(registration.CLASSES)


OPERATORS = [cls for cls in registration.CLASSES if issubclass(cls, bpy.types.Operator)]


WITH_PROPERTIES = [
    cls
    for cls in registration.CLASSES
    if any(vars(base).get("__annotations__") for base in cls.__mro__)
]


@pytest.mark.parametrize("cls", WITH_PROPERTIES, ids=lambda c: c.__name__)
def test_every_property_has_a_tooltip(cls: type) -> None:
    names = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", {})}
    rna = cls.bl_rna
    if issubclass(cls, bpy.types.Operator):
        rna = getattr(bpy.ops.mynah, cls.bl_idname.split(".")[1]).get_rna_type()
    own = [rna.properties[name] for name in names if name in rna.properties]
    assert len(own) == len(names) > 0
    for item in own:
        assert item.description, item.identifier
        assert not item.description.endswith("."), item.identifier
        for choice in getattr(item, "enum_items", ()):
            assert choice.description, (item.identifier, choice.identifier)


def test_operators_have_tooltips() -> None:
    assert len(OPERATORS) > 10
    for operator in OPERATORS:
        assert operator.bl_description
        assert not operator.bl_description.endswith(".")


def test_manifest_agrees_with_the_package(repository: Path) -> None:
    manifest = tomllib.loads((repository / "blender_addon/blender_manifest.toml").read_text())
    assert manifest["id"] == "mynah"
    assert manifest["version"] == __version__
    assert manifest["blender_version_min"] == "4.5.0"
    assert set(manifest["permissions"]) == {"files", "network"}


def test_importing_the_addon_opens_no_socket_library(repository: Path) -> None:
    """The client is first needed at the first line; Blender starts without waiting for it."""
    code = "import sys, bpy, blender_addon; sys.exit('zmq' in sys.modules)"
    paths = [str(repository), str(repository / "shared")]
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}; {code}"],
        timeout=60,
        check=False,
    )
    assert run.returncode == 0


def test_a_vendored_copy_offers_the_same_names(repository: Path) -> None:
    """The extension's own copy and a checkout are two branches that must not drift apart."""
    tree = ast.parse((repository / "blender_addon/library.py").read_text("utf-8"))
    (choice,) = (node for node in tree.body if isinstance(node, ast.If))
    checkout, vendored = (
        {
            (node.module.removeprefix("vendor."), alias.name)
            for node in branch
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
        }
        for branch in (choice.body, choice.orelse)
    )
    assert checkout == vendored
    assert {name for _, name in checkout} == set(library.__all__)


HIDE_AND_IMPORT = """
import sys
from importlib.machinery import PathFinder
from pathlib import Path
find = PathFinder.find_spec
hidden = ("msgpack", "mynah_shared")
PathFinder.find_spec = lambda name, *rest: None if name in hidden else find(name, *rest)
sys.path.insert(0, sys.argv[1])
import bpy
import extensions.mynah as addon
from extensions.mynah.vendor.mynah_shared.protocol import codec
addon.register()
assert codec.msgpack.__name__ == "extensions.mynah.vendor.msgpack"
assert not {"msgpack", "mynah_shared"} & set(sys.modules)
inside = Path(sys.argv[1], "extensions")
assert not any(Path(path).is_relative_to(inside) for path in sys.path)
addon.unregister()
"""


def test_an_extension_brings_its_own_library(repository: Path, tmp_path: Path) -> None:
    """Laid out as build.py does it, and nothing of it appears outside its own package."""
    extension = tmp_path / "extensions" / "mynah"
    ignored = shutil.ignore_patterns("__pycache__", "vendor", "wheels", "*.so", "*.pyd")
    shutil.copytree(repository / "blender_addon", extension, ignore=ignored)
    shutil.copytree(
        repository / "shared" / "mynah_shared", extension / "vendor/mynah_shared", ignore=ignored
    )
    shutil.copytree(Path(msgpack.__file__).parent, extension / "vendor/msgpack", ignore=ignored)
    subprocess.run(
        [sys.executable, "-c", HIDE_AND_IMPORT, str(tmp_path)], check=True, timeout=60, cwd=tmp_path
    )
