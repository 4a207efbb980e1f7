"""Animation layers: what Maya builds of nodes when attributes are put on them.

Names and wiring as in saved scenes of Maya 2015 to 2023: the layer holds its plugs in
`dagSetMembers`, its blend nodes in `blendNodes`; each blend node is called node_attribute_layer,
gets `foregroundWeight` and `backgroundWeight` of the layer, the animation below in `inputA` and the
layer's own curve in `inputB`. [unverified]: that blendShape weights get animBlendNodeAdditiveF.
"""

from __future__ import annotations

from collections.abc import Iterator

from maya._connect import connect, disconnect, next_index
from maya._evaluate import evaluate
from maya._keying import check_keyable, curve_name
from maya._plugs import Plug, find_plug, name_of, source_of
from maya._scene import Node
from maya._world import world

ROOT = "BaseAnimation"
_BLENDS = {
    "doubleLinear": "animBlendNodeAdditiveDL",
    "doubleAngle": "animBlendNodeAdditiveDA",
    "float": "animBlendNodeAdditiveF",
    "bool": "animBlendNodeBoolean",
    "enum": "animBlendNodeEnum",
    "short": "animBlendNodeInt16",
    "byte": "animBlendNodeInt16",
    "long": "animBlendNodeInt32",
}


def root() -> Node | None:
    found = world.scene.by_name(ROOT)
    return found[0] if found else None


def all_layers() -> list[Node]:
    """The layers from the lowest to the topmost, the root first."""
    base = root()
    return [base, *_below(base)] if base else []


def _below(layer: Node) -> Iterator[Node]:
    for child in children(layer):
        yield from _below(child)
        yield child


def children(layer: Node) -> list[Node]:
    pairs = [
        (int(path[len("childrenLayers[") : -1]), uuid)
        for path, (uuid, _own) in layer.inputs.items()
        if path.startswith("childrenLayers[")
    ]
    return [world.scene.nodes[uuid] for _index, uuid in sorted(pairs)]


def make_root() -> Node:
    found = root()
    if found is not None:
        return found
    scene = world.scene
    space, scene.current_namespace = scene.current_namespace, ""
    base = scene.create("animLayer", ROOT)
    scene.current_namespace = space
    for name in ("override", "preferred", "selected"):
        scene.journal.put(base.values, name, True)
    return base


def make(name: str | None, parent: Node | None) -> Node:
    """A new layer on top of the others in its parent."""
    above = parent or make_root()
    layer = world.scene.create("animLayer", name or "AnimLayer1")
    children_plug, own = find_plug(above, "childrenLayers"), find_plug(layer, "parentLayer")
    assert children_plug is not None
    assert own is not None
    connect(own, children_plug)
    return layer


def members(layer: Node) -> list[Plug]:
    found = []
    for path, (uuid, own) in layer.inputs.items():
        if path.startswith("dagSetMembers["):
            plug = find_plug(world.scene.nodes[uuid], own)
            assert plug is not None
            found.append(plug)
    return found


def blends_of(plug: Plug) -> list[tuple[Plug, Node]]:
    """The blend nodes above a plug, topmost first: (output plug, layer)."""
    found = []
    source = source_of(world.scene, plug)
    while source is not None and source.node.is_a("animBlendNodeBase"):
        layer = _layer_of(source.node)
        if layer is None:
            break
        found.append((source, layer))
        source = source_of(world.scene, _input(source, "A"))
    return found


def _layer_of(blend: Node) -> Node | None:
    for uuid, path, _own in world.scene.outputs(blend):
        if path.startswith("blendNodes["):
            return world.scene.nodes[uuid]
    return None


def _input(output: Plug, side: str) -> Plug:
    plug = find_plug(output.node, f"input{side}" + output.spec.long[len("output") :])
    assert plug is not None
    return plug


def layers_of(plug: Plug) -> list[Node]:
    """The layers that a plug is on, lowest first, the root not named."""
    return [layer for _output, layer in reversed(blends_of(plug))]


def layer_plug(plug: Plug, layer: Node) -> Plug | None:
    """Where the keys of `plug` on `layer` go: an input of a blend node, or the plug itself."""
    blends = blends_of(plug)
    if layer.name == ROOT:
        return _input(blends[-1][0], "A") if blends else plug
    return next((_input(output, "B") for output, own in blends if own is layer), None)


