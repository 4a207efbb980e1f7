"""A sound at t seconds opens the mouth on the frame on which it is heard, whatever the scene is.

The engine here listens: it opens the jaw where the file that it got has a click. For strips Blender
itself says when the click plays, by mixing the scene's sound down to a file.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.scene_reader import effective_fps
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import f_curves, make_face

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

RATES = {
    "12": (12, 1.0),
    "23.976": (24, 1.001),
    "24": (24, 1.0),
    "25": (25, 1.0),
    "29.97": (30, 1.001),
    "30": (30, 1.0),
    "48": (48, 1.0),
    "50": (50, 1.0),
    "59.94": (60, 1.001),
    "60": (60, 1.0),
}
EACH_RATE = pytest.mark.parametrize("rate", RATES)
CLICK_S, LENGTH_S = 1.237, 2.5
BUMP_S = 0.12
MIX_HZ = 16000


def make_click(path: Path, sample_rate: int) -> Path:
    samples = np.zeros(round(LENGTH_S * sample_rate), "<i2")
    samples[round(CLICK_S * sample_rate)] = 30000
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(sample_rate)
        out.writeframes(samples.tobytes())
    return path


def hear_click_s(content: bytes) -> tuple[float, float]:
    """When a sound file clicks, and how long it is."""
    with wave.open(io.BytesIO(content)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        samples = np.abs(samples.astype(np.float64)).reshape(-1, sound.getnchannels())[:, 0]
        rate = sound.getframerate()
    return float(samples.argmax()) / rate, len(samples) / rate


@pytest.fixture
def engine(daemon: FakeDaemon) -> FakeDaemon:
    """Opens the jaw at the click, in the part of the file that it is asked for."""
    daemon.step_s, daemon.n_steps = 0.0, 1

    def listen(message: m.Submit) -> list[m.Message]:
        (request,) = message.requests
        click_s, length_s = hear_click_s(daemon.blobs[request.audio_sha256])
        end_s = min(request.end_s or length_s, length_s)
        time_s = request.start_s + np.arange(round((end_s - request.start_s) * request.fps))
        time_s = request.start_s + (time_s - request.start_s) / request.fps
        values = np.zeros((len(time_s), len(ARKIT_CHANNELS)), np.float32)
        bump = np.clip(1 - np.abs(time_s - click_s) / BUMP_S, 0, 1)
        values[:, ARKIT_CHANNELS.index("jawOpen")] = 0.8 * bump
        daemon.clip = MotionClip(request.fps, ARKIT_CHANNELS, values)
        return list(daemon._answer(message))

    daemon.replies[m.Submit] = listen
    return daemon


@pytest.fixture
def speaker(engine: FakeDaemon) -> bpy.types.Object:
    face = make_face(shapes=["jawOpen"])
    bpy.context.scene.mynah.character = face
    return face


def set_rate(rate: str) -> float:
    render = bpy.context.scene.render
    render.fps, render.fps_base = RATES[rate]
    return effective_fps(bpy.context.scene)


def jaw_peak(speaker: bpy.types.Object) -> float:
    """The scene frame on which the baked jaw is widest; the action is gone afterwards."""
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    animation = speaker.data.shape_keys.animation_data
    (curve,) = f_curves(speaker.data.shape_keys).values()
    first, last = curve.range()
    frames = np.arange(first, last, 0.1)
    heights = np.array([curve.evaluate(frame) for frame in frames])
    assert heights.max() > 0.4
    widest = frames[heights > heights.max() - 1e-4]
    action = animation.action
    animation.action = None
    bpy.data.actions.remove(action)
    return float(widest.mean())


@EACH_RATE
def test_files(speaker: bpy.types.Object, tmp_path: Path, rate: str) -> None:
    fps, settings = set_rate(rate), bpy.context.scene.mynah
    bpy.context.scene.frame_start = 1001  # where a file is said to start counts, not this
    cases = ((1.0, 16000, "smooth"), (12.5, 44100, "linear"), (-20.0, 22050, "stepped"))
    for start, sample_rate, interpolation in cases:
        settings.audio_path = str(make_click(tmp_path / f"{sample_rate}.wav", sample_rate))
        settings.start_frame = start
        settings.key_interpolation, settings.key_hold = interpolation, 1
        peak = jaw_peak(speaker)
        if interpolation == "stepped":
            peak -= 0.5  # the pose is held for a frame, and this is its middle
        assert peak == pytest.approx(start + CLICK_S * fps, abs=0.5 + 0.05), interpolation


PLACES = {
    "offset": {"start": -7},
    "head": {"head_s": 0.6},
    "both": {"head_s": 0.31, "tail_s": 0.72, "sample_rate": 44100},
    "longer": {"head_s": -0.5, "tail_s": -0.4},
    "delayed": {"delay_s": 0.26, "sample_rate": 22050},
    "later scene": {"start": 1013, "scene_start": 1001, "tail_s": 0.3},
}


@EACH_RATE
def test_strips(speaker: bpy.types.Object, tmp_path: Path, rate: str) -> None:
    fps = set_rate(rate)
    bpy.context.scene.mynah.audio_source = "STRIP"
    for name, place in PLACES.items():
        add_strip(tmp_path, fps, **place)
        heard = heard_frame(tmp_path / "mix.wav", fps)
        assert jaw_peak(speaker) == pytest.approx(heard, abs=0.5), name


def add_strip(
    folder: Path,
    fps: float,
    start: int = 37,
    head_s: float = 0.0,
    tail_s: float = 0.0,
    delay_s: float = 0.0,
    sample_rate: int = 16000,
    scene_start: int = 0,
) -> None:
    scene = bpy.context.scene
    scene.sequence_editor_clear()
    path = make_click(folder / f"{sample_rate}.wav", sample_rate)
    strips = scene.sequence_editor_create().strips
    strip = strips.new_sound("line", str(path), 1, start)
    strip.select = True
    head, tail = round(head_s * fps), round(tail_s * fps)
    if bpy.app.version >= (5, 1, 0):
        strip.left_handle += head
        strip.right_handle -= tail
    else:
        strip.frame_final_start += head
        strip.frame_final_end -= tail
    strip.sound_offset = delay_s
    scene.frame_start = scene_start
    scene.frame_end = start + round(LENGTH_S * fps)


def heard_frame(mix: Path, fps: float) -> float:
    """The scene frame on which Blender plays the click."""
    bpy.ops.sound.mixdown(
        filepath=str(mix),
        check_existing=False,
        container="WAV",
        codec="PCM",
        format="S16",
        mixrate=MIX_HZ,
        channels="MONO",
    )
    return bpy.context.scene.frame_start + hear_click_s(mix.read_bytes())[0] * fps
