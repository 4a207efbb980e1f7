"""How many frames a key stands for: `python -m tests.inference_daemon.bench_keys`.

The demo's line at 25 frames per second, by the models that ship, in each of the library's styles,
keyed as in the hosts; then takes of the corpus, if `MYNAH_SHARED` names the folder that holds it.
Prints a Markdown table.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from mynah_daemon.audio.decode import decode_file
from mynah_daemon.engine.engine import LipSyncEngine
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.styles.library import StyleLibrary
from mynah_daemon.styles.style_file import read_style
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import closure_pins, resample
from mynah_shared.motion.key_reduction import reduce_clip
from mynah_shared.protocol.messages import StyleUse, SynthesizeRequest

ROOT = Path(__file__).resolve().parents[2]
FPS, BOUNDS = 25.0, (0.01, 0.02)
MOST_TAKES = 40


def frames_per_key(clip: MotionClip, bound: float) -> float:
    """Values of one key per frame by the keys that are left."""
    curves = reduce_clip(clip, bound, closure_pins(clip))
    return clip.values.size / sum(len(curve.rows) for curve in curves)


def show(name: str, clips: Iterable[MotionClip]) -> None:
    """A row: the mean over the clips, for each bound."""
    found = [[frames_per_key(clip, bound) for bound in BOUNDS] for clip in clips]
    means = " | ".join(f"{mean:.1f}" for mean in np.mean(found, axis=0))
    print(f"| {name} | {len(found)} | {means} |")


def takes(path: Path, rates: dict[str, float]) -> Iterable[MotionClip]:
    """The first ones of a file of the corpus; `rates` are theirs, by name."""
    with np.load(path, allow_pickle=False) as content:
        for name in content.files[:MOST_TAKES]:
            values = content[name]
            if values.ndim == 2 and values.shape[1] >= 52 and len(values) > 50:
                channels = ARKIT_CHANNELS if values.shape[1] >= 55 else ARKIT_BLENDSHAPES
                values = values[:, : len(channels)].astype(np.float32)
                yield resample(MotionClip(rates[name], channels, values), FPS)


def main() -> None:
    engine = LipSyncEngine(open_store())
    samples = decode_file(ROOT / "demo_scene" / "line.flac", "line.flac")
    print("| performance | clips | error 0.01 | error 0.02 |\n|---|---|---|---|")
    plain = SynthesizeRequest("0" * 64, "line", fps=FPS, model="regression")
    show("neutral", [engine.synthesize(plain, samples, lambda *_: None)])
    with TemporaryDirectory() as folder:
        for style in StyleLibrary(Path(folder)).list():
            if style.path is None:
                continue  # the neutral one
            name = style.info.name
            request = SynthesizeRequest(
                "0" * 64, "line", fps=FPS, model="mynah", styles=(StyleUse(name),)
            )
            clip = read_style(style.path).clip
            show(name, [engine.synthesize(request, samples, lambda *_: None, (clip,))])
    corpus = Path(os.environ.get("MYNAH_SHARED", ROOT.parent / "shared")) / "data" / "corpus"
    if corpus.is_dir():
        with (corpus / "index.csv").open(encoding="utf-8", newline="") as file:
            rates = {row["clip_id"]: float(row["fps"]) for row in csv.DictReader(file)}
        for path in sorted((corpus / "motion").glob("*.npz")):
            show(f"corpus, {path.stem}", takes(path, rates))


if __name__ == "__main__":
    main()
