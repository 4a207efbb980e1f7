"""A batch as a job for a render farm: a template in the Open Job Description format, which runs
`mynah batch` for chunks of the lines with one daemon per session."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from mynah_shared.errors import BadInputError
from mynah_shared.motion.flame import FLAME

from ..clip_files import replace_file
from ..styles.library import NEUTRAL, StyleLibrary
from .plan import Item

_LONGEST_NAME: Final = 128
_START_S: Final = 120
_STOP_S: Final = 60
_CHUNK_S, _LINE_S = 600, 120
"""A task may take so long, and so long for each of its lines: what hangs is ended before that."""
_NOTICE_S: Final = 15


def check_portable(source: Path, items: Sequence[Item], styles: StyleLibrary) -> None:
    """Raises `BadInputError` if a line needs what a worker of a farm doesn't have: it sees the
    folder of the sheet, and the styles that ship with Mynah."""
    folder = (source if source.is_dir() else source.parent).resolve()
    for item in items:
        line = item.line
        files = [line.audio, *line.style_clips]
        for path in files:
            if isinstance(path, Path) and not path.resolve().is_relative_to(folder):
                raise BadInputError(
                    f"{item.title}: '{path}' lies outside '{folder}', which is all that a farm's "
                    "workers get; move it there."
                )
        if line.representation == FLAME:
            raise BadInputError(
                "FLAME's coefficients go through the map on this computer, which a farm's workers "
                "don't have; choose --representation arkit."
            )
        clips = [*line.style_clips, *(None for _ in line.styles[len(line.style_clips) :])]
        for use, clip in zip(line.styles, clips, strict=True):
            if (
                clip is None
                and use.name.casefold() != NEUTRAL
                and not styles.find(use.name).shipped
            ):
                raise BadInputError(
                    f"{item.title}: the style '{use.name}' is in your own library, which a farm's "
                    f'workers don\'t have; run `mynah styles export "{use.name}" {folder}` and '
                    "name that file in the sheet."
                )


def write_template(
    path: Path, source: Path, output: Path, n_lines: int, per_task: int, options: Sequence[str]
) -> None:
    """Writes the template, complete or not at all; `options` are those of `mynah batch` that shape
    the results. Raises `BadInputError` if it can't be written."""
    template = _template(source, n_lines, per_task, options)
    folder = source if source.is_dir() else source.parent
    for parameter, place in zip(template["parameterDefinitions"], (folder, output), strict=False):
        # Only paths below the template's own folder may stand in it.
        if place.resolve().is_relative_to(path.parent.resolve()):
            default = place.resolve().relative_to(path.parent.resolve())
            parameter["default"] = default.as_posix()
    if "{{" in source.name or any("{{" in option for option in options):
        raise BadInputError(
            "'{{' has a meaning of its own in a template; rename what is so called."
        )
    try:
        replace_file(path, (json.dumps(template, indent=2) + "\n").encode())
    except OSError as err:
        raise BadInputError(f"Can't write {path}: {err.strerror}; choose another folder.") from err


def _template(source: Path, n_lines: int, per_task: int, options: Sequence[str]) -> dict[str, Any]:
    sheet = "{{Param.Source}}" if source.is_dir() else "{{Param.Source}}/" + source.name
    parameters = [
        {
            "name": "Source",
            "type": "PATH",
            "objectType": "DIRECTORY",
            "dataFlow": "IN",
            "description": "The folder with the sheet, the recordings and the style clips.",
        },
        {
            "name": "Output",
            "type": "PATH",
            "objectType": "DIRECTORY",
            "dataFlow": "OUT",
            "description": "Where the results go; what is there already is not made again.",
        },
        {
            "name": "Mynah",
            "type": "STRING",
            "default": "mynah",
            "description": "The command on the workers.",
        },
    ]
    lines = {
        "name": "Lines",
        "type": "CHUNK[INT]",
        "range": f"1-{n_lines}",
        "chunks": {"defaultTaskCount": per_task, "rangeConstraint": "CONTIGUOUS"},
    }
    batch = ["batch", sheet, "-o", "{{Param.Output}}", "--resume", "--progress", "openjd"]
    step = {
        "name": "Perform",
        "parameterSpace": {"taskParameterDefinitions": [lines]},
        "stepEnvironments": [_engine()],
        "script": {
            "actions": {
                "onRun": _action(
                    [*batch, "--lines", "{{Task.Param.Lines}}", *options],
                    _CHUNK_S + per_task * _LINE_S,
                )
            }
        },
    }
    return {
        "specificationVersion": "jobtemplate-2023-09",
        "extensions": ["TASK_CHUNKING"],
        "name": f"Mynah {source.name}"[:_LONGEST_NAME],
        "description": f"{n_lines} lines of dialogue to facial motion.",
        "parameterDefinitions": parameters,
        "steps": [step],
    }


def _engine() -> dict[str, Any]:
    """The models are loaded once per session, by a daemon of its own in the session's folder."""
    return {
        "name": "Engine",
        "variables": {"MYNAH_HOME": "{{Session.WorkingDirectory}}/mynah"},
        "script": {
            "actions": {
                "onEnter": _action(["daemon", "--detach"], _START_S),
                "onExit": _action(["stop"], _STOP_S),
            }
        },
    }


def _action(arguments: Sequence[str], timeout_s: int) -> dict[str, Any]:
    return {
        "command": "{{Param.Mynah}}",
        "args": list(arguments),
        "timeout": timeout_s,
        "cancelation": {"mode": "NOTIFY_THEN_TERMINATE", "notifyPeriodInSeconds": _NOTICE_S},
    }
