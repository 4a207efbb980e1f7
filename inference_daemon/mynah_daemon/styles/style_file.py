"""A style as one file: the performance, and what people want to know of it.

It is a motion clip in NPZ form whose `meta` holds the texts, with a `picture` (PNG, uint8 [N]).
"""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from mynah_shared.errors import BadInputError
from mynah_shared.motion.clip import MotionClip

from ..archives import open_archive
from ..clip_files import replace_file

_NAME: Final = re.compile(r"[^\W_][\w .'()-]{0,59}")
_DAMAGED: Final = (
    EOFError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip
"""What reading a broken or foreign archive raises."""
_PNG: Final = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class StyleInfo:
    """What is told of a style: `tags` to find it by, where it comes from, and who may use it."""

    name: str
    tags: tuple[str, ...] = ()
    description: str = ""
    provenance: str = ""
    licence: str = ""


@dataclass(frozen=True, eq=False)
class Style:
    """A performance to imitate; `picture` is a PNG film strip of it (empty if there is none)."""

    info: StyleInfo
    clip: MotionClip
    picture: bytes = b""


def check_name(name: str, use: str = "name a style") -> str:
    """`name` itself. Raises `BadInputError` if it can't name a style or be a tag: it becomes a
    file's name, and stands before `@` and `:` on the command line."""
    if not _NAME.fullmatch(name):
        raise BadInputError(
            f"'{name}' can't {use}; use up to 60 letters, digits, spaces and . ' ( ) - _ , "
            "beginning with a letter or digit."
        )
    return name


def write_style(style: Style, path: Path) -> None:
    """Writes the file, complete or not at all. Raises `BadInputError` if it can't be written."""
    data = io.BytesIO()
    np.savez_compressed(
        data,
        values=style.clip.values,
        channels=np.array(style.clip.channels),
        fps=np.float64(style.clip.fps),
        meta=np.array(json.dumps(asdict(style.info))),
        picture=np.frombuffer(style.picture, np.uint8),
    )
    try:
        replace_file(path, data.getvalue())
    except OSError as err:
        raise BadInputError(f"Can't write {path}: {err.strerror}; choose another folder.") from err


def read_style(path: Path, name: str = "") -> Style:
    """Raises `BadInputError` with the file's name if it holds no style; `name` is what it is called
    if not like its path."""
    name = name or path.name
    try:
        with open_archive(path, name) as content:
            channels = tuple(str(name) for name in content["channels"])
            clip = MotionClip(float(content["fps"]), channels, content["values"])
            info = _read_info(json.loads(str(content["meta"])))
            picture = content["picture"].tobytes()
            if picture and not picture.startswith(_PNG):
                raise ValueError("its picture is no PNG")
            return Style(info, clip, picture)
    except OSError as err:
        raise BadInputError(f"Can't read the style '{name}': {err.strerror}.") from err
    except _DAMAGED as err:
        raise BadInputError(
            f"'{name}' is not a style of Mynah's; export it again with `mynah styles export`."
        ) from err


def _read_info(meta: Any) -> StyleInfo:
    texts = {key: meta.get(key, "") for key in ("name", "description", "provenance", "licence")}
    tags = cast("list[Any]", meta.get("tags", []))
    if not all(isinstance(text, str) for text in (*texts.values(), *tags)):
        raise ValueError("its texts are no texts")
    check_name(texts["name"])
    return StyleInfo(tags=tuple(tags), **texts)
