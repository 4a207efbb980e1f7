"""The window's pages beside the line: mapping, doctor, help."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mynah_shared.client.examination import EngineState
from tests.maya.faces import PLUGIN, make_face, make_head, until


@pytest.fixture
def app(app: Any) -> Any:
    """Qt's application, and a character to look at."""
    from maya import cmds

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    make_head()
    cmds.group("face", "head", name="hero")
    cmds.select("hero")
    return app


@pytest.fixture
def rig(app: Any) -> Iterator[Any]:
    from mynah_maya.ui.rig_page import RigPage

    page = RigPage(lambda: ())
    page.show()
    page.read()
    yield page
    page.close()
    page.deleteLater()
    app.processEvents()


class FoundEngine:
    """A look at the engine that is done at once."""

    def __init__(self, state: EngineState) -> None:
        self.state = state


@pytest.fixture
def doctor(app: Any) -> Iterator[Any]:
    from mynah_maya.ui.doctor_page import DoctorPage

    page = DoctorPage(lambda: ("hero",), lambda: FoundEngine(EngineState(silent_pid=7)))
    page.show()
    yield page
    page.close()
    page.deleteLater()
    app.processEvents()


def choose(page: Any, name: str) -> None:
    for row in range(page.table.rowCount()):
        if page.table.item(row, 0).text() == name:
            page.table.selectRow(row)


def shown(page: Any) -> list[str]:
    rows = range(page.table.rowCount())
    return [page.table.item(row, 0).text() for row in rows if not page.table.isRowHidden(row)]


def test_the_proposal_with_confidence_and_reason(rig: Any) -> None:
    assert rig.title.text().startswith("hero: proposed from its names.\nARKit 52: 52 of 52 shapes")
    choose(rig, "jawOpen")
    row = rig.table.selectedItems()[0].row()
    assert rig.table.item(row, 2).text() == "sure 100 %"
    assert rig.target.title() == "jawOpen"
    assert "ARKit's own name" in rig.target.reason.text()
    assert not rig.automatic_button.isEnabled()


def test_search(rig: Any) -> None:
    rig.search.setText("jaw LEFT")
    assert shown(rig) == ["jawLeft"]
    rig.search.setText("bone head")
    assert shown(rig) == ["head turn left", "head turn up", "head turn front"]
    rig.search.clear()
    assert len(shown(rig)) == 55


def test_a_weight_is_kept_and_undone(rig: Any, app: Any) -> None:
    from maya import cmds

    choose(rig, "jawOpen")
    rig.target.channels.cellWidget(0, 1).setValue(0.5)
    until(lambda: rig.view.is_own, app.processEvents)
    row = rig.table.selectedItems()[0].row()
    assert rig.table.item(row, 2).text() == "your own"
    assert rig.view.find("jawOpen").row == (("jawOpen", 0.5),)
    assert rig.target.title() == "jawOpen", "the choice was lost"
    cmds.undo()
    rig.read()
    assert not rig.view.is_own


def test_channels_and_targets_are_added_and_removed(rig: Any, app: Any) -> None:
    from maya import cmds

    choose(rig, "jawOpen")
    rig.target.channel.setEditText("mouthClose")
    rig.target.add_channel_button.click()
    assert dict(rig.view.find("jawOpen").row) == {"jawOpen": 1.0, "mouthClose": 1.0}
    rig.target.channels.cellWidget(1, 2).click()
    until(lambda: len(rig.view.find("jawOpen").row) == 1, app.processEvents)
    rig.target.channels.cellWidget(0, 2).click()
    until(lambda: rig.view.find("jawOpen") is None, app.processEvents)
    cmds.addAttr("head", longName="brow", attributeType="double", keyable=True)
    rig.target.name.setEditText("brow")
    rig.target.channel.setEditText("browInnerUp")
    rig.target.add_target_button.click()
    assert rig.view.find("brow").what.startswith("property 'brow' of head")
    choose(rig, "brow")
    rig.target.full.setValue(10)
    rig.target.range_button.click()
    assert "10" in rig.view.find("brow").what
    rig.target.channel.setEditText("browInerUp")
    rig.target.add_channel_button.click()
    assert "no channel of the performance" in rig.box.toPlainText()


def test_mirror_and_automatic(rig: Any) -> None:
    choose(rig, "mouthSmileLeft")
    rig.target.channel.setEditText("cheekSquintLeft")
    rig.target.add_channel_button.click()
    rig.left_button.click()
    assert "cheekSquintRight" in dict(rig.view.find("mouthSmileRight").row)
    rig.automatic_button.click()
    assert not rig.view.is_own
    assert rig.view.find("mouthSmileRight").row == (("mouthSmileRight", 1.0),)


