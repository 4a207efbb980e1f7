"""What is asked of the installer, and what it tells meanwhile. Both travel as lines of JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

LOG_NAME = "set-up.log"
"""In the folder of the environments: all that was said while the engine was set up."""


class SetUpError(Exception):
    """The engine can't be set up: a sentence with the remedy."""


class CancelledError(Exception):
    """Nobody wants it any more."""


@dataclass(frozen=True)
class Order:
    """`action` is set_up or remove; `device` auto or cpu; `with_videos` adds what captures a
    performer in a video.

    `folder` holds the environments, of which only those whose names begin with `family` count;
    `packages` our own wheels and pip's; `archive` is an engine package (a zip of wheels) or empty.
    No package index is asked with a package, or with a sentence in `offline` that says why not.
    `python` is the Python of the engine, which also runs the installer.
    """

    action: str
    folder: str
    family: str
    packages: str
    archive: str
    version: str
    device: str
    with_videos: bool
    offline: str = ""
    python: str = ""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """The order that the line holds."""
        return cls(**json.loads(text))


@dataclass(frozen=True)
class Told:
    """How far it is, 0 to 1. The last one says how it ended: done, error or cancelled."""

    fraction: float
    text: str
    ending: str = ""

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Told:
        """What the line tells. Raises `ValueError` or `TypeError` if it is no such line."""
        return cls(**json.loads(text))
