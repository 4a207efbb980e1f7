"""The Doctor's buttons: check, fix one finding, fix all."""

# pyright: reportInvalidTypeForm=false

from __future__ import annotations

import bpy
from bpy.props import StringProperty

from ..doctor import fixes
from ..doctor.examination import doctor
from ..doctor.finding import Finding
from ..language.words import say_report, say_tip
from ..library import BadInputError
from ..preferences import chosen_engine
from ..setup.places import engine_place


class MYNAH_OT_check(bpy.types.Operator):
    """Look for what keeps lines from showing, sounding or being made; nothing is changed.

    Without a window the call returns when the check is complete; `report` then has its sentences.
    """

    bl_idname = "mynah.check"
    bl_label = "Check"
    bl_description = (
        "Look for what keeps a line from showing, sounding or being made; nothing is changed"
    )
    bl_options = {"REGISTER"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        doctor.check(chosen_engine(), engine_place().engine)
        if bpy.app.background:
            doctor.wait()
            for finding in doctor.findings or ():
                told = (say_report(finding.sentence), say_report(finding.remedy))
                self.report({"INFO"}, " ".join(told).rstrip())
        return {"FINISHED"}


class MYNAH_OT_fix(bpy.types.Operator):
    """Do what the Doctor offers about one finding."""

    bl_idname = "mynah.fix"
    bl_label = "Fix"
    bl_description = "Do this about the finding; one step of undo"
    bl_options = {"REGISTER", "UNDO"}

    sentence: StringProperty(
        name="Finding", description="What the Doctor says of it: the list may change any time"
    )

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _has_fix(cls, bool(_fixable()))

    def execute(self, context: bpy.types.Context) -> set[str]:
        finding = next((f for f in _fixable() if f.sentence == self.sentence), None)
        if finding is None:
            self.report({"ERROR"}, say_report(f"Not found any more: {self.sentence}"))
            return {"CANCELLED"}
        try:
            fixes.apply(context, finding)
        except BadInputError as error:
            self.report({"ERROR"}, say_report(str(error)))
            return {"CANCELLED"}
        doctor.drop(finding)
        _check_again()
        return {"FINISHED"}


class MYNAH_OT_fix_all(bpy.types.Operator):
    """Do all that the Doctor offers, but for what changes the artist's own work or the rig."""

    bl_idname = "mynah.fix_all"
    bl_label = "Fix All"
    bl_description = (
        "Do all that is offered, but for what changes your own work or the rig; one step of undo"
    )
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return _has_fix(cls, any(fixes.FIXES[f.fix].is_part_of_all for f in _fixable()))

    def execute(self, context: bpy.types.Context) -> set[str]:
        wanted = [f for f in _fixable() if fixes.FIXES[f.fix].is_part_of_all]
        n_fixed = 0
        for finding in wanted:
            try:
                fixes.apply(context, finding)
            except BadInputError as error:
                self.report({"WARNING"}, say_report(str(error)))
                continue
            doctor.drop(finding)
            n_fixed += 1
        _check_again()
        self.report({"INFO"}, say_report(f"Fixed {n_fixed} of {len(wanted)} findings"))
        return {"FINISHED"} if n_fixed else {"CANCELLED"}


def _fixable() -> list[Finding]:
    return [finding for finding in doctor.findings or () if finding.fix]


def _has_fix(cls: type[bpy.types.Operator], has_fix: bool) -> bool:
    if not has_fix:
        cls.poll_message_set(
            say_tip("The last check found nothing that can be fixed with a click.")
        )
    return has_fix


def _check_again() -> None:
    doctor.check_scene()
    if bpy.app.background:
        doctor.wait()
