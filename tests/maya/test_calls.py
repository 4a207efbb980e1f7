"""Every command and flag that the plug-in calls exists in Maya, says the published stub."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.maya import stub_flags

PLUGIN = Path(__file__).resolve().parents[2] / "maya_plugin"
SOURCES = sorted(p for p in PLUGIN.rglob("*.py") if "vendor" not in p.relative_to(PLUGIN).parts)

# Autodesk's pages call these commands queryable; the stubs lack it.
ALSO = {("aliasAttr", "query"), ("currentTime", "query"), ("currentTime", "edit")}
# All flags of the stubs with three letters or fewer that are long names.
SHORT_BUT_LONG = {"add", "all", "dag", "max", "min", "new", "pan", "set", "url"}
OWN = "mynah"  # commands of the plug-in itself


def calls(text: str) -> Iterator[tuple[int, str, list[str]]]:
    """Line, command and flags of every `cmds.name(…)` in a source."""
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "cmds"
        ):
            flags = [one.arg for one in node.keywords if one.arg is not None]
            yield node.lineno, node.func.attr, flags


def faults(text: str, listed: dict[str, stub_flags.Flags]) -> list[str]:
    """What a source calls that Maya does not know, or by a flag's short name."""
    found = []
    for line, command, flags in calls(text):
        if command.startswith(OWN):
            continue
        if command not in listed:
            found.append(f"line {line}: there is no command {command}")
            continue
        for flag in flags:
            if flag not in listed[command] and (command, flag) not in ALSO:
                found.append(f"line {line}: {command} has no flag {flag}")
            elif len(flag) <= 3 and flag not in SHORT_BUT_LONG:
                found.append(f"line {line}: {command}({flag}=…): write the long name")
    return found


@pytest.fixture(scope="module")
def listed() -> dict[str, stub_flags.Flags]:
    found = stub_flags.commands()
    if found is None:
        pytest.skip("types-maya is not installed: calls can't be compared with the published stubs")
    return found


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.relative_to(PLUGIN).as_posix())
def test_commands_and_flags_exist(path: Path, listed: dict[str, stub_flags.Flags]) -> None:
    assert faults(path.read_text(encoding="utf-8"), listed) == []


def test_mistakes_are_found(listed: dict[str, stub_flags.Flags]) -> None:
    text = (
        "cmds.setKeyframes('a')\n"
        "cmds.setKeyframe('a', tiem=1)\n"
        "cmds.setKeyframe('a', t=1)\n"
        "cmds.file(new=True)\n"
        "cmds.currentTime(query=True)\n"
        "cmds.mynahGenerate(character='x')\n"
        "cmds.setKeyframe('a', time=1, **more)\n"
    )
    assert faults(text, listed) == [
        "line 1: there is no command setKeyframes",
        "line 2: setKeyframe has no flag tiem",
        "line 3: setKeyframe(t=…): write the long name",
    ]
