"""Commands of keys and tangents. Times are frames of the current unit, values are the UI's."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from maya import _layers
from maya._command import Flags, command, objects_or_selection
from maya._connect import connect
from maya._curves import INFINITIES, KNOWN, Key
from maya._errors import NotInTheFake
from maya._evaluate import evaluate
from maya._keying import (
    curve_kind,
    curve_of,
    drop_keys,
    insert_key,
    make_curve,
    put_curve,
    set_key,
    ui_kind,
)
from maya._lookup import node_named, plug_named, split
from maya._plugs import Plug, find_plug, is_locked, state
from maya._scene import Node
from maya._units import TICKS
from maya._world import world

Range = tuple[float, float]


def layered(plug: Plug, layer: str | None) -> Plug:
    """Where the keys of a plug are: on the named layer, on the best one, or the plug itself."""
    if layer:
        node = node_named(layer)
        found = _layers.layer_plug(plug, node)
        if found is None:
            raise RuntimeError(f"{plug.path} is not on the layer '{layer}'")
        if node.values.get("lock"):
            raise RuntimeError(f"The layer '{layer}' is locked and cannot be keyed.")
        return found
    best = _layers.best_layer(plug)
    return plug if best is None else _layers.layer_plug(plug, best) or plug


def plugs_of(objects: tuple[Any, ...], flags: Flags) -> list[Plug]:
    """The plugs that objects and the flag `attribute` mean; without it, all that are keyable."""
    wanted = flags.get("attribute")
    wanted = [wanted] if isinstance(wanted, str) else wanted
    plugs: list[Plug] = []
    for text in objects_or_selection(objects):
        if split(text)[1]:
            plug = plug_named(text)
            plugs += plug.children or [plug]
            continue
        node = node_named(text)
        if wanted:
            for name in wanted:
                plug = plug_named(f"{text}.{name}")
                plugs += plug.children or [plug]
            continue
        for found in node.specs.values():
            plug = find_plug(node, found.long)
            if plug is None or plug.spec.is_compound:
                continue
            elements = [plug.element(i) for i in plug.indices(world.scene)]
            for one in elements if plug.is_array else [plug]:
                plugs += [one] if state(one, "keyable") and not is_locked(one) else []
    return plugs


def curves_of(objects: tuple[Any, ...], flags: Flags) -> list[Node]:
    """The curves that objects mean: themselves, or those that key their plugs."""
    if flags.get("animation"):
        raise NotInTheFake("the flag animation")
    found: list[Node] = []
    for text in objects_or_selection(objects):
        name, attribute = split(text)
        node = node_named(name)
        if node.is_a("animCurve") and not attribute:
            curves: list[Node | None] = [node]
        else:
            curves = [curve_of(layered(plug, None)) for plug in plugs_of((text,), flags)]
        found += [curve for curve in curves if curve is not None and curve not in found]
    return found


def ranges(flags: Flags, curve: Node) -> list[Range] | None:
    """The flag `time` (or `float`) as ranges of the curve's input, ends included; None: all."""
    given = flags.get("time", flags.get("float"))
    if given is None:
        return None
    is_pair = isinstance(given, tuple | list) and not any(
        isinstance(one, tuple | list) for one in given
    )
    found = []
    for one in [given] if is_pair or not isinstance(given, list | tuple) else given:
        found.append(_range(one, curve))
    return found


def _range(given: Any, curve: Node) -> Range:
    if isinstance(given, str):
        given = given.split(":") if ":" in given else (given, given)
        given = [float(part) if part else None for part in given]
    if isinstance(given, tuple | list):
        ends = list(given) * (2 if len(given) == 1 else 1)
    else:
        ends = [given, given]
    low, high = (None if end is None or end == "" else float(end) for end in ends)
    return (
        -math.inf if low is None else to_input(curve, low),
        math.inf if high is None else to_input(curve, high),
    )


def to_input(curve: Node, value: float) -> float:
    return world.units.ticks(value) if curve.type[9] == "T" else value


def from_input(curve: Node, value: float) -> float:
    return world.units.frame(int(value)) if curve.type[9] == "T" else value


def chosen(curve: Node, flags: Flags) -> list[int]:
    """The numbers of the keys that `time` and `index` choose."""
    keys = curve.curve.keys
    spans = ranges(flags, curve)
    if "index" in flags:
        given = flags["index"]
        pairs = given if isinstance(given, list) else [given]
        wanted = set()
        for one in pairs:
            ends = one if isinstance(one, tuple | list) else (one, one)
            wanted |= set(range(int(ends[0]), int(ends[-1]) + 1))
        return [i for i in range(len(keys)) if i in wanted]
    if spans is None:
        return list(range(len(keys)))
    return [i for i, k in enumerate(keys) if any(low <= k.time <= high for low, high in spans)]


