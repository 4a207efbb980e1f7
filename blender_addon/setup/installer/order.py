"""What is asked of the installer, and what it tells meanwhile. Both travel as lines of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


class SetUpError(Exception):
    """The engine can't be set up: a sentence with the remedy."""


class CancelledError(Exception):
    """Nobody wants it any more."""


@dataclass(frozen=True)
class Order:
    """`action` is set_up or remove; `device` auto or cpu; `with_videos` adds what captures a
    performer in a video.

    `folder` holds the environments, `packages` our own wheels and pip's, `archive` is an engine
    package (a zip of wheels) or empty. No package index is asked without `is_online`, or with a
    package.
    """

    action: str
    folder: str
    packages: str
    archive: str
    version: str
    device: str
    with_videos: bool
    is_online: bool

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Told:
    """How far it is, 0 to 1. The last one says how it ended: done, error or cancelled."""

    fraction: float
    text: str
    ending: str = ""

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Told:
        return cls(**json.loads(text))
