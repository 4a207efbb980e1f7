"""The users of other computers who may connect: one file per user with the public key.

The folder is read again at every handshake, and a user's file is looked at for every message, so
that adding and removing take effect at once, without a restart.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mynah_shared.client.key_text import key_to_text, z85_bytes
from mynah_shared.client.private_file import (
    create_private,
    parse_object,
    read_private,
    refuse_others,
)
from mynah_shared.errors import BadInputError, EngineUnavailableError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}")
_SUFFIX: Final = ".json"
_AGAIN_S: Final = 1.0


@dataclass(frozen=True)
class RemoteClient:
    """A user who may connect. `key` is 40 characters of Z85, `added` a date."""

    name: str
    key: str
    added: str


@dataclass(frozen=True)
class _Seen:
    """A client and what its file was like when it was read."""

    client: RemoteClient
    path: Path
    stamp: tuple[int, int, int]


class ClientFolder:
    """Safe from any thread. All methods raise `EngineUnavailableError` if the folder can't be used
    or is open to others, who could let themselves in."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: dict[str, _Seen] = {}
        self._missed_s = 0.0

    def list(self) -> list[RemoteClient]:
        """By name."""
        self._read()
        return sorted((seen.client for seen in self._seen.values()), key=lambda c: c.name)

    def add(self, name: str, key: str) -> RemoteClient:
        """Lets a user in; who has this key already stays as he is.

        Raises `BadInputError` if the name can't be used, or the name or the key is another's.
        """
        if not _NAME.fullmatch(name):
            raise BadInputError(
                f"'{name}' can't be a client's name; use up to 64 letters, digits and . _ @ -"
            )
        z85_bytes(key)
        for client in self.list():
            is_namesake = client.name.casefold() == name.casefold()
            if is_namesake and client.key == key:
                return client
            if is_namesake:
                raise BadInputError(
                    f"There is a client '{client.name}' with another key; "
                    f"run `mynah clients remove {client.name}` first."
                )
            if client.key == key:
                raise BadInputError(f"This key is the one of '{client.name}' already.")
        client = RemoteClient(name, key, time.strftime("%Y-%m-%d"))
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = json.dumps({"key": key, "added": client.added})
        if not create_private(self._path(name), content):
            raise BadInputError(f"There is a file {self._path(name)} that is no client; delete it.")
        return client

    def remove(self, name: str) -> None:
        """Lets a user in no more. Raises `BadInputError` if there is no such user."""
        for client in self.list():
            if client.name == name:
                try:
                    self._path(name).unlink(missing_ok=True)
                except OSError as err:
                    raise EngineUnavailableError(
                        f"The file {self._path(name)} can't be deleted ({err.strerror}); delete it "
                        "by hand: until then the client may connect."
                    ) from err
                return
        names = ", ".join(client.name for client in self.list()) or "nobody"
        raise BadInputError(f"There is no client '{name}'; those who may connect: {names}.")

    def find(self, key: str) -> RemoteClient | None:
        """Who has the key now, after reading the folder; for handshakes."""
        self._read()
        seen = self._seen.get(key)
        return seen.client if seen else None

    def still_has(self, key: str) -> RemoteClient | None:
        """Who has the key now, after a look at one file; for messages. One who was removed and is
        added again has a second to wait."""
        seen = self._seen.get(key)
        if seen is None:
            now_s = time.monotonic()
            if now_s - self._missed_s < _AGAIN_S:
                return None
            self._missed_s = now_s
        elif _stamp(seen.path) == seen.stamp:
            return seen.client
        return self.find(key)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}{_SUFFIX}"

    def _read(self) -> None:
        found: dict[str, _Seen] = {}
        try:
            refuse_others(self._folder, self._folder.stat(), wanted=0o700)
            paths = sorted(self._folder.glob(f"*{_SUFFIX}"))
        except FileNotFoundError:
            paths = []
        for path in paths:
            if path.name.startswith("."):  # on its way
                continue
            stamp = _stamp(path)
            client = _parse(path)
            if client is not None and stamp is not None:
                found[client.key] = _Seen(client, path, stamp)
        self._seen = found


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns, status.st_size


def _parse(path: Path) -> RemoteClient | None:
    """None for a file that is no client's; nobody gets in by it."""
    try:
        content = parse_object(read_private(path) or "{}")
        key, added = content.get("key"), content.get("added")
        if not (isinstance(key, str) and isinstance(added, str)):
            return None
        z85_bytes(key)
    except (ValueError, BadInputError):
        return None
    return RemoteClient(path.name.removesuffix(_SUFFIX), key, added)


def describe(client: RemoteClient) -> str:
    """One line for people."""
    return f"{client.name:<24}{client.added}  {key_to_text(client.key)}"
