"""The first steps, and what each command takes: also where there is no network."""

from __future__ import annotations

import html
from typing import Any

from .. import commands
from ..flags import HELP, value_of
from ..library import __version__
from ..qt import qt_module

QtWidgets = qt_module("QtWidgets")

_STEPS = (
    "Import the recording (File &gt; Import), or have its file ready.",
    "Select the mesh of the face, its group, or any control of a referenced character.",
    "Press <b>Generate Lip Sync</b>. The keys come on an animation layer of their own; yours stay.",
    "Press <b>Lip Sync Scene</b> for all sounds at once: a sound belongs to the character with "
    "whose name its own begins.",
    "Choose <b>Performance</b> to give the character what an actor performed, from a motion clip "
    "or a video, in the manner of the styles.",
    "Another take of a line, or a range of one made anew: the page <b>Takes</b>.",
    "If something moves wrongly, look at the page <b>Rig</b>; if nothing moves, ask the "
    "<b>Doctor</b>.",
)


class HelpPage(QtWidgets.QTextBrowser):
    """Read-only text."""

    def __init__(self) -> None:
        super().__init__()
        steps = "".join(f"<li>{step}</li>" for step in _STEPS)
        texts = "".join(_explained(own) for own in commands.EXPLAINED)
        self.setHtml(
            f"<h3>Mynah {__version__}</h3><ol>{steps}</ol><p>In scripts, Python or MEL:</p>{texts}"
        )


def _explained(own: Any) -> str:
    """What -help prints, as a table that is as wide as the page."""
    rows = "".join(
        f"<tr><td>{_code(f'-{flag.long} -{flag.short}')} {value_of(flag).lower()}</td>"
        f"<td>{html.escape(flag.help)}</td></tr>"
        for flag in (*own.flags, HELP)
    )
    return (
        f"<h4>{own.name}</h4><p>{html.escape(own.purpose[:1].upper() + own.purpose[1:])}</p>"
        f'<table cellspacing="0" cellpadding="3">{rows}</table>'
        f"<p>Example: {_code(own.example)}</p>"
    )


def _code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>"
