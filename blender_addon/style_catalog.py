"""The engine's style library as it was last heard of. Asks without waiting; panels draw what is
known."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from . import style_pictures
from .library import (
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
from .session import Connect, session

NEUTRAL = "neutral"
_ASKING = "Asking the engine for its styles…"
_STORING = "Storing the style…"


class StyleCatalog:
    """`styles` are None until the engine has answered once; `activity` says what is under way."""

    def __init__(self) -> None:
        self.styles: tuple[StyleEntry, ...] | None = None
        self._activity = ""

    @property
    def activity(self) -> str:
        return self._activity if session.is_busy else ""

    def refresh(self, connect: Connect, then: Callable[[], None] = lambda: None) -> None:
        """Ask for the library and its pictures; `then` is called when the list is there, with the
        pictures that have come."""
        self._activity = _ASKING

        def take_list(answer: Answered | Failed) -> None:
            if self._take(answer) and self.styles is not None:
                missing = [style.name for style in self.styles if style.name != NEUTRAL]
                self._ask_for_pictures(missing, connect, then)

        session.ask(LibraryQuestion(ListStyles()), take_list, connect)

    def add(self, style: AddStyle, clip: Path | bytes, connect: Connect) -> None:
        """Store a clip in the library; a sentence in the panel says how that ended."""
        self._activity = _STORING

        def take_answer(answer: Answered | Failed) -> None:
            if self._take(answer):
                session.tell(f"The style '{style.name}' is in the library.")
                self._ask_for_pictures([style.name], connect, lambda: None)

        session.ask(LibraryQuestion(style, clip), take_answer, connect)

    def remove(self, name: str, connect: Connect) -> None:
        """Delete a style of the user's; a sentence in the panel says how that ended."""

        def take_answer(answer: Answered | Failed) -> None:
            if self._take(answer):
                session.tell(f"The style '{name}' was removed from the library.")

        session.ask(LibraryQuestion(RemoveStyle(name)), take_answer, connect)

    def found(self, words: str) -> list[StyleEntry]:
        """The styles that have all the words in their name, tags or description."""
        wanted = words.casefold().split()
        return [style for style in self.styles or () if _has_all(style, wanted)]

    def forget(self) -> None:
        self.styles, self._activity = None, ""
        style_pictures.forget()

    def _take(self, answer: Answered | Failed) -> bool:
        """Whether the answer is a list, which is the library from now on."""
        self._activity = ""
        if isinstance(answer, Answered) and isinstance(answer.reply, StyleList):
            self.styles = answer.reply.styles
            return True
        if isinstance(answer, Failed):
            session.tell(answer.message, is_error=True)
        return False

    def _ask_for_pictures(
        self, names: list[str], connect: Connect, then: Callable[[], None]
    ) -> None:
        waiting = set(names)
        self._activity = _ASKING if names else ""

        def take_picture(name: str, answer: Answered | Failed) -> None:
            if isinstance(answer, Answered) and isinstance(answer.reply, StylePicture):
                style_pictures.remember(name, answer.reply.png)
            waiting.discard(name)
            if not waiting:
                self._activity = ""
                then()

        for name in names:
            question = LibraryQuestion(FetchStylePicture(name))
            session.ask(question, lambda answer, name=name: take_picture(name, answer), connect)
        if not names:
            then()


def _has_all(style: StyleEntry, words: list[str]) -> bool:
    text = " ".join((style.name, *style.tags, style.description)).casefold()
    return all(word in text for word in words)


catalog = StyleCatalog()
