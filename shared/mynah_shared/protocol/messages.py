"""Every message of the MYN1 protocol as a frozen dataclass: structs only. PROTOCOL.md rules.

A message's wire name is the `t` of its header (see `codec.MESSAGE_TYPES`). Field types are limited
to bool, int, float, str, bytes, enums, tuples, `MotionClip` and the dataclasses below, so that the
codec can check them all.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from ..motion.clip import MotionClip


class ErrorCode(str, Enum):
    """Why a request was refused or failed: for programs; the sentence beside it is for people."""

    version = "version"
    unsupported = "unsupported"
    bad_message = "bad_message"
    too_large = "too_large"
    bad_audio = "bad_audio"
    bad_value = "bad_value"
    unknown_model = "unknown_model"
    unknown_style = "unknown_style"
    busy = "busy"
    not_found = "not_found"
    worker_crash = "worker_crash"
    internal = "internal"


class JobState(str, Enum):
    """`finished`, `cancelled` and `failed` never change again."""

    queued = "queued"
    running = "running"
    finished = "finished"
    cancelled = "cancelled"
    failed = "failed"


class Quality(str, Enum):
    """How much time a model may spend; a model without sampling steps treats all three alike."""

    draft = "draft"
    normal = "normal"
    best = "best"


# --- connection ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """First message on a connection. `protocol` is the client's (major, minor)."""

    protocol: tuple[int, int]
    app: str
    app_version: str


@dataclass(frozen=True)
class Limits:
    """What the daemon accepts; a client checks these before it sends.

    `message_bytes` per frame, `chunk_bytes` per `BlobPut`, of which `chunks_in_flight` may be
    unanswered; `audio_bytes` per file of any kind, `audio_s` per line, `queued_jobs` per client.
    """

    message_bytes: int
    chunk_bytes: int
    chunks_in_flight: int
    audio_bytes: int
    audio_s: float
    queued_jobs: int


@dataclass(frozen=True)
class ModelInfo:
    """One model the daemon serves. `sha256` covers all of its weight files ('' if it has none)."""

    name: str
    sha256: str
    fps: float
    channels: tuple[str, ...]
    description: str


@dataclass(frozen=True)
class Welcome:
    """The reply to `Hello`. A changed `server_id` means a restarted daemon, which goes on with the
    jobs of the former one."""

    protocol: tuple[int, int]
    server_id: str
    server_version: str
    limits: Limits
    models: tuple[ModelInfo, ...]
    default_model: str
    styles: tuple[str, ...]


@dataclass(frozen=True)
class Ping:
    """Liveness probe; answered on the control socket even while a model runs."""


@dataclass(frozen=True)
class Pong:
    """How many jobs wait and run, of all clients."""

    queued: int
    running: int


# --- the style library ---------------------------------------------------------------------------


@dataclass(frozen=True)
class StyleEntry:
    """A style of the daemon's library; `shipped` ones can't be removed, `tags` find it too."""

    name: str
    tags: tuple[str, ...]
    description: str
    provenance: str
    licence: str
    duration_s: float
    shipped: bool


@dataclass(frozen=True)
class ListStyles:
    """Asks for the library; answered by `StyleList`."""


@dataclass(frozen=True)
class StyleList:
    """The library by name, the neutral style first."""

    styles: tuple[StyleEntry, ...]


@dataclass(frozen=True)
class FetchStylePicture:
    """Asks for a style's film strip; answered by `StylePicture`."""

    name: str


@dataclass(frozen=True)
class StylePicture:
    """A PNG, empty if the style has none."""

    name: str
    png: bytes


@dataclass(frozen=True)
class AddStyle:
    """Stores an uploaded clip in the library; answered by the new `StyleList`.

    `clip_name` is the file's name with the suffix that tells its format. A style of the same name
    is replaced only if `replace` says so.
    """

    name: str
    clip_sha256: str
    clip_name: str
    tags: tuple[str, ...] = ()
    description: str = ""
    provenance: str = ""
    licence: str = ""
    replace: bool = False


@dataclass(frozen=True)
class RemoveStyle:
    """Deletes a style of the user's; answered by the new `StyleList`."""

    name: str


# --- audio upload, by content --------------------------------------------------------------------


@dataclass(frozen=True)
class BlobStat:
    """Asks whether the daemon already holds the file with this SHA-256 (lower-case hex)."""

    sha256: str
    n_bytes: int


@dataclass(frozen=True)
class BlobState:
    """`offset` bytes are there; `complete` when all are and the hash was verified."""

    sha256: str
    offset: int
    complete: bool


@dataclass(frozen=True)
class BlobPut:
    """One chunk; `data` travels as a raw frame. Answered by `BlobState`."""

    sha256: str
    n_bytes: int
    offset: int
    data: bytes


# --- jobs ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Amounts:
    """Multipliers on parts of the performance: 0 removes a part, 1 keeps the model's, at most 2."""

    lips: float = 1.0
    brows: float = 1.0
    blinks: float = 1.0
    gaze: float = 1.0
    head: float = 1.0


@dataclass(frozen=True)
class StyleUse:
    """A style by name, its weight, and the region it is limited to ('' for the whole face).

    `clip_sha256` is an uploaded style clip ('' if the name is one of the daemon's), `start_s` the
    moment of the performance from which on the style shows.
    """

    name: str
    weight: float = 1.0
    region: str = ""
    clip_sha256: str = ""
    start_s: float = 0.0


@dataclass(frozen=True)
class GestureUse:
    """A passage of an uploaded clip, `from_s` to `to_s`, pinned to `at_s` of the performance;
    `name` is the file's, or that of a style of the daemon's if `clip_sha256` is empty. `region` as
    in `StyleUse`."""

    name: str
    clip_sha256: str
    from_s: float
    to_s: float
    at_s: float
    region: str = ""


