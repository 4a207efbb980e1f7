"""From the list of styles and gestures to what the engine is asked for."""

from __future__ import annotations

import io
import struct
import time
import zlib
from pathlib import Path

import bpy
import numpy as np
import pytest

import blender_addon
from blender_addon import registration, style_pictures
from blender_addon.library import connect_to
from blender_addon.order import collect
from blender_addon.session import session
from blender_addon.style_catalog import catalog
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import clip_of, make_face
from tests.blender.pace import limit_s
from tests.blender.test_bake import bake
from tests.blender.test_generate import submitted

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


@pytest.fixture
def clip_file(tmp_path: Path) -> Path:
    path = tmp_path / "angry take.npz"
    path.write_bytes(clip_to_npz(make_clip(fps=30.0, n_frames=120)))
    return path


@pytest.fixture
def actor(addon: None) -> bpy.types.Object:
    """Another face that performs 120 frames from frame 11."""
    actor = make_face("Actor")
    bake(actor, clip_of(120, jawOpen=0.8, browInnerUp=0.5, headYaw=0.3), 11.0, "their line")
    return actor


def uploaded(daemon: FakeDaemon, sha256: str) -> MotionClip:
    with np.load(io.BytesIO(daemon.blobs[sha256]), allow_pickle=False) as content:
        channels = tuple(map(str, content["channels"]))
        return MotionClip(float(content["fps"]), channels, content["values"])


def refusal() -> str:
    with pytest.raises(RuntimeError) as refused:
        bpy.ops.mynah.generate()
    return str(refused.value)


# --- the list ------------------------------------------------------------------------------------


def test_styles_of_all_kinds_reach_the_daemon(
    face: bpy.types.Object,
    actor: bpy.types.Object,
    voice: Path,
    daemon: FakeDaemon,
    clip_file: Path,
) -> None:
    scene, settings = bpy.context.scene, bpy.context.scene.mynah
    settings.start_frame = 101.0
    settings.style_strength, settings.style_fade = 1.5, 12.0
    settings.audio_guidance, settings.style_guidance = 1.2, 2.0
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 21, 110
    bpy.ops.mynah.add_library_style(name="tired")
    settings.styles[0].weight, settings.styles[0].region = 0.25, "brows"
    bpy.ops.mynah.add_style_file(filepath=str(clip_file))
    settings.styles[1].from_frame = 125
    bpy.context.view_layer.objects.active = actor
    bpy.ops.mynah.add_rig_style()
    settings.styles[2].region = "head"
    bpy.ops.mynah.generate()

    request = submitted(daemon)
    tired, angry, acted = request.styles
    assert tired == m.StyleUse("tired", 0.25, "brows")
    assert (angry.name, angry.region, angry.start_s) == ("angry take.npz", "", 1.0)
    assert daemon.blobs[angry.clip_sha256] == clip_file.read_bytes()
    assert (acted.name, acted.region) == ("their line Actor #0.npz", "head")
    clip = uploaded(daemon, acted.clip_sha256)
    assert (clip.fps, clip.n_frames) == (24.0, 90)
    truth = clip_of(120, jawOpen=0.8, browInnerUp=0.5, headYaw=0.3).values[10:100]
    assert clip.channels == ARKIT_CHANNELS
    assert np.abs(clip.values - truth).max() < 0.02
    assert (request.style_strength, request.style_fade_s) == (1.5, 0.5)
    assert request.audio_guidance == pytest.approx(1.2)
    assert request.style_guidance == 2.0
    action = face.data.shape_keys.animation_data.action
    assert action["mynah_style"] == "tired, angry take, their line Actor #0"


