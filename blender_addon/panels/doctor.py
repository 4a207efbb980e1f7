"""The Doctor: a list of findings, each with what helps."""

from __future__ import annotations

import bpy

from ..doctor.examination import doctor
from ..doctor.finding import Finding, Severity
from ..doctor.fixes import FIXES
from ..operators.doctor import MYNAH_OT_check, MYNAH_OT_fix, MYNAH_OT_fix_all
from .base import MynahSubPanel, draw_text

_MOST = 12
"""So many findings are shown at once, problems first."""


class MYNAH_PT_doctor(MynahSubPanel, bpy.types.Panel):
    """What keeps lines from showing, and buttons that help."""

    bl_label = "Doctor"
    bl_options = {"DEFAULT_CLOSED"}

    def draw_header_preset(self, _context: bpy.types.Context) -> None:
        found = doctor.findings
        if found:
            is_bad = any(finding.severity is Severity.problem for finding in found)
            self.layout.label(text=str(len(found)), icon="ERROR" if is_bad else "INFO")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        row = layout.row(align=True)
        row.operator(MYNAH_OT_check.bl_idname, icon="VIEWZOOM")
        found = doctor.findings
        if any(finding.fix and FIXES[finding.fix].is_part_of_all for finding in found or ()):
            row.operator(MYNAH_OT_fix_all.bl_idname, icon="CHECKMARK")
        if doctor.is_busy:
            layout.label(text="Looking…", icon="SORTTIME")
        if found is None:
            text = "Finds what keeps a line from showing, sounding or being made."
            draw_text(layout, context, text, "QUESTION")
        elif not found and not doctor.is_busy:
            draw_text(layout, context, "Nothing stands in a line's way.", "CHECKMARK")
        for finding in (found or ())[:_MOST]:
            _draw_finding(layout, context, finding)
        if found and len(found) > _MOST:
            draw_text(layout, context, f"And {len(found) - _MOST} more, after these.", "BLANK1")


def _draw_finding(layout: bpy.types.UILayout, context: bpy.types.Context, finding: Finding) -> None:
    box = layout.box()
    icon = "ERROR" if finding.severity is Severity.problem else "INFO"
    draw_text(box, context, finding.sentence, icon)
    if finding.fix:
        button = box.operator(
            MYNAH_OT_fix.bl_idname, text=FIXES[finding.fix].label, icon="CHECKMARK"
        )
        button.sentence = finding.sentence
    if finding.remedy:
        draw_text(box, context, finding.remedy, "BLANK1")
