"""`mynah styles`: the library of performances to imitate. Works on its folder, without a daemon."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.scene.style_words import LIBRARY_SUFFIX

from ..clip_files import read_clip, replace_file
from ..config import config_from_environment
from ..styles.clips import check_clip
from ..styles.library import ListedStyle, StyleLibrary
from ..styles.style_file import Style, StyleInfo, check_name, read_style

if TYPE_CHECKING:
    from ..styles.quality import StyleQuality


def add_parser(commands: Any) -> None:
    parser = commands.add_parser("styles", help="the library of performances to imitate")
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    verb = _add_verb(verbs, "list", list_styles, "all styles, those of Mynah and your own")
    verb.add_argument("--tag", metavar="TAG", help="only styles with this tag")
    verb.add_argument("--json", action="store_true", help="for other programs")

    verb = _add_verb(verbs, "show", show, "what is known of a style")
    verb.add_argument("name", metavar="NAME|TAG")
    verb.add_argument("--picture", type=Path, metavar="FILE.png", help="write its film strip")

    verb = _add_verb(verbs, "add", add, "make a style of a motion clip")
    verb.add_argument("name", metavar="NAME")
    verb.add_argument("clip", type=Path, metavar="CLIP", help=".csv, .npz or .json, 3 s or more")
    verb.add_argument("--tag", action="append", default=[], metavar="TAG", help="repeat for more")
    verb.add_argument("--description", default="", metavar="TEXT")
    verb.add_argument("--provenance", default="", metavar="TEXT", help="where it comes from")
    verb.add_argument("--licence", default="", metavar="TEXT", help="who may use it")
    verb.add_argument(
        "--start", type=float, default=0.0, metavar="S", help="begin here in the clip"
    )
    verb.add_argument("--end", type=float, default=0.0, metavar="S", help="end here in the clip")
    _add_replace(verb)

    verb = _add_verb(verbs, "remove", remove, "delete a style of your own")
    verb.add_argument("name", metavar="NAME")

    verb = _add_verb(verbs, "export", export, "one file that holds all of a style")
    verb.add_argument("name", metavar="NAME|TAG")
    verb.add_argument("file", type=Path, metavar="FILE", help=f"NAME{LIBRARY_SUFFIX}, or a folder")

    verb = _add_verb(verbs, "import", import_files, "add exported styles")
    verb.add_argument("files", type=Path, nargs="+", metavar="FILE")
    _add_replace(verb)


def _add_verb(verbs: Any, name: str, run: Any, help_: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = verbs.add_parser(name, help=help_)
    parser.set_defaults(run=run)
    return parser


def _add_replace(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--replace", action="store_true", help="in place of your style of this name")


def list_styles(arguments: argparse.Namespace) -> int:
    """Raises `BadInputError` that lists the tags if none is as asked for."""
    styles = _library().list()
    if arguments.tag is not None:
        styles = _tagged(styles, arguments.tag)
    if arguments.json:
        print(json.dumps([_entry(style) for style in styles], indent=1, ensure_ascii=False))
        return 0
    rows = [("NAME", "TAGS", "SECONDS", "DESCRIPTION")]
    for style in styles:
        seconds = f"{style.duration_s:.1f}" if style.path else ""
        info = style.info
        rows.append((info.name, ", ".join(info.tags), seconds, info.description))
    widths = [max(len(row[i]) for row in rows) for i in range(3)]
    for name, tags, seconds, description in rows:
        row = f"{name:<{widths[0]}}  {tags:<{widths[1]}}  {seconds:>{widths[2]}}  {description}"
        print(_plain(row).rstrip())
    return 0


def show(arguments: argparse.Namespace) -> int:
    """Prints all fields, and what the clip shows of its manner."""
    listed = _library().find(arguments.name)
    if listed.path is None:
        if arguments.picture:
            raise _no_performance(listed)
        print(f"{listed.info.name}: {listed.info.description} It imitates no performance.")
        return 0
    style = read_style(listed.path)
    if arguments.picture:
        _write_picture(style, arguments.picture)
    info = style.info
    for field, text in (
        ("name", info.name),
        ("tags", ", ".join(info.tags)),
        ("description", info.description),
        ("provenance", info.provenance),
        ("licence", info.licence),
        ("file", f"{listed.path}{' (comes with Mynah)' if listed.shipped else ''}"),
    ):
        print(_plain(f"{field + ':':<13}{text}").rstrip())
    _print_quality(style.clip)
    return 0


def add(arguments: argparse.Namespace) -> int:
    """Raises `BadInputError` with a sentence, leaving the library as it was."""
    from ..pictures.film_strip import draw_strip  # these bring scipy, which takes half a second

    library, path = _library(), arguments.clip
    info = StyleInfo(
        check_name(arguments.name),
        tuple(dict.fromkeys(check_name(tag, "be a tag") for tag in arguments.tag)),
        arguments.description,
        arguments.provenance,
        arguments.licence,
    )
    library.claim(info.name, replace=arguments.replace)
    if path.suffix.lower() == LIBRARY_SUFFIX:
        raise BadInputError(f"'{path.name}' is a style already; use `mynah styles import`.")
    clip = check_clip(_cut(read_clip(path), arguments.start, arguments.end, path.name), path.name)
    _say_what_hides(library, info.name)
    library.add(Style(info, clip, draw_strip(clip)), replace=arguments.replace)
    print(f"Added '{info.name}'.")
    _print_quality(clip)
    return 0


def remove(arguments: argparse.Namespace) -> int:
    """Raises `BadInputError` if it is none of the user's."""
    _library().remove(arguments.name)
    print(f"Removed '{arguments.name}'.")
    return 0


