"""Sentences to be spoken, from the gettext catalogs that every Linux machine has in dozens of
languages.

They serve phone variety only; nobody hears them. English comes from the catalogs' message ids.
"""

from __future__ import annotations

import gettext
import random
import re
from pathlib import Path

CATALOGS = Path("/usr/share/locale")
_CATALOG_NAMES = {
    "en": ("de", "fr", "es", "it", "pl", "sv"), "zh": ("zh_CN",), "pt": ("pt_BR", "pt"),
}  # fmt: skip
_NOISE = re.compile(
    r"%[-+ #0-9.*]*[a-zA-Z]+|<[^>]*>|\{[^}]*\}|https?://\S+|--?\w[\w-]*|[_&~`\"\\|=*/<>\[\]()@#$^+%]"
)
_KANJI = re.compile(r"[\u4e00-\u9fff]")
_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


def read_sentences(language: str, count: int, seed: int) -> list[str]:
    """Up to `count` distinct sentences of 15 to 90 characters in a language ("en", "zh", "hi", …),
    shuffled by `seed`."""
    names = _CATALOG_NAMES.get(language, (language,))
    found = set[str]()
    for name in names:
        for path in sorted((CATALOGS / name / "LC_MESSAGES").glob("*.mo")):
            found.update(_catalog_sentences(path, source=language == "en"))
    minimum, maximum = (6, 40) if language in {"zh", "ja", "ko"} else (15, 90)
    kept = sorted(s for s in found if minimum <= len(s) <= maximum and _is_spoken(s, language))
    random.Random(seed).shuffle(kept)
    return kept[:count]


def _catalog_sentences(path: Path, *, source: bool) -> list[str]:
    try:
        with path.open("rb") as file:
            catalog = gettext.GNUTranslations(file)._catalog  # type: ignore[attr-defined]
    except (OSError, UnicodeDecodeError):
        return []  # a catalog in a broken encoding: the others suffice
    texts = []
    for key, value in catalog.items():
        text = (key if isinstance(key, str) else key[0]) if source else value
        if text and "\n" not in text.strip() and not any(c.isdigit() for c in text):
            texts.append(re.sub(r"\s+", " ", _NOISE.sub(" ", text.split("|")[-1])).strip())
    return texts


def _is_spoken(text: str, language: str) -> bool:
    if language == "ja":  # espeak-ng spells kanji out in English
        return not _KANJI.search(text) and not _LATIN_WORD.search(text)
    if language in {"zh", "hi", "ar", "ru", "ko", "el"}:
        return not _LATIN_WORD.search(text)
    return text.count(" ") >= 2
