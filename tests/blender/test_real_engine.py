"""The whole chain: operator, daemon, model, keys, compared with the command line's result."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.session import session
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from tests.blender.characters import f_curves

ENGINE = os.environ.get("MYNAH_ENGINE")

pytestmark = [
    pytest.mark.bpy,
    pytest.mark.timeout(120),
    pytest.mark.skipif(ENGINE is None, reason="MYNAH_ENGINE names no Python with the engine"),
]


@pytest.fixture(autouse=True)
def engine(addon: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The engine can be found, and no daemon of it is left behind."""
    assert ENGINE is not None
    monkeypatch.setenv("MYNAH_ENGINE", ENGINE)
    yield
    info = read_connection_file()
    if info is not None:
        with Client(info, "tests", "1") as client:
            client.shutdown()


@pytest.fixture
def line(face: bpy.types.Object, repository: Path) -> Path:
    path = repository / "demo_scene" / "line.flac"
    bpy.context.scene.mynah.audio_path = str(path)
    return path


def test_keys_equal_what_the_command_line_gives(
    face: bpy.types.Object, line: Path, tmp_path: Path
) -> None:
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.001
    scene.mynah.start_frame, scene.mynah.seed = 101.0, 4
    assert bpy.ops.mynah.generate() == {"FINISHED"}

    out = tmp_path / "line.npz"
    command = ["generate", str(line), "-o", str(out), "--fps", repr(24 / 1.001), "--seed", "4"]
    subprocess.run([ENGINE, "-m", "mynah_daemon", *command], check=True, timeout=60)
    with np.load(out, allow_pickle=False) as clip:
        values, channels = clip["values"], clip["channels"].tolist()
    curves = f_curves(face.data.shape_keys)
    for (path, _), curve in curves.items():
        got = np.array([curve.evaluate(101.0 + row) for row in range(len(values))])
        truth = values[:, channels.index(path.split('"')[1])]
        assert np.abs(got - truth).max() <= 0.0101
    assert len(curves) == 52
    assert np.ptp(values[:, channels.index("jawOpen")]) > 0.05
    assert face.data.shape_keys.animation_data.action["mynah_model"]


def test_no_sound_is_a_sentence_and_changes_nothing(
    face: bpy.types.Object, line: Path, tmp_path: Path
) -> None:
    bpy.ops.mynah.generate()
    old = face.data.shape_keys.animation_data.action
    text = tmp_path / "notes.wav"
    text.write_text("not a sound")
    bpy.context.scene.mynah.audio_path = str(text)
    with pytest.raises(RuntimeError, match=r"notes\.wav"):
        bpy.ops.mynah.generate()
    assert session.outcome.is_error
    assert face.data.shape_keys.animation_data.action == old


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_a_daemon_killed_during_the_line_is_started_again(
    face: bpy.types.Object, line: Path
) -> None:
    from blender_addon.scene_reader import read_sound
    from blender_addon.session import connect_to

    bpy.ops.mynah.generate()
    killed = read_connection_file()
    assert killed is not None
    settings = bpy.context.scene.mynah
    settings.seed = 1
    sound = read_sound(bpy.context)
    request = settings.to_line(sound, 24.0)
    session.start(request, "line", face, bpy.context.scene, 1.0, connect_to(""))
    os.kill(killed.pid, signal.SIGKILL)
    while session.job is not None:
        session.pump()
        time.sleep(0.01)
    assert session.outcome.report is not None, session.outcome.message
    current = read_connection_file()
    assert current is not None
    assert current.pid != killed.pid
