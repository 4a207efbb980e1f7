"""The table of controls: what each control over a performance does, as the daemon serves it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import SynthesizeRequest

from ..data.corpus import SAMPLE_RATE, read_corpus, read_poses
from ..metrics.head import LandmarkHead, load_head
from .contestants import Served
from .controls_cost import cost_section
from .controls_document import Section
from .controls_energy import energy_section
from .controls_holds import N_PINNED, amounts_section, holds_section
from .controls_seams import N_FADED, N_REDONE, redo_section, transitions_section
from .controls_stage import (
    SENTENCE_S,
    Manner,
    Stage,
    passages,
    sample,
    sentence,
    shipped_manners,
    shown_manner,
)
from .controls_styles import (
    JOINED_AT,
    N_JOINED,
    N_MIXES,
    regions_section,
    spoken_by_performers,
    spoken_in,
    strength_section,
    weights_section,
)
from .judge import Judge, load_judge
from .lines import Line, silent_performances
from .long_line import long_line
from .moods import SOURCES, mood_trials
from .restyled import N_PERFORMERS, Restyled, restyled_trials
from .steps import denoising_model

Say = Callable[[str], None]
DEFAULT_LINES: Final = 2
SHIPPED, REAL, MADE = "shipped", "eval-only", "made performers"


@dataclass(frozen=True, eq=False)
class ControlTrials:
    """What is spoken, in which manners, and what it is measured with. `joins` are the frames of
    the long line in which windows meet."""

    head: LandmarkHead
    judge: Judge | None
    lines: list[Line]
    passages: list[Line]
    long: Line
    joins: list[int]
    groups: dict[str, list[Manner]]
    restyled: Restyled


def write_controls(
    corpus: Path,
    head: Path,
    bundle: Path,
    out: Path,
    *,
    judge: Path | None = None,
    n_lines: int = DEFAULT_LINES,
    say: Say = print,
) -> None:
    """Measures the model of `bundle` that has styles, and writes `out`; nothing is written unless
    everything was measured. Raises `BadInputError` for a bundle without such a model."""
    store = open_store(bundle)
    model = denoising_model(store)
    if model is None:
        raise BadInputError(f"{bundle} holds no model with styles; there is nothing to control.")
    started = time.monotonic()
    recordings = list(read_corpus(corpus))
    moods = mood_trials(recordings, list(silent_performances(corpus, SOURCES)), n_lines)
    groups = {SHIPPED: shipped_manners(), REAL: [shown_manner(shown) for shown in moods.shown]}
    long = long_line(recordings)
    trials = ControlTrials(
        load_head(head),
        load_judge(judge) if judge else None,
        [sentence(line) for line in moods.lines],
        passages(long, n_lines),
        long,
        Served(store, model, model).joins(long),
        {name: manners for name, manners in groups.items() if manners},
        restyled_trials(recordings, read_poses(corpus).astype("f4"), n_lines),
    )
    say(f"trials: {time.monotonic() - started:.0f} s")
    text = build_document(Stage(LipSyncEngine(store), model), trials, say)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")


def build_document(stage: Stage, trials: ControlTrials, say: Say) -> str:
    """All sections; `say` is told how long each took."""
    parts = [
        "# Controls",
        "Written by `mynah evaluate --controls`; edits by hand are lost.",
        _conditions(stage, trials),
    ]
    started = time.monotonic()
    for section in _sections(stage, trials):
        parts.append(section.markdown())
        say(f"{section.title}: {time.monotonic() - started:.0f} s")
        started = time.monotonic()
    return "\n\n".join(parts) + "\n"


def _sections(stage: Stage, trials: ControlTrials) -> Iterator[Section]:
    lines, groups, head = trials.lines, trials.groups, trials.head
    shipped = groups[SHIPPED]
    spoken = {name: spoken_in(lines, manners) for name, manners in groups.items()}
    spoken[MADE] = spoken_by_performers(trials.restyled)
    yield strength_section(stage, spoken, trials.long, trials.joins, head, trials.judge)
    yield weights_section(stage, groups, lines, head)
    yield regions_section(stage, groups, lines)
    yield transitions_section(stage, groups, trials.passages)
    yield redo_section(stage, groups, trials.passages)
    yield holds_section(stage, shipped, trials.passages)
    yield amounts_section(stage, shipped, trials.passages)
    yield energy_section(stage, groups, lines)
    yield cost_section(stage, sample(shipped, 4), trials.long)


def _conditions(stage: Stage, trials: ControlTrials) -> str:
    request = SynthesizeRequest("", "", 25.0)
    groups, restyled = trials.groups, trials.restyled
    passage_s = len(trials.passages[0].samples) / SAMPLE_RATE
    real = (
        f"{len(groups[REAL])} silent performances of real people that no weight was trained on"
        if REAL in groups
        else "none in this corpus"
    )
    facts = [
        f"The model `{stage.model}` through the daemon's engine with its finishing touches, at "
        f"{request.quality.value} quality, with both guidances at 1, strength 1 and a fade of "
        f"{request.style_fade_s:g} s unless a row says otherwise. Seeds are fixed by the line: "
        "what two performances differ in comes from what was asked.",
        f"Styles: *{SHIPPED}*, the {len(groups[SHIPPED])} that come with Mynah; *{REAL}*, {real}; "
        f"*{MADE}*, {N_PERFORMERS} that neither models nor judge were trained with.",
        f"Sentences: {len(trials.lines)} dev sentences of one man that no run was trained on, cut "
        f"to {SENTENCE_S:g} s (silence follows): for strength and energy in all styles, for "
        f"weights in {N_MIXES} pairs of styles and for parts in {N_MIXES} sets of four of each "
        f"group. Made performers speak {restyled.n_spoken}, in the style of another sentence.",
        f"Passages: {len(trials.passages)} of {passage_s:g} s, two dev sentences behind each "
        f"other, for transitions (all ordered pairs of {N_FADED} styles of each group), ranges "
        f"({N_REDONE} styles of each), gestures and amounts ({N_PINNED} shipped styles).",
        f"Long line: {len(trials.long.samples) / SAMPLE_RATE:.0f} s of dev sentences, for windows "
        f"({N_JOINED} styles of each group at {', '.join(f'{s:g}' for s in JOINED_AT)}) and time, "
        f"on a machine with {os.cpu_count()} CPU cores, of which this could use {_cores()}.",
        "The judge of style is an encoder trained on performers of its own, which no motion model "
        "has met."
        if trials.judge
        else "No judge of style was given: style similarity is left out.",
    ]
    return "\n".join(f"- {fact}" for fact in facts)


def _cores() -> int:
    """That this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