def tangent_name(name: str | None) -> str | None:
    if name is not None and name not in KNOWN:
        raise RuntimeError(f"Invalid tangent type: {name}")
    return name


@command(
    "time/t:t value/v:f attribute/at:s* animLayer/al:s inTangentType/itt:s "
    "outTangentType/ott:s insert/i breakdown/bd float/f:t minimizeRotation/mr identity/id "
    "noResolve/nr respectKeyable/rk controlPoints/cp hierarchy/hi:s shape/s animated/an "
    "insertBlend/ib dirtyDG/dd useCurrentLockedWeights/lw clip/c:s"
)
def setKeyframe(objects: tuple[Any, ...], flags: Flags) -> int:
    """Set keys; how many were set comes back."""
    for missing in ("hierarchy", "controlPoints", "identity", "clip", "insertBlend", "breakdown"):
        if flags.get(missing) not in (None, False, "none"):
            raise NotInTheFake(f"setKeyframe({missing}=…)")
    tangents = [tangent_name(flags.get(name)) for name in ("inTangentType", "outTangentType")]
    count = 0
    for plug in plugs_of(objects, flags) if not _are_curves(objects) else []:
        place = layered(plug, flags.get("animLayer"))
        curve = curve_of(place)
        if curve is None:
            name = None if place == plug else f"{place.node.name}_{place.path}"
            curve = make_curve(place, name=name)
        count += _key(curve, plug, flags, tangents)
    for text in objects if _are_curves(objects) else ():
        count += _key(node_named(text), None, flags, tangents)
    return count


def _are_curves(objects: tuple[Any, ...]) -> bool:
    return bool(objects) and all(
        not split(str(text))[1] and node_named(text).is_a("animCurve") for text in objects
    )


def _key(curve: Node, plug: Plug | None, flags: Flags, tangents: list[str | None]) -> int:
    given = flags.get("float" if curve.type[9] == "U" else "time")
    spans = [(t, t) for t in given] if isinstance(given, list | tuple) else [(given, given)]
    for time, _end in spans:
        ticks = world.time if time is None else to_input(curve, float(time))
        if flags.get("insert"):
            insert_key(curve, ticks)
            continue
        if flags.get("value") is not None:
            value = world.units.from_ui(ui_kind(curve), float(flags["value"]))
        else:
            value = float(evaluate(world.scene, plug, int(ticks))) if plug else 0.0
            if plug and plug.node.pinned.get(plug.path) == world.time:
                value = float(evaluate(world.scene, plug, world.time))
        set_key(curve, ticks, float(value), *tangents)
    return len(spans)


