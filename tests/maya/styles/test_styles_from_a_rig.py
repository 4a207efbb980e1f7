"""Styles of what a rig in the scene performs."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import (
    last_request,
    make_face,
    values_at,
)
from tests.maya.styles.shown import dialog, row, styles_of, wait


def actor() -> str:
    """Another face, which performs in the frames 1 to 9."""
    from maya import cmds

    blend = make_face("actor", blend="actorBS")
    for frame, value in ((1, 0.0), (5, 0.8), (9, 0.2)):
        cmds.setKeyframe(f"{blend}.jawOpen", time=frame, value=value)
    cmds.playbackOptions(edit=True, minTime=1, maxTime=9)
    return blend


def sent_jaw(daemon: FakeDaemon, sha256: str) -> np.ndarray:
    with np.load(io.BytesIO(daemon.blobs[sha256]), allow_pickle=False) as sent:
        return sent["values"][:, sent["channels"].tolist().index("jawOpen")]


def test_what_a_rig_performs_is_a_style(window: Any, app: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    from mynah_maya.style_choice import StyleChoice

    blend, rows = actor(), window.form.styles
    cmds.select("actor")
    rows.rig_button.click()
    rows.add(StyleChoice("angry", 0.5))
    window.form.character.setText("face")
    window.generate_button.click()
    cmds.rename("actor", "stunt_double")  # read in pieces, whatever it is called by then
    wait(app, lambda: not window.session.is_busy)
    assert "keys on" in window.box.toPlainText()
    rig, angry = last_request(daemon).styles
    assert (rig.name, rig.weight, angry) == ("actor.npz", 1.0, m.StyleUse("angry", 0.5))
    shown = values_at(f"{blend}.jawOpen", [1.0 + i for i in range(9)])
    assert np.abs(sent_jaw(daemon, rig.clip_sha256) - shown).max() < 1e-5


def test_frames_and_layer_are_chosen(window: Any, app: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    blend, rows = actor(), window.form.styles
    layer = cmds.animLayer("take_2", override=True)
    cmds.animLayer(layer, edit=True, attribute=[f"{blend}.jawOpen"])
    cmds.setKeyframe(f"{blend}.jawOpen", time=1, value=0.5, animLayer=layer)
    cmds.animLayer(layer, edit=True, mute=True)
    cmds.select("actor")
    rows.rig_button.click()
    details = rows.details
    assert (details.first.value(), details.last.value()) == (1, 9)
    details.first.setValue(2)
    details.last.setValue(6)
    details.layer.setCurrentIndex(details.layer.findText(layer))
    assert row(window, 0)[0] == "actor take_2"
    window.form.character.setText("face")
    window.generate_button.click()
    wait(app, lambda: not window.session.is_busy)
    (use,) = last_request(daemon).styles
    assert sent_jaw(daemon, use.clip_sha256).tolist() == [0.5] * 5
    cmds.delete(layer)
    window.generate_button.click()
    assert "The layer 'take_2' with the performance of 'actor' was deleted" in (
        window.box.toPlainText()
    )
    details.first.setValue(7)
    details.layer.setCurrentIndex(0)
    window.generate_button.click()
    assert "The frames 7 to 6 of 'actor' are none" in window.box.toPlainText()


def test_what_is_no_rig_is_a_sentence(window: Any) -> None:
    from maya import cmds

    cmds.select(clear=True)
    window.form.styles.rig_button.click()
    assert "No character is chosen" in window.box.toPlainText()
    cmds.select(cmds.polyCube(name="crate", constructionHistory=False)[0])
    window.form.styles.rig_button.click()
    assert "'crate' has no shapes with ARKit names" in window.box.toPlainText()
    assert not styles_of(window)


def test_what_a_rig_performs_is_stored(window: Any, app: Any, daemon: FakeDaemon) -> None:
    from maya import cmds

    blend, rows = actor(), window.form.styles
    cmds.select("actor")
    rows.rig_button.click()
    rows.details.save_button.click()
    asked = dialog(app, "SaveStyleDialog")
    assert asked.name.text() == "actor"
    asked.save_button.click()
    wait(app, lambda: "The style 'actor' is in the library." in window.box.toPlainText())
    (message,) = [one for one in daemon.seen if isinstance(one, m.AddStyle)]
    shown = values_at(f"{blend}.jawOpen", [1.0 + i for i in range(9)])
    assert np.abs(sent_jaw(daemon, message.clip_sha256) - shown).max() < 1e-5
