"""Settings of this user about the engine, kept in a file that only they can open, and never in a
scene. They hold for every version of Maya, with and without windows."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..library import (
    BadInputError,
    ensure_state_dir,
    parse_object,
    read_private,
    replace_private,
    state_dir,
)

_NAME = "maya.json"
DEVICES = ("auto", "cpu")


@dataclass(frozen=True)
class Settings:
    """`engine` is the Python of an engine that the user installed, or its environment's folder;
    empty: the one set up here, else the one registered on this computer. `engine_package` is a zip
    with all packages, for computers without a network; empty: they come from the package index.

    Raises `BadInputError` if there is no such device or file.
    """

    engine: str = ""
    engine_package: str = ""
    device: str = "auto"
    with_videos: bool = False

    def __post_init__(self) -> None:
        if self.device not in DEVICES:
            raise BadInputError(f"The engine can't compute on '{self.device}'; say auto or cpu.")
        for path in filter(None, (self.engine, self.engine_package)):
            if not Path(path).is_absolute():
                raise BadInputError(f"'{path}' must be a whole path, from the drive or root on.")


def read_settings() -> Settings:
    """Those that were saved last. Raises `MynahError` if the file can't be read."""
    path = state_dir() / _NAME
    try:
        values = parse_object(read_private(path) or "{}")
        kinds = {field.name: type(field.default) for field in fields(Settings)}
        if any(type(value) is not kinds.get(name) for name, value in values.items()):
            raise ValueError("it has other values than these settings")
        return Settings(**values)  # type: ignore[arg-type]
    except ValueError as error:
        raise BadInputError(
            f"The file {path} holds no settings of Mynah ({error}); delete it, and choose again on "
            "the page Engine."
        ) from error


def save_settings(settings: Settings) -> None:
    """Raises `MynahError` if they can't be saved."""
    replace_private(ensure_state_dir() / _NAME, json.dumps(asdict(settings), indent=1))
