"""What somebody meets who works with the window: in narrow panels, by keys, by wheel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from tests.maya.faces import PLUGIN, make_face, make_head

NARROW = 380
HALF_A_ROW = 12


@pytest.fixture
def window(app: Any) -> Iterator[Any]:
    from maya import cmds

    from mynah_maya.session import Session
    from mynah_maya.ui.window import MynahWindow

    def refuse() -> Any:
        raise OSError("no engine here")

    cmds.loadPlugin(str(PLUGIN))
    make_face()
    make_head()
    cmds.group("face", "head", name="hero")
    cmds.select("hero")
    session = Session(refuse)
    before = app.font()
    font = app.font()
    font.setPixelSize(12)  # about Maya's, whatever this computer's is
    app.setFont(font)
    made = MynahWindow(session)
    made.resize(480, 720)
    made.show()
    made.rig.read()
    yield made
    made.close()
    made.deleteLater()
    session.close()
    app.setFont(before)
    app.processEvents()


def qt(name: str) -> Any:
    from mynah_maya.qt import qt_module

    return qt_module(name)


def fields(root: Any) -> list[Any]:
    """What one can click or write in, without the parts that Qt makes them of."""
    widgets = qt("QtWidgets")
    kinds = (
        widgets.QAbstractButton,
        widgets.QAbstractSpinBox,
        widgets.QComboBox,
        widgets.QLineEdit,
        widgets.QTableWidget,
    )
    of_qt = (*kinds, widgets.QHeaderView, widgets.QTabBar)
    found = [own for kind in kinds for own in root.findChildren(kind)]
    return [own for own in found if not isinstance(own.parent(), of_qt)]


def press(widget: Any, key: str, modifier: str = "NoModifier") -> Any:
    """The event after it went where Qt sends it: to the widget, and to those that it lies in."""
    core, gui = qt("QtCore"), qt("QtGui")
    code, held = getattr(core.Qt.Key, key), getattr(core.Qt.KeyboardModifier, modifier)
    event = gui.QKeyEvent(core.QEvent.Type.KeyPress, code, held)
    event.ignore()
    core.QCoreApplication.sendEvent(widget, event)
    return event


def test_every_field_tells_what_it_is_for(window: Any) -> None:
    obvious = {"Cancel", "Generate Lip Sync", "Add", "Remove"}
    silent = [
        own.text() if hasattr(own, "text") else type(own).__name__
        for own in fields(window)
        if not own.toolTip()
    ]
    assert set(silent) <= obvious


def test_pages_are_as_narrow_as_a_panel(window: Any) -> None:
    bar = window.style().pixelMetric(qt("QtWidgets").QStyle.PixelMetric.PM_ScrollBarExtent)
    inside = window.rig.table.parentWidget()
    for page in (inside, window.doctor, window.dialogue, window.voice):
        assert page.minimumSizeHint().width() <= NARROW - bar, page
    assert window.minimumSizeHint().width() <= NARROW
    assert window.minimumSizeHint().height() <= 400


def show_all(window: Any, name: str) -> None:
    """Everything that the first page can show, of things that are called like that."""
    from mynah_maya.gestures import Gesture
    from mynah_maya.style_choice import Performance, StyleChoice
    from mynah_maya.ui.fold import Fold

    styles = window.form.styles
    styles.delete_button.show()
    styles.add(StyleChoice(name, 0.5, "brows", 1032))
    styles.add(StyleChoice(f"/takes/{name}.npz"))
    styles.rig_button.click()
    assert isinstance(styles.choices[-1].performance, Performance)
    window.form.gestures.add(Gesture(f"/takes/{name}.npz", 1, 25, 1040))
    window.form.text.setText(name)
    window.form.character.setText(name)
    for fold in window.form.folds.findChildren(Fold):
        fold.button.setChecked(True)


@pytest.mark.parametrize("name", ["hero", "Hauptfigurenkopfverformungssteuerungsgruppe_links_oben"])
def test_nothing_is_cut_off_in_a_narrow_panel(window: Any, app: Any, name: str) -> None:
    from maya import cmds

    from mynah_maya.ui.pages import TITLES

    cmds.rename("hero", name)
    cmds.select(name)
    window.resize(NARROW, 720)
    for page in TITLES:
        window.open_page(page)
        if page == "line":
            show_all(window, name)
        app.processEvents()
        assert window.width() == NARROW, page
        for area in window.tabs.currentWidget().findChildren(qt("QtWidgets").QScrollArea):
            assert area.horizontalScrollBar().maximum() == 0, (page, area.widget())
        if isinstance(window.tabs.currentWidget(), qt("QtWidgets").QScrollArea):
            assert window.tabs.currentWidget().horizontalScrollBar().maximum() == 0, page


def test_what_is_needed_most_is_seen_without_scrolling(window: Any, app: Any) -> None:
    from mynah_maya.style_choice import StyleChoice

    window.resize(480, 900)
    for name in ("angry", "tired", "sly"):
        window.form.styles.add(StyleChoice(name))
    window.banner.show()
    app.processEvents()
    form = window.form
    shown = (form.voice, form.character, form.styles.library, form.styles.table, form.strength)
    for widget in (*shown, form.seed, window.generate_button, window.cancel_button):
        assert widget.visibleRegion().boundingRect() == widget.rect(), widget.toolTip()


def test_fields_of_all_parts_of_the_line_begin_at_one_edge(window: Any, app: Any) -> None:
    form = window.form
    show_all(window, "hero")
    app.processEvents()
    corner = qt("QtCore").QPoint(0, 0)
    lined_up = (form.voice, form.character, form.styles.library, form.strength, form.quality)
    lined_up += (form.text, form.model, form.voice_guidance, form.style_guidance, form.keys)
    lined_up += (form.place.frame, form.place.name, form.place.first)
    lined_up += tuple(row.spin for row in form.amounts.values())
    edges = {field.mapTo(window, corner).x() for field in lined_up}
    assert len(edges) == 1, edges


def test_what_is_folded_away_is_told(window: Any) -> None:
    form = window.form
    titles = ["Name and Cut", "Text, Model and Guidance", "Gestures", "Amounts", "Keys"]
    folds = [form.fold_of_place, form.fold_of_text, form.fold_of_gestures]
    folds += [form.fold_of_amounts, form.fold_of_keys]
    assert [fold.button.text() for fold in folds] == titles
    assert not any(field.isVisible() for field in (form.text, form.keys, form.voice_guidance))
    show_all(window, "hero")
    form.place.name.setText("greeting")
    form.place.last.setValue(2.5)
    form.voice_guidance.setValue(1.2)
    form.amounts["lips"].spin.setValue(1.5)
    form.amounts["head"].mute.setChecked(True)
    form.keys.setCurrentIndex(form.keys.findData("stepped"))
    form.hold.setValue(2)
    form.on_base.setChecked(True)
    window.refresh()
    assert [fold.button.text() for fold in folds] == titles, "seen twice"
    for fold in folds:
        fold.button.click()
    assert [fold.button.text() for fold in folds] == [
        "Name and Cut: greeting, to 2.5 s",
        "Text, Model and Guidance: hero, voice 1.2",
        "Gestures: hero.npz",
        "Amounts: lips 1.5, head 0",
        "Keys: stepped, 2 frames held, on the base layer",
    ]


def test_keys_that_no_field_uses_do_not_reach_the_scene(window: Any) -> None:
    core, gui = qt("QtCore"), qt("QtGui")
    table = window.dialogue.table
    for key in ("Key_Delete", "Key_Backspace", "Key_S", "Key_Return", "Key_Escape"):
        assert press(table, key).isAccepted(), f"{key} goes on to Maya"
    assert window.isVisible(), "Escape closed it"
    assert not press(window, "Key_Z", "ControlModifier").isAccepted(), "Undo is not Maya's"
    assert not press(window, "Key_F8").isAccepted()
    asked = core.QEvent.Type.ShortcutOverride
    for key, held, is_kept in (
        (core.Qt.Key.Key_S, core.Qt.KeyboardModifier.NoModifier, True),
        (core.Qt.Key.Key_S, core.Qt.KeyboardModifier.ShiftModifier, True),
        (core.Qt.Key.Key_V, core.Qt.KeyboardModifier.AltModifier, False),
    ):
        event = gui.QKeyEvent(asked, key, held)
        event.ignore()
        core.QCoreApplication.sendEvent(table, event)
        assert event.isAccepted() is is_kept


def test_return_in_a_field_begins_nothing(window: Any) -> None:
    for field in (window.form.character, window.form.text, window.form.seed, window.rig.search):
        press(field, "Key_Return")
    assert not window.session.is_busy
    assert window.dialogue.table.rowCount() == 0


def test_the_wheel_changes_no_field_in_passing(window: Any, app: Any) -> None:
    seed, quality = window.form.seed, window.form.quality
    seed.setValue(7)
    chosen = quality.currentIndex()
    for field in (seed, quality, window.form.strength):
        wheel(field, -120)
    assert (seed.value(), quality.currentIndex()) == (7, chosen)
    assert window.form.strength.value() == 1.0
    seed.setFocus()
    window.activateWindow()
    app.processEvents()
    if seed.hasFocus():  # where there is somebody to give it
        wheel(seed, 120)
        assert seed.value() == 8


def wheel(widget: Any, angle: int) -> None:
    core, gui = qt("QtCore"), qt("QtGui")
    place = core.QPointF(widget.rect().center())
    event = gui.QWheelEvent(
        place,
        core.QPointF(widget.mapToGlobal(widget.rect().center())),
        core.QPoint(0, 0),
        core.QPoint(0, angle),
        core.Qt.MouseButton.NoButton,
        core.Qt.KeyboardModifier.NoModifier,
        core.Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    core.QCoreApplication.sendEvent(widget, event)


@pytest.mark.parametrize("page", ["line", "rig", "doctor", "dialogue"])
def test_tab_goes_from_top_to_bottom_and_through_tables(window: Any, app: Any, page: str) -> None:
    root = window.form.parentWidget() if page == "line" else getattr(window, page)
    if page == "line":
        show_all(window, "hero")
        app.processEvents()
    window.open_page("line" if page == "dialogue" else page)
    own = set(fields(root))
    order: list[Any] = []
    for _ in range(300):
        window.focusNextChild()
        here = window.focusWidget()
        if here in own:
            if here in order:
                break
            order.append(here)
    assert order
    corner = qt("QtCore").QPoint(0, 0)
    tops = [own.mapTo(window, corner).y() for own in order]
    below = [b > a - HALF_A_ROW for a, b in itertools.pairwise(tops)]
    assert all(below), [(t, own.toolTip()[:30]) for t, own in zip(tops, order, strict=True)]
    for table in root.findChildren(qt("QtWidgets").QTableWidget):
        assert not table.tabKeyNavigation(), "Tab stays in a table"
