"""A check of everything, and fixes that are one step for Undo. Checks change nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ..baking.trial import trial
from ..context import undo_chunk
from ..library import EngineState, engine_faults
from . import layers, sound, targets
from .finding import Finding, Severity
from .patient import Play, read_plays

Check = Callable[[Sequence[Play]], Iterator[Finding]]

CHECKS: tuple[Check, ...] = (
    layers.check_shown,
    layers.check_solo,
    layers.check_weight,
    layers.check_covered,
    layers.check_overlaps,
    layers.check_locked,
    layers.check_curves,
    sound.check_files,
    sound.check_slider,
    sound.check_place,
    sound.check_range,
    sound.check_undo,
)


def examine(names: Sequence[str] = ()) -> list[Finding]:
    """What keeps lines of the scene from showing and sounding, problems first; `names` is the
    character, as commands take it. Asks no engine."""
    trial.release()
    plays = read_plays()
    found = [*targets.check_chosen(names), *targets.check_remarks(names)]
    for check in CHECKS:
        found += check(plays)
    return in_order(found)


def findings_of_engine(state: EngineState) -> list[Finding]:
    """What is wrong with the engine."""
    return [
        Finding(
            fault.sentence,
            Severity.problem if fault.is_problem else Severity.hint,
            fault.remedy,
            page="engine",
        )
        for fault in engine_faults(state, "plug-in")
    ]


def in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Problems first, each thing said once."""
    by_sentence = {finding.sentence: finding for finding in reversed(findings)}
    once = reversed(by_sentence.values())
    return sorted(once, key=lambda finding: finding.severity is not Severity.problem)


def fix_all(findings: Sequence[Finding]) -> int:
    """Do the fixes that ask for no click of their own, as one step for Undo; how many. Raises
    `BadInputError` with the remedy if one can't be done; those before it are."""
    fixes = [f.fix for f in findings if f.fix is not None and not f.fix.asks]
    with undo_chunk("Mynah: Fix All"):
        for fix in fixes:
            fix.deed()
    return len(fixes)


def fix_one(finding: Finding) -> None:
    """Do the fix of a finding, as one step for Undo. Raises `BadInputError` with the remedy."""
    if finding.fix is not None:
        with undo_chunk(f"Mynah: {finding.fix.label}"):
            finding.fix.deed()
