"""Rigs of many kinds are recognised by their names: what is known right, what is not left alone."""

from __future__ import annotations

import pytest

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, HEAD_CHANNELS
from mynah_shared.rig.matcher import Found, Proposal, propose_mapping
from mynah_shared.rig.names import is_one_slip_away, other_side, shared_prefix
from mynah_shared.rig.rig_matcher import RigNames, propose_rig, recognise_meshes
from mynah_shared.rig.targets import Kind, Motion
from tests.shared.rigs import DECOYS, RIGIFY_BONES, RIGS, Rig


def judged(rig: Rig, found: Proposal) -> tuple[list[str], list[str], list[str]]:
    """Names that are matched right, matched wrong, and missed."""
    mapping = found.mapping
    right, wrong, missed = [], [], []
    for name in rig.shapes:
        row = mapping.weights.get(name) or mapping.shows.get(name)
        if name in rig.right:
            is_right = row is not None and set(row) == set(rig.right[name].split())
        elif name in rig.pictures:
            is_right = name in mapping.shows
        else:
            is_right = row is None
        if is_right:
            right.append(name)
        else:
            (missed if row is None else wrong).append(name)
    return right, wrong, missed


@pytest.mark.parametrize("kind", RIGS)
def test_every_name_of_the_list_is_understood(kind: str) -> None:
    rig = RIGS[kind]
    right, wrong, missed = judged(rig, propose_rig(RigNames({"Head": rig.shapes}, rig.bones)))
    assert wrong == []
    assert missed == []
    assert len(right) == len(rig.shapes)


@pytest.mark.parametrize("kind", RIGS)
def test_order_never_decides(kind: str) -> None:
    rig = RIGS[kind]
    forwards = propose_rig(RigNames({"Head": rig.shapes})).mapping
    backwards = propose_rig(RigNames({"Head": rig.shapes[::-1]})).mapping
    assert forwards == backwards


def test_decoys_alone_are_left_alone() -> None:
    found = propose_rig(RigNames({"Body": DECOYS}, DECOYS, [("body", name) for name in DECOYS]))
    assert found.mapping.names == ()
    numbered = [f"{word}{i}" for i in range(60) for word in ("blend", "shape", "target_")]
    assert propose_rig(RigNames({"Body": numbered}, numbered)).mapping.names == ()


def test_each_match_has_a_confidence_and_a_reason() -> None:
    rig = RIGS["ARKit mistyped"]
    found = propose_rig(RigNames({"Head": ("Mouth_Press_L", *rig.shapes)}))
    by_name = {match.target: match for match in found.matches}
    assert set(by_name) == set(found.mapping.names)
    assert by_name["jawOpen"].how is Found.EXACT
    assert by_name["jawOpen"].confidence == 1.0
    assert by_name["mouthSmlieLeft"].how is Found.FUZZY
    assert by_name["mouthSmlieLeft"].confidence < 0.7 < by_name["Mouth_Press_L"].confidence < 1.0
    assert "mouthSmileLeft" in by_name["mouthSmlieLeft"].reason
    assert all(match.reason.endswith(".") for match in found.matches)


def test_vocabularies_are_told_per_mesh() -> None:
    meshes = {
        "Head": RIGS["Ready Player Me"].shapes,
        "Teeth": ("jawOpen", "viseme_aa", "mouthOpen"),
        "Hat": ("brim up", "brim down"),
    }
    told = recognise_meshes(RigNames(meshes))
    assert [vocabulary.name for vocabulary in told["Head"]][:2] == ["arkit", "oculus"]
    first = told["Head"][0]
    assert (first.found, first.size) == (52, 52)
    assert 0.5 < first.share < 0.9
    assert told["Teeth"][0].name == "arkit"
    assert "oculus" not in {vocabulary.name for vocabulary in told["Teeth"]}
    assert told["Hat"] == ()


def test_several_meshes_are_one_rig() -> None:
    found = propose_rig(RigNames({"Teeth": ("jawOpen", "tongueOut"), "Head": ARKIT_BLENDSHAPES}))
    assert set(found.mapping.weights) == set(ARKIT_BLENDSHAPES)
    assert found.unmatched_channels == ()


def test_visemes_serve_only_where_lips_have_no_finer_shapes() -> None:
    visemes = RIGS["Oculus visemes alone"].shapes
    fine = propose_rig(RigNames({"Head": (*ARKIT_BLENDSHAPES, *visemes)}))
    assert not fine.mapping.shows
    assert "finer shapes" in fine.left_alone["viseme_PP"]
    eyes = [name for name in ARKIT_BLENDSHAPES if name.startswith(("eye", "brow"))]
    coarse = propose_rig(RigNames({"Head": (*eyes, *visemes)}))
    assert set(coarse.mapping.weights) == set(eyes)
    assert "viseme_PP" in coarse.mapping.shows


