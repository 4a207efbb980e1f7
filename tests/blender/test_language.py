"""The add-on in other languages: nothing is left in English, and nothing is mistaken."""

from __future__ import annotations

import re
import time
from pathlib import Path

import bpy
import pytest

from blender_addon import registration
from blender_addon.language import words
from blender_addon.language.sentences import Sentences
from blender_addon.library import BadInputError
from blender_addon.order import collect
from blender_addon.pieces import finish
from blender_addon.rigging.view import read_view
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.blender.characters import make_face
from tests.blender.rigs import make_puppet
from tools.words import texts

pytestmark = pytest.mark.bpy

LANGUAGES = words.languages_there()
EACH = pytest.mark.parametrize("language", LANGUAGES)


def in_language(sentence: str, language: str = "de_DE") -> str:
    """As Blender shows it. bpy from the package index knows no language but English."""
    known = words.words_of(language)
    return words._sentences().say(sentence, lambda text: known.get(text, text))


@EACH
def test_every_text_is_translated(language: str) -> None:
    """If this fails: `python -m tools.words` with the language, then translate what is empty."""
    known = words.words_of(language)
    assert not [f"{place}: {text}" for text, place in texts().items() if text not in known]
    assert not set(known) - set(texts()), "these texts are gone"


@EACH
def test_places_are_kept(language: str) -> None:
    for text, word in words.words_of(language).items():
        asked = set(re.findall(r"\{(\d+)\}", text))
        assert set(re.findall(r"\{(\d+)(?::t)?\}", word)) == asked, text
        assert not set(re.sub(r"\{\d+(:t)?\}", "", word)) & set("{}"), text


BLENDERS_OWN = (
    "Unique name used in the code and scripting",
    "Check and warn on overwriting existing files",
    "File Path",
    "Filepath used for exporting the file",
    "Filepath used for importing the file",
)
"""Of properties that operators and groups have from Blender, which translates them."""


@EACH
def test_all_that_blender_shows_is_translated(language: str) -> None:
    shown = sorted({text for text in words.texts_of(registration.CLASSES) if len(text) > 2})
    shown = [text for text in shown if not text.startswith(BLENDERS_OWN)]
    assert len(shown) > 300
    known = words.words_of(language)
    assert not [text for text in shown if text not in known and in_language(text) == text]
    assert in_language("Mute Lips") == "Lippen stummschalten"
    assert in_language("Leave the jaw, lips and tongue still").endswith("Kiefer, Lippen und Zunge")


def test_blender_takes_the_languages(addon: None) -> None:
    began = time.thread_time()
    words.unregister()
    words.register(registration.CLASSES)
    assert time.thread_time() - began < 0.5
    assert LANGUAGES == ["de_DE"]
    assert words.say("Without a language nothing changes.") == "Without a language nothing changes."


# --- sentences that are put together -------------------------------------------------------------

GERMAN = {
    "'{0}' is gone.": "'{0}' ist weg.",
    "'{0}' is gone since {1}.": "Seit {1} ist '{0}' weg.",
    "{0}; wait.": "{0:t}; warten.",
    "A line is made": "Eine Zeile entsteht",
    "{0} made": "{0} gemacht",
    "{0} failed": "{0} misslungen",
    "Head": "Kopf",
}


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("A line is made", "Eine Zeile entsteht"),
        ("'Anna' is gone.", "'Anna' ist weg."),
        ("'Anna' is gone since noon.", "Seit noon ist 'Anna' weg."),
        ("'Head' is gone.", "'Head' ist weg."),  # a name is never translated
        ("'{0} {x}' is gone.", "'{0} {x}' ist weg."),
        ("A line is made; wait.", "Eine Zeile entsteht; warten."),
        ("Something else; wait.", "Something else; warten."),
        ("3 made, 2 failed.", "3 gemacht, 2 misslungen."),
        (
            "'Anna' is gone. Nobody knows. 'Ben' is gone.",
            "'Anna' ist weg. Nobody knows. 'Ben' ist weg.",
        ),
        ("Nobody knows, 2 failed.", "Nobody knows, 2 failed."),
        ("Nobody knows.", "Nobody knows."),
        ("'Ben': 2 failed", "'Ben': 2 misslungen"),
        ("Head: Head, Hat.", "Kopf: Head, Hat."),
        ("", ""),
    ],
)
def test_sentences_are_found_again(english: str, german: str) -> None:
    assert Sentences(GERMAN).say(english, lambda text: GERMAN.get(text, text)) == german


def test_every_text_is_found_as_itself() -> None:
    """None is taken for another one, whatever stands in its places."""
    sentences, known = words._sentences(), set(words.words_of("de_DE"))
    mistaken = []
    for text in known:
        sentence = re.sub(r"\{(\d+)\}", lambda place: f"Xy{place[1]}", text)
        if sentence in known or "{" not in text:
            continue
        found = sentences.find(sentence)
        if found is None or found[0] != text:
            mistaken.append((text, found))
    assert not mistaken


def test_what_people_read_is_german(
    face: bpy.types.Object, voice: Path, daemon: FakeDaemon
) -> None:
    said = []
    bpy.context.scene.mynah.character = make_face("Bare", [])
    with pytest.raises(RuntimeError) as caught:
        bpy.ops.mynah.generate()
    said.append(str(caught.value).removeprefix("Error: ").strip())
    order = collect(bpy.context, face)
    bpy.data.objects.remove(face)
    with pytest.raises(BadInputError) as refused:
        finish(order.read())
    said.append(str(refused.value))
    view = read_view(make_puppet())
    said += [*view.titles, *view.remarks]
    assert len(said) >= 3
    for sentence in said:
        assert in_language(sentence) != sentence
        assert not re.search(r"\b(the|was|no|of)\b", in_language(sentence)), in_language(sentence)
