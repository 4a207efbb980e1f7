"""A file system that knows what a power cut would leave: `python lossy_disk.py FOLDER`.

It lies in this process's memory and is mounted on FOLDER through Linux's FUSE. A write, a new name
or a rename is what programs see at once; it lasts only from an fsync of its file or, for names, of
its folder on. A line `SEED PLACE` on stdin writes to PLACE what a cut at this moment would leave:
with seed 0 nothing that was not synced, with another each name and each page of it by chance, as a
real disk may have written some of them. The answer is a line on stdout.

Spoken is the kernel's own protocol (linux/fuse.h, version 7.31), so nothing needs to be installed.
"""

from __future__ import annotations

import ctypes
import errno
import os
import random
import stat
import struct
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_ROOT: Final = 1
_MOST_BYTES: Final = 1 << 17
_PAGE: Final = 4096
_DETACH: Final = 2
_NO_SUID_NO_DEV: Final = 6
_SIZE, _MODE, _MTIME = 8, 1, 32  # of what SETATTR may set
_QUIET: Final = frozenset({2, 42})  # FORGET and its batch want no answer


@dataclass(eq=False)
class Node:
    """A file or a folder: as programs see it, and as the last fsync left it."""

    number: int
    mode: int
    data: bytearray = field(default_factory=bytearray)
    kept_data: bytes = b""
    names: dict[str, Node] = field(default_factory=dict["str", "Node"])
    kept_names: dict[str, Node] = field(default_factory=dict["str", "Node"])
    changed_s: float = field(default_factory=time.time)

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    def sync(self) -> None:
        self.kept_data, self.kept_names = bytes(self.data), dict(self.names)


class Disk:
    """What the kernel asks, answered one question at a time."""

    def __init__(self) -> None:
        self._nodes = {_ROOT: Node(_ROOT, stat.S_IFDIR | 0o700)}
        self._lock = threading.Lock()
        self._answers: dict[int, Callable[[Node, bytes], bytes]] = {
            1: self._look_up,
            3: lambda node, _: _attributes_out(node),
            4: self._set_attributes,
            9: self._make_folder,
            10: self._unlink,
            11: self._remove_folder,
            12: lambda node, body: self._rename(node, body, 8),
            14: lambda _node, _body: bytes(16),
            15: self._read,
            16: self._write,
            17: lambda _node, _body: struct.pack(
                "<5Q10I", *[1 << 20] * 5, 4096, 255, 4096, *[0] * 7
            ),
            18: lambda _node, _body: b"",
            20: self._sync,
            25: lambda _node, _body: b"",
            26: self._begin,
            27: lambda _node, _body: bytes(16),
            28: self._list,
            29: lambda _node, _body: b"",
            30: self._sync,
            35: self._create,
            38: lambda _node, _body: b"",
            45: lambda node, body: self._rename(node, body, 16),
        }

    def answer(self, question: bytes) -> bytes | None:
        """The kernel's question as bytes; the answer, None where none is wanted."""
        _length, code, unique, number = struct.unpack_from("<IIQQ", question)
        if code in _QUIET:
            return None
        try:
            if code not in self._answers:
                raise OSError(errno.ENOSYS, "")
            with self._lock:
                body = self._answers[code](
                    self._nodes.get(number, self._nodes[_ROOT]), question[40:]
                )
            problem = 0
        except OSError as err:
            body, problem = b"", -(err.errno or errno.EIO)
        return struct.pack("<IiQ", 16 + len(body), problem, unique) + body

    def leave(self, seed: int, place: Path) -> None:
        """Writes what a power cut would leave now into the new folder `place`."""
        with self._lock:
            _leave(self._nodes[_ROOT], place, random.Random(seed) if seed else None)

    # --- questions ------------------------------------------------------------------------------

    def _begin(self, _node: Node, _body: bytes) -> bytes:
        return struct.pack("<4I2HIIHHI7I", 7, 31, 0, 0, 16, 12, _MOST_BYTES, 1, 0, 0, 0, *[0] * 7)

    def _look_up(self, node: Node, body: bytes) -> bytes:
        return _entry_out(_child(node, _names(body)[0]))

    def _set_attributes(self, node: Node, body: bytes) -> bytes:
        valid, _, _fh, size = struct.unpack_from("<IIQQ", body)
        if valid & _SIZE:
            del node.data[size:]
            node.data.extend(bytes(size - len(node.data)))
        if valid & _MODE:
            (mode,) = struct.unpack_from("<I", body, 68)
            node.mode = stat.S_IFMT(node.mode) | stat.S_IMODE(mode)
        if valid & _MTIME:
            (node.changed_s,) = struct.unpack_from("<Q", body, 40)
        return _attributes_out(node)

    def _new(self, folder: Node, name: str, mode: int) -> Node:
        if name in folder.names:
            raise OSError(errno.EEXIST, "")
        node = Node(len(self._nodes) + 1, mode)
        self._nodes[node.number] = folder.names[name] = node
        return node

    def _make_folder(self, node: Node, body: bytes) -> bytes:
        (mode,) = struct.unpack_from("<I", body)
        name = _names(body[8:])[0]
        return _entry_out(self._new(node, name, stat.S_IFDIR | stat.S_IMODE(mode)))

    def _create(self, node: Node, body: bytes) -> bytes:
        _flags, mode = struct.unpack_from("<II", body)
        name = _names(body[16:])[0]
        return _entry_out(self._new(node, name, stat.S_IFREG | stat.S_IMODE(mode))) + bytes(16)

    def _unlink(self, node: Node, body: bytes) -> bytes:
        name = _names(body)[0]
        _child(node, name)
        del node.names[name]
        return b""

    def _remove_folder(self, node: Node, body: bytes) -> bytes:
        if _child(node, _names(body)[0]).names:
            raise OSError(errno.ENOTEMPTY, "")
        return self._unlink(node, body)

    def _rename(self, node: Node, body: bytes, n_fixed: int) -> bytes:
        (target,) = struct.unpack_from("<Q", body)
        old, new = _names(body[n_fixed:])
        moved = _child(node, old)
        del node.names[old]
        self._nodes[target].names[new] = moved
        return b""

    def _read(self, node: Node, body: bytes) -> bytes:
        _fh, offset, size = struct.unpack_from("<QQI", body)
        return bytes(node.data[offset : offset + size])

    def _write(self, node: Node, body: bytes) -> bytes:
        _fh, offset, size = struct.unpack_from("<QQI", body)
        node.data.extend(bytes(max(0, offset - len(node.data))))
        node.data[offset : offset + size] = body[40 : 40 + size]
        node.changed_s = time.time()
        return struct.pack("<II", size, 0)

    def _sync(self, node: Node, _body: bytes) -> bytes:
        node.sync()
        return b""

    def _list(self, node: Node, body: bytes) -> bytes:
        _fh, offset, size = struct.unpack_from("<QQI", body)
        listed = b""
        for place, (name, child) in enumerate(node.names.items(), 1):
            if place <= offset:
                continue
            word = name.encode()
            entry = struct.pack("<QQII", child.number, place, len(word), child.mode >> 12) + word
            entry += bytes(-len(entry) % 8)
            if len(listed) + len(entry) > size:
                break
            listed += entry
        return listed