def test_lips_that_can_only_open_are_made_to_shut() -> None:
    for shapes in (["jawOpen"], ["JawOpen", "mouthSmile"]):
        mapping = propose_rig(RigNames({"Head": shapes})).mapping
        assert set(mapping.shows) == set(shapes)
    assert propose_rig(RigNames({"Head": ["jawOpen", "mouthClose"]})).mapping.shows == {}
    assert propose_mapping(["jawOpen"]).mapping.weights == {"jawOpen": {"jawOpen": 1.0}}


def test_a_handful_of_plain_words_is_enough_to_speak() -> None:
    names = ("Mouth_Open", "Smile", "Blink.L", "Blink.R", "Brows Up")
    mapping = propose_rig(RigNames({"Head": names})).mapping
    assert set(mapping.shows) == {"Mouth_Open", "Smile"}
    assert mapping.weights["Blink.R"] == {"eyeBlinkRight": 1.0}
    assert set(mapping.names) == set(names)


def test_properties_are_known_by_the_same_names() -> None:
    properties = [("Armature", name) for name in RIGS["Daz Genesis 9 FACS"].shapes]
    mapping = propose_rig(RigNames(properties=properties)).mapping
    assert mapping.weights["facs_bs_JawOpen"] == {"jawOpen": 1.0}
    target = mapping.target("facs_bs_JawOpen")
    assert (target.kind, target.owner) == (Kind.PROPERTY, "Armature")
    both = propose_rig(RigNames({"Head": ["jawOpen", "mouthClose"]}, (), [("rig", "jawOpen")]))
    assert both.mapping.target("jawOpen").kind is Kind.SHAPE


# --- bones ---------------------------------------------------------------------------------------


def test_a_rig_of_bones_alone_speaks() -> None:
    mapping = propose_rig(RigNames({}, ("root", "jaw", "head", "eye.L", "eye.R"))).mapping
    jaw = mapping.target("jaw turn left")
    assert (jaw.kind, jaw.name, jaw.motion, jaw.axis) == (Kind.BONE, "jaw", Motion.TURN, "left")
    assert "jaw turn left" in mapping.shows  # so it shuts on b, m and p
    assert {channel for row in mapping.weights.values() for channel in row} >= set(HEAD_CHANNELS)
    assert mapping.limits("head turn up") == (-float("inf"), float("inf"))
    assert mapping.limits("eye.L turn up") == (-30.0, 30.0)


def test_bones_serve_only_what_no_shape_moves() -> None:
    rig = RIGS["Ready Player Me"]
    mapping = propose_rig(RigNames({"Head": rig.shapes}, rig.bones)).mapping
    assert {target.name for target in mapping.targets.values()} == {"Head"}


def test_rigify_is_known_by_its_controls() -> None:
    found = propose_rig(RigNames({}, RIGIFY_BONES))
    moved = {target.name for target in found.mapping.targets.values()}
    assert {"jaw_master", "lips.L", "lips.R", "lid.T.L.002", "brow.T.R.003", "head"} <= moved
    # the eyes look at these two, whatever their masters do
    assert {"eye.L", "eye.R"} <= moved
    # neither mechanism and deform bones nor other controls of the same part
    untouched = {"jaw", "DEF-jaw", "ORG-jaw", "master_eye.L", "eyes", "teeth.B", "hand_ik.L"}
    assert moved.isdisjoint(untouched)
    assert all(match.confidence <= 0.7 for match in found.matches)


@pytest.mark.parametrize(
    ("bones", "jaw"),
    [
        (("mixamorig:Hips", "mixamorig:Head", "mixamorig:Jaw"), "mixamorig:Jaw"),
        (("c_head.x", "c_jawbone.x", "c_lips_smile.l", "c_lips_smile.r"), "c_jawbone.x"),
        (("CC_Base_Head", "CC_Base_JawRoot", "CC_Base_L_Eye"), "CC_Base_JawRoot"),
        (("head", "lowerJaw", "lEye", "rEye"), "lowerJaw"),
    ],
)
def test_jaws_of_many_rigs_are_found(bones: tuple[str, ...], jaw: str) -> None:
    mapping = propose_rig(RigNames({}, bones)).mapping
    assert mapping.target(f"{jaw} turn left").name == jaw
    assert len([t for t in mapping.targets.values() if t.name == jaw]) == 1


