"""Tiny data sets in the layouts that training reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mynah_daemon.clip_files import write_clip
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip

av = pytest.importorskip("av")

SECONDS = 1.5
FPS = 30
TEXT_GRID = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 2
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 1
        intervals [1]:
            xmin = 0
            xmax = 1.5
            text = "a ""quoted"" pie 2 "
    item [2]:
        class = "IntervalTier"
        name = "anna - phones"
        xmin = 0
        xmax = 1.5
        intervals: size = 3
        intervals [1]:
            xmin = 0.0
            xmax = 0.5
            text = "P"
        intervals [2]:
            xmin = 0.5
            xmax = 1.0
            text = "aɪ"
        intervals [3]:
            xmin = 1.0
            xmax = 1.5
            text = ""
"""
SHORT_TEXT_GRID = (
    '"ooTextFile"\n"TextGrid"\n0\n1.5\n<exists>\n2\n"TextTier"\n"bell"\n0\n1.5\n1\n0.25\n"ding"\n'
    '"IntervalTier"\n"Phones"\n0\n1.5\n1\n0\n1.5\n"AA1"\n'
)
PHONES = (("P", 0.0, 0.5), ("AA", 0.5, 0.75), ("IH", 0.75, 1.0), ("sil", 1.0, 1.5))


def sound(path: Path, *, rate: int = 48000, seconds: float = SECONDS, channels: int = 2) -> Path:
    """A tone of 440 Hz."""
    path.parent.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(rate * seconds)) / rate
    tone = np.stack([0.3 * np.sin(2 * np.pi * 440 * times)] * channels, axis=1)
    if path.suffix == ".m4a":
        with av.open(str(path), "w", format="mp4") as media:
            stream = media.add_stream("aac", rate=rate, layout="stereo")
            frame = av.AudioFrame.from_ndarray(
                np.ascontiguousarray(tone.T, np.float32), format="fltp", layout="stereo"
            )
            frame.sample_rate = rate
            for packet in [*stream.encode(frame), *stream.encode(None)]:
                media.mux(packet)
    else:
        soundfile.write(path, tone, rate)
    return path


def moving(names: tuple[str, ...] = ARKIT_CHANNELS, seconds: float = SECONDS) -> MotionClip:
    """A jaw that opens; all else rests."""
    values = np.zeros((round(seconds * FPS), len(names)), np.float32)
    for i, name in enumerate(names):
        if "jaw" in name.lower() and "open" in name.lower():
            values[:, i] = np.linspace(0, 1, len(values))
    return MotionClip(FPS, names, values)


def track(path: Path, clip: MotionClip | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_clip(clip or moving(), path)
    return path


def beat_track(path: Path, *, seconds: float = SECONDS, value: float = 0.5) -> Path:
    names = [name for name in sorted(ARKIT_BLENDSHAPES) if name != "tongueOut"]
    frames = [
        {
            "weights": [(i + 1) / 60 if name == "jawOpen" else value for name in names],
            "time": (i + 1) / 60,
            "rotation": [],
        }
        for i in range(round(seconds * 60))
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"names": names, "frames": frames}))
    return path


def make_folder(root: Path) -> None:
    for person, mood, suffix in (("anna", "happy", ".csv"), ("ben", "one", ".npz")):
        stem = root / person / f"hello_{mood}"
        sound(stem.with_suffix(".wav"), rate=44100)
        track(stem.with_suffix(suffix), moving(seconds=SECONDS))
    (root / "anna" / "hello_happy.TextGrid").write_text(TEXT_GRID)
    (root / "ben" / "hello_one.csv").write_text("phone,start_s,end_s\nM,0.0,0.5\n")
    sound(root / "ben" / "far.flac", rate=22050, channels=1)
    track(root / "tracks" / "ben" / "far.json")


def make_mead(root: Path) -> None:
    sound(root / "M030/audio/happy/level_1/001.m4a")
    track(root / "M030/video/front/happy/level_1/001.csv")
    sound(root / "M030/audio/neutral/level_1/001.m4a")
    track(root / "M030/tracks/neutral/level_1/001.npz")


def make_ravdess(root: Path) -> None:
    sound(root / "Actor_01/03-01-05-02-02-01-01.wav")
    track(root / "Actor_01/03-01-05-02-02-01-01.csv")
    sound(root / "Actor_12/03-02-01-01-02-01-12.wav")
    track(root / "tracks/Actor_12/01-02-01-01-02-01-12.npz")


def make_hdtf(root: Path) -> None:
    sound(root / "audios/RD_Radio1_000.wav")
    track(root / "tracks/RD_Radio1_000.npz")
    sound(root / "audios/WDA_NancyPelosi0_001.wav")
    track(root / "audios/WDA_NancyPelosi0_001.csv")
    sound(root / "videos/WDA_NancyPelosi0_001.m4a")


def make_beat(root: Path) -> None:
    sound(root / "1/1_wayne_0_1_1.wav", rate=16000, channels=1)
    beat_track(root / "1/1_wayne_0_1_1.json")
    (root / "1/1_wayne_0_1_1.TextGrid").write_text(TEXT_GRID)
    (root / "1/1_wayne_0_1_1.csv").write_text("00_netural, 0, 1.5, 1.5, 0\n")
    sound(root / "12/12_zhao_2_65_65.wav", rate=16000, channels=1)
    beat_track(root / "12/12_zhao_2_65_65.json")


MAKERS: dict[str, Callable[[Path], None]] = {
    "folder": make_folder, "mead": make_mead, "ravdess": make_ravdess, "hdtf": make_hdtf,
    "beat": make_beat,
}  # fmt: skip
ABOUT = {
    "folder": {
        ("anna/hello_happy", "anna", "happy", ""),
        ("ben/hello_one", "ben", "", ""),
        ("ben/far", "ben", "", ""),
    },
    "mead": {
        ("M030/happy/level_1/001", "M030", "happy_level_1", "en"),
        ("M030/neutral/level_1/001", "M030", "neutral_level_1", "en"),
    },
    "ravdess": {
        ("03-01-05-02-02-01-01", "Actor_01", "angry_strong", "en"),
        ("03-02-01-01-02-01-12", "Actor_12", "neutral_song", "en"),
    },
    "hdtf": {
        ("RD_Radio1_000", "RD_Radio1", "", "en"),
        ("WDA_NancyPelosi0_001", "WDA_NancyPelosi", "", "en"),
    },
    "beat": {
        ("1_wayne_0_1_1", "1_wayne", "neutral", "en"),
        ("12_zhao_2_65_65", "12_zhao", "happiness", "zh"),
    },
}
