"""What the engine has made becomes keys on the character."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .baking.line import BakeReport, bake_line
from .baking.record import Tag
from .baking.redo import bake_range
from .library import MotionClip, heard_text, provenance
from .order import Order


def key_line(order: Order, clip: MotionClip, meta: Mapping[str, Any]) -> BakeReport:
    """Key the finished line, or the range of it that was made anew. Raises `BadInputError` as
    `bake_line` does."""
    if order.redo is not None:
        return bake_range(order.character, order.redo.range, clip, order.mapping)
    return bake_line(
        order.character,
        clip,
        order.scene_s,
        tag_of(order, meta),
        order.key_style,
        order.mapping,
        on_base=order.on_base,
    )


def tag_of(order: Order, meta: Mapping[str, Any]) -> Tag:
    """What is noted of the line that the engine has made."""
    return Tag(
        line=order.name,
        audio=order.line.audio_name,
        seed=order.line.seed,
        model=str(meta.get("model", order.line.model)),
        style=order.style,
        key_style=order.key_style.interpolation.value,
        engine=str(meta.get("versions", {}).get("mynah", "")),
        result=provenance(meta),
        made=time.strftime("%Y-%m-%d %H:%M"),
        source="PERFORMANCE" if order.line.is_transfer else "VOICE",
        heard=heard_text(meta),
        sound=order.sound,
        file="" if order.sound else str(order.line.audio),
        from_s=order.line.start_s,
        to_s=order.line.end_s,
    )
