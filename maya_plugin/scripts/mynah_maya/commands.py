"""The plug-in's commands: collect, call, report. `mynahKeys` is Mynah's own, for Undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import maya.api.OpenMaya as om
from maya import cmds

from . import session as sessions
from .baking import anim_curves
from .batch import orders_of_bookmarks, orders_of_scene, orders_of_sheet
from .character import find_character, read_rig
from .doctor.examination import examine, findings_of_engine, fix_all, in_order
from .doctor.finding import Finding
from .flags import Flag, help_text, make_syntax, read_flags
from .library import BadInputError, MynahError, RigMapping, dry_run, look_at_engine
from .order import Wish, order_of
from .rig_mapping import keep_mapping, mapping_of, own_mapping, propose

_KEYS = (
    Flag("mp", "mapping", "mapping", str, "A mapping file (mynahMap -save); else by names."),
    Flag("ks", "keyStyle", "key_style", str, "smooth, linear or stepped keys."),
    Flag("hf", "holdFrames", "hold_frames", int, "Stepped: frames that each pose is held."),
    Flag("bd", "bound", "bound", float, "Error that sparse keys may have, 0.01 of the range."),
    Flag("bl", "baseLayer", "on_base", bool, "Replace keys on the base layer: no new layer."),
    Flag("wt", "wait", "wait", bool, "Return when all is done (as always without windows)."),
)
_VOICE = (
    Flag("st", "style", "style", str, "Styles, as in angry@0.7 + tired:brows."),
    Flag("sg", "strength", "strength", float, "0 neutral to 2 exaggerated."),
    Flag("sd", "seed", "seed", int, "Another number gives another take."),
    Flag("qu", "quality", "quality", str, "draft, normal or best."),
    Flag("m", "model", "model", str, "One of the engine's models; else its best."),
)
GENERATE = (
    Flag("a", "audio", "audio", str, "A sound of the scene or a file; else the one that plays."),
    Flag("ln", "line", "line", str, "The line's name; else the sound's."),
    Flag("sf", "startFrame", "start_frame", float, "Where the line begins; else where its sound."),
    Flag("fs", "fromSeconds", "from_s", float, "Only this part of the recording, from here"),
    Flag("ts", "toSeconds", "to_s", float, "… to here."),
    Flag("tx", "text", "text", str, "What is said."),
    *_VOICE,
    *_KEYS,
    Flag("c", "cancel", "cancel", bool, "Give up the lines that are under way."),
)
BATCH = (
    Flag("sh", "sheet", "sheet", str, "A dialogue sheet (CSV); else all sounds of the scene."),
    Flag("bm", "bookmarks", "bookmarks", bool, "The time slider's bookmarks cut one recording:"),
    Flag("a", "audio", "audio", str, "… this sound or file; else the one that plays."),
    *_VOICE,
    *_KEYS,
)
MAP = (
    Flag("s", "save", "save", str, "Write the mapping to this file, to correct it."),
    Flag("mp", "mapping", "mapping", str, "Tell what this mapping file would do instead."),
    Flag("k", "keep", "keep", bool, "Keep that file's mapping with the character in this scene."),
    Flag("au", "automatic", "automatic", bool, "Forget the one kept: names tell it anew."),
)


DOCTOR = (
    Flag("fa", "fixAll", "fix_all", bool, "Do what touches no work of yours: one step for Undo."),
    Flag("wt", "wait", "wait", bool, "Ask the engine, too (as always without windows)."),
)


class _Command(om.MPxCommand):
    """Reads its flags and turns Mynah's errors into a sentence. Not undoable itself: what is baked
    is a step of its own, which may come long after the command has returned."""

    name = ""
    purpose = ""
    example = ""
    flags: tuple[Flag, ...] = ()

    @classmethod
    def creator(cls) -> om.MPxCommand:
        return cls()

    @classmethod
    def make_syntax(cls) -> om.MSyntax:
        return make_syntax(cls.flags, takes_objects=True)

    def doIt(self, args: om.MArgList) -> None:
        found, objects = read_flags(self.make_syntax(), args, self.flags, takes_objects=True)
        if found.pop("help", False):
            om.MGlobal.displayInfo(help_text(self.name, self.purpose, self.flags, self.example))
            return
        try:
            result = self.run(found, objects)
        except MynahError as error:
            raise RuntimeError(str(error)) from None
        if result is not None:
            self.setResult(result)

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        raise NotImplementedError


class MynahGenerate(_Command):
    name = "mynahGenerate"
    purpose = "keys for one line of dialogue on the named or selected character."
    example = "mynahGenerate -audio line_01 -style angry@0.7 hero:"
    flags = GENERATE

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        if found.pop("cancel", False):
            sessions.session.cancel()
            return None
        waits = _waits(found)
        order = order_of(Wish(**found, characters=objects))
        ticket = sessions.session.start(order)
        if not waits:
            return ticket
        sessions.session.run_until_done()
        outcome = next(one for one in sessions.session.outcomes if one.order is order)
        if outcome.report is None:
            raise BadInputError(outcome.message)
        return outcome.report.layer


class MynahBatch(_Command):
    name = "mynahBatch"
    purpose = "keys for all rows of a dialogue sheet, sounds of the scene, or bookmarks."
    example = "mynahBatch -sheet dialogue.csv; mynahBatch hero: villain:"
    flags = BATCH

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        waits, sheet = _waits(found), found.pop("sheet", "")
        by_bookmark = found.pop("bookmarks", False)
        if sheet and by_bookmark:
            raise BadInputError("-sheet and -bookmarks exclude each other; leave one out.")
        wish = Wish(**found, characters=objects)
        if sheet:
            orders, faults = orders_of_sheet(Path(sheet), wish)
        elif by_bookmark:
            orders, faults = orders_of_bookmarks(wish)
        else:
            orders, faults = orders_of_scene(wish)
        if not orders:
            raise BadInputError("\n".join(["No line can be made.", *faults]))
        for fault in faults:
            om.MGlobal.displayWarning(fault)
        tickets = [sessions.session.start(order) for order in orders]
        if not waits:
            return tickets
        sessions.session.run_until_done()
        outcomes = sessions.session.outcomes
        made = [o.report.layer for o in outcomes if o.report is not None]
        if not made:
            raise BadInputError("\n".join(dict.fromkeys(o.message for o in outcomes)))
        om.MGlobal.displayInfo(f"{len(made)} of {len(orders) + len(faults)} lines were made.")
        return made


class MynahMap(_Command):
    name = "mynahMap"
    purpose = "tells what Mynah would move on the named or selected character, and by what."
    example = "mynahMap -save hero.json hero:"
    flags = MAP

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        rig = read_rig(find_character(objects))
        if found.get("mapping"):
            mapping = RigMapping.load(Path(found["mapping"]))
            lines: list[str] = []
            if found.get("keep"):
                keep_mapping(rig, mapping)
                lines.append("The mapping is kept with the character in this scene.")
        elif found.get("keep"):
            raise BadInputError("-keep needs a -mapping file to keep; name one.")
        else:
            if found.get("automatic"):
                keep_mapping(rig, None)
            proposal = propose(rig)
            mapping = mapping_of(rig)
            if own_mapping(rig) is None:
                lines = [f"{100 * m.confidence:.0f} %  {m.reason}" for m in proposal.matches]
                lines += proposal.left_alone.values()
            else:
                lines = ["The character has a mapping of its own in this scene."]
        told = dry_run(mapping, rig.names)
        lines += [f"{driven.target}: {driven.what}, by {driven.by}" for driven in told.driven]
        lines += [*told.sentences(), *rig.remarks]
        if found.get("save"):
            mapping.save(Path(found["save"]))
            lines.append(f"The mapping was written to {found['save']}.")
        om.MGlobal.displayInfo("\n".join(lines))
        return lines


class MynahDoctor(_Command):
    name = "mynahDoctor"
    purpose = "tells why lines don't come, show or sound, and what helps."
    example = "mynahDoctor -fixAll hero:"
    flags = DOCTOR

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        of_engine: list[Finding] = []
        if _waits(found):
            of_engine = findings_of_engine(look_at_engine())
        findings = in_order([*of_engine, *examine(objects)])
        if found.get("fix_all"):
            done = fix_all(findings)
            om.MGlobal.displayInfo(f"{done} fixes were done.")
            findings = in_order([*of_engine, *examine(objects)])
        lines: list[str] = []
        for finding in findings:
            words = [f"{finding.severity.value.capitalize()}: {finding.sentence}", finding.remedy]
            if finding.fix is not None:
                how = "in the window" if finding.fix.asks else "with -fixAll"
                words.append(f"[{finding.fix.label}: {how}]")
            lines.append(" ".join(filter(None, words)))
        om.MGlobal.displayInfo("\n".join(lines or ["Nothing is wrong."]))
        return lines


class MynahKeys(om.MPxCommand):
    """Keys through the API as a step for Undo; see `baking.anim_curves`."""

    name = anim_curves.COMMAND

    def __init__(self) -> None:
        super().__init__()
        self._edit: anim_curves.KeyEdit | None = None

    @classmethod
    def creator(cls) -> om.MPxCommand:
        return cls()

    @classmethod
    def make_syntax(cls) -> om.MSyntax:
        return om.MSyntax()

    def isUndoable(self) -> bool:
        return self._edit is not None

    def doIt(self, args: om.MArgList) -> None:
        del args
        if not anim_curves.pending:
            raise RuntimeError("mynahKeys is Mynah's own command; use mynahGenerate.")
        edit = anim_curves.pending.pop()
        edit.do()
        self._edit = edit

    def undoIt(self) -> None:
        if self._edit is not None:
            self._edit.undo()

    def redoIt(self) -> None:
        if self._edit is not None:
            self._edit.redo()


EXPLAINED = (MynahGenerate, MynahBatch, MynahMap, MynahDoctor)
COMMANDS = (*EXPLAINED, MynahKeys)


def announce(outcome: sessions.Outcome) -> None:
    """Tell in the script editor how a line ended."""
    if outcome.is_error:
        om.MGlobal.displayError(f"'{outcome.order.name}': {outcome.message}")
    else:
        om.MGlobal.displayInfo(outcome.message)
    for remark in outcome.report.remarks if outcome.report else ():
        om.MGlobal.displayWarning(remark)


def start_up() -> None:
    """When the plug-in is loaded."""
    if announce not in sessions.session.after_line:
        sessions.session.after_line.append(announce)


def shut_down() -> None:
    """When it is unloaded: nothing of Mynah keeps running."""
    sessions.session.close()
    sessions.session.after_line.clear()


def _waits(found: dict[str, Any]) -> bool:
    asked = bool(found.pop("wait", False))
    return asked or bool(cmds.about(batch=True))
