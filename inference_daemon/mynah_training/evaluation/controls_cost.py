"""What each control costs in time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from mynah_daemon.engine.holds import Holds, Take
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import KeyUse

from ..data.corpus import SAMPLE_RATE
from .columns import Column
from .controls_document import Section
from .controls_stage import Asked, Manner, Stage
from .lines import Line

N_RUNS: Final = 3
_COLUMNS: Final = (
    Column("cost", "CPU seconds per second of speech", "long line",
           "processor time of all threads, which a busy machine changes less than time on the "
           f"clock; the least of {N_RUNS} runs of a loaded model, style clips encoded anew", 4),
    Column("relative", "relative to plain", "long line", "over that of the first row"),
)  # fmt: skip


def cost_section(stage: Stage, manners: Sequence[Manner], line: Line) -> Section:
    four = [*manners, *manners, *manners, *manners][:4]
    seconds = len(line.samples) / SAMPLE_RATE
    take = MotionClip(line.fps, ARKIT_CHANNELS, stage.whole(line, None))
    redo = Holds(Take(take, seconds / 3, 2 * seconds / 3))
    regions = ("brows", "lips", "head")
    later = [Asked(four[0]), Asked(four[1], start_s=seconds / 2)]
    asked: dict[str, Callable[[], object]] = {
        "plain: the neutral manner": lambda: stage.perform(line),
        "1 style": lambda: stage.perform(line, [Asked(four[0])]),
        "1 style, strength 2": lambda: stage.perform(line, [Asked(four[0])], style_strength=2.0),
        "2 styles by weight": lambda: stage.perform(line, [Asked(m, 1 / 2) for m in four[:2]]),
        "4 styles by weight": lambda: stage.perform(line, [Asked(m, 1 / 4) for m in four]),
        "3 styles by part (and neutral eyes)": lambda: stage.perform(
            line, [Asked(m, region=r) for m, r in zip(four, regions, strict=False)]
        ),
        "2 styles, a fade of 1 s between": lambda: stage.perform(line, later),
        "1 style, a third of the line anew": lambda: stage.perform(line, [Asked(four[0])], redo),
        "1 style, a key": lambda: stage.perform(
            line, [Asked(four[0])], Holds(keys=(KeyUse("browInnerUp", seconds / 2, 0.8),))
        ),
        "1 style, style guidance 1.5": lambda: stage.perform(
            line, [Asked(four[0])], style_guidance=1.5
        ),
    }
    # In turns, so that a machine that is busy for a while is so for all of them.
    runs = [{name: _cpu_s(perform) for name, perform in asked.items()} for _ in range(N_RUNS)]
    costs = {name: min(run[name] for run in runs) / seconds for name in asked}
    plain = next(iter(costs.values()))
    rows = {name: {"cost": cost, "relative": cost / plain} for name, cost in costs.items()}
    about = "What a control costs beside the plain performance of the same model."
    return Section("Time", about, "what is asked", _COLUMNS, rows)


def _cpu_s(perform: Callable[[], object]) -> float:
    started = time.process_time()
    perform()
    return time.process_time() - started
