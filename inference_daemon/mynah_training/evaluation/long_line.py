"""One line of half a minute: its joins, its blinks, its calm, and what it costs."""

from __future__ import annotations

import time
from typing import Final

import numpy as np

from mynah_daemon.styles.quality import count_blinks

from ..data.corpus import SAMPLE_RATE, Recording
from ..metrics.articulation import count_articulation
from ..metrics.dynamics import jerk, join_ratio
from ..metrics.head import LandmarkHead
from .contestants import Contestant
from .filmed import Scores
from .lines import N_SHAPES, Line, choose, line_of, sentences

_SECONDS: Final = 30.0


def long_line(recordings: list[Recording]) -> Line:
    """Dev sentences of one man behind each other, as many as fit in half a minute."""
    chosen, total_s = [], 0.0
    for recording in choose(sentences(recordings), len(recordings)):
        line = line_of(recording)
        if total_s + line.n_frames / line.fps > _SECONDS + 0.5:
            break
        chosen.append((total_s, line))
        total_s += line.n_frames / line.fps
    fps, known = chosen[0][1].fps, chosen[0][1].known
    phones = [
        (phone, start_s + offset, end_s + offset)
        for offset, line in chosen
        for phone, start_s, end_s in line.phones
    ]
    samples = np.zeros(round(total_s * SAMPLE_RATE), np.float32)
    for offset, line in chosen:
        start = round(offset * SAMPLE_RATE)
        length = min(len(line.samples), round(line.n_frames / line.fps * SAMPLE_RATE))
        samples[start : start + length] = line.samples[:length]
    motion = np.concatenate([line.motion for _, line in chosen if line.motion is not None])
    return Line("long line", samples, fps, tuple(phones), motion, known)


def score_long_line(contestant: Contestant, line: Line, head: LandmarkHead) -> Scores:
    """The faster of two performances counts; a third one, by a model loaded anew, must equal them
    bit for bit."""
    motions, took_s = [], []
    for _ in range(2):
        started = time.perf_counter()
        motions.append(contestant.perform(line))
        took_s.append(time.perf_counter() - started)
    motion = motions[-1]
    again = contestant.reopened().perform(line)
    seconds = len(line.samples) / SAMPLE_RATE
    shapes = motion[:, :N_SHAPES]
    served = contestant.served
    return {
        "blinks": count_blinks(motion, line.fps) / seconds,
        "silence": count_articulation(shapes, line.fps, line.phones, head).open_silence_percent,
        "joins": join_ratio(motion, contestant.joins(line)),
        "jerk": jerk(head.landmarks(shapes), line.fps),
        "real_time": min(took_s) / seconds if served else float("nan"),
        "repeatable": float(all(np.array_equal(m, again) for m in motions))
        if served
        else float("nan"),
    }
