"""What `--report` writes: data that are right, kept where nothing changed, and never code."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from mynah_daemon.batch.metas import METAS_NAME
from mynah_daemon.pictures.head_asset import load_head
from mynah_daemon.review.flags import RULES, TITLES
from mynah_daemon.review.scripts import head_data, read_script, script, to_flac
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from tests.review.batches import FPS, MadeBatch, Spoken

NASTY = '</script><script>alert(1)</script>"\u2028'


def batch_of(page: Path) -> dict[str, Any]:
    return read_script((page.parent / "lines.js").read_bytes(), "setBatch")


def lines_of(page: Path) -> dict[str, dict[str, Any]]:
    return {line["output"]: line for line in batch_of(page)["lines"]}


def kinds(line: dict[str, Any]) -> list[str]:
    return [flag["kind"] for flag in line["flags"]]


def data_of(page: Path, name: str) -> dict[str, Any]:
    text = (page.parent / "lines" / f"{name}.js").read_bytes().decode("ascii")
    return read_script(text.replace(f'"{name}",', "", 1).encode(), "addLine")


def numbers(text: str, kind: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def test_a_line_has_its_sound_curves_and_phones(tmp_path: Path) -> None:
    made = MadeBatch(tmp_path, [Spoken("hello", cells={"from_s": "0.5"}, phones=[(0, 1, "AA")])])
    page = made.report()
    line = lines_of(page)["Anna/hello.csv"]
    data = data_of(page, line["id"])
    assert (data["fps"], data["duration"], data["phones"]) == (FPS, 1.0, [[0, 1, "AA"]])
    values = numbers(data["values"], "<i2").reshape(-1, 55) / head_data()["steps"]
    assert values[:, ARKIT_CHANNELS.index("jawOpen")].max() == pytest.approx(0.6, abs=0.01)
    sound, rate = soundfile.read(io.BytesIO(base64.b64decode(data["sound"])))
    original, _ = soundfile.read(made.folder / "vo/0.wav")
    assert rate == 16_000
    assert np.abs(sound - original[8000:]).max() < 1e-4
    peaks = numbers(data["peaks"], "u1")
    assert len(peaks) == 100
    assert peaks.max() == round(0.4 * 255)


def test_the_head_of_the_page_is_the_shipped_one() -> None:
    said, head = head_data(), load_head()
    positions = numbers(said["positions"], "<i2").reshape(-1, 3) * said["step_m"]
    assert np.allclose(positions, head.positions, atol=1e-7)
    moved = np.zeros_like(head.moves)
    moves = numbers(said["moves"], "<i2").reshape(3, -1).T * said["step_m"]
    vertices = numbers(said["moved_vertices"], "<u2")
    starts = [0, *said["shape_ends"]]
    for k, shape in enumerate(said["shapes"]):
        moved[shape, vertices[starts[k] : starts[k + 1]]] = moves[starts[k] : starts[k + 1]]
    assert np.allclose(moved, head.moves, atol=1e-7)
    assert tuple(said["channels"]) == ARKIT_CHANNELS


def test_every_file_that_the_page_loads_is_there(tmp_path: Path) -> None:
    page = MadeBatch(tmp_path, [Spoken("hello")]).report()
    text = page.read_text("utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert "three.min.js" in loaded
    assert all((page.parent / name).is_file() for name in loaded)
    assert "://" not in text.replace("file:", "")
    assert "MIT License" in (page.parent / "three.LICENSE.txt").read_text("utf-8")


def test_a_failed_a_warned_an_edited_and_an_unlistened_line_say_so(tmp_path: Path) -> None:
    made = MadeBatch(
        tmp_path,
        [
            Spoken("failed", failure="No sound."),
            Spoken("warned", warnings=("Too short a style.",)),
            Spoken("edited"),
            Spoken("plain", phones=()),
            Spoken("gone"),
        ],
    )
    edited = made.out / "Anna/edited.csv"
    edited.write_bytes(edited.read_bytes() + b"\n")
    (made.folder / "vo/4.wav").write_bytes(b"no sound any more")
    lines = lines_of(made.report())
    assert lines["Anna/failed.csv"]["flags"][0]["sentence"] == "No sound."
    assert lines["Anna/failed.csv"]["id"] == ""
    assert kinds(lines["Anna/warned.csv"]) == ["warning"]
    assert kinds(lines["Anna/edited.csv"]) == ["edited"]
    assert not lines["Anna/plain.csv"]["listened"]
    assert kinds(lines["Anna/plain.csv"]) == []
    assert "'4.wav'" in lines["Anna/gone.csv"]["flags"][0]["sentence"]


def test_a_line_is_flagged_by_what_was_heard(tmp_path: Path) -> None:
    phones = [(0.0, 0.2, "AA"), (0.2, 0.3, "P"), (0.3, 1.5, "AA")]
    page = MadeBatch(tmp_path, [Spoken("b", phones=phones, confidence=0.4)]).report()
    assert kinds(lines_of(page)["Anna/b.csv"]) == ["unsure", "closure"]


@pytest.mark.parametrize("suffix", [".csv", ".npz", ".json"])
def test_data_of_lines_that_did_not_change_are_kept(tmp_path: Path, suffix: str) -> None:
    lines = [Spoken("one", jaw=0.5), Spoken("two"), Spoken("three", jaw=0.7)]
    made = MadeBatch(tmp_path, lines, suffix)
    page = made.report()
    before = lines_of(page)
    stamps = {path.name: path.stat().st_mtime_ns for path in (page.parent / "lines").iterdir()}
    made.make(made.items()[1], jaw=0.3)
    again = made.report()
    after = lines_of(again)
    changed = [output for output in before if before[output] != after[output]]
    assert changed == [f"Anna/two{suffix}"]
    kept = {path.name: path.stat().st_mtime_ns for path in (page.parent / "lines").iterdir()}
    assert len(kept) == 3
    assert len(kept.items() & stamps.items()) == 2
    assert batch_of(again)["batch"] == batch_of(page)["batch"]


def test_a_sheet_of_some_lines_leaves_the_others_on_the_page(tmp_path: Path) -> None:
    lines = [Spoken("one"), Spoken("two"), Spoken("three")]
    made = MadeBatch(tmp_path, lines)
    made.report()
    rerun = made.write_sheet([Spoken("two", cells={"seed": "1"})], "rejected.csv")
    made.make(made.items(rerun)[0], jaw=0.2)
    page = made.report(rerun)
    assert list(lines_of(page)) == ["Anna/one.csv", "Anna/two.csv", "Anna/three.csv"]
    assert [line["row"]["seed"] for line in lines_of(page).values()] == ["", "1", ""]
    (made.out / "Anna/one.csv").unlink()
    assert list(lines_of(made.report(rerun))) == ["Anna/two.csv", "Anna/three.csv"]


def test_an_earlier_page_that_is_damaged_is_written_anew(tmp_path: Path) -> None:
    made = MadeBatch(tmp_path, [Spoken("one")])
    page = made.report()
    (page.parent / "lines.js").write_text("cut off")
    (page.parent / "lines" / "stale.js").write_text("")
    assert list(lines_of(made.report())) == ["Anna/one.csv"]
    assert len(list((page.parent / "lines").iterdir())) == 1


def test_what_a_crash_cut_off_explains_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    made = MadeBatch(tmp_path, [Spoken("one")])
    with (made.out / METAS_NAME).open("a") as file:
        file.write('[]\n{"output": "Anna/one.csv", "sha')
    assert lines_of(made.report())["Anna/one.csv"]["listened"]
    (made.out / METAS_NAME).unlink()
    assert not lines_of(made.report())["Anna/one.csv"]["listened"]


def test_rows_name_files_in_full_so_that_a_sheet_may_lie_anywhere(tmp_path: Path) -> None:
    (tmp_path / "styles").mkdir()
    made = MadeBatch(tmp_path, [Spoken("one")])
    (tmp_path / "styles/calm.csv").write_bytes((made.out / "Anna/one.csv").read_bytes())
    cells = {"style": "styles/calm.csv@0.5 + angry:brows", "start": "24", "strength": "1.5"}
    sheet = made.write_sheet([Spoken("one", cells=cells)], "styled.csv")
    row = lines_of(made.report(sheet))["Anna/one.csv"]["row"]
    assert row["audio"] == (tmp_path / "vo/1.wav").as_posix()
    assert row["style"] == f"{(tmp_path / 'styles/calm.csv').as_posix()}@0.5 + angry:brows"
    assert (row["start"], row["strength"], row["quality"]) == ("24", "1.5", "normal")


def test_nothing_in_a_script_can_be_code() -> None:
    data = script("setBatch", {NASTY: NASTY})
    assert data.isascii()
    assert b"<" not in data
    assert read_script(data, "setBatch") == {NASTY: NASTY}


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
def test_flac_holds_every_sample(rate: int) -> None:
    samples = np.random.default_rng(0).uniform(-1.2, 1.2, rate // 3).astype(np.float32)
    read, found = soundfile.read(io.BytesIO(to_flac(samples, rate)))
    assert found == rate
    assert np.abs(read - np.clip(samples, -1, 1)).max() < 2 / 32768


def test_the_page_of_the_manual_states_every_rule(repository: Path) -> None:
    text = " ".join((repository / "docs" / "REVIEW.md").read_text("utf-8").split())
    assert [kind for kind in TITLES if f"| {TITLES[kind]} | {RULES[kind]} |" not in text] == []
