"""Which curve keys which plug, and the keys put there."""

from __future__ import annotations

from maya._attributes import NUMBERS
from maya._connect import connect
from maya._curves import Curve, Key
from maya._errors import NotInTheFake
from maya._evaluate import evaluate
from maya._plugs import Plug, find_plug, is_locked, leaf_name, name_of, source_of
from maya._scene import Node
from maya._world import world

CURVE_EDITED = "animCurveEdited"
"""The event of `MAnimMessage`; the node goes with it."""
_CURVES = {"doubleAngle": "A", "doubleLinear": "L", "time": "T"}
OUTPUT_KINDS = {"A": "doubleAngle", "L": "doubleLinear", "T": "time", "U": "double"}


def curve_kind(plug: Plug) -> str:
    """ "animCurveTA" for an angle and so on; RuntimeError for what can't be keyed."""
    if plug.spec.type not in (*NUMBERS, "bool", "enum") or plug.is_array:
        raise RuntimeError(f"'{name_of(world.scene, plug)}' is not an attribute that takes keys")
    return "animCurveT" + _CURVES.get(plug.spec.type, "U")


def ui_kind(curve: Node) -> str:
    """What a curve's values are: "doubleAngle", …"""
    return OUTPUT_KINDS[curve.type[-1]]


def curve_of(plug: Plug) -> Node | None:
    """The animCurve that feeds this plug directly."""
    source = source_of(world.scene, plug)
    while source is not None and source.node.type == "unitConversion":
        source = source_of(world.scene, find_plug(source.node, "input"))  # type: ignore[arg-type]
    return source.node if source is not None and source.node.is_a("animCurve") else None


def check_keyable(plug: Plug) -> None:
    """Refuse what Maya does not key. [unverified]: its words, and whether it only warns."""
    name = name_of(world.scene, plug)
    if is_locked(plug):
        raise RuntimeError(f"The attribute '{name}' is locked and cannot be keyed.")
    source = source_of(world.scene, plug)
    if source is None and plug.parent is not None and not plug.parent.is_array:
        source = source_of(world.scene, plug.parent)
    if source is not None and curve_of(plug) is None:
        raise RuntimeError(
            f"The attribute '{name}' has an incoming connection from "
            f"'{name_of(world.scene, source)}' and cannot be keyed."
        )


def make_curve(plug: Plug, kind: str | None = None, name: str | None = None) -> Node:
    """A new curve without keys, connected to the plug."""
    check_keyable(plug)
    scene = world.scene
    if curve_of(plug) is not None:
        raise RuntimeError(f"'{name_of(scene, plug)}' has a curve already")
    node = scene.create(kind or curve_kind(plug), name or curve_name(plug))
    output = find_plug(node, "output")
    assert output is not None
    connect(output, plug)
    return node


def curve_name(plug: Plug) -> str:
    """ "head_rotateX", "face_smile": node and attribute."""
    attribute = leaf_name(plug).replace("[", "_").replace("]", "").replace(".", "_")
    return f"{plug.node.leaf}_{attribute}"


def put_curve(node: Node, curve: Curve) -> None:
    """Give a curve node other keys."""
    if node.reference is not None:
        # Preferences > Animation: curves from references are not editable unless allowed there.
        raise RuntimeError(f"Cannot edit an animation curve in a referenced file: {node.name}")
    if node.is_locked:
        raise RuntimeError(f"The node '{node.name}' is locked.")
    world.journal.put(node, "curve", curve)
    world.journal.put(world.scene, "is_modified", True)
    for uuid, path, _own in world.scene.outputs(node):
        target = world.scene.nodes[uuid]
        if path in target.pinned:
            world.journal.drop(target.pinned, path)
    world.emit(CURVE_EDITED, node)


def set_key(
    curve: Node, ticks: float, value: float, in_type: str | None, out_type: str | None
) -> None:
    """One key; an old key there keeps its tangents unless others are asked for."""
    index = curve.curve.find(ticks)
    default_in, default_out = world.default_tangents
    if index is None:
        # A step in the default applies to the way out only: Maya's in-tangent is then "auto".
        key = Key(ticks, value, in_type or default_in, out_type or default_out)
    else:
        old = curve.curve.keys[index]
        key = Key(
            ticks,
            value,
            in_type or old.in_type,
            out_type or old.out_type,
            old.in_slope,
            old.out_slope,
            old.is_locked,
            old.is_breakdown,
            old.in_x,
            old.out_x,
        )
    put_curve(curve, curve.curve.with_key(key))


def insert_key(curve: Node, ticks: float) -> None:
    """A key on the curve that leaves its shape as it is: the neighbours' tangents become fixed."""
    old = curve.curve
    if old.is_weighted:
        raise NotInTheFake("a key inserted into a weighted curve")
    if not old.keys:
        raise RuntimeError(f"No keys in {curve.name} to insert one between")
    if old.find(ticks) is not None:
        return
    i = sum(time < ticks for time in old.times)
    if not 0 < i < len(old.keys):
        raise NotInTheFake("a key inserted beyond the ends of a curve")
    left, right = old.keys[i - 1], old.keys[i]
    if left.out_type in ("step", "stepnext"):
        put_curve(curve, old.with_key(Key(ticks, left.value, "fixed", left.out_type)))
        return
    step = (right.time - left.time) * 1e-6
    slope = (old.evaluate(ticks + step) - old.evaluate(ticks - step)) / (2 * step / old.scale)
    keys = list(old.keys)
    keys[i - 1] = _fixed(left, *old.slopes[i - 1], incoming=False)
    keys[i] = _fixed(right, *old.slopes[i], incoming=True)
    new = Key(ticks, old.evaluate(ticks), "fixed", "fixed", slope, slope)
    put_curve(curve, old.with_keys([*keys, new]))


def _fixed(key: Key, in_slope: float, out_slope: float, incoming: bool) -> Key:
    kind_in = "fixed" if incoming or key.in_type == "auto" else key.in_type
    kind_out = "fixed" if not incoming or key.out_type == "auto" else key.out_type
    return Key(key.time, key.value, kind_in, kind_out, in_slope, out_slope, key.is_locked)


def drop_keys(curve: Node, indices: list[int]) -> int:
    """Remove keys; a curve without any is deleted, and its plug keeps its value."""
    gone = set(indices)
    kept = [key for i, key in enumerate(curve.curve.keys) if i not in gone]
    if not gone:
        return 0
    if kept:
        put_curve(curve, curve.curve.with_keys(kept))
        return len(gone)
    scene = world.scene
    for uuid, path, own in scene.outputs(curve):
        del own
        plug = find_plug(scene.nodes[uuid], path)
        assert plug is not None
        value = evaluate(scene, plug, world.time)
        scene.journal.put(plug.node.values, plug.path, value)
    put_curve(curve, curve.curve.with_keys([]))
    scene.remove(curve)
    return len(gone)
