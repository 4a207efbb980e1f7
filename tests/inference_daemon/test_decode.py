"""Decoding: every container to 16 kHz mono, every bad file to one sentence with its name."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile

from mynah_daemon.audio.decode import Decoder, decode_file
from mynah_shared.errors import BadInputError


def tone(seconds: float, rate: int = 16000, hz: float = 440.0) -> np.ndarray:
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype("f4")


def encode(path: Path, samples: np.ndarray, rate: int, codec: str) -> Path:
    """Writes `samples` [N] in the container of the path's suffix."""
    if codec.startswith(("VORBIS", "PCM")):
        soundfile.write(path, samples, rate, subtype=codec)
        return path
    with av.open(str(path), "w") as media:
        stream = media.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(samples[None, :], format="fltp", layout="mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            media.mux(packet)
    return path


def pitch_hz(samples: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum)) * 16000 / len(samples)


@pytest.mark.parametrize(
    ("suffix", "codec", "rate"),
    [
        ("mp3", "libmp3lame", 44100),
        ("ogg", "VORBIS", 22050),
        ("flac", "PCM_24", 48000),
        ("m4a", "aac", 44100),
        ("mp4", "aac", 48000),
        ("mkv", "libopus", 48000),
        ("webm", "libopus", 48000),
        ("wav", "PCM_16", 8000),
    ],
)
def test_every_container_becomes_16_khz_mono(
    tmp_path: Path, suffix: str, codec: str, rate: int
) -> None:
    path = encode(tmp_path / f"line.{suffix}", tone(1.5, rate), rate, codec)
    samples = decode_file(path, path.name)
    assert samples.dtype == np.float32
    assert len(samples) / 16000 == pytest.approx(1.5, abs=0.06)
    assert pitch_hz(samples) == pytest.approx(440, abs=2)
    assert 0.3 < np.sqrt(np.mean(samples[4000:-4000] ** 2)) < 0.4


@pytest.mark.parametrize("kind", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (192000, 8)])
def test_every_sample_type_rate_and_channel_count(
    tmp_path: Path, kind: str, rate: int, channels: int
) -> None:
    data = np.zeros((rate, channels))
    data[:, -1] = tone(1, rate)  # the last channel alone: all channels must be heard
    soundfile.write(tmp_path / "a.wav", data, rate, subtype=kind)
    samples = decode_file(tmp_path / "a.wav", "a.wav")
    assert len(samples) == 16000
    assert np.abs(samples[1000:-1000]).max() == pytest.approx(0.5 / channels, abs=0.01)
    assert pitch_hz(samples) == pytest.approx(440, abs=2)


