"""What a client does for one line, as generators that never wait: they yield what they need next.

A driver sends each yielded message and resumes the generator with the reply, so the same steps
serve the blocking `Client` and the thread of `BackgroundClient`, which runs many lines at once.
An `ErrorReply` is thrown into the generator as `JobFailedError`.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import stat
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from ..errors import BadInputError, JobFailedError, ProtocolError
from ..protocol import messages as m

READ_BYTES = 1024 * 1024  # read and hashed at one go: some 2 ms
SILENCE_S = 10.0
BUSY_PAUSE_S = 1.0


@dataclass(frozen=True)
class Pause:
    """Resume after this time."""

    seconds: float


@dataclass(frozen=True)
class NextEvent:
    """Resume with the job's next `JobEvent`, or with None after this time without one."""

    job_id: str
    timeout_s: float


T = TypeVar("T")
M = TypeVar("M", bound=m.Message)
Wait = Pause | NextEvent
Steps = Generator[m.Message | Wait, m.Message | None, T]
Report = Callable[[float], None]
"""Hears of the share that is done."""


@dataclass(frozen=True)
class Line:
    """One line of dialogue to perform, or performance to transfer: a file, or the bytes of one, and
    the request's fields.

    `audio_name` is what error sentences call the file, and of a transfer tells its format;
    `fps` 0 is, in transfers only, the rate of the source. `style_clips` are the files, or their
    bytes, that the `styles` show, in their order (None, and where there are fewer: a style of the
    daemon's), `gesture_clips` likewise those of the `gestures`, and `take` that of an earlier take.
    The other fields are explained at `SynthesizeRequest`.
    """

    audio: Path | bytes
    audio_name: str
    fps: float
    model: str = ""
    styles: tuple[m.StyleUse, ...] = (m.StyleUse("neutral"),)
    seed: int = 0
    quality: m.Quality = m.Quality.normal
    amounts: m.Amounts = field(default_factory=m.Amounts)
    start_s: float = 0.0
    end_s: float = 0.0
    text: str = ""
    representation: str = "arkit"
    audio_guidance: float = 1.0
    style_guidance: float = 1.0
    style_strength: float = 1.0
    style_fade_s: float = 1.0
    redo_start_s: float = 0.0
    redo_end_s: float = 0.0
    gestures: tuple[m.GestureUse, ...] = ()
    keys: tuple[m.KeyUse, ...] = ()
    is_transfer: bool = False
    style_clips: tuple[Path | bytes | None, ...] = ()
    take: Path | bytes | None = None
    gesture_clips: tuple[Path | bytes | None, ...] = ()

    def within_redo(self) -> Line:
        """The same with only those gestures that lie in the range that is made anew: the others are
        in the take already."""
        inside = [
            self.redo_start_s <= use.at_s and use.at_s + use.to_s - use.from_s <= self.redo_end_s
            for use in self.gestures
        ]
        uses = tuple(use for use, is_in in zip(self.gestures, inside, strict=True) if is_in)
        clips = tuple(c for c, is_in in zip(self.gesture_clips, inside, strict=True) if is_in)
        return dataclasses.replace(self, gestures=uses, gesture_clips=clips)

    def to_request(self, audio_sha256: str, **uploaded: Any) -> m.SynthesizeRequest:
        """`uploaded` are the fields that name uploaded files, where there are any."""
        own = {item.name for item in dataclasses.fields(self)}
        names = [f.name for f in dataclasses.fields(m.SynthesizeRequest) if f.name in own]
        values = {name: getattr(self, name) for name in names} | uploaded
        return m.SynthesizeRequest(audio_sha256=audio_sha256, **values)


LibraryMessage = m.ListStyles | m.FetchStylePicture | m.AddStyle | m.RemoveStyle


@dataclass(frozen=True)
class LibraryQuestion:
    """A message about the style library; `clip` is the file, or its bytes, that an `AddStyle`
    stores: its `clip_sha256` is filled in when that is uploaded."""

    message: LibraryMessage
    clip: Path | bytes | None = None


def ask(message: m.Message, expected: type[M]) -> Steps[M]:
    """One request and its reply. Raises `ProtocolError` if the reply is of another type."""
    reply = yield message
    if not isinstance(reply, expected):
        raise ProtocolError(
            f"The daemon answered {type(message).__name__} with {type(reply).__name__}; "
            "update the engine and the host to the same version."
        )
    return reply


def upload_line(line: Line, limits: m.Limits, report: Report) -> Steps[m.SynthesizeRequest]:
    """Gives the daemon the line's audio and style clips; returns the request that names them.
    `report` hears of the first, which may be a long video."""
    kind = "file" if line.is_transfer else "audio file"
    audio = yield from upload(line.audio, line.audio_name, limits, kind, report)
    styles, gestures, take = list(line.styles), list(line.gestures), ""
    for i, clip in enumerate(line.style_clips):
        if clip is not None:
            sha256 = yield from upload(clip, styles[i].name, limits, "style clip")
            styles[i] = dataclasses.replace(styles[i], clip_sha256=sha256)
    for i, clip in enumerate(line.gesture_clips):
        if clip is not None:
            sha256 = yield from upload(clip, gestures[i].name, limits, "gesture's clip")
            gestures[i] = dataclasses.replace(gestures[i], clip_sha256=sha256)
    if line.take is not None:
        take = yield from upload(line.take, "the take", limits, "take")
    return line.to_request(audio, styles=tuple(styles), gestures=tuple(gestures), take_sha256=take)


