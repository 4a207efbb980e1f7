"""Plugs by name, and why some can't take keys."""

from __future__ import annotations

from collections.abc import Iterator

import maya.api.OpenMaya as om


def plug_of(name: str) -> om.MPlug:
    """ "node.attribute" as a plug; `RuntimeError` if there is none."""
    return om.MSelectionList().add(name).getPlug(0)


def fault(name: str) -> str:
    """Why keys on this plug would be refused or never seen: "locked", or what moves it. Empty if
    they are welcome; keys and layers that are there already don't count."""
    plug = plug_of(name)
    if plug.isLocked or om.MFnDependencyNode(plug.node()).isLocked:
        return "locked"
    source = _source(plug)
    if source is None:
        return ""
    node = om.MFnDependencyNode(source.node())
    if node.typeName.startswith(("animCurveT", "animBlendNode")):
        return ""
    return f"moved by '{node.name()}'"


def layered(name: str, layer: str) -> str:
    """The input of a blend node that the layer's own keys of a plug go to; empty if the plug is not
    on the layer."""
    wanted = om.MSelectionList().add(layer).getDependNode(0)
    for blend, suffix in _blends(plug_of(name)):
        weight = _source(blend.findPlug("weightB", False))
        if weight is not None and weight.node() == wanted:
            return f"{blend.name()}.inputB{suffix}"
    return ""


def layers_over(name: str) -> list[str]:
    """The layers that a plug is on, topmost first, without the base layer."""
    found: list[str] = []
    for blend, _suffix in _blends(plug_of(name)):
        weight = _source(blend.findPlug("weightB", False))
        if weight is not None:
            found.append(om.MFnDependencyNode(weight.node()).name())
    return found


def base(name: str) -> str:
    """Where the keys of a plug go that are on no layer: the plug itself, or the input of the lowest
    blend node."""
    found = [f"{blend.name()}.inputA{suffix}" for blend, suffix in _blends(plug_of(name))]
    return found[-1] if found else name


def _blends(plug: om.MPlug) -> Iterator[tuple[om.MFnDependencyNode, str]]:
    """The blend nodes that layers have put over a plug, topmost first, and the end of the names of
    their plugs: X, Y or Z of a rotation."""
    source = _source(plug)
    while source is not None:
        node = om.MFnDependencyNode(source.node())
        if not node.typeName.startswith("animBlendNode"):
            return
        suffix = source.partialName(useLongNames=True).rpartition(".")[2].removeprefix("output")
        yield node, suffix
        source = _source(node.findPlug(f"inputA{suffix}", False))


def _source(plug: om.MPlug) -> om.MPlug | None:
    if plug.isDestination:
        return plug.source()
    if plug.isChild and plug.parent().isDestination:
        return plug.parent().source()
    return None
