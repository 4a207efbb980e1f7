"""One function per request message. Each returns the reply or raises `MynahError`.

`MAIN` is served by the server's thread, `CONTROL` by its own, so that it answers while uploads and
results move; what the two share is safe for both.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from mynah_shared._version import __version__
from mynah_shared.errors import BadInputError, JobFailedError
from mynah_shared.motion.flame import FLAME
from mynah_shared.protocol import messages as m
from mynah_shared.protocol.version import PROTOCOL_VERSION, require_compatible

from .blobs import BlobStore
from .config import DaemonConfig
from .engine.model_store import ModelStore
from .flame.stored import NO_MAP, map_sha256
from .jobs import JobTable, blobs_of
from .memory import peak_bytes
from .pool import WorkerPool
from .requests import check_request, job_key
from .styles.clips import read_style_clip, resolve_clip
from .styles.library import StyleLibrary
from .styles.style_file import Style, StyleInfo, check_name, read_style


@dataclass(frozen=True)
class Service:
    """Everything the handlers work on."""

    config: DaemonConfig
    store: ModelStore
    styles: StyleLibrary
    blobs: BlobStore
    jobs: JobTable
    pool: WorkerPool
    request_stop: Callable[[], None]
    server_id: str
    started_s: float = field(default_factory=time.monotonic)


def hello(service: Service, request: m.Hello) -> m.Message:
    require_compatible(host=request.protocol, daemon=PROTOCOL_VERSION)
    return m.Welcome(
        protocol=PROTOCOL_VERSION,
        server_id=service.server_id,
        server_version=__version__,
        limits=service.config.limits,
        models=service.store.models,
        default_model=service.store.default_model,
        styles=tuple(style.info.name for style in service.styles.list()),
    )


def ping(service: Service, _request: m.Ping) -> m.Message:
    queued, running, _ = service.jobs.counts()
    return m.Pong(queued, running)


def cancel(service: Service, request: m.Cancel) -> m.Message:
    states = m.JobStates(service.jobs.cancel(request.job_ids))
    service.pool.poke()
    return states


def status(service: Service, _request: m.StatusRequest) -> m.Message:
    queued, running, finished = service.jobs.counts()
    workers = service.pool.states
    return m.Status(
        server_id=service.server_id,
        server_version=__version__,
        pid=os.getpid(),
        uptime_s=round(time.monotonic() - service.started_s, 3),
        queued=queued,
        running=running,
        finished=finished,
        worker_pid=next((worker.pid for worker in workers if worker.pid), 0),
        worker_restarts=sum(worker.restarts for worker in workers),
        memory_bytes=peak_bytes(),
        workers=workers,
    )


def shutdown(service: Service, _request: m.Shutdown) -> m.Message:
    service.request_stop()
    return m.ShuttingDown()


def stat_blob(service: Service, request: m.BlobStat) -> m.Message:
    return service.blobs.stat(request.sha256, request.n_bytes)


def put_blob(service: Service, request: m.BlobPut) -> m.Message:
    if len(request.data) > service.config.limits.chunk_bytes:
        raise JobFailedError(
            f"A chunk has {len(request.data)} bytes; at most {service.config.limits.chunk_bytes} "
            "are allowed.",
            code=m.ErrorCode.too_large,
        )
    return service.blobs.put(request.sha256, request.n_bytes, request.offset, request.data)


def submit(service: Service, request: m.Submit, client: bytes = b"") -> m.Message:
    """`client` is the session that asks: each gets its share of the workers."""
    checked = [
        _with_library_clips(service, check_request(r, service.store, service.config.limits))
        for r in request.requests
    ]
    flame_map = map_sha256(service.config.flame_map)
    if not flame_map and any(line.representation == FLAME for line in checked):
        raise JobFailedError(NO_MAP, code=m.ErrorCode.bad_value)
    keyed = [(job_key(line, service.store, flame_map), line) for line in checked]

    def check_files(line: m.SynthesizeRequest) -> None:
        if not all(service.blobs.has(sha256) for sha256 in blobs_of(line)):
            raise JobFailedError(
                f"The daemon doesn't have the file '{line.audio_name}' or a clip that goes with "
                "it; upload them first.",
                code=m.ErrorCode.not_found,
                retry=True,
            )

    accepted = m.Accepted(
        service.jobs.submit(keyed, client, is_batch=request.is_batch, check=check_files)
    )
    service.pool.poke()
    return accepted


def fetch(service: Service, request: m.Fetch) -> m.Message:
    return service.jobs.result(request.job_id)


def list_styles(service: Service, _request: m.ListStyles) -> m.Message:
    return m.StyleList(
        tuple(
            m.StyleEntry(**asdict(style.info), duration_s=style.duration_s, shipped=style.shipped)
            for style in service.styles.list()
        )
    )


def style_picture(service: Service, request: m.FetchStylePicture) -> m.Message:
    with _refused_as(m.ErrorCode.unknown_style):
        style = service.styles.find(request.name)
        png = read_style(style.path).picture if style.path else b""
    return m.StylePicture(style.info.name, png)


def add_style(service: Service, request: m.AddStyle) -> m.Message:
    if not service.blobs.has(request.clip_sha256):
        raise JobFailedError(
            f"The daemon doesn't have the clip of the style '{request.name}'; upload it first.",
            code=m.ErrorCode.not_found,
            retry=True,
        )
    with _refused_as(m.ErrorCode.bad_value):
        clip = read_style_clip(service.blobs.path(request.clip_sha256), request.clip_name)
        info = StyleInfo(
            check_name(request.name),
            request.tags,
            request.description,
            request.provenance,
            request.licence,
        )
        from .pictures.film_strip import draw_strip  # brings Pillow and scipy

        service.styles.add(Style(info, clip, draw_strip(clip)), replace=request.replace)
    return list_styles(service, m.ListStyles())


def remove_style(service: Service, request: m.RemoveStyle) -> m.Message:
    with _refused_as(m.ErrorCode.bad_value):
        service.styles.remove(request.name)
    return list_styles(service, m.ListStyles())


@contextmanager
def _refused_as(code: m.ErrorCode) -> Generator[None]:
    """A sentence about bad input becomes the answer, with this code."""
    try:
        yield
    except BadInputError as error:
        raise JobFailedError(str(error), code=code) from error


def _with_library_clips(service: Service, request: m.SynthesizeRequest) -> m.SynthesizeRequest:
    with _refused_as(m.ErrorCode.unknown_style):
        styles = [resolve_clip(use, service.styles, service.blobs) for use in request.styles]
        gestures = [resolve_clip(use, service.styles, service.blobs) for use in request.gestures]
    if any(not use.clip_sha256 for use in gestures):
        raise JobFailedError(
            "The neutral style shows no gesture; pin one of another style or of a clip.",
            code=m.ErrorCode.bad_value,
        )
    return replace(request, styles=tuple(styles), gestures=tuple(gestures))


Handler = Callable[[Service, Any], m.Message]

MAIN: Final[dict[type[m.Message], Handler]] = {
    m.BlobStat: stat_blob,
    m.BlobPut: put_blob,
    m.Submit: submit,
    m.Fetch: fetch,
    m.ListStyles: list_styles,
    m.FetchStylePicture: style_picture,
    m.AddStyle: add_style,
    m.RemoveStyle: remove_style,
}
CONTROL: Final[dict[type[m.Message], Handler]] = {
    m.Hello: hello,
    m.Ping: ping,
    m.Cancel: cancel,
    m.StatusRequest: status,
    m.Shutdown: shutdown,
}
