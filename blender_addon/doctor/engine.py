"""The engine and the styles that the line asks it for."""

from __future__ import annotations

from collections.abc import Iterator

import bpy

from ..library import BadInputError, EngineState, StyleEntry, engine_faults
from ..line_settings import settings_of
from .finding import Finding, Severity


def findings_of(context: bpy.types.Context, state: EngineState) -> Iterator[Finding]:
    for fault in engine_faults(state, "add-on"):
        severity = Severity.problem if fault.is_problem else Severity.hint
        yield Finding(fault.sentence, severity, fault.remedy)
    if state.version:
        yield from _check_library_styles(context, state.styles)


def check_clips(context: bpy.types.Context) -> Iterator[Finding]:
    """Files and rigs of styles and gestures that are gone."""
    settings = settings_of(context)
    for row in (*settings.styles, *settings.gestures):
        try:
            if row.kind == "FILE":
                row.read_file()
            elif row.kind == "RIG":
                row.to_passage(24.0)
            elif not row.style_name:
                row.to_use(0.0, 24.0)
        except BadInputError as error:
            yield Finding(str(error))


def _check_library_styles(
    context: bpy.types.Context, styles: tuple[StyleEntry, ...]
) -> Iterator[Finding]:
    known = {name for style in styles for name in (style.name, *style.tags)}
    for row in settings_of(context).styles:
        if row.kind == "LIBRARY" and row.style_name and row.style_name not in known:
            yield Finding(
                f"The engine's library has no style '{row.style_name}'.",
                remedy="Choose another in the list of styles, or remove it there.",
            )
