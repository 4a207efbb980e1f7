"""The engine's style library as it was last heard of. Asks without waiting."""

from __future__ import annotations

from collections.abc import Callable

from ..library import (
    Answered,
    Failed,
    FetchStylePicture,
    LibraryQuestion,
    ListStyles,
    StyleEntry,
    StyleList,
    StylePicture,
)
from ..session import Session

NEUTRAL = "neutral"


class StyleCatalog:
    """`styles` are empty until the engine has answered; `pictures` are PNG by the style's name, and
    come one by one. `is_asked` from the question on, unless it failed. `changed` is called after
    each answer, with a sentence if it was an error."""

    def __init__(self, session: Session, changed: Callable[[str], None]) -> None:
        self.styles: tuple[StyleEntry, ...] = ()
        self.pictures: dict[str, bytes] = {}
        self.is_asked = False
        self._session = session
        self._changed = changed

    def refresh(self) -> None:
        """Ask for the library and its pictures."""
        self.is_asked = True
        self._session.ask(LibraryQuestion(ListStyles()), self._take_list)

    def _take_list(self, answer: Answered | Failed) -> None:
        if isinstance(answer, Failed):
            self.is_asked = False
            self._changed(answer.message)
            return
        if isinstance(answer.reply, StyleList):
            self.styles = answer.reply.styles
            for style in self.styles:
                if style.name != NEUTRAL:
                    question = LibraryQuestion(FetchStylePicture(style.name))
                    self._session.ask(question, self._take_picture)
        self._changed("")

    def _take_picture(self, answer: Answered | Failed) -> None:
        # without its picture a style can be chosen all the same
        if isinstance(answer, Answered) and isinstance(answer.reply, StylePicture):
            self.pictures[answer.reply.name] = answer.reply.png
            self._changed("")
