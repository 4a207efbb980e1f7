"""Daemons that lack patience and workers that leak: `python misbehaving.py KIND …`.

`impatient`: a daemon that takes two seconds without a step for a hang. `leaky`: one whose worker
keeps a piece of memory of each line. The product has no switch for either.
"""

from __future__ import annotations

import sys

from mynah_daemon import performing, supervisor, worker
from mynah_daemon.cli import main

LEAK_BYTES = 500_000
_kept: list[bytearray] = []


def leak() -> None:
    """From now on."""
    perform = performing.RequestPerformer.perform

    def perform_and_keep(*arguments: object) -> performing.Performed:
        _kept.append(bytearray(b"x" * LEAK_BYTES))
        return perform(*arguments)  # type: ignore[arg-type]

    performing.RequestPerformer.perform = perform_and_keep  # type: ignore[assignment]


if __name__ == "__main__":
    kind = sys.argv[1]
    if kind == "leaky worker":
        leak()
        worker.main(*sys.argv[2:])
    elif kind == "leaky":
        supervisor.WORKER = (sys.executable, __file__, "leaky worker")  # type: ignore[misc]
        sys.exit(main(["daemon"]))
    else:
        supervisor._HANG_S = 2.0  # type: ignore[misc]
        sys.exit(main(["daemon"]))
