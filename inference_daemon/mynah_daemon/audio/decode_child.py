"""Decodes one sound or video file: `python -m mynah_daemon.audio.decode_child`.

Media decoders are the largest piece of foreign code here that reads untrusted bytes. So it runs in
a process of its own, limited in memory and time; `decode.py` is the other side of the pipes.

stdin: one line of JSON per file, with its path, its name for sentences, start and end of the cut in
seconds (end 0 = the file's end), and the lowest and highest rate wanted. stdout: for each, a head
(see `decode.HEAD`), then mono float32, raw, or the one sentence why the file is refused. The end of
stdin ends it.
"""

from __future__ import annotations

import contextlib
import json
import signal
import struct
import sys
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import av
import av.error
import av.logging
import numpy as np
import soxr  # pyright: ignore[reportMissingTypeStubs]  (it ships none)
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container.input import InputContainer
from numpy.typing import NDArray

try:
    import resource
except ImportError:  # Windows has no such limits; the parent's clock still holds
    resource = None

FloatArray = NDArray[np.float32]

SAMPLE_RATE: Final = 16_000
SHORTEST_S: Final = 0.04
LONGEST_S: Final = 600.0
MEMORY_BYTES: Final = 2 << 30
CPU_S: Final = 30
_LOUDEST: Final = 1e6  # float files scaled like integers are fine, numbers beyond are garbage
_CHUNK: Final = 1 << 16

# Only real containers: a playlist or "concat" file would make FFmpeg open other files by name.
_FORMATS: Final = (
    "aac,ac3,aiff,amr,ape,asf,au,avi,caf,eac3,flac,flv,m4a,matroska,mov,mp3,mp4,mpeg,mpegts,mxf,"
    "ogg,tta,w64,wav,webm,wv"
)
# Raw streams have no length of their own; FFmpeg guesses one from the bit rate.
_GUESSED_LENGTH: Final = ("aac", "ac3", "eac3", "mpeg", "mpegts", "amr")


class Refusal(Exception):
    """The file can't be used; the text is the sentence for the artist."""


def main() -> None:
    """Serves one order after the other."""
    # Ctrl-C reaches this process too; what it means is the parent's business, who closes stdin
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _limit_memory()
    av.logging.set_level(None)
    for line in sys.stdin.buffer:
        _limit_time()
        try:
            (samples, rate), is_refused = _obey(json.loads(line)), False
            content = samples.tobytes()
        except Refusal as refusal:
            content, rate, is_refused = str(refusal).encode("utf-8"), 0, True
        sys.stdout.buffer.write(struct.pack("<?IQ", is_refused, rate, len(content)) + content)
        sys.stdout.buffer.flush()


def _obey(order: dict[str, Any]) -> tuple[FloatArray, int]:
    name = str(order["name"])
    cut = (float(order["start_s"]), float(order["end_s"]))
    try:
        with open(order["path"], "rb") as file:
            return _decode(file, name, cut, order["rates"])
    except MemoryError as err:
        raise Refusal(
            f"'{name}' needs over {MEMORY_BYTES >> 30} GB to decode; convert it to WAV."
        ) from err
    except OSError as err:  # FFmpeg's own errors are refusals already
        raise Refusal(f"'{name}' can't be read ({err.strerror}); try again.") from err


def _limit_memory() -> None:
    if resource is not None:
        with contextlib.suppress(ValueError, OSError):  # the system may already allow less
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))


def _limit_time() -> None:
    """Processor time for the next file; beyond it the system ends the process."""
    if resource is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit = int(used.ru_utime + used.ru_stime) + CPU_S
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))


def decode(file: BinaryIO, name: str, start_s: float, end_s: float) -> FloatArray:
    """Mono samples [N] at 16 kHz of the cut, all channels mixed with equal weight.

    Raises `Refusal` with a sentence if the file can't be used.
    """
    return _decode(file, name, (start_s, end_s), (SAMPLE_RATE, SAMPLE_RATE))[0]


