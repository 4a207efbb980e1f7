"""What came of the last test of the connection to a daemon on another computer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..client.events import Answered, Failed
from ..client.remote import chosen_remote
from ..errors import BadInputError
from ..protocol.messages import ModelInfo, StyleList


class ConnectionTest:
    """`text` is for people, and empty before the first test; `changed` is called after each change
    of it."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self.text, self.is_error, self.is_running = "", False, False
        self._place, self._changed = "", changed

    def begin(self) -> None:
        """A test begins. Raises `MynahError` if no other computer was chosen."""
        remote = chosen_remote()
        if remote is None:
            raise BadInputError("Lines are made on this computer; there is nothing to test.")
        self._place = remote.place
        self._show(f"Trying {remote.place}…", is_error=False, is_running=True)

    def take(self, answer: Answered | Failed, models: Sequence[ModelInfo]) -> None:
        """The answer to a list of styles, from a daemon with these models."""
        if isinstance(answer, Failed):
            self._show(answer.message, is_error=True, is_running=False)
        elif isinstance(answer.reply, StyleList):
            n_models, n_styles = len(models), len(answer.reply.styles)
            text = f"{self._place} answers; models: {n_models}, styles: {n_styles}."
            self._show(text, is_error=False, is_running=False)

    def forget(self) -> None:
        """Another computer was chosen, or none."""
        self._show("", is_error=False, is_running=False)

    def _show(self, text: str, *, is_error: bool, is_running: bool) -> None:
        self.text, self.is_error, self.is_running = text, is_error, is_running
        self._changed()
