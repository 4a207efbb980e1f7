"""Styles as files and in folders: what goes in comes out, and nothing is half there."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mynah_daemon.styles import library as library_module
from mynah_daemon.styles.library import SHIPPED, StyleLibrary
from mynah_daemon.styles.quality import count_blinks, judge_clip
from mynah_daemon.styles.style_file import Style, StyleInfo, read_style, write_style
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import EYES, HEAD, LIPS, REST
from mynah_shared.scene.style_words import LIBRARY_SUFFIX

PNG = b"\x89PNG\r\n\x1a\n and the rest"
JAW, SMILE = ARKIT_CHANNELS.index("jawOpen"), ARKIT_CHANNELS.index("mouthSmileLeft")
LIDS = [ARKIT_CHANNELS.index(f"eyeBlink{side}") for side in ("Left", "Right")]


def speaker(seconds: float = 12.0, fps: float = 30.0, seed: int = 0) -> MotionClip:
    """Somebody who speaks at four syllables a second, moves all of the face and blinks."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(seconds * fps)) / fps
    pace = rng.uniform(0.3, 1.5, len(ARKIT_CHANNELS))
    values = 0.1 + 0.1 * np.sin(2 * np.pi * pace * times[:, None])
    values[:, JAW] = 0.2 + 0.2 * np.sin(2 * np.pi * 4 * times)
    values[:, LIDS] = ((times % 3) < 0.2)[:, None]
    return MotionClip(fps, ARKIT_CHANNELS, values)


def style(name: str, *tags: str, seed: int = 0) -> Style:
    return Style(StyleInfo(name, tags, "Loud.", "take 3", "ours"), speaker(seed=seed), PNG)


@pytest.fixture
def library(tmp_path: Path) -> StyleLibrary:
    return StyleLibrary(tmp_path / "styles")


def names(library: StyleLibrary) -> list[str]:
    return [s.info.name for s in library.list() if not s.shipped]


# --- files --------------------------------------------------------------------------------------


def test_a_style_comes_back_from_its_file(tmp_path: Path) -> None:
    written = style("Ärger (laut)", "angry", "radio voice")
    write_style(written, tmp_path / "a.mynahstyle")
    found = read_style(tmp_path / "a.mynahstyle")
    assert found.info == written.info
    assert found.picture == PNG
    assert (found.clip.fps, found.clip.channels) == (30.0, ARKIT_CHANNELS)
    np.testing.assert_array_equal(found.clip.values, written.clip.values)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mynahstyle"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"",
        lambda _: b"no archive",
        lambda data: data[: len(data) // 2],
        lambda data: data[:2000] + bytes(200) + data[2200:],
        lambda data: data.replace(b"meta.npy", b"beta.npy"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, damage: object) -> None:
    path = tmp_path / "broken.mynahstyle"
    write_style(style("a"), path)
    path.write_bytes(damage(path.read_bytes()))  # type: ignore[operator]
    with pytest.raises(BadInputError, match=r"'broken\.mynahstyle' is not a style"):
        read_style(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"meta": np.array('{"name": "../escape"}')},
        {"meta": np.array('{"name": "a", "tags": [1]}')},
        {"meta": np.array("[]")},
        {"picture": np.frombuffer(b"GIF89a", np.uint8)},
        {"values": np.zeros((3, 7))},
        {"values": np.full((3, 55), np.nan)},
        {"values": np.array([object()])},
    ],
)
def test_foreign_content_is_refused(tmp_path: Path, changes: dict[str, np.ndarray]) -> None:
    path = tmp_path / "a.mynahstyle"
    write_style(style("a"), path)
    with np.load(path) as content:
        arrays = {**content, **changes}
    with path.open("wb") as file:
        np.savez(file, **arrays)
    with pytest.raises(BadInputError):
        read_style(path)