def _decode(
    file: BinaryIO, name: str, cut_s: tuple[float, float], rates: Sequence[int]
) -> tuple[FloatArray, int]:
    """Samples at the file's rate, or at the nearest of `rates` (lowest, highest); and the rate."""
    head = file.read(1 << 19)
    n_bytes = file.seek(0, 2)
    file.seek(max(0, n_bytes - (1 << 17)))
    _check_not_cut_off(head, file.read(), n_bytes, name)
    file.seek(0)
    try:
        options = {"format_whitelist": _FORMATS, "max_size": "65536"}
        with contextlib.closing(av.open(file, "r", options=options)) as media:
            stream = media.streams.best("audio")
            if not isinstance(stream, AudioStream):
                raise Refusal(f"'{name}' has no sound track; choose a file with sound.")
            length_s = _promised_length(media, stream, head)
            rate = min(max(stream.rate, rates[0]), rates[1])
            return _read_stream(media, stream, length_s, name, cut_s, rate), rate
    except av.error.FFmpegError as err:
        raise Refusal(
            f"'{name}' is not a sound or video file that can be read; it is damaged or of an "
            "unknown format: export it again, for example as WAV."
        ) from err


def _check_not_cut_off(head: bytes, tail: bytes, n_bytes: int, name: str) -> None:
    """FFmpeg plays a cut-off WAV or Ogg file without a word."""
    if n_bytes == 0:
        raise Refusal(f"'{name}' is empty (0 bytes); export it again.")
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        promised = int.from_bytes(head[4:8], "little") + 8
        if n_bytes < promised < 0x7FFF0000:  # recorders that stream write a huge or no length
            raise Refusal(_cut_off(name, f"{n_bytes} of {promised} bytes are there"))
    last_page = tail.rfind(b"OggS")
    if head[:4] == b"OggS" and last_page >= 0:
        is_end_of_stream = len(tail) > last_page + 5 and tail[last_page + 5] & 4
        if not is_end_of_stream:
            raise Refusal(_cut_off(name, "its last page is missing"))


def _cut_off(name: str, detail: str) -> str:
    return f"'{name}' is cut off: {detail}; copy or export it again."


def _promised_length(media: InputContainer, stream: AudioStream, head: bytes) -> float | None:
    """Seconds that the file's header states, where a header does."""
    kind = media.format.name
    if kind in _GUESSED_LENGTH or (kind == "mp3" and b"Xing" not in head and b"Info" not in head):
        return None
    if stream.duration is not None and stream.time_base is not None:
        return float(stream.duration * stream.time_base)
    if media.duration is not None and not media.streams.video:
        return media.duration / av.time_base
    return None


def _read_stream(
    media: InputContainer,
    stream: AudioStream,
    length_s: float | None,
    name: str,
    cut_s: tuple[float, float],
    wanted_rate: int,
) -> FloatArray:
    rate, (start_s, end_s) = stream.rate, cut_s
    first = round(start_s * rate)
    last = round(end_s * rate) if end_s > 0 else sys.maxsize
    if length_s is not None:
        _check_length(min(length_s, end_s or length_s) - start_s, name)
    cut = _Cut(name, rate, wanted_rate, first, last)
    position = 0
    for block in _blocks(media, stream, name, first):
        cut.add(position, block)
        position += block.shape[1]
        if position >= last:
            break
    if length_s is not None and position < last:
        decoded_s = position / rate
        if decoded_s < length_s * 0.98 - 0.1:
            detail = f"it promises {length_s:.1f} s and holds {decoded_s:.1f} s"
            raise Refusal(_cut_off(name, detail))
        if decoded_s > length_s:  # AAC fills its last block with silence beyond the real end
            cut.drop(position - max(round(length_s * rate), first))
    if position == 0:
        raise Refusal(f"'{name}' holds no sound samples; export it again.")
    if position <= first:
        raise Refusal(
            f"The start at {start_s:g} s lies behind the end of '{name}', which lasts "
            f"{position / rate:.2f} s; choose an earlier start."
        )
    return cut.finish()


