"""Commands of the interface: only where there is one. Widgets remember what they were made with."""

from __future__ import annotations

from typing import Any

from maya._command import Flags, command
from maya._errors import NotInTheFake
from maya._world import world

SHELF_TOP = "MayaWindow|shelves|ShelfLayout"
TIME_SLIDER = "MayaWindow|toolBarTimeSlider|timeControl1"
MAIN_WINDOW = "MayaWindow"
PROGRESS_BAR = "MayaWindow|mainProgressBar"


def needs_windows(name: str) -> None:
    if world.is_batch:
        raise RuntimeError(f"{name}: there is no interface in batch mode")


def _widget(kind: str, objects: tuple[Any, ...], flags: Flags) -> Any:
    """Exists, query, edit, create: what all commands of widgets have in common."""
    needs_windows(kind)
    name = str(objects[0]) if objects else ""
    name = next((n for n in world.widgets if n == name or n.endswith(f"|{name}")), name)
    found = world.widgets.get(name)
    if flags.get("exists"):
        return found is not None and found["kind"] == kind
    if flags.get("query") or flags.get("edit"):
        if found is None or found["kind"] != kind:
            raise RuntimeError(f"{kind}: Object '{name}' not found.")
        if flags.get("query"):
            return _told(found, name, flags)
        found.update({key: value for key, value in flags.items() if key != "edit"})
        return name
    if found is not None:
        raise RuntimeError(f"Object's name '{name}' is not unique.")
    parent = flags.get("parent")
    if parent and parent not in world.widgets:
        raise RuntimeError(f"{kind}: Object '{parent}' not found.")
    name = name or f"{kind}{world.new_id()}"
    full = f"{parent}|{name}" if parent and "|" not in name else name
    world.widgets[full] = {"kind": kind, **flags}
    return full


def _told(found: dict[str, Any], name: str, flags: Flags) -> Any:
    below = [n.rpartition("|")[2] for n, w in world.widgets.items() if w.get("parent") == name]
    if flags.get("childArray") or flags.get("itemArray"):
        return below or None
    if flags.get("numberOfChildren") or flags.get("numberOfItems"):
        return len(below)
    wanted = [key for key in flags if key != "query"]
    if len(wanted) != 1:
        raise NotInTheFake(f"{found['kind']}(query=True) of {wanted}")
    return found.get(wanted[0], "")


def _delete(kind: str, objects: tuple[Any, ...]) -> None:
    needs_windows(kind)
    for text in objects:
        full = next((n for n in world.widgets if n == text or n.endswith(f"|{text}")), None)
        if full is None:
            raise RuntimeError(f"Object '{text}' not found.")
        for name in [n for n in world.widgets if n == full or n.startswith(f"{full}|")]:
            del world.widgets[name]


_COMMON = "exists/ex visible/vis defineTemplate/dt:s "
_CONTROL = _COMMON + "parent/p:s annotation/ann:s enable/en "


