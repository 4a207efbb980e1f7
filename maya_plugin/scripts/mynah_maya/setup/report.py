"""What the engine says of itself: `mynah doctor`, run in a thread, as it takes some seconds."""

from __future__ import annotations

import subprocess
import sys
import threading

from ..library import (
    ALONE,
    EngineCommand,
    MynahError,
    environment_for_other_python,
    find_engine,
)
from .chosen import chosen_engine
from .places import engine_place

_LONGEST_S = 120.0


class Report:
    """Begun when made; `text` is empty until it is known."""

    def __init__(self) -> None:
        self.text = ""
        self._thread = threading.Thread(target=self._run, name="mynah-report", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.text = _ask() or "The engine says nothing."
        except MynahError as error:
            self.text = str(error)
        except (OSError, subprocess.TimeoutExpired) as error:
            self.text = f"The engine could not be asked ({error})."
        except Exception as error:  # a bug; the page must not wait for ever
            self.text = f"The engine could not be asked ({error!r})."
            raise


def _ask() -> str:
    own = chosen_engine()
    engine = EngineCommand.from_python(own) if own else find_engine(engine_place().engine())
    done = subprocess.run(
        [*engine.arguments, "doctor"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**environment_for_other_python(), **ALONE},
        text=True,
        encoding="utf-8",
        errors="replace",
        timeout=_LONGEST_S,
        check=False,
        creationflags=subprocess.CREATE_NO_WINDOW if sys.platform == "win32" else 0,
    )
    return done.stdout.strip()
