"""What makes a function a command: main thread only, known flags only, one step of Undo.

A flag is written "longName/short:kind". Kinds: s string, f number, i integer, b boolean, t time or
range of times, x anything; a star behind allows several.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from maya._world import world

Flags = dict[str, Any]
Body = Callable[[tuple[Any, ...], Flags], Any]
_EXPECTED = {"s": "string", "f": "float", "i": "int", "b": "boolean", "t": "time", "x": ""}
REGISTRY: dict[str, Command] = {}


class Command:
    """One command: its name, its flags by both names, what it does."""

    def __init__(self, name: str, flags: str, modes: str, body: Body) -> None:
        self.name, self.body = name, body
        self.flags: dict[str, str] = {}  # any name -> long name
        self.kinds: dict[str, str] = {}  # long name -> kind
        for one in flags.split():
            names, _, kind = one.partition(":")
            long, _, short = names.partition("/")
            self.flags[long] = self.flags[short or long] = long
            self.kinds[long] = kind or "b"
        for mode in modes.split():
            self.flags[mode] = self.flags[mode[0]] = mode
            self.kinds[mode] = "b"

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        world.check_thread()
        flags: Flags = {}
        for name, value in keywords.items():
            long = self.flags.get(name)
            if long is None:
                raise TypeError(f"Invalid flag '{name}'")
            if long in flags:
                raise TypeError(f"Flag '{long}' is given twice")
            flags[long] = value
        if flags.get("query") and flags.get("edit"):
            raise RuntimeError("Only one of the edit and query flags may be used at once")
        for name, value in flags.items():
            if not (flags.get("query") and value is True):
                self._check(name, value)
        objects = tuple(_flat(arguments))
        with world.journal.record() as steps:
            result = self.body(objects, flags)
        world.journal.add(self.name, steps)
        return result

    def _check(self, name: str, value: Any) -> None:
        kind = self.kinds[name]
        if kind == "x" or value is None:
            return
        values = value if kind.endswith("*") and isinstance(value, list | tuple) else [value]
        for one in values:
            if not _fits(kind[0], one):
                raise TypeError(
                    f"Invalid arguments for flag '{name}'.  "
                    f"Expected {_EXPECTED[kind[0]]}, got {type(one).__name__}"
                )


def _fits(kind: str, value: Any) -> bool:
    if kind == "s":
        return isinstance(value, str)
    if kind == "t":
        if isinstance(value, list | tuple):
            return all(_fits("f", one) or isinstance(one, str) for one in value)
        return isinstance(value, str) or _fits("f", value)
    if isinstance(value, str | list | tuple | dict) or value is None:
        return False
    if kind == "i":
        return isinstance(value, int) or hasattr(value, "__index__")
    return hasattr(value, "__float__")


def _flat(arguments: tuple[Any, ...]) -> list[Any]:
    found: list[Any] = []
    for one in arguments:
        found += _flat(tuple(one)) if isinstance(one, list | tuple | set) else [one]
    return found


def command(flags: str = "", modes: str = "") -> Callable[[Body], Callable[..., Any]]:
    """Register a function as a command; `modes`: "query", "edit" or both."""

    def register(body: Body) -> Callable[..., Any]:
        name = body.__name__.rstrip("_")
        made = Command(name, flags, modes, body)
        REGISTRY[name] = made

        @functools.wraps(body)
        def call(*arguments: Any, **keywords: Any) -> Any:
            return made(*arguments, **keywords)

        call.__name__ = name
        return call

    return register


def selected_names() -> list[str]:
    """The selection, as names."""
    return [item_name(item) for item in world.scene.selection]


def item_name(item: str) -> str:
    uuid, _, path = item.partition(".")
    name = world.scene.short_name(world.scene.nodes[uuid])
    return f"{name}.{path}" if path else name


def objects_or_selection(objects: tuple[Any, ...]) -> list[str]:
    return [str(one) for one in objects] or selected_names()
