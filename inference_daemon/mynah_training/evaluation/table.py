"""The results table: every contestant through every trial, written as Markdown."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mynah_shared.protocol.messages import SynthesizeRequest

from ..data.corpus import read_corpus, read_poses
from ..data.unseen_voices import LANGUAGES
from ..metrics.head import LandmarkHead, load_head
from ..metrics.mesh import FaceMesh, load_mesh
from .ablation_study import is_studied, read_studied, score_study, study_section
from .columns import (
    COLUMNS,
    LANGUAGE_COLUMNS,
    MOOD_COLUMNS,
    STEP_COLUMNS,
    TRANSFER_COLUMNS,
    Column,
)
from .contestants import Contestant, Itself, MeanPose, mean_pose, served
from .filmed import Filmed, Scores, filmed_trials, score_filmed
from .identity import identity_leaks
from .judge import Judge, load_judge
from .languages import Spoken, score_languages, spoken_lines
from .lines import Line, silent_performances
from .long_line import long_line, score_long_line
from .moods import SOURCES, MoodTrials, mood_trials, score_judge, score_manners, score_moods
from .restyled import N_PERFORMERS, Restyled, restyled_trials, score_restyled
from .steps import step_scores
from .transfer import rebuilt_lips, transfer_scores

Say = Callable[[str], None]
DEFAULT_LINES: Final = 8
LEAST_LINES: Final = 2

_MADE: Final = "the made performers themselves"
_ABOUT_MOODS: Final = (
    "Dev sentences in the styles of the eval-only performances, against the lips as filmed without "
    "a mood. A style that is hit moves the lips on purpose: read the rise beside the matched one, "
    "the correlation of the gap and the closures, which a mood should leave alone. The last row "
    "shows what manners cost where the lips are known to be right: the sentences of the made "
    "performers, against the filmed ones that they were made of."
)
_ABOUT_TRANSFER: Final = (
    "The video-driven path: a held-out made performer's clip drives the character of another one, "
    "who is known from another sentence. The right answer is the same sentence in the target's "
    "manner; what a model gets when the target's own clip of it drives is the best that its motion "
    "code allows. The rescaled clip has the mean and deviation of each channel that the target "
    "shows; `mynah transfer` is what the daemon makes of it, with lids, gaze and closed lips kept, "
    "and a model's row what `mynah transfer --model` makes of it."
)
_ABOUT_STEPS: Final = (
    "One model at each quality that a request may ask for: dev clips of the man of whom most was "
    "filmed, a sentence of each made performer, and the long line."
)


@dataclass(frozen=True, eq=False)
class Trials:
    """What everyone is asked, and what answers are measured with."""

    head: LandmarkHead
    mesh: FaceMesh
    judge: Judge | None
    filmed: list[Filmed]
    restyled: Restyled
    moods: MoodTrials
    line: Line
    spoken: Spoken
    resting: MeanPose


def read_trials(
    corpus: Path, head: Path, judge: Path | None, n_lines: int, languages: tuple[str, ...]
) -> Trials:
    """All trials with `n_lines` sentences each. Raises `MynahError` for what is missing."""
    landmarks, mesh = load_head(head), load_mesh(head)
    recordings = list(read_corpus(corpus))
    performances = list(silent_performances(corpus, SOURCES))
    return Trials(
        head=landmarks,
        mesh=mesh,
        judge=load_judge(judge) if judge else None,
        filmed=filmed_trials(recordings, n_lines),
        restyled=restyled_trials(recordings, read_poses(corpus).astype("f4"), n_lines),
        moods=mood_trials(recordings, performances, n_lines),
        line=long_line(recordings),
        spoken=spoken_lines(languages, n_lines),
        resting=mean_pose(recordings),
    )


def score_briefly(contestant: Contestant, trials: Trials) -> Scores:
    """The scores that an ablation is judged by: real clips, re-styled ones and the long line."""
    head, judge = trials.head, trials.judge
    return (
        score_filmed(contestant, trials.filmed, head, trials.mesh)
        | score_restyled(contestant, trials.restyled, head, judge)
        | score_long_line(contestant, trials.line, head)
    )


def score(contestant: Contestant, trials: Trials) -> Scores:
    """All scores of a row in one of its seeds."""
    head, judge = trials.head, trials.judge
    scores = score_briefly(contestant, trials)
    if isinstance(contestant, Itself):  # it answers nothing but what was filmed
        return scores | score_judge(trials.moods, judge)
    moods = score_moods(contestant, trials.moods, head, judge)
    return scores | moods | score_languages(contestant, trials.spoken, head)


def build_table(
    trials: Trials,
    bundles: list[tuple[str, Path]],
    runs: list[Path],
    say: Say,
    ablations: Sequence[str] = (),
) -> str:
    """The whole document with the section on `ablations`; `say` is told how long each row took."""
    leaks = identity_leaks(runs, trials.restyled)
    rows: dict[str, list[Scores]] = {}
    contestants = [Itself(trials.resting.pose), trials.resting, *_served(bundles)]
    for contestant in contestants:
        started = time.monotonic()
        rows.setdefault(contestant.name, []).append(score(contestant, trials))
        say(f"{contestant.name}: {time.monotonic() - started:.0f} s")
    for name, percents in leaks.items():
        rows.setdefault(name, []).extend({"identity_leak": percent} for percent in percents)
    in_moods = {n: found for n, found in rows.items() if any("mood_rise" in f for f in found)}
    if in_moods:
        in_moods[_MADE] = [score_manners(trials.restyled, trials.head)]
    transfers, steps = _score_transfers(bundles, trials), _score_steps(bundles, trials)
    parts = [
        "# Results",
        "Written by `mynah evaluate --table`; edits by hand are lost.",
        _conditions(trials),
        "## Real and re-styled performances",
        _markdown(rows, [(c, c.key) for c in COLUMNS]),
        *_section("Lips in a mood", _ABOUT_MOODS, MOOD_COLUMNS, in_moods),
        *_section("Transfer", _ABOUT_TRANSFER, TRANSFER_COLUMNS, transfers),
        *_section("Sampling steps", _ABOUT_STEPS, STEP_COLUMNS, steps),
        *ablations,
    ]
    if trials.spoken:
        parts.append("## Languages")
        spoken = {name: found for name, found in rows.items() if _has_languages(found)}
        for column in LANGUAGE_COLUMNS:
            asked = [(column, f"{column.key} {language}") for language in trials.spoken]
            parts += [f"### {column.title}", _markdown(spoken, asked, list(trials.spoken))]
    parts += ["## What the columns mean", _legend(COLUMNS)]
    if in_moods:
        parts += ["In the table of moods:", _legend(MOOD_COLUMNS)]
    if transfers:
        parts += ["In the table of transfer:", _legend(TRANSFER_COLUMNS)]
    if trials.spoken:
        parts += ["In the tables of languages:", _legend(LANGUAGE_COLUMNS)]
    return "\n\n".join(parts) + "\n"


def write_table(
    corpus: Path,
    head: Path,
    bundles: list[tuple[str, Path]],
    out: Path,
    *,
    judge: Path | None = None,
    runs: Iterable[Path] = (),
    studied_runs: Iterable[tuple[str, Path]] = (),
    n_lines: int = DEFAULT_LINES,
    languages: tuple[str, ...] = LANGUAGES,
    say: Say = print,
) -> None:
    """Measures and writes `out`; nothing is written unless everything was measured.

    Bundles and `studied_runs` whose label is that of an ablation, or of the full model that it is
    compared with, have a section of their own.
    """
    shown = [bundle for bundle in bundles if not is_studied(bundle[0])]
    list(_served(shown))  # a wrong folder is named before an hour of work
    study = read_studied([bundle for bundle in bundles if is_studied(bundle[0])])
    started = time.monotonic()
    trials = read_trials(corpus, head, judge, n_lines, languages)
    say(f"trials: {time.monotonic() - started:.0f} s")
    studied = score_study(
        study,
        list(studied_runs),
        lambda contestant: score_briefly(contestant, trials),
        lambda run: _score_run(run, trials),
        say,
    )
    text = build_table(trials, shown, list(runs), say, study_section(study, studied))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")


def _score_transfers(bundles: list[tuple[str, Path]], trials: Trials) -> dict[str, list[Scores]]:
    pose, head, judge = trials.resting.pose, trials.head, trials.judge
    return transfer_scores(bundles, trials.restyled, pose, head, judge)


def _score_run(run: Path, trials: Trials) -> Scores:
    """What an ablation of a model with a motion code is judged by beside its bundle."""
    (leaks,) = identity_leaks([run], trials.restyled).values()
    rebuilt = rebuilt_lips(run, trials.restyled, trials.head)
    return {"identity_leak": leaks[0], "rebuilt": rebuilt}


def _served(bundles: list[tuple[str, Path]]) -> Iterator[Contestant]:
    """Nobody without bundles: a table may be of ablations alone."""
    return served(bundles) if bundles else iter(())


def _score_steps(bundles: list[tuple[str, Path]], trials: Trials) -> dict[str, list[Scores]]:
    if not bundles:
        return {}
    bundle = bundles[0][1]
    filmed, restyled, line = trials.filmed, trials.restyled, trials.line
    return step_scores(bundle, filmed, restyled, line, trials.head, trials.mesh, trials.judge)


def _section(
    title: str, about: str, columns: tuple[Column, ...], rows: dict[str, list[Scores]]
) -> list[str]:
    """A table of its own, if it has rows."""
    if not rows:
        return []
    return [f"## {title}", about, _markdown(rows, [(c, c.key) for c in columns])]


def _has_languages(found: list[Scores]) -> bool:
    return any(" " in key for scores in found for key in scores)


def _conditions(trials: Trials) -> str:
    """What was measured on what, and how many of each."""
    request = SynthesizeRequest("", "", 25.0)
    people = Counter(trial.person for trial in trials.filmed)
    clips = ", ".join(f"{count} of {person}" for person, count in sorted(people.items()))
    sentences, spoken = len(trials.restyled.lines[0]), trials.restyled.n_spoken
    facts = [
        "Everything goes through the daemon's engine with its finishing touches (lips that meet on "
        "b, m and p, round and reach the teeth; rest in silence), at "
        f"{request.quality.value} quality with audio guidance {request.audio_guidance:g} and style "
        f"guidance {request.style_guidance:g}. Unconditioned diffusion "
        "is mynah with both at 0: its null branch.",
        "± is the sample standard deviation over the seeds that a row was trained in, whose number "
        "stands behind its name; – means that a row has no such thing.",
        f"Real, dev clips: {len(trials.filmed)} clips that no run was trained on ({clips}), each "
        "at most 30 s, in the style of another clip of the same person. Channels that a clip does "
        "not know count for neither side.",
        f"Re-styled: {N_PERFORMERS} made performers that neither models nor judge were trained "
        f"with, {spoken} dev sentences each, in the style of another sentence of the same "
        f"performer; style codes are probed on {sentences} sentences each.",
        f"Real, eval-only: {len(trials.moods.shown)} silent performances of real people that no "
        f"weight was trained on are shown, each for {len(trials.moods.lines)} dev sentences; "
        f"{trials.moods.n_references} can be mistaken for one another.",
        f"Long line: {len(trials.line.samples) / 16000:.0f} s of dev sentences behind each other, "
        f"in the neutral style, timed on a machine with {os.cpu_count()} CPU cores.",
        f"Synthetic voices: {sum(map(len, trials.spoken.values()))} sentences in "
        f"{len(trials.spoken)} languages by voices that no run was trained on, in the neutral "
        "style.",
        "The judge of style is an encoder trained on performers of its own, which no motion model "
        "has met."
        if trials.judge
        else "No judge of style was given: columns that need one are empty.",
        "The reference itself shows what the measures give for the performances that the others "
        "are compared with.",
    ]
    return "\n".join(f"- {fact}" for fact in facts)


def _markdown(
    rows: dict[str, list[Scores]],
    asked: list[tuple[Column, str]],
    titles: list[str] | None = None,
) -> str:
    """A row per model, a column per (column, key of the score)."""
    heads = ["model", *(titles or [column.title for column, _ in asked])]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for name, found in rows.items():
        cells = [
            column.cell([scores[key] for scores in found if key in scores]) for column, key in asked
        ]
        n_seeds = max(sum(key in scores for scores in found) for _, key in asked)
        title = f"{name} ({n_seeds} seeds)" if n_seeds > 1 else name
        lines.append("| " + " | ".join([title, *cells]) + " |")
    return "\n".join(lines)


def _legend(columns: tuple[Column, ...]) -> str:
    lines = ["| column | measured on | formula |", "|---|---|---|"]
    lines += [_legend_row(column) for column in columns]
    return "\n".join(lines)


def _legend_row(column: Column) -> str:
    formula = column.formula.replace("|", "\\|")  # a bar ends a cell
    return f"| {column.title} | {column.measured_on} | {formula} |"
