"""The node types that exist here, with their attributes and their inheritance.

Names and defaults: Autodesk's node reference. A type that is not here is refused as unknown, so a
test can't lean on a node that does nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from maya._attributes import Spec, compound, spec, triple


@dataclass(frozen=True)
class NodeType:
    """A node type: what it inherits from, and the attributes that it adds."""

    name: str
    base: str | None
    attributes: tuple[Spec, ...] = ()
    is_abstract: bool = False


_TYPES: dict[str, NodeType] = {}


def _add(name: str, base: str | None, *parts: Spec | tuple[Spec, ...], **rest: bool) -> None:
    flat = [one for part in parts for one in (part if isinstance(part, tuple) else (part,))]
    _TYPES[name] = NodeType(name, base, tuple(flat), **rest)


_add(
    "node",
    None,
    spec("message/msg", "message", writable=False),
    spec("caching/cch", "bool"),
    spec("isHistoricallyInteresting/ihi", "byte", 2),
    spec("nodeState/nds", "enum", enum=(("Normal", 0), ("HasNoEffect", 1), ("Blocking", 2))),
    spec("frozen/fzn", "bool"),
    is_abstract=True,
)
_add(
    "dagNode",
    "node",
    spec("visibility/v", "bool", True, keyable=True),
    spec("intermediateObject/io", "bool"),
    spec("template/tmp", "bool"),
    spec("worldMatrix/wm", "matrix", multi=True, writable=False),
    spec("matrix/m", "matrix", writable=False),
    is_abstract=True,
)
_ORDERS = tuple((name, i) for i, name in enumerate(("xyz", "yzx", "zxy", "xzy", "yxz", "zyx")))
_add(
    "transform",
    "dagNode",
    triple("translate/t", "XYZ", "doubleLinear", keyable=True),
    triple("rotate/r", "XYZ", "doubleAngle", keyable=True),
    triple("scale/s", "XYZ", "double", 1.0, keyable=True),
    triple("shear/sh", ("XY", "XZ", "YZ"), "double"),
    spec("rotateOrder/ro", "enum", enum=_ORDERS),
    triple("rotateAxis/ra", "XYZ", "doubleAngle"),
    triple("rotatePivot/rp", "XYZ", "doubleLinear"),
    spec("displayHandle/dh", "bool"),
)
_add(
    "joint",
    "transform",
    triple("jointOrient/jo", "XYZ", "doubleAngle"),
    spec("segmentScaleCompensate/ssc", "bool", True),
    spec("radius/radi", "double", 1.0),
    spec("type/typ", "enum", enum=(("None", 0), ("Root", 1), ("Head", 8), ("Other", 18))),
    spec("otherType/otp", "string"),
)
_add("shape", "dagNode", is_abstract=True)
_add("geometryShape", "shape", is_abstract=True)
_add(
    "mesh",
    "geometryShape",
    spec("inMesh/i", "mesh"),
    spec("outMesh/o", "mesh", writable=False),
    spec("worldMesh/w", "mesh", multi=True, writable=False),
)
_add(
    "nurbsCurve",
    "geometryShape",
    spec("create/cr", "nurbsCurve"),
    spec("local/l", "nurbsCurve", writable=False),
)
_add("locator", "geometryShape", triple("localPosition/lp", "XYZ", "doubleLinear"))
_add("camera", "shape", spec("focalLength/fl", "double", 35.0, keyable=True))
_add("polyCube", "node", spec("width/w", "doubleLinear", 1.0), spec("output/out", "mesh"))
_add("polySphere", "node", spec("radius/r", "doubleLinear", 1.0), spec("output/out", "mesh"))
_add("polyPlane", "node", spec("width/w", "doubleLinear", 1.0), spec("output/out", "mesh"))
_add("entity", "node", is_abstract=True)
_add(
    "objectSet",
    "entity",
    spec("dagSetMembers/dsm", "generic", multi=True),
    spec("dnSetMembers/dnsm", "generic", multi=True),
    spec("annotation/an", "string"),
    spec("hiddenInOutliner/hio", "bool"),
)
_add("network", "node")
_add("time", "node", spec("outTime/o", "time"))
_add("reference", "node", spec("fileNames/fn", "string", multi=True), spec("locked/lk", "bool"))
# Made by the plug-in timeSliderBookmark, which Maya loads by itself.
_add(
    "timeSliderBookmark",
    "node",
    spec("name/nm", "string"),
    *triple("color/c", "RGB", "float", holder="float3"),
    spec("timeRangeStart/trs", "time"),
    spec("timeRangeStop/tre", "time"),
    spec("priority/p", "long"),
)
_add("script", "node", spec("before/b", "string"), spec("scriptType/st", "enum"))
_add(
    "geometryFilter",
    "node",
    spec("envelope/en", "float", 1.0, keyable=True, low=-2.0, high=2.0),
    compound(
        "input/ip",
        [spec("inputGeometry/ig", "geometry"), spec("groupId/gi", "long")],
        multi=True,
    ),
    spec("outputGeometry/og", "geometry", multi=True, writable=False),
    is_abstract=True,
)
_item = compound(
    "inputTargetItem/iti",
    [spec("inputGeomTarget/igt", "geometry"), spec("inputPointsTarget/ipt", "geometry")],
    multi=True,
)
_group = compound(
    "inputTargetGroup/itg",
    [spec("targetWeights/tw", "float", 1.0, multi=True), *_item],
    multi=True,
)
_inbetween = compound(
    "inbetweenInfo/ibi",
    [
        spec("inbetweenTargetName/ibtn", "string"),
        spec("inbetweenVisibility/ibv", "bool", True),
    ],
    multi=True,
)
_add(
    "blendShape",
    "geometryFilter",
    # A distance in other tools' dumps, a plain number for animCurveTU: the float of the reference.
    spec("weight/w", "float", keyable=True, multi=True, soft_low=0.0, soft_high=1.0),
    compound("inputTarget/it", [*_group], multi=True),
    compound("inbetweenInfoGroup/ibig", [*_inbetween], multi=True),
    spec("targetVisibility/tv", "bool", True, multi=True),
    spec("origin/or", "enum", 1, enum=(("world", 0), ("local", 1))),
    spec("supportNegativeWeights/sn", "bool"),
)
_add("skinCluster", "geometryFilter", spec("matrix/ma", "matrix", multi=True))
_add(
    "audio",
    "node",
    spec("filename/f", "string"),
    spec("offset/o", "time"),
    spec("endFrame/ef", "time"),
    spec("sourceStart/ss", "time"),
    spec("sourceEnd/se", "time"),
    spec("silence/si", "time"),
    spec("mute/m", "bool"),
    spec("gain/g", "double", 1.0),
    spec("order/or", "double"),
)
_SHAPES = (("constant", 0), ("linear", 1), ("cycle", 3), ("cycleRelative", 4), ("oscillate", 5))
_add(
    "animCurve",
    "node",
    spec("preInfinity/pre", "enum", enum=_SHAPES),
    spec("postInfinity/pst", "enum", enum=_SHAPES),
    spec("weightedTangents/wgt", "bool"),
    spec("curveColor/cc", "float3", hidden=True),
    spec("useCurveColor/ucc", "bool"),
    is_abstract=True,
)
for _output, _kind in (("A", "doubleAngle"), ("L", "doubleLinear"), ("T", "time"), ("U", "double")):
    for _input, _at in (("T", "time"), ("U", "double")):
        _add(
            f"animCurve{_input}{_output}",
            "animCurve",
            spec("input/i", _at),
            spec("output/o", _kind, writable=False),
        )
_add(
    "animLayer",
    "objectSet",
    spec("weight/w", "double", 1.0, keyable=True, low=0.0, high=1.0),
    spec("mute/m", "bool", keyable=True),
    spec("solo/slo", "bool"),
    spec("lock/lo", "bool"),
    spec("override/ovrd", "bool"),
    spec("passthrough/pth", "bool", True),
    spec("preferred/pref", "bool"),
    spec("selected/slct", "bool"),
    spec("collapse/col", "bool"),
    spec("ghost/gh", "bool"),
    spec("ghostColor/ghc", "long"),
    spec("rotationAccumulationMode/acm", "enum", enum=(("Component", 0), ("Layer", 1))),
    spec("scaleAccumulationMode/sam", "enum", 1, enum=(("Additive", 0), ("Multiply", 1))),
    spec("parentLayer/play", "message"),
    spec("childrenLayers/cdly", "message", multi=True),
    spec("foregroundWeight/fgwt", "double", 1.0, writable=False),
    spec("backgroundWeight/bgwt", "double", 1.0, writable=False),
    spec("blendNodes/bnds", "message", multi=True),
)
_add(
    "animBlendNodeBase",
    "node",
    spec("weightA/wa", "double", 1.0),
    spec("weightB/wb", "double", 1.0),
    is_abstract=True,
)
for _name, _kind in (
    ("animBlendNodeAdditive", "double"),
    ("animBlendNodeAdditiveF", "float"),
    ("animBlendNodeAdditiveDL", "doubleLinear"),
    ("animBlendNodeAdditiveDA", "doubleAngle"),
    ("animBlendNodeAdditiveScale", "double"),
    ("animBlendNodeBoolean", "bool"),
    ("animBlendNodeEnum", "enum"),
    ("animBlendNodeInt16", "short"),
    ("animBlendNodeInt32", "long"),
):
    _add(
        _name,
        "animBlendNodeBase",
        *(spec(names, _kind) for names in ("inputA/ia", "inputB/ib")),
        spec("output/o", _kind, writable=False),
    )
_add(
    "animBlendNodeAdditiveRotation",
    "animBlendNodeBase",
    *(triple(names, "XYZ", "doubleAngle") for names in ("inputA/ia", "inputB/ib")),
    triple("output/o", "XYZ", "doubleAngle", writable=False),
    spec("rotateOrder/ro", "enum", enum=_ORDERS),
    spec("accumulationMode/acm", "enum", enum=(("byComponent", 0), ("byLayer", 1))),
)
_add(
    "unitConversion",
    "node",
    spec("input/i", "double"),
    spec("conversionFactor/cf", "double", 1.0),
    spec("output/o", "double", writable=False),
)
for _name in ("addDoubleLinear", "multDoubleLinear"):
    _add(
        _name,
        "node",
        *(spec(names, "double") for names in ("input1/i1", "input2/i2")),
        spec("output/o", "double", writable=False),
    )
_add(
    "reverse",
    "node",
    triple("input/i", "XYZ", "float", holder="float3"),
    triple("output/o", "XYZ", "float", holder="float3", writable=False),
)


def exists(name: str) -> bool:
    return name in _TYPES


@cache
def lineage(name: str) -> tuple[str, ...]:
    """A type and all it inherits from, the nearest first."""
    kind = _TYPES[name]
    return (name, *(lineage(kind.base) if kind.base else ()))


@cache
def attributes(name: str) -> dict[str, Spec]:
    """The static attributes of a type by long name, inherited ones first."""
    return {one.long: one for kind in reversed(lineage(name)) for one in _TYPES[kind].attributes}


def is_abstract(name: str) -> bool:
    return _TYPES[name].is_abstract


def all_types() -> list[str]:
    return sorted(_TYPES)
