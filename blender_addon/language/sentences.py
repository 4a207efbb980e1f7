"""Sentences that are put together while Blender runs, found again among the texts of a file.

A text may have places, `{0}`, `{1}`, … in the order of the English sentence, where a name or a
number stands. Much of what people read is put together where no language is known: in the engine,
in its client, in another thread. So whole sentences are translated where they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

Translate = Callable[[str], str]
"""From a text of the file to its translation, or the same if there is none."""

_END = re.compile(r"(?<=[.!?]) (?=[A-Z'])")
"""Between two sentences; no place holds more than one."""
_PLACE = re.compile(r"\{(\d+)\}")


class Sentences:
    """The texts with places, those with the most words of their own first."""

    def __init__(self, texts: Iterable[str]) -> None:
        known = [text for text in texts if _PLACE.search(text)]
        known.sort(key=lambda text: len(_PLACE.sub("", text)), reverse=True)
        self._patterns = [(text, re.compile(_pattern(text), re.DOTALL)) for text in known]
        self.find = lru_cache(maxsize=4096)(self._find)

    def _find(self, sentence: str) -> tuple[str, tuple[str, ...]] | None:
        """The text that a sentence was made of, and what stands in its places."""
        for text, pattern in self._patterns:
            match = pattern.fullmatch(sentence)
            if match is not None and not any(map(_END.search, match.groups())):
                return text, match.groups()
        return None

    def say(self, sentence: str, translate: Translate) -> str:
        """The sentence in the other language; the same if no text fits it."""
        whole = translate(sentence)
        if whole != sentence:
            return whole
        found = self.find(sentence)
        if found is None:
            return self._say_joined(sentence, translate)
        text, parts = found
        translated = translate(text)
        if translated == text:
            return sentence
        return translated.format(*(_Part(part, self, translate) for part in parts))

    def _say_joined(self, sentence: str, translate: Translate) -> str:
        """Several sentences, a sentence that is a list of texts, or what is said of a name."""
        sentences = _END.split(sentence)
        if len(sentences) > 1:
            return " ".join(self.say(one, translate) for one in sentences)
        parts = sentence.removesuffix(".").split(", ")
        said = [self.say(part, translate) for part in parts] if len(parts) > 1 else parts
        if all(part != told for part, told in zip(parts, said, strict=True)):
            return ", ".join(said) + sentence[len(sentence.removesuffix(".")) :]
        head, colon, rest = sentence.partition(": ")
        return self.say(head, translate) + colon + self.say(rest, translate) if colon else sentence


class _Part(str):
    """What stands in a place: as it is for `{0}`, translated itself for `{0:t}`."""

    __slots__ = ("_sentences", "_translate")

    def __new__(cls, part: str, sentences: Sentences, translate: Translate) -> _Part:
        made = super().__new__(cls, part)
        made._sentences, made._translate = sentences, translate
        return made

    def __format__(self, spec: str) -> str:
        return self._sentences.say(str(self), self._translate) if spec == "t" else str(self)


def _pattern(text: str) -> str:
    pieces = _PLACE.split(text)
    return "".join("(.+?)" if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))
