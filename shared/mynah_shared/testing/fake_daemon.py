"""A daemon without an engine, in this process: real sockets, CURVE, uploads, jobs, scripted faults.

with FakeDaemon(step_s=0.01) as daemon:
    daemon.replies[Submit] = lambda message: [ErrorReply(ErrorCode.busy, "Full.", retry=True)]
    client = BackgroundClient(lambda: daemon.info, "test", "1")
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import json
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType

import zmq
from zmq.auth.thread import ThreadAuthenticator

from .._version import __version__
from ..client.connection_file import ConnectionInfo
from ..motion.arkit import ARKIT_CHANNELS
from ..motion.clip import MotionClip
from ..protocol import codec
from ..protocol import messages as m
from ..protocol.version import PROTOCOL_VERSION
from .clips import make_clip

Responder = Callable[[m.Message], Sequence[m.Message]]

LIMITS = m.Limits(
    message_bytes=4 * 1024 * 1024,
    chunk_bytes=256 * 1024,
    chunks_in_flight=8,
    audio_bytes=64 * 1024 * 1024,
    audio_s=600.0,
    queued_jobs=2000,
)
STAGES = ("decode", "features", "motion", "finish")
HEARD = {
    "loudness_fps": 50,
    "loudness": "gMD//8CA",
    "phones": [[0.0, 0.5, "sil"], [0.5, 0.6, "M"], [0.6, 1.5, "AA"], [1.5, 2.0, "sil"]],
}
"""What every performance of a voice is said to have heard."""


class FakeDaemon:
    """Serves from a thread between `__enter__` and `__exit__` (or `start` and `close`).

    Every job takes `n_steps` steps of `step_s` seconds and ends with `clip` (a synthetic one at the
    request's rate if None). `styles` and `pictures` are its library. `replies` overrides what a
    message type is answered with: the first message returned is the reply, those after it are sent
    unasked, an empty list is silence. `client_key` (Z85) is let in beside the one of `info`. `seen`
    lists every message received. `frozen` set stops all answers, like a stopped process. Jobs of
    the qualities in `held` make no step.
    """

    def __init__(
        self,
        *,
        step_s: float = 0.01,
        n_steps: int = 4,
        clip: MotionClip | None = None,
        limits: m.Limits = LIMITS,
        protocol: tuple[int, int] = PROTOCOL_VERSION,
        client_key: str = "",
    ) -> None:
        self.step_s = step_s
        self.n_steps = n_steps
        self.clip = clip
        self.limits = limits
        self.protocol = protocol
        self.client_key = client_key
        self.replies: dict[type[m.Message], Responder] = {}
        self.seen: list[m.Message] = []
        self.frozen = threading.Event()
        self.held: set[m.Quality] = set()
        self.stopped = threading.Event()
        self.blobs: dict[str, bytes] = {}
        self.styles = [m.StyleEntry("neutral", (), "The model's own manner.", "", "", 0.0, True)]
        self.pictures: dict[str, bytes] = {}
        self._jobs: dict[str, _FakeJob] = {}
        self._due: list[tuple[float, int, _FakeJob]] = []
        self._counter = itertools.count()
        self._session_id = os.urandom(codec.ID_BYTES)
        self._wake_reader, self._wake_writer = socket.socketpair()
        self._open_sockets()
        self._thread = threading.Thread(target=self._serve, name="fake-daemon", daemon=True)

    def __enter__(self) -> FakeDaemon:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Closes the sockets at once, as the death of a process does."""
        if not self.stopped.is_set():
            self.stopped.set()
            self._wake_writer.send(b"\0")
        self._thread.join(10)
        self._wake_writer.close()

    def count(self, kind: type[m.Message]) -> int:
        """How many messages of this type have arrived."""
        return sum(isinstance(message, kind) for message in self.seen)

    # --- the thread -----------------------------------------------------------------------------

    def _open_sockets(self) -> None:
        server_public, server_secret = zmq.curve_keypair()
        client_public, client_secret = zmq.curve_keypair()
        self._context = zmq.Context()
        self._authenticator = ThreadAuthenticator(self._context)
        self._authenticator.start()
        keys = {client_public, self.client_key.encode()}
        self._authenticator.configure_curve_callback("*", _Keys(keys))
        self._routers = [self._open_router(server_secret) for _ in range(2)]
        main, control = (r.getsockopt_string(zmq.LAST_ENDPOINT) for r in self._routers)
        self.info = ConnectionInfo(
            endpoint=main,
            control_endpoint=control,
            server_public_key=server_public.decode(),
            client_public_key=client_public.decode(),
            client_secret_key=client_secret.decode(),
            pid=os.getpid(),
            server_id=os.urandom(8).hex(),
            version=__version__,
        )

    def _open_router(self, secret: bytes) -> zmq.Socket[bytes]:
        router = self._context.socket(zmq.ROUTER)
        router.setsockopt(zmq.LINGER, 0)
        router.setsockopt(zmq.MAXMSGSIZE, self.limits.message_bytes)
        router.curve_server = True
        router.curve_secretkey = secret
        router.bind("tcp://127.0.0.1:*")
        return router

    def _serve(self) -> None:
        poller = zmq.Poller()
        for source in (*self._routers, self._wake_reader):
            poller.register(source, zmq.POLLIN)
        try:
            while not self.stopped.is_set():
                ready = dict(poller.poll(self._milliseconds_to_next_step()))
                if self.frozen.is_set():
                    time.sleep(0.01)
                    continue
                for router in self._routers:
                    if router in ready:
                        self._handle(router, router.recv_multipart())
                self._advance_jobs()
        finally:
            self._authenticator.stop()
            self._context.destroy(linger=0)
            self._wake_reader.close()

    def _milliseconds_to_next_step(self) -> int:
        if not self._due:
            return 1000
        return max(0, min(1000, round((self._due[0][0] - time.monotonic()) * 1000)))

    def _handle(self, router: zmq.Socket[bytes], frames: list[bytes]) -> None:
        identity = frames[0]
        try:
            envelope = codec.decode(frames[1:])
        except codec.RefusedMessageError as error:
            if error.message_id is not None:
                reply = m.ErrorReply(error.code, str(error))
                self._send(router, identity, reply, error.message_id)
            return
        message = envelope.message
        self.seen.append(message)
        answers = self.replies.get(type(message), self._answer)(message)
        for index, answer in enumerate(answers):
            self._send(router, identity, answer, None if index else envelope.message_id)
        if isinstance(message, m.Submit):
            for answer in answers:
                self._route(answer, identity)
        if isinstance(message, m.Shutdown):
            time.sleep(0.05)  # the answer leaves before the sockets close
            self.stopped.set()

    def _send(
        self,
        router: zmq.Socket[bytes],
        identity: bytes,
        message: m.Message,
        reply_to: bytes | None = None,
    ) -> None:
        frames = codec.encode(
            message,
            message_id=os.urandom(codec.ID_BYTES),
            session_id=self._session_id,
            reply_to=reply_to,
        )
        router.send_multipart([identity, *frames])

    # --- answers --------------------------------------------------------------------------------

    def _answer(self, message: m.Message) -> Sequence[m.Message]:
        if isinstance(message, m.Hello):
            return [self._welcome(message)]
        if isinstance(message, m.Ping):
            return [m.Pong(queued=0, running=len(self._due))]
        if isinstance(message, m.BlobStat):
            return [self._blob_state(message.sha256, message.n_bytes)]
        if isinstance(message, m.BlobPut):
            return [self._store(message)]
        if isinstance(message, m.Submit):
            return [m.Accepted(tuple(self._queue(request) for request in message.requests))]
        if isinstance(message, m.Fetch):
            return [self._result(message.job_id)]
        if isinstance(message, m.Cancel):
            return self._cancel(message.job_ids)
        if isinstance(message, m.ListStyles):
            return [m.StyleList(tuple(self.styles))]
        if isinstance(message, m.FetchStylePicture):
            return [m.StylePicture(message.name, self.pictures.get(message.name, b""))]
        if isinstance(message, m.AddStyle):
            return [self._add_style(message)]
        if isinstance(message, m.RemoveStyle):
            return [self._remove_style(message.name)]
        if isinstance(message, m.StatusRequest):
            return [self._status()]
        if isinstance(message, m.Shutdown):
            return [m.ShuttingDown()]
        kind = type(message).__name__
        return [m.ErrorReply(m.ErrorCode.unsupported, f"A daemon does not answer {kind}.")]

    def _welcome(self, hello: m.Hello) -> m.Message:
        if hello.protocol[0] != self.protocol[0]:
            return m.ErrorReply(
                m.ErrorCode.version,
                f"The host speaks MYN1 protocol {hello.protocol[0]}.{hello.protocol[1]}, "
                f"the daemon {self.protocol[0]}.{self.protocol[1]}; update the older one.",
            )
        model = m.ModelInfo("fake", "", 25.0, ARKIT_CHANNELS, "Smooth waves, no speech.")
        return m.Welcome(
            protocol=self.protocol,
            server_id=self.info.server_id,
            server_version=self.info.version,
            limits=self.limits,
            models=(model,),
            default_model="fake",
            styles=("neutral",),
        )

    def _blob_state(self, sha256: str, n_bytes: int) -> m.BlobState:
        n_held = len(self.blobs.get(sha256, b""))
        return m.BlobState(sha256, n_held, n_held == n_bytes)

    def _store(self, chunk: m.BlobPut) -> m.Message:
        held = self.blobs.get(chunk.sha256, b"")
        if chunk.offset == len(held):
            held += chunk.data
        if len(held) == chunk.n_bytes and hashlib.sha256(held).hexdigest() != chunk.sha256:
            del self.blobs[chunk.sha256]
            return m.ErrorReply(m.ErrorCode.bad_audio, "The upload does not have its SHA-256.")
        self.blobs[chunk.sha256] = held
        return self._blob_state(chunk.sha256, chunk.n_bytes)

    def _add_style(self, wanted: m.AddStyle) -> m.Message:
        if wanted.clip_sha256 not in self.blobs:
            return m.ErrorReply(m.ErrorCode.not_found, "The daemon doesn't have the clip.")
        if any(style.name == wanted.name for style in self.styles) and not wanted.replace:
            return m.ErrorReply(m.ErrorCode.bad_value, f"There is a style '{wanted.name}' already.")
        texts = (wanted.description, wanted.provenance, wanted.licence)
        self._remove_style(wanted.name)
        self.styles.append(m.StyleEntry(wanted.name, wanted.tags, *texts, 4.0, False))
        return m.StyleList(tuple(self.styles))

    def _remove_style(self, name: str) -> m.Message:
        kept = [style for style in self.styles if style.shipped or style.name != name]
        if kept == self.styles:
            return m.ErrorReply(m.ErrorCode.bad_value, f"There is no style '{name}' of yours.")
        self.styles = kept
        return m.StyleList(tuple(kept))

    def _queue(self, request: m.SynthesizeRequest) -> m.JobStatus:
        job_id = hashlib.sha256(repr(request).encode()).hexdigest()
        job = self._jobs.get(job_id)
        if job is not None and not job.is_withdrawn:
            return m.JobStatus(job_id, job.state(self.n_steps))
        job = self._jobs[job_id] = _FakeJob(job_id, request, seq=job.seq if job else 0)
        heapq.heappush(self._due, (time.monotonic() + self.step_s, next(self._counter), job))
        return m.JobStatus(job_id, m.JobState.queued)

    def _route(self, answer: m.Message, identity: bytes) -> None:
        """Events of these jobs go to whoever submitted them last."""
        if isinstance(answer, m.Accepted):
            for status in answer.jobs:
                if status.job_id in self._jobs:
                    self._jobs[status.job_id].identity = identity

    def _result(self, job_id: str) -> m.Message:
        job = self._jobs.get(job_id)
        if job is None or job.state(self.n_steps) is not m.JobState.finished:
            return m.ErrorReply(m.ErrorCode.not_found, f"There is no finished job '{job_id}'.")
        clip = self.clip or make_clip(fps=job.request.fps)
        meta: dict[str, object] = {
            "audio_sha256": job.request.audio_sha256,
            "seed": job.request.seed,
        }
        if not job.request.is_transfer:
            meta["heard"] = HEARD
        return m.SynthesizeReply(job_id, clip, json.dumps(meta))

    def _cancel(self, job_ids: Sequence[str]) -> Sequence[m.Message]:
        states: list[m.JobStatus] = []
        for job_id in job_ids:
            job = self._jobs.get(job_id)
            if job is not None:
                job.is_withdrawn = job.is_withdrawn or job.n_done < self.n_steps
            state = job.state(self.n_steps) if job else m.JobState.cancelled
            states.append(m.JobStatus(job_id, state))
        return [m.JobStates(tuple(states))]

    def _status(self) -> m.Status:
        return m.Status(
            server_id=self.info.server_id,
            server_version=self.info.version,
            pid=self.info.pid,
            uptime_s=time.monotonic(),
            queued=0,
            running=len(self._due),
            finished=sum(job.n_done == self.n_steps for job in self._jobs.values()),
            worker_pid=0,
            worker_restarts=0,
            memory_bytes=0,
        )

    def _advance_jobs(self) -> None:
        while self._due and self._due[0][0] <= time.monotonic():
            _, _, job = heapq.heappop(self._due)
            if job.request.quality in self.held:
                later = time.monotonic() + 0.01
                heapq.heappush(self._due, (later, next(self._counter), job))
                continue
            if not job.is_withdrawn:
                job.n_done += 1
                if job.n_done < self.n_steps:
                    due = time.monotonic() + self.step_s
                    heapq.heappush(self._due, (due, next(self._counter), job))
            self._send(self._routers[0], job.identity, job.event(self.n_steps))


class _FakeJob:
    def __init__(self, job_id: str, request: m.SynthesizeRequest, seq: int) -> None:
        self.job_id = job_id
        self.request = request
        self.seq = seq
        self.identity = b""
        self.n_done = 0
        self.is_withdrawn = False

    def state(self, n_steps: int) -> m.JobState:
        if self.is_withdrawn:
            return m.JobState.cancelled
        if self.n_done == n_steps:
            return m.JobState.finished
        return m.JobState.running if self.n_done else m.JobState.queued

    def event(self, n_steps: int) -> m.JobEvent:
        self.seq += 1
        stage = STAGES[min(len(STAGES) - 1, self.n_done * len(STAGES) // n_steps)]
        state = self.state(n_steps)
        return m.JobEvent(self.job_id, self.seq, state, stage, self.n_done, n_steps)


class _Keys:
    """Lets in the clients whose public keys (Z85) these are."""

    def __init__(self, public_keys: set[bytes]) -> None:
        self._public_keys = public_keys

    def callback(self, domain: str, key: bytes) -> bool:
        del domain
        return key in self._public_keys
