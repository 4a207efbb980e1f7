"""`mynah styles` as a person uses it, on a folder of its own."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mynah_daemon import cli
from mynah_daemon.clip_files import read_clip, write_clip
from mynah_daemon.config import config_from_environment
from mynah_daemon.styles.library import StyleLibrary
from mynah_daemon.styles.style_file import Style, StyleInfo, read_style, write_style
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from tests.inference_daemon.test_style_library import PNG, speaker


@pytest.fixture
def take(tmp_path: Path) -> Path:
    path = tmp_path / "take.csv"
    write_clip(speaker(), path)
    return path


def styles(*arguments: object) -> int:
    return cli.main(["styles", *map(str, arguments)])


def own() -> list[str]:
    """Names in the user's folder, also of files that are no styles."""
    folder = config_from_environment().style_dir
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    before = own()
    assert styles(*arguments) == 2
    assert own() == before
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_a_take_becomes_a_style(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = ("--description", "Loud.", "--provenance", "take 3", "--licence", "ours")
    assert styles("add", "Hero", take, "--tag", "brave", "--tag", "radio", *texts) == 0
    told = capsys.readouterr().out
    assert "Added 'Hero'." in told
    assert "12.0 s, 360 frames at 30 fps" in told
    assert "warning" not in told
    style = StyleLibrary(config_from_environment().style_dir).find("brave")
    assert style.info == StyleInfo("Hero", ("brave", "radio"), "Loud.", "take 3", "ours")
    assert style.path is not None
    stored = read_style(style.path)
    np.testing.assert_allclose(stored.clip.values, read_clip(take).values)
    with Image.open(io.BytesIO(stored.picture)) as strip:
        assert strip.size == (768, 160)


def test_a_part_of_a_take_and_what_it_lacks(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert styles("add", "part", take, "--start", 2, "--end", 6.5) == 0
    told = capsys.readouterr().out
    assert "4.5 s, 135 frames" in told
    assert "warning:     It lasts 4.5 s, too short to show how often the eyes blink" in told
    path = config_from_environment().style_dir / "part.mynahstyle"
    np.testing.assert_allclose(read_style(path).clip.values, read_clip(take).values[60:195])


def test_the_list_as_text_and_for_programs(take: Path, capsys: pytest.CaptureFixture[str]) -> None:
    styles("add", "Hero", take, "--tag", "Brave")
    capsys.readouterr()
    assert styles("list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["NAME", "TAGS", "SECONDS", "DESCRIPTION"]
    assert lines[1].startswith("neutral ")
    assert any(line.split()[:3] == ["Hero", "Brave", "12.0"] for line in lines)
    assert styles("list", "--tag", "brave", "--json") == 0
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry == {
        "name": "Hero", "tags": ["Brave"], "description": "", "provenance": "", "licence": "",
        "seconds": 12.0, "shipped": False,
    }  # fmt: skip
    styles("list", "--json")
    everything = json.loads(capsys.readouterr().out)
    assert sum(entry["shipped"] for entry in everything) >= 13  # the starter set and neutral


def test_an_animator_finds_what_low_tier_lines_need(capsys: pytest.CaptureFixture[str]) -> None:
    for tag in ("angry", "tired", "radio voice", "furious", "news"):
        assert styles("show", tag) == 0, tag
    assert "made by Mynah's performer model" in capsys.readouterr().out


def test_show_tells_all_and_writes_the_picture(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    styles("add", "Hero", take, "--tag", "brave", "--licence", "ours")
    capsys.readouterr()
    picture = tmp_path / "hero.png"
    assert styles("show", "BRAVE", "--picture", picture) == 0
    told = capsys.readouterr().out
    for text in ("Hero", "brave", "ours", "Hero.mynahstyle", "per second"):
        assert text in told
    with Image.open(picture) as strip:
        assert strip.format == "PNG"
    assert styles("show", "neutral") == 0
    assert "It imitates no performance." in capsys.readouterr().out


def test_a_style_travels_as_one_file(
    take: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    styles("add", "Hero", take, "--tag", "brave")
    stored = (config_from_environment().style_dir / "Hero.mynahstyle").read_bytes()
    assert styles("export", "brave", tmp_path) == 0
    assert styles("export", "brave", tmp_path / "other.mynahstyle") == 0
    assert (tmp_path / "Hero.mynahstyle").read_bytes() == stored
    assert styles("remove", "hero") == 0
    assert own() == []
    assert styles("import", tmp_path / "other.mynahstyle") == 0
    assert own() == ["Hero.mynahstyle"]
    assert (config_from_environment().style_dir / "Hero.mynahstyle").read_bytes() == stored
    assert styles("import", tmp_path / "Hero.mynahstyle", "--replace") == 0


def test_files_are_imported_all_or_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / f"{name}.mynahstyle" for name in ("a", "b", "c")]
    for path in paths:
        write_style(Style(StyleInfo(path.stem), speaker(4.0), PNG), path)
    paths[1].write_bytes(b"broken")
    assert "'b.mynahstyle' is not a style" in refused(capsys, "import", *paths)
    write_style(Style(StyleInfo("A"), speaker(4.0)), paths[1])
    assert "Two of the files hold a style 'A'" in refused(capsys, "import", *paths)
    write_style(Style(StyleInfo("b"), speaker(1.0)), paths[1])
    assert "needs at least 3 s" in refused(capsys, "import", *paths)
    write_style(Style(StyleInfo("b"), speaker(4.0)), paths[1])
    assert styles("import", *paths) == 0
    assert own() == ["a.mynahstyle", "b.mynahstyle", "c.mynahstyle"]
    imported = read_style(config_from_environment().style_dir / "b.mynahstyle")
    assert imported.picture  # drawn, as the file had none
    capsys.readouterr()
    assert "There is a style 'a' already" in refused(capsys, "import", *paths)


def test_a_style_of_ones_own_may_hide_one_of_mynahs(
    take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert styles("add", "Angry", take) == 0
    assert "It hides the style 'Angry' that comes with Mynah" in capsys.readouterr().out
    assert styles("remove", "angry") == 0
    assert styles("show", "angry") == 0
    assert "comes with Mynah" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("add", "a/b", "TAKE"), "'a/b' can't name a style; use up to 60 letters"),
        (("add", "a", "TAKE", "--tag", "x@y"), "'x@y' can't be a tag; use up to 60 letters"),
        (("add", "neutral", "TAKE"), "'neutral' is the model's own manner; choose another"),
        (("add", "a", "no.csv"), "Can't read the clip 'no.csv'"),
        (("add", "a", "take.mp4"), "or make one of a video with `mynah capture`"),
        (("add", "a", "x.mynahstyle"), "is a style already; use `mynah styles import`"),
        (("add", "a", "TAKE", "--end", "2"), "lasts 2.0 s (60 frames); a style clip needs"),
        (("add", "a", "TAKE", "--start", "9", "--end", "5"), "the part from 9 s to 5 s is not in"),
        (("add", "a", "TAKE", "--start", "nan"), "the part from nan s to 12 s is not in it"),
        (("add", "a", "TAKE", "--end", "99"), "'take.csv' lasts 12.0 s; the part from 0 s to 99"),
        (("show", "nobody"), "There is no style and no tag 'nobody'; available: neutral"),
        (("show", "angry", "--picture", "a.jpg"), "as a .png file, not as 'a.jpg'"),
        (("show", "angry", "--picture", "no/a.png"), "Can't write no/a.png: No such file"),
        (("show", "neutral", "--picture", "a.png"), "there is no performance to show or export"),
        (("list", "--tag", "nothing"), "No style has the tag 'nothing'; the tags are: "),
        (("remove", "angry"), "The style 'angry' belongs to Mynah and can't be removed"),
        (("remove", "furious"), "There is no style 'furious'; available: "),
        (("export", "angry", "a.zip"), "exported as one .mynahstyle file, not as 'a.zip'"),
        (("export", "neutral", "a.mynahstyle"), "there is no performance to show or export"),
        (("import", "no.mynahstyle"), "Can't read the style 'no.mynahstyle': No such file"),
        (("import", "TAKE"), "'take.csv' is not a style of Mynah's"),
    ],
)
def test_a_mistake_is_one_sentence_and_leaves_everything_as_it_was(
    arguments: tuple[str, ...],
    sentence: str,
    take: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(take.parent)
    before = sorted(path.name for path in take.parent.iterdir())
    said = refused(capsys, *(str(take) if a == "TAKE" else a for a in arguments))
    assert sentence in said
    assert sorted(path.name for path in take.parent.iterdir()) == before


def test_a_take_that_never_moves_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_clip(MotionClip(30.0, ARKIT_CHANNELS, np.full((120, 55), 0.2)), tmp_path / "still.npz")
    said = refused(capsys, "add", "a", tmp_path / "still.npz")
    assert "'still.npz' never moves, so there is nothing to imitate" in said


def test_a_name_that_is_taken_is_not_overwritten(
    take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    styles("add", "Hero", take)
    capsys.readouterr()
    said = refused(capsys, "add", "hero", take, "--tag", "new")
    assert "There is a style 'hero' already; choose another name" in said
    assert styles("add", "hero", take, "--tag", "new", "--replace") == 0
    assert own() == ["hero.mynahstyle"]


def test_a_folder_that_can_not_be_written_is_named(
    take: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = config_from_environment().style_dir
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file where the folder should be")
    assert styles("add", "a", take) == 2
    assert f"Can't make the folder {folder}" in capsys.readouterr().err


def test_texts_of_other_people_do_not_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    evil = StyleInfo("evil", ("x",), "a\x1b[2Jb\nc", "d\x07e", "")
    write_style(Style(evil, speaker(4.0), PNG), tmp_path / "evil.mynahstyle")
    styles("import", tmp_path / "evil.mynahstyle")
    styles("list")
    styles("show", "evil")
    told = capsys.readouterr().out
    assert "a [2Jb c" in told
    assert "\x1b" not in told
    assert "\x07" not in told


def test_the_list_needs_no_scientific_library(repository: Path) -> None:
    """They take half a second to load, and hosts ask for lists."""
    code = (
        "import sys; from mynah_daemon.cli import main; main(['styles', 'list']);"
        "print([m for m in ('scipy', 'PIL', 'onnxruntime') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
