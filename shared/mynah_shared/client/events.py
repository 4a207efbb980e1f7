"""What `BackgroundClient` reports to its host. Frozen, so they may cross threads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..errors import BadInputError, JobFailedError, MynahError, ProtocolError, VersionMismatchError
from ..motion.clip import MotionClip
from ..protocol import messages as m

UNAVAILABLE = "unavailable"


@dataclass(frozen=True)
class Connected:
    """The daemon answered; comes again when another daemon took its place."""

    server_id: str
    server_version: str
    models: tuple[m.ModelInfo, ...]
    styles: tuple[str, ...]


@dataclass(frozen=True)
class Disconnected:
    """The daemon is gone or none could be reached. Open lines take care of themselves."""

    message: str


@dataclass(frozen=True)
class Progressed:
    """`stage` is upload, queued or a stage of `JobEvent`; `fraction` of the line, 0 to 1."""

    ticket: str
    stage: str
    fraction: float


@dataclass(frozen=True)
class Finished:
    """The result. `meta` is its record: hashes, seed, versions, seconds per stage."""

    ticket: str
    clip: MotionClip
    meta: dict[str, Any]


@dataclass(frozen=True)
class Answered:
    """The reply to a question about the style library."""

    ticket: str
    reply: m.StyleList | m.StylePicture


@dataclass(frozen=True)
class Failed:
    """`code` is an `ErrorCode` value, or `UNAVAILABLE` if no daemon could do it."""

    ticket: str
    code: str
    message: str


@dataclass(frozen=True)
class Cancelled:
    """The host's own `cancel`, confirmed at once: the last event of its ticket."""

    ticket: str


ClientEvent = Connected | Disconnected | Progressed | Finished | Answered | Failed | Cancelled


def failure(ticket: str, error: MynahError) -> Failed:
    """The event for an error that ended a line or a question."""
    if isinstance(error, JobFailedError):
        code = error.code
    elif isinstance(error, BadInputError):
        code = m.ErrorCode.bad_audio.value
    elif isinstance(error, VersionMismatchError):
        code = m.ErrorCode.version.value
    elif isinstance(error, ProtocolError):
        code = m.ErrorCode.bad_message.value
    else:
        code = UNAVAILABLE
    return Failed(ticket, code, str(error))
