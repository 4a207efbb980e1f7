"""The table's section on ablations: what each mechanism is worth, beside what its paper says."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from mynah_daemon.engine.model_store import open_store
from mynah_shared.errors import BadInputError

from .ablations import ABLATIONS, LEFT_OUT, MODELS, STUDIED, Ablation, Prediction, full_label
from .columns import ABLATION_COLUMNS, Column
from .contestants import Contestant, Served
from .filmed import Scores

_SAME_BUDGET: Final = 0.05
_TOO_FEW: Final = "too few steps"
_SMALL: Final = 0.05
"""Share of the full model's score below which the difference between two single runs says
nothing."""
_FEW_STEPS: Final = 0.85
"""Share of the full model's steps below which a row was slowed down by something else than itself:
without a mechanism a step is no slower."""
_ABOUT: Final = (
    "Each row is trained like the full model above it, from the start, in the same minutes of "
    "computing time on the same data, and differs from it in what it says. Shorter budgets than "
    "that of the weights that ship are enough to compare rows with each other; they must not be "
    "compared with those of other tables. Not measured here, as they take longest: moods, "
    "languages, sampling steps."
)
_ABOUT_FINDINGS: Final = (
    "↑: the score is larger without the mechanism. Where a row has several seeds, a difference "
    "below the larger of the two sample standard deviations is within noise. One seed can't tell "
    f"how large noise is, and so can't tell small differences: there those below {_SMALL:.0%} of "
    "the full model's score count as noise, and larger ones may still be chance. A row that made "
    f"less than {_FEW_STEPS:.0%} of the full model's steps in its minutes, as on a machine that "
    "does other work too, says nothing."
)


@dataclass(frozen=True)
class Budget:
    """Computing time and steps that a bundle's model was trained with."""

    minutes: float
    steps: int


@dataclass(frozen=True)
class Studied:
    """A bundle of the study. The budget is None where the manifest has none."""

    label: str
    folder: Path
    budget: Budget | None

    @property
    def model(self) -> str:
        return STUDIED[self.label]


@dataclass(frozen=True)
class Finding:
    """What became of a prediction: means over seeds, and the difference below which they are
    noise. All numbers are NaN if something was not measured."""

    ablation: Ablation
    prediction: Prediction
    full: float
    without: float
    noise: float
    too_few_steps: bool = False

    @property
    def verdict(self) -> str:
        as_said = "as in the paper" if self.ablation.source else "as designed"
        difference = self.without - self.full
        if np.isnan(difference):
            return "not measured"
        if self.too_few_steps:
            return _TOO_FEW
        if abs(difference) < self.noise:
            return "within noise"
        if difference * self.prediction.direction > 0:
            return as_said
        return f"**not {as_said}**"


def is_studied(label: str) -> bool:
    """Whether bundles and runs of this label belong to the study instead of the main table."""
    return label in STUDIED


def read_studied(bundles: list[tuple[str, Path]]) -> list[Studied]:
    """The study's bundles in its order. Raises `BadInputError` for one that holds another model,
    lacks its full model, or was trained much longer or shorter than that."""
    order = list(STUDIED)
    found = [Studied(label, folder, _budget(label, folder)) for label, folder in bundles]
    for studied in found:
        full = full_label(studied.model)
        others = [other for other in found if other.label == full]
        if not others:
            raise BadInputError(
                f"{studied.label} has nothing to be compared with; give --weights {full}=DIR too, "
                "trained with the same budget."
            )
        budgets = [b.minutes for b in (studied.budget, *(o.budget for o in others)) if b]
        if budgets and max(budgets) > (1 + _SAME_BUDGET) * min(budgets):
            raise BadInputError(
                f"{studied.folder} was trained for {budgets[0]:.1f} minutes, {full} for "
                f"{budgets[-1]:.1f}; only runs with the same budget can be compared."
            )
    return sorted(found, key=lambda studied: order.index(studied.label))


def _budget(label: str, folder: Path) -> Budget | None:
    path = folder / "manifest.json"
    if not path.is_file():
        raise BadInputError(f"{path} does not exist; give folders written by mynah export.")
    models = {m["name"]: m for m in json.loads(path.read_text("utf-8"))["models"]}
    if STUDIED[label] not in models:
        raise BadInputError(f"{folder} holds no model '{STUDIED[label]}', which {label} is about.")
    about = models[STUDIED[label]]
    return Budget(about["minutes"], about["steps"]) if "minutes" in about else None


def score_study(
    study: list[Studied],
    runs: list[tuple[str, Path]],
    measure: Callable[[Contestant], Scores],
    measure_run: Callable[[Path], Scores],
    say: Callable[[str], None],
) -> dict[str, list[Scores]]:
    """Scores of every label, one of each seed; those that need a run in rows of their own."""
    rows: dict[str, list[Scores]] = {}
    for studied in study:
        started = time.monotonic()
        contestant = Served(open_store(studied.folder), studied.model, studied.label)
        rows.setdefault(studied.label, []).append(measure(contestant))
        say(f"{studied.label}: {time.monotonic() - started:.0f} s")
    for label, run in runs:
        rows.setdefault(label, []).append(measure_run(run))
    return rows