def test_a_file_that_unpacks_to_pickles_runs_nothing(tmp_path: Path) -> None:
    path, trace = tmp_path / "a.mynahstyle", tmp_path / "trace"
    write_style(style("a"), path)

    class Mine:
        def __reduce__(self) -> object:
            return os.mkdir, (str(trace),)

    np.save(tmp_path / "values.npy", np.array([Mine()]), allow_pickle=True)
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts["values.npy"] = (tmp_path / "values.npy").read_bytes()
    with zipfile.ZipFile(path, "w") as new:
        for name, data in parts.items():
            new.writestr(name, data)
    with pytest.raises(BadInputError):
        read_style(path)
    assert not trace.exists()


# --- the library --------------------------------------------------------------------------------


def test_styles_are_found_by_name_and_by_tag(library: StyleLibrary) -> None:
    library.add(style("Zora", "hero"))
    library.add(style("Abel", "Hero", "captain"))
    assert library.find("zora").info.name == "Zora"
    assert library.find("HERO").info.name == "Abel"  # the first by name
    assert library.list()[0].info.name == "neutral"
    with pytest.raises(BadInputError, match=r"no style and no tag 'villa'.*Abel"):
        library.find("villa")


def test_names_are_taken_whatever_their_capitals(library: StyleLibrary) -> None:
    library.add(style("Hero"))
    with pytest.raises(BadInputError, match="There is a style 'HERO' already"):
        library.add(style("HERO", seed=1))
    library.add(style("HERO", "new", seed=1), replace=True)
    assert names(library) == ["HERO"]
    assert library.find("hero").info.tags == ("new",)
    assert [path.name for path in library.folder.iterdir()] == [f"HERO{LIBRARY_SUFFIX}"]


def test_a_replaced_file_is_read_anew(library: StyleLibrary) -> None:
    for tag in ("first", "other"):
        library.add(style("Hero", tag), replace=True)
        assert library.find("hero").info.tags == (tag,)


def test_only_own_styles_can_be_removed_and_only_by_name(
    library: StyleLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library_module, "SHIPPED", tmp_path / "shipped")
    (tmp_path / "shipped").mkdir()
    write_style(style("Hero", "shipped"), tmp_path / "shipped" / f"Hero{LIBRARY_SUFFIX}")
    library.add(style("hero", "mine", seed=1))
    assert library.find("hero").info.tags == ("mine",)  # hides the shipped one
    with pytest.raises(BadInputError, match="There is no style 'mine'"):
        library.remove("mine")
    library.remove("HERO")
    assert library.find("hero").info.tags == ("shipped",)
    with pytest.raises(BadInputError, match="belongs to Mynah and can't be removed"):
        library.remove("hero")


def test_the_neutral_style_is_nobodys(library: StyleLibrary) -> None:
    with pytest.raises(BadInputError, match="choose another name"):
        library.add(style("Neutral"))
    with pytest.raises(BadInputError, match="belongs to Mynah"):
        library.remove("neutral")


def test_a_file_that_can_not_be_read_is_left_out_until_it_is_asked_for(
    library: StyleLibrary,
) -> None:
    library.add(style("good"))
    (library.folder / f"bad{LIBRARY_SUFFIX}").write_bytes(b"broken")
    assert names(library) == ["good"]
    with pytest.raises(BadInputError, match=r"'bad\.mynahstyle' is not a style"):
        library.find("Bad")
    with pytest.raises(BadInputError, match="There is a style 'bad' already"):
        library.add(style("bad"))
    library.add(style("bad"), replace=True)
    assert names(library) == ["bad", "good"]


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    library = StyleLibrary(tmp_path / "file" / "styles")
    assert names(library) == []
    with pytest.raises(BadInputError, match=r"Can't make the folder .*styles"):
        library.add(style("hero"))


