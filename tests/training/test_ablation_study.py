"""The table's section on ablations: predictions that come true, fail, or drown in noise."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is not installed: training can't be tested")

from mynah_shared.errors import BadInputError  # noqa: E402  (all of these need torch)
from mynah_training.commands import evaluate  # noqa: E402
from mynah_training.evaluation import table  # noqa: E402
from mynah_training.evaluation.ablation_study import (  # noqa: E402
    Budget,
    Studied,
    findings,
    is_studied,
    read_studied,
    study_section,
)
from mynah_training.evaluation.ablations import STUDIED  # noqa: E402
from mynah_training.models.anitalker import AniTalkerConfig, AniTalkerModel  # noqa: E402
from tests.inference_daemon.tiny_models import write_bundle  # noqa: E402
from tests.training.style_batches import MEAN, SCALE  # noqa: E402
from tests.training.tiny_corpus import write_corpus  # noqa: E402


def section(rows: dict[str, list[dict[str, float]]]) -> str:
    study = [Studied(label, Path(), Budget(5.01, 1000 + len(label))) for label in rows]
    return "\n\n".join(study_section(study, rows))


def cells(text: str, label: str, column: str) -> list[str]:
    """Of the row of findings about a label and a column."""
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return next(row for row in rows if row[0] == label and len(row) == 10 and row[3] == column)


def test_a_prediction_that_fails_is_shown_as_such() -> None:
    full = {"mean_vertex": 1.0, "lip_vertex": 3.0, "dynamics": 0.5, "opening": 2.0}
    less = {"mean_vertex": 1.2, "lip_vertex": 2.0, "dynamics": 0.51, "opening": float("nan")}

    text = section({"msmd-full": [full], "msmd-no_basis": [less]})

    worse = cells(text, "msmd-no_basis", "mean vertex error (mm)")
    assert worse[1:3] == ["Table 2", "MSE 3.46 → 3.61"]
    assert worse[4:] == ["1.00", "1.20", "+0.20", "↑", "↑", "as in the paper"]
    failed = cells(text, "msmd-no_basis", "lip vertex error (mm)")
    assert failed[4:] == ["3.00", "2.00", "-1.00", "↑", "↓", "**not as in the paper**"]
    near = cells(text, "msmd-no_basis", "upper-face dynamics error (mm)")
    assert near[-1] == "within noise"
    assert cells(text, "msmd-no_basis", "mouth opening error (mm)")[-1] == "not measured"
    assert "Of 4 predictions 1 came true, 1 did not, 1 can't be told from noise" in text
    assert "Failed: msmd-no_basis (lip vertex error (mm))." in text
    assert "A single" not in text
    assert "One seed can't tell" in text
    assert "| msmd-full | the full model | 5.0 | 1009 |" in text


def test_with_seeds_their_deviation_is_the_noise() -> None:
    def seeds(*values: float) -> list[dict[str, float]]:
        return [{"dynamics": value} for value in values]

    small = findings({"mynah-full": seeds(1.0, 2.0, 3.0), "mynah-no_cross": seeds(2.9)})
    large = findings({"mynah-full": seeds(1.0, 2.0, 3.0), "mynah-no_cross": seeds(3.1)})

    assert [(f.noise, f.verdict) for f in small] == [(1.0, "within noise")]
    assert [f.verdict for f in large] == ["as in the paper"]
    assert large[0].full == 2.0


def test_a_row_that_was_slowed_down_says_nothing() -> None:
    rows = {"mynah-full": [{"joins": 0.9}], "mynah-no_join": [{"joins": 1.1}]}

    def verdict(steps: int) -> str:
        study = [
            Studied(label, Path(label), Budget(5.0, n))
            for label, n in (("mynah-full", 1000), ("mynah-no_join", steps))
        ]
        return cells("\n".join(study_section(study, rows)), "mynah-no_join", "join ratio")[-1]

    assert verdict(849) == "too few steps"
    assert verdict(851) == verdict(3000) == "as designed"


def test_mechanisms_of_no_paper_are_judged_by_what_they_were_made_for() -> None:
    text = section({"mynah-full": [{"joins": 1.1}], "mynah-no_join": [{"joins": 0.9}]})

    assert cells(text, "mynah-no_join", "join ratio")[-1] == "**not as designed**"
    assert "### mynah" in text
    assert "### msmd" not in text


def test_only_labels_of_the_study_belong_to_it(tmp_path: Path) -> None:
    assert is_studied("msmd-full")
    assert is_studied("msmd-no_basis")
    assert not is_studied("")
    assert not is_studied("msmd")
    assert study_section([], {}) == []
    bundle = write_bundle(tmp_path / "bundle")
    with pytest.raises(BadInputError, match="holds no model 'msmd'"):
        read_studied([("msmd-full", bundle)])
    with pytest.raises(BadInputError, match="does not exist"):
        read_studied([("msmd-full", tmp_path)])


def renamed_bundle(folder: Path, model: str, minutes: float, layers: int = 1) -> Path:
    """A tiny diffusion model under the name of a real one."""
    write_bundle(folder, layers=layers)
    manifest = folder / "manifest.json"
    about = f'"name": "{model}", "steps": 7, "minutes": {minutes}'
    manifest.write_text(manifest.read_text().replace('"name": "diffusion"', about))
    return folder


def test_the_command_writes_a_section_on_ablations(
    head_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "spoken_lines", lambda *_: {"en": []})
    config = AniTalkerConfig(width=16, pyramid_width=16, speech_blocks=1, lstm_units=8)
    about = {"name": "anitalker", "model": asdict(config)}
    state = {"about": about, "ema": AniTalkerModel(config, MEAN, SCALE).state_dict()}
    torch.save(state, tmp_path / "checkpoint.pt")
    labels = ("msmd-full", "msmd-no_basis", "anitalker-full", "anitalker-no_hal_club")
    bundles = [
        f"{label}={renamed_bundle(tmp_path / label, STUDIED[label], 5.0, 1 + i % 2)}"
        for i, label in enumerate(labels)
    ]
    parser = argparse.ArgumentParser()
    evaluate.add_parser(parser.add_subparsers())
    command = [
        *("evaluate", "--table", "--corpus", write_corpus(tmp_path / "corpus")),
        *("--head", head_file, "--lines", 2, "-o", tmp_path / "out.md", "--weights", *bundles),
    ]
    runs = ["--runs", *(f"{label}={tmp_path}" for label in labels[2:])]

    args = parser.parse_args([str(part) for part in command + runs])
    args.run(args)

    text = (tmp_path / "out.md").read_text(encoding="utf-8")
    main = text.split("## Real")[1].split("## ")[0]
    assert "| mean pose" in main
    assert "msmd" not in main
    study = text.split("## Ablations")[1]
    assert "| msmd-no_basis | no style basis: the style's token alone | 5.0 | 7 |" in study
    for column in ("mean vertex error (mm)", "lip vertex error (mm)", "mouth opening error (mm)"):
        assert cells(study, "msmd-no_basis", column)[-1] != "not measured"
    leak = cells(study, "anitalker-no_hal_club", "identity leak (%)")
    assert leak[-1] == "within noise"  # the same run twice
    assert cells(study, "anitalker-no_hal_club", "lip vertex error, self-driven (mm)")[4] != "–"

    wrong = parser.parse_args(
        [str(part) for part in [*command, "--runs", f"fixtalk-full={tmp_path}"]]
    )
    with pytest.raises(BadInputError, match="--weights fixtalk-full=DIR"):
        wrong.run(wrong)


def test_other_budgets_are_not_compared(tmp_path: Path) -> None:
    def bundle(minutes: float) -> Path:
        return renamed_bundle(tmp_path / f"{minutes:g}", "msmd", minutes)

    assert len(read_studied([("msmd-full", bundle(5)), ("msmd-no_basis", bundle(5.1))])) == 2
    with pytest.raises(BadInputError, match=r"trained for 9\.0 minutes, msmd-full for 5\.0"):
        read_studied([("msmd-full", tmp_path / "5"), ("msmd-no_basis", bundle(9))])
