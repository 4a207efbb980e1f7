"""What came of the last test of the connection to a daemon on another computer."""

from __future__ import annotations

from ..library import ConnectionTest
from .job import redraw_areas

connection_test = ConnectionTest(lambda: redraw_areas("PREFERENCES"))
