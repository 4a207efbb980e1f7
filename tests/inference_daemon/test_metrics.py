"""Figures for Prometheus, counted from the log."""

from __future__ import annotations

import logging
import socket
import urllib.request
from collections.abc import Iterator

import pytest

from mynah_daemon.log import log_event, logger
from mynah_daemon.metrics import serve_metrics
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import WorkerStatus

pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")

WORKERS = (
    WorkerStatus("cuda:0", pid=4712, restarts=2, running=3),
    WorkerStatus("cuda:1", pid=0, restarts=0, running=0, failure="It can't be used."),
)


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server with one gauge."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    logger.setLevel(logging.INFO)
    gauges = {"queued_lines": ("Lines that wait.", lambda: 7.0)}
    stop = serve_metrics("127.0.0.1", port, gauges, lambda: WORKERS)
    yield port
    stop()


def figures(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        text = answer.read().decode()
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in lines}


def test_events_are_counted(port: int) -> None:
    log_event("worker_died", code=-9)
    log_event("worker_died", code=-9)
    found = figures(port)
    assert found['mynah_events_total{event="worker_died"}'] == 2
    assert found["mynah_queued_lines"] == 7


def test_lines_are_counted_with_what_they_took(port: int) -> None:
    log_event("job_ended", job="ab", state="finished", decode_s=0.02, motion_s=0.2)
    log_event("job_ended", job="cd", state="failed")
    found = figures(port)
    assert found['mynah_jobs_total{state="finished"}'] == 1
    assert found['mynah_jobs_total{state="failed"}'] == 1
    assert found['mynah_stage_seconds_sum{stage="motion"}'] == pytest.approx(0.2)
    assert found['mynah_stage_seconds_bucket{le="0.03",stage="decode"}'] == 1


def test_each_worker_has_its_figures(port: int) -> None:
    found = figures(port)
    assert found['mynah_worker_up{device="cuda:0",worker="0"}'] == 1
    assert found['mynah_worker_up{device="cuda:1",worker="1"}'] == 0
    assert found['mynah_worker_restarts{device="cuda:0",worker="0"}'] == 2
    assert found['mynah_worker_running_lines{device="cuda:0",worker="0"}'] == 3


def test_a_port_that_is_taken_is_a_sentence(port: int) -> None:
    with pytest.raises(BadInputError, match=f"The port {port} for --metrics can't be had"):
        serve_metrics("127.0.0.1", port, {}, lambda: WORKERS)
