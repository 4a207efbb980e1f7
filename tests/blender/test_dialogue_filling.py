"""Lines from strips, markers, sheets and folders, and the list as a sheet."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from blender_addon.dialogue.batch import order_of_line
from blender_addon.dialogue.cast import characters_in
from blender_addon.line_settings import settings_of
from blender_addon.operators.generate import disabled_reason
from blender_addon.order import Order
from blender_addon.panels.dialogue import has_words, places_of, style_title
from blender_addon.scene_reader import character_of, line_name
from blender_addon.session import session
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_tone
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import make_face, make_rig

pytestmark = [pytest.mark.bpy, pytest.mark.timeout(60)]


@pytest.fixture
def long_voice(tmp_path: Path) -> Path:
    path = tmp_path / "session.wav"
    path.write_bytes(make_tone(duration_s=10.0))
    return path


def lines() -> list[bpy.types.PropertyGroup]:
    return list(bpy.context.scene.mynah_dialogue.lines)


def order_of(line: bpy.types.PropertyGroup) -> Order:
    return order_of_line(line, bpy.context.scene)


def add_strip(name: str, path: Path, channel: int, frame: int) -> bpy.types.SoundStrip:
    editor = bpy.context.scene.sequence_editor_create()
    return editor.strips.new_sound(name, str(path), channel, frame)


def trim(strip: bpy.types.SoundStrip, head: int, tail: int) -> None:
    if bpy.app.version >= (5, 1, 0):
        strip.left_handle += head
        strip.right_handle -= tail
    else:
        strip.frame_final_start += head
        strip.frame_final_end -= tail


# --- strips ---------------------------------------------------------------------------------------


def test_every_sound_strip_is_a_line(voice: Path) -> None:
    anna, ben = make_face("Anna"), make_face("Ben")
    first = add_strip("anna_010", voice, 3, 100)
    add_strip("Ben 2 hello", voice, 1, 10)
    trim(first, 12, 6)
    assert bpy.ops.mynah.lines_from_strips() == {"FINISHED"}
    later = {line.name: line for line in lines()}
    assert [line.name for line in lines()] == ["Ben 2 hello", "anna_010"], "in order of time"
    assert [line.character for line in lines()] == [ben, anna]
    made = order_of(later["anna_010"])
    assert (made.line.start_s, made.line.end_s, made.start_frame) == (0.5, 1.75, 112.0)
    assert made.name == "anna_010"


def test_channels_tell_who_speaks_where_names_do_not(voice: Path) -> None:
    anna = make_face("Anna_face")
    add_strip("take 1", voice, 2, 1)
    add_strip("take 2", voice, 5, 100)
    bpy.context.scene.sequence_editor.channels[5].name = "Anna"
    bpy.ops.mynah.lines_from_strips()
    assert [line.speaker for line in lines()] == ["Channel 2", "Anna"]
    assert [line.character for line in lines()] == [None, anna]
    cast = bpy.context.scene.mynah_dialogue.speakers
    assert [(row.name, row.character) for row in cast] == [("Channel 2", None), ("Anna", anna)]
    ben = cast[0].character = make_face("Ben")
    assert [line.character for line in lines()] == [ben, anna]


def test_strips_that_are_there_are_brought_up_to_date(voice: Path) -> None:
    make_face("Anna")
    strip = add_strip("Anna 1", voice, 1, 10)
    bpy.ops.mynah.lines_from_strips()
    lines()[0].brows = 0.5
    trim(strip, 24, 0)
    add_strip("Anna 2", voice, 1, 200)
    bpy.ops.mynah.lines_from_strips()
    assert [line.name for line in lines()] == ["Anna 1", "Anna 2"]
    assert (lines()[0].start_frame, lines()[0].brows) == (34.0, 0.5)


def test_only_the_selected_strips(voice: Path) -> None:
    add_strip("one", voice, 1, 10).select = False
    add_strip("two", voice, 1, 100).select = True
    bpy.ops.mynah.lines_from_strips(only_selected=True)
    assert [line.name for line in lines()] == ["two"]


def test_no_strips_is_said(voice: Path) -> None:
    with pytest.raises(RuntimeError, match="No sound strip is there in the Sequencer"):
        bpy.ops.mynah.lines_from_strips()


def test_a_strip_that_was_renamed_is_said(voice: Path) -> None:
    make_face("Anna")
    strip = add_strip("Anna 1", voice, 1, 10)
    bpy.ops.mynah.lines_from_strips()
    strip.name = "Anna one"
    with pytest.raises(RuntimeError, match="There is no sound strip 'Anna 1' in the Sequencer"):
        bpy.ops.mynah.generate_lines()


def test_strips_of_another_scene(voice: Path) -> None:
    """As since 5.0, where the Sequencer may show a scene of its own."""
    from blender_addon.dialogue.filling import fill_from_strips

    scene, edit = bpy.context.scene, bpy.data.scenes.new("Edit")
    edit.render.fps = 48
    edit.sequence_editor_create().strips.new_sound("Anna 1", str(voice), 1, 49)
    make_face("Anna")
    fill_from_strips(scene, edit, only_selected=False)
    made = order_of(lines()[0])
    assert (made.line.fps, made.start_frame, made.line.end_s) == (24.0, 49.0, 0.0)


# --- markers --------------------------------------------------------------------------------------


def mark(**frames: int) -> None:
    for name, frame in frames.items():
        bpy.context.scene.timeline_markers.new(name.replace("__", ": "), frame=frame)


def test_markers_cut_a_strip(long_voice: Path) -> None:
    anna, ben = make_face("Anna"), make_face("Ben")
    strip = add_strip("session", long_voice, 1, 25)
    strip.select = True
    trim(strip, 24, 0)
    mark(Anna=10, Anna__hello=49, Ben=97)
    bpy.context.scene.timeline_markers.new("-", frame=145)
    bpy.context.scene.timeline_markers.new("Anna", frame=193)
    bpy.context.scene.timeline_markers.new("Ben", frame=5000)
    assert bpy.ops.mynah.lines_from_markers() == {"FINISHED"}
    assert [line.name for line in lines()] == ["hello", "session 1", "session 2"]
    assert [line.character for line in lines()] == [anna, ben, anna]
    cuts = [order_of(line) for line in lines()]
    assert [(cut.line.start_s, cut.line.end_s, cut.start_frame) for cut in cuts] == [
        pytest.approx((1.0, 3.0, 49.0)),
        pytest.approx((3.0, 5.0, 97.0)),
        pytest.approx((7.0, 10.0, 193.0)),
    ]


def test_markers_cut_a_file(long_voice: Path) -> None:
    make_face("Anna")
    bpy.context.scene.mynah.start_frame = 101.0
    mark(Anna__one=101, Anna__two=125)
    bpy.ops.mynah.lines_from_markers(filepath=str(long_voice))
    cuts = [order_of(line) for line in lines()]
    assert [(cut.line.start_s, cut.line.end_s, cut.start_frame) for cut in cuts] == [
        (0.0, 1.0, 101.0),
        (1.0, 0.0, 125.0),
    ]


def test_marker_lines_follow_their_strip(long_voice: Path) -> None:
    make_face("Anna")
    strip = add_strip("session", long_voice, 1, 1)
    strip.select = True
    mark(Anna__one=49, Anna__two=97)
    bpy.ops.mynah.lines_from_markers()
    trim(strip, 72, 0)  # into the first line
    cuts = [order_of(line) for line in lines()]
    assert [(cut.line.start_s, cut.start_frame) for cut in cuts] == [(3.0, 73.0), (4.0, 97.0)]
    trim(strip, 48, 0)  # behind it
    with pytest.raises(Exception, match="no longer plays the seconds 2 to 4"):
        order_of(lines()[0])


def test_no_marker_is_said(long_voice: Path) -> None:
    add_strip("session", long_voice, 1, 1).select = True
    with pytest.raises(RuntimeError, match="No marker lies within 'session'"):
        bpy.ops.mynah.lines_from_markers()
    bpy.context.scene.sequence_editor.strips_all[0].select = False
    with pytest.raises(RuntimeError, match="Select the long sound strip"):
        bpy.ops.mynah.lines_from_markers()


# --- sheets and folders ---------------------------------------------------------------------------


def write(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows), "utf-8")
    return path


def test_a_sheet_fills_the_list(voice: Path, tmp_path: Path) -> None:
    anna = make_face("Anna")
    sheet = write(
        tmp_path / "lines.csv",
        "line,character,audio,start,from_s,to_s,style,strength,seed,quality,text,note",
        "010,Anna,line.wav,101,0.5,1.5,angry@0.7 + tired:brows,0.8,4,best,Hello!,x",
        "020,Ben,line.wav,00:00:10:00,,,,,,,,",
    )
    assert bpy.ops.mynah.lines_from_sheet(filepath=str(sheet)) == {"FINISHED"}
    first, second = lines()
    assert (first.name, first.speaker, first.character) == ("010", "Anna", anna)
    assert (second.name, second.speaker, second.character) == ("020", "Ben", None)
    made = order_of(first)
    assert (made.line.start_s, made.line.end_s, made.start_frame) == (0.5, 1.5, 101.0)
    assert made.line.styles == (
        m.StyleUse("angry", pytest.approx(0.7)),
        m.StyleUse("tired", 1.0, "brows"),
    )
    assert (made.line.seed, made.line.quality) == (4, m.Quality.best)
    assert made.line.text == "Hello!"
    assert style_title(first) == "angry + tired"
    assert second.start_frame == 240.0
    first.styles[0].weight, first.brows = 0.2, 0.3
    write(sheet, "line,character,audio,start", "010,Anna,line.wav,90", "030,Anna,line.wav,300")
    bpy.ops.mynah.lines_from_sheet(filepath=str(sheet))
    first = lines()[0]
    assert [line.name for line in lines()] == ["010", "020", "030"]
    assert (first.start_frame, first.brows) == (90.0, pytest.approx(0.3))
    assert first.styles[0].weight == pytest.approx(0.2), "an empty cell takes nothing away"


def test_a_sheet_with_faults_tells_them_all_and_changes_nothing(
    voice: Path, tmp_path: Path
) -> None:
    sheet = write(
        tmp_path / "lines.csv",
        "line,audio,start,quality",
        "a,line.wav,1,normal",
        "b,gone.wav,1,normal",
        "c,line.wav,soon,normal",
        "d,line.wav,1,superb",
    )
    with pytest.raises(RuntimeError) as told:
        bpy.ops.mynah.lines_from_sheet(filepath=str(sheet))
    for words in ("3 rows of 'lines.csv'", "Row 3: ", "gone.wav", "Row 4: ", "Row 5: ", "superb"):
        assert words in str(told.value)
    assert not lines()


def test_a_folder_fills_the_list(voice: Path, tmp_path: Path) -> None:
    anna, ben = make_face("Anna"), make_face("Ben")
    folder = tmp_path / "recordings"
    for name in ("Anna_2.wav", "Anna_10.wav", "Ben/one.wav", "stranger.wav"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(voice.read_bytes())
    assert bpy.ops.mynah.lines_from_folder(directory=str(folder)) == {"FINISHED"}
    found = {line.name: line.character for line in lines()}
    assert found == {"Anna_2": anna, "Anna_10": anna, "one": ben, "stranger": None}
    assert bpy.ops.mynah.lines_from_folder(directory=str(folder)) == {"FINISHED"}
    assert len(lines()) == 4


def test_the_list_as_a_sheet_and_back(voice: Path, tmp_path: Path) -> None:
    make_face("Anna")
    trim(add_strip("Anna 1", voice, 1, 10), 12, 6)
    bpy.ops.mynah.lines_from_strips()
    line = lines()[0]
    line.style_strength, line.seed, line.quality = 0.5, 3, "draft"
    row = line.add_style()
    row.style_name, row.weight, row.region = "angry", 0.5, "brows"
    row = line.add_style()
    row.style_name, row.from_frame = "tired", 40
    sheet = tmp_path / "out.csv"
    assert bpy.ops.mynah.export_sheet(filepath=str(sheet)) == {"FINISHED"}
    before = order_of(line)
    assert before.line.styles[1].start_s == 0.75
    bpy.ops.mynah.remove_line(which="ALL")
    assert not lines()
    bpy.ops.mynah.lines_from_sheet(filepath=str(sheet))
    after = order_of(lines()[0])
    assert (after.line, after.start_frame, after.name) == (
        before.line,
        before.start_frame,
        before.name,
    )
    assert lines()[0].styles[1].from_frame == 40


# --- the list -------------------------------------------------------------------------------------


def test_rigs_are_found_by_the_names_of_their_faces() -> None:
    rig, face, teeth = make_rig(), make_face("Anna_face"), make_face("Anna_teeth")
    rig.name = "Anna_rig"
    face.parent = teeth.parent = rig
    make_face("Bare", shapes=())
    assert set(characters_in(bpy.context.scene)) == {rig, face, teeth}
    from blender_addon.dialogue.cast import cast_speaker

    assert cast_speaker(bpy.context.scene, "anna") == rig
    assert cast_speaker(bpy.context.scene, "Zoe") is None


def test_the_panels_show_the_chosen_line(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    context, scene = bpy.context, bpy.context.scene
    scene.mynah.brows = 0.25
    assert settings_of(context) == scene.mynah
    bpy.ops.mynah.add_line()
    line = lines()[0]
    assert settings_of(context) == line
    assert (line.name, line.character, line.brows) == ("line", face, 0.25)
    assert (line_name(context), character_of(context)) == ("line", face)
    bpy.ops.mynah.add_line()
    assert settings_of(context) == lines()[1]
    lines()[1].character = None
    assert character_of(context) is None, "nobody is guessed to speak a line of the list"
    assert disabled_reason(context)
    scene.mynah_dialogue.active = 0
    assert bpy.ops.mynah.generate() == {"FINISHED"}
    assert bpy.ops.mynah.new_take() == {"FINISHED"}
    assert (line.seed, scene.mynah.seed) == (1, 0)
    scene.mynah_dialogue.active = 1
    bpy.ops.mynah.remove_line()
    bpy.ops.mynah.generate_lines()
    assert session.outcome.message == "0 of 1 lines made, 1 had not changed."


def test_settings_are_copied_but_never_who_says_what(
    face: bpy.types.Object, voice: Path, tmp_path: Path
) -> None:
    dialogue = bpy.context.scene.mynah_dialogue
    for name, speaker in (("a", "Anna"), ("b", "Anna"), ("c", "Ben")):
        line = dialogue.add_line(name, speaker)
        line.audio_path, line.seed = f"{name}.wav", len(name)
    first = lines()[0]
    first.brows, first.quality, first.key_interpolation, first.mute_gaze = (
        0.5,
        "best",
        "linear",
        True,
    )
    row = first.add_style()
    row.style_name, row.weight, row.from_frame = "angry", 0.5, 30
    first.character, dialogue.active = face, 0
    bpy.ops.mynah.copy_line_settings(to="SPEAKER")
    assert [line.brows for line in lines()] == [0.5, 0.5, 1.0]
    lines()[2].is_ticked = True
    bpy.ops.mynah.copy_line_settings(to="TICKED")
    last = lines()[2]
    assert (last.quality, last.key_interpolation, last.mute_gaze) == ("best", "linear", True)
    assert [(s.style_name, s.weight, s.from_frame) for s in last.styles] == [("angry", 0.5, 0)]
    assert (last.audio_path, last.character, last.speaker) == ("c.wav", None, "Ben")


def test_lines_are_moved_removed_sorted_and_found() -> None:
    dialogue = bpy.context.scene.mynah_dialogue
    for name, speaker, start in (("x", "Ben", 30), ("y", "Anna", 20), ("z", "anna", 10)):
        dialogue.add_line(name, speaker).start_frame = start
    assert places_of(lines(), "LIST") == []
    assert places_of(lines(), "START") == [2, 1, 0]
    assert places_of(lines(), "SPEAKER") == [2, 1, 0]
    assert [has_words(line, ["ann", "y"]) for line in lines()] == [False, True, False]
    dialogue.active = 0
    bpy.ops.mynah.move_line(direction="DOWN")
    assert ([line.name for line in lines()], dialogue.active) == (["y", "x", "z"], 1)
    bpy.ops.mynah.remove_line()
    assert [line.name for line in lines()] == ["y", "z"]
    for line in lines():
        line.is_ticked = True
    bpy.ops.mynah.remove_line(which="TICKED")
    assert not lines()