def export(arguments: argparse.Namespace) -> int:
    """Raises `BadInputError` if the file can't be written, leaving none."""
    listed, file = _library().find(arguments.name), arguments.file
    if listed.path is None:
        raise _no_performance(listed)
    if file.is_dir():
        file = file / f"{listed.info.name}{LIBRARY_SUFFIX}"
    if file.suffix.lower() != LIBRARY_SUFFIX:
        raise BadInputError(
            f"A style is exported as one {LIBRARY_SUFFIX} file, not as '{file.name}'."
        )
    _write(file, listed.path.read_bytes())
    print(f"{file}: the style '{listed.info.name}'")
    return 0


def import_files(arguments: argparse.Namespace) -> int:
    """Adds all or none. Raises `BadInputError` with a sentence on the first that can't be added."""
    from ..pictures.film_strip import draw_strip

    library, styles = _library(), list[Style]()
    for path in arguments.files:
        style = read_style(path)
        check_clip(style.clip, path.name)
        library.claim(style.info.name, replace=arguments.replace)
        if any(style.info.name.casefold() == other.info.name.casefold() for other in styles):
            raise BadInputError(
                f"Two of the files hold a style '{style.info.name}'; leave one out."
            )
        styles.append(style)
    for style in styles:
        _say_what_hides(library, style.info.name)
        picture = style.picture or draw_strip(style.clip)
        library.add(Style(style.info, style.clip, picture), replace=arguments.replace)
        print(f"Added '{style.info.name}'.")
    return 0


def _library() -> StyleLibrary:
    return StyleLibrary(config_from_environment().style_dir)


def _tagged(styles: list[ListedStyle], tag: str) -> list[ListedStyle]:
    wanted = tag.casefold()
    found = [s for s in styles if wanted in (known.casefold() for known in s.info.tags)]
    if not found:
        tags = sorted({known for style in styles for known in style.info.tags})
        raise BadInputError(f"No style has the tag '{tag}'; the tags are: {', '.join(tags)}.")
    return found


def _entry(style: ListedStyle) -> dict[str, Any]:
    return {**asdict(style.info), "seconds": style.duration_s, "shipped": style.shipped}


def _cut(clip: MotionClip, start_s: float, end_s: float, name: str) -> MotionClip:
    """The frames from `start_s` to `end_s` (0: to the end)."""
    end_s = end_s or clip.duration_s
    if not 0 <= start_s < end_s <= clip.duration_s + 1 / clip.fps:
        raise BadInputError(
            f"'{name}' lasts {clip.duration_s:.1f} s; the part from {start_s:g} s to {end_s:g} s "
            "is not in it: the end must lie behind the start, and both within the clip."
        )
    first, last = round(start_s * clip.fps), round(end_s * clip.fps)
    return MotionClip(clip.fps, clip.channels, clip.values[first:last])


def _say_what_hides(library: StyleLibrary, name: str) -> None:
    wanted = name.casefold()
    if any(s.shipped and s.info.name.casefold() == wanted for s in library.list()):
        print(f"It hides the style '{name}' that comes with Mynah until you remove it.")


def _print_quality(clip: MotionClip) -> None:
    from ..styles.quality import judge_clip

    quality: StyleQuality = judge_clip(clip)
    print(
        f"length:      {clip.duration_s:.1f} s, {clip.n_frames} frames at {clip.fps:g} fps\n"
        f"mouth:       moves as in speech for {quality.speaking:.0%} of the time\n"
        f"channels:    {quality.live_channels} of {len(ARKIT_CHANNELS)} move\n"
        f"blinks:      {quality.blinks_per_s:.2f} per second\n"
        f"head:        {quality.head_deg:.1f}° around its mean pose"
    )
    for warning in quality.warnings:
        print(f"warning:     {warning}")


def _write_picture(style: Style, file: Path) -> None:
    from ..pictures.film_strip import draw_strip

    if file.suffix.lower() != ".png":
        raise BadInputError(f"A film strip is written as a .png file, not as '{file.name}'.")
    _write(file, style.picture or draw_strip(style.clip))


def _write(file: Path, data: bytes) -> None:
    try:
        replace_file(file, data)
    except OSError as err:
        raise BadInputError(f"Can't write {file}: {err.strerror}; choose another folder.") from err


def _no_performance(style: ListedStyle) -> BadInputError:
    return BadInputError(
        f"The style '{style.info.name}' is the model's own manner: there is no performance to show "
        "or export."
    )


def _plain(text: str) -> str:
    """Without signs that would steer a terminal: styles come from other people."""
    return "".join(sign if sign.isprintable() else " " for sign in text)
