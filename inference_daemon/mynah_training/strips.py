"""Sample film strips of a motion model while it trains: a few dev lines as filmed, and as its
averaged network performs them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from mynah_daemon.engine.samplers import sample_ddim
from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

from .data.features import SILENCE, FeaturePack, split_speech
from .data.pack import MOTION_FPS, Entry
from .data.phones import PHONES
from .data.style_batches import PREVIOUS_FRAMES, STYLE_FRAMES, WINDOW_FRAMES
from .evaluation.face_picture import HeadPainter, load_painter
from .evaluation.film_strip import StripLine, lay_strip
from .models.regression import RegressionDecoder
from .models.styled import Conditions, StyledMotionModel

FloatArray = NDArray[np.float32]

_LINES: Final = 3
_FACES: Final = 8
_STEPS: Final = 8
"""Of denoising: as many as the engine's default quality takes."""
_LEAD_FRAMES: Final = 5
"""Shown before the first sound."""
_N_SHAPES = len(ARKIT_BLENDSHAPES)


@dataclass(frozen=True, eq=False)
class _Line:
    """What is shown of an utterance: `speech` [2(10 + T), P + 12] around a window of T frames,
    `style` [S, 55] to imitate, and at `moments` of the window the filmed faces, in `pictures`."""

    title: str
    speech: FloatArray
    style: FloatArray
    moments: list[int]
    captions: tuple[str, ...]
    pictures: NDArray[np.uint8]


class FilmStrips:
    """Draws the same moments of the same lines each time.

    Raises `BadInputError` when it draws for the first time if `head` is no whole head, or if no one
    was filmed.
    """

    def __init__(self, features: FeaturePack, head: Path) -> None:
        self._features, self._head = features, head

    def draw(self, network: nn.Module) -> Image.Image:
        """The strip of an averaged network (regression or with styles) in evaluation."""
        lines = self._lines
        made = perform(network, [line.speech for line in lines], [line.style for line in lines])
        faces = [motion[line.moments] for motion, line in zip(made, lines, strict=True)]
        painted = np.split(self._painter.paint(np.concatenate(faces)), len(lines))
        return lay_strip(
            [
                StripLine(line.title, (line.pictures, pictures), line.captions)
                for line, pictures in zip(lines, painted, strict=True)
            ]
        )

    @cached_property
    def _painter(self) -> HeadPainter:
        return load_painter(self._head)

    @cached_property
    def _lines(self) -> list[_Line]:
        return [self._line(entry) for entry in choose_lines(self._features)]

    def _line(self, entry: Entry) -> _Line:
        features = self._features
        phones = features.phones_of(entry)[::2]
        first = int(np.argmax(phones > 0)) - _LEAD_FRAMES  # 0 is silence
        start = int(np.clip(first, 0, max(entry.n_frames - WINDOW_FRAMES, 0)))
        n_frames = min(WINDOW_FRAMES, entry.n_frames)
        moments = moments_of(phones[start : start + n_frames])
        halves = np.arange(2 * (start - PREVIOUS_FRAMES), 2 * (start + WINDOW_FRAMES))
        speech = features.speech_of(entry)
        speech = speech[halves.clip(0, len(speech) - 1)].astype(np.float32)
        filmed = _filmed(features, entry)[start + np.array(moments)]
        return _Line(
            f"{entry.speaker}, {entry.utterance_id} ({entry.split}): filmed, and the model",
            speech,
            self._style(entry),
            moments,
            tuple(_caption(int(phones[start + m]), m / MOTION_FPS) for m in moments),
            self._painter.paint(filmed),
        )

    def _style(self, entry: Entry) -> FloatArray:
        """Another training performance in the same manner if there is one."""
        others = [
            e for e in _of_people(self._features)
            if e.split == "train" and e.manner == entry.manner and e is not entry
        ]  # fmt: skip
        motion = _filmed(self._features, others[0] if others else entry)
        return motion[np.arange(STYLE_FRAMES).clip(0, len(motion) - 1)]


