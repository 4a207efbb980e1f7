"""Messages that are nearly right: every example of the protocol, changed by chance, by a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import msgpack

from mynah_shared.protocol import codec
from mynah_shared.protocol import messages as m
from mynah_shared.testing.examples import EXAMPLES, encode_example

ODD: tuple[Any, ...] = (
    *(None, True, 0, -1, 1, 255, 2**31, 2**63 - 1, -(2**63), 2**64 - 1, 0.0, -0.0, 1e308),
    *(float("nan"), float("inf"), "", "\0", "a" * 300, "../../etc", "\ud7ff", "%s%n", b"", b"x"),
    *([], {}, [[]], [None], {"": 1}, {"a": {"a": {"a": {"a": {}}}}}, [0] * 500),
    *("3f" * 32, "3F" * 32, "nan", "neutral", b"\0" * 16),
)
DTYPES = ("<f4", "<f2", "<i2", "<i4", "|u1", "<f8", ">f4", "|O", "<U9", "|S3", "", "object")


def mutants(seed: int, n: int) -> Iterator[tuple[str, list[bytes]]]:
    """(what was changed, frames), of which none tells the daemon to end."""
    rng = random.Random(seed)
    names = sorted(EXAMPLES)
    for i in range(n):
        name = names[i % len(names)]
        frames = encode_example(name)
        for _ in range(rng.choice((1, 1, 1, 2, 4))):
            frames = rng.choice(_WAYS)(rng, frames)
        if not _is_shutdown(frames):
            yield name, frames


def _is_shutdown(frames: list[bytes]) -> bool:
    try:
        return isinstance(codec.decode(frames).message, m.Shutdown)
    except codec.RefusedMessageError:
        return False


def _change_bytes(rng: random.Random, frames: list[bytes]) -> list[bytes]:
    """Bits turned, pieces cut out, put in or doubled, in any frame."""
    at = rng.randrange(len(frames))
    frame = bytearray(frames[at])
    spot = rng.randrange(len(frame) + 1)
    way = rng.randrange(5)
    if way == 0 and frame:
        frame[spot % len(frame)] ^= 1 << rng.randrange(8)
    elif way == 1:
        del frame[spot : spot + rng.randrange(1, 9)]
    elif way == 2:
        frame[spot:spot] = rng.randbytes(rng.randrange(1, 9))
    elif way == 3:
        frame[spot:spot] = frame[: rng.randrange(1, 60)]
    else:
        frame = frame[:spot]
    return [*frames[:at], bytes(frame), *frames[at + 1 :]]


def _change_frames(rng: random.Random, frames: list[bytes]) -> list[bytes]:
    """Frames lost, doubled, moved, or too many."""
    at = rng.randrange(len(frames))
    way = rng.randrange(5)
    if way == 0 and len(frames) > 1:
        return frames[:at] + frames[at + 1 :]
    if way == 1:
        return frames[:at] + [frames[at]] + frames[at:]
    if way == 2:
        return rng.sample(frames, len(frames))
    if way == 3:
        return frames + [rng.randbytes(rng.randrange(40))] * rng.choice((1, 2, 15, 40))
    return [*frames, bytes(rng.choice((0, 1, 4096, 70_000)))]


def _change_values(rng: random.Random, frames: list[bytes]) -> list[bytes]:
    """A header that is still msgpack, with a value somewhere in it that is odd, gone or new."""
    header = _read(frames)
    if header is None:
        return _change_bytes(rng, frames)
    places = list(_places(header))
    holder, key = rng.choice(places)
    way = rng.randrange(8)
    if way < 4:
        holder[key] = rng.choice(ODD)
    elif way == 4:
        del holder[key]
    elif way == 5 and isinstance(holder, dict):
        holder[rng.choice(("extra", "", "__class__", 7, b"b"))] = rng.choice(ODD)
    elif way == 6:
        other, other_key = rng.choice(places)
        holder[key] = other[other_key]
    else:
        arrays = header.get("p")
        for array in arrays if isinstance(arrays, list) else ():
            if isinstance(array, dict):
                array["d"] = rng.choice(DTYPES)
                array["s"] = rng.choice(([], [0], [-1], [2**40, 2**40], [1] * 9, [6], ["6"], None))
    return [frames[0], _pack(header) or frames[1], *frames[2:]]


def _change_type(rng: random.Random, frames: list[bytes]) -> list[bytes]:
    """The body of one message under the name of another."""
    header = _read(frames)
    if header is None:
        return _change_frames(rng, frames)
    header["t"] = rng.choice([*sorted(EXAMPLES), "job.explode", "", 5])
    return [frames[0], _pack(header) or frames[1], *frames[2:]]


def _read(frames: list[bytes]) -> dict[Any, Any] | None:
    try:
        header = msgpack.unpackb(frames[1], strict_map_key=False)
    except Exception:  # msgpack raises what it likes for bytes that are no msgpack
        return None
    return header if isinstance(header, dict) and header else None


def _pack(header: dict[Any, Any]) -> bytes | None:
    try:
        return bytes(msgpack.packb(header))
    except (ValueError, TypeError, OverflowError, RecursionError):  # a circle, or a number too long
        return None


def _places(value: Any, depth: int = 0) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in list(items):
        yield value, key
        if isinstance(item, dict | list) and depth < 8:
            yield from _places(item, depth + 1)


_WAYS = (_change_bytes, _change_frames, _change_values, _change_values, _change_type)
