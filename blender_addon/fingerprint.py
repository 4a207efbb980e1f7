"""What a take was made of, noted on its action: so that only what has changed is made again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from .baking import head
from .baking.actions import made_of_in
from .baking.line import find_character
from .baking.rig import read_rig
from .baking.takes import on_show, owners_of
from .file_work import file_work
from .library import BadInputError, Line, ModelInfo, __version__
from .order import Order
from .pieces import Pieces

_CONTENTS = ("audio", "style_clips", "gesture_clips", "take")
_NAMES = ("audio_name",)
"""They are for sentences only."""


@dataclass(frozen=True)
class Stamp:
    """A file's size, its time (0 for what never was a file), and its content."""

    n_bytes: int
    modified_ns: int
    sha256: str


@dataclass(frozen=True)
class MadeOf:
    """All that went into a take: `settings` are those of the line and of its character's rig,
    `files` the sound and the clips of styles and gestures. `model` is empty if it is not known."""

    settings: str
    files: tuple[Stamp | None, ...]
    model: str

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self))

    def is_like(self, other: MadeOf) -> bool:
        """Whether both give the same take; a model that isn't known is taken for the same."""
        same_model = not self.model or not other.model or self.model == other.model
        return (
            same_model
            and self.settings == other.settings
            and [file and file.sha256 for file in self.files]
            == [file and file.sha256 for file in other.files]
        )


def made_of_from(text: object) -> MadeOf | None:
    """What `to_json` wrote; None if it is something else, or from an older Mynah."""
    try:
        content: Any = json.loads(text) if isinstance(text, str) else None
        files = [file and Stamp(**file) for file in content["files"]]
        return MadeOf(content["settings"], tuple(files), content["model"])
    except (ValueError, TypeError, KeyError):
        return None


def made_of(order: Order, line: Line, models: Sequence[ModelInfo] | None) -> Pieces[MadeOf]:
    """Of the complete `line` of an order. Raises `BadInputError` if something is gone meanwhile."""
    settings = settings_digest(order)
    files: list[Stamp | None] = []
    for clip in _contents(line):
        files.append((yield from _stamp(clip)))
    return MadeOf(settings, tuple(files), model_of(line, models))


def made_of_shown(order: Order) -> MadeOf | None:
    """What the take on show was made of; None if there is none, or if it doesn't tell. Raises
    `BadInputError` if the character is gone."""
    take = on_show(owners_of(find_character(order.character)), order.name)
    return None if take is None else made_of_from(made_of_in(take))


def differs(order: Order, known: MadeOf, models: Sequence[ModelInfo] | None) -> Pieces[bool]:
    """Whether what an order would make is something else than what is `known`. Clips of rigs are
    not read for that: they are taken for the same."""
    line = order.line
    model = model_of(line, models)
    if settings_digest(order) != known.settings or (model and known.model not in ("", model)):
        return True
    contents = _contents(line)
    if len(contents) != len(known.files):
        return True
    unread = {1 + place for place in order.styles}
    unread |= {1 + len(line.style_clips) + place for place in order.gestures}
    for place, (clip, stamp) in enumerate(zip(contents, known.files, strict=True)):
        if place in unread or _is_untouched(clip, stamp):
            continue
        now = yield from _stamp(clip)
        if (now and now.sha256) != (stamp and stamp.sha256):
            return True
    return False


def request_key(line: Line, made: MadeOf) -> str:
    """SHA-256 over all that influences what the engine makes of a line, and nothing else; empty
    if that can't be told, because the model isn't known."""
    if not made.model:
        return ""
    content = [__version__, made.model, _fields(line), [f and f.sha256 for f in made.files]]
    return _digest(content)


def settings_digest(order: Order) -> str:
    """Raises `BadInputError` if nothing can be baked on the character."""
    style = dataclasses.asdict(order.key_style) | {
        "interpolation": order.key_style.interpolation.value
    }
    place = round(order.start_frame, 4)
    return _digest([_fields(order.line), style, place, _rig(find_character(order.character))])


def model_of(line: Line, models: Sequence[ModelInfo] | None) -> str:
    """A hash for the models that a daemon serves; a transfer may need more than one of them."""
    if not models:
        return ""
    named = [model for model in models if model.name == line.model] or models
    return _digest(sorted([model.name, model.sha256] for model in named))[:16]


def _rig(character: bpy.types.Object) -> Any:
    """What is keyed, what moves it, and what turns the head."""
    rig = read_rig(character)
    shapes = sorted(sorted(target.shapes) for target in rig.shapes)
    turned = rig.head
    turns = [turned.bone, turned.mode] if isinstance(turned, head.HeadTarget) else []
    bones = sorted([bone.bone, bone.mode] for bone in rig.bones)
    return [rig.mapping.to_text(), shapes, turns, bones]


def _contents(line: Line) -> list[Path | bytes | None]:
    return [line.audio, *line.style_clips, *line.gesture_clips]


def _is_untouched(clip: Path | bytes | None, stamp: Stamp | None) -> bool:
    if clip is None or stamp is None:
        return clip is stamp
    if not isinstance(clip, Path) or not stamp.modified_ns:
        return False
    try:
        status = clip.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (stamp.n_bytes, stamp.modified_ns)


def _stamp(clip: Path | bytes | None) -> Pieces[Stamp | None]:
    if clip is None:
        return None
    if isinstance(clip, bytes):
        return Stamp(len(clip), 0, hashlib.sha256(clip).hexdigest())
    try:
        status = clip.stat()
    except OSError as error:
        raise BadInputError(
            f"'{clip.name}' can't be read ({error.strerror}); choose another file."
        ) from error
    sha256 = yield from file_work.hash_file(clip)
    return Stamp(status.st_size, status.st_mtime_ns, sha256)


def _fields(line: Line) -> dict[str, Any]:
    names = [item.name for item in dataclasses.fields(line)]
    return {
        name: _plain(getattr(line, name)) for name in names if name not in (*_CONTENTS, *_NAMES)
    }


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(part) for name, part in vars(value).items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    # single precision of Blender's settings, and the rate's last digits, make no difference
    return float(f"{value:.7g}") if isinstance(value, float) else value


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
