"""The film strip and the film, made of painted frames and the bundled line."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import pytest
from PIL import Image

from demo_scene import pictures

FPS = 25


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("frames")
    paths = [folder / f"{i:04d}.png" for i in range(158)]
    for i, path in enumerate(paths):
        Image.new("RGB", (64, 64), (i, 100, 255 - i)).save(path)
    return paths


@pytest.fixture(scope="module")
def phones() -> list[pictures.Phone]:
    return pictures.read_phones(pictures.HERE / "line_phones.csv")


def test_the_phone_table_covers_the_line(phones: list[pictures.Phone]) -> None:
    with av.open(str(pictures.HERE / "line.flac")) as line:
        assert line.duration is not None
        duration_s = line.duration / av.time_base
    assert phones[0].start_s == 0.0
    assert phones[-1].end_s == pytest.approx(duration_s, abs=0.01)
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(phones))


def test_the_film_strip_shows_sixteen_labelled_frames(
    frames: list[Path], phones: list[pictures.Phone], tmp_path: Path
) -> None:
    pictures.write_film_strip(frames, FPS, phones, tmp_path / "line.png")
    with Image.open(tmp_path / "line.png") as strip:
        assert strip.size == (8 * 240, 2 * (240 + 52))
        # The cells are frames in order of time, the labels below them hold ink.
        reds = [strip.convert("RGB").getpixel((x * 240 + 120, 120))[0] for x in range(8)]
        assert reds == sorted(set(reds))
        label = strip.convert("L").crop((0, 240, 240, 292))
        assert label.getextrema() == (0, 255)


def test_the_film_has_every_frame_and_the_voice(frames: list[Path], tmp_path: Path) -> None:
    pictures.write_film(frames, FPS, pictures.HERE / "line.flac", tmp_path / "line.mp4")
    with av.open(str(tmp_path / "line.mp4")) as film:
        assert film.streams.video[0].average_rate == FPS
        assert sum(1 for _ in film.decode(video=0)) == len(frames)
    with av.open(str(tmp_path / "line.mp4")) as film:
        voice = film.streams.audio[0]
        assert voice.codec_context.name == "aac"
        samples = sum(frame.samples for frame in film.decode(audio=0))
        assert samples / voice.rate == pytest.approx(6.33, abs=0.1)
