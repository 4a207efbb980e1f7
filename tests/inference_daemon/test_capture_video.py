"""Videos as the capture reads them: right moments, upright, and one sentence for every bad file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from mynah_daemon.capture.video import Shot, Video, needed, usual_rate
from mynah_shared.errors import BadInputError
from tests.inference_daemon.films import turn_clockwise, write_film


def picture(value: int, size: tuple[int, int] = (64, 96)) -> np.ndarray:
    """A picture with a bright upper left corner on a ground of grey `value`."""
    image = np.full((*size, 3), value, np.uint8)
    image[: size[0] // 4, : size[1] // 4] = 250
    return image


def shots(path: Path, start_s: float = 0.0, end_s: float = 0.0, fps: float = 0.0) -> list[Shot]:
    with Video(path, path.name) as video:
        return list(video.shots(start_s, end_s, fps or video.facts.fps))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi", ".mov"])
def test_every_frame_comes_at_its_moment(tmp_path: Path, suffix: str) -> None:
    path = write_film(tmp_path / f"film{suffix}", [picture(10 * i) for i in range(20)])
    found = shots(path)
    assert [shot.time_s for shot in found] == pytest.approx([i / 25 for i in range(20)], abs=1e-3)
    greys = [float(shot.image[40:, 40:].mean()) for shot in found]
    assert greys == pytest.approx([10 * i for i in range(20)], abs=6)


def test_a_varying_rate_keeps_its_moments(tmp_path: Path) -> None:
    times = [0.0, 0.03, 0.1, 0.11, 0.25, 0.3, 0.42, 0.5, 0.51, 0.6, 0.75, 0.8]
    path = write_film(tmp_path / "phone.mkv", [picture(20 * i) for i in range(12)], times)
    found = shots(path, fps=60.0)
    assert [shot.time_s for shot in found] == pytest.approx(times, abs=2e-3)


def test_a_part_is_cut_out(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.mp4", [picture(i) for i in range(250)])
    found = shots(path, 8.0, 9.0)
    assert found[0].time_s == pytest.approx(8.0, abs=1e-3)
    assert found[-1].time_s == pytest.approx(9.0, abs=1e-3)
    assert len(found) == 26
    assert shots(path, 11.0) == []
    passed: list[int] = []
    with Video(path, path.name) as video:
        next(video.shots(4.0, 5.0, 25.0, lambda: passed.append(1)))
    assert 95 < len(passed) <= 100


def test_only_frames_around_the_clips_moments_are_taken(tmp_path: Path) -> None:
    path = write_film(tmp_path / "quick.mp4", [picture(i) for i in range(60)], 120.0)
    times = [shot.time_s for shot in shots(path, fps=30.0)]
    assert times[:-1] == pytest.approx([i / 30 for i in range(15)], abs=1e-3)


@pytest.mark.parametrize(
    ("first", "second", "wanted"),
    [
        (0.0, 1 / 25, (True, True)),
        (0.3 / 25, 0.8 / 25, (False, False)),
        (0.8 / 25, 1.3 / 25, (True, True)),  # the moment 1 lies between
        (0.99 / 25, 1.5 / 25, (True, False)),  # the first is at the moment
    ],
)
def test_frames_are_needed_if_they_hold_a_moment_between_them(
    first: float, second: float, wanted: tuple[bool, bool]
) -> None:
    assert needed(first, second, 25.0) == wanted


def test_a_film_that_was_turned_stands_upright(tmp_path: Path) -> None:
    upright = [picture(30 + i, (96, 64)) for i in range(12)]
    lying = [np.rot90(image, 1) for image in upright]  # as the phone's sensor sees them
    path = turn_clockwise(write_film(tmp_path / "phone.mp4", lying))
    found = shots(path)
    assert found[5].image.shape == (96, 64, 3)
    assert found[5].image[:20, :12].mean() > 220
    assert found[5].image[-20:].mean() < 60


def test_pixels_become_square_and_large_frames_small(tmp_path: Path) -> None:
    path = tmp_path / "wide.mkv"
    with av.open(str(path), "w") as media:
        stream = media.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 720, 576, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(16, 15)
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(picture(9, (576, 720)), format="rgb24")
            media.mux(stream.encode(frame))
        media.mux(stream.encode(None))
    assert shots(path)[0].image.shape == (576, 768, 3)
    large = write_film(tmp_path / "4k.mp4", [picture(9, (2160, 3840))] * 3, 60.0)
    assert shots(large)[0].image.shape == (720, 1280, 3)


@pytest.mark.parametrize(
    ("fps", "rate"), [(29.9, 30000 / 1001), (25.1, 25.0), (12.5, 12.5), (240.0, 60.0), (1.0, 5.0)]
)
def test_rates_become_usual_ones(fps: float, rate: float) -> None:
    assert usual_rate(fps) == pytest.approx(rate)


def test_what_is_no_video_is_refused_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"no video 'gone\.mp4'"):
        Video(tmp_path / "gone.mp4", "gone.mp4")
    (tmp_path / "text.mp4").write_text("hello " * 1000)
    with pytest.raises(BadInputError, match=r"'text\.mp4' is not a video that can be read"):
        Video(tmp_path / "text.mp4", "text.mp4")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXTINF:1,\n/etc/passwd\n")
    with pytest.raises(BadInputError, match="is not a video that can be read"):
        Video(tmp_path / "list.m3u8", "list.m3u8")


def test_a_video_without_picture_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "voice.mp4"), "w") as media:
        stream = media.add_stream("aac", rate=16000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 16000), "f4"), format="fltp", layout="mono")
        frame.sample_rate = 16000
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            media.mux(packet)
    with pytest.raises(BadInputError, match=r"'voice\.mp4' has no picture"):
        Video(tmp_path / "voice.mp4", "voice.mp4")


def test_a_cut_off_video_gives_what_is_there(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 64, 96, 3)).astype(np.uint8)
    path = write_film(tmp_path / "film.mkv", list(noise))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    assert 10 < len(shots(path)) < 50
    mp4 = write_film(tmp_path / "film.mp4", list(noise))
    mp4.write_bytes(mp4.read_bytes()[: mp4.stat().st_size // 2])
    with pytest.raises(BadInputError, match="damaged, cut off or of an unknown format"):
        shots(mp4)


def test_damaged_frames_are_counted_and_left_out(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 64, 96, 3)).astype(np.uint8)
    path = write_film(tmp_path / "film.avi", list(noise))
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 40_000] = bytes(40_000)
    path.write_bytes(data)
    with Video(path, path.name) as video:
        found = list(video.shots(0, 0, 25.0))
    assert 20 < len(found) <= 60
    assert video.n_damaged > 0


def test_a_video_that_is_too_long_asks_for_a_part(tmp_path: Path) -> None:
    path = write_film(
        tmp_path / "long.mkv", [picture(i) for i in range(8)], [100.0 * i for i in range(8)]
    )
    with pytest.raises(BadInputError, match=r"'long\.mkv' lasts 700 s or more.*--start, --end"):
        shots(path)
    assert len(shots(path, 0.0, 250.0)) > 1
