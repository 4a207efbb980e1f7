"""Blender's translation of the add-on: what is fixed it translates by itself, sentences that are
put together are translated by `say` where they are shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from pathlib import Path

import bpy

from .sentences import Sentences

FOLDER = Path(__file__).parent
OWN_CONTEXT = "Mynah"
"""Of names that Blender itself has with another meaning: its own translation would come first."""
_CONTEXTS = ("*", "Operator", OWN_CONTEXT)
"""Blender looks for names of operators in another place than for everything else."""


def say(sentence: str) -> str:
    """For panels and dialogs, if Blender is to translate these."""
    return _in_language(sentence, bpy.app.translations.pgettext_iface)


def say_tip(sentence: str) -> str:
    """For tooltips, and why a button is disabled."""
    return _in_language(sentence, bpy.app.translations.pgettext_tip)


def say_report(sentence: str) -> str:
    """For what an operator reports."""
    return _in_language(sentence, bpy.app.translations.pgettext_rpt)


def register(classes: Iterable[type]) -> None:
    """Give Blender all languages; the names and tooltips of `classes` may be put together, too."""
    shown = sorted(set(texts_of(classes)))
    languages = {}
    for language in languages_there():
        texts = words_of(language)
        known = dict(texts)
        for text in shown:
            known.setdefault(text, _sentences().say(text, partial(_in, texts)))
        languages[language] = {(c, text): word for text, word in known.items() for c in _CONTEXTS}
    bpy.app.translations.register(__package__, languages)


def unregister() -> None:
    bpy.app.translations.unregister(__package__)


def languages_there() -> list[str]:
    """Those with a file, as Blender calls them: `de_DE`."""
    return sorted(path.stem for path in FOLDER.glob("*.json"))


@cache
def words_of(language: str) -> dict[str, str]:
    """What is translated, by the English text."""
    texts = json.loads((FOLDER / f"{language}.json").read_text("utf-8"))
    return {text: word for text, word in texts.items() if word}


def texts_of(classes: Iterable[type]) -> Iterator[str]:
    """Names and tooltips that Blender itself shows of registered classes."""
    for cls in classes:
        rna = cls.bl_rna
        if issubclass(cls, bpy.types.Operator):
            category, name = cls.bl_idname.split(".")
            rna = getattr(getattr(bpy.ops, category), name).get_rna_type()
            yield from (cls.bl_label, cls.bl_description)
        elif issubclass(cls, (bpy.types.Panel, bpy.types.Menu)):
            yield from (cls.bl_label, getattr(cls, "bl_description", ""))
        own = {name for base in cls.__mro__ for name in vars(base).get("__annotations__", {})}
        for item in rna.properties:
            if item.identifier in own:
                yield from (item.name, item.description)
                for choice in getattr(item, "enum_items", ()):
                    yield from (choice.name, choice.description)


def _in(texts: Mapping[str, str], text: str) -> str:
    return texts.get(text, text)


def _in_language(sentence: str, translate: Callable[[str], str]) -> str:
    locale = bpy.app.translations.locale
    if not locale or not sentence or locale.startswith("en"):
        return sentence
    return _sentences().say(sentence, translate)


@cache
def _sentences() -> Sentences:
    """All languages have the same texts."""
    return Sentences({text for language in languages_there() for text in words_of(language)})
