"""The codec: what goes in comes out; of anything else, only a `ProtocolError`."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import os
import random
import subprocess
import sys
import typing
from enum import Enum

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mynah_shared.errors import ProtocolError
from mynah_shared.motion.clip import MotionClip
from mynah_shared.protocol import codec
from mynah_shared.protocol import messages as m
from mynah_shared.testing.clips import make_clip
from mynah_shared.testing.examples import (
    EXAMPLES,
    MESSAGE_ID,
    REPLY_TO,
    SESSION_ID,
    encode_example,
)

N_MUTATIONS = 6000


def encode(message: m.Message) -> list[bytes]:
    return codec.encode(message, message_id=MESSAGE_ID, session_id=SESSION_ID)


def header_of(name: str) -> dict[str, typing.Any]:
    return msgpack.unpackb(encode_example(name)[1])


def frames_of(header: object, *arrays: bytes) -> list[bytes]:
    return [b"MYN1", msgpack.packb(header), *arrays]


# --- round trips --------------------------------------------------------------------------------


@st.composite
def clips(draw: st.DrawFn) -> MotionClip:
    channels = draw(st.lists(st.text(max_size=8), unique=True, max_size=6))
    n_frames = draw(st.integers(0, 12))
    values = draw(
        st.lists(
            st.floats(-1024, 1024, width=32),
            min_size=n_frames * len(channels),
            max_size=n_frames * len(channels),
        )
    )
    fps = draw(st.floats(1e-3, 1e6))
    array = np.array(values, np.float32).reshape(n_frames, len(channels))
    return MotionClip(fps, tuple(channels), array)


def values_of(kind: typing.Any) -> st.SearchStrategy[typing.Any]:
    """Any value that a field of this type may have."""
    if kind is MotionClip:
        return clips()
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return st.builds(kind, **{name: values_of(hint) for name, hint in hints.items()})
    if typing.get_origin(kind) is tuple:
        items = typing.get_args(kind)
        if items[-1] is Ellipsis:
            return st.lists(values_of(items[0]), max_size=3).map(tuple)
        return st.tuples(*map(values_of, items))
    if issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    return {
        bool: st.booleans(),
        int: st.integers(-(2**63), 2**63 - 1),
        float: st.floats(allow_nan=False, allow_infinity=False),
        str: st.text(max_size=30),
        bytes: st.binary(max_size=200),
    }[kind]


def plain(value: object) -> object:
    if isinstance(value, MotionClip):
        return (value.fps, value.channels, value.values.shape, value.values.tobytes())
    if dataclasses.is_dataclass(value):
        return [plain(getattr(value, field.name)) for field in dataclasses.fields(value)]
    return value


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(list(codec.MESSAGE_TYPES.values())).flatmap(values_of),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=16, max_size=16),
    st.none() | st.binary(min_size=16, max_size=16),
)
def test_what_goes_in_comes_out(
    message: m.Message, message_id: bytes, session_id: bytes, reply_to: bytes | None
):
    frames = codec.encode(message, message_id=message_id, session_id=session_id, reply_to=reply_to)
    envelope = codec.decode(frames)
    assert type(envelope.message) is type(message)
    assert plain(envelope.message) == plain(message)
    assert (envelope.message_id, envelope.session_id) == (message_id, session_id)
    assert envelope.reply_to == reply_to


def test_a_result_of_ten_minutes_is_not_copied_when_read():
    clip = make_clip(fps=60.0, n_frames=36_000)
    frames = encode(m.SynthesizeReply("j", clip, "{}"))
    values = codec.decode(frames).message.clip.values
    assert not values.flags.owndata
    np.testing.assert_array_equal(values, clip.values)


def test_whole_numbers_are_taken_where_a_float_is_meant():
    hello = m.SynthesizeRequest("0" * 64, "a.wav", 30)
    (request,) = codec.decode(encode(m.Submit((hello,)))).message.requests
    assert type(request.fps) is float


# --- a newer minor version ----------------------------------------------------------------------


def test_unknown_keys_and_unknown_arrays_are_ignored():
    header = header_of("pong")
    header["later"] = {"x": [1, None]}
    header["b"]["later"] = b"bytes"
    header["p"] = [{"n": "later", "d": "<f2", "s": [1, 2], "also": 1}]
    envelope = codec.decode(frames_of(header, bytes(4)))
    assert envelope.message == EXAMPLES["pong"]
    assert envelope.reply_to == REPLY_TO


def test_absent_fields_with_a_default_have_it():
    header = header_of("job.submit")
    request = header["b"]["requests"][0]
    header["b"]["requests"] = [{key: request[key] for key in ("audio_sha256", "audio_name", "fps")}]
    (decoded,) = codec.decode(frames_of(header)).message.requests
    assert decoded == m.SynthesizeRequest(request["audio_sha256"], "line_01.wav", 23.976)


def test_an_unknown_message_can_be_answered_as_unsupported():
    header = {**header_of("ping"), "t": "styles.list"}
    with pytest.raises(codec.RefusedMessageError, match=r"named 'styles\.list'") as caught:
        codec.decode(frames_of(header))
    assert caught.value.code is m.ErrorCode.unsupported
    assert (caught.value.message_id, caught.value.session_id) == (MESSAGE_ID, SESSION_ID)


# --- refusals -----------------------------------------------------------------------------------


def changed(name: str, *path: str | int, to: object) -> dict[str, typing.Any]:
    header = header_of(name)
    inner = header
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return header


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (changed("pong", "b", "queued", to="3"), "'queued' must be a whole number, not '3'"),
        (changed("pong", "b", "queued", to=True), "'queued' must be a whole number, not True"),
        (changed("pong", "b", "queued", to=1.0), "'queued' must be a whole number"),
        (changed("pong", "b", to={"queued": 1}), "'running' is missing"),
        (changed("pong", "b", to=[]), "'b' must be a map"),
        (changed("pong", "b", to=None), "'b' must be a map"),
        (changed("pong", "p", to=None), "p must describe all 0 raw frames"),
        (changed("hello", "b", "protocol", to=[1]), "'protocol' must have 2 items, not 1"),
        (changed("hello", "b", "protocol", 0, to="1"), r"'protocol\[0\]' must be a whole number"),
        (changed("hello", "b", "app", to=b"raw"), "'app' must be text"),
        (changed("job.accepted", "b", "jobs", to={}), "'jobs' must be"),
        (changed("job.accepted", "b", "jobs", 0, to=1), r"'jobs\[0\]' must be a map"),
        (
            changed("job.accepted", "b", "jobs", 0, "state", to="lost"),
            r"'jobs\[0\]\.state' has the unknown value 'lost'",
        ),
        (changed("job.accepted", "b", "jobs", 0, "state", to=3), "must be JobState, not 3"),
        (
            changed("job.submit", "b", "requests", 0, "fps", to=float("nan")),
            r"'requests\[0\]\.fps' must be a finite number, not nan",
        ),
        (changed("job.submit", "b", "requests", 0, "fps", to=float("inf")), "not inf"),
        (changed("job.submit", "b", "requests", 0, "amounts", to=[]), "amounts' must be a map"),
        (changed("error", "b", "retry", to=1), "'retry' must be true or false, not 1"),
    ],
)
def test_a_wrong_field_is_named(header: dict[str, object], message: str):
    with pytest.raises(codec.RefusedMessageError, match=message) as caught:
        codec.decode(frames_of(header))
    assert caught.value.code is m.ErrorCode.bad_message
    assert caught.value.message_id == MESSAGE_ID


def described(**entry: object) -> dict[str, object]:
    array = {"n": "clip.values", "d": "<f4", "s": [3, 2], **entry}
    return {**header_of("job.result"), "p": [array]}


@pytest.mark.parametrize(
    ("header", "arrays", "message"),
    [
        (described(d="<f8"), [bytes(48)], "has type '<f8'; allowed are <f4, <f2"),
        (described(d="|O"), [bytes(48)], r"has type '\|O'"),
        (described(d=["<f4"]), [bytes(24)], "has type"),
        (described(s=[3, 3]), [bytes(24)], "needs 36 bytes, its frame has 24"),
        (described(s=[2**31, 2]), [bytes(24)], "at most 4 counts below"),
        (described(s=[-3, -2]), [bytes(24)], "at most 4 counts below"),
        (described(s=[3.0, 2]), [bytes(24)], "at most 4 counts below"),
        (described(s=[True, 6]), [bytes(24)], "at most 4 counts below"),
        (described(s=[1, 1, 1, 3, 2]), [bytes(24)], "at most 4 counts below"),
        (described(s=6), [bytes(24)], "at most 4 counts below"),
        (described(s=[2**31 - 1] * 4), [bytes(24)], "needs 85"),
        (described(s=[6]), [bytes(24)], r"'clip\.values' must be <f4 with 2 axes"),
        (described(d="<i4"), [bytes(24)], r"'clip\.values' must be <f4 with 2 axes"),
        (described(s=[2, 3]), [bytes(24)], "'clip': A clip's values have shape"),
        (described(s=[0, 2**31 - 1]), [b""], "'clip': A clip's values have shape"),
        (described(n="other"), [bytes(24)], r"'clip\.values' is missing"),
        (described(n=3), [bytes(24)], "has no name"),
        (described(), [np.full(6, np.nan, "<f4").tobytes()], "'clip': A clip holds a value that"),
        (described(), [], "must describe all 0"),
        (described(), [bytes(24), b""], "must describe all 2"),
        ({**described(), "p": ["x"]}, [bytes(24)], "must be a map"),
        ({**described(), "p": described()["p"] * 2}, [bytes(24)] * 2, "describes '.*' twice"),
        (changed("job.result", "b", "clip", "fps", to=0), [bytes(24)], "'clip': A clip's rate"),
        (changed("job.result", "b", "clip", "fps", to=None), [bytes(24)], r"'clip\.fps' must be"),
        (changed("job.result", "b", "clip", to=[]), [bytes(24)], "'clip' must be a map"),
        (
            changed("job.result", "b", "clip", "channels", to=["a", "a"]),
            [bytes(24)],
            "names the same channel twice",
        ),
    ],
)
def test_a_wrong_array_is_refused(header: dict[str, object], arrays: list[bytes], message: str):
    with pytest.raises(codec.RefusedMessageError, match=message):
        codec.decode(frames_of(header, *arrays))


def nested(depth: int) -> object:
    value: object = 1
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("frames", "message"),
    [
        ([], "2 to 16 frames, not 0"),
        ([b"MYN1"], "2 to 16 frames, not 1"),
        ([b"MYN1", *[b""] * 16], "2 to 16 frames, not 17"),
        ([b"MYN2", encode_example("ping")[1]], "first frame"),
        ([b"MYN1", b""], "not valid msgpack"),
        ([b"MYN1", b"\xc1"], "not valid msgpack"),
        ([b"MYN1", encode_example("ping")[1] + b"\x00"], "not valid msgpack"),
        ([b"MYN1", encode_example("ping")[1][:-1]], "not valid msgpack"),
        ([b"MYN1", b"\x91" * 60_000 + b"\x00"], "not valid msgpack"),
        ([b"MYN1", b"\xdd\xff\xff\xff\xff"], "not valid msgpack"),
        ([b"MYN1", b"\xdf\xff\xff\xff\xff"], "not valid msgpack"),
        ([b"MYN1", b"\xa1\xff"], "not valid msgpack"),
        ([b"MYN1", b"\x81\x01\x02"], "not valid msgpack"),
        ([b"MYN1", b"\x81\x90\x02"], "not valid msgpack"),
        ([b"MYN1", b"\x81\xc4\x01a\x02"], "must be text"),
        ([b"MYN1", bytes(65 * 1024)], "larger than 65536"),
        (frames_of([]), "must be a map"),
        (frames_of({"x": msgpack.ExtType(4, b"x")}), "extension type 4"),
        (frames_of({"x": msgpack.Timestamp(0)}), "Timestamp|extension type -1"),
        (frames_of({"x": nested(8)}), "deeper than 8"),
        (frames_of({**header_of("ping"), "id": b"short"}), "id and sid must be 16 bytes"),
        (frames_of({**header_of("ping"), "id": "0123456789abcdef"}), "id and sid must be"),
        (frames_of({**header_of("ping"), "sid": None}), "id and sid must be 16 bytes"),
        (frames_of({**header_of("ping"), "re": b"short"}), "re must be 16 bytes"),
        (frames_of({**header_of("ping"), "t": 3}), "no message named 3"),
        (frames_of({**header_of("ping"), "t": ["x"] * 99}), "no message named"),
    ],
)
def test_frames_that_are_no_message_are_refused(frames: list[bytes], message: str):
    with pytest.raises(codec.RefusedMessageError, match=message):
        codec.decode(frames)


def test_seven_levels_are_deep_enough():
    frames = frames_of({**header_of("ping"), "later": nested(7)})
    assert codec.decode(frames).message == m.Ping()


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (m.Pong("3", 1), "'queued' must be a whole number, not '3'"),
        (m.Pong(True, 1), "'queued' must be a whole number"),
        (m.Pong(2**64, 1), "can't be written as msgpack"),
        (m.Fetch("\ud800"), "can't be written as msgpack"),
        (m.Fetch("x" * 70_000), "header has .* at most 65536"),
        (m.Hello((1,), "a", "b"), "'protocol' must have 2 items"),
        (m.Hello([1, 0], "a", "b"), "'protocol' must be"),
        (m.BlobPut("0", 1, 0, "text"), "'data' must be bytes"),
        (m.Submit((m.Ping(),)), r"'requests\[0\]' must be SynthesizeRequest"),
        (m.SynthesizeReply("j", None, "{}"), "'clip' must be a MotionClip"),
        (m.ErrorReply("busy", "x"), "'code' must be ErrorCode"),
        (dataclasses.replace(EXAMPLES["status.report"], uptime_s=float("inf")), "'uptime_s' must"),
        (m.Limits(1, 1, 1, 1, 1.0, 1), "'Limits' is not a message"),
        ("ping", "'str' is not a message"),
    ],
)
def test_a_message_with_a_wrong_field_is_not_sent(message: m.Message, sentence: str):
    with pytest.raises(ProtocolError, match=sentence):
        encode(message)


def test_ids_have_sixteen_bytes():
    for ids in ({"message_id": b""}, {"session_id": bytes(17)}, {"reply_to": "x" * 16}):
        arguments = {"message_id": MESSAGE_ID, "session_id": SESSION_ID, **ids}
        with pytest.raises(ProtocolError, match="16 bytes"):
            codec.encode(m.Ping(), **arguments)


# --- hostile bytes ------------------------------------------------------------------------------


def mutate(frames: list[bytes], rng: random.Random) -> list[bytes]:
    frames = list(frames)
    for _ in range(rng.randint(1, 4)):
        index = rng.randrange(len(frames))
        data = bytearray(frames[index])
        where = rng.randrange(len(data) + 1)
        match rng.randrange(7):
            case 0 if data:
                data[where % len(data)] ^= 1 << rng.randrange(8)
            case 1:
                data[where:where] = rng.randbytes(rng.randint(1, 8))
            case 2:
                del data[where : where + rng.randint(1, 8)]
            case 3:
                data[where : where + 1] = bytes([rng.choice(INTERESTING)])
            case 4:
                frames.insert(index, rng.choice(frames))
                continue
            case 5 if len(frames) > 1:
                del frames[index]
                continue
            case _:
                data += data[:where]
        frames[index] = bytes(data)
    return frames


INTERESTING = bytes([0x00, 0x7F, 0x80, 0x90, 0x9F, *range(0xC0, 0xE0), 0xFF])


def fuzz(n_mutations: int) -> tuple[int, int]:
    """How many mutations were still messages, and how many were refused."""
    rng = random.Random(20)
    names = itertools.cycle(codec.MESSAGE_TYPES)
    n_read = 0
    sentences: list[str] = []
    for name in itertools.islice(names, n_mutations):
        frames = mutate(encode_example(name), rng)
        try:
            codec.decode(frames)
        except ProtocolError as error:
            sentences.append(str(error))
        else:
            n_read += 1
    assert all(0 < len(sentence) < 400 for sentence in sentences)
    return n_read, len(sentences)


@pytest.mark.timeout(120)
def test_mutated_frames_give_messages_or_protocol_errors_and_nothing_else():
    n_read, n_refused = fuzz(N_MUTATIONS)
    assert n_read > N_MUTATIONS / 50, "the mutations are too wild to test much"
    assert n_refused > N_MUTATIONS / 4


@pytest.mark.timeout(120)
@settings(max_examples=500, deadline=None)
@given(st.lists(st.binary(max_size=64), max_size=4))
def test_random_frames_are_refused(frames: list[bytes]):
    with pytest.raises(ProtocolError):
        codec.decode([b"MYN1", *frames])


json_like = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text()
    | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@pytest.mark.timeout(120)
@settings(max_examples=500, deadline=None)
@given(st.sampled_from(list(codec.MESSAGE_TYPES)), st.data())
def test_a_field_with_any_other_content_gives_a_message_or_a_protocol_error(
    name: str, data: st.DataObject
):
    header = header_of(name)
    arrays = encode_example(name)[2:]
    target = data.draw(st.sampled_from([header, header["b"], *header["p"]]))
    target[data.draw(st.sampled_from(sorted(target) or ["new"]))] = data.draw(json_like)
    with contextlib.suppress(ProtocolError):
        codec.decode(frames_of(header, *arrays))


@pytest.mark.timeout(120)
def test_the_pure_python_msgpack_that_hosts_bring_behaves_alike():
    """A vendored copy has no C extension; its exceptions differ."""
    code = (
        "import msgpack, runpy\n"
        "assert msgpack.Unpacker.__module__ == 'msgpack.fallback'\n"
        f"tests = runpy.run_path({__file__!r})\n"
        "print(*tests['fuzz'](2000))\n"
        "for frames, _ in tests['test_frames_that_are_no_message_are_refused']"
        ".pytestmark[0].args[1]:\n"
        "    try:\n"
        "        tests['codec'].decode(frames)\n"
        "    except tests['ProtocolError']:\n"
        "        continue\n"
        "    raise AssertionError(frames)\n"
    )
    environment = {
        **os.environ,
        "MSGPACK_PUREPYTHON": "1",
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, timeout=100)
