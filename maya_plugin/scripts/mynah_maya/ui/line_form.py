"""What is said or performed, by whom and how: the fields of a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from maya import cmds

from ..library import AUDIO_SUFFIXES, Amounts, Interpolation, ModelInfo, Quality
from ..order import Wish
from ..qt import qt_module
from ..scene_reader import audio_nodes, effective_fps
from .fold import Fold
from .gesture_rows import GestureRows
from .performance_box import PerformanceBox
from .place_box import PlaceBox
from .style_rows import StyleRows

QtCore = qt_module("QtCore")
QtWidgets = qt_module("QtWidgets")

_AMOUNTS = (
    ("lips", "Lips", "jaw, lips and tongue"),
    ("brows", "Brows", "brows, cheeks and nose"),
    ("blinks", "Blinks", "lids"),
    ("gaze", "Gaze", "eyes"),
    ("head", "Head", "head turns and nods"),
)
_SOURCES = (
    ("Voice", "A voice: the character is made to speak it"),
    (
        "Performance",
        "An actor's captured performance, a motion clip or a video: the character gets it, in the "
        "manner of the styles",
    ),
)
_LARGEST_SEED = 2**31 - 1
_LONGEST_HOLD = 12
_FADE_FRAMES, _LONGEST_FADE = 24.0, 240.0
_LARGEST_GUIDANCE = 10.0
_BOUND, _LARGEST_BOUND = 0.01, 0.1
_LEAST_WIDTH = 56


class VoiceBox(QtWidgets.QComboBox):
    """The sounds of the scene, read when the list is opened; a file's path can be written."""

    def __init__(self) -> None:
        super().__init__()
        self.setEditable(True)
        self.setMinimumContentsLength(8)
        self.lineEdit().setPlaceholderText("the selected sound, else the time slider's")
        self.setToolTip("An audio node of the scene, or a recording's path")
        self.fill()

    def fill(self) -> None:
        """List the scene's sounds; what is written stays."""
        written = self.currentText()
        self.clear()
        self.addItems(["", *audio_nodes()])
        self.setEditText(written)

    def showPopup(self) -> None:
        """Qt's name for opening the list."""
        self.fill()
        super().showPopup()


class AmountRow:
    """How much of a part is shown, and its Mute."""

    def __init__(self, what: str) -> None:
        self.spin = _decimal()
        self.spin.setToolTip(f"How much the {what} move: 0 not at all, 1 as the model says")
        self.mute = QtWidgets.QCheckBox("Mute")
        self.mute.setToolTip(f"The {what} don't move")
        self.mute.toggled.connect(self.spin.setDisabled)

    @property
    def value(self) -> float:
        return 0.0 if self.mute.isChecked() else round(self.spin.value(), 2)