@dataclass(frozen=True)
class KeyUse:
    """A value that a channel must have at `time_s` of the performance."""

    channel: str
    time_s: float
    value: float


@dataclass(frozen=True)
class SynthesizeRequest:
    """Everything that influences one line's result: the same request gives the same curves.

    `audio_name` is the file name only, used in error sentences. `start_s` and `end_s` cut the audio
    (`end_s` 0 = its end). `fps` is the rate of the result (in transfers 0 = that of the source),
    `model` '' the daemon's default.
    `take_sha256` is an uploaded earlier take (NPZ), of which only `redo_start_s` to `redo_end_s` is
    made anew. With `is_transfer` the uploaded file is no audio but a motion clip, or a video to
    capture, whose performance is given to another character; `audio_name` then tells its format.
    """

    audio_sha256: str
    audio_name: str
    fps: float
    model: str = ""
    styles: tuple[StyleUse, ...] = (StyleUse("neutral"),)
    seed: int = 0
    quality: Quality = Quality.normal
    amounts: Amounts = Amounts()
    start_s: float = 0.0
    end_s: float = 0.0
    text: str = ""
    representation: str = "arkit"
    audio_guidance: float = 1.0
    style_guidance: float = 1.0
    style_strength: float = 1.0
    style_fade_s: float = 1.0
    take_sha256: str = ""
    redo_start_s: float = 0.0
    redo_end_s: float = 0.0
    gestures: tuple[GestureUse, ...] = ()
    keys: tuple[KeyUse, ...] = ()
    is_transfer: bool = False


@dataclass(frozen=True)
class Submit:
    """Queues one job per request, all or none; answered by `Accepted`.

    Equal requests are one job, whoever submits them: while it is queued, running or finished, the
    answer names it and says how it is. After a failed or cancelled one, the job begins anew.
    With `is_batch`, nobody waits at a screen: the jobs let those of people pass.
    """

    requests: tuple[SynthesizeRequest, ...]
    is_batch: bool = False


@dataclass(frozen=True)
class JobStatus:
    """What a job is now."""

    job_id: str
    state: JobState


@dataclass(frozen=True)
class Accepted:
    """One entry per request of the `Submit`, in its order. Sent before any event of these jobs."""

    jobs: tuple[JobStatus, ...]


@dataclass(frozen=True)
class JobEvent:
    """Sent unasked to whoever submitted the job; 5 a second at most, plus state changes.

    `seq` grows with each event of a job. A client that hears nothing may submit again to ask.
    `stage` is one of decode, features, motion, finish, and where a video is captured download and
    capture; `done` of `total` steps of the whole job (in download bytes, in capture frames).
    `code` and `message` are set when `state` is failed.
    """

    job_id: str
    seq: int
    state: JobState
    stage: str
    done: int
    total: int
    code: str = ""
    message: str = ""


@dataclass(frozen=True)
class Fetch:
    """Asks for a finished job's result; answered by `SynthesizeReply`."""

    job_id: str


@dataclass(frozen=True)
class SynthesizeReply:
    """A result. `meta` is JSON text: hashes of audio and model, seed, versions, seconds per stage.

    The clip's values travel as a raw frame.
    """

    job_id: str
    clip: MotionClip
    meta: str


@dataclass(frozen=True)
class Cancel:
    """Takes effect between model steps, for all who submitted the job; answered by `JobStates`.

    Another client that still wants the result submits again.
    """

    job_ids: tuple[str, ...]


@dataclass(frozen=True)
class JobStates:
    """What each job of the `Cancel` is now, in its order; unknown jobs count as cancelled."""

    jobs: tuple[JobStatus, ...]


# --- daemon --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StatusRequest:
    """Asks what the daemon is doing; answered by `Status` on the control socket."""


@dataclass(frozen=True)
class WorkerStatus:
    """One of the processes that run models. `windows` is how many windows of lines it makes at a
    time, as far as its memory was found to hold them (0: not asked yet, or none); `failure` is the
    sentence why its device can't be used, or empty."""

    device: str
    pid: int
    restarts: int
    running: int
    windows: int = 0
    failure: str = ""


@dataclass(frozen=True)
class Status:
    """What the daemon is doing. `worker_pid` is the first worker's that there is, and
    `worker_restarts` those of all."""

    server_id: str
    server_version: str
    pid: int
    uptime_s: float
    queued: int
    running: int
    finished: int
    worker_pid: int
    worker_restarts: int
    memory_bytes: int
    workers: tuple[WorkerStatus, ...] = ()


@dataclass(frozen=True)
class Shutdown:
    """Stops the daemon after the running step; answered by `ShuttingDown`."""


@dataclass(frozen=True)
class ShuttingDown:
    """The daemon ends as soon as this is sent."""


@dataclass(frozen=True)
class ErrorReply:
    """One plain sentence without paths of the server. `after_ms` is a hint for `busy`."""

    code: ErrorCode
    message: str
    retry: bool = False
    after_ms: int = 0


Message = (
    Hello
    | Welcome
    | Ping
    | Pong
    | ListStyles
    | StyleList
    | FetchStylePicture
    | StylePicture
    | AddStyle
    | RemoveStyle
    | BlobStat
    | BlobState
    | BlobPut
    | Submit
    | Accepted
    | JobEvent
    | Fetch
    | SynthesizeReply
    | Cancel
    | JobStates
    | StatusRequest
    | Status
    | Shutdown
    | ShuttingDown
    | ErrorReply
)
