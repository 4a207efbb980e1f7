"""The Doctor on time, sound and engine; how it works beside everything else."""

from __future__ import annotations

import time
from pathlib import Path

import bpy
import pytest

from blender_addon.doctor import examination
from blender_addon.doctor.engine import findings_of
from blender_addon.doctor.examination import doctor
from blender_addon.doctor.finding import Finding, Severity
from blender_addon.doctor.fixes import FIXES
from blender_addon.session import session
from mynah_shared.client.examination import EngineState, look_at_engine
from mynah_shared.protocol import messages as m
from mynah_shared.protocol.version import PROTOCOL_VERSION
from mynah_shared.testing.clips import make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import make_rig
from tests.blender.doctor_scenes import (
    bake,
    check,
    fix,
    found,
    make_talker,
    problems,
    sentence,
    shows,
)
from tests.blender.pace import limit_s

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


def add_sound(folder: Path, name: str = "line", start: int = 1) -> bpy.types.SoundStrip:
    path = folder / f"{name}.wav"
    path.write_bytes(make_tone(duration_s=2.0))
    editor = bpy.context.scene.sequence_editor_create()
    strips = editor.strips if hasattr(editor, "strips") else editor.sequences
    return strips.new_sound(name, str(path), 1, start)


def test_a_healthy_scene_has_no_findings(daemon: FakeDaemon, tmp_path: Path) -> None:
    add_sound(tmp_path)
    bpy.context.scene.sync_mode = "AUDIO_SYNC"
    bake(make_talker())
    assert check() == ()


def test_an_empty_scene_asks_for_a_character(daemon: FakeDaemon) -> None:
    (finding,) = check()
    assert "No character is chosen" in finding.sentence
    assert finding.severity is Severity.hint


# --- time ----------------------------------------------------------------------------------------


def test_a_changed_rate() -> None:
    bake(make_talker(), fps=24.0)
    scene = bpy.context.scene
    scene.render.fps, scene.render.fps_base = 24, 1.001
    (text,) = problems()
    assert "has 23.976 frames per second, and 24 when it got the line 'line'" in text
    scene.render.fps_base = 1.0
    assert problems() == []


def test_a_line_outside_of_the_scenes_range() -> None:
    face, scene = make_talker(), bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 250
    bake(face, start=300.25)
    (text,) = problems()
    assert text == (
        "Outside of the scene's range, 1 to 250: the line 'line' of 'Face', frames 300.25 to "
        "359.25."
    )
    fix("widen_range")
    assert (scene.frame_start, scene.frame_end) == (1, 360)
    assert problems() == []


def test_a_line_partly_outside_is_a_hint() -> None:
    face, scene = make_talker(), bpy.context.scene
    bake(face, start=-10.0)
    assert problems() == []
    assert sentence("Partly outside of the scene's range").severity is Severity.hint
    fix("widen_range")
    assert scene.frame_start == 0


def test_lines_that_overlap_are_named() -> None:
    face = make_talker()
    bake(face, "one", 1)
    bake(face, "two", 31)
    assert problems() == []
    assert "The lines 'one' and 'two' overlap on 'Face'" in sentence("overlap").sentence


def test_a_strip_that_no_longer_holds_leaves_all_shapes_at_1() -> None:
    face = make_talker()
    bake(face, "one", 1)
    bake(face, "two", 101)
    bpy.context.scene.frame_end = 300
    strips = face.data.shape_keys.animation_data.nla_tracks[0].strips
    for strip in strips:
        strip.extrapolation = "NOTHING"
    check()
    if bpy.app.version < (5, 0, 0):
        assert not found("hold")
        return
    assert len(found("hold")) == 2
    bpy.ops.mynah.fix_all()
    assert not [f for f in check() if f.fix == "hold"]
    assert {strip.extrapolation for strip in strips} == {"HOLD"}


def test_a_strip_that_holds_over_the_artists() -> None:
    face = make_talker()
    block = face.data.shape_keys.key_blocks["jawOpen"]
    for frame, height in ((100, 0.1), (130, 0.9)):
        block.value = height
        block.keyframe_insert("value", frame=frame)
    animation = face.data.shape_keys.animation_data
    action, animation.action = animation.action, None
    animation.nla_tracks.new().strips.new("theirs", 100, action).action_slot = action.slots[0]
    bake(face)  # active, on top of all strips
    bake(face, "two", 201)
    strip = next(s for t in animation.nla_tracks for s in t.strips if s.name.startswith("line"))
    assert strip.extrapolation == "NOTHING"
    strip.extrapolation = "HOLD_FORWARD"
    assert "holds its last pose over your strips on 'Face'" in " ".join(problems())
    fix("hold_nothing")
    assert strip.extrapolation == "NOTHING"
    assert not found("hold_nothing")


