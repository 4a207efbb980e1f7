"""maya.mel: only the few expressions that no Python command can say."""

from __future__ import annotations

import re
from typing import Any

from maya._errors import NotInTheFake
from maya._world import world
from maya.cmds import _interface

_GLOBALS = {
    "gPlayBackSlider": _interface.TIME_SLIDER,
    "gShelfTopLevel": _interface.SHELF_TOP,
    "gMainWindow": _interface.MAIN_WINDOW,
    "gMainProgressBar": _interface.PROGRESS_BAR,
}


def eval(string: str, /) -> Any:
    """The value of a global variable: "$t=$gPlayBackSlider", "global string $gMainWindow; …"."""
    world.check_thread()
    text = re.sub(r"global\s+string\s+\$\w+\s*;", "", string).strip().rstrip(";")
    found = re.fullmatch(r"(?:string\s+)?(?:\$\w+\s*=\s*)?\$(\w+)", text)
    if found is None or found[1] not in _GLOBALS:
        raise NotInTheFake(f"mel.eval({string!r})")
    if world.is_batch:
        raise RuntimeError(f'Error occurred during execution of MEL script: "${found[1]}" is an '
                           "undeclared variable.")  # fmt: skip
    return _GLOBALS[found[1]]
