"""maya.standalone: Maya without windows, as mayapy starts it."""

from __future__ import annotations

from maya._world import world


def initialize(name: str = "python") -> None:
    """Start Maya in batch mode."""
    world.reset(batch=True, version=world.version)


def uninitialize() -> None:
    """End it; no command works afterwards."""
    world.is_running = False
