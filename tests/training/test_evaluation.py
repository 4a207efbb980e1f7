"""The trials of the results table on answers whose scores are known, and their judge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.errors import BadInputError  # noqa: E402  (all of these need torch)
from mynah_shared.motion.arkit import ARKIT_CHANNELS  # noqa: E402
from mynah_training.data.corpus import Recording  # noqa: E402
from mynah_training.data.style_batches import (  # noqa: E402
    FIRST_HELD_OUT_PERFORMER,
    FIRST_JUDGE_PERFORMER,
    JudgeMix,
    StyleMix,
)
from mynah_training.evaluation.contestants import Itself, MeanPose  # noqa: E402
from mynah_training.evaluation.filmed import filmed_trials, score_filmed  # noqa: E402
from mynah_training.evaluation.identity import identity_leaks  # noqa: E402
from mynah_training.evaluation.judge import load_judge  # noqa: E402
from mynah_training.evaluation.languages import (  # noqa: E402
    line_with_pause,
    score_languages,
    spoken_lines,
)
from mynah_training.evaluation.lines import Line, silent_performances  # noqa: E402
from mynah_training.evaluation.long_line import long_line, score_long_line  # noqa: E402
from mynah_training.evaluation.moods import (  # noqa: E402
    SOURCES,
    mood_trials,
    score_judge,
    score_manners,
    score_moods,
)
from mynah_training.evaluation.restyled import (  # noqa: E402
    N_PERFORMERS,
    Restyled,
    phone_histogram,
    score_restyled,
)
from mynah_training.metrics.head import load_head  # noqa: E402
from mynah_training.metrics.mesh import load_mesh  # noqa: E402
from mynah_training.models.style_judge import (  # noqa: E402
    StyleJudgeObjective,
)
from tests.training.style_batches import MEAN, SCALE, style_batch  # noqa: E402
from tests.training.tiny_runs import (  # noqa: E402
    JUDGE,
    STILL,
    ByPose,
    write_judge_run,
    write_motion_code_run,
)


@dataclass(frozen=True)
class Imitator(MeanPose):
    """Answers with the mean face of what it is shown, which is its style code too."""

    def perform(self, line: Line, style: np.ndarray | None = None) -> np.ndarray:
        pose = self.pose if style is None else self.encode_style(style)
        return np.tile(pose, (line.n_frames, 1))

    def encode_style(self, motion: np.ndarray) -> np.ndarray:
        return motion.mean(axis=0)


# Trials


def test_every_dev_clip_is_shown_another_clip_of_the_same_person(
    recordings: list[Recording],
) -> None:
    trials = filmed_trials(recordings, 2)

    assert [t.person for t in trials] == (["facegood_tts"] + ["grid_s1"] * 2 + ["grid_s26"] * 2)
    for trial in trials:
        assert trial.style.shape == (75, 55)  # three seconds at 25/s, whatever the clip's rate
        if trial.line.fps == 25:
            assert not np.array_equal(trial.style, trial.line.motion)


def test_the_reference_scores_perfectly_and_unknown_channels_do_not_count(
    recordings: list[Recording], head_file: Path
) -> None:
    head, mesh = load_head(head_file), load_mesh(head_file)
    trials = filmed_trials(recordings, 2)
    itself = score_filmed(Itself(np.zeros(55, np.float32)), trials, head, mesh)
    still = score_filmed(STILL, trials, head, mesh)
    tongue = replace(STILL, pose=np.eye(55, dtype=np.float32)[51])  # known to no clip

    errors = ("mean_vertex", "lip_vertex", "dynamics", "opening", "timing")
    assert [itself[key] for key in errors] == [0] * 5
    assert still["lip_vertex"] > 1
    assert still["timing"] == 200
    assert still["closed"] == 100
    assert score_filmed(tongue, trials, head, mesh) == still


def test_obvious_styles_are_found_and_a_still_face_finds_none(
    restyled: Restyled, head_file: Path
) -> None:
    head = load_head(head_file)
    imitated = score_restyled(Imitator(STILL.pose), restyled, head, ByPose())
    itself = score_restyled(Itself(STILL.pose), restyled, head, ByPose())
    still = score_restyled(STILL, restyled, head, ByPose())

    assert itself["similarity"] == pytest.approx(1)
    assert itself["restyled_lips"] == 0
    assert itself["retrieval"] > 80
    assert imitated["retrieval"] > 80
    assert imitated["similarity"] > still["similarity"]
    assert still["retrieval"] == pytest.approx(100 / N_PERFORMERS)
    assert np.isnan(still["content_leak"])


def test_without_a_judge_style_has_no_score(restyled: Restyled, head_file: Path) -> None:
    scores = score_restyled(STILL, restyled, load_head(head_file), None)

    assert "similarity" not in scores
    assert scores["restyled_lips"] > 0


def test_content_leaks_from_a_code_that_is_the_sentence(
    restyled: Restyled, head_file: Path
) -> None:
    said = {
        own[s].motion.tobytes(): phone_histogram(own[s].phones)
        for own in restyled.lines
        for s in range(len(own))
    }

    class Teller(MeanPose):
        def encode_style(self, motion: np.ndarray) -> np.ndarray:
            return said[motion.tobytes()]

    class Babbler(MeanPose):
        def encode_style(self, motion: np.ndarray) -> np.ndarray:
            return np.random.default_rng(len(motion) + int(1e6 * motion.sum())).normal(size=8)

    head = load_head(head_file)
    assert score_restyled(Teller(STILL.pose), restyled, head, None)["content_leak"] > 0.9
    assert score_restyled(Babbler(STILL.pose), restyled, head, None)["content_leak"] < 0.2


def test_held_out_performers_say_the_same_each_in_a_manner(restyled: Restyled) -> None:
    lines = [own[0] for own in restyled.lines]

    assert len({line.name for line in lines}) == N_PERFORMERS
    assert all(line.phones == lines[0].phones for line in lines)
    assert not np.allclose(lines[0].motion, lines[1].motion)
    assert not np.array_equal(restyled.style_of(0, 0), lines[0].motion)


def test_a_mood_that_is_imitated_is_a_hit(
    corpus: Path, recordings: list[Recording], head_file: Path
) -> None:
    head = load_head(head_file)
    performances = list(silent_performances(corpus, SOURCES))
    trials = mood_trials(recordings, performances, 2)

    assert len(trials.shown) == 2
    assert trials.n_references == 3  # two clips of one person in one mood are one reference
    assert score_moods(Imitator(STILL.pose), trials, head, ByPose())["mood_hits"] == 100
    assert score_moods(STILL, trials, head, ByPose())["mood_hits"] <= 50
    assert score_judge(trials, ByPose()) == {"mood_hits": 100}
    assert np.isnan(score_moods(STILL, trials, head, None)["mood_hits"])


@dataclass(frozen=True)
class Actor(Itself):
    """Repeats what was filmed; in a style its jaw hangs, goes further, or comes late."""

    hang: float = 0.0
    reach: float = 1.0
    late: int = 0

    def perform(self, line: Line, style: np.ndarray | None = None) -> np.ndarray:
        assert line.motion is not None
        motion = line.motion.copy()
        if style is not None:
            jaw = ARKIT_CHANNELS.index("jawOpen")
            motion[:, jaw] = self.hang + self.reach * np.roll(motion[:, jaw], self.late)
        return motion + np.float32(self.error(line))

    def error(self, line: Line) -> np.ndarray:
        """A fault of every performance: the jaw trembles."""
        tremble = np.zeros((line.n_frames, 55))
        tremble[:, 17] = 0.05 * np.random.default_rng(0).normal(size=line.n_frames)
        return tremble

    def encode_style(self, motion: np.ndarray) -> np.ndarray:
        return motion.mean(axis=0)


def test_a_mood_may_move_the_lips_but_not_at_the_wrong_time(
    corpus: Path, recordings: list[Recording], head_file: Path
) -> None:
    head = load_head(head_file)
    trials = mood_trials(recordings, list(silent_performances(corpus, SOURCES)), 2)

    def lips(**manner: float) -> dict[str, float]:
        return score_moods(Actor(STILL.pose, **manner), trials, head, None)

    same, late, shut = lips(), lips(late=3), lips(reach=0)
    hanging, shouting = lips(hang=0.5), lips(reach=2)

    assert (same["mood_rise"], same["matched_rise"]) == (pytest.approx(0), pytest.approx(0))
    assert same["neutral_closed"] == same["mood_closed"]
    for intended in (hanging, shouting):
        assert intended["mood_rise"] > 100
        assert abs(intended["matched_rise"]) < 60
        assert intended["mood_gap"] > 0.9
    assert late["matched_rise"] > 100
    assert late["mood_gap"] < 0.9 < late["neutral_gap"]
    assert shut["mood_closed"] > shut["neutral_closed"]
    assert hanging["worst_rise"] == pytest.approx(hanging["mood_rise"])  # all moods hang alike
    assert "mood_rise" not in score_moods(STILL, trials, head, None)


def test_right_lips_in_a_manner_are_far_from_the_filmed_ones(
    restyled: Restyled, head_file: Path
) -> None:
    made = score_manners(restyled, load_head(head_file))

    assert made["mood_lips"] > 2 * made["mood_matched"]
    assert made["mood_gap"] > 0.8


def test_the_long_line_joins_sentences_with_their_phones(recordings: list[Recording]) -> None:
    line = long_line(recordings)

    assert len(line.samples) == 16000 * 12
    assert line.motion is not None
    assert len(line.motion) == line.n_frames == 300
    assert max(end for _, _, end in line.phones) == pytest.approx(12)


def test_the_long_line_finds_joins_blinks_and_what_cannot_be_repeated(
    recordings: list[Recording], head_file: Path
) -> None:
    line, head = long_line(recordings), load_head(head_file)

    class Restless(MeanPose):
        def perform(self, line: Line, style: np.ndarray | None = None) -> np.ndarray:
            del style
            motion = 0.01 * np.random.default_rng().normal(size=(line.n_frames, 55))
            motion[150:] += 0.5
            motion[50:53, 0] = motion[50:53, 7] = 1
            return motion.astype(np.float32)

        def joins(self, line: Line) -> list[int]:
            return [line.n_frames // 2]

    found = score_long_line(Restless(STILL.pose, served=True), line, head)
    still = score_long_line(replace(STILL, served=True), line, head)

    assert found["joins"] > 3
    assert found["repeatable"] == 0
    assert found["jerk"] > 0.1
    assert (still["repeatable"], still["blinks"], still["jerk"]) == (1, 0, 0)
    blinks = [ARKIT_CHANNELS.index(f"eyeBlink{side}") for side in ("Left", "Right")]
    assert blinks == [0, 7]
    assert found["blinks"] >= 1 / 12


def test_languages_are_scored_by_name(head_file: Path) -> None:
    phones = [("B", 0.0, 0.5), ("UW", 0.5, 1.0), ("IY", 1.0, 1.5), ("AA", 1.5, 2.0)]
    lines = [line_with_pause("hm", np.zeros(32000, np.float32), phones)] * 2

    scores = score_languages(STILL, {"en": lines, "xx": []}, load_head(head_file))

    assert (scores["closed en"], scores["shut en"], scores["rounding en"]) == (100, 100, 0)
    assert scores["silence en"] == 0  # the pauses suffice to say so
    assert np.isnan(scores["closed xx"])


def test_a_machine_without_a_synthesiser_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: str) -> None:
        raise OSError("libespeak-ng.so.1: cannot open shared object file")

    monkeypatch.setattr("mynah_training.evaluation.languages.speak_unseen", missing)

    with pytest.raises(BadInputError, match="libespeak-ng1"):
        spoken_lines(("en",), 2)


# The judge, identity


def test_a_judge_is_read_back(tmp_path: Path) -> None:
    judge = load_judge(write_judge_run(tmp_path / "judge"))
    motion, known = np.random.default_rng(0).random((40, 55)), np.ones(55, bool)
    code = judge.code(motion, known)

    assert code.shape == (8,)
    assert np.linalg.norm(code) == pytest.approx(1, abs=1e-5)
    assert not np.allclose(code, judge.code(motion, ~known))


def test_a_run_of_another_model_is_no_judge(tmp_path: Path) -> None:
    torch.save({"about": {"name": "mynah", "model": {}}}, tmp_path / "checkpoint.pt")

    with pytest.raises(BadInputError, match="'mynah', not judge"):
        load_judge(tmp_path)
    with pytest.raises(BadInputError, match="train first"):
        load_judge(tmp_path / "none")


def test_the_judge_learns_to_tell_performers_apart() -> None:
    torch.manual_seed(0)
    objective = StyleJudgeObjective(JUDGE, MEAN, SCALE).train()
    manner = torch.randn(3, 55) * 0.3
    batch = style_batch()
    seen = {
        name: getattr(batch, name) + manner[batch.performer][:, None]
        for name in ("style", "same_style")
    }
    batch = replace(batch, **seen)
    optimiser = torch.optim.Adam(objective.parameters(), 3e-3)
    before = objective.losses(batch)["contrast"].item()
    for _ in range(30):
        optimiser.zero_grad()
        objective.losses(batch)["contrast"].backward()
        optimiser.step()

    assert objective.losses(batch)["contrast"].item() < 0.5 * before


def test_judge_models_and_trials_share_no_performer() -> None:
    models, judge = StyleMix(), JudgeMix()

    assert judge.first_performer == FIRST_JUDGE_PERFORMER
    assert models.first_performer + models.performers <= judge.first_performer
    assert judge.first_performer + judge.performers <= FIRST_HELD_OUT_PERFORMER


def test_identity_leak_of_a_run(restyled: Restyled, tmp_path: Path) -> None:
    leaks = identity_leaks([write_motion_code_run(tmp_path / "run")], restyled)

    assert list(leaks) == ["anitalker"]
    assert 0 <= leaks["anitalker"][0] <= 100