class LineForm(QtWidgets.QWidget):
    """The fields, and the `Wish` that they mean. `source` tells whether the character speaks a
    voice or gets a performance; what has no meaning for that one is hidden. `folds` are what is
    rarely set: a widget of its own, which comes below the button that begins the line."""

    def __init__(self) -> None:
        super().__init__()
        self.source = QtWidgets.QTabBar()
        self.source.setDrawBase(False)
        for label, what in _SOURCES:
            self.source.setTabToolTip(self.source.addTab(label), what)
        self.performance = PerformanceBox()
        self.place = PlaceBox()
        self.voice = VoiceBox()
        self.voice_button = QtWidgets.QPushButton("File…")
        self.character = QtWidgets.QLineEdit()
        self.character.setPlaceholderText("the selection")
        self.character.setToolTip(
            "The mesh of a face, its group, a set or a namespace such as hero: "
            "(several for the dialogue, with spaces between them)"
        )
        self.selection_button = QtWidgets.QPushButton("From Selection")
        self.styles = StyleRows()
        self.gestures = GestureRows()
        self.strength = _decimal()
        self.strength.setToolTip("How far all styles are from neutral: 1 as shown, 2 exaggerated")
        self.fade = _decimal(_FADE_FRAMES, _LONGEST_FADE, 1.0, 1)
        self.fade.setToolTip("Over how many frames one style turns into the next")
        self.voice_guidance = _guidance("voice")
        self.style_guidance = _guidance("style")
        self.quality = QtWidgets.QComboBox()
        for quality in Quality:
            self.quality.addItem(quality.value.capitalize(), quality.value)
        self.quality.setCurrentIndex(self.quality.findData(Quality.normal.value))
        self.quality.setToolTip("How much time the model may take")
        self.seed = QtWidgets.QSpinBox()
        self.seed.setRange(0, _LARGEST_SEED)
        self.seed.setToolTip("Another number gives another take of the same line")
        self.model = QtWidgets.QComboBox()
        self.model.setToolTip("Which of the engine's models performs")
        self.show_models(())
        self.text = QtWidgets.QLineEdit()
        self.text.setPlaceholderText("what is said, if you know it (single lines only)")
        self.keys = QtWidgets.QComboBox()
        for kind in Interpolation:
            self.keys.addItem(f"{kind.value.capitalize()} Keys", kind.value)
        self.keys.setCurrentIndex(self.keys.findData(Interpolation.smooth.value))
        self.hold = QtWidgets.QSpinBox()
        self.hold.setRange(1, _LONGEST_HOLD)
        self.hold.setToolTip("Stepped keys: frames that each pose is held")
        self.bound = _decimal(_BOUND, _LARGEST_BOUND, 0.005, 3)
        self.bound.setToolTip(
            "How far a curve may be from the performance, as a share of its range; more gives "
            "fewer keys"
        )
        self.hold_or_bound = QtWidgets.QLabel()
        self.on_base = QtWidgets.QCheckBox("On the Base Layer")
        self.on_base.setToolTip("Replaces your keys in the line's range, instead of a new layer")
        self.amounts = {field: AmountRow(what) for field, _label, what in _AMOUNTS}
        self._of_voice: list[Any] = []
        self._of_performance: list[Any] = []
        self._labels: list[Any] = []
        self.folds = QtWidgets.QWidget()
        self.fold_of_place = self._fold_of_place()
        self.fold_of_text = self._fold_of_text()
        self.fold_of_gestures = Fold(
            "Gestures",
            "Passages of clips or of rigs that play at frames of the line",
            self.gestures,
            self._told_of_gestures,
        )
        self.fold_of_amounts = self._fold_of_amounts()
        self.fold_of_keys = self._fold_of_keys()
        self._lay_out()
        self._show_source()
        self._show_hold_or_bound()
        self.source.currentChanged.connect(self._show_source)
        self.keys.currentIndexChanged.connect(self._show_hold_or_bound)
        self.voice_button.clicked.connect(self._choose_file)
        self.selection_button.clicked.connect(self.take_selection)
        self.voice_button.setToolTip("Choose a recording that is no sound of the scene")
        self.selection_button.setToolTip("Write who is selected into the field")
        self.text.setToolTip("What is said; some models listen better if they know it")
        self.keys.setToolTip("What is between the keys: curves, straight lines, or poses held")

    def names(self) -> tuple[str, ...]:
        """Who is named; empty for the selection."""
        return tuple(self.character.text().split())

    @property
    def is_transfer(self) -> bool:
        """Whether the character gets a performance there is, instead of one made for a voice."""
        return self.source.currentIndex() > 0

    def wish(self) -> Wish:
        """What the fields say. Raises `BadInputError` if the line starts at no frame."""
        wish = self.place.put_into(self.voice_wish())
        return replace(wish, performance=self.performance.file()) if self.is_transfer else wish

    def voice_wish(self) -> Wish:
        """What they say of every line of the dialogue, whichever source is chosen."""
        return Wish(
            audio=self.voice.currentText().strip(),
            characters=self.names(),
            styles=tuple(self.styles.choices),
            strength=round(self.strength.value(), 2),
            fade_s=self.fade.value() / effective_fps(),
            audio_guidance=round(self.voice_guidance.value(), 2),
            style_guidance=round(self.style_guidance.value(), 2),
            seed=self.seed.value(),
            quality=self.quality.currentData(),
            model=self.model.currentData(),
            text=self.text.text().strip(),
            key_style=self.keys.currentData(),
            hold_frames=self.hold.value(),
            bound=round(self.bound.value(), 3),
            on_base=self.on_base.isChecked(),
            gestures=self.gestures.gestures(),
            amounts=Amounts(**{field: row.value for field, row in self.amounts.items()}),
        )

    def show_models(self, models: Sequence[ModelInfo]) -> None:
        """List the engine's models; the choice stays."""
        chosen = self.model.currentData()
        self.model.clear()
        self.model.addItem("Best Model", "")
        for model in models:
            self.model.addItem(model.name, model.name)
        self.model.setCurrentIndex(max(0, self.model.findData(chosen)))

    def take_selection(self) -> None:
        """Write who is selected into the field."""
        nodes: list[str] = cmds.ls(selection=True, objectsOnly=True)
        self.character.setText(" ".join(n for n in nodes if cmds.nodeType(n) != "audio"))

    def refresh(self) -> None:
        """Show what is set in folds that are closed."""
        for fold in self._all_folds():
            fold.refresh()

    def _all_folds(self) -> tuple[Fold, ...]:
        return (
            self.fold_of_place,
            self.fold_of_text,
            self.fold_of_gestures,
            self.fold_of_amounts,
            self.fold_of_keys,
        )

    def _lay_out(self) -> None:
        for box, length in ((self.quality, 6), (self.model, 6), (self.keys, 8)):
            box.setSizeAdjustPolicy(box.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            box.setMinimumContentsLength(length)  # a docked panel is narrow
        narrow = (self.strength, self.fade, self.seed, self.hold, self.bound)
        for spin in (*narrow, self.place.first, self.place.last):
            spin.setMinimumWidth(_LEAST_WIDTH)
        form = _form(self)
        form.addRow(self.source)
        voice = _beside(self.voice, self.voice_button)
        self._of_voice += self._add(form, "Voice", voice)
        self._of_performance += self._add(form, "Performance", self.performance)
        self._add(form, "Start Frame", self.place.frame)
        self._add(form, "Character", _beside(self.character, self.selection_button))
        self._add(form, "Styles", self.styles.picker)
        form.addRow(self.styles)
        fade, seed = QtWidgets.QLabel("Fade Frames"), QtWidgets.QLabel("Seed")
        seed.setMinimumWidth(fade.sizeHint().width())
        self._add(form, "Strength", _in_halves(self.strength, fade, self.fade))
        self._of_voice += self._add(form, "Quality", _in_halves(self.quality, seed, self.seed))
        self._of_voice.append(self.fold_of_text)
        column = QtWidgets.QVBoxLayout(self.folds)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for fold in self._all_folds():
            column.addWidget(fold)
        width = max(label.sizeHint().width() for label in self._labels)
        for label in self._labels:
            label.setFixedWidth(width)  # the fields of all parts of the page begin at one edge

    def _add(self, form: Any, text: str, field: Any) -> list[Any]:
        """A row of a form, whose label lines up with those of the others."""
        label = QtWidgets.QLabel(text)
        self._labels.append(label)
        form.addRow(label, field)
        return [label, field]

    def _fold_of_place(self) -> Fold:
        inside = QtWidgets.QWidget()
        form = _form(inside)
        self._add(form, "Line Name", self.place.name)
        to = QtWidgets.QLabel("To")
        self._add(form, "From Second", _in_halves(self.place.first, to, self.place.last))
        tip = (
            "What a single line is called, and which part of its recording or performance it takes"
        )
        return Fold("Name and Cut", tip, inside, self.place.told)

    def _fold_of_text(self) -> Fold:
        inside = QtWidgets.QWidget()
        form = _form(inside)
        self._add(form, "Text", self.text)
        self._add(form, "Model", self.model)
        self._add(form, "Voice Guidance", self.voice_guidance)
        self._add(form, "Style Guidance", self.style_guidance)

        def tell() -> str:
            guidance = (("voice", self.voice_guidance), ("style", self.style_guidance))
            parts = [self.text.text().strip(), self.model.currentData() or ""]
            parts += [f"{what} {own.value():g}" for what, own in guidance if own.value() != 1]
            return ", ".join(filter(None, parts))

        tip = "What is said, which model performs, and how closely voice and style are followed"
        return Fold("Text, Model and Guidance", tip, inside, tell)

    def _told_of_gestures(self) -> str:
        return ", ".join(self.gestures.titles())

    def _fold_of_amounts(self) -> Fold:
        inside = QtWidgets.QWidget()
        form = _form(inside)
        for field, label, _what in _AMOUNTS:
            row = self.amounts[field]
            self._add(form, label, _beside(row.spin, row.mute))

        def tell() -> str:
            values = ((label, self.amounts[field].value) for field, label, _what in _AMOUNTS)
            return ", ".join(f"{label.lower()} {value:g}" for label, value in values if value != 1)

        return Fold("Amounts", "How much each part of the face moves", inside, tell)

    def _fold_of_keys(self) -> Fold:
        inside = QtWidgets.QWidget()
        form = _form(inside)
        either = (self.hold_or_bound, 0), (self.hold, 1), (self.bound, 1)
        self._add(form, "Keys", _in_row((self.keys, 1), *either))
        self._add(form, "", self.on_base)

        def tell() -> str:
            kind = self.keys.currentData()
            parts = {
                kind: kind != Interpolation.smooth.value,
                f"{self.hold.value()} frames held": kind == Interpolation.stepped.value,
                f"error {self.bound.value():g}": (
                    kind != Interpolation.stepped.value and self.bound.value() != _BOUND
                ),
                "on the base layer": self.on_base.isChecked(),
            }
            return ", ".join(part for part, is_set in parts.items() if is_set)

        return Fold("Keys", "What is between the keys, and where they come", inside, tell)

    def _show_source(self) -> None:
        for widget in self._of_voice:
            widget.setVisible(not self.is_transfer)
        for widget in self._of_performance:
            widget.setVisible(self.is_transfer)
        self.place.show_source(is_transfer=self.is_transfer)

    def _show_hold_or_bound(self) -> None:
        is_stepped = self.keys.currentData() == Interpolation.stepped.value
        self.hold_or_bound.setText("Hold" if is_stepped else "Error")
        self.hold.setVisible(is_stepped)
        self.bound.setVisible(not is_stepped)

    def _choose_file(self) -> None:
        kinds = f"Recordings ({' '.join(f'*{suffix}' for suffix in AUDIO_SUFFIXES)})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Recording", "", kinds)
        if path:
            self.voice.setEditText(path)


