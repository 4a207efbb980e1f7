"""Message ↔ frames `[b"MYN1", msgpack header, raw bytes…]`, strict in both directions.

Types come from the dataclasses of `messages.py`: a message needs no code here, only its wire name.
`bytes` fields and the values of a `MotionClip` travel as frames of their own, which the header's
`p` describes.
"""

from __future__ import annotations

import dataclasses
import math
import typing
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from typing import Any, NoReturn, TypeGuard, cast

import msgpack  # pyright: ignore[reportMissingTypeStubs]
import numpy as np

from ..errors import BadInputError, ProtocolError
from ..motion.clip import FloatArray, MotionClip
from . import messages as m

MAGIC = b"MYN1"
MAX_FRAMES = 16
MAX_HEADER_BYTES = 64 * 1024
MAX_DEPTH = 8
MAX_AXES = 4
ID_BYTES = 16
ITEM_BYTES = {"<f4": 4, "<f2": 2, "<i2": 2, "<i4": 4, "|u1": 1}

MESSAGE_TYPES: dict[str, type[m.Message]] = {
    "hello": m.Hello,
    "welcome": m.Welcome,
    "ping": m.Ping,
    "pong": m.Pong,
    "style.list": m.ListStyles,
    "style.entries": m.StyleList,
    "style.picture": m.FetchStylePicture,
    "style.picture.data": m.StylePicture,
    "style.add": m.AddStyle,
    "style.remove": m.RemoveStyle,
    "blob.stat": m.BlobStat,
    "blob.state": m.BlobState,
    "blob.put": m.BlobPut,
    "job.submit": m.Submit,
    "job.accepted": m.Accepted,
    "job.event": m.JobEvent,
    "job.fetch": m.Fetch,
    "job.result": m.SynthesizeReply,
    "job.cancel": m.Cancel,
    "job.states": m.JobStates,
    "status": m.StatusRequest,
    "status.report": m.Status,
    "shutdown": m.Shutdown,
    "shutdown.started": m.ShuttingDown,
    "error": m.ErrorReply,
}
WIRE_NAMES: dict[type[m.Message], str] = {kind: name for name, kind in MESSAGE_TYPES.items()}


