"""The table of controls: measures that can say no, sections on tiny engines, the command."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from onnx import numpy_helper

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_daemon.engine.engine import LipSyncEngine  # noqa: E402  (all of these need torch)
from mynah_daemon.engine.model_store import open_store  # noqa: E402
from mynah_shared.errors import BadInputError  # noqa: E402
from mynah_shared.motion.arkit import ARKIT_CHANNELS  # noqa: E402
from mynah_training.commands import evaluate  # noqa: E402
from mynah_training.data.corpus import Recording  # noqa: E402
from mynah_training.evaluation import controls_seams, controls_styles  # noqa: E402
from mynah_training.evaluation.controls_document import bound_verdict  # noqa: E402
from mynah_training.evaluation.controls_energy import (  # noqa: E402
    energy_section,
    suggested_strength,
    whispered,
)
from mynah_training.evaluation.controls_holds import amounts_section, holds_section  # noqa: E402
from mynah_training.evaluation.controls_measures import (  # noqa: E402
    face_deviation_mm,
    grows,
    head_deviation_deg,
    jump_ratio,
)
from mynah_training.evaluation.controls_seams import (  # noqa: E402
    redo_section,
    transitions_section,
)
from mynah_training.evaluation.controls_stage import (  # noqa: E402
    Manner,
    Stage,
    manner_of,
    mid_speech_frame,
    passages,
)
from mynah_training.evaluation.controls_styles import (  # noqa: E402
    STRENGTHS,
    regions_section,
    spoken_in,
    strength_section,
    weights_section,
)
from mynah_training.evaluation.lines import Line, line_of, sentences  # noqa: E402
from mynah_training.evaluation.long_line import long_line  # noqa: E402
from mynah_training.metrics.head import load_head  # noqa: E402
from tests.inference_daemon import tiny_diffusion  # noqa: E402
from tests.inference_daemon.tiny_diffusion import linear_denoiser  # noqa: E402
from tests.inference_daemon.tiny_models import N_CEPSTRA, PHONES, write_bundle  # noqa: E402
from tests.training.tiny_runs import ByPose, write_judge_run  # noqa: E402

ALL = np.ones(len(ARKIT_CHANNELS), bool)
MODEL = "diffusion"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(LipSyncEngine(open_store(write_bundle(tmp_path_factory.mktemp("w")))), MODEL)


@pytest.fixture(scope="module")
def deaf(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """An engine whose model makes nothing of styles."""
    bundle = write_bundle(tmp_path_factory.mktemp("w"), denoiser=linear_denoiser(0.5, style=0))
    return Stage(LipSyncEngine(open_store(bundle)), MODEL)


@pytest.fixture(scope="module")
def manners() -> list[Manner]:
    """Performers whose mean faces differ in what the tiny encoder looks at, and who talk."""
    found = []
    for i in range(5):
        motion = np.full((100, 55), 0.1, np.float32)
        motion[:, i] = 0.9
        motion[:, 17] = 0.2 + 0.2 * np.sin(np.arange(100) * (1 + i / 10))
        found.append(manner_of(f"manner {i}", motion, ALL))
    return found


@pytest.fixture(scope="module")
def lines(recordings: list[Recording]) -> list[Line]:
    return [line_of(recording) for recording in sentences(recordings)[:2]]


@pytest.fixture(scope="module")
def long(recordings: list[Recording]) -> Line:
    return long_line(recordings)


# Measures


def test_what_stays_as_it_is_does_not_grow() -> None:
    assert grows([0, 0.1, 0.2])
    assert not grows([0, 0, 0])
    assert not grows([0, 0.1, 0.1])
    assert not grows([0, 0.2, 0.1])


def test_distances_are_in_millimetres_and_degrees(head_file: Path) -> None:
    head = load_head(head_file)
    still, moved = np.zeros((10, 55), np.float32), np.zeros((10, 55), np.float32)
    moved[:, 17] = 0.5  # its jaw moves four landmarks by 30 mm per unit
    assert face_deviation_mm(still, moved, head) == pytest.approx(0.5 * 30 * 4 / 68, rel=1e-4)
    assert head_deviation_deg(still, moved) == 0
    moved[:, 53] = np.radians(12)
    assert head_deviation_deg(still, moved) == pytest.approx(12, rel=1e-4)


def test_a_jump_is_told_from_what_moves_elsewhere() -> None:
    smooth = np.sin(np.arange(200) / 8)[:, None]
    assert jump_ratio(smooth, 95, 105) < 1.01
    jumping = smooth + (np.arange(200) >= 100)[:, None]
    assert jump_ratio(jumping, 100, 100) > 5
    assert jump_ratio(jumping, 20, 30) < 1  # the jump is elsewhere
    assert np.isnan(jump_ratio(np.zeros((50, 1)), 10, 20))


def test_a_bound_is_compared_with_what_the_table_shows() -> None:
    rows = {"a": {"x": 1.204}, "b": {"x": 1.206}}
    assert "Met in all rows" in bound_verdict("x", {"a": rows["a"]}, "x", 1.2)
    assert "**Missed in 1 of 2 rows**: b." in bound_verdict("x", rows, "x", 1.2)
    assert "**Missed in all rows.**" in bound_verdict("x", {"b": rows["b"]}, "x", 1.2)
    assert "Missed" in bound_verdict("x", {"a": {"x": float("nan")}}, "x", 1.2)


def test_passages_follow_each_other(long: Line) -> None:
    first, second = passages(long, 2)
    assert first.name != second.name
    n_samples, n_frames = len(first.samples), first.n_frames
    assert np.array_equal(second.samples, long.samples[n_samples : 2 * n_samples])
    assert second.motion is not None
    assert long.motion is not None
    assert np.array_equal(second.motion, long.motion[n_frames : 2 * n_frames])
    middle_s = mid_speech_frame(second) / second.fps
    # The tiny corpus speaks from 0.6 to 1.6 s of each sentence of 3 s.
    assert middle_s == pytest.approx(3 + 1.1, abs=0.05)


# Sections


def test_an_engine_that_ignores_strength_is_not_called_monotone(
    deaf: Stage, manners: list[Manner], lines: list[Line], long: Line, head_file: Path
) -> None:
    spoken = {"made up": spoken_in(lines, manners[:2])}
    section = strength_section(deaf, spoken, long, [], load_head(head_file), ByPose())

    assert all(section.rows[f"made up, {s:g}"]["face"] == 0 for s in STRENGTHS)
    assert "in 0.0 % of 4 (sentence, style) pairs the face" in section.verdicts[0]
    assert "the head's in 0.0 %" in section.verdicts[0]
    assert "style similarity grows with each step from 0 to 1 in 0.0 %" in section.verdicts[0]


def test_strength_leads_away_from_neutral_and_back_to_it(
    stage: Stage, manners: list[Manner], lines: list[Line], long: Line, head_file: Path
) -> None:
    spoken = {"made up": spoken_in(lines, manners[:2])}
    section = strength_section(stage, spoken, long, [60, 70], load_head(head_file), None)

    none, full, double = (section.rows[f"made up, {s}"] for s in (0, 1, 2))
    assert (none["turned"], none["kept"]) == (0, pytest.approx(1))
    assert 0 < full["turned"] < double["turned"]
    assert full["joins"] > 0
    assert "style similarity grows" not in section.verdicts[0]
    assert "style similarity |" not in section.markdown()  # there was no judge
    assert "-0.00" not in section.markdown()


def test_weights_lead_from_one_style_to_the_other(
    stage: Stage, deaf: Stage, manners: list[Manner], lines: list[Line], head_file: Path
) -> None:
    head = load_head(head_file)
    found = weights_section(stage, {"made up": manners}, lines[:1], head)
    first, half, second = (
        found.rows[f"made up, {weights}"] for weights in ("1 : 0", "0.5 : 0.5", "0 : 1")
    )
    assert first["to_first"] == second["to_second"] == 0
    assert first["to_second"] == second["to_first"] > half["to_first"] > 0
    assert "in 0.0 %" in weights_section(deaf, {"x": manners}, lines[:1], head).verdicts[0]


def test_each_part_of_the_face_is_told_by_its_style(
    stage: Stage, deaf: Stage, manners: list[Manner], lines: list[Line]
) -> None:
    rows = regions_section(stage, {"made up": manners}, lines[:1]).rows
    assert list(rows) == ["made up, brows", "made up, lips", "made up, head"]
    for row in rows.values():
        assert row["own"] < row["others"]
        assert row["right"] > 50
    assert rows["made up, head"]["moved_head"] > rows["made up, head"]["moved_brows"]
    ignored = regions_section(deaf, {"made up": manners}, lines[:1]).rows
    assert all(row["right"] == 0 for row in ignored.values())


def test_a_hard_seam_bends_more_than_a_fade(
    tmp_path: Path, manners: list[Manner], long: Line
) -> None:
    graph = tiny_diffusion.denoiser(len(PHONES) + N_CEPSTRA)
    for weights in graph.graph.initializer:  # a model whose motion is smooth: noise is no seam
        if weights.name in ("little", "speech_w"):
            small = 0.02 * numpy_helper.to_array(weights)
            weights.CopyFrom(numpy_helper.from_array(small.astype(np.float32), weights.name))
    bundle = write_bundle(tmp_path / "bundle", denoiser=graph)
    stage = Stage(LipSyncEngine(open_store(bundle)), MODEL)
    section = transitions_section(stage, {"made up": manners}, passages(long, 1))

    at_once, second = section.rows["made up, 0 s"], section.rows["made up, 1 s"]
    # both are shares of how the motion bends elsewhere, at closures for one
    assert at_once["joins"] > 1.2 * second["joins"]
    assert at_once["joins"] > 2 * at_once["plain_joins"]
    assert at_once["jump"] > max(second["jump"], at_once["plain_jump"])
    assert "Missed" in section.verdicts[0]
    assert "made up, 0 s" in section.markdown()


def test_a_redo_keeps_the_outside_and_says_where_nothing_is_new(
    stage: Stage, deaf: Stage, manners: list[Manner], long: Line
) -> None:
    found = redo_section(stage, {"made up": manners}, passages(long, 1))
    assert all(row["outside"] == 0 for row in found.rows.values())
    assert all(row["least"] > 0 for row in found.rows.values())
    assert found.verdicts[:2] == (
        "Asked: no difference outside. Met in all rows.",
        "Asked: another performance inside. Met in all trials.",
    )
    same = redo_section(deaf, {"made up": manners}, passages(long, 1))
    assert "**Missed: made up" in same.verdicts[1]


def test_a_redo_that_touches_the_outside_is_told(
    stage: Stage, manners: list[Manner], long: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform = Stage.perform

    def careless(self: Stage, *arguments: object, **fields: object) -> np.ndarray:
        made = perform(self, *arguments, **fields)  # type: ignore[arg-type]
        return made + np.float32(1e-3) if fields.get("seeds_on") else made

    monkeypatch.setattr(Stage, "perform", careless)
    found = redo_section(stage, {"made up": manners}, passages(long, 1))
    assert "**Missed in 4 rows.**" in found.verdicts[0]


def test_gestures_and_keys_are_met(
    stage: Stage, manners: list[Manner], long: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = holds_section(stage, manners[:2], passages(long, 1))
    assert section.verdicts[0].endswith("Met in all rows.")
    assert section.rows["gesture, brows"]["elsewhere"] < 1
    assert section.rows["key, jawOpen = 0.6, on a frame"]["missed"] < 1e-6

    monkeypatch.setattr(Stage, "perform", lambda self, line, *_, **__: self.whole(line, None))
    section = holds_section(stage, manners[:2], passages(long, 1))
    assert "**Missed: gesture, whole face" in section.verdicts[0]


def test_amounts_mute_their_part_only(
    stage: Stage, manners: list[Manner], long: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = amounts_section(stage, manners[:2], passages(long, 1))
    assert section.rows["head, 0"]["left"] == 0 < section.rows["head, 0"]["full"]
    assert [verdict.split(". ")[1] for verdict in section.verdicts] == ["Met in all rows."] * 2

    perform = Stage.perform
    monkeypatch.setattr(
        Stage, "perform", lambda self, line, asked=(), **_: perform(self, line, asked)
    )
    section = amounts_section(stage, manners[:2], passages(long, 1))
    assert "**Missed: " in section.verdicts[0]


def test_the_warning_is_followed_to_the_strength_it_names(stage: Stage, lines: list[Line]) -> None:
    frames = np.arange(150)
    shout = np.zeros((150, 55), np.float32)
    shout[:, 14:40] = 0.5 + 0.5 * np.sin(frames * 1.2)[:, None]
    still = np.zeros((150, 55), np.float32)
    still[:, 53] = np.sin(frames)
    groups = {"made up": [manner_of("shout", shout, ALL), manner_of("still", still, ALL)]}
    rows = energy_section(stage, groups, lines[:1]).rows
    assert rows["made up, as recorded"]["warned"] > 0
    assert set(rows) == {
        f"made up, {voice}"
        for voice in ("as recorded", "12 dB louder", "12 dB softer", "whispered")
    }
    assert suggested_strength("…; try a style strength of 0.7.") == 0.7


def test_a_whisper_has_no_pitch_and_is_as_loud() -> None:
    seconds = np.arange(32000) / 16000
    voice = sum(np.sin(2 * np.pi * 110 * k * seconds) / k for k in range(1, 30))
    voice = (0.1 * voice).astype(np.float32)
    whisper = whispered(voice)
    assert whisper.shape == voice.shape
    assert np.sqrt((whisper**2).mean()) == pytest.approx(np.sqrt((voice**2).mean()), rel=0.1)

    def periodicity(samples: np.ndarray) -> float:
        a, b = samples[8000:16000], samples[8000 + 145 : 16000 + 145]  # one period on
        return float(a @ b / np.sqrt((a @ a) * (b @ b)))

    assert periodicity(voice) > 0.9
    assert periodicity(whisper) < 0.4


# The command


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    evaluate.add_parser(parser.add_subparsers())
    evaluate.run(parser.parse_args(["evaluate", *map(str, arguments)]))


def test_the_command_writes_all_sections(
    tmp_path: Path,
    corpus: Path,
    head_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(controls_styles, "N_MIXES", 2)
    monkeypatch.setattr(controls_styles, "STRENGTHS", (0.0, 1.0, 2.0))
    monkeypatch.setattr(controls_seams, "FADES_S", (0.0, 1.0))
    bundle, out = write_bundle(tmp_path / "bundle"), tmp_path / "docs" / "CONTROLS.md"

    run(
        "--controls", "--corpus", corpus, "--head", head_file, "--weights", bundle,
        "--judge", write_judge_run(tmp_path / "judge"), "--lines", 1, "-o", out,
    )  # fmt: skip

    text = out.read_text(encoding="utf-8")
    titles = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert titles == [
        "Strength", "Weights", "Parts of the face", "Transitions", "Redo of a range",
        "Gestures and keys", "Amounts and mutes", "Energy warning", "Time",
    ]  # fmt: skip
    for row in ("shipped, 1 |", "eval-only, 1 |", "made performers, 1 |", "4 styles by weight |"):
        assert f"| {row}" in text
    assert "nan" not in text
    assert " style similarity |" in text


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--controls", "--table", "--corpus", "c", "-o", "x"), "two tables"),
        (("a", "b", "--controls", "--corpus", "c", "-o", "x"), "do not go with --controls"),
        (("--controls", "--runs", "r", "--corpus", "c", "-o", "x"), "do not go with --controls"),
        (("--controls", "-o", "x"), "needs --corpus"),
        (("--controls", "--corpus", "c"), "needs --out"),
        (("--controls", "--corpus", "c", "-o", "x", "--lines", "0"), "at least 1"),
        (("--controls", "--corpus", "c", "-o", "x", "--weights", "a", "b"), "one bundle, not 2"),
        (("--controls", "--corpus", "c", "-o", "x", "--weights", "w"), "w has no manifest.json"),
    ],
)
def test_a_wrong_command_gets_a_sentence(
    arguments: tuple[str, ...], sentence: str, head_file: Path
) -> None:
    with pytest.raises(BadInputError, match=sentence):
        run(*arguments, "--head", head_file)


def test_lines_are_not_mixed_up_by_what_is_remembered(stage: Stage, lines: list[Line]) -> None:
    """Whatever is compared with a whole performance is compared with that of the same line."""
    first, second = (stage.whole(line, None) for line in lines[:2])
    assert not np.array_equal(first, second)
    renamed = replace(lines[0], name="again")
    assert renamed.seed != lines[0].seed
    assert np.array_equal(stage.whole(lines[0], None), stage.perform(lines[0]))
