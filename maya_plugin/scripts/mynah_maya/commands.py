"""The plug-in's commands: collect, call, report. `mynahKeys` is Mynah's own, for Undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import maya.api.OpenMaya as om
from maya import cmds

from . import engine_command
from . import session as sessions
from .baking import anim_curves
from .baking.takes import delete, find_take, show, takes_here
from .batch import orders_of_bookmarks, orders_of_scene, orders_of_sheet
from .character import find_character, read_rig
from .context import running_command
from .doctor.examination import examine, findings_of_engine, fix_all, in_order
from .doctor.finding import Finding
from .drafts import Draft
from .flags import Flag, help_text, make_syntax, read_flags
from .gestures import parse_gestures
from .library import BadInputError, MynahError, RigMapping, dry_run
from .order import Wish, order_of
from .rig_mapping import keep_mapping, mapping_of, own_mapping, propose
from .setup.chosen import look_now
from .setup.job import set_up
from .style_command import STYLE, run_style

_KEYS = (
    Flag("mp", "mapping", "mapping", str, "A mapping file (mynahMap -save); else by names."),
    Flag("ks", "keyStyle", "key_style", str, "smooth, linear or stepped keys."),
    Flag("hf", "holdFrames", "hold_frames", int, "Stepped: frames that each pose is held."),
    Flag("bd", "bound", "bound", float, "Error that sparse keys may have, 0.01 of the range."),
    Flag("bl", "baseLayer", "on_base", bool, "Replace keys on the base layer: no new layer."),
    Flag("wt", "wait", "wait", bool, "Return when all is done (as always without windows)."),
)
_VOICE = (
    Flag("st", "style", "style", str, "Styles, as in angry@0.7 + tired:brows from 2.5 (seconds)."),
    Flag("sg", "strength", "strength", float, "0 neutral to 2 exaggerated."),
    Flag("sfa", "styleFade", "fade_s", float, "Seconds in which styles turn into the next, 1."),
    Flag("vgu", "voiceGuidance", "audio_guidance", float, "How closely to follow the voice, 1."),
    Flag("sgu", "styleGuidance", "style_guidance", float, "How closely to follow the style, 1."),
    Flag("sd", "seed", "seed", int, "Another number gives another take."),
    Flag("qu", "quality", "quality", str, "draft, normal or best."),
    Flag("m", "model", "model", str, "One of the engine's models; else its best."),
)
_TAKES = (
    Flag("gs", "gesture", "gestures", str, "CLIP FIRST LAST AT [PART] + …: passages to play."),
    Flag("nt", "newTake", "new_take", bool, "With a seed that no take of the line has."),
    Flag("rf", "redoFrom", "redo_from", float, "Only make the take that shows anew from here"),
    Flag("rt", "redoTo", "redo_to", float, "… to this frame of the scene."),
    Flag("rk", "replaceKeys", "replace_keys", bool, "… and your own keys in there, too."),
)
GENERATE = (
    Flag("a", "audio", "audio", str, "A sound of the scene or a file; else the one that plays."),
    Flag("ln", "line", "line", str, "The line's name; else the sound's."),
    Flag("sf", "startFrame", "start_frame", float, "Where the line begins; else where its sound."),
    Flag("fs", "fromSeconds", "from_s", float, "Only this part of the recording, from here"),
    Flag("ts", "toSeconds", "to_s", float, "… to here."),
    Flag("tx", "text", "text", str, "What is said."),
    *_VOICE,
    *_TAKES,
    *_KEYS,
    Flag("c", "cancel", "cancel", bool, "Give up the lines that are under way."),
)
TRANSFER = (
    Flag("pf", "performance", "performance", str, "A motion clip, or a video of the actor."),
    Flag("ln", "line", "line", str, "The line's name; else the file's."),
    Flag("sf", "startFrame", "start_frame", float, "Where it begins; else where playback does."),
    Flag("fs", "fromSeconds", "from_s", float, "Only this part of the file, from here"),
    Flag("ts", "toSeconds", "to_s", float, "… to here."),
    Flag("st", "style", "style", str, "The character's manner; else it is the actor's."),
    Flag("sg", "strength", "strength", float, "0 the actor's manner to 2 exaggerated."),
    Flag("sd", "seed", "seed", int, "Another number is kept as another take."),
    *_TAKES,
    *_KEYS,
)
BATCH = (
    Flag("sh", "sheet", "sheet", str, "A dialogue sheet (CSV); else all sounds of the scene."),
    Flag("bm", "bookmarks", "bookmarks", bool, "The time slider's bookmarks cut one recording:"),
    Flag("a", "audio", "audio", str, "… this sound or file; else the one that plays."),
    *_VOICE,
    *_KEYS,
)
TAKE = (
    Flag("ln", "line", "line", str, "Whose takes are meant; else those of the only line."),
    Flag("l", "list", "list", bool, "Tell which takes there are, of all lines (the default)."),
    Flag("s", "show", "show", str, "next, previous, a seed or a layer: show that take alone."),
    Flag("d", "delete", "delete", str, "The same: delete it with all that was edited in it."),
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
            with running_command():
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
        return _make(found, objects)


class MynahTransfer(_Command):
    name = "mynahTransfer"
    purpose = "keys of an actor's performance on the named or selected character."
    example = "mynahTransfer -performance take_3.mov -style calm -startFrame 101 hero:"
    flags = TRANSFER

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        return _make({"performance": "", **found}, objects)


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
        tickets = [sessions.session.start(order, is_batch=True) for order in orders]
        if not waits:
            return tickets
        sessions.session.run_until_done()
        outcomes = sessions.session.outcomes
        made = [o.report.layer for o in outcomes if o.report is not None]
        if not made:
            raise BadInputError("\n".join(dict.fromkeys(o.message for o in outcomes)))
        om.MGlobal.displayInfo(f"{len(made)} of {len(orders) + len(faults)} lines were made.")
        return made


class MynahTake(_Command):
    name = "mynahTake"
    purpose = "takes of the named or selected character's lines, else of the scene's."
    example = "mynahTake -show next -line line_01 hero:; mynahTake -delete 3"
    flags = TAKE

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        lines = takes_here(objects)
        if found.get("line"):
            lines = [own for own in lines if own.line == found["line"]]
        if not (found.get("show") or found.get("delete")):
            told = [words for own in lines for words in own.sentences()]
            om.MGlobal.displayInfo("\n".join(told or ["There are no takes."]))
            return [take.layer for own in lines for take in own.takes]
        if found.get("show") and found.get("delete"):
            raise BadInputError("-show and -delete exclude each other; leave one out.")
        if len(lines) != 1:
            named = ", ".join(dict.fromkeys(own.line for own in lines))
            raise BadInputError(
                f"These lines have takes: {named}; name one with -line, and its character."
                if lines
                else "There is no such take; mynahTake -list tells which there are."
            )
        (line,) = lines
        if found.get("show"):
            take = find_take(line, found["show"])
            show(line, take)
            return take.layer
        shown = delete(line, find_take(line, found["delete"]))
        return shown.layer if shown else ""


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
            of_engine = findings_of_engine(look_now())
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


class MynahStyle(_Command):
    name = "mynahStyle"
    purpose = "the engine's library of styles: lists it, stores performances, removes."
    example = 'mynahStyle -store "our villain" -video table_read.mov -tags "sly, cold"'
    flags = STYLE

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        return run_style(sessions.session, found, objects, waits=_waits(found))


class MynahEngine(_Command):
    name = "mynahEngine"
    purpose = "tells which engine makes lines; sets it up, or chooses one on another computer."
    example = "mynahEngine -setUp; mynahEngine -connect mynah-render01.json"
    flags = engine_command.FLAGS

    def run(self, found: dict[str, Any], objects: tuple[str, ...]) -> Any:
        if objects:
            raise BadInputError(f"mynahEngine takes flags only; leave '{objects[0]}' out.")
        lines = engine_command.carry_out(found, sessions.session, waits=_waits(found))
        om.MGlobal.displayInfo("\n".join(lines))
        return lines


class MynahKeys(om.MPxCommand):
    """Keys through the API as a step for Undo; see `baking.anim_curves`."""

    name = anim_curves.COMMAND

    def __init__(self) -> None:
        super().__init__()
        self._edit: anim_curves.Edit | None = None

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


EXPLAINED = (
    MynahGenerate,
    MynahTransfer,
    MynahBatch,
    MynahTake,
    MynahStyle,
    MynahMap,
    MynahDoctor,
    MynahEngine,
)
COMMANDS = (*EXPLAINED, MynahKeys)


def announce(outcome: sessions.Outcome) -> None:
    """Tell in the script editor how a line ended."""
    if outcome.is_error:
        om.MGlobal.displayError(f"'{outcome.order.name}': {outcome.message}")
    else:
        om.MGlobal.displayInfo(outcome.message)
    for remark in outcome.report.remarks if outcome.report else ():
        om.MGlobal.displayWarning(remark)


def announce_draft(draft: Draft) -> None:
    """Tell in the script editor that a draft is on show."""
    om.MGlobal.displayInfo(draft.sentence)


def start_up() -> None:
    """When the plug-in is loaded."""
    if announce not in sessions.session.after_line:
        sessions.session.after_line.append(announce)
        sessions.session.after_draft.append(announce_draft)


def shut_down() -> None:
    """When it is unloaded: nothing of Mynah keeps running."""
    set_up.close()
    with running_command():  # Maya's own, which unloads the plug-in
        sessions.session.close()
    sessions.session.after_line.clear()
    sessions.session.after_draft.clear()


def _make(found: dict[str, Any], objects: tuple[str, ...]) -> str:
    """Have one line made: its ticket or, if the command waits, its layer."""
    waits = _waits(found)
    found["gestures"] = parse_gestures(found.get("gestures", ""))
    order = order_of(Wish(**found, characters=objects))
    ticket = sessions.session.start(order, shows_draft=not waits)
    if not waits:
        return ticket
    sessions.session.run_until_done()
    outcome = next(one for one in sessions.session.outcomes if one.order is order)
    if outcome.report is None:
        raise BadInputError(outcome.message)
    return outcome.report.layer


def _waits(found: dict[str, Any]) -> bool:
    asked = bool(found.pop("wait", False))
    return asked or bool(cmds.about(batch=True))
