"""The JSON of mappings and presets: one line per target, and a sentence for every mistake."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

from ..errors import BadInputError
from .targets import AXES, Kind, Motion, Target

SCHEMA: Final = 2
_OLDEST: Final = 1

_MOTIONS: Final = tuple(motion.value for motion in Motion)
_DRIVERS: Final = ("drive", "shows")
_FIELDS: Final = {
    Kind.SHAPE: ("kind", "rest", "full", "limits", *_DRIVERS),
    Kind.BONE: ("kind", "bone", *_MOTIONS, "rest", "full", "limits", *_DRIVERS),
    Kind.PROPERTY: ("kind", "property", "owner", "rest", "full", "limits", *_DRIVERS),
}

Rows = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Content:
    """What a mapping file says."""

    name: str
    weights: dict[str, dict[str, float]]
    shows: dict[str, dict[str, float]]
    targets: dict[str, Target]


def text_of(name: str, weights: Rows, shows: Rows, targets: Mapping[str, Target]) -> str:
    """The file's content, one line per target."""
    lines = [
        f"  {_json(target)}: {_json(_entry(targets.get(target), key, row))}"
        for key, rows in zip(_DRIVERS, (weights, shows), strict=True)
        for target, row in rows.items()
    ]
    body = "{\n" + ",\n".join(lines) + "\n }" if lines else "{}"
    return f'{{\n "schema": {SCHEMA},\n "name": {_json(name)},\n "targets": {body}\n}}\n'


def write(path: Path, text: str) -> None:
    """Write the file, complete or not at all. Raises `BadInputError` if that can't be done."""
    unfinished = path.with_name(path.name + ".part")
    try:
        unfinished.write_text(text, "utf-8")
        os.replace(unfinished, path)
    except OSError as err:
        unfinished.unlink(missing_ok=True)
        raise BadInputError(
            f"The mapping can't be written to {path}: {err.strerror}; choose another place."
        ) from err


def read(path: Path) -> Any:
    """The JSON in a file. Raises `BadInputError` naming the file and the fault."""
    try:
        return parse(path.read_text("utf-8"))
    except BadInputError as err:
        raise BadInputError(f"The mapping file {path.name} is not usable. {err}") from err
    except (OSError, ValueError, RecursionError) as err:
        raise BadInputError(f"The mapping file {path.name} can't be read: {err}.") from err


def parse(text: str) -> Any:
    """The JSON of a text. Raises `BadInputError` if something is in it twice, and `ValueError` or
    `RecursionError` if it is none."""
    return json.loads(text, object_pairs_hook=_without_repeats)


def content_of(document: Any) -> Content:
    """What the JSON of a mapping says, of this schema or an older one. Raises `BadInputError`."""
    if not isinstance(document, dict):
        raise BadInputError("It must hold one JSON object.")
    fields = cast(dict[str, Any], document)
    schema: Any = fields.get("schema")
    if schema not in range(_OLDEST, SCHEMA + 1) or isinstance(schema, bool):
        raise BadInputError(
            f"Its schema is {schema!r}; this version reads {_OLDEST} to {SCHEMA}: update Mynah or "
            "save the mapping again."
        )
    targets = fields.get("targets")
    if not isinstance(targets, dict):
        raise BadInputError("It has no object 'targets'.")
    content = Content(str(fields.get("name", "")), {}, {}, {})
    for name, entry in cast(dict[str, Any], targets).items():
        if not isinstance(entry, dict):
            raise BadInputError(f"'{name}' must be an object of channels and weights.")
        fields = cast(dict[str, Any], entry)
        add_entry(content, name, fields if schema > _OLDEST else {"drive": fields})
    return content


