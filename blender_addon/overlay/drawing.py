"""Draws the lines on show into an editor, from the GPU's memory; only names are set anew."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import blf
import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader

from ..library import (
    Heard,
    ShownLine,
    TimeView,
    Visible,
    fitting_names,
    kind_of,
    read_heard,
    see,
)
from ..scene_reader import character_of
from . import geometry
from .lines import lines_on_show

_FONT = 0
_FONT_SIZE = 11
_RULER = 23
"""Height of the frame numbers at the top of an editor, of its scroll bar, and of its markers."""
_SCROLL_BAR = 12
_MARKERS = 20
_PLAYING_S = 0.5
"""So long the lines are taken for the same while the scene plays."""

_WAVE = (0.45, 0.75, 0.85, 0.35)
_NAME = (1.0, 1.0, 1.0, 0.95)
_COLOURS = np.array(
    [
        (0.32, 0.36, 0.42, 0.85),  # CONSONANT
        (0.20, 0.47, 0.53, 0.85),  # VOWEL
        (0.75, 0.38, 0.20, 0.90),  # CLOSED
        (0.0, 0.0, 0.0, 0.0),  # NOTHING
    ],
    np.float32,
)


@dataclass(frozen=True, eq=False)
class _Batches:
    wave: Any
    phones: Any


class _Seen:
    """The lines found last, and on whom. They are looked for again when something has changed, but
    while the scene plays, when everything does all the time, not at every frame."""

    def __init__(self) -> None:
        self.character: int | None = None
        self.lines: tuple[ShownLine, ...] = ()
        self.is_old = True
        self.playing_until_s = 0.0


_seen = _Seen()


def draw() -> None:
    """Draw into the region that Blender is drawing; it calls this for each of them."""
    context = bpy.context
    if not context.scene.mynah.show_heard or _has_no_time(context.space_data):
        return
    lines = _lines(context)
    if not lines:
        return
    view, layout = _view(context), _layout(context)
    if view is None or layout.phones == 0:
        return
    gpu.state.blend_set("ALPHA")
    try:
        for line in lines:
            heard = read_heard(line.heard)
            visible = None if heard is None else see(line, heard, view)
            if heard is not None and visible is not None:
                _draw_line(context, line.heard, heard, visible, layout)
    finally:
        gpu.state.blend_set("NONE")


def look_again() -> None:
    """Something has changed, perhaps a line."""
    _seen.is_old = True


def forget() -> None:
    """Leave nothing behind in the GPU's memory."""
    _batches.cache_clear()
    _seen.__init__()


def _draw_line(
    context: bpy.types.Context,
    text: str,
    heard: Heard,
    visible: Visible,
    layout: geometry.Layout,
) -> None:
    batches = _batches(text)
    n_columns = visible.stop_column - visible.first_column
    if layout.wave and n_columns > 1:
        middle = layout.bottom + layout.phones + layout.wave / 2
        with gpu.matrix.push_pop():
            gpu.matrix.translate((visible.origin, middle))
            gpu.matrix.scale((visible.pixels_per_s, layout.wave / 2))
            shader = gpu.shader.from_builtin("UNIFORM_COLOR")
            shader.uniform_float("color", _WAVE)
            batches.wave.draw_range(
                shader, elem_start=2 * visible.first_column, elem_count=2 * n_columns
            )
    n_phones = visible.stop_phone - visible.first_phone
    if n_phones > 0:
        with gpu.matrix.push_pop():
            gpu.matrix.translate((visible.origin, layout.bottom))
            gpu.matrix.scale((visible.pixels_per_s, layout.phones))
            shader = gpu.shader.from_builtin("FLAT_COLOR")
            batches.phones.draw_range(
                shader, elem_start=6 * visible.first_phone, elem_count=6 * n_phones
            )
        if layout.phones >= _FONT_SIZE * context.preferences.system.ui_scale:
            _draw_names(context, heard, visible, layout)


def _draw_names(
    context: bpy.types.Context,
    heard: Heard,
    visible: Visible,
    layout: geometry.Layout,
) -> None:
    size = _FONT_SIZE * context.preferences.system.ui_scale
    blf.size(_FONT, size)
    blf.color(_FONT, *_NAME)
    widths = {name: _width(name, size) for name in set(heard.names)}
    baseline = layout.bottom + (layout.phones - 0.7 * size) / 2
    for left, name in fitting_names(heard, visible, widths, context.region.width):
        blf.position(_FONT, left, baseline, 0)
        blf.draw(_FONT, name)


@lru_cache(maxsize=512)
def _width(name: str, size: float) -> float:
    blf.size(_FONT, size)
    return blf.dimensions(_FONT, name.lower())[0]


@lru_cache(maxsize=64)
def _batches(text: str) -> _Batches:
    """The shapes of a line on the GPU, in seconds; where they are drawn is the matrix's affair."""
    heard = read_heard(text)
    assert heard is not None
    wave = batch_for_shader(
        gpu.shader.from_builtin("UNIFORM_COLOR"), "TRI_STRIP", {"pos": geometry.wave_strip(heard)}
    )
    kinds = np.repeat([kind_of(name) for name in heard.names], 6).astype(np.intp)
    phones = batch_for_shader(
        gpu.shader.from_builtin("FLAT_COLOR"),
        "TRIS",
        {"pos": geometry.phone_boxes(heard), "color": _COLOURS[kinds]},
    )
    return _Batches(wave, phones)


def _lines(context: bpy.types.Context) -> tuple[ShownLine, ...]:
    character = character_of(context)
    uid = None if character is None else character.session_uid
    is_playing = context.screen.is_animation_playing and time.monotonic() < _seen.playing_until_s
    if uid != _seen.character or (_seen.is_old and not is_playing):
        _seen.character = uid
        _seen.lines = () if character is None else lines_on_show(character)
        _seen.is_old, _seen.playing_until_s = False, time.monotonic() + _PLAYING_S
    return _seen.lines


def _has_no_time(space: bpy.types.Space) -> bool:
    """Drivers are drawn over what they read, not over the scene's frames."""
    return space.type == "GRAPH_EDITOR" and space.mode == "DRIVERS"


def _view(context: bpy.types.Context) -> TimeView | None:
    region = context.region
    first, last = (region.view2d.region_to_view(x, 0)[0] for x in (0, region.width))
    return TimeView(first, last, region.width) if last > first else None


def _layout(context: bpy.types.Context) -> geometry.Layout:
    scale = context.preferences.system.ui_scale
    bottom = _SCROLL_BAR
    if getattr(context.space_data, "show_markers", False) and context.scene.timeline_markers:
        bottom += _MARKERS
    return geometry.lay_out(context.region.height, bottom * scale, _RULER * scale, scale)
