"""The demo inside Blender: a head is built, given a line through the add-on's operator, rendered.

    blender --background --python demo_scene/run_demo.py -- OUT_FOLDER [PACKAGES]
    python demo_scene/run_demo.py -- OUT_FOLDER            (with the bpy module)

PACKAGES is a folder with pyzmq and msgpack, for a Blender that lacks them. Leaves demo.blend and
frames/0001.png … in OUT_FOLDER. Lines for the caller start with "demo: ".
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
AUDIO = ROOT / "demo_scene" / "line.flac"
FPS = 25
ARGUMENTS = sys.argv[sys.argv.index("--") + 1 :]
sys.path[:0] = [str(ROOT), str(ROOT / "shared"), *ARGUMENTS[1:]]

import bpy  # noqa: E402 (the path must be set first)

import blender_addon  # noqa: E402
from demo_scene.head import build_head  # noqa: E402
from demo_scene.stage import build_stage  # noqa: E402


def main(out: Path) -> None:
    """Run all stages; any failure ends the program with a traceback and status 1."""
    with _stage("head"):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        scene = bpy.context.scene
        head = build_head()
        build_stage(scene, head)
        _place_sound(scene)
    with _stage("generate and bake"):
        _perform(scene, head)
    with _stage("save"):
        bpy.ops.wm.save_as_mainfile(filepath=str(out / "demo.blend"), compress=True)
    with _stage("render"):
        _render(scene, out / "frames")


@contextmanager
def _stage(name: str) -> Iterator[None]:
    start = time.monotonic()
    yield
    _say(f"stage {name}: {time.monotonic() - start:.1f} s")


def _say(text: str) -> None:
    print(f"demo: {text}", flush=True)


def _place_sound(scene: bpy.types.Scene) -> None:
    """The line as a sound strip from frame 1, packed so that the scene can be moved."""
    scene.render.fps, scene.render.fps_base = FPS, 1.0
    scene.sync_mode = "AUDIO_SYNC"
    editor = scene.sequence_editor_create()
    strip = editor.strips.new_sound("line", str(AUDIO), channel=1, frame_start=1)
    strip.sound.pack()
    scene.frame_start, scene.frame_end = 1, round(_line_duration_s() * FPS)
    editor.active_strip = strip
    strip.select = True


def _line_duration_s() -> float:
    with open(AUDIO.with_name("line_phones.csv"), newline="", encoding="utf-8") as file:
        return float(list(csv.DictReader(file))[-1]["end_s"])


def _perform(scene: bpy.types.Scene, head: bpy.types.Object) -> None:
    """What the panel does: settings, then its button."""
    blender_addon.register()
    bpy.context.view_layer.objects.active = head
    scene.mynah.audio_source = "STRIP"
    scene.mynah.character = head
    outcome = bpy.ops.mynah.generate()
    if outcome != {"FINISHED"} or head.data.shape_keys.animation_data is None:
        raise SystemExit(f"The operator ended with {outcome} and baked nothing.")
    blender_addon.unregister()


def _render(scene: bpy.types.Scene, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    scene.render.image_settings.file_format = "PNG"
    last = scene.frame_end
    for frame in range(scene.frame_start, last + 1):
        scene.frame_set(frame)
        scene.render.filepath = str(folder / f"{frame:04d}.png")
        bpy.ops.render.render(write_still=True)
        if frame % 10 == 0 or frame == last:
            _say(f"frame {frame} of {last}")


if __name__ == "__main__":
    main(Path(ARGUMENTS[0]).resolve())
