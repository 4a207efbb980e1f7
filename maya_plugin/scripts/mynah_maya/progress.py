"""Progress where the artist sees it: Maya's main progress bar, and Esc to cancel."""

from __future__ import annotations

from typing import Protocol

from maya import cmds, mel

_STEPS = 100


class Progress(Protocol):
    """Shows how far the lines under way are."""

    def show(self, status: str, fraction: float) -> None:
        """`fraction` 0 to 1; the first call begins."""
        ...

    def is_cancelled(self) -> bool:
        """Whether the artist pressed Esc."""
        ...

    def end(self) -> None:
        """Nothing is under way any more."""
        ...


class NoProgress:
    """Without windows nobody looks."""

    def show(self, status: str, fraction: float) -> None:
        del status, fraction

    def is_cancelled(self) -> bool:
        return False

    def end(self) -> None:
        pass


class MainProgressBar:
    """The bar at the bottom of Maya's window."""

    def __init__(self) -> None:
        self._bar = ""

    def show(self, status: str, fraction: float) -> None:
        if not self._bar:
            self._bar = str(mel.eval("$t=$gMainProgressBar"))
            cmds.progressBar(
                self._bar,
                edit=True,
                beginProgress=True,
                isInterruptable=True,
                status=status,
                maxValue=_STEPS,
            )
        cmds.progressBar(self._bar, edit=True, progress=round(_STEPS * fraction), status=status)

    def is_cancelled(self) -> bool:
        return bool(self._bar and cmds.progressBar(self._bar, query=True, isCancelled=True))

    def end(self) -> None:
        if self._bar:
            bar, self._bar = self._bar, ""
            cmds.progressBar(bar, edit=True, endProgress=True)


def progress_here() -> Progress:
    """What this Maya can show."""
    return NoProgress() if cmds.about(batch=True) else MainProgressBar()
