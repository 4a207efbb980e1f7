"""How long a bake holds Blender: `PYTHONPATH=.:shared python tests/blender/bench_bake.py`.

52 shapes and a head over lines of 5 s, 30 s and 10,000 frames, three kinds of motion, baked over an
earlier take; the median of some bakes each. Times are processor time of the main thread.
"""

from __future__ import annotations

import statistics
import time

import bpy
import numpy as np

import blender_addon
from blender_addon.baking.actions import Tag
from blender_addon.baking.line import BakeReport, bake_line
from blender_addon.reference import Reference
from blender_addon.session import TURN_S
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import Interpolation, KeyStyle
from tests.blender.characters import make_face

LENGTHS, FPS, N_RUNS = (120, 720, 10_000), 24.0, 5
STYLES = (KeyStyle(), KeyStyle(Interpolation.linear), KeyStyle(Interpolation.stepped, 2))


def speech(n_frames: int) -> np.ndarray:
    """Syllables of varying size on every shape, at rates from 0.5 to 5 a second."""
    random = np.random.default_rng(0)
    time_s = np.arange(n_frames)[:, None] / FPS
    rate_hz = np.geomspace(0.5, 5, len(ARKIT_CHANNELS))[None]
    n_beats = int(n_frames / FPS) + 2
    loudness = np.interp(time_s[:, 0], np.arange(n_beats), random.random(n_beats) ** 2)[:, None]
    return loudness * (0.5 - 0.5 * np.cos(2 * np.pi * rate_hz * time_s))


def noise(n_frames: int) -> np.ndarray:
    """The worst case: hardly a key can go."""
    return np.random.default_rng(0).random((n_frames, len(ARKIT_CHANNELS)))


def still(n_frames: int) -> np.ndarray:
    return np.full((n_frames, len(ARKIT_CHANNELS)), 0.25)


def bake(
    face: bpy.types.Object, clip: MotionClip, style: KeyStyle
) -> tuple[BakeReport, list[float]]:
    """The report, and how long each tick took, of as many pieces as the session does in one."""
    tag = Tag("line", "", "", 0, "", "", "")
    pieces = bake_line(Reference.to(face), clip, 1.0, FPS, tag, style)
    ticks: list[float] = []
    while True:
        began = time.thread_time()
        try:
            while time.thread_time() - began < TURN_S:
                next(pieces)
        except StopIteration as done:
            bpy.ops.ed.undo_push(message="bake")
            return done.value, [*ticks, time.thread_time() - began]
        ticks.append(time.thread_time() - began)


def main() -> None:
    blender_addon.register()
    print(f"Blender {bpy.app.version_string}, 52 shapes and 3 head angles at {FPS:g} fps")
    for make in (speech, noise, still):
        for n_frames in LENGTHS:
            for style in STYLES:
                measure(make.__name__, make(n_frames), style)
    blender_addon.unregister()


def measure(name: str, values: np.ndarray, style: KeyStyle) -> None:
    clip = MotionClip(FPS, ARKIT_CHANNELS, values.astype(np.float32))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    face = make_face()
    runs = [bake(face, clip, style) for _ in range(N_RUNS + 1)][1:]
    report = runs[0][0]
    bake_s = statistics.median(sum(ticks) for _report, ticks in runs)
    tick_s = statistics.median(max(ticks) for _report, ticks in runs)
    print(
        f"{name:6} {clip.n_frames:6,} frames {style.interpolation.value:7} bake {bake_s:.3f} s, "
        f"longest tick {tick_s * 1000:4.1f} ms; {report.keys_before:,} → {report.keys_after:,} keys"
    )


if __name__ == "__main__":
    main()