def _blocks(
    media: InputContainer, stream: AudioStream, name: str, first: int
) -> Iterator[FloatArray]:
    """Decoded samples [channels, n] in -1..1; frames before sample `first` come as zeros."""
    position = 0
    try:
        for frame in media.decode(stream):
            if frame.sample_rate != stream.rate:
                raise Refusal(f"'{name}' changes its sample rate midway; export it again as WAV.")
            is_before = position + frame.samples <= first
            position += frame.samples
            yield np.zeros((1, frame.samples), np.float32) if is_before else _to_float(frame)
    except av.error.FFmpegError as err:
        raise Refusal(
            f"'{name}' is damaged or cut off at {position / stream.rate:.2f} s: what follows can't "
            "be decoded; export it again."
        ) from err


def _to_float(frame: AudioFrame) -> FloatArray:
    data: NDArray[Any] = frame.to_ndarray()
    if not frame.format.is_planar:
        data = np.transpose(np.reshape(data, (-1, len(frame.layout.channels))))
    if data.dtype == np.uint8:
        return ((data.astype(np.float32) - 128) / 128).astype(np.float32)
    if data.dtype.kind == "i":
        return (data / 2.0 ** (8 * data.dtype.itemsize - 1)).astype(np.float32)
    with np.errstate(over="ignore"):  # a double beyond float range becomes inf and is refused
        return data.astype(np.float32)


def _check_length(length_s: float, name: str) -> None:
    if length_s > LONGEST_S + 0.005:
        raise Refusal(
            f"'{name}' lasts {length_s:.0f} s, but a line may last {LONGEST_S:.0f} s at most: cut "
            "the file or choose a part by its start and end (--start, --end)."
        )


class _Cut:
    """Collects the samples between two positions as mono of the rate wanted."""

    def __init__(self, name: str, rate: int, wanted_rate: int, first: int, last: int) -> None:
        self._name, self._rate, self._first, self._last = name, rate, first, last
        self._wanted_rate = wanted_rate
        self._parts: list[FloatArray] = []
        self._pending: list[FloatArray] = []
        self._pending_samples = 0
        self._n_samples = 0
        self._dropped = 0
        self._resampler = soxr.ResampleStream(rate, wanted_rate, 1, dtype="float32")

    def add(self, position: int, block: FloatArray) -> None:
        """Takes what of the block [channels, n] at sample `position` lies inside."""
        inside = block[:, max(self._first - position, 0) : max(self._last - position, 0)]
        if inside.shape[1] == 0:
            return
        self._check_finite(inside, max(position, self._first))
        self._pending.append(inside.mean(axis=0, dtype=np.float32))
        self._pending_samples += inside.shape[1]
        self._n_samples += inside.shape[1]
        _check_length(self._n_samples / self._rate, self._name)
        if self._pending_samples >= _CHUNK:
            self._flush(is_last=False)

    def drop(self, n_samples: int) -> None:
        """Forgets the last samples."""
        self._dropped = n_samples

    def finish(self) -> FloatArray:
        """All samples. Raises `Refusal` if they are too few."""
        self._flush(is_last=True)
        kept = self._n_samples - self._dropped
        if kept < SHORTEST_S * self._rate:
            raise Refusal(
                f"'{self._name}' has {1000 * max(kept, 0) / self._rate:.1f} ms of sound; a line "
                f"needs at least {1000 * SHORTEST_S:.0f} ms."
            )
        samples = np.concatenate(self._parts)
        wanted = round(kept * self._wanted_rate / self._rate)
        return np.pad(samples[:wanted], (0, max(0, wanted - len(samples))))

    def _flush(self, is_last: bool) -> None:
        block = np.concatenate([np.zeros(0, np.float32), *self._pending])
        self._parts.append(self._resampler.resample_chunk(block, last=is_last))
        self._pending, self._pending_samples = [], 0

    def _check_finite(self, block: FloatArray, position: int) -> None:
        bad = ~(np.abs(block) < _LOUDEST).all(axis=0)
        if bad.any():
            at = (position + int(np.argmax(bad))) / self._rate
            raise Refusal(
                f"'{self._name}' has a sample that is not a finite number at {at:.2f} s; export it "
                "again from the program that made it."
            )


if __name__ == "__main__":
    main()
