"""How long the voice strip takes to draw: 200 lines in ten minutes, 1500 pixels wide.

`python -m tests.maya.bench_voice`, with PySide6 (or PySide2 under Python 3.10). Without a screen,
so on the processor, as Qt's widgets are drawn in Maya, too.
"""

from __future__ import annotations

import base64
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

_ROOT = Path(__file__).resolve().parents[2]
_LINES, _MINUTES, _LINE_S, _FPS = 200, 10, 2.8, 24.0
_WIDTH, _HEIGHT, _RUNS = 1500, 72, 15
_PHONES = ("sil", "M", "AA", "S", "T", "IY", "B", "AH", "N", "F")


def main() -> int:
    """Prints the median of some runs each, in processor time of the main thread; 1 if one is above
    a screen's 16 ms."""
    app = _start_qt()
    from maya import cmds

    from mynah_maya.session import Session
    from mynah_maya.ui.voice_strip import VoiceStrip

    strip = VoiceStrip(Session(lambda: None))  # type: ignore[arg-type,return-value]
    strip.resize(_WIDTH, _HEIGHT)
    strip.show()
    strip.track.lines = _lines()
    app.processEvents()
    worst = 0.0
    for name, first, last in (
        ("all of it", 0, _MINUTES * 60 * _FPS),
        ("one minute", 0, 60 * _FPS),
        ("half a minute", 0, 30 * _FPS),
        ("ten seconds", 0, 10 * _FPS),
        ("one line", 72, 72 + _LINE_S * _FPS),
    ):
        cmds.playbackOptions(minTime=first, maxTime=last)
        worst = max(worst, _tell(f"another range, {name}", lambda: _draw(strip, is_new=True)))
    worst = max(worst, _tell("another current time", lambda: _draw(strip, is_new=False)))
    strip.close()
    return int(worst > 0.016)


def _draw(strip: Any, *, is_new: bool) -> None:
    if is_new:
        strip._picture = None
    strip.repaint()


def _tell(what: str, deed: Callable[[], None]) -> float:
    seconds: list[float] = []
    for _ in range(_RUNS):
        begin = time.process_time()
        deed()
        seconds.append(time.process_time() - begin)
    median = statistics.median(seconds)
    print(f"{what}: {1000 * median:.2f} ms")
    return median


def _lines() -> tuple[Any, ...]:
    from mynah_maya.library import ShownLine, read_heard
    from mynah_maya.voice_lines import VoiceLine

    random = np.random.default_rng(0)
    made: list[VoiceLine] = []
    for i in range(_LINES):
        edges = np.linspace(0, _LINE_S, 36).round(3).tolist()
        names = random.choice(_PHONES, 35).tolist()
        loudness = random.integers(60, 220, int(50 * _LINE_S)).astype(np.uint8)
        heard = {
            "loudness_fps": 50,
            "loudness": base64.b64encode(loudness.tobytes()).decode(),
            "phones": list(zip(edges, edges[1:], names, strict=False)),
            "confidence": 0.8,
        }
        start = i * _MINUTES * 60 / _LINES * _FPS
        text = json.dumps(heard)
        shown = ShownLine(f"line_{i:03}", text, start, _FPS, start, start + _LINE_S * _FPS)
        found = read_heard(text)
        assert found is not None
        made.append(VoiceLine(shown, found, ()))
    return tuple(made)


def _start_qt() -> Any:
    for folder in (_ROOT / "maya_plugin" / "scripts", _ROOT / "tests" / "fakes"):
        sys.path.insert(0, str(folder))
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["MAYA_APP_DIR"] = tempfile.gettempdir()
    from maya._world import world

    world.version = 2024 if sys.version_info < (3, 11) else 2025
    from mynah_maya.qt import qt_module

    return qt_module("QtWidgets").QApplication([])


if __name__ == "__main__":
    sys.exit(main())