def test_a_folder_that_can_not_be_written_leaves_nothing(
    library: StyleLibrary, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a full disk, which a test can't have: the last step fails."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    library.add(style("old"))
    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(BadInputError, match=r"Can't write .*new\.mynahstyle: No space left"):
        library.add(style("new"))
    assert [path.name for path in library.folder.iterdir()] == [f"old{LIBRARY_SUFFIX}"]


def test_the_starter_set_has_a_picture_a_licence_and_tags_of_its_own(library: StyleLibrary) -> None:
    shipped = [read_style(s.path) for s in library.list() if s.path]
    assert len(shipped) >= 12
    for item in shipped:
        assert item.picture
        assert item.info.licence == "Apache-2.0"
        assert item.info.provenance
        assert item.info.description
        assert len(item.info.tags) >= 3
        assert not judge_clip(item.clip).warnings
    words = [word for item in shipped for word in (item.info.name, *item.info.tags)]
    assert len(set(words)) == len(words)
    sizes = [path.stat().st_size for path in SHIPPED.iterdir()]
    assert max(sizes) <= 60_000
    assert sum(sizes) <= 1_000_000


# --- quality ------------------------------------------------------------------------------------


def still(clip: MotionClip, *channels: str) -> MotionClip:
    values = clip.values.copy()
    values[:, [ARKIT_CHANNELS.index(name) for name in channels]] = 0.3
    return MotionClip(clip.fps, clip.channels, values)


def test_a_good_clip_has_no_warnings_at_any_rate() -> None:
    for fps in (24.0, 25.0, 60.0):
        quality = judge_clip(speaker(fps=fps))
        assert quality.warnings == ()
        assert quality.speaking == 1.0
        assert quality.live_channels == 55
        assert quality.blinks_per_s == pytest.approx(1 / 3, abs=0.01)
        assert quality.duration_s == pytest.approx(12.0)
        assert 5 < quality.head_deg < 9  # 0.1 rad of sine about each of three axes


@pytest.mark.parametrize(
    ("clip", "sentences"),
    [
        (speaker(4.0), ["It lasts 4.0 s, too short to show how often the eyes blink"]),
        (still(speaker(), *HEAD), ["The head never moves"]),
        (still(speaker(), "eyeBlinkLeft", "eyeBlinkRight"), ["The eyes never blink"]),
        (still(speaker(), *EYES, *REST), ["It shows no upper face"]),
        (still(speaker(), *LIPS), ["The mouth moves as in speech for 0% of the time"]),
        (
            still(speaker(), *EYES, *REST, *HEAD, *LIPS[4:]),
            ["no upper face", "The head never moves", "Only 4 of 55 channels move"],
        ),
    ],
)
def test_what_a_clip_lacks_is_said(clip: MotionClip, sentences: list[str]) -> None:
    warnings = judge_clip(clip).warnings
    assert len(warnings) == len(sentences)
    for warning, sentence in zip(warnings, sentences, strict=True):
        assert sentence in warning


def test_a_slow_change_of_the_mouth_is_no_speech() -> None:
    values = speaker().values.copy()
    lips = [ARKIT_CHANNELS.index(name) for name in LIPS]
    values[:, lips] = 0.0
    times = np.arange(len(values)) / 30
    values[:, [SMILE, SMILE + 1]] = (0.3 + 0.3 * np.sin(2 * np.pi * times / 4))[:, None]
    assert judge_clip(MotionClip(30.0, ARKIT_CHANNELS, values)).speaking < 0.1


def test_channels_that_a_clip_lacks_count_as_still() -> None:
    clip = speaker()
    lips = MotionClip(clip.fps, LIPS, clip.select(LIPS).values)
    assert judge_clip(lips).live_channels == len(LIPS)


def test_a_wink_is_no_blink() -> None:
    values = np.zeros((100, 55), np.float32)
    values[20:24, LIDS[0]] = 0.9
    assert count_blinks(values, 25.0) == 0
    values[60:64, LIDS] = 0.9
    assert count_blinks(values, 25.0) == 1
