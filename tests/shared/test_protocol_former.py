"""Former versions of the protocol and the present one understand each other, both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest

from mynah_shared.protocol import codec
from mynah_shared.protocol.version import is_compatible

GOLDEN = Path(__file__).parents[1] / "golden" / "protocol"
PRESENT: dict[str, list[str]] = json.loads((GOLDEN / "vectors.json").read_text("utf-8"))
FORMER: dict[str, dict[str, list[str]]] = {
    version: json.loads((GOLDEN / f"vectors-{version}.json").read_text("utf-8"))
    for version in ("1.0", "1.1", "1.2")
}
EACH = pytest.mark.parametrize(
    ("version", "name"), [(version, name) for version, names in FORMER.items() for name in names]
)


def header_of(vectors: dict[str, list[str]], name: str) -> dict[str, Any]:
    return msgpack.unpackb(bytes.fromhex(vectors[name][1]))


def same_shape(former: Any, present: Any, path: str) -> None:
    """All that a former reader needs is there, in the type that it expects."""
    if isinstance(former, dict):
        assert isinstance(present, dict), path
        for key, value in former.items():
            assert key in present, f"{path}.{key} is gone"
            same_shape(value, present[key], f"{path}.{key}")
    elif isinstance(former, list):
        assert isinstance(present, list), path
        if former and present:
            same_shape(former[0], present[0], f"{path}[]")
    else:
        assert type(former) is type(present), path


@EACH
def test_a_former_message_is_understood(version: str, name: str) -> None:
    frames = [bytes.fromhex(frame) for frame in FORMER[version][name]]
    envelope = codec.decode(frames)
    assert type(envelope.message) is codec.MESSAGE_TYPES[name]
    again = codec.encode(
        envelope.message, message_id=envelope.message_id, session_id=envelope.session_id
    )
    body = msgpack.unpackb(again[1])["b"]
    same_shape(header_of(FORMER[version], name)["b"], body, name)
    assert again[2:] == frames[2:]


@EACH
def test_a_former_reader_finds_all_that_it_needs_in_a_present_message(
    version: str, name: str
) -> None:
    former, present = header_of(FORMER[version], name), header_of(PRESENT, name)
    same_shape(former["b"], present["b"], name)
    assert [entry["n"] for entry in former["p"]] == [entry["n"] for entry in present["p"]]
    assert [entry["d"] for entry in former["p"]] == [entry["d"] for entry in present["p"]]


@pytest.mark.parametrize("version", FORMER)
def test_the_former_versions_are_these(version: str) -> None:
    former = header_of(FORMER[version], "hello")["b"]["protocol"]
    assert ".".join(map(str, former)) == version
    assert is_compatible(tuple(former))
