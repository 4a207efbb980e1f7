"""A sound at t seconds opens the mouth on the frame on which it is heard, at every rate.

The engine here listens: it opens the jaw where the file that it got has a click.
"""

from __future__ import annotations

import io
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.client.connection_file import write_connection_file
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import PLUGIN, make_face
from tests.maya.test_sounds import RATES

CLICK_S, LENGTH_S, BUMP_S = 1.237, 2.5, 0.12


def make_click(path: Path) -> str:
    samples = np.zeros(round(LENGTH_S * 16000), "<i2")
    samples[round(CLICK_S * 16000)] = 30000
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(16000)
        out.writeframes(samples.tobytes())
    return str(path)


def hear_click_s(content: bytes) -> float:
    with wave.open(io.BytesIO(content)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2")
        return float(np.abs(samples.astype(float)).argmax()) / sound.getframerate()


@pytest.fixture
def engine(mynah_home: Path) -> Iterator[FakeDaemon]:
    with FakeDaemon(step_s=0.0, n_steps=1) as daemon:

        def listen(message: m.Message) -> list[m.Message]:
            assert isinstance(message, m.Submit)
            (request,) = message.requests
            end_s = min(request.end_s or LENGTH_S, LENGTH_S)
            rows = round((end_s - request.start_s) * request.fps)
            time_s = request.start_s + np.arange(rows) / request.fps
            click_s = hear_click_s(daemon.blobs[request.audio_sha256])
            values = np.zeros((rows, len(ARKIT_CHANNELS)), np.float32)
            bump = np.clip(1 - np.abs(time_s - click_s) / BUMP_S, 0, 1)
            values[:, ARKIT_CHANNELS.index("jawOpen")] = 0.8 * bump
            daemon.clip = MotionClip(request.fps, ARKIT_CHANNELS, values)
            return list(daemon._answer(message))

        daemon.replies[m.Submit] = listen
        write_connection_file(daemon.info)
        yield daemon


@pytest.mark.parametrize("trim_s", [0.0, 0.5])
@pytest.mark.parametrize("key_style", ["smooth", "linear", "stepped"])
@pytest.mark.parametrize("unit", RATES)
def test_the_mouth_opens_where_the_click_is_heard(
    mayapy: Any, engine: FakeDaemon, tmp_path: Path, unit: str, key_style: str, trim_s: float
) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    cmds.currentUnit(time=unit)
    fps = RATES[unit]
    make_face(shapes=("jawOpen", "mouthClose"))
    sound = cmds.sound(file=make_click(tmp_path / "click.wav"), offset=7, name="click")
    if trim_s:
        cmds.sound(sound, edit=True, sourceStart=trim_s * fps)
    cmds.mynahGenerate("face", audio=sound, keyStyle=key_style, bound=0.002)
    heard = 7 + (CLICK_S - trim_s) * fps
    frames = np.arange(np.floor(7), 7 + (LENGTH_S - trim_s) * fps - 1)
    shown = np.array([cmds.getAttr("faceBS.jawOpen", time=float(f)) for f in frames])
    assert abs(frames[shown.argmax()] - heard) <= 0.5 + 1e-6
    expected = 0.8 * np.clip(1 - np.abs(frames - heard) / fps / BUMP_S, 0, 1)
    assert np.abs(shown - expected).max() < 0.01
    curve = cmds.animLayer("mynah_click_0", query=True, findCurveForPlug="faceBS.jawOpen")[0]
    keys = np.array(cmds.keyframe(curve, query=True, timeChange=True))
    assert np.abs(keys - np.round(keys)).max() < 1e-6, "keys lie between frames"
    if key_style == "smooth":  # no stairs: consecutive frames of a slope differ
        rising = shown[(expected > 0.05) & (expected < 0.75)]
        assert len(np.unique(np.round(rising, 4))) > 0.45 * len(rising)
    cmds.unloadPlugin("mynah_plugin", force=True)
