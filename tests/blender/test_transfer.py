"""Transfer Performance: a clip, a video or a movie strip, baked like a generated line."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.operators.generate import MYNAH_OT_generate, disabled_reason
from blender_addon.scene_reader import find_strip, read_source
from blender_addon.session import session
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import clip_of, f_curves, make_face

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


@pytest.fixture
def performance(addon: None, tmp_path: Path) -> Path:
    """A captured performance, chosen as the source."""
    path = tmp_path / "line.npz"
    path.write_bytes(clip_to_npz(clip_of(75, 25.0, jawOpen=0.8)))
    settings = bpy.context.scene.mynah
    settings.source, settings.performance_path = "PERFORMANCE", str(path)
    return path


@pytest.fixture
def movie(addon: None, shared_data: Path) -> bpy.types.MovieStrip:
    """75 frames of an actor at frame 10 of a scene with the movie's rate, selected."""
    scene = bpy.context.scene
    scene.render.fps = 25
    scene.mynah.source, scene.mynah.audio_source = "PERFORMANCE", "STRIP"
    path = shared_data / "data" / "video_samples" / "bbaf3s.mpg"
    made = scene.sequence_editor_create().strips.new_movie("take 3", str(path), 1, 10)
    made.select = True
    return made


def submitted(daemon: FakeDaemon) -> m.SynthesizeRequest:
    return [item for item in daemon.seen if isinstance(item, m.Submit)][-1].requests[0]


def trim(strip: bpy.types.MovieStrip, head: int, tail: int) -> None:
    if bpy.app.version >= (5, 1, 0):
        strip.left_handle += head
        strip.right_handle -= tail
    else:
        strip.frame_final_start += head
        strip.frame_final_end -= tail


@pytest.mark.parametrize(("fps", "base"), [(24, 1.0), (30, 1.001)], ids=["24", "29.97"])
def test_curves_equal_the_transferred_clip_on_every_frame(
    face: bpy.types.Object, performance: Path, daemon: FakeDaemon, fps: int, base: float
) -> None:
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = fps, base
    scene.mynah.start_frame = 100.25
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    rate = scene.render.fps / scene.render.fps_base  # which Blender keeps in single precision
    request = submitted(daemon)
    assert request.is_transfer
    assert (request.fps, request.audio_name) == (rate, "line.npz")
    assert request.styles == (m.StyleUse("neutral"),)
    assert daemon.blobs[request.audio_sha256] == performance.read_bytes()

    clip = make_clip(fps=rate)
    curves = f_curves(face.data.shape_keys)
    assert len(curves) == 52
    for shape in ARKIT_BLENDSHAPES:
        curve = curves[f'key_blocks["{shape}"].value', 0]
        got = [curve.evaluate(100.25 + row) for row in range(clip.n_frames)]
        assert np.abs(np.array(got) - clip.column(shape)).max() <= 0.0101
        assert curve.keyframe_points[0].co.x == 100.25


def test_a_video_goes_to_the_daemon_with_the_styles(
    face: bpy.types.Object, daemon: FakeDaemon, tmp_path: Path
) -> None:
    video = tmp_path / "take.mov"
    video.write_bytes(bytes(range(256)) * 3000)
    settings = bpy.context.scene.mynah
    settings.source, settings.performance_path = "PERFORMANCE", str(video)
    settings.lips, settings.style_strength = 0.5, 1.5
    bpy.ops.mynah.add_library_style(name="tired")
    bpy.ops.mynah.generate()
    request = submitted(daemon)
    assert (request.audio_name, request.is_transfer) == ("take.mov", True)
    assert [use.name for use in request.styles] == ["tired"]
    assert (request.style_strength, request.amounts.lips) == (1.5, 0.5)
    assert daemon.blobs[request.audio_sha256] == video.read_bytes()


