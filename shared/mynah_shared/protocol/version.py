"""The protocol's own version, apart from the packages': (major, minor)."""

from __future__ import annotations

from ..errors import VersionMismatchError

PROTOCOL_VERSION = (1, 3)


def is_compatible(theirs: tuple[int, int], ours: tuple[int, int] = PROTOCOL_VERSION) -> bool:
    """Equal majors understand each other; a minor only adds what the other side may ignore."""
    return theirs[0] == ours[0]


def require_compatible(*, host: tuple[int, int], daemon: tuple[int, int]) -> None:
    """Raises `VersionMismatchError`, which names both versions and the side to update."""
    if is_compatible(host, daemon):
        return
    if host > daemon:
        remedy = "update the engine, stop the old daemon with `mynah stop` and try again"
    else:
        remedy = "update Mynah in the host application"
    raise VersionMismatchError(
        f"The host speaks MYN1 protocol {host[0]}.{host[1]}, the daemon {daemon[0]}.{daemon[1]}; "
        f"{remedy}."
    )
