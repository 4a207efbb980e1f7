"""Dialogue sheets and folders: every row that people write is read, or told to be wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import Quality, StyleUse
from mynah_shared.scene.dialogue import DialogueLine, repeated_names
from mynah_shared.scene.folder import lines_in_folder
from mynah_shared.scene.sheet import COLUMNS, SheetError, read_sheet, write_sheet
from mynah_shared.scene.style_words import (
    parse_style,
    parse_styles,
    read_tags,
    style_file,
    write_styles,
)
from mynah_shared.scene.timecode import parse_frame

# --- styles in words -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "styles"),
    [
        ("", ()),
        ("angry", (StyleUse("angry"),)),
        ("radio voice@0.5", (StyleUse("radio voice", 0.5),)),
        ("tired:brows", (StyleUse("tired", 1.0, "brows"),)),
        ("a+b.csv@2:lips + warm", (StyleUse("a+b.csv", 2.0, "lips"), StyleUse("warm"))),
        (r"C:\takes\one.csv@0.3", (StyleUse(r"C:\takes\one.csv", 0.3),)),
        ("warm + sly from 2.5", (StyleUse("warm"), StyleUse("sly", start_s=2.5))),
        ("a b.csv@0.5:head from 12", (StyleUse("a b.csv", 0.5, "head", start_s=12.0),)),
        ("sly@2 from 0.0001", (StyleUse("sly", 2.0, start_s=0.0001),)),
        ("man from mars", (StyleUse("man from mars"),)),
        ("man from mars from 3", (StyleUse("man from mars", start_s=3.0),)),
    ],
)
def test_styles_are_read_as_written(words: str, styles: tuple[StyleUse, ...]) -> None:
    assert parse_styles(words) == styles
    assert parse_styles(write_styles(styles)) == styles


@pytest.mark.parametrize(
    "words", ["angry@much", "angry@", "angry@nan", "angry@inf:brows", "sly@x from 2"]
)
def test_a_weight_that_is_none_is_a_sentence(words: str) -> None:
    with pytest.raises(BadInputError, match="is no weight; write a number"):
        parse_style(words)


def test_a_style_that_begins_later_keeps_its_moment(tmp_path: Path) -> None:
    line = DialogueLine("one", tmp_path / "a.wav", styles=parse_styles("a + clips/b.csv from 2"))
    made = line.to_line(24.0, tmp_path)
    assert made.styles == (StyleUse("a"), StyleUse("b.csv", start_s=2.0))
    assert made.style_clips == (None, tmp_path / "clips/b.csv")


def test_tags_have_commas_between_them() -> None:
    assert read_tags(" angry, radio voice ,,") == ("angry", "radio voice")


def test_a_clip_is_a_file_and_a_name_is_not(tmp_path: Path) -> None:
    (tmp_path / "odd").write_text("")
    assert style_file("angry", tmp_path) is None
    assert style_file("Take.CSV", tmp_path) == tmp_path / "Take.CSV"
    assert style_file("odd", tmp_path) == tmp_path / "odd"


# --- where a line begins -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "fps", "frame"),
    [
        ("101", 24, 101),
        ("-12.5", 24, -12.5),
        ("00:00:04:05", 24, 101),
        ("01:00:00:00", 25, 90_000),
        ("00:01:00;02", 30_000 / 1001, 1800),
        ("00:10:00;00", 30_000 / 1001, 17_982),
        ("00:01:00;04", 60_000 / 1001, 3600),
        ("00:01:00:00", 24_000 / 1001, 1440),
    ],
)
def test_frames_and_timecodes(text: str, fps: float, frame: float) -> None:
    assert parse_frame(text, fps) == frame


@given(minute=st.integers(0, 59), second=st.integers(0, 59), frame=st.integers(0, 29))
def test_drop_frame_numbers_follow_each_other(minute: int, second: int, frame: int) -> None:
    fps = 30_000 / 1001
    is_dropped = second == 0 and frame < 2 and minute % 10
    if is_dropped:
        return
    count = parse_frame(f"00:{minute:02}:{second:02};{frame:02}", fps)
    true_s = count / fps
    assert abs(true_s - (60 * minute + second + frame / 30)) < 0.07  # what drop-frame is for


@pytest.mark.parametrize(
    ("text", "fps", "sentence"),
    [
        ("soon", 24, "neither a frame nor a timecode"),
        ("nan", 24, "is no frame"),
        ("1e99", 24, "is no frame"),
        ("00:00:04:24", 24, "names frame 24 of a second, which has only 24"),
        ("00:61:04:00", 24, "neither a frame nor a timecode"),
        ("00:00:04;05", 24, "drop-frame timecode, which only 29.97 and 59.94"),
        ("00:00:04;05", 30, "drop-frame timecode, which only 29.97 and 59.94"),
    ],
)
def test_what_is_no_frame_is_a_sentence(text: str, fps: float, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        parse_frame(text, fps)


# --- sheets --------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "vo").mkdir()
    for name in ("anna_1.wav", "anna_2.wav", "ben, or so.wav"):
        (tmp_path / "vo" / name).write_bytes(b"RIFF")
    (tmp_path / "take.csv").write_text("")
    return tmp_path


def sheet(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "scene 4.csv"
    path.write_text(text, encoding, newline="")
    return path


def test_a_sheet_of_a_spreadsheet_is_read(folder: Path) -> None:
    """With a byte-order mark, Windows' line ends, quotes, an empty row and a column of notes."""
    path = sheet(
        folder,
        "Line,Character,Audio,Start,Style,Strength,Seed,Quality,Notes,From S\r\n"
        'a1,Anna,vo/anna_1.wav,00:00:01:00,"take.csv@0.5 + warm:brows",1.5,7,Best,"a\r\nb",\r\n'
        ",,,,,,,,,\r\n"
        ',Ben,"vo/ben, or so.wav",12.5,,,,,,0.25\r\n',
        "utf-8-sig",
    )
    found = read_sheet(path, fps=24)
    assert found.rows == (2, 4)
    assert found.ignored_columns == ("notes",)
    anna, ben = found.lines
    assert anna == DialogueLine(
        name="a1",
        audio=folder / "vo/anna_1.wav",
        character="Anna",
        start_frame=24,
        styles=(StyleUse("take.csv", 0.5), StyleUse("warm", 1.0, "brows")),
        strength=1.5,
        seed=7,
        quality=Quality.best,
    )
    assert (ben.name, ben.start_frame, ben.from_s, ben.styles) == ("ben, or so", 12.5, 0.25, ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_any_delimiter_of_spreadsheets(folder: Path, delimiter: str) -> None:
    path = sheet(folder, f"audio{delimiter}line\nvo/anna_1.wav{delimiter}one\n")
    assert read_sheet(path).lines[0].name == "one"


def test_all_faults_are_told_at_once_by_row(folder: Path) -> None:
    path = sheet(
        folder,
        "audio,line,style,seed,quality,start,strength\n"
        "vo/anna_1.wav,one,,,,,\n"
        "vo/nobody.wav,two,,,,,\n"
        ",three,,,,,\n"
        "vo/anna_2.wav,four,lost.csv,,,,\n"
        "vo/anna_2.wav,five,,1.5,,,\n"
        "vo/anna_2.wav,six,,,fast,,\n"
        "vo/anna_2.wav,seven,,,,soon,\n"
        "vo/anna_2.wav,eight,,,,,-1\n"
        "vo/anna_2.wav,ONE,,,,,\n",
    )
    with pytest.raises(SheetError) as caught:
        read_sheet(path)
    told = {fault.row: fault.sentence for fault in caught.value.faults}
    assert list(told) == [3, 4, 5, 6, 7, 8, 9, 10]
    for row, words in {
        3: "'vo/nobody.wav' does not exist",
        4: "The column 'audio' is empty",
        5: "The style clip 'lost.csv' does not exist",
        6: "'1.5' in the column 'seed' is no whole number",
        7: "There is no quality 'fast'; use draft, normal, best",
        8: "'soon' is neither a frame nor a timecode",
        9: "'-1' in the column 'strength' is no number from 0 on",
        10: "The line 'ONE' is also in row 2",
    }.items():
        assert words in told[row]
    assert str(caught.value).startswith("8 rows of 'scene 4.csv' can't be used")


def test_a_thousand_faults_are_a_short_text(folder: Path) -> None:
    path = sheet(folder, "audio\n" + "gone.wav\n" * 1000)
    with pytest.raises(SheetError, match=r"… and 990 more\.$") as caught:
        read_sheet(path)
    assert len(str(caught.value)) < 2000


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has no column 'audio'; its first row must name the columns: line, character"),
        (b"line,start\na,1\n", "has no column 'audio'"),
        (b"audio,audio\na,b\n", "has the column 'audio' twice"),
        (b"audio\n", "has no rows below the names"),
        (b"audio\n\xff\xfe\x00\n", "is not UTF-8; save it as 'CSV UTF-8'"),
        (b'audio\n"never closed', "is no table in CSV"),
    ],
)
def test_what_is_no_sheet_is_a_sentence(folder: Path, content: bytes, sentence: str) -> None:
    path = folder / "odd.csv"
    path.write_bytes(content)
    with pytest.raises(BadInputError, match=sentence):
        read_sheet(path)