def test_content_decides_not_the_suffix(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.flac", tone(1), 16000)
    (tmp_path / "a.flac").rename(tmp_path / "a.mp3")
    assert len(decode_file(tmp_path / "a.mp3", "a.mp3")) == 16000


def test_16_khz_samples_pass_unchanged(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", tone(1), 16000, subtype="FLOAT")
    np.testing.assert_array_equal(decode_file(tmp_path / "a.wav", "a.wav"), tone(1))


def test_silence_is_valid(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", np.zeros(32000), 16000)
    samples = decode_file(tmp_path / "a.wav", "a.wav")
    assert len(samples) == 32000
    assert not samples.any()


def test_a_cut_is_exact_and_allows_a_60_minute_file(tmp_path: Path) -> None:
    rate = 8000
    ramp = np.linspace(0, 0.9, 3600 * rate, dtype=np.float32)
    soundfile.write(tmp_path / "hour.wav", ramp, rate, subtype="PCM_16")
    samples = decode_file(tmp_path / "hour.wav", "hour.wav", 3000.0, 3002.5)
    assert len(samples) == 40000
    middle = ramp[3000 * rate : 3000 * rate + 20000]
    np.testing.assert_allclose(samples[2000:-2000:2], middle[1000:-1000], atol=1e-3)
    with pytest.raises(BadInputError, match=r"'hour\.wav' lasts 3600 s, but a line may last 600 s"):
        decode_file(tmp_path / "hour.wav", "hour.wav")
    with pytest.raises(BadInputError, match=r"--start, --end"):
        decode_file(tmp_path / "hour.wav", "hour.wav", 100.0, 0.0)
    with pytest.raises(BadInputError, match=r"start at 4000 s lies behind the end of 'hour\.wav'"):
        decode_file(tmp_path / "hour.wav", "hour.wav", 4000.0, 4001.0)


def test_an_overlong_stream_without_length_is_refused(tmp_path: Path) -> None:
    path = encode(tmp_path / "long.aac", np.zeros(8000 * 610, np.float32), 8000, "aac")
    with pytest.raises(BadInputError, match=r"'long\.aac' lasts 600 s, but a line may last 600 s"):
        decode_file(path, path.name)


def wav(tmp_path: Path, data: np.ndarray, subtype: str = "FLOAT") -> Path:
    soundfile.write(tmp_path / "a.wav", data, 16000, subtype=subtype)
    return tmp_path / "a.wav"


def with_bad_sample(value: float) -> np.ndarray:
    data = tone(2)
    data[20000] = value
    return data


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (np.zeros(0, "f4"), "'bad' holds no sound samples"),
        (tone(1 / 16000), r"'bad' has 0\.1 ms of sound; a line needs at least 40 ms"),
        (tone(0.01), r"'bad' has 10\.0 ms of sound; a line needs at least 40 ms"),
        (with_bad_sample(np.nan), r"'bad' has a sample that is not a finite number at 1\.25 s"),
        (with_bad_sample(np.inf), r"'bad' has a sample that is not a finite number at 1\.25 s"),
        (with_bad_sample(1e30), r"'bad' has a sample that is not a finite number at 1\.25 s"),
    ],
)
def test_bad_samples_are_refused(tmp_path: Path, data: np.ndarray, sentence: str) -> None:
    with pytest.raises(BadInputError, match=sentence):
        decode_file(wav(tmp_path, data), "bad")


def random_bytes(tmp_path: Path) -> Path:
    (tmp_path / "noise.wav").write_bytes(np.random.default_rng(1).bytes(300_000))
    return tmp_path / "noise.wav"


def empty(tmp_path: Path) -> Path:
    (tmp_path / "noise.wav").touch()
    return tmp_path / "noise.wav"


def text_file(tmp_path: Path) -> Path:
    (tmp_path / "noise.wav").write_text("This is not audio.\n" * 100)
    return tmp_path / "noise.wav"


def picture_only(tmp_path: Path) -> Path:
    with av.open(str(tmp_path / "film.mp4"), "w") as media:
        stream = media.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            media.mux(stream.encode(frame))
        media.mux(stream.encode(None))
    return tmp_path / "film.mp4"


def playlist(tmp_path: Path) -> Path:
    secret = wav(tmp_path, tone(1))
    (tmp_path / "list.wav").write_text(f"ffconcat version 1.0\nfile {secret.name}\n")
    return tmp_path / "list.wav"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (random_bytes, "'bad' is not a sound or video file that can be read"),
        (empty, "'bad' is empty"),
        (text_file, "'bad' is not a sound or video file that can be read"),
        (picture_only, "'bad' has no sound track"),
        (playlist, "'bad' is not a sound or video file that can be read"),
    ],
)
def test_files_that_hold_no_sound_are_refused(
    tmp_path: Path, make: Callable[[Path], Path], sentence: str
) -> None:
    with pytest.raises(BadInputError, match=sentence):
        decode_file(make(tmp_path), "bad")


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [
        ("wav", "PCM_16"),
        ("mp3", "libmp3lame"),
        ("flac", "PCM_16"),
        ("ogg", "VORBIS"),
        ("m4a", "aac"),
        ("mkv", "aac"),
    ],
)
def test_a_truncated_file_is_refused(tmp_path: Path, suffix: str, codec: str) -> None:
    noise = np.random.default_rng(5).normal(0, 0.1, 5 * 16000).astype("f4")
    whole = encode(tmp_path / f"whole.{suffix}", noise, 16000, codec)
    content = whole.read_bytes()
    for share in (0.2, 0.6, 0.9):
        (tmp_path / "cut").write_bytes(content[: int(len(content) * share)])
        with pytest.raises(BadInputError, match=r"'bad' is (cut off|damaged|not a sound)"):
            decode_file(tmp_path / "cut", "bad")


