"""Measures the served models and writes the tables of MODELS.md: `python -m mynah_training.report`.

Everything goes through the daemon's engine, exactly as a user gets it. Nothing here is trained on
or tuned to.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_shared.errors import MynahError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import SynthesizeRequest

from .data.corpus import Recording, Segment, read_corpus, read_rows
from .data.degrade import add_noise, add_room, telephone
from .data.pack import MOTION_FPS
from .data.unseen_voices import LANGUAGES, speak_unseen
from .evaluation import contestants
from .evaluation.filmed import filmed_trials
from .metrics.head import LandmarkHead, load_head
from .metrics.summary import ClipResult, markdown_table, score_clip

BEGIN, END = "<!-- results: written by mynah_training.report -->", "<!-- end of results -->"
FREE_FPS = 50.0
HELD_OUT_WORDS = frozenset({"white", "four", "five", "f", "m"})
"""Words whose faces the held-out run never sees; F and M occur in no other GRID word with a
face."""
Samples = NDArray[np.float32]


@dataclass(frozen=True)
class Item:
    """One thing to measure: sound, its phones, and a reference face if there is one, with another
    performance `style` [S, 55] of the same person."""

    name: str
    samples: Samples
    phones: tuple[Segment, ...]
    reference: MotionClip | None = None
    valid: NDArray[np.bool_] | None = None
    style: NDArray[np.float32] | None = None


Predict = Callable[[Item, float], MotionClip]
"""What a model makes of an item's sound, at a rate."""


def predictor(weights: Path, model: str, *, imitates: bool = False) -> Predict:
    """What the daemon would return; the performance in the item's style if it `imitates`."""
    engine = LipSyncEngine(open_store(weights))

    def predict(item: Item, fps: float) -> MotionClip:
        request = SynthesizeRequest(audio_sha256="", audio_name="", fps=fps, model=model)
        shown: tuple[MotionClip, ...] = ()
        if imitates and item.style is not None:
            shown = (MotionClip(MOTION_FPS, ARKIT_CHANNELS, item.style),)
        return engine.synthesize(request, item.samples, lambda *_: None, shown)

    return predict


def mean_pose(recordings: list[Recording]) -> Predict:
    """The average face of the training clips, which never moves."""
    pose = contestants.mean_pose(recordings).pose

    def predict(item: Item, fps: float) -> MotionClip:
        n_frames = round(len(item.samples) / 16000 * fps)
        return MotionClip(fps, ARKIT_CHANNELS, np.tile(pose, (n_frames, 1)))

    return predict


def measure(items: list[Item], predict: Predict, head: LandmarkHead) -> list[ClipResult]:
    """Scores every item; channels that the reference does not know count for neither side."""
    return [_score(item, predict, head) for item in items]


def _score(item: Item, predict: Predict, head: LandmarkHead) -> ClipResult:
    if item.reference is None:
        return score_clip(item.name, predict(item, FREE_FPS), None, item.phones, head)
    fps, n_frames = item.reference.fps, item.reference.n_frames
    clip = predict(item, fps).select(ARKIT_BLENDSHAPES)
    known = np.ones(len(ARKIT_BLENDSHAPES)) if item.valid is None else item.valid[:52]
    values = _fit_length(clip.values, n_frames) * known.astype(np.float32)
    return score_clip(
        item.name,
        MotionClip(fps, clip.channels, values),
        item.reference.select(ARKIT_BLENDSHAPES),
        item.phones,
        head,
    )


def measure_references(items: list[Item], head: LandmarkHead) -> list[ClipResult]:
    """What the references themselves reach: how often filmed people close their lips, say."""
    found = [(i, i.reference.select(ARKIT_BLENDSHAPES)) for i in items if i.reference is not None]
    return [score_clip(item.name, clip, clip, item.phones, head) for item, clip in found]


def _fit_length(values: NDArray[np.float32], n_frames: int) -> NDArray[np.float32]:
    """At most a frame more or less: stored audio is padded to whole frames."""
    return values[np.arange(n_frames).clip(0, len(values) - 1)]


def dev_items(recordings: list[Recording]) -> dict[str, list[Item]]:
    """The dev clips with faces by group, as they are and under worse recording conditions."""
    names = {"grid_s1": "GRID s1 (new sentences)", "facegood": "FACEGOOD (new take)"}
    styles = {t.line.name: t.style for t in filmed_trials(recordings, len(recordings))}
    groups: dict[str, list[Item]] = {}
    for recording in recordings:
        if recording.split == "dev" and recording.motion is not None:
            stranger = f"stranger {recording.speaker.removeprefix('grid_')}"
            group = names.get(recording.source, stranger)
            item = replace(_item(recording), style=styles[recording.recording_id])
            groups.setdefault(group, []).append(item)
    known = groups[names["grid_s1"]]
    for label, change in (
        ("noise at 10 dB", add_noise),
        ("a room of 0.6 s", add_room),
        ("telephone band", telephone),
    ):
        groups[f"GRID s1, {label}"] = [_changed(item, change, i) for i, item in enumerate(known)]
    return groups


