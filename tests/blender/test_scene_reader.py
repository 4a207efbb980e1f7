"""Sound strips: trims, offsets, packed and missing sounds, and the frame they start at."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from blender_addon.scene_reader import effective_fps, find_strip, read_source, read_strip
from mynah_shared.errors import BadInputError
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import f_curves

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


@pytest.fixture
def strip(voice: Path) -> bpy.types.SoundStrip:
    """The two seconds of tone at frame 10, selected; the settings take the strip."""
    scene = bpy.context.scene
    scene.mynah.audio_source = "STRIP"
    made = scene.sequence_editor_create().strips.new_sound("take 3", str(voice), 1, 10)
    made.select = True
    return made


def trim(strip: bpy.types.SoundStrip, head: int, tail: int) -> None:
    if bpy.app.version >= (5, 1, 0):
        strip.left_handle += head
        strip.right_handle -= tail
    else:
        strip.frame_final_start += head
        strip.frame_final_end -= tail


def test_effective_fps_divides_by_the_base() -> None:
    render = bpy.context.scene.render
    render.fps, render.fps_base = 30, 1.001
    assert effective_fps(bpy.context.scene) == pytest.approx(29.97003, abs=1e-5)


def test_a_whole_strip(strip: bpy.types.SoundStrip, voice: Path) -> None:
    sound = read_strip(strip, 24.0)
    assert (sound.file, sound.file_name, sound.line) == (voice, "line.wav", "take 3")
    assert (sound.start_s, sound.end_s, sound.start_frame) == (0.0, 0.0, 10.0)


@pytest.mark.parametrize(
    ("head", "tail", "start_s", "end_s", "frame"),
    [
        (12, 0, 0.5, 0.0, 22.0),
        (0, 12, 0.0, 1.5, 10.0),
        (6, 6, 0.25, 1.75, 16.0),
        (-10, 0, 0.0, 0.0, 10.0),
        (0, -10, 0.0, 0.0, 10.0),
    ],
)
def test_trims(
    strip: bpy.types.SoundStrip, head: int, tail: int, start_s: float, end_s: float, frame: float
) -> None:
    trim(strip, head, tail)
    sound = read_strip(strip, 24.0)
    assert sound.start_s == pytest.approx(start_s)
    assert sound.end_s == pytest.approx(end_s)
    assert sound.start_frame == pytest.approx(frame)


def test_a_delayed_sound_starts_between_frames(strip: bpy.types.SoundStrip) -> None:
    strip.sound_offset = 0.26
    sound = read_strip(strip, 24.0)
    assert (sound.start_s, sound.start_frame) == (0.0, pytest.approx(10 + 0.26 * 24))


@pytest.mark.skipif(
    bpy.app.version < (5, 1, 0), reason="this Blender crashes if a script adds a retiming key"
)
def test_changed_speed_is_a_sentence(strip: bpy.types.SoundStrip) -> None:
    strip.retiming_keys.add(timeline_frame=30)
    with pytest.raises(BadInputError, match="'take 3' changes its speed; remove its retiming keys"):
        read_strip(strip, 24.0)


def test_packed_sound_needs_no_file(strip: bpy.types.SoundStrip, voice: Path) -> None:
    content = voice.read_bytes()
    strip.sound.pack()
    voice.unlink()
    sound = read_strip(strip, 24.0)
    assert (sound.file, sound.file_name) == (content, "line.wav")


def test_a_missing_file_is_a_sentence(strip: bpy.types.SoundStrip, voice: Path) -> None:
    voice.unlink()
    with pytest.raises(BadInputError, match=r"has no file 'line.wav' at .*; find the file or pack"):
        read_strip(strip, 24.0)


def test_selection_and_activity_choose_the_strip(strip: bpy.types.SoundStrip, voice: Path) -> None:
    editor = bpy.context.scene.sequence_editor
    other = editor.strips.new_sound("take 4", str(voice), 2, 10)
    other.select = False
    assert find_strip(bpy.context) == strip
    other.select = True
    editor.active_strip = other
    assert find_strip(bpy.context) == other
    strip.select = other.select = False
    assert find_strip(bpy.context) is None
    with pytest.raises(BadInputError, match="No sound strip is selected"):
        read_source(bpy.context)


def test_a_strip_is_baked_where_it_stands(
    strip: bpy.types.SoundStrip, face: bpy.types.Object, daemon: FakeDaemon
) -> None:
    trim(strip, 12, 6)
    bpy.ops.mynah.generate()
    request = next(item for item in daemon.seen if isinstance(item, m.Submit)).requests[0]
    assert (request.start_s, request.end_s) == (0.5, 1.75)
    curves = f_curves(face.data.shape_keys)
    assert curves['key_blocks["jawOpen"].value', 0].keyframe_points[0].co.x == 22.0
    assert face.data.shape_keys.animation_data.action["mynah_line"] == "take 3"
