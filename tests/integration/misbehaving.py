"""Daemons that lack patience and workers that leak, die or lack memory:
`python misbehaving.py KIND [ARGUMENTS OF mynah daemon]`.

`impatient`: a daemon that takes two seconds without a step for a hang. `leaky`: one whose workers
keep a piece of memory of each line. `poisoned`: its workers die of lines called poison.wav.
`tight`: its workers may take only a little more memory than they have once they are loaded.
`hasty`: it gives up clients that read nothing for two seconds. `carded`: it has found a graphics
card, on which nothing works. The product has no switch for any.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from mynah_daemon import keys, performing, pool, supervisor, worker
from mynah_daemon.cli import main
from mynah_daemon.devices import Device, Kind
from mynah_shared.protocol.messages import SynthesizeRequest

LEAK_BYTES = 500_000
_kept: list[bytearray] = []


def leak() -> None:
    """From now on."""
    perform = performing.RequestPerformer.perform

    def perform_and_keep(*arguments: object) -> performing.Performed:
        _kept.append(bytearray(b"x" * LEAK_BYTES))
        return perform(*arguments)  # type: ignore[arg-type]

    performing.RequestPerformer.perform = perform_and_keep  # type: ignore[assignment]


def poison() -> None:
    """The next line of that name is the last."""
    perform = performing.RequestPerformer.perform

    def perform_or_die(self: object, request: SynthesizeRequest, *more: object) -> object:
        if request.audio_name == "poison.wav":
            time.sleep(0.3)  # long enough to have company
            os.kill(os.getpid(), signal.SIGKILL)
        return perform(self, request, *more)  # type: ignore[arg-type]

    performing.RequestPerformer.perform = perform_or_die  # type: ignore[assignment]


def tighten() -> None:
    """As soon as the default model is there, so much more and nothing beyond."""
    load = worker.Worker.load

    def load_and_limit(self: worker.Worker) -> None:
        load(self)
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        limit = pages * resource.getpagesize() + int(os.environ["SPARE_BYTES"])
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))

    worker.Worker.load = load_and_limit  # type: ignore[method-assign]


WORKERS = {"leaky": leak, "poisoned": poison, "tight": tighten}


if __name__ == "__main__":
    kind, *rest = sys.argv[1:]
    if kind.endswith(" worker"):
        WORKERS[kind.removesuffix(" worker")]()
        worker.main(*rest)
    else:
        if kind in WORKERS:
            supervisor.WORKER = (sys.executable, __file__, f"{kind} worker")  # type: ignore[misc]
        if kind == "impatient":
            supervisor._HANG_S = 2.0  # type: ignore[misc]
        if kind == "hasty":
            keys._UNREAD_MS = 2000  # type: ignore[misc]
        if kind == "carded":
            pool.find_devices = lambda: (Device(Kind.cuda),)  # type: ignore[assignment]
        sys.exit(main(["daemon", *rest]))
