"""Where the window stands: in a panel that Maya docks, or by itself where there is none."""

from __future__ import annotations

from typing import Any

from .. import session as sessions
from .panel import Panel
from .window import MynahWindow

CONTROL = "mynahWindowControl"

_panel = Panel(
    CONTROL,
    "Mynah",
    lambda: MynahWindow(sessions.session),
    "from mynah_maya.ui import dock\ndock.fill()",
    lambda: {"initialWidth": 480, "initialHeight": 720},
)


def show(page: str = "") -> Any:
    """Open the window, or bring the one that is open to the front, at a page if one is named.
    Returns it."""
    window = _panel.show()
    if page:
        window.open_page(page)
    return window


def fill() -> Any:
    """Put the window into its panel; Maya calls this too, when it restores a layout."""
    return _panel.fill()


def close() -> None:
    """Close the window; lines under way go on."""
    _panel.close()
