"""The one running Maya: its scene, its clock, its queues, its windows."""

from __future__ import annotations

import threading
import uuid as uuids
from collections.abc import Callable
from typing import Any

from maya._journal import Journal
from maya._scene import Node, Scene
from maya._units import Units

_DEFAULTS = uuids.UUID(int=0x64656661756C74)  # default nodes keep their identity in every scene


class World:
    """The state of one session; `reset` is a restart of Maya."""

    def __init__(self) -> None:
        self.main_thread = threading.main_thread()
        self.reset()

    def reset(self, batch: bool = False, version: int = 2025) -> None:
        """A freshly started Maya with an empty scene. `batch`: as mayapy, without windows."""
        self.is_batch = batch
        self.version = version
        self.is_running = True
        self.journal = Journal()
        self.units = Units()
        self.up_axis = "y"
        self.scene = Scene(self.journal)
        self.commands: dict[str, Any] = {}  # those of plug-ins
        self.plugins: dict[str, Any] = {}
        self.callbacks: dict[int, tuple[Any, Callable[..., Any], Any]] = {}
        self.jobs: dict[int, tuple[str, Callable[[], Any], bool]] = {}
        self.next_id = 1
        self.deferred: list[Callable[[], Any]] = []
        self.options: dict[str, Any] = {}
        self.widgets: dict[str, dict[str, Any]] = {} if batch else _main_window()
        self.main_window: int | None = None  # the pointer of a Qt window
        self.said: list[tuple[str, str]] = []  # ("info" | "warning" | "error" | …, text)
        self.answers: list[Any] = []  # what the user answers to the next dialogs
        self.empty_scene()

    def empty_scene(self) -> None:
        """What `file -new` leaves: the default nodes and default times."""
        journal = self.journal
        journal.flush()
        self.scene = Scene(journal)
        self.default_tangents = ("auto", "auto")
        self.time = 0
        self.sound = ""
        self.slider_range: tuple[float, float] | None = None  # as Shift-dragged by the user
        self.is_scrubbing = False
        self.playback = {"min": 1.0, "max": 120.0, "ast": 1.0, "aet": 200.0, "speed": 1.0}
        with journal.unrecorded():
            self.time = self.units.ticks(1.0)
            for kind, name in (
                ("time", "time1"),
                ("objectSet", "defaultObjectSet"),
                ("objectSet", "initialShadingGroup"),
            ):
                self._make_default(kind, name)
            for name in ("persp", "top", "front", "side"):
                self._make_default("camera", f"{name}Shape", self._make_default("transform", name))
        self.default_nodes = frozenset(self.scene.nodes)
        self.scene.is_modified = False

    def _make_default(self, kind: str, name: str, parent: Node | None = None) -> Node:
        uuid = str(uuids.uuid5(_DEFAULTS, name)).upper()
        return self.scene.create(kind, name, parent, uuid)

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id - 1

    def check_thread(self) -> None:
        """Commands work on the main thread only (Autodesk: Python and threading)."""
        if threading.current_thread() is not self.main_thread:
            raise RuntimeError("Maya's commands were called outside of the main thread")
        if not self.is_running:
            raise RuntimeError("maya.standalone.uninitialize() was called: there is no Maya")

    def say(self, kind: str, text: str) -> None:
        self.said.append((kind, text))

    def emit(self, event: Any, *arguments: Any) -> bool:
        """Call what was registered for an event; False if a check callback forbids it."""
        allowed = True
        for number in list(self.callbacks):
            if number in self.callbacks and self.callbacks[number][0] == event:
                _event, function, data = self.callbacks[number]
                allowed &= function(*arguments, data) is not False
        return allowed

    def run_jobs(self, event: str) -> None:
        """What scriptJob registered for an event; at idle in Maya, at once here."""
        for number in list(self.jobs):
            if number in self.jobs and self.jobs[number][0] == event:
                _event, function, once = self.jobs[number]
                if once:
                    del self.jobs[number]
                function()


def _main_window() -> dict[str, dict[str, Any]]:
    """The widgets that a plug-in finds in a Maya with windows."""
    top = "MayaWindow|shelves|ShelfLayout"
    return {
        "MayaWindow": {"kind": "window"},
        top: {"kind": "tabLayout", "parent": "MayaWindow", "selectTab": "Custom"},
        f"{top}|Custom": {"kind": "shelfLayout", "parent": top},
        "MayaWindow|mainProgressBar": {"kind": "progressBar", "isCancelled": False},
    }


world = World()
