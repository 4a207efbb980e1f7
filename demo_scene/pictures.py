"""From rendered frames to what one looks at: film strip and film. Needs Pillow and PyAV.

python -m demo_scene.pictures OUT_FOLDER FPS
"""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).resolve().parent
# What a stranger looks for: the sounds with the clearest mouth shapes, in order of the line.
_SHOWN = """
    pau- l-Hello ow-Hello m-Mynah ay-Mynah sh-show iy-me f-film
    ao-or v-five uw-move aw-mouth th-mouth ch-match oy-voice s-voice
""".split()
_COLUMNS = 8
_CELL, _LABEL = 240, 52


@dataclass(frozen=True)
class Phone:
    """One sound of the line and the word it belongs to."""

    start_s: float
    end_s: float
    name: str
    word: str


def read_phones(path: Path) -> list[Phone]:
    """The phone table beside the line."""
    with open(path, newline="", encoding="utf-8") as file:
        return [
            Phone(float(r["start_s"]), float(r["end_s"]), r["phone"], r["word"])
            for r in csv.DictReader(file)
        ]


def write_film_strip(frames: list[Path], fps: float, phones: list[Phone], target: Path) -> None:
    """The faces in the middle of chosen phones, with time, phone and word under each."""
    by_name = {f"{p.name}-{p.word}": p for p in reversed(phones)}
    chosen = [by_name[name] for name in _SHOWN]
    rows = -(-len(chosen) // _COLUMNS)
    sheet = Image.new("RGB", (_COLUMNS * _CELL, rows * (_CELL + _LABEL)), "white")
    draw = ImageDraw.Draw(sheet)
    large, small = ImageFont.load_default(20), ImageFont.load_default(15)
    for i, phone in enumerate(chosen):
        x, y = i % _COLUMNS * _CELL, i // _COLUMNS * (_CELL + _LABEL)
        middle_s = (phone.start_s + phone.end_s) / 2
        frame = min(round(middle_s * fps), len(frames) - 1)
        with Image.open(frames[frame]) as picture:
            sheet.paste(_face(picture).resize((_CELL, _CELL), Image.Resampling.LANCZOS), (x, y))
        sound = "silence" if phone.name == "pau" else f"/{phone.name}/  {phone.word}"
        draw.text((x + 8, y + _CELL + 4), sound, "black", font=large)
        draw.text((x + 8, y + _CELL + 29), f"{frame / fps:.2f} s", "gray", font=small)
    sheet.save(target)


def _face(picture: Image.Image) -> Image.Image:
    """The square around the face of a frame."""
    w, h = picture.size
    return picture.convert("RGB").crop(
        (round(0.18 * w), round(0.28 * h), round(0.76 * w), round(0.86 * h))
    )


def write_film(frames: list[Path], fps: int, audio: Path, target: Path) -> None:
    """H.264 with the line as AAC."""
    with av.open(str(target), "w", options={"movflags": "faststart"}) as out:
        picture = out.add_stream("libx264", rate=Fraction(fps), options={"crf": "18"})
        with Image.open(frames[0]) as first:
            picture.width, picture.height = first.size
        picture.pix_fmt = "yuv420p"
        with av.open(str(audio)) as source:
            voice = out.add_stream("aac", rate=source.streams.audio[0].rate)
            voice.layout = "mono"
            resampler = av.AudioResampler(format="fltp", layout="mono", rate=voice.rate)
            for decoded in source.decode(audio=0):
                for part in resampler.resample(decoded):
                    out.mux(voice.encode(part))
            out.mux(voice.encode(None))
        for path in frames:
            with Image.open(path) as image:
                frame = av.VideoFrame.from_ndarray(np.asarray(image.convert("RGB")), "rgb24")
            out.mux(picture.encode(frame))
        out.mux(picture.encode(None))


def main(out: Path, fps: int) -> None:
    """Make line.png and line.mp4 in `out` from its frames."""
    frames = sorted((out / "frames").glob("*.png"))
    phones = read_phones(HERE / "line_phones.csv")
    write_film_strip(frames, fps, phones, out / "line.png")
    write_film(frames, fps, HERE / "line.flac", out / "line.mp4")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