# --- sound ---------------------------------------------------------------------------------------


def test_a_muted_strip_and_a_scene_without_sound(tmp_path: Path) -> None:
    strip = add_sound(tmp_path)
    scene = bpy.context.scene
    bake(make_talker())
    strip.mute, scene.use_audio, scene.sync_mode = True, False, "NONE"
    check()
    assert "The strip 'line' is muted" in found("unmute_sound")[0].sentence
    assert "Play Audio is off" in found("play_audio")[0].sentence
    assert "does not keep to the sound" in found("sync_to_audio")[0].sentence
    assert bpy.ops.mynah.fix_all() == {"FINISHED"}
    assert not strip.mute
    assert scene.use_audio
    assert scene.sync_mode == "AUDIO_SYNC"
    scene.sequence_editor.channels[strip.channel].mute = True
    check()
    assert "The channel of the strip 'line' is muted" in found("unmute_sound")[0].sentence
    fix("unmute_sound")
    assert not scene.sequence_editor.channels[strip.channel].mute


def test_sounds_of_others_are_not_looked_at(tmp_path: Path) -> None:
    add_sound(tmp_path, "music").mute = True
    bake(make_talker())
    check()
    assert not found("unmute_sound")
    assert not found("sync_to_audio")


def test_a_sound_that_was_moved(tmp_path: Path) -> None:
    strip = add_sound(tmp_path)
    bake(make_talker())
    assert problems() == []
    if bpy.app.version >= (5, 1, 0):
        strip.content_start = 21
    else:
        strip.frame_start = 21
    (text,) = problems()
    assert "The sound of 'line' starts at frame 21, but its line at frame 1" in text


def test_a_part_of_a_strip_that_a_line_of_the_list_uses(tmp_path: Path) -> None:
    add_sound(tmp_path, "whole take").mute = True
    face, scene = make_talker(), bpy.context.scene
    line = scene.mynah_dialogue.add_line("line", "Ann")
    line.character, line.audio_source, line.strip_name = face, "STRIP", "whole take"
    line.from_s = 0.5
    bake(face, start=13.0)
    assert problems() == []
    assert "The strip 'whole take' is muted" in found("unmute_sound")[0].sentence
    line.from_s = 1.0
    (text,) = problems()
    assert "starts at frame 25, but its line at frame 13" in text
    line.strip_name = "gone"
    assert "There is no sound strip 'gone'" in " ".join(problems())


def test_a_missing_sound_file(tmp_path: Path) -> None:
    strip = add_sound(tmp_path)
    bake(make_talker())
    (tmp_path / "line.wav").unlink()
    (text,) = problems()
    assert "'line.wav'" in text
    strip.select = True
    bpy.context.scene.mynah.audio_source = "STRIP"
    assert problems() == [text]  # once, though it is both chosen and a line's
    bpy.context.scene.mynah.audio_source = "FILE"
    bpy.context.scene.mynah.audio_path = str(tmp_path / "gone.wav")
    assert any("There is no file 'gone.wav'" in text for text in problems())


# --- engine --------------------------------------------------------------------------------------


def test_no_engine_is_a_problem_and_nothing_is_started() -> None:
    check()
    assert sentence("no-engine").severity is Severity.problem


def test_an_engine_that_does_not_run_but_can_be_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "python"
    python.write_text("exit 1")  # and a start would fail
    monkeypatch.setenv("MYNAH_ENGINE", str(python))
    make_talker()
    assert not [f for f in check() if "engine" in f.sentence.lower()]


def test_another_protocol(mynah_home: Path) -> None:
    from mynah_shared.client.connection_file import write_connection_file

    newer = (PROTOCOL_VERSION[0] + 1, 0)
    with FakeDaemon(protocol=newer) as running:
        write_connection_file(running.info)
        check()
    assert f"the daemon {newer[0]}.0" in sentence("protocol").sentence


def test_a_daemon_that_does_not_answer_keeps_nobody_waiting(daemon: FakeDaemon) -> None:
    daemon.frozen.set()
    bake(make_talker())
    doctor.check("")
    session.run_until_done()
    assert doctor.is_busy  # with the engine, in a thread of its own
    assert doctor.findings is not None
    doctor.wait()
    assert not doctor.is_busy
    assert f"process {daemon.info.pid} does not answer" in sentence("does not answer").sentence


def test_an_engine_of_another_version_without_models() -> None:
    state = EngineState(version="0.0.1", n_models=0)
    version, models = findings_of(bpy.context, state)
    assert "The engine that runs is version 0.0.1" in version.sentence
    assert version.severity is Severity.hint
    assert "no models" in models.sentence


