"""Characters and lines for the plug-in's tests."""

from __future__ import annotations

import time
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon

PLUGIN = Path(__file__).resolve().parents[2] / "maya_plugin" / "plug-ins" / "mynah_plugin.py"


def make_face(
    name: str = "face", shapes: Sequence[str] = ARKIT_BLENDSHAPES, *, blend: str = "faceBS"
) -> str:
    """A mesh with one blendShape node, whose targets have these names."""
    from maya import cmds

    mesh = cmds.polyCube(name=name, constructionHistory=False)[0]
    targets = [cmds.duplicate(mesh, name=shape)[0] for shape in shapes]
    made = cmds.blendShape(*targets, mesh, name=blend)[0]
    cmds.delete(*targets)
    cmds.select(mesh)
    return made


def make_head(name: str = "head") -> str:
    """A joint below a group that is turned, as rigs have them."""
    from maya import cmds

    cmds.select(clear=True)
    return cmds.joint(name=name)


def make_voice(path: Path, seconds: float = 2.0) -> str:
    """A WAV file."""
    rate = 16000
    samples = 8000 * np.sin(np.arange(round(seconds * rate)) * 0.08)
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes(samples.astype("<i2").tobytes())
    return str(path)


def make_clip(fps: float = 24.0, rows: int = 48, **tracks: Any) -> MotionClip:
    """A clip in which the named channels move as given and all others are 0."""
    values = np.zeros((rows, len(ARKIT_CHANNELS)), np.float32)
    for channel, track in tracks.items():
        values[:, ARKIT_CHANNELS.index(channel)] = track
    return MotionClip(fps, ARKIT_CHANNELS, values)


def wave_of(rows: int, hertz: float = 1.3, fps: float = 24.0) -> np.ndarray:
    """Something between 0 and 0.9 that looks like talking."""
    return 0.45 - 0.45 * np.cos(2 * np.pi * hertz * np.arange(rows) / fps)


def values_at(plug: str, frames: Sequence[float]) -> np.ndarray:
    """What a plug shows at these frames."""
    from maya import cmds

    return np.array([cmds.getAttr(plug, time=frame) for frame in frames])


def until(is_done: Callable[[], bool], turn: Callable[[], Any], timeout_s: float = 30) -> None:
    """Take turns until it is done."""
    end_s = time.monotonic() + timeout_s
    while not is_done():
        assert time.monotonic() < end_s, "it took too long"
        turn()
        time.sleep(0.002)


def last_request(daemon: FakeDaemon) -> m.SynthesizeRequest:
    """What was asked for last."""
    return [one for one in daemon.seen if isinstance(one, m.Submit)][-1].requests[0]
