"""Styles in the window: the library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.styles.shown import dialog, wait


def test_a_clip_is_stored_with_all_that_is_said_of_it(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from mynah_maya.style_choice import StyleChoice

    clip = tmp_path / "take 3.npz"
    clip.write_bytes(b"clip")
    rows = window.form.styles
    rows.add(StyleChoice("angry"))
    assert rows.details.save_button.isHidden(), "a style of the library is stored already"
    rows.add(StyleChoice(str(clip)))
    rows.details.save_button.click()
    asked = dialog(app, "SaveStyleDialog")
    assert asked.name.text() == "take 3"
    asked.name.setText("our hero")
    asked.tags.setText("brave, loud")
    asked.description.setText("Shouts.")
    asked.provenance.setText("table read")
    asked.licence.setText("ours")
    asked.save_button.click()
    wait(app, lambda: rows.library.findData("our hero") >= 0)
    stored = daemon.styles[-1]
    assert (stored.name, stored.tags, stored.shipped) == ("our hero", ("brave", "loud"), False)
    assert (stored.description, stored.provenance, stored.licence) == (
        "Shouts.",
        "table read",
        "ours",
    )
    (message,) = [one for one in daemon.seen if isinstance(one, m.AddStyle)]
    assert daemon.blobs[message.clip_sha256] == b"clip"
    assert (message.clip_name, message.replace) == ("take 3.npz", False)
    assert window.box.toPlainText() == "The style 'our hero' is in the library."


def test_what_a_command_changes_is_shown(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from mynah_maya.style_command import run_style

    clip = tmp_path / "take 3.npz"
    clip.write_bytes(b"clip")
    library = window.form.styles.library
    run_style(window.session, {"store": "our hero", "clip": str(clip)}, (), waits=True)
    assert library.findData("our hero") >= 0
    run_style(window.session, {"remove": "our hero"}, (), waits=True)
    assert library.findData("our hero") < 0


def test_a_name_that_is_taken_is_a_sentence_unless_it_is_to_be_replaced(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from mynah_maya.style_choice import StyleChoice

    clip = tmp_path / "villain.npz"
    clip.write_bytes(b"clip")
    rows = window.form.styles
    rows.add(StyleChoice(str(clip)))
    rows.details.save_button.click()
    dialog(app, "SaveStyleDialog").save_button.click()
    wait(app, lambda: "Error: There is a style 'villain' already." in window.box.toPlainText())
    app.processEvents()
    rows.details.save_button.click()
    asked = dialog(app, "SaveStyleDialog")
    asked.replace.setChecked(True)
    asked.save_button.click()
    wait(app, lambda: "is in the library" in window.box.toPlainText())


def test_only_ones_own_styles_are_deleted_and_not_without_a_question(
    window: Any, app: Any, daemon: FakeDaemon
) -> None:
    rows = window.form.styles
    rows.library.setCurrentIndex(rows.library.findData("angry"))
    assert rows.delete_button.isHidden()
    rows.library.setCurrentIndex(rows.library.findData("villain"))
    assert not rows.delete_button.isHidden()
    for answer in ("Cancel", "Delete"):
        rows.delete_button.click()
        asked = dialog(app, "QMessageBox")
        assert asked.text() == "Delete 'villain' from the library?"
        assert not daemon.count(m.RemoveStyle)
        button = next(b for b in asked.buttons() if b.text().replace("&", "") == answer)
        button.click()
        app.processEvents()
    wait(app, lambda: rows.library.findData("villain") < 0)
    assert window.box.toPlainText() == "The style 'villain' was removed from the library."
    assert [style.name for style in daemon.styles] == ["neutral", "angry"]