def test_cancel_ends_the_child_at_once(tmp_path: Path) -> None:
    rate = 48000
    soundfile.write(tmp_path / "a.flac", np.zeros((500 * rate, 2), "f4"), rate)
    cancelled = threading.Event()
    threading.Timer(0.3, cancelled.set).start()

    class Cancelled(Exception):
        pass

    def check() -> None:
        if cancelled.is_set():
            raise Cancelled

    with contextlib.closing(Decoder()) as decoder, pytest.raises(Cancelled):
        decoder.decode(tmp_path / "a.flac", "a.flac", check_cancelled=check)
    assert cancelled.is_set()


def test_a_decoder_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mynah_daemon.audio.decode.WALL_CLOCK_S", 0.0)
    started = time.monotonic()
    with pytest.raises(BadInputError, match=r"'a\.wav' takes more than 0 s to decode"):
        decode_file(wav(tmp_path, np.zeros(16000 * 590, "f4")), "a.wav")
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(("rate", "heard"), [(44100, 44100), (96000, 48000), (4000, 8000)])
def test_for_ears_a_file_keeps_its_rate_within_reason(
    tmp_path: Path, rate: int, heard: int
) -> None:
    samples = tone(0.5, rate)
    soundfile.write(tmp_path / "a.wav", samples, rate, subtype="FLOAT")
    with contextlib.closing(Decoder()) as decoder:
        decoded, found = decoder.decode_as_recorded(tmp_path / "a.wav", "a.wav", 0.1, 0.4)
        assert (found, len(decoded)) == (heard, round(0.3 * heard))
        if rate == heard:
            assert (decoded == samples[round(0.1 * rate) : round(0.4 * rate)]).all()
        assert len(decoder.decode(tmp_path / "a.wav", "a.wav", 0.1, 0.4)) == 4800


def test_one_child_serves_many_files_and_a_dead_one_is_replaced(tmp_path: Path) -> None:
    path = wav(tmp_path, tone(1))
    (tmp_path / "bad.wav").write_bytes(b"nothing")
    with contextlib.closing(Decoder()) as decoder:
        decoder.prepare()
        (child,) = decoder._idle.queue
        for _ in range(3):
            assert len(decoder.decode(path, "a.wav")) == 16000
            with pytest.raises(BadInputError, match=r"'bad\.wav' is not a sound"):
                decoder.decode(tmp_path / "bad.wav", "bad.wav")
        with pytest.raises(BadInputError, match=r"'gone\.wav' can't be read \(No such file"):
            decoder.decode(tmp_path / "gone.wav", "gone.wav")
        assert list(decoder._idle.queue) == [child]
        child.kill()
        child.wait()
        assert len(decoder.decode(path, "a.wav")) == 16000


def test_threads_decode_side_by_side(tmp_path: Path) -> None:
    paths = [wav(tmp_path, tone(n)).rename(tmp_path / f"{n}.wav") for n in (1, 2, 3)]
    with contextlib.closing(Decoder()) as decoder, ThreadPoolExecutor(3) as threads:
        orders = [paths[i % 3] for i in range(30)]
        lengths = [len(x) for x in threads.map(lambda path: decoder.decode(path, "a.wav"), orders)]
        assert lengths == [16000 * (1 + i % 3) for i in range(30)]
        assert 1 <= decoder._idle.qsize() <= 3


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
def test_a_file_that_kills_the_decoder_is_refused(tmp_path: Path) -> None:
    long = wav(tmp_path, np.zeros(16000 * 590, "f4"))
    with contextlib.closing(Decoder()) as decoder:
        decoder.prepare()
        (child,) = decoder._idle.queue
        threading.Timer(0.3, child.kill).start()
        os.kill(child.pid, signal.SIGSTOP)
        with pytest.raises(BadInputError, match=r"'a\.wav' made the decoder fail"):
            decoder.decode(long, "a.wav")
        assert len(decoder.decode(long, "a.wav")) == 16000 * 590