def _decimal(
    value: float = 1.0, largest: float = 2.0, step: float = 0.05, decimals: int = 2
) -> Any:
    spin = QtWidgets.QDoubleSpinBox()
    spin.setDecimals(decimals)
    spin.setRange(0.0, largest)
    spin.setSingleStep(step)
    spin.setValue(value)
    return spin


def _guidance(what: str) -> Any:
    spin = _decimal(largest=_LARGEST_GUIDANCE)
    spin.setToolTip(f"How closely the performance follows the {what}; 1 is as the model learned it")
    return spin


def _form(widget: Any) -> Any:
    form = QtWidgets.QFormLayout(widget)
    form.setContentsMargins(0, 0, 0, 0)
    form.setFieldGrowthPolicy(QtWidgets.QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(QtCore.Qt.AlignmentFlag.AlignLeft)
    return form


def _beside(field: Any, button: Any) -> Any:
    """A field with its button, as one widget."""
    return _in_row((field, 1), (button, 0))


def _in_halves(field: Any, label: Any, other: Any) -> Any:
    """Two fields in a row, the second with a label."""
    return _in_row((field, 1), (label, 0), (other, 1))


def _in_row(*widgets: tuple[Any, int]) -> Any:
    whole = QtWidgets.QWidget()
    row = QtWidgets.QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    for widget, stretch in widgets:
        row.addWidget(widget, stretch)
    return whole
