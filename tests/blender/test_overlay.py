"""What was heard is kept on the take, found where the line lies, and drawn where it is heard."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.baking.actions import Tag, heard_in
from blender_addon.baking.line import bake_line
from blender_addon.baking.takes import on_show, owners_of
from blender_addon.library import Heard, KeyStyle, read_heard
from blender_addon.overlay import geometry
from blender_addon.overlay.handlers import Handlers
from blender_addon.overlay.lines import lines_on_show
from blender_addon.pieces import finish
from blender_addon.reference import Reference
from mynah_shared.testing.fake_daemon import HEARD, FakeDaemon
from tests.blender.characters import clip_of, make_face

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

LOUDNESS = bytes([0, 128, 255, 255])
TEXT = json.dumps(
    {
        "loudness_fps": 50,
        "loudness": base64.b64encode(LOUDNESS).decode(),
        "phones": [[0.0, 1.0, "sil"], [1.0, 1.1, "M"], [1.1, 2.0, "AA"], [2.0, 2.5, "S"]],
    }
)


def heard() -> Heard:
    found = read_heard(TEXT)
    assert found is not None
    return found


def bake(face: bpy.types.Object, line: str = "line", start: float = 1.0, text: str = TEXT) -> None:
    tag = Tag(line, "00", "model", 0, "neutral", "0", "now", heard=text)
    clip = clip_of(60, jawOpen=0.8)
    finish(bake_line(Reference.to(face), clip, start, 24.0, tag, KeyStyle()))


# --- from the engine to the take ------------------------------------------------------------------


def test_a_take_keeps_what_was_heard(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    take = on_show(owners_of(face), "line")
    assert take is not None
    assert json.loads(heard_in(take)) == HEARD
    (line,) = lines_on_show(face)
    assert (line.start, line.frames_per_s) == (1.0, 24.0)


def test_a_transferred_take_has_nothing_to_draw(face: bpy.types.Object) -> None:
    bake(face, text="")
    assert lines_on_show(face) == ()


# --- where the lines lie --------------------------------------------------------------------------


def test_a_line_lies_where_its_keys_are(face: bpy.types.Object) -> None:
    bake(face, start=10.25)
    (line,) = lines_on_show(face)
    assert (line.start, line.first, line.last) == (10.25, 10.25, 70.25)


def test_lines_in_strips_follow_them(face: bpy.types.Object) -> None:
    bake(face, "one", 1.0)
    bake(face, "two", 101.0)
    assert [line.start for line in lines_on_show(face)] == [1.0, 101.0]
    (track,) = face.data.shape_keys.animation_data.nla_tracks
    strip = track.strips[1]
    strip.frame_end += 50
    strip.frame_start += 50
    strip.scale = 2.0
    moved = lines_on_show(face)[1]
    assert (moved.line, moved.start, moved.frames_per_s) == ("two", 151.0, 48.0)
    strip.mute = True
    assert [line.line for line in lines_on_show(face)] == ["one"]


def test_a_trimmed_strip_shows_its_part_only(face: bpy.types.Object) -> None:
    bake(face, "one", 1.0)
    bake(face, "two", 101.0)
    strip = face.data.shape_keys.animation_data.nla_tracks[0].strips[1]
    strip.action_frame_start += 12
    strip.frame_start += 12
    line = lines_on_show(face)[1]
    assert (line.start, line.first) == (101.0, 113.0)


def test_the_lines_of_another_character_are_not_drawn(face: bpy.types.Object) -> None:
    bake(face)
    assert lines_on_show(make_face("Other")) == ()


# --- what is drawn where --------------------------------------------------------------------------


def test_boxes_lie_on_their_phones_and_silence_has_none() -> None:
    boxes = geometry.phone_boxes(heard()).reshape(4, 6, 2)
    np.testing.assert_allclose(boxes[1].min(axis=0), (1.0, 0.0))
    np.testing.assert_allclose(boxes[1].max(axis=0), (1.1, 1.0), rtol=1e-6)
    assert np.ptp(boxes[0][:, 0]) == 0


def test_the_waveform_is_a_strip_around_its_middle() -> None:
    strip = geometry.wave_strip(heard()).reshape(4, 2, 2)
    np.testing.assert_allclose(strip[:, 0, 0], [0.01, 0.03, 0.05, 0.07], rtol=1e-5)
    np.testing.assert_array_equal(strip[:, 0, 1], -strip[:, 1, 1])


@pytest.mark.parametrize(
    ("height", "expected"),
    [(300, (12, 15, 40)), (75, (12, 15, 25)), (50, (12, 15, 0)), (33, (0, 10, 0)), (26, (0, 0, 0))],
)
def test_a_low_editor_gives_up_the_waveform_first(
    height: float, expected: tuple[float, ...]
) -> None:
    layout = geometry.lay_out(height, bottom=12, top=23, scale=1.0)
    assert (layout.bottom * bool(layout.phones), layout.phones, layout.wave) == expected


def test_the_switch_can_be_turned(capfd: pytest.CaptureFixture[str]) -> None:
    assert bpy.context.scene.mynah.show_heard
    bpy.context.scene.mynah.show_heard = False
    assert "Traceback" not in capfd.readouterr().err  # Blender only prints it


def test_without_a_window_nothing_is_registered() -> None:
    handlers = Handlers()
    handlers.attach()
    assert not handlers._handles
    handlers.detach()
