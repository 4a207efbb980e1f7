"""The pages of the window, by the names that menus and scripts open them with."""

from __future__ import annotations

LINE, RIG, DOCTOR, HELP = "line", "rig", "doctor", "help"
TITLES = {LINE: "Lip Sync", RIG: "Rig", DOCTOR: "Doctor", HELP: "Help"}
