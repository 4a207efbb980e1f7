"""How long a bake holds Blender: `PYTHONPATH=.:shared python tests/blender/bench_bake.py`.

52 shapes over 3,000 frames, three kinds of motion; the median of seven bakes each.
"""

from __future__ import annotations

import statistics
import time

import bpy
import numpy as np

from blender_addon.baking.actions import Tag
from blender_addon.baking.line import bake_line
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import closure_pins, reduce_clip
from tests.blender.characters import make_face

N_FRAMES, FPS, N_RUNS = 3000, 24.0, 7


def speech() -> np.ndarray:
    """Syllables of varying size on every shape, at rates from 0.5 to 5 a second."""
    random = np.random.default_rng(0)
    time_s = np.arange(N_FRAMES)[:, None] / FPS
    rate_hz = np.geomspace(0.5, 5, len(ARKIT_CHANNELS))[None]
    loudness = np.interp(time_s[:, 0], np.arange(126), random.random(126) ** 2)[:, None]
    return loudness * (0.5 - 0.5 * np.cos(2 * np.pi * rate_hz * time_s))


def noise() -> np.ndarray:
    """The worst case: hardly a key can go."""
    return np.random.default_rng(0).random((N_FRAMES, len(ARKIT_CHANNELS)))


def still() -> np.ndarray:
    return np.full((N_FRAMES, len(ARKIT_CHANNELS)), 0.25)


def main() -> None:
    print(f"Blender {bpy.app.version_string}, 52 shapes and 3 head angles × {N_FRAMES} frames")
    for make in (speech, noise, still):
        clip = MotionClip(FPS, ARKIT_CHANNELS, make().astype(np.float32))
        reduce_s, bake_s, keys = [], [], 0
        for _ in range(N_RUNS):
            bpy.ops.wm.read_factory_settings(use_empty=True)
            face = make_face()
            began = time.perf_counter()
            reduce_clip(clip, pins=closure_pins(clip))
            reduce_s.append(time.perf_counter() - began)
            report = bake_line(face, clip, 1.0, FPS, Tag("line", "", "", 0, "", "", ""))
            bake_s.append(report.bake_s)
            keys = report.keys_after
        print(
            f"{make.__name__:8} bake {statistics.median(bake_s):.3f} s, of which key reduction "
            f"{statistics.median(reduce_s):.3f} s; {report.keys_before:,} → {keys:,} keys"
        )


if __name__ == "__main__":
    main()
