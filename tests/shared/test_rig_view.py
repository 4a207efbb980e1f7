"""What a mapping panel shows and how it changes a mapping, whatever the host."""

from __future__ import annotations

import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES
from mynah_shared.rig.dry_run import dry_run
from mynah_shared.rig.edit import (
    named_target,
    with_range,
    with_target,
    with_weight,
    without_channel,
)
from mynah_shared.rig.rig_matcher import RigNames, propose_character
from mynah_shared.rig.targets import Kind, Motion, Target
from mynah_shared.rig.view import Level, report_sentences, shown_value, unmapped, view_of

NAMES = RigNames(
    {"Head": [*ARKIT_BLENDSHAPES[:-1], "wart"]}, ("head", "spare"), (("Head", "brow"),)
)


def test_rows_tell_how_sure_a_match_is_and_what_was_set() -> None:
    proposal = propose_character(NAMES)
    view = view_of(proposal.mapping, proposal, NAMES, is_own=False)
    jaw = view.find("jawOpen")
    assert jaw is not None
    assert jaw.level is Level.SURE
    assert jaw.reason
    changed = with_weight(proposal.mapping, "jawOpen", "jawOpen", 0.5)
    view = view_of(changed, proposal, NAMES, is_own=True)
    jaw = view.find("jawOpen")
    assert jaw is not None
    assert (jaw.level, jaw.confidence, jaw.row) == (Level.OWN, None, (("jawOpen", 0.5),))
    assert view.titles[0].startswith("ARKit 52: 51 of 52 shapes on Head")
    assert jaw.has("JAW open")
    assert not jaw.has("jaw brow")


def test_a_channel_less_and_a_target_more() -> None:
    mapping = propose_character(NAMES).mapping
    without = without_channel(mapping, "jawOpen", "jawOpen")
    assert "jawOpen" not in without.names
    assert "jawOpen" in unmapped(without, NAMES)
    assert "wart" in unmapped(mapping, NAMES)
    assert "spare" in unmapped(mapping, NAMES)
    label, target = named_target(NAMES, "spare", Motion.TURN, "left", 20.0)
    added = with_target(mapping, label, target, "jawOpen", 1.0)
    assert added.target(label) == Target(Kind.BONE, "spare", Motion.TURN, "left", full=20.0)
    assert shown_value(added, label) == 20.0
    assert shown_value(with_range(added, label, 0.0, 10.0), label) == 10.0
    label, target = named_target(NAMES, "brow", Motion.TURN, "left", 10.0)
    assert target == Target(Kind.PROPERTY, "brow", owner="Head", full=10.0)
    assert named_target(NAMES, "wart", Motion.TURN, "left", 1.0) == ("wart", Target())


def test_mistakes_get_a_sentence() -> None:
    mapping = propose_character(NAMES).mapping
    with pytest.raises(BadInputError, match="'nose' that can be keyed"):
        named_target(NAMES, "nose", Motion.TURN, "left", 1.0)
    with pytest.raises(BadInputError, match="in the mapping already"):
        with_target(mapping, "jawOpen", Target(), "jawOpen", 1.0)
    with pytest.raises(BadInputError, match="no channel"):
        with_weight(mapping, "jawOpen", "jawOpne", 1.0)


def test_each_mesh_may_spell_its_shapes_its_own_way() -> None:
    names = RigNames(
        {"Head": ARKIT_BLENDSHAPES, "Teeth": ("Teeth_JawOpen_L", "Jaw_Open", "MouthClose")}
    )
    mapping = propose_character(names).mapping
    assert mapping.weights["Jaw_Open"] == {"jawOpen": 1.0}
    assert mapping.weights["jawOpen"] == {"jawOpen": 1.0}


def test_long_lists_are_cut_in_a_report() -> None:
    lines = report_sentences(dry_run(propose_character(NAMES).mapping, RigNames()))
    assert lines[0] == "Drives 0 targets."
    assert lines[1].endswith("more.")