def add_entry(content: Content, name: str, fields: Mapping[str, Any]) -> None:
    """Put one target of schema 2 into `content`. Raises `BadInputError` naming the target, the
    fault and what to write instead."""
    target = _target_of(name, fields)
    drivers = [key for key in _DRIVERS if key in fields]
    if len(drivers) != 1:
        raise BadInputError(
            f"'{name}' has {'both' if drivers else 'neither'} 'drive' {'and' if drivers else 'nor'}"
            " 'shows'; give it one of them, with channels and weights."
        )
    row = _row_of(name, drivers[0], fields[drivers[0]])
    (content.weights if drivers[0] == "drive" else content.shows)[name] = row
    if not target.is_plain:
        content.targets[name] = target


def _target_of(name: str, fields: Mapping[str, Any]) -> Target:
    said = fields.get("kind", Kind.SHAPE.value)
    kinds = {kind.value: kind for kind in Kind}
    if not isinstance(said, str) or said not in kinds:
        raise BadInputError(f"'{name}' is of the kind {said!r}; the kinds are {', '.join(kinds)}.")
    kind = kinds[said]
    for key in fields:
        if key not in _FIELDS[kind]:
            raise BadInputError(
                f"'{name}' has a field '{key}', which a {said} has not; its fields are "
                f"{', '.join(_FIELDS[kind])}."
            )
    motions = [motion for motion in Motion if motion.value in fields]
    if kind is Kind.BONE and len(motions) != 1:
        raise BadInputError(
            f"'{name}' must say how its bone moves by one of {', '.join(_MOTIONS)}, with one of "
            f"the axes {', '.join(AXES)}; for two motions write two targets."
        )
    motion = motions[0] if motions else None
    try:
        return Target(
            kind,
            _text(name, fields, said) if kind is not Kind.SHAPE else "",
            motion,
            _text(name, fields, motion.value) if motion is not None else "",
            _text(name, fields, "owner"),
            _number(name, fields, "rest", 0.0),
            _number(name, fields, "full", 1.0),
            _limits(name, fields),
        )
    except BadInputError as err:
        raise BadInputError(f"'{name}': {err}") from err


def _row_of(name: str, key: str, row: Any) -> dict[str, float]:
    if not isinstance(row, dict):
        raise BadInputError(f"'{key}' of '{name}' must be an object of channels and weights.")
    weights: dict[str, float] = {}
    for channel, weight in cast(dict[str, Any], row).items():
        if isinstance(weight, bool) or not isinstance(weight, int | float):
            raise BadInputError(f"'{name}' weighs '{channel}' with {weight!r}, not a number.")
        weights[channel] = float(weight)
    return weights


def _text(name: str, fields: Mapping[str, Any], key: str) -> str:
    value = fields.get(key, "")
    if not isinstance(value, str):
        raise BadInputError(f"'{key}' of '{name}' is {value!r}; it must be a text.")
    return value


def _number(name: str, fields: Mapping[str, Any], key: str, default: float) -> float:
    value = fields.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadInputError(f"'{key}' of '{name}' is {value!r}; it must be a number.")
    return float(value)


def _limits(name: str, fields: Mapping[str, Any]) -> tuple[float, float] | None:
    if "limits" not in fields:
        return None
    value = fields["limits"]
    if not isinstance(value, list) or len(cast(list[Any], value)) != 2:
        raise BadInputError(
            f"'limits' of '{name}' is {value!r}; it must be the lowest and the highest value, as "
            "in [0, 1]."
        )
    low, high = cast(list[Any], value)
    return _number(name, {"limits": low}, "limits", 0.0), _number(
        name, {"limits": high}, "limits", 0.0
    )


def _entry(target: Target | None, key: str, row: Mapping[str, float]) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if target is not None and target.kind is not Kind.SHAPE:
        entry |= {"kind": target.kind.value, target.kind.value: target.name}
        if target.motion is not None:
            entry[target.motion.value] = target.axis
        if target.owner:
            entry["owner"] = target.owner
    if target is not None:
        entry |= {"rest": target.rest} if target.rest else {}
        entry |= {"full": target.full} if target.full != 1.0 else {}
        entry |= {"limits": list(target.limits)} if target.limits is not None else {}
    return {**entry, key: dict(row)}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadInputError(f"It has '{key}' twice in one object; keep one of them.")
        found[key] = value
    return found
