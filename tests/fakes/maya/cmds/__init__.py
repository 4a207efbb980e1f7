"""maya.cmds: the commands that are here, and those that loaded plug-ins register.

A command that Maya has and this package lacks is refused as an unknown one.
"""

from __future__ import annotations

from typing import Any

from maya._command import REGISTRY
from maya._world import world
from maya.cmds import (
    _attributes,
    _connections,
    _deformers,
    _files,
    _interface,
    _keys,
    _layers,
    _nodes,
    _system,
    _time,
)

_MODULES = (_attributes, _connections, _deformers, _files, _interface, _keys, _layers, _nodes)
for _module in (*_MODULES, _system, _time):
    for _name in REGISTRY:
        _found = getattr(_module, _name, None) or getattr(_module, f"{_name}_", None)
        if _found is not None and _found.__module__ == _module.__name__:
            globals()[_name] = _found


def __getattr__(name: str) -> Any:
    if name in world.commands:
        return world.commands[name]
    raise AttributeError(f"module 'maya.cmds' has no attribute '{name}'")