class RefusedMessageError(ProtocolError):
    """Frames that are no message.

    `message_id` and `session_id` are set when the header was sound enough to hold them; a daemon
    then answers with `ErrorReply(code, str(error))`, else it drops the frames.
    """

    def __init__(
        self,
        message: str,
        *,
        code: m.ErrorCode = m.ErrorCode.bad_message,
        message_id: bytes | None = None,
        session_id: bytes | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message_id = message_id
        self.session_id = session_id


@dataclass(frozen=True)
class Envelope:
    """A message with its address. `reply_to` is the `message_id` of the request that it answers."""

    message: m.Message
    message_id: bytes
    session_id: bytes
    reply_to: bytes | None


@dataclass(frozen=True)
class _Array:
    """One raw frame and its description in `p`."""

    name: str
    dtype: str
    shape: tuple[int, ...]
    data: bytes


def encode(
    message: m.Message,
    *,
    message_id: bytes,
    session_id: bytes,
    reply_to: bytes | None = None,
) -> list[bytes]:
    """The frames of `message`.

    Raises `ProtocolError` if a field has the wrong type or the header becomes too large.
    """
    name = WIRE_NAMES.get(type(message))
    if name is None:
        raise ProtocolError(f"'{type(message).__name__}' is not a message of the protocol.")
    arrays: list[_Array] = []
    header: dict[str, object] = {"t": name, "id": message_id, "sid": session_id}
    if reply_to is not None:
        header["re"] = reply_to
    if not all(_is_id(header[key]) for key in ("id", "sid", "re") if key in header):
        raise ProtocolError(f"The ids of a message have {ID_BYTES} bytes each.")
    header["b"] = _dump(type(message), message, "", arrays)
    header["p"] = [{"n": a.name, "d": a.dtype, "s": list(a.shape)} for a in arrays]
    if 2 + len(arrays) > MAX_FRAMES:
        raise ProtocolError(f"A message has at most {MAX_FRAMES} frames.")
    return [MAGIC, _pack(header), *(a.data for a in arrays)]


def decode(frames: Sequence[bytes]) -> Envelope:
    """The message in `frames`. Raises `RefusedMessageError` whatever the bytes are."""
    header = _read_header(frames)
    message_id, session_id, reply_to = (header.get(key) for key in ("id", "sid", "re"))
    if not _is_id(message_id) or not _is_id(session_id):
        raise RefusedMessageError(f"The header's id and sid must be {ID_BYTES} bytes each.")
    try:
        if reply_to is not None and not _is_id(reply_to):
            raise RefusedMessageError(f"The header's re must be {ID_BYTES} bytes.")
        return Envelope(_read_message(header, frames[2:]), message_id, session_id, reply_to)
    except RefusedMessageError as error:
        error.message_id, error.session_id = message_id, session_id
        raise


# --- frames -------------------------------------------------------------------------------------


def _pack(header: dict[str, object]) -> bytes:
    try:
        packed = cast(bytes, msgpack.packb(header))  # pyright: ignore[reportUnknownMemberType]
    except (ValueError, OverflowError) as error:  # lone surrogates, integers beyond 64 bits
        raise ProtocolError(f"A field can't be written as msgpack: {error}.") from error
    if len(packed) > MAX_HEADER_BYTES:
        raise ProtocolError(
            f"The message's header has {len(packed)} bytes, at most {MAX_HEADER_BYTES} are "
            "allowed; send fewer items in one message."
        )
    return packed


def _read_header(frames: Sequence[bytes]) -> dict[str, object]:
    if not 2 <= len(frames) <= MAX_FRAMES:
        raise RefusedMessageError(f"A message has 2 to {MAX_FRAMES} frames, not {len(frames)}.")
    if frames[0] != MAGIC:
        raise RefusedMessageError("The first frame of a message must be 'MYN1'.")
    if len(frames[1]) > MAX_HEADER_BYTES:
        raise RefusedMessageError(f"The header is larger than {MAX_HEADER_BYTES} bytes.")
    try:
        header = cast(
            object,
            msgpack.unpackb(  # pyright: ignore[reportUnknownMemberType]
                frames[1], ext_hook=_refuse_extension
            ),
        )
    except (ValueError, TypeError, OverflowError) as error:
        # msgpack's own errors are ValueErrors; unhashable keys are TypeErrors
        raise RefusedMessageError("The header is not valid msgpack.") from error
    _check_plain(header, 1)
    if not isinstance(header, dict):
        raise RefusedMessageError("The header must be a map.")
    return cast("dict[str, object]", header)


def _refuse_extension(code: int, data: bytes) -> NoReturn:
    raise RefusedMessageError(f"msgpack extension type {code} ({len(data)} bytes) is not allowed.")


def _check_plain(value: object, depth: int) -> None:
    """Refuses what msgpack allows and the protocol does not: timestamps, keys not text, depth."""
    if isinstance(value, (dict, list)) and depth > MAX_DEPTH:
        raise RefusedMessageError(f"The header is nested deeper than {MAX_DEPTH} levels.")
    if isinstance(value, dict):
        for key, child in cast("dict[object, object]", value).items():
            if not isinstance(key, str):
                raise RefusedMessageError("The keys of the header's maps must be text.")
            _check_plain(child, depth + 1)
    elif isinstance(value, list):
        for child in cast("list[object]", value):
            _check_plain(child, depth + 1)
    elif value is not None and not isinstance(value, (bool, int, float, str, bytes)):
        raise RefusedMessageError(f"The header holds a {type(value).__name__}, a type not allowed.")


def _read_message(header: dict[str, object], frames: Sequence[bytes]) -> m.Message:
    name = header.get("t")
    kind = MESSAGE_TYPES.get(name) if isinstance(name, str) else None
    if kind is None:
        raise RefusedMessageError(
            f"This protocol has no message named {_shown(name)}.", code=m.ErrorCode.unsupported
        )
    arrays = _read_arrays(header.get("p"), frames)
    return cast(m.Message, _load(kind, header.get("b"), "", arrays))


def _is_id(value: object) -> TypeGuard[bytes]:
    return isinstance(value, bytes) and len(value) == ID_BYTES


def _read_arrays(described: object, frames: Sequence[bytes]) -> dict[str, _Array]:
    if not isinstance(described, list) or len(cast("list[object]", described)) != len(frames):
        raise RefusedMessageError(f"The header's p must describe all {len(frames)} raw frames.")
    arrays: dict[str, _Array] = {}
    for entry, data in zip(cast("list[object]", described), frames, strict=True):
        array = _read_array(entry, data)
        if array.name in arrays:
            raise RefusedMessageError(f"The header's p describes {_shown(array.name)} twice.")
        arrays[array.name] = array
    return arrays


def _read_array(entry: object, data: bytes) -> _Array:
    if not isinstance(entry, dict):
        raise RefusedMessageError("An entry of the header's p must be a map.")
    fields = cast("dict[str, object]", entry)
    name, dtype, shape = fields.get("n"), fields.get("d"), fields.get("s")
    if not isinstance(name, str):
        raise RefusedMessageError("An entry of the header's p has no name.")
    if not isinstance(dtype, str) or dtype not in ITEM_BYTES:
        allowed = ", ".join(ITEM_BYTES)
        raise RefusedMessageError(
            f"Array {_shown(name)} has type {_shown(dtype)}; allowed are {allowed}."
        )
    if not _is_shape(shape):
        raise RefusedMessageError(
            f"The shape of array {_shown(name)} must be at most {MAX_AXES} counts below 2^31."
        )
    n_bytes = math.prod(shape) * ITEM_BYTES[dtype]
    if n_bytes != len(data):
        raise RefusedMessageError(
            f"Array {_shown(name)} needs {n_bytes} bytes, its frame has {len(data)}."
        )
    return _Array(name, dtype, tuple(shape), data)


def _is_shape(value: object) -> TypeGuard[list[int]]:
    if not isinstance(value, list):
        return False
    counts = cast("list[object]", value)
    return len(counts) <= MAX_AXES and all(type(n) is int and 0 <= n < 2**31 for n in counts)


# --- fields -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Field:
    name: str
    type: Any
    is_required: bool


@cache
def _fields(kind: type) -> tuple[_Field, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        _Field(field.name, hints[field.name], field.default is dataclasses.MISSING)
        for field in dataclasses.fields(kind)
    )


def _dump(kind: Any, value: object, path: str, arrays: list[_Array]) -> object:
    """`value` as plain msgpack types, checked against `kind`; raw data goes to `arrays`."""
    if kind is float and type(value) is int:
        value = float(value)
    if kind is MotionClip:
        return _dump_clip(value, path, arrays)
    if dataclasses.is_dataclass(kind):
        return _dump_struct(cast(type, kind), value, path, arrays)
    if typing.get_origin(kind) is tuple and isinstance(value, tuple):
        items = cast("tuple[object, ...]", value)
        kinds = _item_kinds(kind, len(items), path, ProtocolError)
        return [
            _dump(k, v, f"{path}[{i}]", arrays)
            for i, (k, v) in enumerate(zip(kinds, items, strict=True))
        ]
    if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(value, kind):
        return value.value
    if kind in (bool, int, float, str) and type(value) is kind and _is_number_sound(value):
        return value
    raise ProtocolError(f"Field '{path}' must be {_kind_name(kind)}, not {_shown(value)}.")


def _dump_struct(kind: type, value: object, path: str, arrays: list[_Array]) -> dict[str, object]:
    if type(value) is not kind:
        raise ProtocolError(f"Field '{path}' must be {_kind_name(kind)}, not {_shown(value)}.")
    body: dict[str, object] = {}
    for field in _fields(kind):
        child, child_path = getattr(value, field.name), _join(path, field.name)
        if field.type is not bytes:
            body[field.name] = _dump(field.type, child, child_path, arrays)
        elif isinstance(child, bytes):
            arrays.append(_Array(child_path, "|u1", (len(child),), child))
        else:
            raise ProtocolError(f"Field '{child_path}' must be bytes, not {_shown(child)}.")
    return body


def _dump_clip(value: object, path: str, arrays: list[_Array]) -> dict[str, object]:
    if not isinstance(value, MotionClip):
        raise ProtocolError(f"Field '{path}' must be a MotionClip, not {_shown(value)}.")
    data = np.ascontiguousarray(value.values, "<f4").tobytes()
    arrays.append(_Array(f"{path}.values", "<f4", value.values.shape, data))
    return {"fps": float(value.fps), "channels": list(value.channels)}


def _load(kind: Any, value: object, path: str, arrays: dict[str, _Array]) -> object:
    """The value of type `kind` that `_dump` wrote; errors carry the field's name."""
    if kind is float and type(value) is int and abs(value) < 2**63:
        value = float(value)
    if kind is MotionClip:
        return _load_clip(value, path, arrays)
    if dataclasses.is_dataclass(kind):
        return _load_struct(cast(type, kind), value, path, arrays)
    if typing.get_origin(kind) is tuple and isinstance(value, list):
        items = cast("list[object]", value)
        kinds = _item_kinds(kind, len(items), path, RefusedMessageError)
        return tuple(
            _load(k, v, f"{path}[{i}]", arrays)
            for i, (k, v) in enumerate(zip(kinds, items, strict=True))
        )
    if isinstance(kind, type) and issubclass(kind, Enum) and isinstance(value, str):
        if value in {member.value for member in kind}:
            return kind(value)
        raise RefusedMessageError(f"Field '{path}' has the unknown value {_shown(value)}.")
    if kind in (bool, int, float, str) and type(value) is kind and _is_number_sound(value):
        return value
    raise RefusedMessageError(f"Field '{path}' must be {_kind_name(kind)}, not {_shown(value)}.")


def _load_struct(kind: type, value: object, path: str, arrays: dict[str, _Array]) -> object:
    if not isinstance(value, dict):
        raise RefusedMessageError(f"Field '{path or 'b'}' must be a map, not {_shown(value)}.")
    body = cast("dict[str, object]", value)
    arguments: dict[str, object] = {}
    for field in _fields(kind):
        child_path = _join(path, field.name)
        if field.type is bytes:
            arguments[field.name] = _take(arrays, child_path, "|u1", 1).data
        elif field.name in body:
            arguments[field.name] = _load(field.type, body[field.name], child_path, arrays)
        elif field.is_required:
            raise RefusedMessageError(f"Field '{child_path}' is missing.")
    return kind(**arguments)


def _load_clip(value: object, path: str, arrays: dict[str, _Array]) -> MotionClip:
    if not isinstance(value, dict):
        raise RefusedMessageError(f"Field '{path}' must be a map, not {_shown(value)}.")
    body = cast("dict[str, object]", value)
    fps = cast(float, _load(float, body.get("fps"), f"{path}.fps", arrays))
    names = _load(tuple[str, ...], body.get("channels"), f"{path}.channels", arrays)
    array = _take(arrays, f"{path}.values", "<f4", 2)
    values: FloatArray = np.ndarray(array.shape, "<f4", array.data)  # a view: it pins the frame
    try:
        return MotionClip(fps, cast("tuple[str, ...]", names), values)
    except BadInputError as error:
        raise RefusedMessageError(f"Field '{path}': {error}") from error


def _take(arrays: dict[str, _Array], path: str, dtype: str, n_axes: int) -> _Array:
    array = arrays.get(path)
    if array is None:
        raise RefusedMessageError(f"Field '{path}' is missing from the raw frames.")
    if array.dtype != dtype or len(array.shape) != n_axes:
        raise RefusedMessageError(f"Field '{path}' must be {dtype} with {n_axes} axes.")
    return array


def _item_kinds(kind: Any, n: int, path: str, error: type[ProtocolError]) -> tuple[Any, ...]:
    kinds = typing.get_args(kind)
    if len(kinds) == 2 and kinds[1] is Ellipsis:
        return (kinds[0],) * n
    if len(kinds) != n:
        raise error(f"Field '{path}' must have {len(kinds)} items, not {n}.")
    return kinds


def _is_number_sound(value: object) -> bool:
    """NaN and infinity are in no field of the protocol."""
    return not isinstance(value, float) or math.isfinite(value)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind_name(kind: Any) -> str:
    return {
        float: "a finite number",
        int: "a whole number",
        str: "text",
        bool: "true or false",
    }.get(kind, getattr(kind, "__name__", str(kind)))


def _shown(value: object) -> str:
    """Enough of a value to recognise it in a sentence."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
