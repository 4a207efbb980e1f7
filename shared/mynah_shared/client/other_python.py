"""The variables for a Python that is not the host's own. Hosts set some for theirs, over which
another one would fail."""

from __future__ import annotations

import os

PYTHON_VARIABLES = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PYTHONNOUSERSITE", "PYTHONUSERBASE"),
    "VIRTUAL_ENV",
)
ALONE = {"PYTHONNOUSERSITE": "1", "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
"""For a Python that packages of the user and files in the current folder must not get in the way
of."""
_LIBRARIES = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FRAMEWORK_PATH")


def environment_for_other_python() -> dict[str, str]:
    """Those of this process without what is for its own Python; nor are the folders of Maya's own
    libraries in it, whose versions of what Python needs are others."""
    environment = {k: v for k, v in os.environ.items() if k not in PYTHON_VARIABLES}
    if maya := os.environ.get("MAYA_LOCATION"):
        for name in _LIBRARIES:
            folders = environment.pop(name, "").split(os.pathsep)
            kept = [folder for folder in folders if folder and not folder.startswith(maya)]
            if kept:
                environment[name] = os.pathsep.join(kept)
    return environment
