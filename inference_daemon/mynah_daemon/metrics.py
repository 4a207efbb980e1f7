"""Figures for Prometheus on a port of this computer, if asked for: `mynah daemon --metrics PORT`.

They are counted from the daemon's log as it is written, so the log and the figures always agree.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from mynah_shared.errors import BadInputError, EngineUnavailableError
from mynah_shared.protocol.messages import WorkerStatus

from .log import fields_of, logger

Gauges = Mapping[str, tuple[str, Callable[[], float]]]
"""What is read at the moment of asking: a sentence about each figure, and how to read it."""

Workers = Callable[[], Sequence[WorkerStatus]]
"""How the workers are now, in the order of their numbers."""

_OF_WORKERS: Final[Mapping[str, tuple[str, Callable[[WorkerStatus], float]]]] = {
    "worker_up": ("Whether its process is there.", lambda worker: float(worker.pid > 0)),
    "worker_restarts": ("Processes lost.", lambda worker: worker.restarts),
    "worker_running_lines": ("Lines in hand.", lambda worker: worker.running),
}
_SECONDS: Final = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100)


def serve_metrics(host: str, port: int, gauges: Gauges, workers: Workers) -> Callable[[], None]:
    """Answers `GET /metrics` until the function that it returns is called.

    Raises `EngineUnavailableError` without prometheus-client, and `BadInputError` if the port
    can't be had.
    """
    try:
        import prometheus_client as prometheus
    except ImportError as err:
        raise EngineUnavailableError(
            "--metrics needs prometheus-client; install it: pip install 'mynah_daemon[metrics]'."
        ) from err
    registry = prometheus.CollectorRegistry()
    for name, (sentence, read) in gauges.items():
        prometheus.Gauge(f"mynah_{name}", sentence, registry=registry).set_function(read)
    registry.register(_WorkerCollector(prometheus, workers))
    started = prometheus.Gauge("mynah_start_time_seconds", "When it started.", registry=registry)
    started.set(time.time())
    counter = _LogCounter(prometheus, registry)
    try:
        server, thread = prometheus.start_http_server(port, host, registry)
    except OSError as err:
        raise BadInputError(
            f"The port {port} for --metrics can't be had ({err.strerror}); choose another one."
        ) from err
    logger.addHandler(counter)

    def stop() -> None:
        logger.removeHandler(counter)
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


class _WorkerCollector:
    """Figures of each worker, by its number and device."""

    def __init__(self, prometheus: Any, workers: Workers) -> None:
        self._prometheus, self._workers = prometheus, workers

    def collect(self) -> list[Any]:
        """What Prometheus calls when it is asked."""
        workers, families = self._workers(), list[Any]()
        for name, (sentence, read) in _OF_WORKERS.items():
            family = self._prometheus.metrics_core.GaugeMetricFamily(
                f"mynah_{name}", sentence, labels=["worker", "device"]
            )
            for number, worker in enumerate(workers):
                family.add_metric([str(number), worker.device], read(worker))
            families.append(family)
        return families


class _LogCounter(logging.Handler):
    """Counts events by name, jobs by how they ended, and the seconds that their stages took."""

    def __init__(self, prometheus: Any, registry: Any) -> None:
        super().__init__()
        self._events = prometheus.Counter(
            "mynah_events", "Events in the daemon's log.", ["event"], registry=registry
        )
        self._jobs = prometheus.Counter(
            "mynah_jobs", "Lines that ended.", ["state"], registry=registry
        )
        self._stages = prometheus.Histogram(
            "mynah_stage_seconds",
            "What a line took, by stage.",
            ["stage"],
            buckets=_SECONDS,
            registry=registry,
        )

    def emit(self, record: logging.LogRecord) -> None:
        fields = fields_of(record)
        self._events.labels(record.getMessage()).inc()
        if record.getMessage() == "job_ended":
            self._jobs.labels(fields["state"]).inc()
            for name, value in fields.items():
                if name.endswith("_s"):
                    self._stages.labels(name.removesuffix("_s")).observe(float(value))