def choose_lines(features: FeaturePack) -> list[Entry]:
    """A line of each of up to three filmed people, those first whose face is known best: that with
    most different phones. Of the dev split, or of the training if there is none."""
    people = _of_people(features)
    found = [e for e in people if e.split == "dev"] or [e for e in people if e.split == "train"]
    if not found:
        raise BadInputError("The features hold no filmed line to draw a film strip of.")

    def variety(entry: Entry) -> tuple[int, str]:
        return -len(np.unique(features.phones_of(entry)[: 2 * WINDOW_FRAMES])), entry.utterance_id

    speakers = sorted({(-e.valid.count("1"), e.speaker) for e in found})
    names = list(dict.fromkeys(name for _, name in speakers))[:_LINES]
    return [min((e for e in found if e.speaker == name), key=variety) for name in names]


def moments_of(phones: NDArray[np.integer]) -> list[int]:
    """Eight frames of labels [T] in order: the middles of sounds spread over the line; evenly
    spread frames if fewer sounds are known."""
    starts = np.flatnonzero(np.diff(phones, prepend=-2))
    ends = np.append(starts[1:], len(phones))
    middles = [(s + e - 1) // 2 for s, e in zip(starts, ends, strict=True) if phones[s] > 0]
    if len(middles) < _FACES:
        middles = list(range(len(phones)))
    chosen = np.linspace(0, len(middles) - 1, _FACES).round().astype(int)
    return [int(middles[i]) for i in chosen]


@torch.no_grad()
def perform(network: nn.Module, speech: list[FloatArray], styles: list[FloatArray]) -> FloatArray:
    """Motion [B, T, 55] of the windows of `speech` [2(10 + T), P + 12] as lines' beginnings, in the
    manner of the clips `styles` [S, 55], by a regression decoder or by few-step DDIM from always
    the same noise."""
    device = next(network.parameters()).device

    def tensor(arrays: list[FloatArray] | FloatArray) -> Tensor:
        return torch.from_numpy(np.asarray(arrays, np.float32)).to(device)

    logits, cepstrum = split_speech(tensor(speech))
    if isinstance(network, RegressionDecoder):
        motion = network(logits, cepstrum)[:, PREVIOUS_FRAMES:]
    elif isinstance(network, StyledMotionModel):
        motion = _denoised(network, logits, cepstrum, tensor(styles))
    else:
        raise TypeError(f"{type(network).__name__} makes no motion")
    found = motion.cpu().numpy()
    found[..., :_N_SHAPES] = found[..., :_N_SHAPES].clip(0, 1)
    return found


def _denoised(model: StyledMotionModel, logits: Tensor, cepstrum: Tensor, style: Tensor) -> Tensor:
    n_items, on = len(logits), logits.new_ones(len(logits))
    n_channels = style.shape[-1]
    given = Conditions(
        logits, cepstrum, model.encode_style(model.normalise(style)),
        logits.new_zeros(n_items, PREVIOUS_FRAMES, n_channels), 0 * on, on, on,
    )  # fmt: skip

    def denoise(noisy: FloatArray, time: float) -> FloatArray:
        seen = torch.from_numpy(noisy).to(logits.device)
        return model.denoise(seen, time * on, given).cpu().numpy()

    shape = (n_items, logits.shape[1] // 2 - PREVIOUS_FRAMES, n_channels)
    noise = np.random.default_rng(0).standard_normal(shape, np.float32)
    clean = torch.from_numpy(sample_ddim(noise, _STEPS, denoise)).to(logits.device)
    return model.denormalise(clean)


def _of_people(features: FeaturePack) -> list[Entry]:
    return [e for e in features.entries if e.source not in {"synthetic_grid", SILENCE}]


def _filmed(features: FeaturePack, entry: Entry) -> FloatArray:
    """Motion [T, 55]; at rest what was not filmed."""
    known = np.array([c == "1" for c in entry.valid])
    return (features.motion_of(entry) * known).astype(np.float32)


def _caption(phone: int, seconds: float) -> str:
    name = PHONES[phone] if phone >= 0 else ""
    return f"{name}  {seconds:.2f} s".strip()
