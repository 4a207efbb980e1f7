"""The real engine, set up from the package index, performs a line."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

from blender_addon.operators import engine
from blender_addon.session import session
from blender_addon.setup.job import set_up
from blender_addon.setup.places import engine_place
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.setup.status import looked
from tests.blender.characters import f_curves
from tests.blender.pace import limit_s
from tests.shared.tiny_engine import fetch_pip

ENGINE = os.environ.get("MYNAH_ENGINE")

pytestmark = [
    pytest.mark.bpy,
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(ENGINE is None, reason="MYNAH_ENGINE names no Python to build wheels with"),
]


@pytest.fixture
def wheels(tmp_path: Path, repository: Path) -> Path:
    """What build.py packs into the extension."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    fetch_pip(folder, repository)
    for project in ("shared", "inference_daemon"):
        ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
        shutil.copytree(repository / project, tmp_path / project, ignore=ignored)
    # the version is read from there
    pip = [ENGINE, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", folder]
    subprocess.run(
        [*pip, tmp_path / "shared", tmp_path / "inference_daemon"],
        check=True,
        capture_output=True,
        timeout=300,
    )
    return folder


@pytest.fixture(autouse=True)
def online(addon: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is installed, and the index may be asked."""
    monkeypatch.delenv("MYNAH_ENGINE")
    monkeypatch.setenv("PATH", os.defpath)
    looked.forget()
    bpy.context.preferences.system.use_online_access = True
    yield
    bpy.context.preferences.system.use_online_access = False
    bpy.ops.mynah.remove_engine()


def test_the_engine_is_set_up_and_performs_a_line(
    face: bpy.types.Object, wheels: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "PACKAGES", wheels)
    began = time.monotonic()
    set_up.start(engine._order("set_up"))
    longest = 0.0
    while set_up.is_busy:
        time.sleep(0.02)
        tick = time.thread_time()
        set_up.pump()
        longest = max(longest, time.thread_time() - tick)
    if "can't be reached" in set_up.ended.text:
        pytest.skip("the package index can't be reached")
    assert set_up.ended.ending == "done", set_up.ended.text
    (made,) = engine_place().environments()
    seconds = time.monotonic() - began
    print(f"{seconds:.0f} s, {made.stamp.megabytes} MB, longest tick {longest * 1000:.1f} ms")
    assert longest < limit_s()
    assert made.stamp.megabytes < (1000 if made.stamp.device == "CPU" else 8000)

    bpy.context.scene.mynah.audio_path = str(repository / "demo_scene" / "line.flac")
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert len(f_curves(face.data.shape_keys)) == 52
    info = read_connection_file()
    assert info is not None
    session.close()
    assert bpy.ops.mynah.remove_engine() == {"FINISHED"}
    assert read_connection_file() is None, "its daemon is still there"
    assert not made.path.exists()
