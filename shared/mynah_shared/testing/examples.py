"""One example of every message: PROTOCOL.md shows them, the golden vectors are their bytes."""

from __future__ import annotations

import numpy as np

from ..motion.clip import MotionClip
from ..protocol import codec
from ..protocol import messages as m

MESSAGE_ID = bytes(range(16))
SESSION_ID = bytes(range(16, 32))
REPLY_TO = bytes(range(32, 48))
SHA256 = "3f" * 32
JOB_ID = "a1" * 32

_REQUEST = m.SynthesizeRequest(
    audio_sha256=SHA256,
    audio_name="line_01.wav",
    fps=23.976,
    model="regression",
    styles=(m.StyleUse("take.csv", 0.5, "lips", "7d" * 32, 1.25),),
    seed=7,
    quality=m.Quality.best,
    amounts=m.Amounts(lips=1.0, brows=0.5, blinks=1.0, gaze=0.0, head=2.0),
    start_s=0.5,
    end_s=2.25,
    text="Où est-elle ?",
    audio_guidance=1.15,
    style_guidance=1.5,
    style_strength=1.2,
    style_fade_s=0.25,
    take_sha256="9e" * 32,
    redo_start_s=0.25,
    redo_end_s=0.75,
    gestures=(m.GestureUse("nod.npz", "6b" * 32, 1.0, 1.5, 0.5, "head"),),
    keys=(m.KeyUse("browInnerUp", 0.5, 0.75),),
    is_transfer=True,
)
_LIMITS = m.Limits(
    message_bytes=4194304,
    chunk_bytes=262144,
    chunks_in_flight=8,
    audio_bytes=67108864,
    audio_s=600.0,
    queued_jobs=2000,
)
_MODEL = m.ModelInfo(
    name="regression",
    sha256="5c" * 32,
    fps=25.0,
    channels=("jawOpen", "mouthClose"),
    description="Speech to ARKit in one pass.",
)
_STYLE = m.StyleEntry(
    name="angry",
    tags=("loud",),
    description="Shouts.",
    provenance="take 3",
    licence="ours",
    duration_s=12.5,
    shipped=False,
)
_CLIP = MotionClip(25.0, ("jawOpen", "mouthClose"), np.array([[0, 1], [0.5, 0.25], [1, -1]]))

EXAMPLES: dict[str, m.Message] = {
    "hello": m.Hello(protocol=(1, 3), app="Blender", app_version="5.0.1"),
    "welcome": m.Welcome(
        protocol=(1, 3),
        server_id="8f0c2b7d9e1a4c55",
        server_version="0.1.0",
        limits=_LIMITS,
        models=(_MODEL,),
        default_model="regression",
        styles=("neutral",),
    ),
    "ping": m.Ping(),
    "pong": m.Pong(queued=3, running=1),
    "style.list": m.ListStyles(),
    "style.entries": m.StyleList((_STYLE,)),
    "style.picture": m.FetchStylePicture("angry"),
    "style.picture.data": m.StylePicture("angry", png=b"\x89PNG"),
    "style.add": m.AddStyle(
        "angry", "7d" * 32, "take.csv", ("loud",), "Shouts.", "take 3", "ours", replace=True
    ),
    "style.remove": m.RemoveStyle("angry"),
    "blob.stat": m.BlobStat(SHA256, n_bytes=300000),
    "blob.state": m.BlobState(SHA256, offset=262144, complete=False),
    "blob.put": m.BlobPut(SHA256, n_bytes=300000, offset=262144, data=b"RIFF\x00\xff"),
    "job.submit": m.Submit((_REQUEST,), is_batch=True),
    "job.accepted": m.Accepted((m.JobStatus(JOB_ID, m.JobState.queued),)),
    "job.event": m.JobEvent(
        JOB_ID, 3, m.JobState.failed, "decode", 1, 40, "bad_audio", "'line_01.wav' has no sound."
    ),
    "job.fetch": m.Fetch(JOB_ID),
    "job.result": m.SynthesizeReply(JOB_ID, _CLIP, meta='{"seed": 7}'),
    "job.cancel": m.Cancel((JOB_ID,)),
    "job.states": m.JobStates((m.JobStatus(JOB_ID, m.JobState.cancelled),)),
    "status": m.StatusRequest(),
    "status.report": m.Status(
        server_id="8f0c2b7d9e1a4c55",
        server_version="0.1.0",
        pid=4711,
        uptime_s=12.5,
        queued=3,
        running=1,
        finished=200,
        worker_pid=4712,
        worker_restarts=0,
        memory_bytes=412000000,
        workers=(
            m.WorkerStatus("cuda:0", 4712, restarts=0, running=1, windows=32),
            m.WorkerStatus(
                *("cuda:1", 0, 0, 0),
                failure="The device cuda:1 can't be used: it can't be initialised.",
            ),
        ),
    ),
    "shutdown": m.Shutdown(),
    "shutdown.started": m.ShuttingDown(),
    "error": m.ErrorReply(m.ErrorCode.busy, "The queue is full.", retry=True, after_ms=1000),
}


def encode_example(name: str) -> list[bytes]:
    """The example's frames, with fixed ids; `pong` stands for a reply."""
    reply_to = REPLY_TO if name == "pong" else None
    return codec.encode(
        EXAMPLES[name], message_id=MESSAGE_ID, session_id=SESSION_ID, reply_to=reply_to
    )
