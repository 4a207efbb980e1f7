"""Amounts of a baked take: one part moves less or more, and every amount can be taken back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mynah_shared.errors import BadInputError
from mynah_shared.motion.curves import Interpolation, KeyStyle
from tests.maya.faces import PLUGIN, make_clip, make_face, make_head, values_at, wave_of
from tests.maya.test_baking import FRAMES, bake

SHAPES = (
    "jawOpen mouthClose mouthFunnel mouthPucker mouthLeft mouthRight mouthSmileLeft "
    "mouthSmileRight browInnerUp eyeBlinkLeft eyeLookUpLeft"
).split()
PLUGS = ("faceBS.jawOpen", "faceBS.browInnerUp", "faceBS.eyeBlinkLeft", "head.rotateX")
CLIP = make_clip(
    jawOpen=wave_of(48),
    browInnerUp=wave_of(48, 0.6),
    eyeBlinkLeft=wave_of(48, 0.9),
    headPitch=0.3 * wave_of(48, 0.4),
)


@pytest.fixture
def take(maya: Any) -> Any:
    """A take, the head of which is added to a pose."""
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face(shapes=SHAPES)
    make_head()
    cmds.setAttr("head.rotateX", 7)
    cmds.group("face", "head", name="hero")
    bake(CLIP, names=("hero",))
    return now()


def now() -> Any:
    from mynah_maya.baking.record import all_takes

    return all_takes()[-1]


def seen(frames: Any = FRAMES) -> dict[str, np.ndarray]:
    return {plug: values_at(plug, frames) for plug in PLUGS}


def same(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> bool:
    return all(np.abs(one[plug] - other[plug]).max() < 1e-9 for plug in PLUGS)


def test_an_amount_stretches_its_part_and_no_other(take: Any) -> None:
    from mynah_maya.amounts import amounts_of, set_amounts

    between = np.arange(10, 57, 0.25)
    before = seen(between)
    set_amounts(take, {"lips": 0.5, "head": 1.5})
    after = seen(between)
    assert np.abs(after["faceBS.jawOpen"] - 0.5 * before["faceBS.jawOpen"]).max() < 1e-9
    wanted = 7 + 1.5 * (before["head.rotateX"] - 7)
    assert np.abs(after["head.rotateX"] - wanted).max() < 1e-9
    for plug in ("faceBS.browInnerUp", "faceBS.eyeBlinkLeft"):
        assert np.array_equal(after[plug], before[plug])
    assert amounts_of(take) == {"lips": 0.5, "head": 1.5}


def test_nothing_is_lost_by_0_and_it_is_one_step_each(take: Any) -> None:
    from maya import cmds

    from mynah_maya.amounts import amounts_of, reset, set_amounts
    from mynah_maya.baking.record import is_edited

    before = seen()
    set_amounts(take, {"brows": 0.0})
    assert seen()["faceBS.browInnerUp"].max() < 1e-3
    set_amounts(take, {"brows": 0.25})
    quarter = seen()
    assert np.abs(quarter["faceBS.browInnerUp"] - before["faceBS.browInnerUp"] / 4).max() < 1e-9
    assert is_edited(take)
    reset(take)
    assert same(seen(), before)
    assert not is_edited(take)
    cmds.undo()
    assert same(seen(), quarter)
    assert amounts_of(take) == {"brows": 0.25}
    cmds.undo()
    cmds.undo()
    assert same(seen(), before)
    assert amounts_of(take) == {}
    cmds.redo()
    assert amounts_of(take) == {"brows": 0.0}


@pytest.mark.parametrize("kind", [Interpolation.linear, Interpolation.stepped])
def test_other_styles_of_keys(take: Any, kind: Interpolation) -> None:
    from mynah_maya.amounts import reset, set_amounts

    bake(CLIP, names=("hero",), style=KeyStyle(kind), seed=1)
    before = seen()
    set_amounts(now(), {"lips": 0.5})
    assert np.abs(seen()["faceBS.jawOpen"] - before["faceBS.jawOpen"] / 2).max() < 1e-9
    reset(now())
    assert same(seen(), before)


def test_my_keys_are_stretched_with_it_but_those_set_afterwards_stay(take: Any) -> None:
    from maya import cmds

    from mynah_maya.amounts import reset, set_amounts
    from mynah_maya.baking.anim_layers import curve_of

    curve = curve_of(take.layer, "faceBS.jawOpen")
    cmds.setKeyframe(curve, time=30.5, value=0.8)
    set_amounts(take, {"lips": 0.5})
    assert values_at("faceBS.jawOpen", [30.5]) == pytest.approx(0.4)
    cmds.setKeyframe(curve, time=40.5, value=0.7)
    for amount in (0.0, 0.8):
        set_amounts(take, {"lips": amount})
        assert values_at("faceBS.jawOpen", [40.5]) == pytest.approx(0.7)
    reset(take)
    assert values_at("faceBS.jawOpen", [30.5, 40.5]) == pytest.approx([0.8, 0.7])


def test_applied_amounts_are_the_takes_own_keys(take: Any) -> None:
    from maya import cmds

    from mynah_maya.amounts import amounts_of, apply, set_amounts
    from mynah_maya.baking.anim_layers import curve_of
    from mynah_maya.baking.record import is_edited
    from mynah_maya.baking.redo import keys_by_hand, span_of

    curve = curve_of(take.layer, "faceBS.jawOpen")
    set_amounts(take, {"lips": 0.5})
    with pytest.raises(BadInputError, match="move otherwise than baked; press Apply to Keys"):
        span_of(take)
    halved = seen()
    cmds.setKeyframe(curve, time=40.5, value=0.7)
    apply(now())
    assert amounts_of(take) == {}
    assert np.array_equal(seen()["faceBS.browInnerUp"], halved["faceBS.browInnerUp"])
    assert is_edited(now())
    assert keys_by_hand(now(), 10, 57) == {curve: [40.5]}
    span_of(now())
    cmds.undo()
    assert amounts_of(take) == {"lips": 0.5}


@pytest.mark.parametrize("fault", ["locked", "weighted", "gone"])
def test_what_can_not_be_changed_is_a_sentence(take: Any, fault: str) -> None:
    from maya import cmds

    from mynah_maya.amounts import amounts_of, set_amounts

    if fault == "locked":
        cmds.animLayer(take.layer, edit=True, lock=True)
    elif fault == "weighted":
        cmds.keyTangent(take.curves[-1], edit=True, weightedTangents=True)
        cmds.keyTangent(take.curves[0], edit=True, weightedTangents=True)
    else:
        cmds.delete("head")
        for i, shape in enumerate(SHAPES):
            cmds.aliasAttr(f"shape_{i}", f"faceBS.{shape}")
    before = values_at(f"{take.curves[0]}.output", FRAMES)
    sentence = {
        "locked": "is locked; unlock it",
        "weighted": "weighted tangents now",
        "gone": "holds nothing",
    }
    with pytest.raises(BadInputError, match=sentence[fault]):
        set_amounts(now(), dict.fromkeys(("lips", "brows", "blinks", "gaze", "head"), 0.5))
    assert np.array_equal(values_at(f"{take.curves[0]}.output", FRAMES), before)
    assert amounts_of(now()) == {}


def test_a_line_above_another_character_and_renaming(take: Any) -> None:
    from maya import cmds

    from mynah_maya.amounts import amounts_of, set_amounts

    cmds.rename(take.layer, "favourite")
    cmds.rename("hero", "heroine")
    before = seen()
    set_amounts(now(), {"blinks": 0.0})
    assert seen()["faceBS.eyeBlinkLeft"].max() < 1e-3
    assert np.array_equal(seen()["faceBS.jawOpen"], before["faceBS.jawOpen"])
    assert amounts_of(now()) == {"blinks": 0.0}


def test_sliders_change_the_take_when_they_are_let_go(take: Any, app: Any) -> None:
    from maya import cmds

    from mynah_maya.amounts import amounts_of
    from mynah_maya.order import Wish
    from mynah_maya.ui.takes_page import TakesPage

    page = TakesPage(lambda: ("hero",), Wish, lambda _wish: None)
    page.show()
    lips = page.amounts.sliders["lips"]
    before = seen()
    lips.setSliderDown(True)
    for value in (80, 60, 50):
        lips.setValue(value)
    assert same(seen(), before)
    lips.setSliderDown(False)
    assert page.box.toPlainText() == ""
    assert np.abs(seen()["faceBS.jawOpen"] - before["faceBS.jawOpen"] / 2).max() < 1e-9
    assert page.amounts.labels["lips"].text() == "0.50"
    cmds.undo()  # one step, however far it was dragged
    assert same(seen(), before)
    page.look()
    assert lips.value() == 100
    page.amounts.sliders["head"].setValue(0)  # by a key
    assert amounts_of(take) == {"head": 0.0}
    page.amounts.apply_button.click()
    assert not page.amounts.apply_button.isEnabled()
    assert page.amounts.sliders["head"].value() == 100
    page.close()
    page.deleteLater()
    app.processEvents()
