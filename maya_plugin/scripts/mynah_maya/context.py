"""Brackets around what is done to the scene."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from maya import cmds

_running = 0


@contextmanager
def running_command() -> Iterator[None]:
    """A command runs: no step for Undo that was made before can be taken back in it."""
    global _running
    _running += 1
    try:
        yield
    finally:
        _running -= 1


def is_command_running() -> bool:
    """Whether Maya is in the middle of a command of the plug-in."""
    return _running > 0


@contextmanager
def undo_chunk(name: str) -> Iterator[None]:
    """All that is done inside is one step for Undo."""
    cmds.undoInfo(openChunk=True, chunkName=name)
    try:
        yield
    finally:
        cmds.undoInfo(closeChunk=True)


@contextmanager
def maintained_selection() -> Iterator[None]:
    """The artist's selection is afterwards what it was."""
    uuids: list[str] = cmds.ls(selection=True, uuid=True)
    names: list[str] = cmds.ls(selection=True, long=True)
    try:
        yield
    finally:
        if cmds.ls(selection=True, uuid=True) != uuids:
            there = [name for name in names if cmds.objExists(name)]
            if there:
                cmds.select(there, replace=True, noExpand=True)
            else:
                cmds.select(clear=True)


@contextmanager
def root_namespace() -> Iterator[None]:
    """What is made inside gets no namespace, whichever one the artist works in."""
    current = cmds.namespaceInfo(currentNamespace=True, absoluteName=True)
    cmds.namespace(set=":")
    try:
        yield
    finally:
        if cmds.namespaceInfo(currentNamespace=True, absoluteName=True) != current:
            cmds.namespace(set=current)
