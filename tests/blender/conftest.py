"""Real Blender for these tests: an empty scene, the add-on registered, a character, a daemon."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import bpy

    from mynah_shared.testing.fake_daemon import FakeDaemon

_HAS_BPY = importlib.util.find_spec("bpy") is not None
collect_ignore_glob = [] if _HAS_BPY else ["test_*.py"]


def pytest_report_header() -> str:
    return "" if _HAS_BPY else "tests/blender is left out: bpy is not installed here"


@pytest.fixture(autouse=True)
def addon(mynah_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The add-on, registered in an empty scene at 24 fps, with no engine to start by itself."""
    import bpy

    import blender_addon

    monkeypatch.setenv("MYNAH_ENGINE", str(mynah_home / "no-engine"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def face(addon: None) -> bpy.types.Object:
    """A mesh with all 52 shapes, chosen as the character."""
    import bpy

    from tests.blender.characters import make_face

    bpy.context.scene.mynah.character = make_face()
    return bpy.context.scene.mynah.character


@pytest.fixture
def voice(addon: None, tmp_path: Path) -> Path:
    """Two seconds of tone, chosen as the audio."""
    import bpy

    from mynah_shared.testing.clips import make_tone

    path = tmp_path / "line.wav"
    path.write_bytes(make_tone(duration_s=2.0))
    bpy.context.scene.mynah.audio_path = str(path)
    return path


@pytest.fixture
def daemon(mynah_home: Path) -> Iterator[FakeDaemon]:
    """A daemon that the add-on finds through its connection file."""
    from mynah_shared.client.connection_file import write_connection_file
    from mynah_shared.testing.fake_daemon import FakeDaemon

    with FakeDaemon() as running:
        write_connection_file(running.info)
        yield running
