"""The button's operator, from the settings to the keys, over a real socket."""

from __future__ import annotations

import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.operators.generate import disabled_reason
from blender_addon.session import session
from mynah_shared.client.connection_file import state_dir
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import f_curves, make_face, value

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]

FPS_AND_BASE = {
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


def submitted(daemon: FakeDaemon) -> m.SynthesizeRequest:
    (message,) = (item for item in daemon.seen if isinstance(item, m.Submit))
    return message.requests[0]


@pytest.mark.parametrize("rate", FPS_AND_BASE)
@pytest.mark.parametrize("start", [1.0, 100.25])
def test_curves_equal_the_clip_on_every_frame(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon, rate: str, start: float
) -> None:
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = FPS_AND_BASE[rate]
    scene.mynah.start_frame = start
    assert bpy.ops.mynah.generate() == {"FINISHED"}

    fps = scene.render.fps / scene.render.fps_base
    assert submitted(daemon).fps == fps
    clip = make_clip(fps=fps)
    curves = f_curves(face.data.shape_keys)
    assert len(curves) == 52
    for shape in ARKIT_BLENDSHAPES:
        curve = curves[f'key_blocks["{shape}"].value', 0]
        got = [curve.evaluate(start + row) for row in range(clip.n_frames)]
        assert np.abs(np.array(got) - clip.column(shape)).max() <= 0.0101
        assert curve.keyframe_points[0].co.x == start


def test_the_evaluated_face_moves(face: bpy.types.Object, voice: Path, daemon: FakeDaemon) -> None:
    bpy.ops.mynah.generate()
    clip = make_clip(fps=24.0)
    for row in (0, 7, 31, 49):
        for shape in ("jawOpen", "eyeBlinkLeft", "tongueOut"):
            assert value(face, shape, 1 + row) == pytest.approx(clip.column(shape)[row], abs=0.0101)


def test_every_setting_reaches_the_daemon(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    settings = bpy.context.scene.mynah
    settings.seed, settings.quality = 7, "best"
    settings.lips, settings.brows, settings.blinks = 0.5, 0.0, 1.5
    settings.gaze, settings.head = 2.0, 0.25
    bpy.ops.mynah.generate()
    request = submitted(daemon)
    assert request.seed == 7
    assert request.quality is m.Quality.best
    assert request.amounts == m.Amounts(0.5, 0.0, 1.5, 2.0, 0.25)
    assert request.styles == (m.StyleUse("neutral"),)
    assert request.audio_name == "line.wav"
    assert daemon.blobs[request.audio_sha256] == voice.read_bytes()


def test_the_action_says_what_it_is(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.context.scene.mynah.seed = 3
    bpy.ops.mynah.generate()
    (action,) = bpy.data.actions
    assert [slot.identifier for slot in action.slots] == ["KEKey", "OBFace"]
    assert action["mynah_line"] == "line"
    assert action["mynah_audio"] == submitted(daemon).audio_sha256
    assert (action["mynah_seed"], action["mynah_style"]) == (3, "neutral")
    assert set(action.keys()) >= {"mynah_model", "mynah_version", "mynah_time"}
    record = json.loads(action["mynah_result"])
    assert record == {"audio_sha256": action["mynah_audio"], "seed": 3}


def test_report_counts_shapes_and_keys(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bpy.ops.mynah.generate()
    report = session.outcome.report
    assert (report.n_exact, report.n_aliased, report.unmatched) == (52, 0, ())
    assert report.keys_before == 50 * (52 + 3)
    owners = (face.data.shape_keys, face)
    keys = sum(len(c.keyframe_points) for owner in owners for c in f_curves(owner).values())
    assert report.keys_after == keys < report.keys_before
    assert report.head == "delta rotation of 'Face'"


def test_a_rig_with_other_names_is_matched_and_the_rest_reported(
    voice: Path, daemon: FakeDaemon
) -> None:
    shapes = ["jawOpen", "Mouth_Smile_L", "MouthSmile R", "eyeBlink", "wart"]
    bpy.context.scene.mynah.character = make_face(shapes=shapes)
    bpy.ops.mynah.generate()
    report = session.outcome.report
    assert (report.n_exact, report.n_aliased) == (1, 3)
    assert len(report.unmatched) == 52 - 1 - 2 - 2
    keyed = f_curves(bpy.data.objects["Face"].data.shape_keys)
    assert {path for path, _ in keyed} == {f'key_blocks["{name}"].value' for name in shapes[:4]}


def test_generating_again_replaces_only_our_own_action(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    bystander = bpy.data.actions.new("bystander")
    bystander.use_fake_user = True
    bpy.ops.mynah.generate()
    first = face.data.shape_keys.animation_data.action.session_uid
    bpy.context.scene.mynah.lips = 0.5  # or the daemon would have the result already
    bpy.ops.mynah.generate()
    action = face.data.shape_keys.animation_data.action
    assert action.session_uid != first
    assert action.name == "line Face #0"
    assert face.animation_data.action == action
    assert {item.name for item in bpy.data.actions} == {"bystander", "line Face #0"}


def test_one_undo_step_and_redo(face: bpy.types.Object, voice: Path, daemon: FakeDaemon) -> None:
    bpy.context.scene.mynah.seed = 5
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.mynah.generate()
    bpy.ops.ed.undo()
    assert not bpy.data.actions
    assert bpy.data.objects["Face"].data.shape_keys.animation_data is None
    assert bpy.context.scene.mynah.seed == 5
    bpy.ops.ed.redo()
    assert len(f_curves(bpy.data.objects["Face"].data.shape_keys)) == 52
    bpy.ops.ed.undo()
    assert bpy.ops.mynah.generate() == {"FINISHED"}  # references made before are not used again


def test_settings_and_result_survive_saving_without_secrets(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon, tmp_path: Path
) -> None:
    settings = bpy.context.scene.mynah
    settings.seed, settings.lips, settings.quality = 9, 0.75, "draft"
    bpy.ops.mynah.generate()
    path = tmp_path / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path), compress=False)
    bpy.ops.wm.read_homefile(use_empty=True)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    settings = bpy.context.scene.mynah
    assert (settings.seed, settings.lips, settings.quality) == (9, 0.75, "draft")
    assert settings.character == bpy.data.objects["Face"]
    assert len(f_curves(bpy.data.objects["Face"].data.shape_keys)) == 52
    content = path.read_bytes()
    for secret in (daemon.info.client_secret_key, daemon.info.endpoint, str(state_dir())):
        assert secret.encode() not in content


def test_a_disabled_button_says_why(voice: Path) -> None:
    context, settings = bpy.context, bpy.context.scene.mynah
    assert disabled_reason(context) == "Choose a character or select one."
    settings.character = make_face()
    assert disabled_reason(context) == ""
    settings.audio_path = ""
    assert disabled_reason(context) == "Choose an audio file."
    settings.audio_source = "STRIP"
    assert disabled_reason(context) == "Select a sound strip in the Sequencer."
    with pytest.raises(RuntimeError, match="Select a sound strip"):
        bpy.ops.mynah.generate()


def test_the_active_object_speaks_if_no_character_is_chosen(
    voice: Path, daemon: FakeDaemon
) -> None:
    bpy.context.view_layer.objects.active = make_face("Active")
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert bpy.data.objects["Active"].data.shape_keys.animation_data.action


def test_a_missing_file_is_named(face: bpy.types.Object, voice: Path) -> None:
    voice.unlink()
    with pytest.raises(RuntimeError, match=r"There is no file 'line\.wav' at .*; choose another\."):
        bpy.ops.mynah.generate()


def test_a_refused_line_gives_the_daemons_sentence(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    refusal = m.ErrorReply(m.ErrorCode.bad_audio, "line.wav holds no sound; choose another file.")
    daemon.replies[m.Submit] = lambda _: [refusal]
    with pytest.raises(RuntimeError, match=r"line\.wav holds no sound; choose another file\."):
        bpy.ops.mynah.generate()
    assert session.outcome.is_error
    assert not bpy.data.actions


def test_no_engine_is_a_sentence(face: bpy.types.Object, voice: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no-engine.*must be the Python of the engine"):
        bpy.ops.mynah.generate()
