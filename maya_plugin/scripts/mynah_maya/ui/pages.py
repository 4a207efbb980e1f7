"""The pages of the window, by the names that menus and scripts open them with."""

from __future__ import annotations

LINE, TAKES, RIG, DOCTOR, ENGINE, HELP = "line", "takes", "rig", "doctor", "engine", "help"
TITLES = {
    LINE: "Lip Sync",
    TAKES: "Takes",
    RIG: "Rig",
    DOCTOR: "Doctor",
    ENGINE: "Engine",
    HELP: "Help",
}
