"""What the store raises."""

from __future__ import annotations

import sqlite3

from mynah_shared.errors import MynahError


class StoreError(MynahError):
    """Jobs or results can't be kept. The sentence names the reason and the remedy."""


def cannot_keep(what: str, err: OSError | sqlite3.Error) -> StoreError:
    """The error for `what` ("The result"), with the system's reason."""
    reason = err.strerror if isinstance(err, OSError) else str(err)
    return StoreError(
        f"{what} can't be kept ({reason}); free some space on the disk of the engine's folder and "
        "try again."
    )
