"""The bytes of every message are fixed, and PROTOCOL.md describes exactly what the code does.

`python tests/shared/test_protocol_vectors.py` writes the vectors anew. A change in them is a change
of the protocol: it needs a new version number and a line in PROTOCOL.md.
"""

from __future__ import annotations

import dataclasses
import json
import re
from enum import Enum
from pathlib import Path
from typing import Any

import msgpack
import numpy as np
import pytest

from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol import codec
from mynah_shared.protocol import messages as m
from mynah_shared.protocol.version import PROTOCOL_VERSION, is_compatible
from mynah_shared.testing import examples

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "golden" / "protocol" / "vectors.json"
DOCUMENT = (ROOT / "shared" / "PROTOCOL.md").read_text(encoding="utf-8")
PARTS = [
    m.Limits, m.ModelInfo, m.StyleUse, m.StyleEntry, m.GestureUse, m.KeyUse, m.Amounts,
    m.SynthesizeRequest, m.JobStatus, m.WorkerStatus,
]  # fmt: skip


def read_vector(name: str) -> list[bytes]:
    vectors = json.loads(VECTORS.read_text(encoding="utf-8"))
    return [bytes.fromhex(frame) for frame in vectors[name]]


def plain(value: object) -> Any:
    """Comparable by ==, unlike a clip."""
    if isinstance(value, MotionClip):
        return (value.fps, value.channels, value.values.tobytes(), value.values.shape)
    if dataclasses.is_dataclass(value):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value


def test_every_message_has_a_wire_name_a_vector_and_an_example():
    structs = {
        kind
        for kind in vars(m).values()
        if dataclasses.is_dataclass(kind) and kind is not MotionClip
    }
    assert set(codec.MESSAGE_TYPES.values()) == structs - set(PARTS)
    assert set(m.Message.__args__) == set(codec.MESSAGE_TYPES.values())
    assert list(json.loads(VECTORS.read_text())) == list(codec.MESSAGE_TYPES)
    assert list(examples.EXAMPLES) == list(codec.MESSAGE_TYPES)


@pytest.mark.parametrize("name", codec.MESSAGE_TYPES)
def test_the_bytes_of_a_message_do_not_change(name: str):
    assert examples.encode_example(name) == read_vector(name)


@pytest.mark.parametrize("name", codec.MESSAGE_TYPES)
def test_a_vector_is_read_as_its_example(name: str):
    envelope = codec.decode(read_vector(name))
    assert type(envelope.message) is codec.MESSAGE_TYPES[name]
    assert plain(envelope.message) == plain(examples.EXAMPLES[name])
    assert envelope.message_id == examples.MESSAGE_ID
    assert envelope.session_id == examples.SESSION_ID
    assert envelope.reply_to == (examples.REPLY_TO if name == "pong" else None)


# --- the document -------------------------------------------------------------------------------


def section(heading: str) -> str:
    match = re.search(rf"^#+ {re.escape(heading)}$(.*?)(?=^#|\Z)", DOCUMENT, re.M | re.S)
    assert match, f"PROTOCOL.md has no section '{heading}'"
    return match[1]


def documented_fields(text: str) -> list[str]:
    return re.findall(r"^\| `(\w+)` \|", text, re.M)


@pytest.mark.parametrize(("name", "kind"), codec.MESSAGE_TYPES.items())
def test_the_document_has_every_message_with_its_fields_and_example(name: str, kind: type):
    text = section(f"`{name}`: {kind.__name__}")
    assert documented_fields(text) == [field.name for field in dataclasses.fields(kind)]
    example = re.search(r"```json\n(.*?)```", text, re.S)
    assert example, f"no example of {name}"
    header = msgpack.unpackb(read_vector(name)[1])
    assert json.loads(example[1]) == {"b": header["b"], "p": header["p"]}


@pytest.mark.parametrize("kind", PARTS)
def test_the_document_has_every_part_with_its_fields(kind: type):
    text = section(f"{kind.__name__}")
    assert documented_fields(text) == [field.name for field in dataclasses.fields(kind)]


@pytest.mark.parametrize("kind", [m.ErrorCode, m.JobState, m.Quality])
def test_the_document_lists_every_value(kind: type[Enum]):
    assert documented_fields(section(kind.__name__)) == [member.value for member in kind]


@pytest.mark.parametrize(
    "value",
    [
        f"version {PROTOCOL_VERSION[0]}.{PROTOCOL_VERSION[1]}",
        f"depth at most {codec.MAX_DEPTH}",
        f"at most {codec.MAX_HEADER_BYTES // 1024} KiB",
        f"at most {codec.MAX_FRAMES} frames",
        *(f"`{dtype}`" for dtype in codec.ITEM_BYTES),
    ],
)
def test_the_document_names_the_limits_of_the_code(value: str):
    assert value in DOCUMENT


def test_only_equal_majors_are_compatible():
    assert is_compatible((1, 7))
    assert not is_compatible((2, 0))
    assert not is_compatible((0, 0))


def test_another_byte_order_would_show():
    header, values = read_vector("job.result")[1:]
    assert msgpack.unpackb(header)["p"][0]["d"] == "<f4"
    assert np.frombuffer(values, "<f4").tolist() == [0, 1, 0.5, 0.25, 1, -1]


if __name__ == "__main__":
    vectors = {name: [f.hex() for f in examples.encode_example(name)] for name in examples.EXAMPLES}
    VECTORS.parent.mkdir(parents=True, exist_ok=True)
    VECTORS.write_text(json.dumps(vectors, indent=1) + "\n", encoding="utf-8")
