"""The whole chain: operator, daemon, model, keys, compared with the command line's result."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.session import session
from blender_addon.style_catalog import catalog
from blender_addon.style_pictures import icons_of
from mynah_shared.client.client import Client
from mynah_shared.client.connection_file import read_connection_file
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import closure_pins
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


@pytest.fixture
def film(shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Three seconds of a performer at 25 frames per second, in a folder of its own."""
    code = "import importlib.util, sys; sys.exit(importlib.util.find_spec('mediapipe') is None)"
    if subprocess.run([ENGINE, "-c", code], timeout=60, check=False).returncode:
        pytest.skip("the engine has no MediaPipe: install mynah_daemon[capture] into it")
    landmarker = shared_data / "models" / "face_landmarker.task"
    monkeypatch.setenv("MYNAH_LANDMARKER", str(landmarker))
    return Path(shutil.copy(shared_data / "data/video_samples/bbaf3s.mpg", tmp_path))


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
    action = face.data.shape_keys.animation_data.action
    record = json.loads(action["mynah_result"])
    assert record["audio_sha256"] == action["mynah_audio"]
    assert record["model"] == action["mynah_model"]
    assert record["seconds"]["motion"] > 0


def test_keys_are_few_and_the_lips_close(
    face: bpy.types.Object, line: Path, tmp_path: Path
) -> None:
    """One key for five frames at most, at an error of 0.01; each closure is keyed as it is."""
    bpy.context.scene.render.fps = 25
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    report = session.outcome.report
    assert report.keys_before >= 5 * report.keys_after

    out = tmp_path / "line.npz"
    command = ["generate", str(line), "-o", str(out), "--fps", "25"]
    subprocess.run([ENGINE, "-m", "mynah_daemon", *command], check=True, timeout=60)
    with np.load(out, allow_pickle=False) as content:
        clip = MotionClip(25.0, tuple(content["channels"].tolist()), content["values"])
    curves = f_curves(face.data.shape_keys)
    pins = closure_pins(clip)
    assert len(pins["jawOpen"]) > 5
    for channel, rows in pins.items():
        curve = curves[f'key_blocks["{channel}"].value', 0]
        keys = {round(key.co.x): key.co.y for key in curve.keyframe_points}
        for row in rows.tolist():
            assert keys[1 + row] == pytest.approx(float(clip.column(channel)[row]), abs=1e-5)


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
    from blender_addon.library import connect_to
    from blender_addon.order import collect

    bpy.ops.mynah.generate()
    killed = read_connection_file()
    assert killed is not None
    bpy.context.scene.mynah.seed = 1
    session.start(collect(bpy.context, face), connect_to(""))
    os.kill(killed.pid, signal.SIGKILL)
    while session.job is not None:
        session.pump()
        time.sleep(0.01)
    assert session.outcome.report is not None, session.outcome.message
    current = read_connection_file()
    assert current is not None
    assert current.pid != killed.pid


def test_a_styled_take_is_redone_within_its_range_only(face: bpy.types.Object, line: Path) -> None:
    """Styles of the library and of a rig, a gesture and a kept key, all the way and back."""
    scene, settings = bpy.context.scene, bpy.context.scene.mynah
    scene.render.fps, settings.quality = 25, "draft"
    bpy.ops.mynah.browse_styles()
    assert len(catalog.found("")) > 12
    assert all(icons_of(style.name) for style in catalog.found("") if style.duration_s)
    bpy.ops.mynah.add_library_style(name="surprised")
    settings.styles[0].region = "brows"
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    curves = f_curves(face.data.shape_keys)
    brow = curves['key_blocks["browInnerUp"].value', 0]
    brow.keyframe_points.insert(80, 0.6)
    bpy.ops.mynah.add_rig_style(rig="Face")
    settings.styles[1].region = "head"
    scene.frame_set(61)
    bpy.ops.mynah.pin_gesture(first=20, last=30, region="head")
    inside, outside = np.arange(70, 90), np.r_[np.arange(1, 50.1, 0.5), np.arange(100, 150, 0.5)]

    def motion(frames: np.ndarray) -> np.ndarray:
        found = f_curves(face.data.shape_keys).values()
        return np.array([[curve.evaluate(frame) for curve in found] for frame in frames])

    was_inside, was_outside = motion(inside), motion(outside)
    assert bpy.ops.mynah.redo_range(first=50, last=100, seed=9) == {"FINISHED"}
    assert np.abs(motion(outside) - was_outside).max() < 2e-5
    assert np.abs(motion(inside) - was_inside).max() > 0.02
    assert brow.evaluate(80) == pytest.approx(0.6, abs=1e-5)
    assert abs(brow.evaluate(79) - 0.6) < 0.2


def test_a_captured_video_becomes_a_style_that_speaks(
    face: bpy.types.Object, line: Path, film: Path
) -> None:
    assert bpy.ops.mynah.capture_style(filepath=str(film)) == {"FINISHED"}
    with np.load(film.with_suffix(".npz"), allow_pickle=False) as clip:
        values, channels, fps = clip["values"], clip["channels"].tolist(), float(clip["fps"])
    assert (len(values), fps) == (75, 25.0)
    assert np.ptp(values[:, channels.index("jawOpen")]) > 0.1
    bpy.context.scene.mynah.quality = "draft"
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert face.data.shape_keys.animation_data.action["mynah_style"] == "bbaf3s"


def test_a_transferred_video_equals_what_the_command_line_gives(
    face: bpy.types.Object, film: Path, tmp_path: Path
) -> None:
    scene, settings = bpy.context.scene, bpy.context.scene.mynah
    scene.render.fps, scene.render.fps_base = 30, 1.001
    settings.source, settings.performance_path = "PERFORMANCE", str(film)
    settings.start_frame = 11.0
    assert bpy.ops.mynah.generate() == {"FINISHED"}

    out, rate = tmp_path / "out.npz", scene.render.fps / scene.render.fps_base
    command = ["transfer", str(film), "-o", str(out), "--fps", repr(rate)]
    subprocess.run([ENGINE, "-m", "mynah_daemon", *command], check=True, timeout=60)
    with np.load(out, allow_pickle=False) as clip:
        values, channels = clip["values"], clip["channels"].tolist()
    assert len(values) == round(3 * rate)
    for (path, _), curve in f_curves(face.data.shape_keys).items():
        got = np.array([curve.evaluate(11 + row) for row in range(len(values))])
        truth = values[:, channels.index(path.split('"')[1])]
        assert np.abs(got - truth).max() <= 0.0101


def test_a_video_that_cannot_be_used_is_a_sentence(
    face: bpy.types.Object, film: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mov"
    broken.write_bytes(film.read_bytes()[:2000])
    settings = bpy.context.scene.mynah
    settings.source, settings.performance_path = "PERFORMANCE", str(broken)
    with pytest.raises(RuntimeError, match=r"broken\.mov"):
        bpy.ops.mynah.generate()
    assert session.outcome.is_error
    assert not bpy.data.actions
