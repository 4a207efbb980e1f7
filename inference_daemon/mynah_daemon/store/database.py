"""One SQLite file: opened, checked, migrated, and set aside if it can't be used."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from ..log import log_event
from .errors import StoreError, cannot_keep

STRICT: Final = "STRICT" if sqlite3.sqlite_version_info >= (3, 37) else ""
"""RHEL 9 brings an SQLite that doesn't know the word."""

_MIGRATIONS: Final = (
    f"""
    CREATE TABLE job (
        key TEXT PRIMARY KEY,
        place INTEGER NOT NULL,
        state TEXT NOT NULL
            CHECK (state IN ('queued', 'running', 'finished', 'cancelled', 'failed')),
        client BLOB NOT NULL,
        is_batch INTEGER NOT NULL,
        request BLOB NOT NULL,
        lease BLOB NOT NULL DEFAULT x'',
        attempts INTEGER NOT NULL DEFAULT 0,
        strikes INTEGER NOT NULL DEFAULT 0,
        code TEXT NOT NULL DEFAULT '',
        message TEXT NOT NULL DEFAULT '',
        n_bytes INTEGER NOT NULL DEFAULT 0,
        used_s REAL NOT NULL
    ) {STRICT};
    CREATE INDEX job_open ON job (place) WHERE state IN ('queued', 'running');
    CREATE INDEX job_used ON job (state, used_s);
    """,
)
"""Number n leads from version n to n + 1; those of former releases never change."""

_SUFFIXES: Final = ("", "-wal", "-shm")
_UNUSABLE: Final = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


class UnusableDatabaseError(Exception):
    """The file is damaged, or a newer Mynah wrote it."""


class Database:
    """A connection for any thread; each `write` is a transaction. Raises `StoreError`."""

    def __init__(self, path: Path) -> None:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(
            path, timeout=1.0, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare()
        except BaseException:  # whatever it is, nobody could close the connection later
            self._connection.close()
            raise

    def read(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        """All rows."""
        with self._lock, _translated():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def write(self, *, durable: bool) -> Generator[sqlite3.Connection]:
        """A transaction that a killed process keeps, and if `durable` a power cut as well."""
        with self._lock, _translated():
            self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:  # Ctrl-C, too: the next transaction must not find this one open
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _prepare(self) -> None:
        connection = self._connection
        # The one process that may use it needs no shared memory beside the file.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA foreign_keys = ON")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > len(_MIGRATIONS):
            raise UnusableDatabaseError(f"version {version}")
        if version and connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",):
            raise UnusableDatabaseError("quick_check")
        for number in range(version, len(_MIGRATIONS)):
            connection.executescript(
                f"BEGIN IMMEDIATE; {_MIGRATIONS[number]} PRAGMA user_version = {number + 1}; COMMIT"
            )


def open_database(path: Path) -> Database:
    """A file that can't be used is set aside under another name, and a new one made. Raises
    `StoreError` if another process uses it, or the disk refuses."""
    try:
        return _open(path)
    except UnusableDatabaseError as err:
        for suffix in _SUFFIXES:
            old = path.with_name(path.name + suffix)
            if old.exists():
                os.replace(old, path.with_name(path.stem + ".unusable" + path.suffix + suffix))
        log_event("database_set_aside", reason=str(err))
        return _open(path)


def _open(path: Path) -> Database:
    try:
        return Database(path)
    except sqlite3.Error as err:
        code = getattr(err, "sqlite_errorcode", 0) & 0xFF
        if code in _UNUSABLE:
            raise UnusableDatabaseError(str(err)) from err
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise StoreError(
                f"Another process uses '{path}'; end it, or set MYNAH_HOME to another folder."
            ) from err
        raise cannot_keep("The list of jobs", err) from err
    except OSError as err:
        raise cannot_keep("The list of jobs", err) from err


@contextmanager
def _translated() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as err:
        raise cannot_keep("The job", err) from err
