"""The results table: its trials on answers whose scores are known, and the command end to end."""

from __future__ import annotations

import argparse
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.errors import BadInputError  # noqa: E402  (all of these need torch)
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS  # noqa: E402
from mynah_training.commands import evaluate  # noqa: E402
from mynah_training.data.corpus import Recording, read_corpus, read_poses  # noqa: E402
from mynah_training.data.style_batches import (  # noqa: E402
    FIRST_HELD_OUT_PERFORMER,
    FIRST_JUDGE_PERFORMER,
    JudgeMix,
    StyleMix,
)
from mynah_training.evaluation import table  # noqa: E402
from mynah_training.evaluation.columns import COLUMNS, STEP_KEYS, Column  # noqa: E402
from mynah_training.evaluation.contestants import MEAN_POSE, Itself, MeanPose, served  # noqa: E402
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
    restyled_trials,
    score_restyled,
)
from mynah_training.evaluation.steps import step_scores  # noqa: E402
from mynah_training.evaluation.transfer import (  # noqa: E402
    RESCALED,
    SELF_DRIVEN,
    UNCHANGED,
    transfer_scores,
)
from mynah_training.metrics.head import load_head  # noqa: E402
from mynah_training.metrics.mesh import load_mesh  # noqa: E402
from mynah_training.models.anitalker import AniTalkerConfig, AniTalkerModel  # noqa: E402
from mynah_training.models.style_judge import (  # noqa: E402
    StyleJudge,
    StyleJudgeConfig,
    StyleJudgeObjective,
)
from tests.inference_daemon.tiny_diffusion import linear_denoiser  # noqa: E402
from tests.inference_daemon.tiny_models import write_bundle  # noqa: E402
from tests.training.style_batches import MEAN, SCALE, style_batch  # noqa: E402
from tests.training.tiny_corpus import write_corpus  # noqa: E402

JUDGE = StyleJudgeConfig(width=16, heads=2, layers=1, style_width=8)
STILL = MeanPose(np.zeros(55, np.float32))


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("corpus"))


@pytest.fixture(scope="module")
def recordings(corpus: Path) -> list[Recording]:
    return list(read_corpus(corpus))


@pytest.fixture(scope="module")
def restyled(corpus: Path, recordings: list[Recording]) -> Restyled:
    return restyled_trials(recordings, read_poses(corpus).astype(np.float32), 2)


@pytest.fixture
def head_file(tmp_path: Path) -> Path:
    """A head whose jaw parts the inner lips."""
    deltas = np.zeros((52, 68, 3), np.float32)
    deltas[17, 65:, 1] = -3.0
    path = tmp_path / "ict_arkit52.npz"
    np.savez(
        path, neutral=np.zeros((68, 3), np.float32), deltas=deltas,
        arkit_names=np.array(ARKIT_BLENDSHAPES), landmarks68=np.arange(68),
    )  # fmt: skip
    return path


@pytest.fixture
def judge_run(tmp_path: Path) -> Path:
    state = {
        "about": {"name": "judge", "model": asdict(JUDGE)},
        "ema": StyleJudge(JUDGE, MEAN, SCALE).state_dict(),
    }
    (tmp_path / "judge").mkdir()
    torch.save(state, tmp_path / "judge" / "checkpoint.pt")
    return tmp_path / "judge"


class ByPose:
    """A judge who knows people by their mean face."""

    def code(self, motion: np.ndarray, known: np.ndarray) -> np.ndarray:
        return (motion * known).mean(axis=0) - 0.1


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


def test_a_judge_is_read_back(judge_run: Path) -> None:
    judge = load_judge(judge_run)
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


def write_run(path: Path) -> Path:
    config = AniTalkerConfig()
    model = AniTalkerModel(config, MEAN, SCALE)
    about = {"name": "anitalker", "model": asdict(config)}
    torch.save({"about": about, "ema": model.state_dict()}, path / "checkpoint.pt")
    return path


@pytest.fixture
def motion_code_run(tmp_path: Path) -> Path:
    return write_run(tmp_path)


def test_identity_leak_of_a_run(motion_code_run: Path, restyled: Restyled) -> None:
    leaks = identity_leaks([motion_code_run], restyled)

    assert list(leaks) == ["anitalker"]
    assert 0 <= leaks["anitalker"][0] <= 100


# Transfer, steps


