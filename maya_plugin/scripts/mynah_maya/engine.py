"""What is done about the engine: set it up, remove it, have lines made on another computer.

None of it happens while lines are made, and after it the next line connects anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .library import (
    Answered,
    BadInputError,
    EngineState,
    Failed,
    LibraryQuestion,
    ListStyles,
    Order,
    __version__,
    choose_local,
    choose_remote,
    choose_remote_text,
    engine_faults,
    ensure_state_dir,
    looked,
)
from .session import Session
from .setup.job import set_up
from .setup.places import PACKAGES, engine_place
from .setup.remote import connection_test
from .setup.settings import read_settings, save_settings


def busy_reason(session: Session) -> str:
    """Why nothing can be changed now, in a sentence; empty if it can."""
    if set_up.is_busy:
        return "The engine is being set up; wait for it or cancel it."
    if session.is_busy:
        return "Lines are being made; wait for them or cancel them."
    return ""


def start(action: str, session: Session) -> None:
    """Begin to set up the engine ("set_up") or to remove it ("remove"), and return at once.
    Raises `MynahError` if that can't be done now."""
    _refuse_if_busy(session)
    settings, place = read_settings(), engine_place()
    ensure_state_dir()  # with the right to open it for this user only
    order = Order(
        action=action,
        folder=str(place.folder),
        family=place.family,
        packages=str(PACKAGES),
        archive=settings.engine_package,
        version=__version__,
        device=settings.device,
        with_videos=settings.with_videos,
    )
    set_up.start(order, lambda: _use_another(session))


def change_settings(session: Session, **changes: Any) -> None:
    """Save what is changed of the `Settings`. Raises `MynahError` if it can't be."""
    settings = read_settings()
    changed = replace(settings, **changes)
    if changed == settings:
        return
    if changed.engine != settings.engine:
        _refuse_if_busy(session)
    save_settings(changed)
    if changed.engine != settings.engine:
        _use_another(session)


def choose_daemon(path: Path, session: Session) -> None:
    """Have lines made by the daemon that a connection file names. Raises `MynahError`."""
    _change(lambda: choose_remote(path), session)


def choose_pasted(text: str, session: Session) -> None:
    """The same with the text of the file."""
    _change(lambda: choose_remote_text(text), session)


def use_this_computer(session: Session) -> None:
    """Have lines made on this computer again. Raises `MynahError`."""
    _change(choose_local, session)


def test_connection(session: Session) -> None:
    """Ask the chosen daemon for a sign of life, by the way that lines take as well, and return at
    once; `connection_test` tells what came of it. Raises `MynahError` if none was chosen."""

    def take(answer: Answered | Failed) -> None:
        connection_test.take(answer, session.models)

    connection_test.begin()
    session.ask(LibraryQuestion(ListStyles()), take)


def running_words(state: EngineState) -> list[str]:
    """What a look at the engine found, in sentences."""
    told = [
        " ".join(filter(None, (fault.sentence, fault.remedy)))
        for fault in engine_faults(state, "plug-in")
    ]
    if state.version:
        place = f" on {state.computer}" if state.computer else ""
        has = f"models: {state.n_models}, styles: {len(state.styles)}"
        told.insert(0, f"The engine runs{place}: version {state.version}, {has}.")
    return told or ["The engine does not run at the moment; the next line starts it."]


def _change(change: Callable[[], object], session: Session) -> None:
    _refuse_if_busy(session)
    change()
    connection_test.forget()
    _use_another(session)


def _refuse_if_busy(session: Session) -> None:
    if reason := busy_reason(session):
        raise BadInputError(reason)


def _use_another(session: Session) -> None:
    looked.forget()
    if not session.is_busy:
        session.close()  # the next line connects anew
