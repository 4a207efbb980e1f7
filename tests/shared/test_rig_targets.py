"""Bones and properties in mappings: their values, their files, and a sentence for each mistake."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import closure_pins
from mynah_shared.motion.flame import flame_channels
from mynah_shared.motion.retarget import carry_pins
from mynah_shared.rig import vocabulary
from mynah_shared.rig.drive import drive
from mynah_shared.rig.inverse import invert
from mynah_shared.rig.mapping import CHANNELS, RigMapping
from mynah_shared.rig.rig_matcher import RigNames, propose_rig
from mynah_shared.rig.targets import Kind, Motion, Target
from tests.shared.rigs import RIGIFY_BONES, RIGS

JAW = Target(Kind.BONE, "jaw", Motion.TURN, "left", rest=2.0, full=22.0)
SIDE = Target(Kind.BONE, "jaw", Motion.MOVE, "left", full=0.01)
HEAD = Target(Kind.BONE, "head", Motion.TURN, "up", full=180 / np.pi)
BLINK = Target(Kind.PROPERTY, "blink_L", owner="head", rest=1.0, full=0.0)
CAPPED = Target(limits=(0.0, 0.6))

MIXED = RigMapping(
    {
        "jawOpen": {"jawOpen": 1.0},
        "jaw turn": {"jawOpen": 1.0},
        "jaw side": {"jawLeft": 1.0, "jawRight": -1.0},
        "head yaw": {"headYaw": 1.0},
        "blink": {"eyeBlinkLeft": 1.0},
        "smile": {"mouthSmileLeft": 0.5, "mouthSmileRight": 0.5},
    },
    "hero",
    {"viseme_U": {"mouthFunnel": 0.3, "mouthPucker": 0.7}},
    {"jaw turn": JAW, "jaw side": SIDE, "head yaw": HEAD, "blink": BLINK, "smile": CAPPED},
)


def clip_of(**columns: list[float]) -> MotionClip:
    values = np.zeros((len(next(iter(columns.values()))), len(ARKIT_CHANNELS)))
    for name, column in columns.items():
        values[:, ARKIT_CHANNELS.index(name)] = column
    return MotionClip(24, ARKIT_CHANNELS, values)


def test_each_target_has_its_own_unit() -> None:
    clip = clip_of(
        jawOpen=[0, 0.5, 1],
        jawRight=[0, 0.5, 1],
        headYaw=[0, -0.5, 2 * np.pi],
        eyeBlinkLeft=[0, 0.25, 1],
        mouthSmileLeft=[0, 1, 1],
        mouthSmileRight=[0, 0, 1],
    )
    shown = drive(clip, MIXED)
    assert shown.channels == MIXED.names
    assert shown.fps == 24
    columns = {
        "jawOpen": [0, 0.5, 1],
        "jaw turn": [2, 12, 22],
        "jaw side": [0, -0.005, -0.01],
        "head yaw": [0, np.degrees(-0.5), 360],
        "blink": [1, 0.75, 0],
        "smile": [0, 0.5, 0.6],
    }
    for name, column in columns.items():
        np.testing.assert_allclose(shown.column(name), column, atol=1e-5, err_msg=name)


def test_limits_are_the_targets_then_the_hosts() -> None:
    clip = clip_of(jawOpen=[2.0], mouthSmileLeft=[1.0], mouthSmileRight=[1.0])
    assert drive(clip, MIXED).column("jawOpen")[0] == 1
    assert drive(clip, MIXED, {"jawOpen": (0, 3)}).column("jawOpen")[0] == 2
    assert drive(clip, MIXED, {"smile": (0, 3)}).column("smile")[0] == pytest.approx(0.6)
    assert drive(clip, MIXED, {"smile": (0, 0.2)}).column("smile")[0] == pytest.approx(0.2)
    assert MIXED.limits("jaw side") == (-0.01, 0.01)
    assert MIXED.limits("blink") == (0.0, 1.0)
    assert MIXED.limits("head yaw") == (-np.inf, np.inf)


def test_values_in_their_units_come_back_as_the_performance() -> None:
    rng = np.random.default_rng(0)
    values = rng.uniform(0, 0.5, (50, len(ARKIT_CHANNELS)))
    values[:, ARKIT_CHANNELS.index("jawRight")] = 0
    clip = MotionClip(24, ARKIT_CHANNELS, values)
    linear = RigMapping(MIXED.weights, targets=MIXED.targets)
    back = invert(drive(clip, linear), linear)
    for name in ("jawOpen", "jawLeft", "headYaw", "eyeBlinkLeft"):
        np.testing.assert_allclose(back.column(name), clip.column(name), atol=1e-5, err_msg=name)


def test_flame_passes_through_unlimited() -> None:
    mapping = propose_rig(RigNames({"F": [f"Exp{i}" for i in range(1, 11)]}, ("jaw",))).mapping
    clip = MotionClip(25, flame_channels(10), np.full((2, 22), -3.0))
    shown = drive(clip, mapping)
    assert shown.column("Exp1")[0] == -3
    assert shown.column("jaw turn left")[0] == pytest.approx(np.degrees(-3), rel=1e-5)
    back = invert(shown, mapping)
    np.testing.assert_allclose(back.column("exp009"), -3, rtol=1e-5)
    np.testing.assert_allclose(back.column("jawPoseX"), -3, rtol=1e-5)


def test_closures_pin_whatever_moves_the_lips() -> None:
    clip = clip_of(jawOpen=[0.3, 0.3, 0.0, 0.3, 0.3, 0.3])
    pins = carry_pins(closure_pins(clip), MIXED.influences)
    assert list(pins["jaw turn"]) == [2]
    assert "viseme_U" not in pins
    visemes = propose_rig(RigNames({"H": RIGS["VRM 1.0"].shapes})).mapping
    assert list(carry_pins(closure_pins(clip), visemes.influences)["aa"]) == [2]


# --- files ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "mapping",
    [
        MIXED,
        propose_rig(RigNames({"H": RIGS["VRoid mesh"].shapes})).mapping,
        propose_rig(RigNames({}, RIGIFY_BONES)).mapping,
        RigMapping({}),
    ],
    ids=["mixed", "vroid", "rigify", "empty"],
)
def test_a_file_keeps_everything(tmp_path: Path, mapping: RigMapping) -> None:
    path = tmp_path / "rig.json"
    mapping.save(path)
    assert RigMapping.load(path) == mapping
    lines = path.read_text("utf-8").splitlines()
    assert sum('": {"' in line for line in lines) == len(mapping.names)  # one line per target


def test_a_file_of_schema_1_loads(tmp_path: Path) -> None:
    path = tmp_path / "old.json"
    old = {"schema": 1, "name": "old", "targets": {"Smile": {"mouthSmileLeft": 0.5}}}
    path.write_text(json.dumps(old), "utf-8")
    assert RigMapping.load(path) == RigMapping({"Smile": {"mouthSmileLeft": 0.5}}, "old")


DRIVE = {"drive": {"jawOpen": 1}}


@pytest.mark.parametrize(
    ("entry", "fault"),
    [
        ({}, "'jaw' has neither 'drive' nor 'shows'"),
        ({**DRIVE, "shows": {"jawOpen": 1}}, "'jaw' has both 'drive' and 'shows'"),
        ({"drive": []}, "'drive' of 'jaw' must be an object"),
        ({"drive": {"jawopen": 1}}, "'jawopen', which is no channel"),
        ({"shows": {"jawOpen": "1"}}, "'jaw' weighs 'jawOpen' with '1', not a number"),
        ({"shows": {}}, "'jaw' names no channel"),
        ({**DRIVE, "kind": "bones"}, "'jaw' is of the kind 'bones'; the kinds are shape, bone"),
        ({**DRIVE, "drives": {}}, "'jaw' has a field 'drives', which a shape has not"),
        ({**DRIVE, "turn": "left"}, "'jaw' has a field 'turn', which a shape has not"),
        ({**DRIVE, "kind": "bone", "bone": "jaw"}, "by one of turn, move, slide"),
        ({**DRIVE, "kind": "bone", "turn": "left"}, "'jaw': It doesn't name its bone; add 'bone'"),
        ({**DRIVE, "kind": "bone", "bone": "j", "turn": "w"}, "axes left, up, front, x, y, z"),
        (
            {**DRIVE, "kind": "bone", "bone": "j", "turn": "x", "move": "x"},
            "for two motions write two targets",
        ),
        ({**DRIVE, "kind": "bone", "bone": 3, "turn": "x"}, "'bone' of 'jaw' is 3"),
        ({**DRIVE, "kind": "property"}, "'jaw': It doesn't name its property"),
        ({**DRIVE, "rest": "0"}, "'rest' of 'jaw' is '0'; it must be a number"),
        ({**DRIVE, "full": 0}, "'jaw': Its rest and its full value are both 0"),
        ({**DRIVE, "full": float("inf")}, "'jaw': It holds the value inf"),
        ({**DRIVE, "limits": 1}, "'limits' of 'jaw' is 1; it must be the lowest and the highest"),
        ({**DRIVE, "limits": [1, 0]}, "'jaw': Its limits are 1 and 0; the lower one comes first"),
        ({**DRIVE, "limits": [0, None]}, "'limits' of 'jaw' is None; it must be a number"),
    ],
)
def test_each_mistake_gets_a_sentence(tmp_path: Path, entry: object, fault: str) -> None:
    path = tmp_path / "rig.json"
    path.write_text(json.dumps({"schema": 2, "targets": {"jaw": entry}}), "utf-8")
    with pytest.raises(BadInputError, match=f"rig.json.*{re.escape(fault)}"):
        RigMapping.load(path)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"schema": 2, "targets": {"a": {"drive": {"jawOpen": 1}}, "a": {}}}', "It has 'a' twice"),
        ('{"schema": 9, "targets": {}}', "schema is 9; this version reads 1 to 2"),
        ('{"schema": true, "targets": {}}', "schema is True"),
        ("[" * 100_000, "can't be read"),
        ("", "can't be read"),
    ],
)
def test_broken_files_are_refused(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "rig.json"
    path.write_text(text, "utf-8")
    with pytest.raises(BadInputError, match=f"rig.json.*{re.escape(fault)}"):
        RigMapping.load(path)


def test_a_place_that_takes_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="can't be written"):
        MIXED.save(tmp_path / "none" / "rig.json")


def test_a_mapping_contradicting_itself_is_refused() -> None:
    with pytest.raises(BadInputError, match="'a' has both weights"):
        RigMapping({"a": {"jawOpen": 1.0}}, shows={"a": {"jawOpen": 1.0}})
    with pytest.raises(BadInputError, match="Nothing drives 'b'"):
        RigMapping({"a": {"jawOpen": 1.0}}, targets={"b": JAW})


# --- presets -------------------------------------------------------------------------------------


def test_every_preset_is_sound() -> None:
    found = vocabulary.presets()
    assert len(found) >= 15
    assert [preset.name for preset in found] == sorted(preset.name for preset in found)
    for preset in found:
        assert preset.source, preset.name
        assert all(page.startswith("https://") for page in preset.source), preset.name
        assert 0 < preset.confidence <= 1
        assert preset.at_least >= 1
        spellings = [name for entry in preset.entries.values() for name in entry.names]
        if not preset.is_of_bones:
            assert len(spellings) == len(set(spellings)), preset.name
        for entry in preset.entries.values():
            assert set(entry.row) <= set(CHANNELS), (preset.name, entry.label)
            assert set(entry.unless) <= set(preset.entries), (preset.name, entry.label)


def test_arkits_preset_is_apples_list() -> None:
    arkit = next(p for p in vocabulary.presets() if p.name == vocabulary.ARKIT)
    assert tuple(arkit.entries) == ARKIT_BLENDSHAPES


def test_presets_lie_beside_the_code_that_reads_them() -> None:
    # a vendored copy and a wheel carry the package's files, and this folder must be a package
    assert (vocabulary.PRESETS / "__init__.py").is_file()
    assert vocabulary.PRESETS.parent == Path(vocabulary.__file__).parent
