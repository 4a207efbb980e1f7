"""Styles by name or tag: those that ship with Mynah, and the user's own folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from mynah_shared.errors import BadInputError
from mynah_shared.scene.style_words import LIBRARY_SUFFIX

from .style_file import Style, StyleInfo, read_style, write_style

SHIPPED: Final = Path(__file__).parent / "shipped"
NEUTRAL: Final = "neutral"
"""The model's own manner: a style without a performance."""


@dataclass(frozen=True)
class ListedStyle:
    """A style of the library; `path` is None and the duration 0 for the neutral one, `shipped`
    ones can't be removed."""

    info: StyleInfo
    path: Path | None
    duration_s: float
    shipped: bool


class StyleLibrary:
    """Reads the folders anew at each question, so that all programs see the same styles.

    A style of the user's hides a shipped one of the same name. A file that can't be read is left
    out of the list, and named when it is asked for.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def list(self) -> list[ListedStyle]:
        """All styles by name, the neutral one first."""
        neutral = StyleInfo(NEUTRAL, description="The model's own manner.")
        found = {
            style.info.name.casefold(): style
            for folder, shipped in ((SHIPPED, True), (self.folder, False))
            for style in _styles_in(folder, shipped=shipped)
        }
        return [ListedStyle(neutral, None, 0.0, True), *(found[name] for name in sorted(found))]

    def find(self, name: str) -> ListedStyle:
        """The style of this name; else the first with it as a tag. Capitals don't count.

        Raises `BadInputError` that lists the names, or says what ails the file of this name.
        """
        wanted, styles = name.casefold(), self.list()
        for style in styles:
            if style.info.name.casefold() == wanted:
                return style
        for style in styles:
            if wanted in (tag.casefold() for tag in style.info.tags):
                return style
        for path in self.folder.glob(f"*{LIBRARY_SUFFIX}"):
            if path.stem.casefold() == wanted:
                read_style(path)
        raise _unknown("style and no tag", name, styles)

    def add(self, style: Style, *, replace: bool = False) -> Path:
        """Stores the style among the user's own. Raises `BadInputError` if its name is taken or the
        folder can't be written."""
        old = self.claim(style.info.name, replace=replace)
        path = self.folder / f"{style.info.name}{LIBRARY_SUFFIX}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise BadInputError(f"Can't make the folder {self.folder}: {err.strerror}.") from err
        write_style(style, path)
        if old is not None and old != path and not old.samefile(path):
            _delete(old)
        return path

    def claim(self, name: str, *, replace: bool = False) -> Path | None:
        """The user's file that a style of this name would replace. Raises `BadInputError` if there
        is one but nothing shall be replaced, and for the name of the neutral style."""
        wanted = name.casefold()
        if wanted == NEUTRAL:
            raise BadInputError(f"'{NEUTRAL}' is the model's own manner; choose another name.")
        own = _styles_in(self.folder, shipped=False)
        named = [s.path for s in own if s.info.name.casefold() == wanted]
        named += [p for p in self.folder.glob(f"*{LIBRARY_SUFFIX}") if p.stem.casefold() == wanted]
        if named and not replace:
            raise BadInputError(
                f"There is a style '{name}' already; choose another name, remove the old one first "
                "or give --replace."
            )
        return next(iter(named), None)

    def remove(self, name: str) -> None:
        """Deletes a style of the user's. Raises `BadInputError` if there is none of this name."""
        wanted, styles = name.casefold(), self.list()
        style = next((s for s in styles if s.info.name.casefold() == wanted), None)
        if style is None:
            raise _unknown("style", name, styles)
        if style.path is None or style.shipped:
            raise BadInputError(
                f"The style '{style.info.name}' belongs to Mynah and can't be removed."
            )
        _delete(style.path)


def _unknown(what: str, name: str, styles: list[ListedStyle]) -> BadInputError:
    names = ", ".join(style.info.name for style in styles)
    return BadInputError(f"There is no {what} '{name}'; available: {names}.")


def _styles_in(folder: Path, *, shipped: bool) -> list[ListedStyle]:
    styles: list[ListedStyle] = []
    for path in sorted(folder.glob(f"*{LIBRARY_SUFFIX}")):
        try:
            status = path.stat()
            info, duration_s = _read_once(path, status.st_mtime_ns, status.st_size)
            styles.append(ListedStyle(info, path, duration_s, shipped))
        except (BadInputError, OSError):
            continue
    return styles


@lru_cache(maxsize=1024)
def _read_once(path: Path, _mtime_ns: int, _size: int) -> tuple[StyleInfo, float]:
    """A file's info and seconds, until it changes: a list of hundreds must not take a second."""
    style = read_style(path)
    return style.info, style.clip.duration_s


def _delete(path: Path) -> None:
    try:
        path.unlink()
    except OSError as err:
        raise BadInputError(f"Can't delete {path}: {err.strerror}.") from err