def test_the_two_sources_do_not_mix(
    face: bpy.types.Object, performance: Path, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.context.scene.mynah.source = "VOICE"
    bpy.ops.mynah.generate()
    request = submitted(daemon)
    assert (request.audio_name, request.is_transfer) == ("line.wav", False)


def test_voice_and_performance_of_a_line_are_takes_that_keep_each_other(
    face: bpy.types.Object, performance: Path, voice: Path, daemon: FakeDaemon
) -> None:
    settings, key = bpy.context.scene.mynah, face.data.shape_keys
    for source in ("VOICE", "PERFORMANCE", "PERFORMANCE", "VOICE"):
        settings.source = source
        settings.lips += 0.01  # or the daemon would have the result already
        bpy.ops.mynah.generate()
        assert key.animation_data.action["mynah_source"] == source
    assert {action.name for action in bpy.data.actions} == {
        "line Face #0",
        "line Face performance #0",
    }
    bpy.ops.mynah.show_take(direction="NEXT")
    assert key.animation_data.action.name == "line Face performance #0"
    settings.source = "PERFORMANCE"
    bpy.ops.mynah.new_take()
    assert key.animation_data.action.name == "line Face performance #1"
    assert len(bpy.data.actions) == 3


def test_an_edited_transfer_is_kept(
    face: bpy.types.Object, performance: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    f_curves(face.data.shape_keys)['key_blocks["jawOpen"].value', 0].keyframe_points[3].co.y = 0.9
    bpy.context.scene.mynah.lips = 0.5
    bpy.ops.mynah.generate()
    assert "which you edited, was kept" in " ".join(session.outcome.report.remarks)
    assert len(bpy.data.actions) == 2


def test_one_undo_step(face: bpy.types.Object, performance: Path, daemon: FakeDaemon) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mynah.generate()
    bpy.ops.ed.undo()
    assert not bpy.data.actions
    bpy.ops.ed.redo()
    assert len(f_curves(bpy.data.objects["Face"].data.shape_keys)) == 52


def test_a_range_of_a_generated_take_can_come_from_the_performance(
    face: bpy.types.Object, performance: Path, voice: Path, daemon: FakeDaemon
) -> None:
    settings = bpy.context.scene.mynah
    settings.source = "VOICE"
    bpy.ops.mynah.generate()
    settings.source = "PERFORMANCE"
    assert bpy.ops.mynah.redo_range(first=10, last=20) == {"FINISHED"}
    request = submitted(daemon)
    assert request.is_transfer
    assert request.take_sha256
    assert (request.redo_start_s, request.redo_end_s) == (
        pytest.approx(9 / 24),
        pytest.approx(19 / 24),
    )


def test_a_disabled_button_says_why(performance: Path) -> None:
    context, settings = bpy.context, bpy.context.scene.mynah
    settings.character = make_face()
    assert disabled_reason(context) == ""
    settings.performance_path = ""
    assert disabled_reason(context) == "Choose a motion clip or a video."
    settings.audio_source = "STRIP"
    assert disabled_reason(context) == "Select a movie strip in the Sequencer."
    assert "in the manner of the styles" in MYNAH_OT_generate.description(context, None)


def test_a_missing_file_is_named(face: bpy.types.Object, performance: Path) -> None:
    performance.unlink()
    with pytest.raises(RuntimeError, match=r"There is no file 'line\.npz' at .*; choose another\."):
        bpy.ops.mynah.generate()


def test_a_refusal_is_the_daemons_own_sentence(
    face: bpy.types.Object, performance: Path, daemon: FakeDaemon
) -> None:
    sentence = "'line.npz' is not a motion clip: its content doesn't fit its suffix .npz."
    daemon.replies[m.Submit] = lambda _: [m.ErrorReply(m.ErrorCode.bad_audio, sentence)]
    with pytest.raises(RuntimeError, match="is not a motion clip: its content"):
        bpy.ops.mynah.generate()
    assert session.outcome.message == sentence
    assert not bpy.data.actions


@pytest.mark.parametrize(
    ("head", "tail", "start_s", "end_s", "frame"),
    [(0, 0, 0.0, 0.0, 10.0), (25, 10, 1.0, 2.6, 35.0), (-5, 0, 0.0, 0.0, 10.0)],
)
def test_trims_of_a_movie_strip(
    movie: bpy.types.MovieStrip, head: int, tail: int, start_s: float, end_s: float, frame: float
) -> None:
    trim(movie, head, tail)
    source = read_source(bpy.context)
    assert source.file == Path(bpy.path.abspath(movie.filepath))
    assert (source.file_name, source.line) == ("bbaf3s.mpg", "take 3")
    assert (source.start_s, source.end_s) == (pytest.approx(start_s), pytest.approx(end_s))
    assert source.start_frame == pytest.approx(frame)


def test_a_movie_strip_is_baked_where_it_stands(
    face: bpy.types.Object, movie: bpy.types.MovieStrip, daemon: FakeDaemon
) -> None:
    trim(movie, 5, 5)
    bpy.ops.mynah.generate()
    request = submitted(daemon)
    assert (request.start_s, request.end_s) == (pytest.approx(0.2), pytest.approx(2.8))
    curve = f_curves(face.data.shape_keys)['key_blocks["jawOpen"].value', 0]
    assert curve.keyframe_points[0].co.x == 15.0


def test_only_movies_are_performances(movie: bpy.types.MovieStrip, voice: Path) -> None:
    strips = bpy.context.scene.sequence_editor.strips
    sound = strips.new_sound("voice", str(voice), 2, 10)
    sound.select = True
    bpy.context.scene.sequence_editor.active_strip = sound
    assert find_strip(bpy.context) == movie
    bpy.context.scene.mynah.source = "VOICE"
    assert find_strip(bpy.context) == sound


def test_a_movie_strip_without_its_file_is_a_sentence(
    movie: bpy.types.MovieStrip, tmp_path: Path
) -> None:
    movie.filepath = str(tmp_path / "gone.mov")
    with pytest.raises(BadInputError, match=r"'take 3' has no file 'gone\.mov' at .*; find the"):
        read_source(bpy.context)


def test_a_movie_strip_at_another_speed_is_a_sentence(movie: bpy.types.MovieStrip) -> None:
    """Made by a script, the strip shows frame after frame, whatever the scene's rate."""
    bpy.context.scene.render.fps = 24
    with pytest.raises(BadInputError, match=r"plays its 25 frames per second at the scene's 24"):
        read_source(bpy.context)


@pytest.mark.skipif(
    bpy.app.version >= (5, 0, 0), reason="without a window, this Blender has no Sequencer to ask"
)
@pytest.mark.parametrize(("fps", "base"), [(24, 1.0), (50, 1.0), (30, 1.001)])
def test_a_movie_strip_at_its_own_speed_in_a_scene_of_another_rate(
    movie: bpy.types.MovieStrip, fps: int, base: float
) -> None:
    path, scene = movie.filepath, bpy.context.scene
    scene.sequence_editor.strips.remove(movie)
    scene.render.fps, scene.render.fps_base = fps, base
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    with bpy.context.temp_override(window=window, area=area):
        bpy.ops.sequencer.movie_strip_add(
            filepath=path, frame_start=10, channel=1, sound=False, use_framerate=False
        )
    (strip,) = scene.sequence_editor.strips
    assert strip.frame_final_duration == round(3 * fps / base - 0.5)
    trim(strip, 12, 0)
    strip.animation_offset_start = 5  # frames of the movie
    source = read_source(bpy.context)
    assert source.start_s == pytest.approx(12 * base / fps + 5 / 25)
    assert source.start_frame == 22.0