def test_a_chosen_engine_that_is_no_file(tmp_path: Path) -> None:
    state = look_at_engine(str(tmp_path / "python"), lambda: None)
    assert "which is no file; choose another" in state.fault


def test_styles_that_the_library_and_the_disk_do_not_have(daemon: FakeDaemon) -> None:
    daemon.styles.append(m.StyleEntry("calm", ("soft",), "", "", "", 3.0, True))
    make_talker()
    settings = bpy.context.scene.mynah
    for name in ("calm", "soft", "angry"):
        settings.styles.add().style_name = name
    missing = settings.styles.add()
    missing.kind, missing.path = "FILE", "/nowhere/act.csv"
    rig = settings.styles.add()
    rig.kind = "RIG"
    texts = problems()
    check()
    assert sentence("library has no style 'angry'").remedy
    assert sum("library has no style" in f.sentence for f in doctor.findings or ()) == 1
    assert any("'act.csv' is not at" in text for text in texts)
    assert any("was deleted" in text for text in texts)


# --- beside everything else ----------------------------------------------------------------------


def test_every_fix_of_a_check_exists(repository: Path) -> None:
    folder = repository / "blender_addon/doctor"
    text = "".join(path.read_text("utf-8") for path in folder.glob("*.py"))
    for name in FIXES:
        assert text.count(f'"{name}"') >= 2, f"no check offers {name}"


def test_looking_changes_nothing() -> None:
    face = make_talker()
    bake(face)
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    bpy.ops.ed.undo_push(message="before")
    check()
    assert face.data.shape_keys.key_blocks["jawOpen"].mute
    assert not shows(face)


def test_a_bake_that_does_not_show_is_examined_by_itself(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert doctor.findings is None  # hints alone are not worth a list
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert found("unmute_shapes")
    fix("unmute_shapes")
    assert not found("unmute_shapes")


def test_what_is_gone_is_a_sentence() -> None:
    face = make_talker()
    bake(face)
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    check()
    bpy.data.objects.remove(face)
    bpy.ops.outliner.orphans_purge(do_recursive=True)
    with pytest.raises(RuntimeError, match="is gone since the check; check again"):
        fix("unmute_shapes")
    check()
    assert not found("unmute_shapes")
    doctor.findings = (Finding("It hurts.", fix="play_audio"),)
    with pytest.raises(RuntimeError, match="Not found any more: It itches"):
        bpy.ops.mynah.fix(sentence="It itches.")


def test_an_undo_renews_the_list() -> None:
    face = make_talker()
    bake(face)
    bpy.ops.ed.undo_push(message="healthy")
    face.data.shape_keys.key_blocks["jawOpen"].mute = True
    bpy.ops.ed.undo_push(message="muted")
    check()
    assert found("unmute_shapes")
    bpy.ops.ed.undo()
    session.run_until_done()
    assert not found("unmute_shapes")


def test_another_file_forgets_the_findings(tmp_path: Path) -> None:
    path = str(tmp_path / "other.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    make_talker()
    doctor.check("")
    bpy.ops.wm.open_mainfile(filepath=path)
    session.run_until_done()
    assert doctor.findings is None
    assert not doctor.is_busy


def make_crowd() -> None:
    """Five characters on rigs with lines in the NLA, teeth and a sound each."""
    for i in range(5):
        rig = make_rig()
        face, teeth = make_talker(f"Face {i}"), make_talker(f"Teeth {i}")
        face.parent = teeth.parent = rig
        for place in range(4):
            bake(rig, f"line {i} {place}", 1 + 80 * place, headPitch=0.2)
        face.data.shape_keys.key_blocks["jawOpen"].mute = True


def test_five_characters_are_looked_at_in_short_pieces() -> None:
    make_crowd()
    # Python may collect its garbage in the middle of a call: the best of five counts
    worst = [_longest_pump_s() for _ in range(5)]
    assert len(found("unmute_shapes")) == 5
    assert 0 < min(worst) < limit_s(), worst


def _longest_pump_s() -> float:
    """The longest call on the main thread; its own time, as other programs may take the
    processor."""
    doctor.check("")
    longest = 0.0
    while session.is_busy:
        began = time.thread_time()
        session.pump()
        longest = max(longest, time.thread_time() - began)
    return longest


def test_all_characters_with_lines_are_examined() -> None:
    make_crowd()
    names = [reference.name for reference in examination.find_characters(bpy.context)]
    assert len(names) == 5  # the chosen one, Teeth 4, which stands for its rig, and the four others
