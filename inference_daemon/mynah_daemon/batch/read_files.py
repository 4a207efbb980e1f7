"""A line with the bytes of all files that it needs, for an engine that doesn't share the disk."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from mynah_shared.client.steps import Line, upload_line
from mynah_shared.errors import BadInputError
from mynah_shared.motion.flame import FLAME
from mynah_shared.protocol.messages import BlobPut, BlobStat, BlobState, SynthesizeRequest

from ..config import DaemonConfig
from ..engine.model_store import ModelStore
from ..flame.stored import NO_MAP
from ..requests import check_request
from ..styles.clips import resolve_clip
from ..styles.library import StyleLibrary


class Files(dict[str, bytes]):
    """Contents by their SHA-256."""

    def add(self, data: bytes) -> str:
        """Keeps a file; returns its name."""
        sha256 = hashlib.sha256(data).hexdigest()
        self[sha256] = data
        return sha256


class FileReader:
    """Judges lines and reads their files as a daemon would, with the styles of this computer."""

    def __init__(self, config: DaemonConfig, store: ModelStore) -> None:
        self._config, self._store = config, store
        self._styles = StyleLibrary(config.style_dir)
        # A file in one piece: nothing has to be sent in between.
        self._limits = replace(config.limits, chunk_bytes=config.limits.audio_bytes)

    def read(self, line: Line) -> tuple[SynthesizeRequest, Files]:
        """Raises `BadInputError` or `JobFailedError` with the daemon's sentence."""
        files = Files()
        request = check_request(self._uploaded(line, files), self._store, self._config.limits)
        if request.representation == FLAME and not self._config.flame_map.is_file():
            raise BadInputError(NO_MAP)
        styles = [resolve_clip(use, self._styles, files) for use in request.styles]
        return replace(request, styles=tuple(styles)), files

    def _uploaded(self, line: Line, files: Files) -> SynthesizeRequest:
        """Plays the daemon to which the line is uploaded."""
        steps = upload_line(line, self._limits, lambda _share: None)
        reply: BlobState | None = None
        while True:
            try:
                step = steps.send(reply)
            except StopIteration as done:
                return done.value
            reply = None
            if isinstance(step, BlobPut):
                files[step.sha256] = step.data
                reply = BlobState(step.sha256, step.n_bytes, complete=True)
            elif isinstance(step, BlobStat):
                reply = BlobState(step.sha256, 0, complete=step.sha256 in files)