def test_the_same_file_is_saved_and_loaded(rig: Any, tmp_path: Path) -> None:
    from mynah_shared.rig.mapping import RigMapping

    choose(rig, "jawOpen")
    rig.target.channel.setEditText("mouthClose")
    rig.target.add_channel_button.click()
    rig.save(tmp_path / "hero.json")
    assert set(RigMapping.load(tmp_path / "hero.json").weights["jawOpen"]) == {
        "jawOpen",
        "mouthClose",
    }
    rig.automatic_button.click()
    rig.load(tmp_path / "hero.json")
    assert rig.view.is_own
    (tmp_path / "bad.json").write_text("{")
    rig.load(tmp_path / "bad.json")
    assert "bad.json" in rig.box.toPlainText()
    assert rig.view.is_own, "a bad file lost the good mapping"


def test_dry_run(rig: Any) -> None:
    rig.dry_button.click()
    assert "Drives 55 targets." in rig.box.toPlainText()


def test_a_pose_is_shown_while_the_button_is_held(rig: Any) -> None:
    from maya import cmds

    choose(rig, "jawOpen")
    rig.target.try_button.pressed.emit()
    assert cmds.getAttr("faceBS.jawOpen") == pytest.approx(1.0)
    rig.target.try_button.released.emit()
    assert cmds.getAttr("faceBS.jawOpen") == 0
    rig.target.try_button.pressed.emit()
    rig.hide()
    assert cmds.getAttr("faceBS.jawOpen") == 0
    cmds.delete("hero")
    rig.target.try_button.pressed.emit()
    assert "was deleted" in rig.box.toPlainText()


def test_nobody_chosen_gets_its_sentence(rig: Any) -> None:
    from maya import cmds

    cmds.select(clear=True)
    rig.read_button.click()
    assert "No character is chosen" in rig.box.toPlainText()
    assert rig.table.rowCount() == 0
    assert not rig.dry_button.isEnabled()
    rig.target.add_target_button.click()


def test_findings_have_buttons(doctor: Any, app: Any) -> None:
    from maya import cmds

    cmds.setAttr("faceBS.envelope", 0)
    cmds.setAttr("hero.visibility", 0)
    doctor.check_button.click()
    assert len(doctor.rows) == 2
    until(lambda: len(doctor.rows) == 3, app.processEvents)
    assert doctor.status.text() == "1 problem, 2 hints."
    labels = [row.button.text() for row in doctor.rows if row.button]
    assert labels == ["Set It to 1", "Engine…", "Show It"]
    doctor.rows[0].button.click()
    until(lambda: len(doctor.rows) == 2, app.processEvents)
    assert cmds.getAttr("faceBS.envelope") == 1
    cmds.undo()
    assert cmds.getAttr("faceBS.envelope") == 0
    doctor.check_button.click()
    doctor.fix_all_button.click()
    assert cmds.getAttr("faceBS.envelope") == 1
    assert not cmds.getAttr("hero.visibility"), "the artist's own"
    assert not doctor.fix_all_button.isEnabled()


def test_a_fix_that_fails_says_so(doctor: Any, app: Any) -> None:
    from maya import cmds

    cmds.setAttr("faceBS.envelope", 0)
    cmds.setAttr("faceBS.envelope", lock=True)
    doctor.check_button.click()
    doctor.fix_all_button.click()
    assert "can't be set" in doctor.status.text()


def test_closed_before_the_engine_answered(doctor: Any, app: Any) -> None:
    doctor.check_button.click()
    doctor.hide()
    for _ in range(3):
        app.processEvents()
    assert doctor._timer is None


def test_each_page_opens(app: Any, tmp_path: Path) -> None:
    from mynah_maya.session import Session
    from mynah_maya.ui.pages import TITLES
    from mynah_maya.ui.window import MynahWindow

    def refuse() -> Any:
        raise OSError("no engine here")

    window = MynahWindow(Session(refuse))
    for page, title in TITLES.items():
        window.open_page(page)
        assert window.tabs.tabText(window.tabs.currentIndex()) == title
    assert "mynahGenerate -audio line_01" in window.tabs.currentWidget().toPlainText()
    assert window.rig.table.rowCount() == 55
    window.close()
    window.deleteLater()
    app.processEvents()