def test_a_lost_sheet_is_a_sentence(folder: Path) -> None:
    with pytest.raises(BadInputError, match="can't be read"):
        read_sheet(folder / "gone.csv")


def test_what_was_written_is_read_again(folder: Path) -> None:
    lines = (
        DialogueLine(
            "one",
            folder / "vo/anna_1.wav",
            "Anna",
            start_frame=1001.25,
            from_s=0.1,
            to_s=2 / 3,
            styles=(StyleUse("take.csv", 0.5), StyleUse("warm", 1.0, "brows")),
            strength=0.0,
            seed=2**62,
            quality=Quality.draft,
            model="mynah",
            text='He said "no",\nand left; then + came back',
        ),
        DialogueLine("two", folder / "vo/ben, or so.wav"),
    )
    path = folder / "again.csv"
    write_sheet(lines, path)
    assert read_sheet(path).lines == lines
    assert not list(folder.glob("*.part"))


def test_every_column_is_read(folder: Path) -> None:
    """None of them is a name that nobody looks at."""
    cells = dict.fromkeys(COLUMNS, "") | {"audio": "vo/anna_1.wav"}
    for column in set(COLUMNS) - {"audio", "line", "character", "model", "text"}:
        bad = cells | {column: "lost.csv" if column == "style" else "?"}
        path = sheet(folder, ",".join(bad) + "\n" + ",".join(bad.values()) + "\n")
        with pytest.raises(SheetError):
            read_sheet(path)


