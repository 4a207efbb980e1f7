"""What a batch notes of its results, whatever moment it is stopped at."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from mynah_daemon.batch.ledger import Entry, Ledger, check_folder, is_done, is_edited
from mynah_daemon.batch.plan import Item
from mynah_shared.client.steps import Line

OUTPUT = "Anna/hello.csv"


class Stopped(BaseException):
    """As Ctrl-C, at any moment."""


def entry_of(data: bytes, fingerprint: str) -> Entry:
    return Entry(OUTPUT, fingerprint, hashlib.sha256(data).hexdigest())


def stop(*_args: object) -> None:
    raise Stopped


POINTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "before the data is on disk": lambda patch: patch.setattr(os, "fsync", stop),
    "before it is noted": lambda patch: patch.setattr(Ledger, "add", stop),
    "before it takes its place": lambda patch: patch.setattr(Path, "replace", stop),
}


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_result_is_noted_or_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, is_first: bool
) -> None:
    path, ledger = tmp_path / OUTPUT, Ledger(tmp_path)
    if not is_first:
        ledger.store(entry_of(b"old", "1"), b"old")
    with monkeypatch.context() as patch:
        POINTS[point](patch)
        with pytest.raises(Stopped):
            ledger.store(entry_of(b"new", "2"), b"new")
    again = Ledger(tmp_path)
    check_folder(tmp_path, [_item()], again, resume=True)
    again.settle(OUTPUT)
    known = again.entries.get(OUTPUT)
    assert not is_edited(known, path)
    if is_done(known, "2", path):
        assert path.read_bytes() == b"new"
    else:
        assert path.exists() == (not is_first)
        again.store(entry_of(b"new", "2"), b"new")
    assert is_done(Ledger(tmp_path).entries[OUTPUT], "2", path)
    assert [file.name for file in path.parent.iterdir()] == ["hello.csv"]


def test_what_was_noted_takes_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = Ledger(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", stop)
        with pytest.raises(Stopped):
            ledger.store(entry_of(b"new", "2"), b"new")
    again = Ledger(tmp_path)
    again.settle(OUTPUT)
    assert (tmp_path / OUTPUT).read_bytes() == b"new"


def _item() -> Item:
    return Item(Line(b"", "hello.wav", 30.0), "hello", PurePosixPath(OUTPUT))
