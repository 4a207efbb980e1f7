"""The commands of animation layers and of sound."""

from __future__ import annotations

import wave
from pathlib import Path
from typing import Any

from maya import _layers
from maya._command import Flags, command, item_name
from maya._errors import NotInTheFake
from maya._evaluate import evaluate, parent_layer
from maya._keying import curve_of
from maya._lookup import node_named, plug_named, plug_or_none
from maya._plugs import Plug, find_plug, name_of, put_value, settable_reason
from maya._scene import Node
from maya._units import TICKS
from maya._world import world
from maya.cmds._keys import plugs_of
from maya.cmds._nodes import as_path

_STATES = ("override", "passthrough", "mute", "solo", "lock", "preferred", "selected", "collapse")


@command(
    "override/o passthrough/pth mute/m solo/s lock/l preferred/prf selected/sel collapse/col "
    "weight/w:f attribute/at:s* parent/p:s addSelectedObjects/aso excludeRotate/ert "
    "excludeTranslate/etr excludeScale/esc excludeVisibility/evs removeAttribute/ra:s* "
    "removeAllAttributes/raa root/r children/c baseAnimCurves/bac animCurves/anc "
    "blendNodes/bld findCurveForPlug/fcv:s layeredPlug/lp:s bestLayer/bl affectedLayers/afl "
    "exists/ex maxLayers/ml copy/cp:s moveLayerAfter/mva:s moveLayerBefore/mvb:s "
    "extractAnimation/ea:s copyAnimation/ca:s copyNoAnimation/cna:s",
    "query edit",
)
def animLayer(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Make, ask or change an animation layer."""
    if flags.get("query"):
        return _ask(objects, flags)
    if flags.get("exists"):
        return bool(objects) and any(n.type == "animLayer" for n in world.scene.find(objects[0]))
    if flags.get("edit"):
        _edit(_layer(objects), flags)
        # [unverified]: that a change of its states is such an event, as the editor of layers needs
        world.run_jobs("animLayerRefresh")
        return None
    above = _layer((flags["parent"],)) if flags.get("parent") else None
    made = _layers.make(str(objects[0]) if objects else None, above)
    _edit(made, {name: value for name, value in flags.items() if name != "parent"})
    return as_path(made)


def _layer(objects: tuple[Any, ...]) -> Node:
    found = world.scene.find(str(objects[0])) if objects else []
    if len(found) != 1 or found[0].type != "animLayer":
        raise RuntimeError(f"Cannot find an animation layer called '{objects and objects[0]}'")
    return found[0]


def _edit(layer: Node, flags: Flags) -> None:
    for name, value in flags.items():
        if name in _STATES or name == "weight":
            plug = find_plug(layer, name)
            assert plug is not None
            if settable_reason(world.scene, plug):
                raise RuntimeError(f"{name_of(world.scene, plug)} is locked or connected.")
            put_value(world.scene, plug, value)
            if plug.path in layer.inputs:
                world.journal.put(layer.pinned, plug.path, world.time)
        elif name == "attribute":
            for text in [value] if isinstance(value, str) else value:
                plug = plug_named(text, RuntimeError)
                for one in plug.children or [plug]:
                    _layers.add(layer, one)
        elif name == "addSelectedObjects":
            if value:
                _add_selected(layer, flags)
        elif name == "removeAttribute":
            for text in [value] if isinstance(value, str) else value:
                _layers.remove(layer, plug_named(text, RuntimeError))
        elif name == "removeAllAttributes":
            for plug in _layers.members(layer):
                _layers.remove(layer, plug)
        elif name == "parent":
            raise NotInTheFake("animLayer: another parent for a layer that exists")
        elif name != "edit" and not name.startswith("exclude"):
            raise NotInTheFake(f"animLayer({name}=…)")


def _add_selected(layer: Node, flags: Flags) -> None:
    left_out = {
        n[len("exclude") :].lower() for n, v in flags.items() if n.startswith("exclude") and v
    }
    names = [item_name(item) for item in world.scene.selection]
    for plug in plugs_of(tuple(names), {}) if names else []:
        if (plug.spec.parent or plug.spec.long) not in left_out:
            _layers.add(layer, plug)


def _ask(objects: tuple[Any, ...], flags: Flags) -> Any:
    if flags.get("root"):
        base = _layers.root()
        return base.name if base else None
    if flags.get("bestLayer") or flags.get("affectedLayers"):
        return _ask_of_plugs(objects, flags)
    layer = _layer(objects)
    for name in ("findCurveForPlug", "layeredPlug"):
        if name in flags:
            plug = plug_named(flags[name], RuntimeError)
            place = _layers.layer_plug(plug, layer)
            curve = curve_of(place) if place else None
            if name == "layeredPlug":
                return name_of(world.scene, place) if place else ""
            return [as_path(curve)] if curve else None
    for name in _STATES:
        if flags.get(name):
            return bool(layer.values.get(name, layer.specs[name].default))
    if flags.get("weight"):
        plug = find_plug(layer, "weight")
        assert plug is not None
        return evaluate(world.scene, plug, world.time)
    curves = [curve_of(p) for m in _layers.members(layer) if (p := _layers.layer_plug(m, layer))]
    answers = {
        "attribute": [name_of(world.scene, plug) for plug in _layers.members(layer)],
        "children": [as_path(child) for child in _layers.children(layer)],
        "animCurves": [as_path(curve) for curve in curves if curve],
        "blendNodes": [
            as_path(world.scene.nodes[uuid])
            for path, (uuid, _own) in layer.inputs.items()
            if path.startswith("blendNodes[")
        ],
        "parent": (above := parent_layer(world.scene, layer)) and as_path(above),
    }
    wanted = [name for name in flags if name in answers]
    if not wanted:
        raise NotInTheFake(f"animLayer(query=True) of {sorted(flags)}")
    return answers[wanted[0]] or None


def _ask_of_plugs(objects: tuple[Any, ...], flags: Flags) -> Any:
    names = [str(one) for one in objects] or [item_name(item) for item in world.scene.selection]
    plugs: list[Plug] = []
    for text in names:
        plug = plug_or_none(text)
        plugs += [plug] if plug else plugs_of((text,), {})
    found: list[Node] = []
    for plug in plugs:
        base = _layers.root()
        on = [*([base] if base and _layers.layers_of(plug) else []), *_layers.layers_of(plug)]
        best = _layers.best_layer(plug)
        found += on if flags.get("affectedLayers") else [best] if best else []
    names = [as_path(layer) for layer in dict.fromkeys(found)]
    if flags.get("bestLayer"):
        return names[-1] if names else None
    return names or None


@command(
    "file/f:s offset/o:t name/n:s mute/m sourceStart/ss:t sourceEnd/se:t endTime/et:t length/l",
    "query edit",
)
def sound(objects: tuple[Any, ...], flags: Flags) -> Any:
    """An audio node; its times in frames. `length` is the file's, from a WAV's header."""
    if not flags.get("query") and not flags.get("edit"):
        node = world.scene.create("audio", flags.get("name") or _sound_name(flags))
        _edit_sound(node, flags)
        return as_path(node)
    node = node_named(objects[0], RuntimeError)
    if node.type != "audio":
        raise RuntimeError(f"{node.name} is not a sound")
    if flags.get("edit"):
        _edit_sound(node, flags)
        return None
    return _ask_sound(node, flags)


def _sound_name(flags: Flags) -> str:
    stem = Path(flags.get("file") or "audio1").stem
    return "".join(sign if sign.isalnum() else "_" for sign in stem)


def _edit_sound(node: Node, flags: Flags) -> None:
    values = node.values
    if "file" in flags:
        world.journal.put(values, "filename", flags["file"])
    if "mute" in flags:
        world.journal.put(values, "mute", bool(flags["mute"]))
    for flag, name in (
        ("offset", "offset"),
        ("sourceStart", "sourceStart"),
        ("sourceEnd", "sourceEnd"),
        ("endTime", "endFrame"),
    ):
        if flag in flags:
            world.journal.put(values, name, world.units.ticks(float(flags[flag])))
    if "file" in flags and "sourceEnd" not in flags:
        world.journal.put(values, "sourceEnd", _length(node))
    if "endTime" not in flags:
        start = values.get("sourceStart", 0)
        end = values.get("offset", 0) + values.get("sourceEnd", 0) - start
        world.journal.put(values, "endFrame", end)


def _length(node: Node) -> int:
    path = node.values.get("filename") or ""
    if not Path(path).is_file():
        return 0
    try:
        with wave.open(path, "rb") as audio:
            return round(audio.getnframes() * TICKS / audio.getframerate())
    except wave.Error:
        raise NotInTheFake(f"the length of {path}: only WAV is read here") from None


def _ask_sound(node: Node, flags: Flags) -> Any:
    values, frame = node.values, world.units.frame
    answers = {
        "file": values.get("filename") or "",
        "mute": bool(values.get("mute")),
        "name": node.name,
        "offset": frame(values.get("offset", 0)),
        "endTime": frame(values.get("endFrame", 0)),
        "sourceStart": frame(values.get("sourceStart", 0)),
        "sourceEnd": frame(values.get("sourceEnd", 0)),
        "length": frame(_length(node)),
    }
    wanted = [name for name in answers if flags.get(name)]
    if not wanted:
        raise NotInTheFake("sound(query=True) without a flag")
    return answers[wanted[0]]
