"""An actor's performance that a character is to get."""

from __future__ import annotations

from ..library import CLIP_SUFFIXES, VIDEO_SUFFIXES
from ..qt import qt_module

QtWidgets = qt_module("QtWidgets")


class PerformanceBox(QtWidgets.QWidget):
    """The file of a transfer."""

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
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.path, 1)
        row.addWidget(self.file_button)
        self.file_button.clicked.connect(self._choose_file)

    def file(self) -> str:
        """The path that is written; empty if there is none."""
        return self.path.text().strip()

    def _choose_file(self) -> None:
        clips, videos = (
            " ".join(f"*{suffix}" for suffix in suffixes)
            for suffixes in (CLIP_SUFFIXES, VIDEO_SUFFIXES)
        )
        kinds = f"Performances ({clips} {videos});;Motion Clips ({clips});;Videos ({videos})"
        path, _kind = QtWidgets.QFileDialog.getOpenFileName(self, "Performance", "", kinds)
        if path:
            self.path.setText(path)
