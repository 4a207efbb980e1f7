"""Mynah tries itself in your Maya: `mayapy -m mynah_maya.selftest [--offline]`.

Builds a scene, has a line made (with --offline a made-up one, so that no engine is needed), bakes
it, compares the values on the frames, undoes, saves, and prints a report to paste into an issue.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import platform
import sys
import tempfile
import traceback
import wave
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .selftest_takes import try_takes
from .selftest_voice import HEARD, look_at_voice

PASSED, FAILED = 0, 1
_START, _FPS, _ROWS = 10.0, 24.0, 48
_BOUND = 0.0101
_SHAPES = ("mouthClose", "jawOpen", "browInnerUp", "mouthSmileLeft", "eyeBlinkRight")
_PLUGIN = "mynah_plugin"

Check = tuple[str, Callable[[], str]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs all checks; 0 if none failed."""
    parser = argparse.ArgumentParser(prog="mayapy -m mynah_maya.selftest")
    parser.add_argument("--offline", action="store_true", help="with a made-up line, no engine")
    options = parser.parse_args(arguments)
    import maya.standalone

    maya.standalone.initialize(name="python")
    with tempfile.TemporaryDirectory() as folder:
        trial = _Trial(Path(folder), offline=options.offline)
        lines, failed = _run(trial)
    print("\n".join(lines))
    maya.standalone.uninitialize()
    return FAILED if failed else PASSED


def _run(trial: _Trial) -> tuple[list[str], bool]:
    """The report, and whether anything failed."""
    lines = ["--- Mynah's self-test: paste from here ---", *_versions()]
    failed = False
    for name, check in trial.checks:
        try:
            said = check()
        except Exception as error:  # whatever fails belongs into the report, and the rest goes on
            failed = True
            place = traceback.extract_tb(error.__traceback__)[-1]
            said = f"FAILED: {type(error).__name__}: {error} ({Path(place.filename).name}, "
            said += f"line {place.lineno})"
        lines.append(f"{name}: {said}")
    lines.append("Some checks FAILED." if failed else "All checks passed.")
    lines.append("--- to here ---")
    return lines, failed


def _versions() -> list[str]:
    from maya import cmds

    from .library import __version__

    found = [f"Mynah {__version__}", f"Maya {cmds.about(installedVersion=True)}"]
    found += [f"Python {platform.python_version()}", f"numpy {np.__version__}"]
    try:
        found.append(f"pyzmq {importlib.import_module('zmq').__version__}")
    except ImportError:
        found.append("no pyzmq")
    return [", ".join(found), f"{platform.platform()}"]