def ask_library(question: LibraryQuestion, limits: m.Limits) -> Steps[m.StyleList | m.StylePicture]:
    """Uploads what the question needs and asks it."""
    message = question.message
    if isinstance(message, m.FetchStylePicture):
        return (yield from ask(message, m.StylePicture))
    if isinstance(message, m.AddStyle) and question.clip is not None:
        sha256 = yield from upload(question.clip, message.clip_name, limits, "style clip")
        message = dataclasses.replace(message, clip_sha256=sha256)
    return (yield from ask(message, m.StyleList))


def upload(
    audio: Path | bytes,
    name: str,
    limits: m.Limits,
    kind: str = "file",
    report: Report = lambda _share: None,
) -> Steps[str]:
    """Gives the daemon what it lacks of a file; returns the SHA-256 that names it.

    `name` is what sentences call a file that has no path, `kind` what it is; `report` is called
    between pieces. Nothing is held in memory but a piece. Raises `BadInputError` if the file can't
    be read, `JobFailedError` if it is too large.
    """
    try:
        with _open(audio, name, limits, kind) as file:
            sha256, n_bytes = yield from _hash(file)
            yield from _send(file, sha256, n_bytes, limits, report)
            return sha256
    except FileNotFoundError as error:
        raise BadInputError(f"The {kind} '{audio}' does not exist; choose another file.") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInputError(
            f"The {kind} '{audio}' can't be read ({reason}); "
            "allow reading it or choose another file."
        ) from error


def submit(request: m.SynthesizeRequest, *, is_batch: bool = False) -> Steps[m.JobStatus]:
    """Queues one job; waits for its turn while the daemon's queue is full."""
    while True:
        try:
            accepted = yield from ask(m.Submit((request,), is_batch), m.Accepted)
        except JobFailedError as error:
            if error.code != m.ErrorCode.busy:
                raise
            yield Pause(BUSY_PAUSE_S)
        else:
            if len(accepted.jobs) != 1:
                raise ProtocolError(f"The daemon made {len(accepted.jobs)} jobs of one request.")
            return accepted.jobs[0]


def next_event(job_id: str) -> Steps[m.JobEvent | None]:
    """The job's next event; None after `SILENCE_S` without one."""
    event = yield NextEvent(job_id, SILENCE_S)
    return event if isinstance(event, m.JobEvent) else None


def _open(audio: Path | bytes, name: str, limits: m.Limits, kind: str) -> BinaryIO:
    if isinstance(audio, bytes):
        _check_size(name, len(audio), limits, kind)
        return io.BytesIO(audio)
    status = audio.stat()
    if stat.S_ISDIR(status.st_mode):
        raise BadInputError(f"'{audio}' is a folder; choose a file in it.")
    if not stat.S_ISREG(status.st_mode):
        raise BadInputError(f"'{audio}' is a device, not a file; choose a file.")
    _check_size(str(audio), status.st_size, limits, kind)
    return open(audio, "rb")


def _hash(file: BinaryIO) -> Steps[tuple[str, int]]:
    digest, n_bytes = hashlib.sha256(), 0
    while piece := file.read(READ_BYTES):
        digest.update(piece)
        n_bytes += len(piece)
        yield Pause(0.0)
    return digest.hexdigest(), n_bytes


def _send(
    file: BinaryIO, sha256: str, n_bytes: int, limits: m.Limits, report: Report
) -> Steps[None]:
    """Chunk after chunk, each after the answer to the last: on loopback that is fast enough."""
    state = yield from ask(m.BlobStat(sha256, n_bytes), m.BlobState)
    while not state.complete:
        offset = state.offset
        if offset:
            report(offset / n_bytes)
        file.seek(offset)
        chunk = file.read(limits.chunk_bytes)
        try:
            state = yield from ask(m.BlobPut(sha256, n_bytes, offset, chunk), m.BlobState)
        except JobFailedError as error:
            if error.code != m.ErrorCode.busy:
                raise
            yield Pause(BUSY_PAUSE_S)  # until other uploads of this user's are through
            continue
        if not state.complete and state.offset <= offset:
            raise JobFailedError(
                "The upload of the file does not get ahead; do not change the file meanwhile "
                "and try again.",
                code=m.ErrorCode.internal,
                retry=True,
            )


def _check_size(name: str, n_bytes: int, limits: m.Limits, kind: str) -> None:
    if n_bytes == 0:
        raise BadInputError(f"The {kind} '{name}' is empty; export it again.")
    if n_bytes > limits.audio_bytes:
        raise JobFailedError(
            f"The {kind} '{name}' has {n_bytes / 1e6:.1f} MB, at most "
            f"{limits.audio_bytes / 1e6:.1f} MB are accepted; cut it, or save audio as FLAC or Ogg "
            "and videos smaller.",
            code=m.ErrorCode.too_large,
        )