@pytest.fixture
def transfer_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A run whose model gives the driving clip, resting where the target does."""

    def transfer(self: AniTalkerModel, driving: torch.Tensor, style: torch.Tensor) -> torch.Tensor:
        return driving - driving.mean(1, keepdim=True) + style[:, None]

    monkeypatch.setattr(AniTalkerModel, "encode_style", lambda _, clip: clip.mean(1))
    monkeypatch.setattr(AniTalkerModel, "transfer", transfer)
    return write_run(tmp_path)


def test_a_transfer_that_keeps_motion_and_takes_the_manner_is_told(
    transfer_run: Path, restyled: Restyled, head_file: Path
) -> None:
    head, runs = load_head(head_file), [transfer_run, transfer_run]
    found = transfer_scores(runs, restyled, STILL.pose, head, ByPose())

    own = f"anitalker, {SELF_DRIVEN}"
    assert list(found) == [UNCHANGED, RESCALED, MEAN_POSE, "anitalker", own]
    assert [len(seeds) for seeds in found.values()] == [1, 1, 1, 2, 2]
    unchanged, rescaled, still, model, best = (seeds[0] for seeds in found.values())
    assert unchanged["kept"] == pytest.approx(1, abs=1e-5)
    assert unchanged["target"] < 20 < 80 < model["target"]
    assert model["lips"] < min(unchanged["lips"], still["lips"])
    assert best["lips"] < model["lips"]
    assert best["gap"] > model["gap"]
    assert rescaled["similarity"] > unchanged["similarity"]
    assert (still["gap"], still["kept"]) == (0, 0)


def test_runs_that_no_clip_can_drive_have_no_transfer(
    motion_code_run: Path, restyled: Restyled, head_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = load_head(head_file)
    assert transfer_scores([], restyled, STILL.pose, head, None) == {}
    monkeypatch.delattr(AniTalkerModel, "transfer")
    assert transfer_scores([motion_code_run], restyled, STILL.pose, head, None) == {}


def test_steps_are_those_of_the_requests_quality(
    recordings: list[Recording], restyled: Restyled, head_file: Path, tmp_path: Path
) -> None:
    head, mesh = load_head(head_file), load_mesh(head_file)
    bundle = write_bundle(tmp_path / "bundle")

    found = step_scores(
        bundle, filmed_trials(recordings, 2), restyled, long_line(recordings), head, mesh, ByPose()
    )

    assert list(found) == [
        "diffusion, draft: 4 steps", "diffusion, normal: 8 steps", "diffusion, best: 25 steps",
    ]  # fmt: skip
    draft, normal, best = (seeds[0] for seeds in found.values())
    assert draft["lip_vertex"] != normal["lip_vertex"] != best["lip_vertex"]
    assert set(STEP_KEYS) <= set(draft)


# The document


def test_a_cell_is_the_mean_over_seeds() -> None:
    column = Column("a", "a", "", "", 2)

    assert column.cell([1.0]) == "1.00"
    assert column.cell([1.0, 2.0, 3.0]) == "2.00 ± 1.00"
    assert column.cell([-0.001]) == "0.00"
    assert column.cell([-0.001, -0.001]) == "0.00 ± 0.00"
    assert column.cell([float("nan")]) == column.cell([]) == "–"
    assert Column("a", "a", "", "", yes_no=True).cell([1.0, 0.0]) == "no"


def test_a_model_in_two_bundles_has_two_seeds_unless_it_is_the_same(tmp_path: Path) -> None:
    first, other = write_bundle(tmp_path / "a"), write_bundle(tmp_path / "b", layers=2)

    names = [c.name for c in served([("", first), ("", first), ("", other), ("small", other)])]

    assert names == ["loudness jaw", "regression", "regression", "diffusion", "diffusion"]
    assert [c.name for c in served([("small", other)])][1:] == [
        "regression, small", "diffusion, small",
    ]  # fmt: skip


def test_unconditioned_diffusion_is_the_null_branch(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle", denoiser=linear_denoiser(0.5, speech=1, style=2))
    manifest = bundle / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"name": "diffusion"', '"name": "mynah"'))
    line = Line("hm", np.zeros(16000, np.float32), 25.0)

    contestants = {c.name: c for c in served([("", bundle)])}
    null, mynah = contestants["unconditioned diffusion"], contestants["mynah"]

    brow = ARKIT_CHANNELS.index("browInnerUp")  # the mouth rests in silence
    assert null.perform(line)[:, brow] == pytest.approx(0.2 + 0.1 * 0.5)
    assert mynah.perform(line)[:, brow] == pytest.approx(0.2 + 0.1 * (0.5 + 1.15 + 2 * 1.5))
    assert null.encode_style(np.zeros((30, 55), np.float32)) is None
    assert mynah.encode_style(np.zeros((30, 55), np.float32)) is not None
    assert [c.name for c in served([("small", bundle)])][2:] == ["mynah, small"]


def test_joins_are_where_windows_meet(tmp_path: Path) -> None:
    contestants = {c.name: c for c in served([("", write_bundle(tmp_path / "bundle"))])}
    line = Line("hm", np.zeros(16000 * 6, np.float32), 50.0)  # 150 frames at 25/s: three windows

    assert contestants["diffusion"].joins(line) == [120, 140, 240, 260]
    assert contestants["regression"].joins(line) == []


def run(*arguments: object) -> int:
    parser = argparse.ArgumentParser()
    evaluate.add_parser(parser.add_subparsers())
    args = parser.parse_args(["evaluate", *map(str, arguments)])
    return args.run(args)


def test_the_command_writes_the_table(
    corpus: Path, head_file: Path, judge_run: Path, motion_code_run: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(table, "spoken_lines", lambda *_: {"en": []})
    bundle, other = write_bundle(tmp_path / "bundle"), write_bundle(tmp_path / "other", layers=2)
    out = tmp_path / "docs" / "RESULTS.md"

    run(
        "--table", "--corpus", corpus, "--head", head_file, "--weights", bundle, other,
        "--judge", judge_run, "--runs", motion_code_run, "--lines", 2, "-o", out,
    )  # fmt: skip

    text = out.read_text(encoding="utf-8")
    said = capsys.readouterr().out
    rows = rows_of(text, "Real and re-styled performances")
    cells = {row[0]: row[1:] for row in rows}
    assert list(cells) == [
        "the reference itself", "mean pose", "loudness jaw", "regression (2 seeds)",
        "diffusion (2 seeds)", "anitalker",
    ]  # fmt: skip
    assert (said.count("diffusion: "), said.count("mean pose: ")) == (2, 1)
    assert {len(row) for row in rows} == {1 + len(COLUMNS)}
    scores = dict(zip([c.key for c in COLUMNS], cells["diffusion (2 seeds)"], strict=True))
    assert [key for key, cell in scores.items() if cell == "–"] == ["identity_leak"]
    assert scores["repeatable"] == "yes"
    assert " ± " in scores["lip_vertex"]
    assert "±" not in "".join(cells["mean pose"])
    moods, transfer, steps = (
        {row[0]: row[1:] for row in rows_of(text, title)}
        for title in ("Lips in a mood", "Transfer", "Sampling steps")
    )
    assert list(moods) == ["diffusion (2 seeds)", "the made performers themselves"]
    assert "–" not in moods["diffusion (2 seeds)"] + next(iter(steps.values()))
    assert list(transfer)[-2:] == ["anitalker", f"anitalker, {SELF_DRIVEN}"]
    assert len(steps) == 3
    assert "-0.00" not in text


def rows_of(text: str, title: str) -> list[list[str]]:
    """The cells of the table below a title."""
    section = text.split(f"## {title}\n")[1].split("\n## ")[0].splitlines()
    return [line.strip("| ").split(" | ") for line in section if line.startswith("| ")][1:]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "PRED_DIR and REF_DIR, or --table"),
        (("a",), "PRED_DIR and REF_DIR, or --table"),
        (("a", "b", "--lines", "2"), "--lines goes with --table only"),
        (("a", "b", "-o", "x"), "--out goes with --table only"),
        (("a", "b", "--table"), "do not go with --table"),
        (("--table", "--weights", "w", "-o", "x"), "needs --corpus"),
        (("--table", "--corpus", "c", "-o", "x"), "needs --weights"),
        (("--table", "--corpus", "c", "--weights", "w"), "needs --out"),
        (("--table", "--corpus", "c", "--weights", "w", "-o", "x", "--lines", "1"), "at least 2"),
        (("--table", "--corpus", "c", "--weights", "w", "-o", "x"), "w has no manifest.json"),
    ],
)
def test_a_wrong_command_gets_a_sentence(
    arguments: tuple[str, ...], sentence: str, head_file: Path
) -> None:
    with pytest.raises(BadInputError, match=sentence):
        run(*arguments, "--head", head_file)


def test_a_corpus_without_sentences_is_named(tmp_path: Path, head_file: Path, corpus: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle")
    (tmp_path / "corpus").mkdir()
    common = ("--table", "--head", head_file, "--weights", bundle, "-o", tmp_path / "x.md")

    with pytest.raises(BadInputError, match=r"no index\.csv"):
        run(*common, "--corpus", tmp_path / "corpus")
    assert not (tmp_path / "x.md").exists()
