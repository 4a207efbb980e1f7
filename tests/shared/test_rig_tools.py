"""One side set up for both, and what a bake would do, told before it does it."""

from __future__ import annotations

import numpy as np
import pytest

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.rig.dry_run import dry_run
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.mirror import mirrored, mirrored_row
from mynah_shared.rig.rig_matcher import RigNames, propose_rig
from mynah_shared.rig.targets import Kind, Motion, Target
from tests.shared.rigs import RIGIFY_BONES, RIGS


def clip_of(n_frames: int = 10, **tops: float) -> MotionClip:
    values = np.zeros((n_frames, len(ARKIT_CHANNELS)))
    for channel, top in tops.items():
        values[:, ARKIT_CHANNELS.index(channel)] = np.linspace(0, top, n_frames)
    return MotionClip(24, ARKIT_CHANNELS, values)


def test_one_side_is_set_up_as_the_other() -> None:
    names = ("Smile_L", "Smile_R", "Blink_L", "Blink_R", "Jaw")
    mapping = RigMapping(
        {
            "Smile_L": {"mouthSmileLeft": 0.8, "mouthDimpleLeft": 0.2},
            "Smile_R": {"mouthSmileRight": 0.1},
            "Jaw": {"jawOpen": 1.0},
        },
        shows={"Blink_L": {"eyeBlinkLeft": 1.0}},
        targets={"Smile_L": Target(limits=(0.0, 0.5))},
    )
    both = mirrored(mapping, names)
    assert both.weights["Smile_R"] == {"mouthSmileRight": 0.8, "mouthDimpleRight": 0.2}
    assert both.target("Smile_R").limits == (0.0, 0.5)
    assert both.shows == {"Blink_L": {"eyeBlinkLeft": 1.0}, "Blink_R": {"eyeBlinkRight": 1.0}}
    assert both.weights["Jaw"] == {"jawOpen": 1.0}
    back = mirrored(mapping, names, from_left=False)
    assert back.weights["Smile_L"] == {"mouthSmileLeft": 0.1}
    assert "Blink_R" not in back.shows


def test_bones_turn_the_other_way_where_a_mirror_does() -> None:
    left = {"kind": Kind.BONE, "name": "eye.L"}
    mapping = RigMapping(
        {
            "eye.L up": {"eyeLookOutLeft": 1.0, "eyeLookInLeft": -1.0},
            "eye.L left": {"eyeLookDownLeft": 1.0},
            "lips.L move": {"mouthSmileLeft": 1.0},
        },
        targets={
            "eye.L up": Target(**left, motion=Motion.TURN, axis="up", full=30, limits=(-20, 30)),
            "eye.L left": Target(**left, motion=Motion.TURN, axis="left", full=25),
            "lips.L move": Target(Kind.BONE, "lips.L", Motion.MOVE, "left", full=0.01),
        },
    )
    both = mirrored(mapping, ("eye.L", "eye.R", "lips.L", "lips.R"))
    assert both.weights["eye.R up"] == {"eyeLookOutRight": 1.0, "eyeLookInRight": -1.0}
    assert (both.target("eye.R up").full, both.target("eye.R up").name) == (-30, "eye.R")
    assert both.target("eye.R up").limits == (-30, 20)
    assert both.target("eye.R left").full == 25
    assert both.target("lips.R move").full == -0.01


@pytest.mark.parametrize("kind", ["MetaHuman curves", "Character Creator 4 Extended"])
def test_a_proposal_mirrors_into_itself(kind: str) -> None:
    shapes = RIGS[kind].shapes
    mapping = propose_rig(RigNames({"Head": shapes})).mapping
    for from_left in (True, False):
        assert mirrored(mapping, shapes, from_left).weights == mapping.weights


def test_rigify_mirrors_into_the_same_motion() -> None:
    mapping = propose_rig(RigNames({}, RIGIFY_BONES)).mapping
    both = mirrored(mapping, RIGIFY_BONES)
    assert set(both.names) == set(mapping.names)
    for name in mapping.names:
        was = {c: w * mapping.target(name).full for c, w in mapping.weights.get(name, {}).items()}
        now = {c: w * both.target(name).full for c, w in both.weights.get(name, {}).items()}
        assert now == pytest.approx(was), name


def test_angles_mirror() -> None:
    turned = mirrored_row({"headPitch": 1.0, "headYaw": 1.0, "headRoll": 1.0, "jawOpen": 1.0})
    assert turned == {"headPitch": 1.0, "headYaw": -1.0, "headRoll": -1.0, "jawOpen": 1.0}
    eyes = mirrored_row({"eyePoseLeftX": 1.0, "eyePoseLeftY": 1.0})
    assert eyes == {"eyePoseRightX": 1.0, "eyePoseRightY": -1.0}


def test_a_dry_run_tells_what_moves_and_what_does_not() -> None:
    names = RigNames({"Head": ("jawOpen", "mouthSmile", "wart")}, ("head", "hand"))
    found = propose_rig(names)
    mapping = RigMapping(
        {**found.mapping.weights, "gone": {"cheekPuff": 1.0}},
        shows=found.mapping.shows,
        targets=found.mapping.targets,
    )
    told = dry_run(mapping, names)
    assert {line.target for line in told.driven} == set(found.mapping.names)
    assert told.missing == ("gone",)
    assert told.left_alone == ("wart", "hand")
    assert "cheekPuff" in told.homeless
    assert "headYaw" not in told.homeless
    assert told.clipped == ()
    yaw = next(line for line in told.driven if line.target == "head turn up")
    assert yaw.what == "bone 'head', turn up"
    assert yaw.by == "1 × headYaw"
    assert any("Not on this rig: gone." in sentence for sentence in told.sentences())


def test_a_dry_run_with_a_clip_tells_what_it_would_lose() -> None:
    mapping = RigMapping(
        {"jaw": {"jawOpen": 2.0}, "blink": {"eyeBlinkLeft": 1.0}},
        targets={"jaw": Target(Kind.BONE, "Jaw", Motion.TURN, "x", full=20)},
    )
    names = RigNames({"Head": ("blink",)}, ("Jaw",))
    told = dry_run(mapping, names, clip_of(101, jawOpen=1.0, eyeBlinkLeft=0.5, cheekPuff=0.4))
    assert told.homeless == ("cheekPuff",)
    assert [cut.target for cut in told.clipped] == ["jaw"]
    cut = told.clipped[0]
    assert (cut.wanted, cut.limit) == (40.0, 20.0)
    assert cut.share == pytest.approx(0.5, abs=0.02)
    assert "'jaw' would go to 40.00 and stops at 20.00" in told.sentences()[-1]
    tight = dry_run(mapping, names, clip_of(eyeBlinkLeft=0.5), {"blink": (0.0, 0.2)})
    assert [cut.target for cut in tight.clipped] == ["blink"]
    assert dry_run(mapping, names, clip_of(0)).homeless == ()


def test_a_full_rig_loses_nothing() -> None:
    names = RigNames({"Head": ARKIT_BLENDSHAPES}, ("head",))
    rng = np.random.default_rng(0)
    clip = MotionClip(24, ARKIT_CHANNELS, rng.uniform(0, 1, (50, 55)))
    told = dry_run(propose_rig(names).mapping, names, clip)
    assert (told.missing, told.left_alone, told.homeless, told.clipped) == ((), (), (), ())
