"""The first steps, and what each command takes: also where there is no network."""

from __future__ import annotations

import html

from .. import commands
from ..flags import help_text
from ..library import __version__
from ..qt import qt_module

QtWidgets = qt_module("QtWidgets")

_STEPS = (
    "Import the recording (File &gt; Import), or have its file ready.",
    "Select the mesh of the face, its group, or any control of a referenced character.",
    "Press <b>Generate Lip Sync</b>. The keys come on an animation layer of their own; yours stay.",
    "Press <b>Lip Sync Scene</b> for all sounds at once: a sound belongs to the character with "
    "whose name its own begins.",
    "If something moves wrongly, look at the page <b>Rig</b>; if nothing moves, ask the "
    "<b>Doctor</b>.",
)


class HelpPage(QtWidgets.QTextBrowser):
    """Read-only text."""

    def __init__(self) -> None:
        super().__init__()
        steps = "".join(f"<li>{step}</li>" for step in _STEPS)
        told = [
            html.escape(help_text(own.name, own.purpose, own.flags, own.example))
            for own in commands.EXPLAINED
        ]
        texts = "".join(f"<pre>{text}</pre>" for text in told)
        self.setHtml(
            f"<h3>Mynah {__version__}</h3><ol>{steps}</ol><p>In scripts, Python or MEL:</p>{texts}"
        )