def test_an_empty_list_is_the_neutral_manner(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    assert submitted(daemon).styles == (m.StyleUse("neutral"),)


def test_rows_are_moved_and_removed(addon: None) -> None:
    settings = bpy.context.scene.mynah
    for name in "abc":
        bpy.ops.mynah.add_library_style(name=name)
    assert settings.active_style == 2
    for _ in range(5):
        bpy.ops.mynah.move_style(direction="UP")
    assert [style.style_name for style in settings.styles] == ["c", "a", "b"]
    bpy.ops.mynah.move_style(direction="DOWN")
    bpy.ops.mynah.remove_style()
    assert [style.style_name for style in settings.styles] == ["a", "b"]
    bpy.ops.mynah.remove_style()
    bpy.ops.mynah.remove_style()
    with pytest.raises(RuntimeError, match="Add a style to the list first"):
        bpy.ops.mynah.remove_style()


def test_the_generated_take_can_be_the_next_ones_style(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    bpy.context.view_layer.objects.active = face
    bpy.ops.mynah.add_rig_style()
    take = bpy.context.scene.mynah.styles[0].action
    assert take["mynah_line"] == "line"
    bpy.ops.mynah.new_take()
    assert bpy.context.scene.mynah.styles[0].action == take, "not the new one"


def test_a_rig_that_drivers_move_is_read_as_a_whole(actor: bpy.types.Object) -> None:
    actor.data.shape_keys.key_blocks["cheekPuff"].driver_add("value")
    bpy.ops.mynah.add_rig_style(rig="Actor")
    (style,) = bpy.context.scene.mynah.styles
    assert (style.extent, style.action) == ("ALL", None)


def test_mutes_are_amounts_of_nothing(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    settings = bpy.context.scene.mynah
    settings.lips, settings.gaze = 0.5, 1.5
    settings.mute_gaze = settings.mute_head = True
    bpy.ops.mynah.generate()
    assert submitted(daemon).amounts == m.Amounts(lips=0.5, gaze=0.0, head=0.0)
    assert settings.gaze == 1.5


def test_what_a_style_lacks_is_a_sentence(
    face: bpy.types.Object,
    actor: bpy.types.Object,
    voice: Path,
    daemon: FakeDaemon,
    clip_file: Path,
) -> None:
    settings = bpy.context.scene.mynah
    bpy.ops.mynah.add_library_style(name="")
    assert "A style of the list has no name" in refusal()
    settings.styles[0].kind = "FILE"
    assert "is not at" in refusal()
    settings.styles[0].path = str(clip_file)
    clip_file.rename(clip_file.with_suffix(".txt"))
    assert "The clip file 'angry take.npz' is not at" in refusal()
    settings.styles[0].path = str(clip_file.with_suffix(".txt"))
    assert "'angry take.txt' is no clip: use a .csv, .npz" in refusal()
    settings.styles[0].kind = "RIG"
    assert "The rig of 'No rig' was deleted" in refusal()
    settings.styles[0].rig = actor
    assert "The action with the performance of 'Actor' was deleted" in refusal()
    settings.styles[0].action = bpy.data.actions["their line Actor #0"]
    settings.styles[0].first, settings.styles[0].last = 90, 20
    assert "The frames 90 to 20" in refusal()
    settings.styles[0].last = 190
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert not daemon.count(m.ErrorReply)


def test_rigs_and_files_that_are_none_are_not_added(face: bpy.types.Object, tmp_path: Path) -> None:
    settings = bpy.context.scene.mynah
    make_face("Stone", ["wart"])
    for call, sentence in (
        (lambda: bpy.ops.mynah.add_rig_style(rig="Stone"), "'Stone' has no shape keys with ARKit"),
        (lambda: bpy.ops.mynah.add_rig_style(rig="None"), "There is no object 'None'"),
        (lambda: bpy.ops.mynah.add_style_file(filepath=str(tmp_path / "a.mp4")), "'a.mp4' is no"),
        (lambda: bpy.ops.mynah.add_style_file(filepath=str(tmp_path / "a.csv")), "'a.csv' is no"),
    ):
        with pytest.raises(RuntimeError, match=sentence):
            call()
        assert not settings.styles


def test_a_rig_deleted_while_it_is_read_ends_the_line(
    face: bpy.types.Object, actor: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.add_rig_style(rig="Actor")
    bpy.context.scene.mynah.styles[0].last = 3000
    session.start(collect(bpy.context, face), connect_to(""))
    session.pump()
    assert session.job.stage == "reading"
    bpy.data.objects.remove(actor)
    session.run_until_done()
    assert "was deleted" in session.outcome.message
    assert session.outcome.is_error
    assert not daemon.count(m.Submit)


def test_reading_can_be_cancelled(
    face: bpy.types.Object, actor: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.add_rig_style(rig="Actor")
    bpy.context.scene.mynah.styles[0].last = 3000
    session.start(collect(bpy.context, face), connect_to(""))
    session.pump()
    bpy.ops.mynah.cancel()
    session.run_until_done()
    assert session.outcome.message == "Cancelled; nothing was changed."
    assert not daemon.count(m.Submit)
    assert bpy.ops.mynah.generate() == {"FINISHED"}


def test_no_tick_is_long_while_3000_frames_are_read(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    actor = make_face("Actor")
    bake(actor, clip_of(3000, jawOpen=0.8, headYaw=0.3), 1.0, "their line")
    bpy.ops.mynah.add_rig_style(rig="Actor")
    bpy.context.scene.mynah.styles[0].last = 3000
    session.start(collect(bpy.context, face), connect_to(""))
    spent_s = []
    while not session.job.ticket:
        began = time.thread_time()  # not what other programs take
        session.pump()
        spent_s.append(time.thread_time() - began)
    assert max(spent_s) < limit_s() < sum(spent_s)  # there was something to cut into ticks
    session.run_until_done()
    assert uploaded(daemon, submitted(daemon).styles[0].clip_sha256).n_frames == 3000


# --- gestures ------------------------------------------------------------------------------------


def test_gestures_are_pinned_to_frames(
    face: bpy.types.Object,
    actor: bpy.types.Object,
    voice: Path,
    daemon: FakeDaemon,
    clip_file: Path,
) -> None:
    scene, settings = bpy.context.scene, bpy.context.scene.mynah
    settings.start_frame = 11.0
    bpy.ops.mynah.add_style_file(filepath=str(clip_file))
    bpy.ops.mynah.add_rig_style(rig="Actor")
    scene.frame_set(23)
    bpy.ops.mynah.pin_gesture(first=31, last=55, region="brows")
    settings.active_style = 0
    scene.frame_set(35)
    bpy.ops.mynah.pin_gesture(first=25, last=37, region="head")
    settings.styles.clear()
    bpy.ops.mynah.generate()
    flash, nod = submitted(daemon).gestures
    assert (flash.name, flash.region) == ("their line Actor #0.npz", "brows")
    assert (flash.from_s, flash.to_s, flash.at_s) == (0.0, 1.0, 0.5)
    passage = uploaded(daemon, flash.clip_sha256)
    assert passage.n_frames == 25
    truth = clip_of(120, browInnerUp=0.5).column("browInnerUp")[20:45]
    assert np.abs(passage.column("browInnerUp") - truth).max() < 0.02
    assert (nod.name, nod.region) == ("angry take.npz", "head")
    assert (nod.from_s, nod.to_s, nod.at_s) == (1.0, 1.5, 1.0)
    assert daemon.blobs[nod.clip_sha256] == clip_file.read_bytes()


def test_a_style_file_is_sent_as_the_clip_that_it_is(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon, clip_file: Path
) -> None:
    path = clip_file.rename(clip_file.with_name("nod.mynahstyle"))
    bpy.ops.mynah.add_style_file(filepath=str(path))
    bpy.ops.mynah.pin_gesture()
    bpy.ops.mynah.generate()
    (use,) = submitted(daemon).gestures
    assert use.name == "nod.npz"
    assert (use.from_s, use.to_s) == (0.0, 1.0)
    assert submitted(daemon).styles[0].name == "nod.mynahstyle"


def test_gestures_that_make_no_sense_are_sentences(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon, clip_file: Path
) -> None:
    settings = bpy.context.scene.mynah
    with pytest.raises(RuntimeError, match="Choose a clip file or the performance of a rig"):
        bpy.ops.mynah.pin_gesture()
    bpy.ops.mynah.add_style_file(filepath=str(clip_file))
    with pytest.raises(RuntimeError, match="ends at frame 20 and begins at frame 30"):
        bpy.ops.mynah.pin_gesture(first=30, last=20)
    assert not settings.gestures
    bpy.ops.mynah.pin_gesture()
    settings.start_frame = 100.0
    assert "'angry take' begins at frame 1, before the line, which begins at frame 100" in refusal()
    bpy.ops.mynah.remove_gesture()
    assert not settings.gestures
    with pytest.raises(RuntimeError, match="The line has no gesture"):
        bpy.ops.mynah.remove_gesture()


# --- the library ---------------------------------------------------------------------------------


def png(width: int, height: int) -> bytes:
    """A picture that goes from black to white."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    row = b"\0" + bytes(255 * x // width for x in range(width))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(row * height))
        + chunk(b"IEND", b"")
    )


@pytest.fixture
def library(daemon: FakeDaemon) -> FakeDaemon:
    daemon.styles += [
        m.StyleEntry("angry", ("loud", "fight"), "Shouts.", "", "", 12.0, True),
        m.StyleEntry("tired", ("slow",), "Hardly opens the eyes.", "", "", 8.0, False),
    ]
    daemon.pictures = {"angry": png(96, 20), "tired": b"no picture"}
    return daemon


def test_the_library_is_listed_and_searched(library: FakeDaemon) -> None:
    assert bpy.ops.mynah.browse_styles() == {"FINISHED"}
    assert [style.name for style in catalog.styles] == ["neutral", "angry", "tired"]
    assert [style.name for style in catalog.found("LOUD")] == ["angry"]
    assert [style.name for style in catalog.found("eyes tired")] == ["tired"]
    assert catalog.found("loud slow") == []
    assert len(catalog.found("")) == 3
    assert len(style_pictures.icons_of("angry")) == 6
    assert style_pictures.icons_of("tired") == ()
    bpy.ops.mynah.browse_styles()
    assert len(style_pictures.icons_of("angry")) == 6


def test_pictures_are_cut_where_one_ends(library: FakeDaemon) -> None:
    bpy.ops.mynah.browse_styles()
    pictures = style_pictures._pictures(library.pictures["angry"])
    assert [picture.shape for picture in pictures] == [(20, 16, 4)] * 6
    means = [picture[..., 0].mean() for picture in pictures]
    assert means == sorted(means)
    assert not bpy.data.images
    blender_addon.unregister()
    assert style_pictures.icons_of("angry") == ()
    blender_addon.register()


def test_a_clip_is_stored_in_the_library(library: FakeDaemon, clip_file: Path) -> None:
    bpy.ops.mynah.add_style_file(filepath=str(clip_file))
    bpy.ops.mynah.save_style(
        name="Hero angry", tags="angry, hero ,", description="Loud.", licence="ours"
    )
    (add,) = (seen for seen in library.seen if isinstance(seen, m.AddStyle))
    assert add.tags == ("angry", "hero")
    assert (add.clip_name, add.description, add.licence) == ("angry take.npz", "Loud.", "ours")
    assert library.blobs[add.clip_sha256] == clip_file.read_bytes()
    assert session.outcome.message == "The style 'Hero angry' is in the library."
    assert [style.name for style in catalog.found("hero")] == ["Hero angry"]
    with pytest.raises(RuntimeError, match="There is a style 'Hero angry' already"):
        bpy.ops.mynah.save_style(name="Hero angry")
    bpy.ops.mynah.save_style(name="Hero angry", replace=True)
    bpy.ops.mynah.delete_library_style(name="Hero angry")
    assert not catalog.found("hero")
    with pytest.raises(RuntimeError, match="no style 'Hero angry' of yours"):
        bpy.ops.mynah.delete_library_style(name="Hero angry")


def test_a_performance_is_stored_in_the_library(
    library: FakeDaemon, actor: bpy.types.Object
) -> None:
    bpy.ops.mynah.add_rig_style(rig="Actor")
    bpy.ops.mynah.save_style(name="Actor")
    (add,) = (seen for seen in library.seen if isinstance(seen, m.AddStyle))
    clip = uploaded(library, add.clip_sha256)
    assert clip.n_frames == 120
    assert clip.column("jawOpen").max() == pytest.approx(0.8, abs=0.02)


def test_a_library_style_can_not_be_stored_again(library: FakeDaemon) -> None:
    bpy.ops.mynah.add_library_style(name="angry")
    with pytest.raises(RuntimeError, match="Choose a clip file or the performance of a rig"):
        bpy.ops.mynah.save_style(name="angry")


def test_without_an_engine_the_library_is_a_sentence(addon: None) -> None:
    with pytest.raises(RuntimeError, match="no-engine"):
        bpy.ops.mynah.browse_styles()
    assert catalog.activity == ""


# --- old files -----------------------------------------------------------------------------------


class MYNAH_PG_old(bpy.types.PropertyGroup):
    """The settings as the first version had them."""

    seed: bpy.props.IntProperty()
    style: bpy.props.EnumProperty(items=(("neutral", "Neutral", ""),))


def test_a_file_of_the_first_version_opens_with_an_empty_list(tmp_path: Path) -> None:
    path = str(tmp_path / "old.blend")
    blender_addon.unregister()
    bpy.utils.register_class(MYNAH_PG_old)
    bpy.types.Scene.mynah = bpy.props.PointerProperty(type=MYNAH_PG_old)
    bpy.context.scene.mynah.seed, bpy.context.scene.mynah.style = 7, "neutral"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    del bpy.types.Scene.mynah
    bpy.utils.unregister_class(MYNAH_PG_old)
    blender_addon.register()
    bpy.ops.wm.open_mainfile(filepath=path)
    settings = bpy.context.scene.mynah
    assert settings.seed == 7
    assert len(settings.styles) == 0
    assert registration.CLASSES


def test_the_list_survives_saving(actor: bpy.types.Object, clip_file: Path, tmp_path: Path) -> None:
    bpy.ops.mynah.add_style_file(filepath=str(clip_file))
    bpy.ops.mynah.add_rig_style(rig="Actor")
    bpy.ops.mynah.pin_gesture(first=20, last=30)
    path = str(tmp_path / "saved.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    settings = bpy.context.scene.mynah
    assert [style.title for style in settings.styles] == ["angry take", "their line Actor #0"]
    assert settings.styles[1].rig == bpy.data.objects["Actor"]
    assert settings.gestures[0].last == 30