def _leave(node: Node, place: Path, chance: random.Random | None) -> None:
    place.mkdir(mode=stat.S_IMODE(node.mode))
    for name in sorted(node.names.keys() | node.kept_names.keys()):
        kept, seen = node.kept_names.get(name), node.names.get(name)
        child = chance.choice((kept, seen)) if chance else kept
        if child is None:
            continue
        if child.is_folder:
            _leave(child, place / name, chance)
        else:
            (place / name).write_bytes(_content(child, chance))
            (place / name).chmod(stat.S_IMODE(child.mode))


def _content(node: Node, chance: random.Random | None) -> bytes:
    """Pages that were not synced are old, new, or, beyond the old end, nought."""
    if chance is None:
        return node.kept_data
    size = chance.choice((len(node.kept_data), len(node.data)))
    content = bytearray(size)
    for begin in range(0, size, _PAGE):
        source = chance.choice((node.kept_data, node.data))
        page = source[begin : min(begin + _PAGE, size)]
        content[begin : begin + len(page)] = page
    return bytes(content)


def _child(folder: Node, name: str) -> Node:
    if name not in folder.names:
        raise OSError(errno.ENOENT, "")
    return folder.names[name]


def _names(body: bytes) -> list[str]:
    return [word.decode() for word in body.split(b"\0")[:-1]]


def _attributes(node: Node) -> bytes:
    seconds = int(node.changed_s)
    blocks = -(-len(node.data) // 512)
    sizes = struct.pack("<6Q", node.number, len(node.data), blocks, seconds, seconds, seconds)
    return sizes + struct.pack("<10I", 0, 0, 0, node.mode, 1, os.getuid(), os.getgid(), 0, _PAGE, 0)


def _attributes_out(node: Node) -> bytes:
    return bytes(16) + _attributes(node)


def _entry_out(node: Node) -> bytes:
    return struct.pack("<QQQQII", node.number, 0, 0, 0, 0, 0) + _attributes(node)


def mount(folder: Path) -> int:
    """The handle through which the kernel asks. Raises `OSError` where that can't be had."""
    handle = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={handle},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    libc = ctypes.CDLL(None, use_errno=True)
    words = (b"mynah_test", os.fsencode(folder), b"fuse")
    if libc.mount(*words, ctypes.c_ulong(_NO_SUID_NO_DEV), options.encode()):
        os.close(handle)
        raise OSError(ctypes.get_errno(), "mount")
    return handle


def unmount(folder: Path) -> None:
    ctypes.CDLL(None).umount2(os.fsencode(folder), _DETACH)


def _serve(handle: int, disk: Disk) -> None:
    while True:
        try:
            question = os.read(handle, _MOST_BYTES + _PAGE)
        except OSError as err:
            if err.errno == errno.ENODEV:  # unmounted
                return
            continue  # the asker was killed meanwhile
        answer = disk.answer(question)
        if answer is not None:
            try:
                os.write(handle, answer)
            except OSError:
                continue  # likewise


def main(folder: Path) -> None:
    """Serves until the end of stdin."""
    disk = Disk()
    handle = mount(folder)
    try:
        threading.Thread(target=_serve, args=(handle, disk), daemon=True).start()
        print("mounted", flush=True)
        for line in sys.stdin:
            seed, _, place = line.rstrip("\n").partition(" ")
            disk.leave(int(seed), Path(place))
            print("left", flush=True)
    finally:
        unmount(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