def test_character_creators_jaw_bone_goes_with_its_shapes() -> None:
    rig = RIGS["Character Creator 4 Extended"]
    fine = propose_rig(RigNames({"Head": rig.shapes}, ("CC_Base_JawRoot",))).mapping
    assert fine.weights["CC_Base_JawRoot turn left"] == {"jawOpen": 1.0}
    assert fine.weights["Jaw_Open"] == {"jawOpen": 1.0}
    coarse = RIGS["Character Creator 3 Standard"]
    mapping = propose_rig(RigNames({"Head": coarse.shapes}, coarse.bones)).mapping
    assert mapping.shows["CC_Base_JawRoot turn left"] == {"jawOpen": 1.0}
    assert "jawOpen" not in mapping.shows["Open"]
    alone = propose_rig(RigNames({"Head": ARKIT_BLENDSHAPES}, ("CC_Base_JawRoot",))).mapping
    assert alone.targets == {}


def test_control_boards_slide_in_their_own_units() -> None:
    faceit = (
        *("c_eyelid_upper.L", "c_eyelid_upper.R", "c_jaw_target", "c_lips_corner.L"),
        *("c_lips_corner.R", "c_lips_closed", "c_mouthFunnel_slider", "c_mouthPucker_slider"),
    )
    mapping = propose_rig(RigNames({}, faceit)).mapping
    assert mapping.weights["c_jaw_target slide y"] == {"jawOpen": 1.0}
    assert mapping.target("c_jaw_target slide y").full == -1.0
    assert mapping.weights["c_eyelid_upper.L slide y"] == {"eyeBlinkLeft": 1.0, "eyeWideLeft": -1.0}
    assert mapping.limits("c_eyelid_upper.L slide y") == (-1.0, 1.0)


# --- FLAME ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "first", "component"),
    [("Exp{}", 1, "exp000"), ("exp_{:03d}", 0, "exp000"), ("expression.{}", 1, "exp000")],
)
def test_flame_is_driven_by_its_components(pattern: str, first: int, component: str) -> None:
    names = [pattern.format(i) for i in range(first, first + 50)]
    others = ["Basis", "Shape1", "Shape2", "Pose1", "Pose36"]
    found = propose_rig(
        RigNames({"FLAME": others + names}, ("root", "neck", "jaw", "left_eye", "right_eye"))
    )
    mapping = found.mapping
    assert mapping.representation == "flame"
    assert mapping.weights[names[0]] == {component: 1.0}
    assert mapping.weights[names[49]] == {"exp049": 1.0}
    assert mapping.weights["jaw turn left"] == {"jawPoseX": 1.0}
    assert mapping.target("jaw turn left").full == pytest.approx(57.2958, abs=1e-3)
    assert found.unmatched_targets == tuple(others)
    assert [(v.name, v.found) for v in found.vocabularies] == [("flame", 50)]
    assert mapping.limits(names[0]) == (-float("inf"), float("inf"))


# --- words ---------------------------------------------------------------------------------------


def test_a_shared_prefix_is_the_rigs_not_the_names() -> None:
    assert shared_prefix([f"Wolf3D_{name}" for name in ARKIT_BLENDSHAPES]) == "Wolf3D_"
    assert shared_prefix(["Mouth_Smile_L", "Mouth_Frown_L", "Eye_Blink_L", "Brow_Drop_L"]) == ""
    assert shared_prefix(ARKIT_BLENDSHAPES) == ""


@pytest.mark.parametrize(
    ("name", "opposite"),
    [
        ("mouthSmileLeft", "mouthSmileRight"),
        ("Eye_L_Look_L", "Eye_R_Look_R"),
        ("CTRL_L_mouth_cornerPull", "CTRL_R_mouth_cornerPull"),
        ("lip.T.L.001", "lip.T.R.001"),
        ("c_lips_smile.l", "c_lips_smile.r"),
        ("jawChinRaiseUL", "jawChinRaiseUR"),
        ("eyeLookLeftL", "eyeLookRightR"),
        ("browInnerUp_L", "browInnerUp_R"),
    ],
)
def test_the_other_side_of_a_name(name: str, opposite: str) -> None:
    assert other_side(name, [name, opposite, "jawOpen"]) == (opposite, True)
    assert other_side(opposite, [name, opposite, "jawOpen"]) == (name, False)
    assert other_side(name, ["jawOpen"]) is None


def test_slips_are_one_letter() -> None:
    for slip in ("mouthsmlie", "mouthsmil", "mouthsmille", "mouthsmike"):
        assert is_one_slip_away(slip, "mouthsmile")
    for other in ("mouthsmile", "outhsmile", "mouthsml", "mouthfrown", "mouthsmiles2"):
        assert not is_one_slip_away(other, "mouthsmile")