def test_the_request_names_files_by_their_names(folder: Path) -> None:
    path = sheet(folder, "audio,style\nvo/anna_1.wav,take.csv@0.5 + warm\n")
    line = read_sheet(path).lines[0].to_line(25, folder)
    assert line.styles == (StyleUse("take.csv", 0.5), StyleUse("warm"))
    assert line.style_clips == (folder / "take.csv", None)
    assert line.audio == folder / "vo/anna_1.wav"
    bare = DialogueLine("x", folder / "vo/anna_2.wav").to_line(25)
    assert bare.styles == (StyleUse("neutral"),)


# --- folders -------------------------------------------------------------------------------------


def test_recordings_find_their_characters(tmp_path: Path) -> None:
    names = (
        "Anna-010.wav",
        "anna_maria_2.WAV",
        "anna_maria_10.flac",
        "annabel 1.wav",
        "ben/whatever.ogg",
        "notes.txt",
        ".hidden.wav",
    )
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = lines_in_folder(tmp_path, ["Anna", "Anna Maria", "Ben"])
    assert [(line.name, line.character) for line in found] == [
        ("Anna-010", "Anna"),
        ("anna_maria_2", "Anna Maria"),
        ("anna_maria_10", "Anna Maria"),
        ("annabel 1", ""),
        ("whatever", "Ben"),
    ]


@pytest.mark.parametrize("name", ["empty", "gone"])
def test_a_folder_without_recordings_is_a_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInputError, match=r"holds no recordings|doesn't exist"):
        lines_in_folder(tmp_path / name)


def test_repeated_names_are_found() -> None:
    lines = [
        DialogueLine(name, Path("a.wav"), who)
        for name, who in [("a", "X"), ("A", "Y"), ("b", "X"), ("A", "x")]
    ]
    assert repeated_names(lines) == [(0, 3)]
