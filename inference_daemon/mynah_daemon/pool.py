"""The workers of a daemon: one on each device, and all take their jobs from one table."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Final

from mynah_shared.protocol.messages import ErrorCode, WorkerStatus

from .config import DaemonConfig
from .devices import CPU, Place, find_devices, n_cores, share_out
from .jobs import JobTable
from .log import log_event
from .supervisor import Supervisor

_NOBODY: Final = float("inf")


class WorkerPool:
    """Supervisors of the devices that `config` names. If it names none, those of the devices that
    are found, and one of the processor, which stands in while none of them can be used."""

    def __init__(self, config: DaemonConfig, jobs: JobTable) -> None:
        self._jobs = jobs
        devices = config.devices or find_devices()

        def supervise(place: Place) -> Supervisor:
            return Supervisor(place, config, jobs, self)

        self._supervisors = [supervise(place) for place in share_out(devices, n_cores())]
        self._stand_in: Supervisor | None = None
        if not config.devices and CPU not in devices:
            (alone,) = share_out([CPU], n_cores())
            self._stand_in = supervise(replace(alone, number=len(devices)))
        self._changing = threading.Lock()
        self._is_stopping = False

    # --- what the daemon asks -------------------------------------------------------------------

    @property
    def workers(self) -> list[Supervisor]:
        """All that were started, in the order of their numbers."""
        stand_in = self._stand_in
        is_called = stand_in is not None and stand_in.ident is not None
        return [*self._supervisors, stand_in] if stand_in and is_called else self._supervisors

    @property
    def states(self) -> tuple[WorkerStatus, ...]:
        return tuple(worker.status for worker in self.workers)

    def start(self) -> None:
        for supervisor in self._supervisors:
            supervisor.start()

    def poke(self) -> None:
        """Call after jobs were submitted or cancelled."""
        self._refuse_if_nobody_can()
        for worker in self.workers:
            worker.poke()

    def is_alive(self) -> bool:
        """Whether all threads that were started still work."""
        return all(worker.is_alive() for worker in self.workers)

    def stop(self, deadline_s: float) -> None:
        """Ends the workers; a running job is begun again by the next daemon."""
        with self._changing:
            self._is_stopping = True
        begun = [worker for worker in self.workers if worker.is_alive()]
        for worker in begun:
            worker.stop()
        until_s = time.monotonic() + deadline_s
        for worker in begun:
            worker.join(max(0.0, until_s - time.monotonic()))

    # --- what supervisors ask -------------------------------------------------------------------

    def lets_take(self, me: Supervisor) -> bool:
        """Jobs go to the worker that has least in hand, so that none waits behind others while a
        device is idle."""
        others = [worker for worker in self._supervisors if worker is not me]
        if me is self._stand_in:
            return not any(other.is_ready for other in others)
        return me.n_running <= min((o.n_running for o in others if o.has_room), default=_NOBODY)

    def took(self, me: Supervisor) -> None:
        self._poke_others(me)

    def changed(self, me: Supervisor) -> None:
        with self._changing:
            stand_in = self._stand_in
            is_wanted = stand_in is not None and stand_in.ident is None and self._have_failed()
            if stand_in is not None and is_wanted and not self._is_stopping:
                log_event("processor_stands_in", reason=me.failure)
                stand_in.start()
        self._refuse_if_nobody_can()
        self._poke_others(me)

    # --- inside ---------------------------------------------------------------------------------

    def _have_failed(self) -> bool:
        return all(supervisor.failure for supervisor in self._supervisors)

    def _refuse_if_nobody_can(self) -> None:
        """Lines that nobody can make fail at once instead of waiting for ever."""
        failures = [worker.failure for worker in self.workers]
        if all(failures) and (self._stand_in is None or self._stand_in.failure):
            self._jobs.fail_waiting(ErrorCode.internal, failures[0])

    def _poke_others(self, me: Supervisor) -> None:
        for worker in self.workers:
            if worker is not me:
                worker.poke()
