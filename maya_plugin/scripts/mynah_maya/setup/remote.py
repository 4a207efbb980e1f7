"""What came of the last test of the connection to a daemon on another computer."""

from __future__ import annotations

from ..library import ConnectionTest

connection_test = ConnectionTest()