@command(
    _COMMON + "label/l:s parent/p:s enable/en tearOff/to familyImage/fi:s "
    "postMenuCommand/pmc:x itemArray/ia numberOfItems/ni deleteAllItems/dai",
    "query edit",
)
def menu(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A menu of a window."""
    if flags.get("deleteAllItems"):
        for name in [n for n in world.widgets if n.startswith(f"{objects[0]}|")]:
            del world.widgets[name]
        return None
    return _widget("menu", objects, flags)


@command(
    _CONTROL + "label/l:s command/c:x sourceType/stp:s divider/d dividerLabel/dl:s image/i:s "
    "subMenu/sm optionBox/ob checkBox/cb:b insertAfter/ia:s",
    "query edit",
)
def menuItem(objects: tuple[Any, ...], flags: Flags) -> Any:
    """An entry of a menu."""
    return _widget("menuItem", objects, flags)


@command(
    _CONTROL + "label/l:s image/i:s image1/i1:s command/c:x sourceType/stp:s style/st:s "
    "imageOverlayLabel/iol:s doubleClickCommand/dcc:x overlayLabelColor/olc:x "
    "overlayLabelBackColor/olb:x noDefaultPopup/ndp width/w:i height/h:i flat/fla "
    "docTag/dtg:s",
    "query edit",
)
def shelfButton(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A button of a shelf."""
    return _widget("shelfButton", objects, flags)


@command(
    _CONTROL + "childArray/ca numberOfChildren/nch style/st:s cellWidth/cw:i cellHeight/ch:i "
    "fullPathName/fpn",
    "query edit",
)
def shelfLayout(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A shelf."""
    return _widget("shelfLayout", objects, flags)


@command(
    _CONTROL + "selectTab/st:s childArray/ca tabLabel/tl:x tabLabelIndex/tli:x "
    "numberOfChildren/nch selectTabIndex/sti:i",
    "query edit",
)
def tabLayout(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Tabs: the shelves are the tabs of one."""
    if flags.get("query") and flags.get("selectTab"):
        needs_windows("tabLayout")
        own = world.widgets[SHELF_TOP]
        return own.get("selectTab") or "Custom"
    return _widget("tabLayout", objects, flags)


@command("layout/lay control/ctl window/wnd menu/m menuItem/mi")
def deleteUI(objects: tuple[Any, ...], flags: Flags) -> None:
    """Take widgets away, with what they hold."""
    _delete("deleteUI", objects)


@command(_COMMON + "parent/p:s title/t:s widthHeight/wh:x sizeable/s menuBar/mb", "query edit")
def window(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A window."""
    return _widget("window", objects, flags)


@command(
    _COMMON + "label/l:s uiScript/ui:s requiredPlugin/rp:s loadImmediately/li retain/rt "
    "restore/rs close/cl floating/fl dockToMainWindow/dtm:x tabToControl/ttc:x "
    "initialWidth/iw:i initialHeight/ih:i minimumWidth/mw:x minimumHeight/mh:i "
    "heightProperty/hp:s width/w:i height/h:i "
    "visibleChangeCommand/vcc:x closeCommand/cc:x dockToControl/dtc:x",
    "query edit",
)
def workspaceControl(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A panel that can be docked."""
    if flags.get("edit") and flags.get("close"):
        flags = {key: value for key, value in flags.items() if key != "close"}
        return _widget("workspaceControl", objects, {**flags, "visible": False})
    return _widget("workspaceControl", objects, flags)


@command(
    "sound/s:s displaySound/ds beginScrub/bs endScrub/es forceRefresh/fr rangeArray/ra "
    "rangeVisible/rv",
    "query edit",
)
def timeControl(objects: tuple[Any, ...], flags: Flags) -> Any:
    """The time slider and the sound that it shows."""
    needs_windows("timeControl")
    if not objects or objects[0] != TIME_SLIDER:
        raise RuntimeError(f"timeControl: Object '{objects and objects[0]}' not found.")
    if flags.get("query"):
        if flags.get("sound"):
            return world.sound
        if flags.get("rangeVisible"):
            return world.slider_range is not None
        if flags.get("rangeArray"):
            # nothing selected: the current frame alone; the end is the frame behind the last
            here = world.units.frame(world.time)
            return list(world.slider_range or (here, here + 1.0))
        raise NotInTheFake(f"timeControl(query=True) of {sorted(flags)}")
    if flags.get("beginScrub") or flags.get("endScrub"):
        if not flags.get("edit"):
            raise RuntimeError("timeControl: scrubbing is begun and ended with the edit flag.")
        world.is_scrubbing = bool(flags.get("beginScrub"))
    if "sound" in flags:
        found = world.scene.find(flags["sound"]) if flags["sound"] else []
        if flags["sound"] and not (found and found[0].type == "audio"):
            raise RuntimeError(f"timeControl: '{flags['sound']}' is not a sound")
        world.journal.put(world, "sound", flags["sound"])
    return objects[0]


@command(
    "title/t:s message/m:s button/b:s* defaultButton/db:s cancelButton/cb:s "
    "dismissString/ds:s icon/icn:s parent/p:s messageAlign/ma:s"
)
def confirmDialog(objects: tuple[Any, ...], flags: Flags) -> str:
    """A question to the user; the test puts the answer into `world.answers` beforehand."""
    needs_windows("confirmDialog")
    world.say("dialog", flags.get("message", ""))
    return _answer("confirmDialog", flags.get("defaultButton") or "Confirm")


@command(
    "caption/cap:s fileFilter/ff:s fileMode/fm:i startingDirectory/dir:s dialogStyle/ds:i "
    "okCaption/okc:s cancelCaption/cc:s selectFileFilter/sff:s"
)
def fileDialog2(objects: tuple[Any, ...], flags: Flags) -> list[str] | None:
    """A choice of files; None if the user gives up."""
    needs_windows("fileDialog2")
    return _answer("fileDialog2", None)


def _answer(kind: str, otherwise: Any) -> Any:
    if not world.answers:
        if otherwise is None:
            raise NotInTheFake(f"{kind}: no answer was put into world.answers")
        return otherwise
    return world.answers.pop(0)


@command(
    "assistMessage/amg:s statusMessage/smg:s message/msg:s position/pos:s fade/f "
    "fadeStayTime/fst:i fadeInTime/fit:i fadeOutTime/fot:i clear/cl:s dragKill/dk "
    "backColor/bkc:i alpha/a:f fontSize/fts:i"
)
def inViewMessage(objects: tuple[Any, ...], flags: Flags) -> None:
    """A message over the view."""
    needs_windows("inViewMessage")
    text = flags.get("assistMessage") or flags.get("statusMessage") or flags.get("message")
    if text is None and "clear" not in flags:
        raise RuntimeError("inViewMessage: no message")
    if text is not None:
        world.say("view", text)


@command("noContext/n showLineNumber/sl")
def warning(objects: tuple[Any, ...], flags: Flags) -> None:
    """A warning in the command line and the Script Editor."""
    world.say("warning", " ".join(str(one) for one in objects))


@command("noContext/n showLineNumber/sl")
def error(objects: tuple[Any, ...], flags: Flags) -> None:
    """Says an error and raises it."""
    text = " ".join(str(one) for one in objects)
    world.say("error", text)
    raise RuntimeError(text)


@command(
    "floatValue/fv:x intValue/iv:x stringValue/sv:x exists/ex:s remove/rm:s list/l "
    "arraySize/as:s stringValueAppend/sva:x clearArray/ca:s",
    "query",
)
def optionVar(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Preferences of the user by name; kept between sessions in Maya, until `reset` here."""
    if flags.get("query"):
        if isinstance(flags["query"], str):  # optionVar(q="name") is the usual way to ask
            return _option(flags["query"])
        return _option(objects[0])
    if "exists" in flags:
        return flags["exists"] in world.options
    if "remove" in flags:
        return world.options.pop(flags["remove"], None) is not None
    if flags.get("list"):
        return sorted(world.options)
    for name, kind in (("intValue", int), ("floatValue", float), ("stringValue", str)):
        for one in _pairs(flags.get(name)):
            world.options[str(one[0])] = kind(one[1])
    for missing in ("stringValueAppend", "clearArray", "arraySize"):
        if missing in flags:
            raise NotInTheFake(f"optionVar({missing}=…)")
    return None


def _option(name: Any) -> Any:
    return world.options.get(str(name), 0)


def _pairs(given: Any) -> list[Any]:
    return [] if not given else [given] if isinstance(given[0], str) else list(given)


@command(
    _CONTROL
    + "beginProgress/bp endProgress/ep isInterruptable/ii isCancelled/ic isMainProgressBar/imp "
    "progress/pr:i status/st:s minValue/min:i maxValue/max:i step/s:i width/w:i height/h:i",
    "query edit",
)
def progressBar(objects: tuple[Any, ...], flags: Flags) -> Any:
    """A progress bar. In a test, `world.widgets[name]["isCancelled"] = True` is the user's Esc."""
    if flags.get("edit") and (flags.get("beginProgress") or flags.get("endProgress")):
        needs_windows("progressBar")
        flags = {**flags, "isCancelled": False, "running": bool(flags.get("beginProgress"))}
    return _widget("progressBar", objects, flags)
