"""The flags of Mynah's commands: syntax, help and reading, from one table each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import maya.api.OpenMaya as om

Value = str | float | int | bool

_MOST_OBJECTS = 10_000


@dataclass(frozen=True)
class Flag:
    """`field` is what the value is called in Python; `kind` bool: a flag without a value."""

    short: str
    long: str
    field: str
    kind: type[str] | type[float] | type[int] | type[bool]
    help: str


HELP = Flag("h", "help", "help", bool, "Print this.")


def make_syntax(flags: Sequence[Flag], *, takes_objects: bool) -> om.MSyntax:
    """Objects are names of nodes, sets or namespaces."""
    kinds: dict[type, Any] = {
        str: om.MSyntax.kString,
        float: om.MSyntax.kDouble,
        int: om.MSyntax.kLong,
        bool: om.MSyntax.kNoArg,
    }
    syntax = om.MSyntax()
    for flag in (*flags, HELP):
        syntax.addFlag(f"-{flag.short}", f"-{flag.long}", kinds[flag.kind])
    if takes_objects:
        syntax.setObjectType(om.MSyntax.kStringObjects, 0, _MOST_OBJECTS)
    return syntax


def read_flags(
    syntax: om.MSyntax, arguments: om.MArgList, flags: Sequence[Flag], *, takes_objects: bool
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The values of the flags that are set, by field, and the objects."""
    parser = om.MArgParser(syntax, arguments)
    readers = {
        str: parser.flagArgumentString,
        float: parser.flagArgumentDouble,
        int: parser.flagArgumentInt,
    }
    found: dict[str, Any] = {}
    for flag in (*flags, HELP):
        if parser.isFlagSet(flag.long):
            found[flag.field] = True if flag.kind is bool else readers[flag.kind](flag.long, 0)
    objects = tuple(parser.getObjectStrings()) if takes_objects else ()
    return found, objects


def value_of(flag: Flag) -> str:
    """What a flag takes, in words; empty if nothing."""
    names: dict[type, str] = {str: "TEXT", float: "NUMBER", int: "WHOLE NUMBER", bool: ""}
    return names[flag.kind]


def help_text(command: str, purpose: str, flags: Sequence[Flag], example: str) -> str:
    """What -help prints."""
    lines = [f"{command}: {purpose}", ""]
    for flag in (*flags, HELP):
        left = f"-{flag.long} (-{flag.short}) {value_of(flag)}".rstrip()
        lines.append(f"  {left:<34} {flag.help}")
    return "\n".join([*lines, "", f"Example: {example}"])
