"""The takes of a line: one shows, none loses an edit, and only a wish deletes one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.maya.faces import PLUGIN, make_clip, make_face, values_at, wave_of
from tests.maya.test_baking import FRAMES, bake


@pytest.fixture(autouse=True)
def plugin(maya: Any) -> None:
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face(shapes=("jawOpen", "mouthClose", "browInnerUp"))


def perform(seed: int, **rest: Any) -> str:
    """A take whose mouth opens at a pace of its own."""
    clip = make_clip(browInnerUp=wave_of(48, 0.5 + 0.3 * seed))
    return str(bake(clip, seed=seed, **rest).layer)


def brows() -> np.ndarray:
    return values_at("faceBS.browInnerUp", FRAMES)


def muted(*layers: str) -> list[bool]:
    from maya import cmds

    return [cmds.animLayer(layer, query=True, mute=True) for layer in layers]


def take(**flags: Any) -> Any:
    from maya import cmds

    return cmds.mynahTake("face", **flags)


def test_switching_there_and_back_loses_no_edit_and_is_one_step_each() -> None:
    from maya import cmds

    first, second = perform(0), perform(1)
    edited = cmds.animLayer(first, query=True, animCurves=True)[0]
    cmds.keyframe(edited, edit=True, relative=True, valueChange=0.125)
    shown = brows()
    assert take(show="previous") == first
    assert muted(first, second) == [False, True]
    of_first = brows()
    assert np.abs(of_first - shown).max() > 0.1
    cmds.undo()
    assert muted(first, second) == [True, False]
    assert np.array_equal(brows(), shown)
    cmds.redo()
    assert np.array_equal(brows(), of_first)
    assert take(show="next") == second
    assert np.array_equal(brows(), shown)


def test_takes_are_named_by_number_seed_and_layer() -> None:
    layers = [perform(seed) for seed in (0, 1, 2)]
    assert take(list=True) == layers
    assert take(show="0") == layers[0]
    assert take(show="mynah_line_1") == layers[1]
    assert muted(*layers) == [True, False, True]
    assert take(show="next") == layers[2]
    assert take(show="next") == layers[0]
    with pytest.raises(RuntimeError, match="'line' has no take '9'; use next, previous, a seed"):
        take(show="9")


def test_exactly_one_shows_afterwards_whatever_was_muted_by_hand() -> None:
    from maya import cmds

    layers = [perform(seed) for seed in (0, 1, 2)]
    for layer in layers:
        cmds.animLayer(layer, edit=True, mute=False)
    take(show="1")
    assert muted(*layers) == [True, False, True]
    cmds.animLayer(layers[1], edit=True, mute=True)
    assert take(show="next") == layers[0]
    assert muted(*layers) == [False, True, True]


def test_deleting_shows_the_neighbour_and_is_one_step() -> None:
    from maya import cmds

    first, second, third = (perform(seed) for seed in (0, 1, 2))
    there, shown = set(cmds.ls()), brows()
    assert take(delete="2") == second
    assert not cmds.objExists(third)
    assert not cmds.objExists(f"{third}_record")
    assert muted(first, second) == [True, False]
    cmds.undo()
    assert set(cmds.ls()) == there
    assert np.array_equal(brows(), shown)
    assert muted(first, second, third) == [True, True, False]
    assert take(delete="0") == ""  # one that does not show: nothing else changes
    assert np.array_equal(brows(), shown)
    take(delete="1")
    take(delete="2")
    assert brows().max() == 0
    assert take(list=True) == []


def test_renamed_and_hand_deleted_layers(maya: Any) -> None:
    from maya import cmds

    layers = [perform(seed) for seed in (0, 1, 2)]
    cmds.rename(layers[0], "favourite")
    cmds.delete(layers[1])
    assert take(list=True) == ["favourite", layers[2]]
    assert take(show="favourite") == "favourite"
    assert muted("favourite", layers[2]) == [False, True]


def test_a_mute_that_is_locked_gets_a_sentence_and_nothing_changes() -> None:
    from maya import cmds

    first, second = perform(0), perform(1)
    cmds.setAttr(f"{second}.mute", lock=True)
    with pytest.raises(RuntimeError, match=f"The layer '{second}' can't be muted, as its"):
        take(show="0")
    with pytest.raises(RuntimeError, match="There is no node, set or namespace 'nobody'"):
        cmds.mynahTake("nobody")
    assert muted(first, second) == [True, False]


def test_a_locked_layer_can_be_switched_too() -> None:
    from maya import cmds

    first, second = perform(0), perform(1)
    cmds.animLayer(first, edit=True, lock=True)
    assert take(show="0") == first
    assert muted(first, second) == [False, True]


def test_takes_of_other_lines_and_characters_are_others() -> None:
    from maya import cmds

    make_face("other", ("jawOpen", "browInnerUp"), blend="otherBS")
    one = perform(0)
    perform(1, line="second")
    perform(2, names=("other",))
    with pytest.raises(RuntimeError, match="These lines have takes: line, second; name one"):
        take(show="next")
    assert take(show="next", line="line") == one
    assert take(list=True) == [one, "mynah_second_1"]
    cmds.select(clear=True)
    assert cmds.mynahTake() == [one, "mynah_second_1", "mynah_line_2"]
    cmds.select("other")
    assert cmds.mynahTake() == ["mynah_line_2"]
    with pytest.raises(RuntimeError, match="There is no such take"):
        cmds.mynahTake(show="next", line="third")
    with pytest.raises(RuntimeError, match="-show and -delete exclude each other"):
        take(show="0", delete="0")


def test_takes_survive_saving_and_tell_what_they_are(maya: Any, tmp_path: Path) -> None:
    from maya import cmds

    first, second = perform(0), perform(1)
    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(str(tmp_path / "shot.ma"), open=True, force=True)
    assert take(show="previous") == first
    assert muted(first, second) == [False, True]
    maya.said.clear()
    take()
    (told,) = [text for kind, text in maya.said if kind == "info"]
    assert told.splitlines() == [
        "'line', take 1 of 2: mynah_line_0, seed 0, neutral, shows",
        "'line', take 2 of 2: mynah_line_1, seed 1, neutral",
    ]


def test_a_take_in_a_referenced_shot_can_be_switched_but_not_deleted(tmp_path: Path) -> None:
    from maya import cmds

    perform(0)
    perform(1)
    cmds.file(rename=str(tmp_path / "shot.ma"))
    cmds.file(save=True, type="mayaAscii")
    cmds.file(new=True, force=True)
    cmds.file(str(tmp_path / "shot.ma"), reference=True, namespace="shot")
    with pytest.raises(RuntimeError, match="lies in a referenced file; delete it there"):
        cmds.mynahTake("shot:", delete="0")
    assert cmds.mynahTake("shot:", show="0") == "shot:mynah_line_0"
    assert muted("shot:mynah_line_0", "shot:mynah_line_1") == [False, True]
