"""Which engine is used: the user's own, the one set up here, or one that is found."""

from __future__ import annotations

from ..library import (
    ConnectionInfo,
    EngineState,
    Look,
    MynahError,
    State,
    Status,
    connect_to,
    look_at_engine,
    looked,
    python_in,
)
from .places import engine_place
from .settings import read_settings


def chosen_engine() -> str:
    """The Python of the user's own engine; empty if none is set. Raises `MynahError`."""
    return python_in(read_settings().engine)


def chosen_connection() -> ConnectionInfo:
    """Of the daemon of the chosen engine, which is started if need be. Raises `MynahError`."""
    return connect_to(chosen_engine(), engine_place().engine)()


def status() -> Status:
    """What can be told from files, as it was a moment ago."""
    try:
        return looked.status(chosen_engine(), engine_place())
    except MynahError as error:
        return Status(State.MISNAMED, str(error).rstrip("."))


def begin_look() -> Look:
    """A look at the engine under way in a thread."""
    return Look(_own_or_none(), engine_place().engine)


def look_now() -> EngineState:
    """The same at once; may wait for an engine that does not answer."""
    return look_at_engine(_own_or_none(), engine_place().engine)


def _own_or_none() -> str:
    try:
        return chosen_engine()
    except MynahError:  # the status tells of it
        return ""