class _Trial:
    """One scene, looked at again and again."""

    def __init__(self, folder: Path, *, offline: bool) -> None:
        self.folder = folder
        self.layer = ""
        self.wanted = np.zeros((0, len(_SHAPES)))
        self.checks: list[Check] = [
            ("plug-in", self.load),
            ("scene", self.build),
            ("line without an engine" if offline else "line by the engine", self.make(offline)),
            ("frames", self.compare),
            ("head joint", self.look_at_head),
            ("fade", self.look_outside),
            ("undo", self.undo),
            ("redo", self.redo),
            ("new take", self.replace),
            ("edited take", self.keep_edited),
            ("linear and stepped", self.other_keys),
            ("save and open", self.reopen),
            ("facts", self.facts),
            ("style of a layer", self.read_layer),
            ("test pose", self.try_pose),
            ("own mapping", self.keep_mapping),
            ("doctor", self.ask_doctor),
            ("bookmarks", self.read_bookmarks),
            ("weighted curve", self.bake_weighted),
            ("draft", self.try_drafts),
            ("voice", lambda: look_at_voice(self.build, self.bake_heard)),
            ("engine's Python", self.look_for_python),
            ("takes", lambda: try_takes(self)),
        ]

    # --- before ---------------------------------------------------------------------------------

    def load(self) -> str:
        from maya import cmds

        if not cmds.pluginInfo(_PLUGIN, query=True, loaded=True):
            beside = Path(__file__).parents[2] / "plug-ins" / f"{_PLUGIN}.py"
            cmds.loadPlugin(str(beside) if beside.is_file() else _PLUGIN)
        return f"loaded from {cmds.pluginInfo(_PLUGIN, query=True, path=True)}"

    def build(self) -> str:
        from maya import cmds

        cmds.file(new=True, force=True)
        cmds.currentUnit(time="film")
        cmds.undoInfo(state=True)
        mesh = cmds.polyCube(name="face", constructionHistory=False)[0]
        targets = [cmds.duplicate(mesh, name=shape)[0] for shape in _SHAPES]
        cmds.blendShape(*targets, mesh, name="faceBS")
        cmds.delete(*targets)
        cmds.select(clear=True)
        cmds.joint(name="head")
        cmds.group("face", "head", name="hero")
        cmds.setKeyframe("faceBS.jawOpen", time=1, value=0.25)
        cmds.sound(file=self._voice(), offset=_START, name="selftest_line")
        aliases = cmds.listAttr("faceBS.weight", multi=True)
        _expect(sorted(aliases or []) == sorted(_SHAPES), f"the aliases are {aliases}")
        return f"{len(_SHAPES)} shapes, a joint, a sound"

    def make(self, offline: bool) -> Callable[[], str]:
        return self._bake_made_up if offline else self._generate

    def _bake_made_up(self) -> str:
        self.layer = self._bake(_made_up())
        return f"on the layer '{self.layer}'"

    def _generate(self) -> str:
        from maya import cmds

        from .session import session

        made = cmds.mynahGenerate("hero", audio="selftest_line")  # pyright: ignore[reportAttributeAccessIssue]
        self.layer = str(made)
        clip = session.outcomes[-1].clip
        _expect(clip is not None, "the engine sent no clip")
        self.wanted = _columns(clip)
        return f"on the layer '{self.layer}', {len(self.wanted)} frames"

    # --- what is seen ---------------------------------------------------------------------------

    def compare(self) -> str:
        worst = np.abs(self._shown() - self.wanted).max()
        _expect(worst < _BOUND, f"the greatest error is {worst:.4f}")
        _expect(float(np.ptp(self.wanted)) > 0.05, "nothing moves")
        return f"greatest error {worst:.4f}"

    def look_at_head(self) -> str:
        from maya import cmds

        angles = [cmds.getAttr("head.rotate", time=f)[0] for f in self._frames()]
        return f"turns by {np.ptp(np.array(angles), axis=0).round(2).tolist()} degrees"

    def look_outside(self) -> str:
        from maya import cmds

        for frame in (1.0, _START + len(self.wanted) + 20):
            value = cmds.getAttr("faceBS.jawOpen", time=frame)
            _expect(abs(value - 0.25) < 1e-4, f"the own key of 0.25 shows as {value} at {frame}")
        return "own keys show before and after the line"

    # --- undo -----------------------------------------------------------------------------------

    def undo(self) -> str:
        from maya import cmds

        cmds.undo()
        left = [*cmds.ls(type="animLayer"), *cmds.ls("*_record")]
        value = cmds.getAttr("faceBS.jawOpen", time=_START + 8)
        _expect(self.layer not in left, f"{left} are still there")
        _expect(abs(value - 0.25) < 1e-4, f"jawOpen is {value} instead of 0.25")
        return "one step took all of it back"

    def redo(self) -> str:
        from maya import cmds

        cmds.redo()
        return self.compare()

    # --- takes ----------------------------------------------------------------------------------

    def replace(self) -> str:
        from maya import cmds

        name = self._bake(_made_up(0.25))
        nodes = len(cmds.ls())
        self.layer = self._bake(_made_up(0.5))
        _expect(len(cmds.ls()) == nodes, f"{len(cmds.ls()) - nodes} nodes more than before")
        _expect(self.layer == name, f"its layer is called '{self.layer}', not '{name}'")
        return self.compare()

    def keep_edited(self) -> str:
        import maya.api.OpenMaya as om
        import maya.api.OpenMayaAnim as oma
        from maya import cmds

        from .baking.anim_layers import curves_on

        old = self.layer
        curve = curves_on(old)[0]
        oma.MFnAnimCurve(om.MSelectionList().add(curve).getDependNode(0)).setValue(1, 0.77)
        self.layer = self._bake(_made_up())
        _expect(cmds.objExists(old), "the edited take is gone")
        _expect(bool(cmds.animLayer(old, query=True, mute=True)), "the edited take isn't muted")
        return f"kept and muted; {self.compare()}"

    def other_keys(self) -> str:
        self.layer = self._bake(_made_up(), line="other", key_style="linear")
        linear = self.compare()
        self.layer = self._bake(_made_up(), line="third", key_style="stepped")
        return f"linear: {linear}; stepped: {self.compare()}"

    def reopen(self) -> str:
        from maya import cmds

        cmds.file(rename=str(self.folder / "selftest.ma"))
        cmds.file(save=True, type="mayaAscii")
        cmds.file(new=True, force=True)
        cmds.file(str(self.folder / "selftest.ma"), open=True, force=True)
        from .baking.record import all_takes, is_edited

        takes = {take.layer: is_edited(take) for take in all_takes()}
        _expect(not takes.get(self.layer, True), f"unedited, but told as edited: {takes}")
        return f"{len(takes)} takes; {self.compare()}"

    def facts(self) -> str:
        """What Mynah's authors could not look up."""
        from maya import cmds

        from . import plugs

        plug = plugs.layered("faceBS.jawOpen", self.layer)
        found = [f"weights are layered by {cmds.nodeType(plug.partition('.')[0])}"]
        for start, end in ((0, 24), (6, 24)):
            cmds.sound("selftest_line", edit=True, sourceStart=start, sourceEnd=end)
            told = cmds.sound("selftest_line", query=True, endTime=True)
            found.append(f"a sound from {start} to {end} at {_START:g} ends at {told}")
        return "; ".join(found)

    def read_layer(self) -> str:
        from .selftest_styles import read_layer

        return read_layer(self.layer, _SHAPES, self.wanted, _START)

    # --- mapping, doctor, bookmarks -------------------------------------------------------------

    def try_pose(self) -> str:
        from maya import cmds

        from .baking.trial import trial
        from .character import find_character

        cmds.currentTime(_START + 8)
        before = cmds.getAttr("faceBS.jawOpen")
        undo = cmds.undoInfo(query=True, undoName=True)
        trial.show(find_character(("hero",)), "jawOpen")
        shown = cmds.getAttr("faceBS.jawOpen")
        trial.release()
        _expect(abs(shown - 1.0) < 1e-4, f"jawOpen shows {shown} instead of 1")
        after = cmds.getAttr("faceBS.jawOpen")
        _expect(abs(after - before) < 1e-6, f"jawOpen is {after} afterwards, {before} before")
        _expect(cmds.undoInfo(query=True, undoName=True) == undo, "the undo queue has a new step")
        return self.compare()

    def keep_mapping(self) -> str:
        from maya import cmds

        from .character import find_character, read_rig
        from .library import with_weight
        from .rig_mapping import keep_mapping, mapping_of, own_mapping

        rig = read_rig(find_character(("hero",)))
        keep_mapping(rig, with_weight(mapping_of(rig), "jawOpen", "jawOpen", 0.5))
        _expect(own_mapping(rig) is not None, "it was not found again")
        cmds.undo()
        _expect(own_mapping(rig) is None, "one undo did not take it away")
        return "kept and undone"

    def ask_doctor(self) -> str:
        from .doctor.examination import examine

        return " ".join(finding.sentence for finding in examine(("hero",))) or "nothing found"

    def read_bookmarks(self) -> str:
        from maya import cmds

        from .scene_reader import bookmarks, frame_of

        with contextlib.suppress(RuntimeError):  # where it is loaded, or has another name
            cmds.loadPlugin("timeSliderBookmark", quiet=True)
        node = cmds.createNode("timeSliderBookmark")
        cmds.setAttr(f"{node}.name", "Anna: hello", type="string")
        cmds.setAttr(f"{node}.timeRangeStart", 10)
        cmds.setAttr(f"{node}.timeRangeStop", 34)
        (mark,) = bookmarks()
        ends = frame_of(mark.start_s), frame_of(mark.end_s)
        _expect(mark.text == "Anna: hello" and ends == (10, 34), f"read as {mark}")
        return "read as set"

    def look_for_python(self) -> str:
        from .selftest_engine import tell_pythons

        return tell_pythons()

    def bake_weighted(self) -> str:
        from maya import cmds

        self.build()
        cmds.setKeyframe("faceBS.jawOpen", time=_START + 200, value=0.25)
        cmds.keyTangent("faceBS.jawOpen", edit=True, weightedTangents=True)
        self._bake(_made_up(), on_base=True)
        told: Any = cmds.keyTangent("faceBS.jawOpen", query=True, weightedTangents=True)
        _expect(bool(told and told[0]), "the curve is no longer weighted")
        return self.compare()

    def try_drafts(self) -> str:
        from .selftest_drafts import try_drafts

        return try_drafts(self.build)

    def bake_heard(self) -> str:
        return self._bake(_made_up(), heard=HEARD)

    # --- helpers --------------------------------------------------------------------------------

    def _bake(
        self,
        clip: object,
        line: str = "selftest_line",
        key_style: str = "smooth",
        *,
        on_base: bool = False,
        heard: str = "",
    ) -> str:
        from .baking.line import bake_line
        from .baking.record import Tag
        from .character import find_character
        from .library import Interpolation, KeyStyle, MotionClip

        assert isinstance(clip, MotionClip)
        self.wanted = _columns(clip)
        tag = Tag(line, "selftest.wav", 0, key_style=key_style, heard=heard)
        style = KeyStyle(Interpolation(key_style))
        hero = find_character(("hero",))
        return bake_line(hero, clip, _START / _FPS, tag, style, on_base=on_base).layer

    def _frames(self) -> list[float]:
        return [_START + row for row in range(len(self.wanted))]

    def _shown(self) -> np.ndarray:
        from maya import cmds

        rows = [[cmds.getAttr(f"faceBS.{s}", time=f) for s in _SHAPES] for f in self._frames()]
        return np.array(rows)

    def _voice(self) -> str:
        """Two seconds of something like vowels."""
        time_s = np.arange(32000) / 16000
        tone = sum(np.sin(2 * np.pi * 120 * k * time_s) / k for k in range(1, 12))
        loud = np.sin(2 * np.pi * 2 * time_s) ** 2
        path = self.folder / "selftest.wav"
        with wave.open(str(path), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(16000)
            out.writeframes((6000 * tone * loud).astype("<i2").tobytes())
        return str(path)


def _made_up(phase: float = 0.0) -> object:
    from .library import ARKIT_CHANNELS, MotionClip

    values = np.zeros((_ROWS, len(ARKIT_CHANNELS)), np.float32)
    row = np.arange(_ROWS) / _FPS
    for i, shape in enumerate((*_SHAPES, "headPitch")):
        turn = 2 * np.pi * (0.6 + 0.2 * i) * row + phase
        values[:, ARKIT_CHANNELS.index(shape)] = 0.4 - 0.4 * np.cos(turn)
    return MotionClip(_FPS, ARKIT_CHANNELS, values)


def _columns(clip: object) -> np.ndarray:
    from .library import MotionClip

    assert isinstance(clip, MotionClip)
    return np.stack([clip.column(shape) for shape in _SHAPES], axis=1)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


if __name__ == "__main__":
    sys.exit(main())
