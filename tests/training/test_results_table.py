"""The results table: transfer, sampling steps, the document and the command end to end."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.errors import BadInputError  # noqa: E402  (all of these need torch)
from mynah_shared.motion.arkit import ARKIT_CHANNELS  # noqa: E402
from mynah_training.commands import evaluate  # noqa: E402
from mynah_training.data.corpus import Recording  # noqa: E402
from mynah_training.evaluation import table  # noqa: E402
from mynah_training.evaluation.columns import COLUMNS, STEP_KEYS, Column  # noqa: E402
from mynah_training.evaluation.contestants import MEAN_POSE, served  # noqa: E402
from mynah_training.evaluation.filmed import filmed_trials  # noqa: E402
from mynah_training.evaluation.lines import Line  # noqa: E402
from mynah_training.evaluation.long_line import long_line  # noqa: E402
from mynah_training.evaluation.restyled import (  # noqa: E402
    Restyled,
)
from mynah_training.evaluation.steps import step_scores  # noqa: E402
from mynah_training.evaluation.transfer import (  # noqa: E402
    RESCALED,
    SELF_DRIVEN,
    SERVED,
    UNCHANGED,
    rebuilt_lips,
    transfer_scores,
)
from mynah_training.metrics.head import load_head  # noqa: E402
from mynah_training.metrics.mesh import load_mesh  # noqa: E402
from mynah_training.models.anitalker import AniTalkerModel  # noqa: E402
from tests.inference_daemon.tiny_diffusion import N_CHANNELS, linear_denoiser  # noqa: E402
from tests.inference_daemon.tiny_models import write_bundle  # noqa: E402
from tests.training.tiny_runs import (  # noqa: E402
    STILL,
    ByPose,
    write_judge_run,
    write_motion_code_run,
)

# Transfer, steps


WHOLE_CLIP = 400
"""Context that covers the tiny corpus's sentences: the driving clip's mean is taken off."""


def test_a_transfer_that_keeps_motion_and_takes_the_manner_is_told(
    restyled: Restyled, head_file: Path, tmp_path: Path
) -> None:
    plain = write_bundle(tmp_path / "plain")
    first, second = (
        write_bundle(tmp_path / name, denoiser=linear_denoiser(number, n_style=N_CHANNELS),
                     transfer_context=WHOLE_CLIP)
        for name, number in (("first", 1), ("second", 2))
    )  # fmt: skip
    bundles = [("", plain), ("", first), ("", second), ("", second), ("3 min", first)]
    head = load_head(head_file)
    found = transfer_scores(bundles, restyled, STILL.pose, head, ByPose())

    own = f"diffusion, {SELF_DRIVEN}"
    assert list(found) == [UNCHANGED, RESCALED, SERVED, MEAN_POSE, "diffusion", own]
    assert [len(seeds) for seeds in found.values()] == [1, 1, 1, 1, 2, 2]
    unchanged, rescaled, served, still, model, best = (seeds[0] for seeds in found.values())
    assert unchanged["kept"] == pytest.approx(1, abs=1e-5)
    assert unchanged["target"] < 20 < 80 < model["target"]
    assert model["driver"] < 20 < 80 < unchanged["driver"]
    assert "driver" not in best
    assert model["lips"] < min(unchanged["lips"], still["lips"])
    assert best["lips"] < model["lips"]
    assert best["gap"] > model["gap"]
    assert rescaled["similarity"] > unchanged["similarity"]
    assert served["similarity"] > unchanged["similarity"]
    assert (still["gap"], still["kept"]) == (0, 0)


def test_bundles_that_no_clip_can_drive_have_no_transfer(
    restyled: Restyled, head_file: Path, tmp_path: Path
) -> None:
    head, bundle = load_head(head_file), write_bundle(tmp_path / "bundle")
    assert transfer_scores([], restyled, STILL.pose, head, None) == {}
    assert transfer_scores([("", bundle)], restyled, STILL.pose, head, None) == {}


def test_what_a_motion_code_keeps_is_measured_on_the_run(
    restyled: Restyled, head_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head, run = load_head(head_file), write_motion_code_run(tmp_path / "run")
    lost = rebuilt_lips(run, restyled, head)
    monkeypatch.setattr(AniTalkerModel, "transfer", lambda _, driving, __: driving)
    assert rebuilt_lips(run, restyled, head) < 1e-3 < lost


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
    assert mynah.perform(line)[:, brow] == pytest.approx(0.2 + 0.1 * (0.5 + 1 + 2))
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
    corpus: Path, head_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setattr(table, "spoken_lines", lambda *_: {"en": []})
    bundle = write_bundle(tmp_path / "bundle", transfer_context=2)
    other = write_bundle(tmp_path / "other", layers=2)
    judge = write_judge_run(tmp_path / "judge")
    anitalker = write_motion_code_run(tmp_path / "anitalker")
    out = tmp_path / "docs" / "RESULTS.md"

    run(
        "--table", "--corpus", corpus, "--head", head_file, "--weights", bundle, other,
        "--judge", judge, "--runs", anitalker, "--lines", 2, "-o", out,
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
    assert list(transfer)[-2:] == ["diffusion", f"diffusion, {SELF_DRIVEN}"]
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
        (("a", "b", "--lines", "2"), "--lines goes with --table or --controls only"),
        (("a", "b", "-o", "x"), "--out goes with --table or --controls only"),
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
