"""The engine's style library as it was last heard of. Asks without waiting."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..library import (
    AddStyle,
    Answered,
    Failed,
    FetchStylePicture,
    LibraryQuestion,
    ListStyles,
    RemoveStyle,
    StyleEntry,
    StyleList,
    StylePicture,
)
from ..session import Session

NEUTRAL = "neutral"
_STORING = "Storing the style…"

Tell = Callable[[str, bool], None]
"""Takes a sentence for people, and whether it is an error."""


class StyleCatalog:
    """`styles` are empty until the engine has answered; `pictures` are PNG by the style's name, and
    come one by one. `is_asked` from the question on, unless it failed. `changed` is called after
    each answer, with a sentence if it was an error; `activity` says what is being changed. Whoever
    has one lets `hear` be told by the session."""

    def __init__(self, session: Session, changed: Callable[[str], None]) -> None:
        self.styles: tuple[StyleEntry, ...] = ()
        self.pictures: dict[str, bytes] = {}
        self.is_asked = False
        self.activity = ""
        self._session = session
        self._changed = changed

    def refresh(self) -> None:
        """Ask for the library and its pictures."""
        self.is_asked = True
        self._session.ask(LibraryQuestion(ListStyles()), self._take_list)

    def find(self, name: str) -> StyleEntry | None:
        """The style of this name."""
        return next((style for style in self.styles if style.name == name), None)

    def add(self, style: AddStyle, clip: Path | bytes, tell: Tell) -> None:
        """Store a clip in the library; `tell` hears how that ended."""
        self.activity = _STORING
        self._change(LibraryQuestion(style, clip), style.name, "is in the library", tell)

    def remove(self, name: str, tell: Tell) -> None:
        """Delete a style of the user's; `tell` hears how that ended."""
        done = "was removed from the library"
        self._change(LibraryQuestion(RemoveStyle(name)), name, done, tell)

    def _change(self, question: LibraryQuestion, name: str, done: str, tell: Tell) -> None:
        def take(answer: Answered | Failed) -> None:
            self.activity = ""
            if isinstance(answer, Failed):
                self._changed("")
                tell(answer.message, True)
                return
            self.pictures.pop(name, None)  # of the one before; `hear` asks for the new one
            tell(f"The style '{name}' {done}.", False)

        self._session.ask(question, take)
        self._changed("")

    def _take_list(self, answer: Answered | Failed) -> None:
        if isinstance(answer, Failed):
            self.is_asked = False
            self._changed(answer.message)

    def hear(self, library: StyleList) -> None:
        """What the engine has told of its library, whoever asked."""
        self.styles = library.styles
        for style in self.styles:
            if style.name != NEUTRAL and style.name not in self.pictures:
                question = LibraryQuestion(FetchStylePicture(style.name))
                self._session.ask(question, self._take_picture)
        self._changed("")

    def _take_picture(self, answer: Answered | Failed) -> None:
        # without its picture a style can be chosen all the same
        if isinstance(answer, Answered) and isinstance(answer.reply, StylePicture):
            self.pictures[answer.reply.name] = answer.reply.png
            self._changed("")
