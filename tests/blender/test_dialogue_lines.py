"""Lines of the list, made together: progress, cancelling, failures, undo, and only what changed."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import bpy
import pytest

import blender_addon
from blender_addon.baking import takes
from blender_addon.dialogue.batch import IN_FLIGHT, Batch
from blender_addon.dialogue.board import State, board, key_of
from blender_addon.dialogue.results import results_folder
from blender_addon.file_work import file_work
from blender_addon.library import connect_to
from blender_addon.session import session
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip, make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import f_curves, make_face

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(120)]

MakeLines = Callable[..., list[bpy.types.PropertyGroup]]


@pytest.fixture
def make_lines(tmp_path: Path) -> MakeLines:
    """Makes lines of one second, in turn for each of the faces, two seconds apart."""

    def make(n_lines: int, *faces: bpy.types.Object) -> list[bpy.types.PropertyGroup]:
        (voice := tmp_path / "voice.wav").write_bytes(make_tone(duration_s=1.0))
        dialogue = bpy.context.scene.mynah_dialogue
        for number in range(n_lines):
            face = faces[number % len(faces)]
            line = dialogue.add_line(f"line {number}", face.name)
            line.character, line.audio_path = face, str(voice)
            line.start_frame, line.seed = 1.0 + 48 * (number // len(faces)), number
        return list(dialogue.lines)

    return make


def state_of(line: bpy.types.PropertyGroup) -> State:
    return board.get(key_of(bpy.context.scene, line.uid)).state


def states() -> list[State]:
    return [state_of(line) for line in bpy.context.scene.mynah_dialogue.lines]


def start(*, forced: bool = False) -> Batch:
    """As the button does in a window: without waiting."""
    scene = bpy.context.scene
    batch = Batch(scene, scene, [line.uid for line in scene.mynah_dialogue.lines], forced=forced)
    session.start_batch(batch, connect_to(""))
    return batch


def pump_until(is_done: Callable[[], bool], timeout_s: float = 60.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not is_done():
        assert time.monotonic() < deadline, "nothing happened in time"
        session.pump()
        time.sleep(0.002)


def run(*, forced: bool = False) -> Batch:
    batch = start(forced=forced)
    pump_until(lambda: session.batch is None)
    return batch


def shown(face: bpy.types.Object, name: str) -> bpy.types.Action | None:
    return takes.on_show(takes.owners_of(face), name)


def submitted(daemon: FakeDaemon) -> int:
    return daemon.count(m.Submit)


def test_the_button_makes_all_lines_and_then_none(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    lines = make_lines(3, face, make_face("Other"))
    assert bpy.ops.mynah.generate_lines() == {"FINISHED"}
    assert states() == [State.done] * 3
    assert submitted(daemon) == 3
    for line in lines:
        take = shown(line.character, line.name)
        assert take is not None
        assert take["mynah_seed"] == line.seed
        assert take["mynah_start"] == line.start_frame
    assert session.outcome.message == "3 of 3 lines made."
    assert bpy.ops.mynah.generate_lines() == {"FINISHED"}
    assert session.outcome.message == "0 of 3 lines made, 3 had not changed."
    assert submitted(daemon) == 3
    assert bpy.ops.mynah.generate_lines(which="ALL") == {"FINISHED"}
    assert session.outcome.message.startswith("3 of 3 lines made")


def test_only_a_few_lines_are_in_the_engines_hands(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    make_lines(10, face)
    daemon.step_s = 0.02
    batch = start()
    most, stages = 0, set()

    def is_done() -> bool:
        nonlocal most
        most = max(most, states().count(State.performing))
        stages.update(states())
        return session.batch is None

    pump_until(is_done)
    assert batch.tally.made == 10
    assert 2 <= most <= IN_FLIGHT
    assert stages >= {State.waiting, State.performing, State.keying, State.done}


def test_one_that_fails_does_not_hold_up_the_others(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    lines = make_lines(4, face)
    lines[0].audio_path = "/nowhere/gone.wav"
    lines[1].character = None
    lines[2].character = make_face("Bare", shapes=())
    with pytest.raises(RuntimeError, match="1 of 4 lines made, 3 failed"):
        bpy.ops.mynah.generate_lines()
    assert states() == [State.failed] * 3 + [State.done]
    messages = [board.get(key_of(bpy.context.scene, line.uid)).message for line in lines]
    assert messages[0] == "There is no file 'gone.wav' at /nowhere; choose another."
    assert messages[1].startswith("Nobody speaks for 'Face'; choose a character")
    assert messages[2].startswith("'Bare' has no shape keys")
    for line in lines[:3]:
        line.audio_path, line.character = lines[3].audio_path, face
    assert bpy.ops.mynah.generate_lines(which="FAILED") == {"FINISHED"}
    assert session.outcome.message == "3 of 3 lines made."


def test_a_failure_in_the_engine_is_told(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    make_lines(3, face)
    answer = daemon._answer

    def refuse_one(message: m.Message) -> list[m.Message]:
        assert isinstance(message, m.Submit)
        if message.requests[0].seed == 1:
            return [m.ErrorReply(m.ErrorCode.bad_audio, "The audio is silent.")]
        return list(answer(message))

    daemon.replies[m.Submit] = refuse_one
    batch = run()
    assert batch.tally.failed == [("line 1", "The audio is silent.")]
    assert states() == [State.done, State.failed, State.done]
    assert session.outcome.is_error


def test_without_an_engine_the_batch_ends_at_once(
    face: bpy.types.Object, make_lines: MakeLines
) -> None:
    make_lines(20, face)
    batch = run()
    assert not batch.tally.has_engine
    assert batch.tally.ended == 20
    assert session.outcome.is_error
    assert not bpy.data.actions


# --- only what changed ----------------------------------------------------------------------------


def _other_sound(line: bpy.types.PropertyGroup, folder: Path) -> None:
    Path(line.audio_path).write_bytes(make_tone(duration_s=1.5))


def _other_shapes(line: bpy.types.PropertyGroup, folder: Path) -> None:
    line.character.data.shape_keys.key_blocks["jawOpen"].name = "something else"


def _style_clip(line: bpy.types.PropertyGroup, folder: Path) -> None:
    from mynah_shared.motion.npz import clip_to_npz

    clip = folder / "style.npz"
    clip.write_bytes(clip_to_npz(make_clip(n_frames=100)))
    row = line.add_style()
    row.kind, row.path = "FILE", str(clip)


CHANGES: dict[str, Callable[[bpy.types.PropertyGroup, Path], None]] = {
    "sound": _other_sound,
    "rig": _other_shapes,
    "style clip": _style_clip,
    "cut": lambda line, _folder: setattr(line, "to_s", 0.5),
    "style": lambda line, _folder: setattr(line.add_style(), "style_name", "angry"),
    "strength": lambda line, _folder: setattr(line, "style_strength", 0.5),
    "fade": lambda line, _folder: setattr(line, "style_fade", 12.0),
    "guidance": lambda line, _folder: setattr(line, "style_guidance", 2.0),
    "amount": lambda line, _folder: setattr(line, "brows", 0.5),
    "mute": lambda line, _folder: setattr(line, "mute_gaze", True),
    "seed": lambda line, _folder: setattr(line, "seed", 99),
    "quality": lambda line, _folder: setattr(line, "quality", "best"),
    "model": lambda line, _folder: setattr(line, "model", "other"),
    "keys": lambda line, _folder: setattr(line, "key_interpolation", "linear"),
    "place": lambda line, _folder: setattr(line, "start_frame", 7.0),
    "rate": lambda line, _folder: setattr(line.id_data.render, "fps", 30),
}
KEPT: dict[str, Callable[[bpy.types.PropertyGroup, Path], None]] = {
    "speaker": lambda line, _folder: setattr(line, "speaker", "Anna"),
    "name": lambda line, _folder: setattr(line, "name", "another name"),
    "text": lambda line, _folder: setattr(line, "is_ticked", True),
    "time of the file": lambda line, _folder: Path(line.audio_path).touch(),
    "file of the same content": lambda line, folder: (
        (folder / "copy.wav").write_bytes(Path(line.audio_path).read_bytes()),
        setattr(line, "audio_path", str(folder / "copy.wav")),
    ),
    "name of the character": lambda line, _folder: setattr(line.character, "name", "Hero"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_has_changed_is_made_again(
    face: bpy.types.Object,
    make_lines: MakeLines,
    daemon: FakeDaemon,
    tmp_path: Path,
    change: str,
) -> None:
    make_lines(2, face, make_face("Other"))
    run()
    line = bpy.context.scene.mynah_dialogue.lines[0]
    CHANGES[change](line, tmp_path)
    batch = run()
    n_both = 2 if change in {"sound", "rate"} else 1  # both lines have the sound and the scene
    assert (batch.tally.made, batch.tally.unchanged) == (n_both, 2 - n_both)
    assert run().tally.unchanged == 2


@pytest.mark.parametrize("change", KEPT)
def test_what_makes_no_difference_is_not_made_again(
    face: bpy.types.Object,
    make_lines: MakeLines,
    daemon: FakeDaemon,
    tmp_path: Path,
    change: str,
) -> None:
    make_lines(1, face)
    run()
    KEPT[change](bpy.context.scene.mynah_dialogue.lines[0], tmp_path)
    assert run().tally.unchanged == 1
    assert len(bpy.data.actions) == 1


def test_an_edited_take_is_kept_beside_the_new_one(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    (line,) = make_lines(1, face)
    run()
    f_curves(face.data.shape_keys)['key_blocks["jawOpen"].value', 0].keyframe_points[0].co.y = 0.5
    assert run().tally.unchanged == 1
    line.brows = 0.2
    run()
    assert len(takes.takes_of(takes.owners_of(face), "line 0")) == 2
    assert "which you edited, was kept" in " ".join(session.outcome.remarks)


def test_another_model_makes_all_again(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    make_lines(1, face)
    run()
    session.close()
    welcome = daemon._welcome

    def newer(hello: m.Message) -> list[m.Message]:
        from dataclasses import replace

        assert isinstance(hello, m.Hello)
        told = welcome(hello)
        assert isinstance(told, m.Welcome)
        return [replace(told, models=(replace(told.models[0], sha256="ab" * 32),))]

    daemon.replies[m.Hello] = newer
    assert run().tally.made == 1


def test_a_moved_line_is_not_computed_again(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    (line,) = make_lines(1, face)
    run()
    line.start_frame, line.key_error = 31.0, 0.02
    batch = run()
    assert (batch.tally.made, batch.tally.from_disk, submitted(daemon)) == (1, 1, 1)
    assert shown(face, "line 0")["mynah_start"] == 31.0


def test_renaming_takes_the_takes_along(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    lines = make_lines(2, face)
    run()
    take = shown(face, "line 0")
    lines[0].name = "line 1"
    assert lines[0].name == "line 1 2"
    assert bpy.context.scene.mynah_dialogue.lines["line 1 2"] == lines[0]
    assert shown(face, "line 1 2") == take
    assert shown(face, "line 0") is None


# --- what artists do meanwhile --------------------------------------------------------------------


def test_cancel_all_takes_effect_at_once(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    daemon.step_s, daemon.n_steps = 0.05, 60
    lines = make_lines(6, face)
    start()
    keys = [key_of(bpy.context.scene, line.uid) for line in lines]
    pump_until(lambda: any(board.get(key).fraction > 0 for key in keys))
    began_s = time.thread_time()  # others may want the processor, too
    assert bpy.ops.mynah.cancel_lines() == {"FINISHED"}
    assert time.thread_time() - began_s < 0.2
    assert session.batch is None
    assert not session.is_busy
    pump_until(lambda: daemon.count(m.Cancel) > 0)
    assert states() == [State.unknown] * 6
    assert not bpy.data.actions
    assert session.outcome.message == "Cancelled; nothing was changed."


def test_cancel_one_lets_the_others_go_on(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    daemon.step_s = 0.1
    lines = make_lines(3, face)
    batch = start()
    pump_until(lambda: state_of(lines[1]) is State.performing)
    assert bpy.ops.mynah.cancel_lines(uid=lines[1].uid) == {"FINISHED"}
    pump_until(lambda: session.batch is None)
    assert (batch.tally.made, batch.tally.cancelled) == (2, 1)
    assert shown(face, "line 1") is None


def test_what_was_made_before_a_cancel_stays_as_one_step(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    make_lines(8, face)
    bpy.ops.ed.undo_push(message="before")
    batch = start()
    pump_until(lambda: batch.tally.made >= 2)
    bpy.ops.mynah.cancel_lines()
    n_made = batch.tally.made
    assert len(bpy.data.actions) == n_made
    assert session.outcome.message == f"Cancelled; {n_made} lines that were made before stay."
    bpy.ops.ed.undo()
    assert not bpy.data.actions
    bpy.ops.ed.redo()
    assert len(bpy.data.actions) == n_made


def test_a_batch_is_one_undo_step(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    make_lines(3, face)
    bpy.ops.ed.undo_push(message="before")
    run()
    assert len(bpy.data.actions) == 3
    bpy.ops.ed.undo()
    assert not bpy.data.actions
    assert len(bpy.context.scene.mynah_dialogue.lines) == 3
    bpy.ops.ed.redo()
    assert len(bpy.data.actions) == 3
    assert run().tally.unchanged == 3


def test_an_undo_in_the_middle_loses_no_line(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    make_lines(6, face)
    bpy.ops.ed.undo_push(message="before")
    face.location.x = 1.0
    bpy.ops.ed.undo_push(message="the artist's")
    batch = start()
    pump_until(lambda: batch.tally.made >= 2)
    bpy.ops.ed.undo()
    assert bpy.data.objects["Face"].location.x == 0.0
    assert len(bpy.data.actions) < batch.tally.made
    pump_until(lambda: session.batch is None)
    face = bpy.data.objects["Face"]
    assert all(shown(face, f"line {number}") is not None for number in range(6))
    assert len(bpy.data.actions) == 6
    assert states() == [State.done] * 6
    assert session.outcome.message.startswith("6 of 6 lines made")


def test_deleting_a_character_ends_its_lines_only(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    other = make_face("Other")
    daemon.step_s = 0.05
    make_lines(4, face, other)
    batch = start()
    pump_until(lambda: states().count(State.performing) >= 2)
    bpy.data.objects.remove(other)
    pump_until(lambda: session.batch is None)
    assert batch.tally.made == 2
    assert len(batch.tally.failed) == 2


def test_removing_a_line_from_the_list_leaves_it_out(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    daemon.step_s = 0.05
    make_lines(8, face)
    batch = start()
    pump_until(lambda: State.performing in states())
    bpy.context.scene.mynah_dialogue.active = 7
    bpy.ops.mynah.remove_line()
    pump_until(lambda: session.batch is None)
    assert (batch.tally.made, batch.tally.cancelled) == (7, 1)


def test_deleting_the_scene_ends_the_batch(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    daemon.step_s = 0.05
    make_lines(6, face)
    start()
    pump_until(lambda: State.performing in states())
    bpy.data.scenes.new("Next")
    bpy.data.scenes.remove(bpy.context.scene)
    pump_until(lambda: session.batch is None)
    assert session.outcome.is_error


def test_opening_a_file_cancels(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon, tmp_path: Path
) -> None:
    path = str(tmp_path / "scene.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    daemon.step_s = 0.05
    make_lines(4, face)
    start()
    pump_until(lambda: State.performing in states())
    bpy.ops.wm.open_mainfile(filepath=path)
    assert session.batch is None
    session.pump()
    assert session.outcome.message == "Cancelled, because another file was opened."
    assert not bpy.data.actions


def test_saving_in_the_middle_saves_what_is_made(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon, tmp_path: Path
) -> None:
    path = str(tmp_path / "scene.blend")
    make_lines(5, face)
    batch = start()
    pump_until(lambda: batch.tally.made >= 2)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    pump_until(lambda: session.batch is None)
    assert batch.tally.made == 5
    bpy.ops.wm.open_mainfile(filepath=path)
    batch = run()
    assert batch.tally.unchanged >= 2
    assert batch.tally.made + batch.tally.unchanged == 5
    assert submitted(daemon) == 5, "what was computed before was computed again"


def test_disabling_the_addon_cancels(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    daemon.step_s = 0.05
    make_lines(4, face)
    start()
    pump_until(lambda: State.performing in states())
    blender_addon.unregister()
    assert session.batch is None
    assert not bpy.data.actions
    blender_addon.register()


# --- results on the disk --------------------------------------------------------------------------


def test_a_damaged_result_is_computed_again(
    face: bpy.types.Object, make_lines: MakeLines, daemon: FakeDaemon
) -> None:
    make_lines(1, face)
    run()
    file_work.flush()
    next(results_folder().glob("*.npz")).write_bytes(b"PK")
    tally = run(forced=True).tally
    assert (tally.made, tally.from_disk) == (1, 0)
