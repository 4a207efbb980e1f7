"""An actor's performance that a character is to get: its file, and where it begins."""

from __future__ import annotations

from ..library import CLIP_SUFFIXES, VIDEO_SUFFIXES, BadInputError
from ..qt import qt_module

QtWidgets = qt_module("QtWidgets")


class PerformanceBox(QtWidgets.QWidget):
    """The file of a transfer. `frame` is a field beside it: without a number, the performance
    begins where playback does."""

    def __init__(self) -> None:
        super().__init__()
        self.path = QtWidgets.QLineEdit()
        self.path.setPlaceholderText("a motion clip or a video")
        self.path.setToolTip(
            f"The performance: a motion clip ({', '.join(CLIP_SUFFIXES)}; Live Link Face writes "
            ".csv), or a video of the actor's face. Without a style it comes as the actor gave it"
        )
        self.file_button = QtWidgets.QPushButton("File…")
        self.file_button.setToolTip("Choose a motion clip or a video")
        self.frame = QtWidgets.QLineEdit()
        self.frame.setPlaceholderText("where playback begins")
        self.frame.setToolTip("The scene frame at which the performance starts")
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.path, 1)
        row.addWidget(self.file_button)
        self.file_button.clicked.connect(self._choose_file)

    def file(self) -> str:
        """The path that is written; empty if there is none."""
        return self.path.text().strip()

    def start_frame(self) -> float | None:
        """Raises `BadInputError` for what is no number."""
        written = self.frame.text().strip()
        if not written:
            return None
        try:
            return float(written.replace(",", "."))
        except ValueError:
            raise BadInputError(
                f"The performance can't start at '{written}'; write a frame such as 101."
            ) from None

    def _choose_file(self) -> None:
        clips, videos = (
            " ".join(f"*{suffix}" for suffix in suffixes)
            for suffixes in (CLIP_SUFFIXES, VIDEO_SUFFIXES)
        )
        kinds = f"Performances ({clips} {videos});;Motion Clips ({clips});;Videos ({videos})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Performance", "", kinds)
        if path:
            self.path.setText(path)
