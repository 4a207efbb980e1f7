"""A draft first, where a line takes long: how it comes, and how it goes again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from maya import cmds

from . import qt
from .baking import anim_layers
from .baking.line import bake_line, step_of
from .baking.record import Take, all_takes, is_edited
from .baking.takes import remove
from .context import is_command_running, maintained_selection, undo_chunk
from .delivery import tag_of
from .library import Line, MotionClip, Paces
from .order import Order
from .reference import Reference

paces = Paces()


@dataclass(frozen=True)
class Draft:
    """A draft on show: the record of its take, its step for Undo, and the layers that it has
    muted. `remarks` are those of its bake."""

    line: str
    layer: str
    record: Reference
    step: str
    muted: tuple[Reference, ...]
    remarks: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """For the script editor."""
        return (
            f"'{self.line}': a draft is on the layer '{self.layer}'; the full quality takes its "
            "place when it is there."
        )

    def find(self) -> Take | None:
        """Its take; None if that was undone or its layer deleted."""
        record = self.record.find()
        takes = [take for take in all_takes() if take.record == record and take.layer]
        return takes[0] if takes else None


def draft_of(order: Order, line: Line) -> Line | None:
    """An order's complete line as a draft; None if that is not worth its time. On the base layer
    there is none: it would replace keys that may not come back."""
    return None if order.on_base else paces.draft_of(line)


def key_draft(order: Order, clip: MotionClip, meta: Mapping[str, Any]) -> Draft:
    """Show the draft as a take of the line. Raises `BadInputError` as `bake_line` does."""
    layers = [take.layer for take in all_takes() if take.layer]
    shown = [Reference.to(layer) for layer in layers if not anim_layers.is_muted(layer)]
    tag = replace(tag_of(order, meta), draft=True)
    report = bake_line(order.character, clip, order.scene_s, tag, order.key_style, order.mapping)
    (take,) = [take for take in all_takes() if take.layer == report.layer]
    return Draft(
        order.name,
        report.layer,
        Reference.to(take.record),
        step_of(tag, order.character),
        tuple(one for one in shown if (layer := one.find()) and anim_layers.is_muted(layer)),
        report.remarks,
    )


def make_room(draft: Draft) -> None:
    """Before the line itself is keyed: a draft after which nothing was done is undone, so that it
    and the line are one step for Undo. Any other is a take that the line replaces, or that is kept
    because the artist has edited it."""
    take = draft.find()
    if take is not None and not is_edited(take):
        _undo(draft)


def take_back(draft: Draft) -> str:
    """Show what was there before the draft, unless the artist has begun to work on it: a sentence
    tells that it was kept."""
    take = draft.find()
    if take is None:
        return ""
    if is_edited(take):
        return f"The draft '{take.layer}', which you edited, was kept."
    try:
        if not _undo(draft):
            _remove(take, draft)
    except RuntimeError as error:  # what Maya refuses, as for a locked layer
        return f"The draft '{take.layer}' could not be taken back: {error}"
    return ""


def _undo(draft: Draft) -> bool:
    """Whether the draft was the last step and is undone. A step can't be undone within another
    one."""
    if is_command_running() or qt.is_mouse_pressed():
        return False
    if cmds.undoInfo(query=True, undoName=True) != draft.step:
        return False
    cmds.undo()
    return True


def _remove(take: Take, draft: Draft) -> None:
    with undo_chunk("Mynah: Take Back Draft"), maintained_selection():
        remove(take)
        for layer in filter(None, (one.find() for one in draft.muted)):
            anim_layers.unmute(layer)
