"""Requests and results of jobs for the tests of the store: each key has the one right result."""

from __future__ import annotations

import hashlib

import numpy as np

from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol.messages import SynthesizeReply, SynthesizeRequest


def key_of(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def request_of(name: str) -> SynthesizeRequest:
    return SynthesizeRequest(key_of(f"audio {name}"), f"{name}.wav", 30.0, text=f"I am {name}")


def result_of(name: str, n_frames: int = 10) -> SynthesizeReply:
    values = np.random.default_rng(len(name) + ord(name[0])).random((n_frames, 2), np.float32)
    return SynthesizeReply(
        key_of(name), MotionClip(30, ("jawOpen", "mouthClose"), values), f'{{"name": "{name}"}}'
    )


def is_right(reply: SynthesizeReply, name: str) -> bool:
    right = result_of(name, reply.clip.n_frames)
    return (
        (reply.job_id, reply.meta) == (right.job_id, right.meta)
        and reply.clip.channels == right.clip.channels
        and bool((reply.clip.values == right.clip.values).all())
    )
