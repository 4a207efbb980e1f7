"""Making and breaking connections."""

from __future__ import annotations

import math

from maya._attributes import OPAQUE
from maya._errors import NotInTheFake
from maya._plugs import Plug, find_plug, is_locked, name_of, source_of
from maya._world import world


def connect(source: Plug, target: Plug, force: bool = False) -> None:
    """Connect two plugs; between angles and plain numbers goes a unitConversion node."""
    scene = world.scene
    names = f"'{name_of(scene, source)}' to '{name_of(scene, target)}'"
    if target.is_array:
        target = target.element(next_index(target))
    if not target.spec.writable:
        raise RuntimeError(f"Data type or access: can't connect {names}: it is not writable.")
    if is_locked(target):
        raise RuntimeError(f"Can't connect {names}: the destination is locked.")
    _check_types(source, target, names)
    earlier = source_of(scene, target)
    if earlier is not None:
        if earlier == source:
            raise RuntimeError(f"{names} are already connected.")
        if not force:
            raise RuntimeError(
                f"The destination attribute '{name_of(scene, target)}' already has an incoming "
                f"connection from '{name_of(scene, earlier)}'."
            )
        disconnect(earlier, target)
    kinds = {source.spec.type, target.spec.type}
    if "doubleAngle" in kinds and len(kinds) == 2 and not kinds & set(OPAQUE):
        source = _converted(source, target)
    elif "time" in kinds and len(kinds) == 2:
        raise NotInTheFake(f"the conversion of units between {names}")
    scene.journal.put(target.node.inputs, target.path, (source.node.uuid, source.path))
    scene.journal.put(scene, "is_modified", True)


def _check_types(source: Plug, target: Plug, names: str) -> None:
    one, two = source.spec, target.spec
    if one.type == "message" or "generic" in (one.type, two.type):
        return
    fits = (
        (one.type in OPAQUE) == (two.type in OPAQUE)
        and (one.type == "string") == (two.type == "string")
        and one.is_compound == two.is_compound
        and len(one.children) == len(two.children)
    )
    if not fits or (two.type == "message" and one.type != "message"):
        raise RuntimeError(f"Data types of {names} are not compatible.")


def _converted(source: Plug, target: Plug) -> Plug:
    node = world.scene.create("unitConversion")
    to_angle = target.spec.type == "doubleAngle"
    factor = math.radians(1.0) if to_angle else math.degrees(1.0)
    journal = world.journal
    journal.put(node.values, "conversionFactor", factor)
    journal.put(node.inputs, "input", (source.node.uuid, source.path))
    output = find_plug(node, "output")
    assert output is not None
    return output


def disconnect(source: Plug, target: Plug) -> None:
    """Break a connection; the target keeps the value it had, as in Maya."""
    from maya._evaluate import evaluate

    scene = world.scene
    found = source_of(scene, target)
    while found is not None and found.node.type == "unitConversion" and found != source:
        found = source_of(scene, find_plug(found.node, "input"))  # type: ignore[arg-type]
    if found != source:
        raise RuntimeError(
            f"There is no connection from '{name_of(scene, source)}' "
            f"to '{name_of(scene, target)}' to disconnect"
        )
    if target.spec.type not in OPAQUE and not target.spec.is_compound:
        value = evaluate(scene, target, world.time)
        scene.journal.put(target.node.values, target.path, value)
    near = source_of(scene, target)
    scene.journal.drop(target.node.inputs, target.path)
    if near is not None and near.node.type == "unitConversion" and not scene.outputs(near.node):
        scene.remove(near.node)
    scene.journal.put(scene, "is_modified", True)


def next_index(plug: Plug) -> int:
    """The first free index behind the used ones of a multi."""
    used = plug.indices(world.scene)
    return used[-1] + 1 if used else 0