@command(
    "time/t:t float/f:t attribute/at:s* index/in:x timeChange/tc:f floatChange/fc:f "
    "valueChange/vc:f keyframeCount/kc name/n indexValue/iv eval/ev selected/sl absolute/a "
    "relative/r option/o:s includeUpperBound/iub animation/an:s breakdown/bd controlPoints/cp "
    "hierarchy/hi:s shape/s lastSelected/lsl tickDrawSpecial/tds",
    "query edit",
)
def keyframe(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Ask for keys or move them. Asked with no flag, their times; None where there are none."""
    for missing in ("selected", "controlPoints", "hierarchy", "breakdown", "lastSelected"):
        if flags.get(missing):
            raise NotInTheFake(f"keyframe({missing}=…)")
    curves = curves_of(objects, flags)
    if not flags.get("query"):
        return sum(_move(curve, flags) for curve in curves)
    if flags.get("keyframeCount"):
        return sum(len(chosen(curve, flags)) for curve in curves)
    if flags.get("name"):
        picked = [curve for curve in curves if chosen(curve, flags)]
        return [world.scene.short_name(curve) for curve in picked] or None
    if flags.get("eval"):
        return [_at(curve, flags) for curve in curves] or None
    found: list[Any] = []
    wants = [n for n in ("timeChange", "floatChange", "valueChange", "indexValue") if flags.get(n)]
    for curve in curves:
        for i in chosen(curve, flags):
            key = curve.curve.keys[i]
            shown = {
                "timeChange": from_input(curve, key.time),
                "floatChange": key.time,
                "indexValue": i,
                "valueChange": world.units.to_ui(ui_kind(curve), key.value),
            }
            found += [shown[name] for name in wants or ["timeChange"]]
    return found or None


def _at(curve: Node, flags: Flags) -> float:
    spans = ranges(flags, curve)
    at = spans[0][0] if spans else world.time
    return world.units.to_ui(ui_kind(curve), curve.curve.evaluate(at))


def _move(curve: Node, flags: Flags) -> int:
    keys, picked = list(curve.curve.keys), chosen(curve, flags)
    if flags.get("option") not in (None, "over", "move"):
        raise NotInTheFake(f"keyframe(option={flags['option']!r})")
    is_relative = bool(flags.get("relative"))
    for i in picked:
        key = keys[i]
        if "valueChange" in flags:
            change = world.units.from_ui(ui_kind(curve), flags["valueChange"])
            key = replace(key, value=change + (key.value if is_relative else 0.0))
        if "timeChange" in flags:
            change = to_input(curve, flags["timeChange"])
            key = replace(key, time=change + (key.time if is_relative else 0))
        keys[i] = key
    moved = {keys[i].time for i in picked}
    kept = [key for i, key in enumerate(keys) if i in picked or key.time not in moved]
    if picked:
        put_curve(curve, curve.curve.with_keys(kept))
    return len(picked)


@command(
    "time/t:t float/f:t attribute/at:s* index/in:x clear/cl option/o:s animation/an:s "
    "selectKey/sl includeUpperBound/iub hierarchy/hi:s shape/s controlPoints/cp"
)
def cutKey(objects: tuple[Any, ...], flags: Flags) -> int:
    """Remove keys; a curve that has none left is deleted. Copies nothing here."""
    if flags.get("option") not in (None, "keys") or flags.get("selectKey"):
        raise NotInTheFake("cutKey with these flags")
    curves = curves_of(objects, flags)
    return sum(drop_keys(curve, chosen(curve, flags)) for curve in curves)


@command("time/t:t attribute/at:s* which/w:s timeSlider/ts animation/an:s")
def findKeyframe(objects: tuple[Any, ...], flags: Flags) -> float:
    """The time of the next, previous, first or last key."""
    times = sorted({key.time for curve in curves_of(objects, flags) for key in curve.curve.keys})
    now = world.units.ticks(flags["time"]) if "time" in flags else world.time
    which = flags.get("which", "next")
    if not times:
        return world.units.frame(now)
    picks = {
        "first": times[0],
        "last": times[-1],
        "next": next((t for t in times if t > now), times[0]),
        "previous": next((t for t in reversed(times) if t < now), times[-1]),
    }
    if which not in picks:
        raise RuntimeError(f"Invalid value for the flag which: {which}")
    return world.units.frame(int(picks[which]))


@command(
    "time/t:t float/f:t attribute/at:s* index/in:x inTangentType/itt:s outTangentType/ott:s "
    "inAngle/ia:f outAngle/oa:f inWeight/iw:f outWeight/ow:f ix/ix:f iy/iy:f ox/ox:f oy/oy:f "
    "lock/l weightLock/wl weightedTangents/wt global/g absolute/a relative/r animation/an:s "
    "unify/uni includeUpperBound/iub",
    "query edit",
)
def keyTangent(objects: tuple[Any, ...], flags: Flags) -> Any:
    """Ask for tangents or change them. Angles are those of units of value a second
    ([unverified]: the unit of time that Maya's angles refer to)."""
    if flags.get("global"):
        return _default_tangents(flags)
    curves = curves_of(objects, flags)
    if not flags.get("query"):
        return sum(_change_tangents(curve, flags) for curve in curves)
    if flags.get("weightedTangents"):
        return [curve.curve.is_weighted for curve in curves] or None
    found: list[Any] = []
    for curve in curves:
        for i in chosen(curve, flags):
            found += _told_tangents(curve, i, flags)
    return found or None


def _default_tangents(flags: Flags) -> Any:
    ends = ("inTangentType", "outTangentType")
    if flags.get("query"):
        told: list[Any] = [
            world.default_tangents[i] for i, name in enumerate(ends) if flags.get(name)
        ]
        if flags.get("weightedTangents"):
            told.append(world.scene.weighted_by_default)
        return told
    now = [tangent_name(flags.get(n)) or world.default_tangents[i] for i, n in enumerate(ends)]
    world.journal.put(world, "default_tangents", tuple(now))
    if "weightedTangents" in flags:
        world.journal.put(world.scene, "weighted_by_default", bool(flags["weightedTangents"]))
    return 0


def _told_tangents(curve: Node, i: int, flags: Flags) -> list[Any]:
    key, slopes = curve.curve.keys[i], curve.curve.slopes[i]
    known = {"inTangentType", "outTangentType", "lock", "inAngle", "outAngle"}
    if curve.curve.is_weighted and not flags.keys() & known:
        raise NotInTheFake("vectors and weights of weighted tangents")
    told: dict[str, Any] = {
        "inTangentType": key.in_type,
        "outTangentType": key.out_type,
        "lock": key.is_locked,
        "weightLock": False,
        "inWeight": 1.0,
        "outWeight": 1.0,
    }
    for side, slope in zip(("in", "out"), slopes, strict=True):
        angle = math.atan(slope / _angle_unit(curve))
        told[f"{side}Angle"] = math.degrees(angle)
        told[f"{side[0]}x"], told[f"{side[0]}y"] = math.cos(angle), math.sin(angle)
    wanted = [name for name in told if flags.get(name)]
    if not wanted:
        raise NotInTheFake("keyTangent(query=True) without a flag")
    return [told[name] for name in wanted]


def _angle_unit(curve: Node) -> float:
    """How much one unit of value as the interface shows it is inside."""
    return world.units.from_ui(ui_kind(curve), 1.0) if ui_kind(curve) != "time" else TICKS


def _change_tangents(curve: Node, flags: Flags) -> int:
    if "weightedTangents" in flags:
        put_curve(curve, replace(curve.curve, is_weighted=bool(flags["weightedTangents"])))
    keys = list(curve.curve.keys)
    picked = chosen(curve, flags)
    for i in picked:
        keys[i] = _changed(keys[i], curve.curve.slopes[i], flags, _angle_unit(curve))
    if picked:
        put_curve(curve, curve.curve.with_keys(keys))
    return len(picked)


def _changed(key: Key, slopes: tuple[float, float], flags: Flags, unit: float) -> Key:
    if "lock" in flags:
        key = replace(key, is_locked=bool(flags["lock"]))
    for i, side in enumerate(("in", "out")):
        kind = tangent_name(flags.get(f"{side}TangentType"))
        if kind:
            key = replace(key, **{f"{side}_type": kind, f"{side}_slope": slopes[i]})
    for side in ("in", "out"):
        x, y = flags.get(f"{side[0]}x"), flags.get(f"{side[0]}y")
        slope = None
        if flags.get(f"{side}Angle") is not None:
            slope = math.tan(math.radians(flags[f"{side}Angle"])) * unit
        elif x is not None and y is not None:
            slope = y / x * unit if x else 0.0
        elif x is not None or y is not None:
            raise NotInTheFake("half of a tangent's vector")
        if slope is not None:
            sides = ("in", "out") if key.is_locked else (side,)
            for one in sides:
                key = replace(key, **{f"{one}_type": "fixed", f"{one}_slope": slope})
    return key


@command(
    "currentDriver/cd:s driver/dr:s driverValue/dv:f value/v:f attribute/at:s* inTangentType/itt:s "
    "outTangentType/ott:s insert/i",
    "query",
)
def setDrivenKeyframe(objects: tuple[Any, ...], flags: Flags) -> int:
    """Keys whose input is another attribute: how rigs map controls to shapes."""
    if flags.get("query") or flags.get("insert") or not flags.get("currentDriver"):
        raise NotInTheFake(f"setDrivenKeyframe of {sorted(flags)}")
    driver, count = plug_named(flags["currentDriver"]), 0
    tangents = [tangent_name(flags.get(n)) or "spline" for n in ("inTangentType", "outTangentType")]
    for plug in plugs_of(objects, flags):
        curve = curve_of(plug)
        if curve is None:
            curve = make_curve(plug, f"animCurveU{curve_kind(plug)[-1]}")
            entry = find_plug(curve, "input")
            assert entry is not None
            connect(driver, entry)
        now = evaluate(world.scene, driver, world.time)
        at = float(flags.get("driverValue", now))
        value = flags.get("value")
        inside = evaluate(world.scene, plug, world.time)
        inside = inside if value is None else world.units.from_ui(ui_kind(curve), value)
        set_key(curve, at, float(inside), *tangents)
        count += 1
    return count


@command("preInfinite/pri:s postInfinite/poi:s attribute/at:s*", "query")
def setInfinity(objects: tuple[Any, ...], flags: Flags) -> Any:
    """How curves go on before the first and after the last key."""
    curves = curves_of(objects, flags)
    ends = {"preInfinite": "pre", "postInfinite": "post"}
    if flags.get("query"):
        wanted = [end for name, end in ends.items() if flags.get(name)]
        return [getattr(curve.curve, end) for curve in curves for end in wanted] or None
    for curve in curves:
        for name, end in ends.items():
            kind = flags.get(name)
            if kind and kind not in INFINITIES:
                raise RuntimeError(f"Invalid infinity type: {kind}")
            if kind:
                put_curve(curve, replace(curve.curve, **{end: kind}))
    return len(curves)
