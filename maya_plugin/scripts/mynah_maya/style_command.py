"""The style library from scripts: list, store a clip, a video's or a rig's performer, remove."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import maya.api.OpenMaya as om

from .capture import Captured, announce_captured, begin_capture
from .character import find_character
from .flags import Flag
from .library import (
    STYLE_SUFFIXES,
    AddStyle,
    Answered,
    BadInputError,
    Failed,
    LibraryQuestion,
    ListStyles,
    MynahError,
    Pieces,
    RemoveStyle,
    StyleEntry,
    StyleList,
    clip_to_npz,
    read_tags,
)
from .reference import Reference
from .rig_reader import check_passage, read_passage
from .session import Session
from .style_choice import Performance, animation_layers, playback_frames

STYLE = (
    Flag("sto", "store", "store", str, "Store a style in the library under this name:"),
    Flag("cl", "clip", "clip", str, "… this clip, a .csv, .npz, .json or .mynahstyle file,"),
    Flag("vi", "video", "video", str, "… or who performs in this video. Without -store: its clip."),
    Flag("ff", "fromFrame", "first", int, "… or what the named or selected character performs"),
    Flag("tf", "toFrame", "last", int, "… from this scene frame to this one,"),
    Flag("la", "layer", "layer", str, "… of this animation layer only."),
    Flag("tg", "tags", "tags", str, "Words that find the style: angry, loud"),
    Flag("de", "description", "description", str, "A sentence about the style."),
    Flag("pr", "provenance", "provenance", str, "Where the performance comes from."),
    Flag("li", "licence", "licence", str, "Who may use it, and for what."),
    Flag("rp", "replace", "replace", bool, "Put it in the place of one of yours with this name."),
    Flag("rm", "remove", "remove", str, "Delete this style of yours from the library."),
    Flag("wt", "wait", "wait", bool, "Return when it is done (as always without windows)."),
    Flag("c", "cancel", "cancel", bool, "Give up the captures that are under way."),
)
_NEUTRAL = "neutral"
_TEXTS = ("description", "provenance", "licence")


@dataclass(frozen=True)
class Ended:
    """How it ended: with what the command returns, or with None if nothing came of it; what is
    told."""

    result: Any
    told: tuple[str, ...]
    is_error: bool = False


Then = Callable[[Ended], None]


def run_style(
    session: Session, found: dict[str, Any], objects: Sequence[str], *, waits: bool
) -> Any:
    """What `mynahStyle` does; `objects` is who performs. Without `waits` it is told later how that
    ended. Raises `BadInputError` with the remedy."""
    if found.pop("cancel", False):
        for ticket in list(session.errands):
            session.withdraw(ticket)
        return None
    ended: list[Ended] = []

    def hear(how: Ended) -> None:
        ended.append(how)
        if not waits or how.result is not None:  # else it is raised
            _announce(how)

    _begin(session, found, objects, hear)
    if not waits:
        return None
    session.run_until(lambda: bool(ended))
    if ended[0].result is None:
        raise BadInputError("\n".join(ended[0].told))
    return ended[0].result


def _begin(session: Session, found: dict[str, Any], objects: Sequence[str], then: Then) -> None:
    video, clip = found.get("video", ""), found.get("clip", "")
    is_rig = any(name in found for name in ("first", "last", "layer"))
    if bool(video) + bool(clip) + is_rig > 1:
        raise BadInputError("-clip, -video and -fromFrame exclude each other; choose one.")
    if objects and not is_rig:
        raise BadInputError(
            f"'{objects[0]}' needs -fromFrame and -toFrame to tell which frames are meant."
        )
    if found.get("remove"):
        name = found["remove"]
        _change(session, RemoveStyle(name), None, f"The style '{name}' was removed.", then)
    elif video:
        begin_capture(session, Path(video), lambda captured: _go_on(session, found, captured, then))
    elif found.get("store"):
        if is_rig:
            _store_rig(session, found, objects, then)
        elif clip:
            _store(session, found, Path(clip), then)
        else:
            raise BadInputError(
                "-store needs a -clip, a -video, or a rig's -fromFrame and -toFrame to store; "
                "name one."
            )
    elif clip or is_rig:
        raise BadInputError("A style needs a name: -store it under one.")
    else:
        session.ask(LibraryQuestion(ListStyles()), lambda answer: then(_listed(answer)))


def _go_on(session: Session, found: dict[str, Any], captured: Captured, then: Then) -> None:
    if captured.path is None:
        then(Ended(None, (captured.message,), captured.is_error))
    elif found.get("store"):
        announce_captured(captured)
        _store(session, found, captured.path, then)
    else:
        then(Ended(str(captured.path), (captured.message, *captured.remarks)))


def _store(session: Session, found: dict[str, Any], clip: Path, then: Then) -> None:
    if clip.suffix.lower() not in STYLE_SUFFIXES:
        raise BadInputError(f"'{clip.name}' is no clip: use a {', '.join(STYLE_SUFFIXES)} file.")
    _add(session, found, clip.name, clip, then)


def _store_rig(session: Session, found: dict[str, Any], objects: Sequence[str], then: Then) -> None:
    first, last = playback_frames()
    layer = found.get("layer", "")
    if layer and layer not in animation_layers():
        raise BadInputError(f"There is no animation layer '{layer}' in this scene; name another.")
    performance = Performance(
        find_character(objects),
        found.get("first", first),
        found.get("last", last),
        Reference.to(layer) if layer else None,
    )
    passage = performance.to_passage()
    check_passage(passage)

    def work() -> Pieces[None]:
        try:
            clip = yield from read_passage(passage)
        except MynahError as error:
            then(Ended(None, (str(error),), is_error=True))
            return
        _add(session, found, "performance.npz", clip_to_npz(clip), then)

    session.run(work())


def _add(
    session: Session, found: dict[str, Any], clip_name: str, clip: Path | bytes, then: Then
) -> None:
    name = found["store"]
    texts = (found.get(text, "") for text in _TEXTS)
    tags, replace = read_tags(found.get("tags", "")), found.get("replace", False)
    style = AddStyle(name, "", clip_name, tags, *texts, replace=replace)
    _change(session, style, clip, f"The style '{name}' is in the library.", then)


def _change(
    session: Session,
    message: AddStyle | RemoveStyle,
    clip: Path | bytes | None,
    done: str,
    then: Then,
) -> None:
    def take(answer: Answered | Failed) -> None:
        if isinstance(answer, Failed):
            then(Ended(None, (answer.message,), is_error=True))
        else:
            then(Ended(message.name, (done,)))

    session.ask(LibraryQuestion(message, clip), take)


def _listed(answer: Answered | Failed) -> Ended:
    if isinstance(answer, Failed):
        return Ended(None, (answer.message,), is_error=True)
    assert isinstance(answer.reply, StyleList)
    styles = [style for style in answer.reply.styles if style.name != _NEUTRAL]
    return Ended([style.name for style in styles], tuple(map(_words, styles)))


def _words(style: StyleEntry) -> str:
    tags = f" ({', '.join(style.tags)})" if style.tags else ""
    description = f": {style.description}" if style.description else ""
    return f"{style.name}{tags}{description}{'' if style.shipped else ' [yours]'}"


def _announce(ended: Ended) -> None:
    told = "\n".join(ended.told)
    if ended.is_error:
        om.MGlobal.displayError(told)
    elif told:
        om.MGlobal.displayInfo(told)
