"""What the engine has made becomes keys on the character."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

import bpy

from .baking.actions import Tag
from .baking.line import BakeReport, bake_line
from .baking.redo import bake_range
from .fingerprint import MadeOf
from .library import BadInputError, MotionClip, __version__, heard_text, provenance
from .line_settings import find_settings
from .order import Order
from .pieces import Pieces
from .scene_reader import effective_fps


def key_line(
    order: Order,
    clip: MotionClip,
    meta: Mapping[str, Any],
    made: MadeOf,
    *,
    is_draft: bool = False,
) -> Pieces[BakeReport]:
    """Key the finished line; only the last piece changes anything. Raises `BadInputError` if what
    it was made for is gone."""
    if order.redo is not None:
        redo = order.redo
        rows = (redo.first_row, redo.last_row)
        return (
            yield from bake_range(
                order.character, redo.action, clip, *rows, keeps_keys=redo.keeps_keys
            )
        )
    tag = Tag(
        line=order.name,
        audio=str(meta.get("audio_sha256", "")),
        model=str(meta.get("model", "")),
        seed=order.line.seed,
        style=order.style_names,
        source="PERFORMANCE" if order.line.is_transfer else "VOICE",
        made_of=made.to_json(),
        heard=heard_text(meta),
        result=provenance(meta),
        draft=is_draft,
        version=__version__,
        time=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )
    fps = effective_fps(_scene_of(order))
    report = yield from bake_line(
        order.character, clip, order.start_frame, fps, tag, order.key_style
    )
    scene = order.scene.find_in(bpy.data.scenes)
    settings = find_settings(scene, order.uid) if scene is not None else None
    if settings is not None:
        settings.seed = order.line.seed  # what Generate would now replace
    return report


def _scene_of(order: Order) -> bpy.types.Scene:
    scene = order.scene.find_in(bpy.data.scenes)
    if scene is None:
        raise BadInputError(
            f"'{order.scene.name}' was deleted while the line was made; nothing was keyed."
        )
    return scene
