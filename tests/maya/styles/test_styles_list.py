"""Styles in the window: what is chosen is what the line gets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mynah_shared.protocol import messages as m
from mynah_shared.testing.fake_daemon import FakeDaemon
from tests.maya.faces import (
    last_request,
)
from tests.maya.styles.shown import row, styles_of, wait


def test_what_is_set_for_a_style_reaches_the_line(
    window: Any, app: Any, daemon: FakeDaemon, tmp_path: Path
) -> None:
    from mynah_maya.style_choice import StyleChoice

    rows = window.form.styles
    assert rows.details.isHidden()
    rows.add(StyleChoice("angry"))
    clip = tmp_path / "a @ b + c.csv"  # a name that words could not say
    clip.write_bytes(b"clip")
    rows.add(StyleChoice(str(clip)))
    rows.details.weight.setValue(0.4)
    rows.details.part.setCurrentIndex(rows.details.part.findData("brows"))
    rows.details.from_frame.setValue(22)
    assert row(window, 1) == ["a @ b + c", "0.4", "Brows", "22"]
    rows.table.selectRow(0)
    assert rows.details.weight.value() == 1.0, "the details are not of the chosen row"
    rows.details.from_frame.setValue(4)  # before the line, which begins at frame 10
    window.form.fade.setValue(12)
    window.form.voice_guidance.setValue(1.15)
    window.form.style_guidance.setValue(1.5)
    window.generate_button.click()
    wait(app, lambda: not window.session.is_busy)
    request = last_request(daemon)
    first, second = request.styles
    assert first == m.StyleUse("angry")
    assert (second.name, second.weight, second.region) == (clip.name, 0.4, "brows")
    assert second.start_s == pytest.approx(0.5)  # 12 frames at 24 a second
    assert daemon.blobs[second.clip_sha256] == b"clip"
    assert request.style_fade_s == pytest.approx(0.5)
    assert (request.audio_guidance, request.style_guidance) == (1.15, 1.5)


def test_without_changes_a_line_is_as_the_engine_makes_it(
    window: Any, app: Any, daemon: FakeDaemon
) -> None:
    window.generate_button.click()
    wait(app, lambda: not window.session.is_busy)
    request, plain = last_request(daemon), m.SynthesizeRequest("", "", 24.0)
    for name in ("styles", "style_strength", "style_fade_s", "audio_guidance", "style_guidance"):
        assert getattr(request, name) == getattr(plain, name)


def test_styles_are_taken_off_the_list(window: Any) -> None:
    from mynah_maya.style_choice import StyleChoice

    rows = window.form.styles
    for name in ("angry", "sad", "sly"):
        rows.add(StyleChoice(name))
    rows.table.selectRow(1)
    rows.details.remove_button.click()
    assert styles_of(window) == ["angry", "sly"]
    assert rows.chosen == 1
    rows.details.remove_button.click()
    rows.details.remove_button.click()
    assert styles_of(window) == []
    assert rows.details.isHidden()


def test_a_clip_that_is_gone_is_a_sentence(window: Any, tmp_path: Path) -> None:
    from mynah_maya.style_choice import StyleChoice

    window.form.styles.add(StyleChoice(str(tmp_path / "gone.npz")))
    window.generate_button.click()
    assert f"There is no style clip '{tmp_path / 'gone.npz'}'" in window.box.toPlainText()
    window.form.styles.details.save_button.click()
    assert "'gone.npz' is not at" in window.box.toPlainText()


def test_a_style_is_found_by_a_part_of_its_name_or_tag(window: Any, app: Any) -> None:
    from mynah_maya.qt import qt_module

    test = qt_module("QtTest").QTest
    library = window.form.styles.library
    library.setCurrentIndex(library.findData("villain"))
    library.lineEdit().selectAll()
    test.keyClicks(library.lineEdit(), "oud")
    finder = library.completer()
    found = finder.completionModel().index(0, 0)
    assert (finder.completionCount(), found.data()) == (1, "angry  (loud)")
    finder.popup().setCurrentIndex(found)
    test.keyClick(finder.popup(), qt_module("QtCore").Qt.Key.Key_Return)
    window.form.styles.add_button.click()
    assert styles_of(window) == ["angry"]
    library.lineEdit().selectAll()
    test.keyClicks(library.lineEdit(), "nobody")
    library.lineEdit().editingFinished.emit()
    assert library.currentText() == "angry  (loud)"
