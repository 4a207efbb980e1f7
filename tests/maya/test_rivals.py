"""Faults of the best tool there was in Maya before: each has a test that would catch it here.

`KNOWN` says which; docs/MAYA.md lists the same. The tests that stand in no other file are below.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mynah_shared.motion.curves import KeyStyle
from tests.maya.faces import PLUGIN, make_clip, make_face, values_at, wave_of
from tests.maya.test_baking import FRAMES, bake, clip_of_talk

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs" / "MAYA.md"
KNOWN = {
    "it blocks": "test_session.py::test_starting_returns_at_once_and_the_timer_does_the_rest",
    "no cancel": "test_window.py::test_progress_is_shown_and_cancel_ends_it",
    "the old take is cleared first": (
        "test_commands.py::test_what_the_engine_refuses_is_told_and_the_old_take_stays"
    ),
    "a key is stored": "test_commands.py::test_no_key_of_the_daemon_is_stored_in_the_scene",
    "it maps by index": "test_characters.py::test_shapes_are_found_by_name_and_never_by_index",
    "stair-steps": "test_rivals.py::test_no_stair_steps_and_no_frame_late_at_any_rate",
    "times twice too late": ("test_frames.py::test_the_mouth_opens_where_the_click_is_heard"),
    "sliders that can't go below 0": "test_rivals.py::test_a_weight_may_be_negative",
    "lost when the scene closes": (
        "test_commands.py::test_the_animation_is_there_when_the_scene_is_opened_again"
    ),
    "no cached playback": "test_rivals.py::test_nothing_of_ours_has_to_be_evaluated",
    "no bake and no undo": (
        "test_baking.py::test_one_undo_takes_all_of_it_back_and_redo_makes_it_again"
    ),
    "no batch": "test_window.py::test_the_scenes_dialogue",
}


@pytest.fixture
def plugin(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face()


@pytest.mark.parametrize("fault", KNOWN)
def test_each_fault_has_its_test_and_the_page_names_it(fault: str) -> None:
    file, _, name = KNOWN[fault].partition("::")
    source = (HERE / file).read_text(encoding="utf-8")
    assert re.search(rf"^def {name}\(", source, re.MULTILINE), f"{file} has no {name}"
    assert f"`{KNOWN[fault]}`" in PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("unit", ["film", "ntscf", "23.976fps"])
def test_no_stair_steps_and_no_frame_late_at_any_rate(plugin: None, unit: str) -> None:
    # it looks each value up in 30 a second, rounding up
    from maya import cmds

    from mynah_maya.scene_reader import effective_fps

    cmds.currentUnit(time=unit)
    fps = effective_fps()
    rows = round(2 * fps)
    clip = make_clip(fps, rows, jawOpen=np.linspace(0, 1, rows))
    bake(clip, style=KeyStyle(bound=0.001))
    shown = values_at("faceBS.jawOpen", [10.0 + i for i in range(rows)])
    steps = np.diff(shown)
    assert steps.min() > 0.5 / (rows - 1), "held"
    assert steps.max() < 1.5 / (rows - 1), "leapt"
    assert np.abs(shown - clip.column("jawOpen")).max() < 0.0011, "late"


def test_a_weight_may_be_negative(plugin: None) -> None:
    from mynah_shared.rig.mapping import RigMapping

    clip = make_clip(jawOpen=0.5 * wave_of(48))
    mapping = RigMapping({"jawOpen": {"jawOpen": 1.0}, "mouthClose": {"jawOpen": -0.4}})
    bake(clip, mapping=mapping)
    shown = values_at("faceBS.mouthClose", FRAMES)
    assert np.abs(shown + 0.4 * clip.column("jawOpen")).max() < 0.0101


def test_nothing_of_ours_has_to_be_evaluated(plugin: None) -> None:
    # its node computes the animation, so it must be there, and playback can't be cached
    from maya import cmds

    bake(clip_of_talk())
    shown = values_at("faceBS.jawOpen", FRAMES)
    assert not [kind for kind in {cmds.nodeType(node) for node in cmds.ls()} if "ynah" in kind]
    cmds.unloadPlugin("mynah_plugin")
    assert np.array_equal(values_at("faceBS.jawOpen", FRAMES), shown)