def _item(recording: Recording) -> Item:
    phones = recording.phones if recording.trusted else ()
    return Item(
        recording.recording_id, recording.read_audio(), phones, recording.motion, recording.valid
    )


def _changed(item: Item, change: Callable[[Samples, int], Samples], seed: int) -> Item:
    return replace(item, samples=change(item.samples, seed))


def free_speech_items(recordings: list[Recording]) -> dict[str, list[Item]]:
    """Real people who say anything (dev, transcribed), and synthetic voices never trained on."""
    real = [r for r in recordings if r.split == "dev" and r.motion is None and r.trusted]
    groups = {"real voices, free speech": [_item(recording) for recording in real]}
    for language in LANGUAGES:
        groups[f"unseen voices, {language}"] = [
            Item(name, samples, tuple(phones)) for name, samples, phones in speak_unseen(language)
        ]
    return groups


def held_out_items(recordings: list[Recording], corpus: Path) -> dict[str, list[Item]]:
    """What the held-out run never saw: FACEGOOD, strangers, and sentences with held-out words."""
    words = read_rows(corpus / "words" / "grid_s1.csv")
    said = {row["clip_id"] for row in words if row["word"].lower() in HELD_OUT_WORDS}
    dev = [r for r in recordings if r.split == "dev" and r.motion is not None]
    return {
        "FACEGOOD without FACEGOOD": [_item(r) for r in dev if r.source == "facegood"],
        "strangers without FACEGOOD": [_item(r) for r in dev if r.source == "grid_multi"],
        "GRID s1, sentences with held-out words": [
            _item(r) for r in dev if r.source == "grid_s1" and r.recording_id in said
        ],
        "GRID s1, held-out words only": list(_word_cuts(dev, words)),
    }


def _word_cuts(recordings: list[Recording], words: list[dict[str, str]]) -> Iterator[Item]:
    """The same sentences; `phones` keep the held-out words only, for closures and open vowels."""
    spans: dict[str, list[tuple[float, float]]] = {}
    for row in words:
        if row["word"].lower() in HELD_OUT_WORDS:
            spans.setdefault(row["clip_id"], []).append(
                (float(row["start_s"]), float(row["end_s"]))
            )
    for recording in recordings:
        inside = tuple(
            phone
            for phone in recording.phones
            if any(a - 0.01 <= phone[1] < b for a, b in spans.get(recording.recording_id, ()))
        )
        if inside:
            yield Item(recording.recording_id, recording.read_audio(), inside)


def write_card(card: Path, text: str) -> None:
    """Replaces what stands between the two marks of the card."""
    content = card.read_text()
    if BEGIN not in content or END not in content:
        raise MynahError(f"{card} lacks the marks '{BEGIN}' and '{END}' between which results go.")
    before, rest = content.split(BEGIN, 1)
    card.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{rest.split(END, 1)[1]}")


def build_report(corpus: Path, head: LandmarkHead, weights: Path, held_out: Path | None) -> str:
    """All tables as Markdown."""
    recordings = list(read_corpus(corpus))
    models = {
        "mynah": predictor(weights, "mynah", imitates=True),
        "mynah, neutral style": predictor(weights, "mynah"),
        "regression": predictor(weights, "regression"),
        "loudness": predictor(weights, "loudness"),
        "mean pose": mean_pose(recordings),
    }
    sections = [
        ("Against reference faces", dev_items(recordings), models),
        (
            "Free speech and other languages (no reference face)",
            free_speech_items(recordings),
            {name: models[name] for name in ("mynah, neutral style", "regression", "loudness")},
        ),
    ]
    if held_out is not None:
        run = {"held-out run": predictor(held_out, "regression")}
        sections.append(("Held out of training", held_out_items(recordings, corpus), run))
    texts = []
    for title, groups, predictors in sections:
        rows: dict[str, list[ClipResult]] = {}
        for group, items in groups.items():
            for model, predict in predictors.items():
                started = time.monotonic()
                rows[f"{group} · {model}"] = measure(items, predict, head)
                print(f"{group} · {model}: {time.monotonic() - started:.1f} s", flush=True)
            if predictors is models and not group.startswith("GRID s1, "):
                rows[f"{group} · the reference itself"] = measure_references(items, head)
        texts.append(f"### {title}\n\n{markdown_table(rows)}")
    return "\n\n".join(texts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--head", type=Path, required=True, help="ICT-FaceKit head")
    parser.add_argument("--weights", type=Path, required=True, help="folder with manifest.json")
    parser.add_argument(
        "--held-out", type=Path, help="bundle of a run trained with configs/held_out.json"
    )
    parser.add_argument("--card", type=Path, required=True, help="Markdown file with the marks")
    args = parser.parse_args()
    try:
        text = build_report(args.corpus, load_head(args.head), args.weights, args.held_out)
        write_card(args.card, text)
    except MynahError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
