"""The add-on comes and goes without a trace, and declares everything it has."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import bpy
import pytest
import tomllib

import blender_addon
from blender_addon import panels, preferences, properties, registration
from blender_addon.operators import cancel, generate
from mynah_shared._version import __version__

pytestmark = pytest.mark.bpy


def test_registering_twice_leaves_no_trace() -> None:
    for _ in range(2):
        blender_addon.unregister()
        assert not hasattr(bpy.types.Scene, "mynah")
        assert not any(hasattr(bpy.types, cls.__name__) for cls in registration.CLASSES)
        assert registration.cancel_before_load not in bpy.app.handlers.load_pre
        blender_addon.register()
        assert bpy.context.scene.mynah.seed == 0
        assert bpy.app.handlers.load_pre.count(registration.cancel_before_load) == 1


def test_every_class_is_in_the_list() -> None:
    defined = {
        item
        for module in (panels, preferences, properties, generate, cancel)
        for item in vars(module).values()
        if isinstance(item, type) and item.__name__.startswith("MYNAH_")
    }
    assert defined == set(registration.CLASSES)


@pytest.mark.parametrize(
    "cls", [preferences.MYNAH_preferences, properties.MYNAH_PG_settings], ids=lambda c: c.__name__
)
def test_every_property_has_a_tooltip(cls: type) -> None:
    own = [cls.bl_rna.properties[name] for name in cls.__annotations__]
    assert own
    for item in own:
        assert item.description, item.identifier
        assert not item.description.endswith("."), item.identifier
        for choice in getattr(item, "enum_items", ()):
            assert choice.description, (item.identifier, choice.identifier)


def test_operators_have_tooltips() -> None:
    for operator in (generate.MYNAH_OT_generate, cancel.MYNAH_OT_cancel):
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
