"""Trains and exports every ablation and the full models that they are compared with:
`python -m mynah_training.ablations --data FEATURES --head HEAD --encoder RUN --regression RUN
--minutes N -o OUT`.

The run of a label is OUT/runs/LABEL, its bundle OUT/bundles/LABEL; `mynah evaluate --table
--weights LABEL=OUT/bundles/LABEL …` compares them. What is finished is skipped, what was begun
goes on. Full models come first, so that whatever is there can be compared. Another seed goes into
another OUT.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path

from mynah_shared.errors import BadInputError, MynahError

from .builders import build_trainer, read_config
from .evaluation.ablations import ABLATIONS, STUDIED
from .export_onnx import export_bundle

_CONFIGS = {ablation.label: ablation.config for ablation in ABLATIONS}


def chosen(pattern: str) -> list[str]:
    """Labels that match a pattern such as "msmd-*", in the order of training."""
    labels = [label for label in STUDIED if fnmatch(label, pattern)]
    if not labels:
        raise BadInputError(
            f"No ablation is called '{pattern}'; there are {', '.join(STUDIED)}."
        )  # fmt: skip
    return labels


def train_ablation(
    label: str,
    data: Path,
    head: Path,
    encoder: Path,
    regression: Path,
    minutes: float,
    out: Path,
    seed: int = 0,
) -> Iterator[str]:
    """Trains and exports one of `STUDIED` unless that is done; yields a line per step. `encoder`
    and `regression` are the runs that models hear through."""
    run, bundle = out / "runs" / label, out / "bundles" / label
    if _spent_minutes(bundle) >= minutes:
        yield f"{label}: finished before"
        return
    config = read_config(STUDIED[label], _CONFIGS.get(label))
    config = replace(config, training=replace(config.training, seed=seed))
    trainer = build_trainer(STUDIED[label], data, head, run, config, regression=regression)
    trainer.fit(minutes)
    list(export_bundle(encoder, [run], bundle, data))
    yield f"{label}: {trainer.step} steps in {trainer.spent_s / 60:.1f} min"


def _spent_minutes(bundle: Path) -> float:
    """What the model of a complete bundle was trained for; 0 if there is none."""
    path = bundle / "manifest.json"  # written last
    return json.loads(path.read_text("utf-8"))["models"][0]["minutes"] if path.is_file() else 0.0


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FEATURES")
    parser.add_argument("--head", type=Path, required=True, help="ICT-FaceKit head")
    parser.add_argument("--encoder", type=Path, required=True, metavar="RUN")
    parser.add_argument("--regression", type=Path, required=True, metavar="RUN")
    parser.add_argument("--minutes", type=float, required=True, help="budget of every run")
    parser.add_argument("--only", default="*", metavar="PATTERN", help="labels, as in 'msmd-*'")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("-o", "--out", type=Path, required=True)
    args = parser.parse_args(arguments)
    try:
        for label in chosen(args.only):
            for line in train_ablation(
                label, args.data, args.head, args.encoder, args.regression, args.minutes, args.out,
                args.seed,
            ):  # fmt: skip
                print(line, flush=True)
    except MynahError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
