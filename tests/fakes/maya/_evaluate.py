"""What a plug is worth at a time: stored, keyed, or computed by the node it belongs to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from maya._attributes import OPAQUE, WHOLE
from maya._errors import NotInTheFake
from maya._plugs import Plug, driver_of, find_plug, stored
from maya._scene import Node, Scene


def evaluate(scene: Scene, plug: Plug, ticks: int) -> Any:
    """The value in internal units; a list for compounds."""
    if plug.spec.is_compound:
        return [evaluate(scene, child, ticks) for child in plug.children]
    if plug.node.pinned.get(plug.path) == ticks:
        return stored(plug)
    driver = driver_of(scene, plug)
    if driver is not None:
        return _as_type(plug.spec.type, evaluate(scene, driver, ticks))
    compute = _COMPUTE.get(plug.node.type)
    if compute is not None and not plug.spec.writable:
        return compute(scene, plug, ticks)
    if plug.spec.type == "matrix":
        raise NotInTheFake(f"matrices: {plug.node.name}.{plug.path}")
    return stored(plug)


def input_value(scene: Scene, node: Node, path: str, ticks: int) -> Any:
    plug = find_plug(node, path)
    assert plug is not None, f"{node.type} has no {path}"
    return evaluate(scene, plug, ticks)


def _as_type(kind: str, value: Any) -> Any:
    if kind in OPAQUE or kind == "string":
        return value
    if kind == "bool":
        return bool(value)
    return round(value) if kind in WHOLE else float(value) if kind != "time" else round(value)


def _curve(scene: Scene, plug: Plug, ticks: int) -> Any:
    node = plug.node
    if node.type[9] == "U" or "input" in node.inputs:
        at = input_value(scene, node, "input", ticks)
    else:
        at = ticks
    value = node.curve.evaluate(at)
    return round(value) if node.type.endswith("T") else value


def _blend(scene: Scene, plug: Plug, ticks: int) -> Any:
    node, suffix = plug.node, plug.spec.long[len("output") :]
    a, b = (input_value(scene, node, f"input{side}{suffix}", ticks) for side in "AB")
    wa, wb = (input_value(scene, node, f"weight{side}", ticks) for side in "AB")
    if node.type == "animBlendNodeAdditiveRotation" and node.values.get("accumulationMode"):
        raise NotInTheFake("layers that add rotations as quaternions")
    if node.type == "animBlendNodeAdditiveScale" and wa == 1.0:
        return a * b**wb  # [unverified]: how Maya weighs a layer that multiplies
    value = a * wa + b * wb
    return value >= 0.5 if node.type.endswith("Boolean") else _as_type(plug.spec.type, value)


def _layer(scene: Scene, plug: Plug, ticks: int) -> float:
    front = _layer_weight(scene, plug.node, ticks)
    if plug.spec.long == "foregroundWeight":
        return front
    if not plug.node.values.get("override", False):
        return 1.0
    is_heard = not _is_silent(scene, plug.node, ticks)
    hides_below = is_heard and not plug.node.values.get("passthrough", True)
    return 0.0 if hides_below else 1.0 - front


def _layer_weight(scene: Scene, layer: Node, ticks: int) -> float:
    if _is_silent(scene, layer, ticks):
        return 0.0
    weight = float(input_value(scene, layer, "weight", ticks))
    above = parent_layer(scene, layer)
    is_root = above is None or above.name == "BaseAnimation"
    return weight if is_root or above is None else weight * _layer_weight(scene, above, ticks)


def parent_layer(scene: Scene, layer: Node) -> Node | None:
    for uuid, path, own in scene.outputs(layer):
        if own == "parentLayer" and path.startswith("childrenLayers["):
            return scene.nodes[uuid]
    return None


def _is_silent(scene: Scene, layer: Node, ticks: int) -> bool:
    if input_value(scene, layer, "mute", ticks):
        return True
    others = [node for node in scene.nodes.values() if node.type == "animLayer"]
    return any(node.values.get("solo") for node in others) and not layer.values.get("solo")


def _number(function: Callable[[float, float], float]) -> Callable[[Scene, Plug, int], Any]:
    def compute(scene: Scene, plug: Plug, ticks: int) -> float:
        one, two = (input_value(scene, plug.node, f"input{i}", ticks) for i in "12")
        return function(one, two)

    return compute


def _conversion(scene: Scene, plug: Plug, ticks: int) -> float:
    factor = plug.node.values.get("conversionFactor", 1.0)
    return input_value(scene, plug.node, "input", ticks) * factor


def _reverse(scene: Scene, plug: Plug, ticks: int) -> float:
    return 1.0 - input_value(scene, plug.node, f"input{plug.spec.long[-1]}", ticks)


_COMPUTE: dict[str, Callable[[Scene, Plug, int], Any]] = {
    "animLayer": _layer,
    "unitConversion": _conversion,
    "addDoubleLinear": _number(lambda one, two: one + two),
    "multDoubleLinear": _number(lambda one, two: one * two),
    "reverse": _reverse,
    **{f"animCurve{i}{o}": _curve for i in "TU" for o in "ALTU"},
    **{
        f"animBlendNode{name}": _blend
        for name in (
            *("Additive", "AdditiveF", "AdditiveDL", "AdditiveDA", "AdditiveScale"),
            *("AdditiveRotation", "Boolean", "Enum", "Int16", "Int32"),
        )
    },
}