def best_layer(plug: Plug) -> Node | None:
    """The layer that takes keys of this plug: the topmost selected or preferred one it is on."""
    on = layers_of(plug)
    if not on:
        return None
    wanted = [
        layer
        for layer in on
        if (layer.values.get("selected") or layer.values.get("preferred"))
        and not layer.values.get("lock")
    ]
    return wanted[-1] if wanted else root()


def add(layer: Node, plug: Plug) -> bool:
    """Put a plug on a layer; the animation it has moves to the blend node's `inputA`."""
    scene, journal = world.scene, world.journal
    if layer.name == ROOT or layer in layers_of(plug):
        return False
    above = [(output, own) for output, own in blends_of(plug) if _is_over(own, layer)]
    place = _input(above[-1][0], "A") if above else plug
    if not above and not blends_of(plug):
        check_keyable(plug)
    value = evaluate(scene, place, world.time)
    earlier = source_of(scene, place)
    output = _blend_output(layer, plug)
    below, own = _input(output, "A"), _input(output, "B")
    if earlier is not None:
        disconnect(earlier, place)
        connect(earlier, below)
    else:
        journal.put(below.node.values, below.path, value)
    if layer.values.get("override"):
        journal.put(own.node.values, own.path, value)
    elif plug.spec.long.startswith("scale"):
        journal.put(own.node.values, own.path, 1.0)
    connect(output, place)
    held = find_plug(layer, "dagSetMembers")
    assert held is not None
    connect(plug, held)
    return True


def _is_over(one: Node, two: Node) -> bool:
    order = all_layers()
    return order.index(one) > order.index(two)


def _blend_output(layer: Node, plug: Plug) -> Plug:
    scene = world.scene
    rotates = plug.spec.long in ("rotateX", "rotateY", "rotateZ")
    stem = plug.node.name.rpartition(":")[0]
    attribute = "rotate" if rotates else curve_name(plug)[len(plug.node.leaf) + 1 :]
    name = f"{plug.node.leaf}_{attribute}_{layer.leaf}"
    if rotates:
        for held in members(layer):
            if held.node is plug.node and held.spec.parent == "rotate":
                blend = next(out.node for out, own in blends_of(held) if own is layer)
                return find_plug(blend, f"output{plug.spec.long[-1]}")  # type: ignore[return-value]
    kind = _BLENDS.get(plug.spec.type, "animBlendNodeAdditive")
    kind = "animBlendNodeAdditiveRotation" if rotates else kind
    kind = "animBlendNodeAdditiveScale" if plug.spec.long[:-1] == "scale" else kind
    blend = scene.create(kind, f"{stem}:{name}" if stem else name)
    for source, target in (("foregroundWeight", "weightB"), ("backgroundWeight", "weightA")):
        connect(find_plug(layer, source), find_plug(blend, target))  # type: ignore[arg-type]
    message, nodes = find_plug(blend, "message"), find_plug(layer, "blendNodes")
    assert message is not None
    assert nodes is not None
    connect(message, nodes.element(next_index(nodes)))
    output = find_plug(blend, f"output{plug.spec.long[-1]}" if rotates else "output")
    assert output is not None
    return output


def remove(layer: Node, plug: Plug) -> None:
    """Take a plug off a layer, with its keys there; what is below shows again."""
    scene = world.scene
    found = next(((out, own) for out, own in blends_of(plug) if own is layer), None)
    if found is None:
        raise RuntimeError(f"{name_of(scene, plug)} is not on the layer {layer.name}")
    output = found[0]
    places = [
        find_plug(scene.nodes[uuid], path)
        for uuid, path, own in scene.outputs(output.node)
        if own == output.path
    ]
    below, own = source_of(scene, _input(output, "A")), source_of(scene, _input(output, "B"))
    value = evaluate(scene, _input(output, "A"), world.time)
    for place in places:
        assert place is not None
        disconnect(output, place)
        scene.journal.put(place.node.values, place.path, value)
        if below is not None:
            connect(below, place)
    for path, source in list(layer.inputs.items()):
        if path.startswith("dagSetMembers[") and source == (plug.node.uuid, plug.path):
            scene.journal.drop(layer.inputs, path)
    if own is not None and own.node.is_a("animCurve"):
        scene.remove(own.node)
    if not any(p.startswith("output") for _u, _t, p in scene.outputs(output.node)):
        scene.remove(output.node)


def delete(layer: Node) -> None:
    """Delete a layer: every plug first leaves it, so that nothing below is lost."""
    for plug in members(layer):
        remove(layer, plug)
    for child in children(layer):
        delete(child)
    world.scene.remove(layer)
