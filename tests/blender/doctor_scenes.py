"""A face that visibly moves, lines on it, and what the Doctor says of them."""

from __future__ import annotations

import bpy
import pytest

from blender_addon.baking.actions import Tag
from blender_addon.baking.line import bake_line
from blender_addon.doctor.examination import doctor
from blender_addon.doctor.finding import Finding, Severity
from blender_addon.reference import Reference
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.motion.curves import KeyStyle
from tests.blender.characters import clip_of, finish, make_face

TOP = 0.8
"""How far the jaw of a line opens, in the middle of its 60 frames."""


def make_talker(name: str = "Face") -> bpy.types.Object:
    """A face, chosen as the character, whose `jawOpen` takes its first corner 1 m down."""
    face = make_face(name, ARKIT_BLENDSHAPES)
    face.data.shape_keys.key_blocks["jawOpen"].data[0].co.z = -1.0
    bpy.context.scene.mynah.character = face
    return face


def bake(
    face: bpy.types.Object, line: str = "line", start: float = 1.0, fps: float = 24.0, **more: float
) -> None:
    clip = clip_of(fps=fps, jawOpen=TOP, mouthSmileLeft=0.5, **more)
    tag = Tag(line, "00", "model", 0, "neutral", "0", "now")
    finish(bake_line(Reference.to(face), clip, start, fps, tag, KeyStyle()))


def opening(face: bpy.types.Object, frame: float) -> float:
    """How far the evaluated mesh's jaw is open."""
    bpy.context.scene.frame_set(int(frame))
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    return -evaluated.data.vertices[0].co.z


def shows(face: bpy.types.Object, start: float = 1.0) -> bool:
    """Whether the line that starts there opens the jaw and closes it, on the evaluated mesh."""
    heights = [opening(face, start + frame) for frame in (0, 30, 59)]
    return heights == pytest.approx([0.0, TOP, 0.0], abs=0.03)


def check() -> tuple[Finding, ...]:
    assert bpy.ops.mynah.check() == {"FINISHED"}
    assert doctor.findings is not None
    assert not doctor.is_busy
    return doctor.findings


def problems() -> list[str]:
    """The sentences of the problems, but for the engine, which these tests don't have."""
    found = [f for f in check() if f.severity is Severity.problem]
    return [f.sentence for f in found if "engine" not in f.sentence.lower()]


def found(key: str) -> list[Finding]:
    """What the last check found that this fix is for."""
    return [finding for finding in doctor.findings or () if finding.fix == key]


def fix(key: str) -> None:
    """Press the button of the first finding with this fix, as in the panel: with an undo step."""
    text = found(key)[0].sentence
    assert bpy.ops.mynah.fix("EXEC_DEFAULT", True, sentence=text) == {"FINISHED"}


def sentence(words: str) -> Finding:
    """The finding whose sentence has these words."""
    (finding,) = [f for f in doctor.findings or () if words in f.sentence]
    return finding
