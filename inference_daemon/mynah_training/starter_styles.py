"""Makes the styles that ship with Mynah: `python -m mynah_training.starter_styles --out FOLDER`.

A synthetic voice (flite) speaks, Mynah's own regression model performs it, and `data.performers`
re-styles the performance in a manner that is set by hand: nobody's footage is in them. Give
inference_daemon/mynah_daemon/styles/shipped as the folder; `--overview FILE.png` draws all of them
in one picture. Needs the command flite.
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Final

import numpy as np
import soxr
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from mynah_daemon.engine.engine import SAMPLE_RATE, LipSyncEngine
from mynah_daemon.engine.lip_closure import close_lips
from mynah_daemon.engine.model_store import open_store
from mynah_daemon.pictures.film_strip import draw_strip
from mynah_daemon.styles.style_file import Style, StyleInfo, write_style
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.regions import BROWS, CHEEKS_AND_NOSE, HEAD, LIPS, channel_indices
from mynah_shared.protocol.messages import SynthesizeRequest
from mynah_shared.scene.style_words import LIBRARY_SUFFIX

from .data import flite
from .data.espeak import Segment
from .data.performers import FPS, Performer, perform
from .data.phones import PHONES, phone_index
from .modules.cepstrum import loudness
from .starter_manners import MANNERS, Manner, Shapes

PROVENANCE: Final = "made by Mynah's performer model"
LICENCE: Final = "Apache-2.0"
_MODEL: Final = "regression"
_SHAPE_STEP, _HEAD_STEP = 2.0**-10, 2.0**-13
"""Values are rounded to these steps, which packs them in half the space: a tenth of a percent, and
a hundredth of a degree."""
_STRIP: Final = (480, 100)
_LABEL, _GAP = 28, 16
_N_SHAPES = len(ARKIT_BLENDSHAPES)
_OPENING = ("jawOpen", "mouthClose", "jawForward", "jawLeft", "jawRight")


def make_style(manner: Manner, engine: LipSyncEngine) -> Style:
    """The same manner gives the same style."""
    samples, rate, segments = flite.speak(
        manner.text, manner.voice, stretch=manner.stretch, pitch_hz=manner.pitch_hz
    )
    samples = np.asarray(soxr.resample(samples, rate, SAMPLE_RATE), np.float32)
    request = SynthesizeRequest("", manner.name, FPS, model=_MODEL)
    said = engine.synthesize(request, samples, _ignore).select(ARKIT_CHANNELS)
    level = loudness(samples)
    level = level[np.arange(said.n_frames).clip(0, len(level) - 1)]
    performer = performer_of(manner)
    everything = np.ones(len(ARKIT_CHANNELS), bool)
    rng = np.random.default_rng(performer.seed)
    values = perform(performer, said.values, level, everything, rng)
    values = close_lips(values, said.fps, _said(segments, 2 * said.n_frames), PHONES)
    clip = MotionClip(FPS, ARKIT_CHANNELS, _rounded(values))
    info = StyleInfo(manner.name, manner.tags, manner.description, PROVENANCE, LICENCE)
    return Style(info, clip, draw_strip(clip))


def performer_of(manner: Manner) -> Performer:
    """What a manner says in words, as the numbers that `perform` takes."""
    gain = np.ones(len(ARKIT_CHANNELS), np.float32)
    gain[channel_indices(LIPS)] = manner.lips
    gain[channel_indices(_OPENING)] = manner.jaw
    gain[channel_indices(BROWS + CHEEKS_AND_NOSE)] = manner.upper
    gain[channel_indices(HEAD)] = manner.head
    rest = _columns(manner.rest)
    rest[channel_indices(HEAD)] = manner.pose
    return Performer(
        seed=[m.name for m in MANNERS].index(manner.name), rest=rest, gain=gain,
        setting=_columns(manner.held), hang=manner.hang, lids=manner.lids,
        asymmetry=manner.asymmetry, sharpness=manner.sharpness, lead_s=0.0,
        brow_accent=manner.brow_accent, brow_drift=manner.brow_drift,
        nod_accent=manner.nod_accent, wander=np.array(manner.wander, np.float32),
        wander_s=manner.wander_s, blinks_per_s=manner.blinks_per_s, blink_s=manner.blink_s,
        gaze_deg=manner.gaze_deg, gaze_aside=manner.gaze_aside, fixation_s=manner.fixation_s,
    )  # fmt: skip


def overview(styles: list[Style]) -> Image.Image:
    """All film strips with their names, in two columns, row by row."""
    rows = -(-len(styles) // 2)
    width, height = _STRIP
    sheet = Image.new("RGB", (2 * width + _GAP, rows * (height + _LABEL)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(17)
    for i, style in enumerate(styles):
        x, y = i % 2 * (width + _GAP), i // 2 * (height + _LABEL)
        draw.text((x + 2, y + 4), style.info.name, "black", font=font)
        with Image.open(io.BytesIO(style.picture)) as strip:
            small = strip.convert("RGB").resize(_STRIP, Image.Resampling.LANCZOS)
        sheet.paste(small, (x, y + _LABEL))
    return sheet.quantize(96, kmeans=1, dither=Image.Dither.NONE)


def _columns(shapes: Shapes) -> NDArray[np.float32]:
    """Values [55] of shapes by name; those without a side are on both."""
    values = np.zeros(len(ARKIT_CHANNELS), np.float32)
    for name, value in shapes.items():
        sides = (name,) if name in ARKIT_CHANNELS else (f"{name}Left", f"{name}Right")
        values[channel_indices(sides)] += value
    return values


def _said(segments: list[Segment], n_frames: int) -> NDArray[np.float32]:
    """Phone labels [N, phones] at 50/s as certain posteriors."""
    said = np.zeros((n_frames, len(PHONES)), np.float32)
    for name, start_s, end_s in segments:
        said[round(50 * start_s) : round(50 * end_s), phone_index(name)] = 1.0
    return said


def _rounded(values: NDArray[np.float32]) -> NDArray[np.float32]:
    steps = np.where(np.arange(values.shape[1]) < _N_SHAPES, _SHAPE_STEP, _HEAD_STEP)
    return (np.rint(values / steps) * steps).astype(np.float32)


def _ignore(stage: str, done: int, total: int) -> None:
    """Nobody waits for a line of ten seconds."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--overview", type=Path, metavar="FILE.png")
    args = parser.parse_args()
    engine = LipSyncEngine(open_store())
    args.out.mkdir(parents=True, exist_ok=True)
    styles: list[Style] = []
    for manner in MANNERS:
        path = args.out / f"{manner.name}{LIBRARY_SUFFIX}"
        style = make_style(manner, engine)
        write_style(style, path)
        styles.append(style)
        print(f"{path.name}: {style.clip.duration_s:.1f} s, {path.stat().st_size / 1000:.0f} kB")
    if args.overview:
        overview(styles).save(args.overview, optimize=True)


if __name__ == "__main__":
    main()
