"""A daemon of the tests that performs differently by seed, and a range of a take as engines do."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon

N_FRAMES = 96
FPS = 24.0


class Performer:
    """Each seed has a performance of its own. Around the range of a redo it holds the take, and it
    meets keys."""

    def __init__(self, daemon: FakeDaemon, n_frames: int = N_FRAMES) -> None:
        self.n_frames = n_frames
        self.requests: list[m.SynthesizeRequest] = []
        self._daemon = daemon
        daemon.replies[m.Submit] = self._perform

    def clip(self, seed: int) -> MotionClip:
        """All of the performance that a seed gives."""
        rng = np.random.default_rng(seed)
        rate, phase = rng.uniform(0.1, 0.4, (2, len(ARKIT_CHANNELS)))
        values = 0.4 - 0.4 * np.cos(np.arange(self.n_frames)[:, None] * rate + 20 * phase)
        values[:, 52:] = (values[:, 52:] - 0.4) / 2
        return MotionClip(FPS, ARKIT_CHANNELS, values.astype(np.float32))

    def sent(self, sha256: str) -> MotionClip:
        """A clip that was uploaded."""
        with np.load(io.BytesIO(self._daemon.blobs[sha256])) as found:
            return MotionClip(float(found["fps"]), tuple(found["channels"]), found["values"])

    def _perform(self, message: m.Message) -> Sequence[m.Message]:
        assert isinstance(message, m.Submit)
        (request,) = message.requests
        self.requests.append(request)
        made = self.clip(request.seed)
        values = made.values.copy()
        if request.take_sha256:
            take, times_s = self.sent(request.take_sha256), np.arange(self.n_frames) / FPS
            within = np.minimum(times_s - request.redo_start_s, request.redo_end_s - times_s)
            free = np.clip(within / 0.2, 0, 1)[:, None]
            known = np.isin(made.channels, take.channels)
            held = take.select(made.channels).values[: self.n_frames]
            kept = free * values + (1 - free) * held
            values = np.where(known, kept, values).astype(np.float32)
        for key in request.keys:
            values[round(key.time_s * FPS), made.channels.index(key.channel)] = key.value
        self._daemon.clip = MotionClip(FPS, made.channels, values)
        return list(self._daemon._answer(message))
