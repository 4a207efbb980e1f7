"""Film strips: performances of the same lines above each other, with what is said below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from .face_picture import HEIGHT, WIDTH

Pictures = NDArray[np.uint8]

_TITLE: Final = 22
_CAPTION: Final = 24
_MARGIN: Final = 6


@dataclass(frozen=True, eq=False)
class StripLine:
    """A line's `title`, its `rows` of pictures [N, HEIGHT, WIDTH, 3] (filmed, then made), and the N
    `captions` of their moments."""

    title: str
    rows: tuple[Pictures, ...]
    captions: tuple[str, ...]


def lay_strip(lines: list[StripLine]) -> Image.Image:
    """All lines below each other."""
    columns = max(len(line.captions) for line in lines)
    heights = [_TITLE + HEIGHT * len(line.rows) + _CAPTION for line in lines]
    strip = Image.new("RGB", (columns * WIDTH, sum(heights)), "white")
    draw = ImageDraw.Draw(strip)
    title, caption = ImageFont.load_default(14), ImageFont.load_default(15)
    top = 0
    for line, height in zip(lines, heights, strict=True):
        draw.text((_MARGIN, top + 3), line.title, "gray", font=title)
        below = top + _TITLE
        for pictures in line.rows:
            strip.paste(Image.fromarray(np.concatenate(list(pictures), axis=1)), (0, below))
            below += HEIGHT
        for i, text in enumerate(line.captions):
            draw.text((i * WIDTH + WIDTH // 2, below + 2), text, "black", font=caption, anchor="ma")
        top += height
    return strip