def findings(rows: dict[str, list[Scores]], too_few_steps: Collection[str] = ()) -> list[Finding]:
    """What became of every prediction about a label that was measured, but for labels that made
    `too_few_steps`."""
    found: list[Finding] = []
    columns = {column.key: column for column in ABLATION_COLUMNS}
    for ablation in (a for a in ABLATIONS if a.label in rows):
        for prediction in ablation.predictions:
            full, without = (
                _numbers(rows.get(label, []), prediction.column)
                for label in (full_label(ablation.model), ablation.label)
            )
            noise = _noise(columns[prediction.column], full, without)
            few = ablation.label in too_few_steps
            found.append(Finding(ablation, prediction, _mean(full), _mean(without), noise, few))
    return found


def _numbers(scores: list[Scores], key: str) -> list[float]:
    return [s[key] for s in scores if not np.isnan(s.get(key, np.nan))]


def _mean(values: list[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def _noise(column: Column, full: list[float], without: list[float]) -> float:
    """At least half of the last decimal that is written."""
    deviations = [float(np.std(v, ddof=1)) for v in (full, without) if len(v) > 1]
    least = deviations or [_SMALL * abs(_mean(full))]
    return max(*least, 0.5 * 10**-column.digits)


def study_section(study: list[Studied], rows: dict[str, list[Scores]]) -> list[str]:
    """The section's paragraphs; none without a study."""
    if not rows:
        return []
    budgets: dict[str, list[Budget]] = {}
    for studied in study:
        budgets.setdefault(studied.label, []).extend([studied.budget] if studied.budget else [])
    parts = ["## Ablations", _ABOUT, LEFT_OUT]
    for model in (m for m in MODELS if full_label(m) in rows):
        parts += [f"### {model}", _scores_table(model, rows, budgets)]
    found, extra = findings(rows, _slowed(budgets)), ABLATION_COLUMNS[-1]
    parts.append(f"{extra.title}, {extra.measured_on}: {extra.formula}.")
    return [*parts, "### Predictions", _summary(found), _ABOUT_FINDINGS, _findings_table(found)]


def _slowed(budgets: dict[str, list[Budget]]) -> set[str]:
    """Labels that made too few steps to be compared with their full model."""
    steps = {k: float(np.mean([b.steps for b in found])) for k, found in budgets.items() if found}
    return {
        label
        for label, made in steps.items()
        if made < _FEW_STEPS * steps.get(full_label(STUDIED[label]), 0.0)
    }


def _scores_table(
    model: str, rows: dict[str, list[Scores]], budgets: dict[str, list[Budget]]
) -> str:
    own = {label: rows[label] for label in STUDIED if STUDIED[label] == model and label in rows}
    titles = {a.label: a.title for a in ABLATIONS} | {full_label(model): "the full model"}
    columns = [c for c in ABLATION_COLUMNS if any(_numbers(s, c.key) for s in own.values())]
    lines = [["row", "what", "minutes", "steps", *(column.title for column in columns)]]
    for label, scores in own.items():
        known = budgets.get(label, [])
        cells = [column.cell([s[column.key] for s in scores if column.key in s])
                 for column in columns]  # fmt: skip
        lines.append(
            [
                label,
                titles[label],
                _listed([f"{budget.minutes:.1f}" for budget in known]),
                _listed([str(budget.steps) for budget in known]),
                *cells,
            ]
        )
    return _table(lines)


def _findings_table(found: list[Finding]) -> str:
    columns = {column.key: column for column in ABLATION_COLUMNS}
    lines = [
        ["row", "from", "reported there", "our column", "full", "without", "difference",
         "predicted", "ours", "finding"]
    ]  # fmt: skip
    for finding in found:
        ablation, prediction = finding.ablation, finding.prediction
        column = columns[prediction.column]
        difference = finding.without - finding.full
        measured = not np.isnan(difference)
        arrow = _arrow(difference) if measured else "–"
        lines.append(
            [
                ablation.label,
                ablation.source or "–",
                prediction.reported,
                column.title,
                column.cell([finding.full]),
                column.cell([finding.without]),
                f"{difference:+z.{column.digits}f}" if measured else "–",
                _arrow(prediction.direction),
                arrow,
                finding.verdict,
            ]
        )
    return _table(lines)


def _summary(found: list[Finding]) -> str:
    """How many predictions came true, and which did not: a failed one is a finding."""
    verdicts = [finding.verdict for finding in found]
    failed = [
        f"{f.ablation.label} ({next(c.title for c in ABLATION_COLUMNS if c.key == p.column)})"
        for f in found if (p := f.prediction) and f.verdict.startswith("**")
    ]  # fmt: skip
    said = (
        f"Of {len(found)} predictions {sum(v.startswith('as ') for v in verdicts)} came true, "
        f"{len(failed)} did not, {verdicts.count('within noise')} can't be told from noise, "
        f"{verdicts.count(_TOO_FEW)} are of rows with too few steps, and "
        f"{verdicts.count('not measured')} were not measured."
    )
    return f"{said} Failed: {', '.join(failed)}." if failed else said


def _arrow(difference: float) -> str:
    return "↑" if difference > 0 else "↓" if difference < 0 else "="


def _listed(values: list[str]) -> str:
    return ", ".join(dict.fromkeys(values)) or "–"


def _table(lines: list[list[str]]) -> str:
    rows = ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]
    return "\n".join([rows[0], "|" + "---|" * len(lines[0]), *rows[1:]])
