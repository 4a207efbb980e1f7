"""What those who look after a daemon can see of it."""

from __future__ import annotations

import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.integration.conftest import run_mynah, write_speech


def test_a_daemon_answers_prometheus(mynah_home: Path, tmp_path: Path) -> None:
    pytest.importorskip("prometheus_client", reason="prometheus-client is not installed")
    audio = write_speech(tmp_path / "line.wav")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mynah_daemon", "daemon", "--metrics", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert "is ready" in process.stdout.readline()
        assert run_mynah("generate", audio, "-o", audio.with_suffix(".csv")).returncode == 0
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
        process.terminate()
    assert process.returncode == 0
    assert 'mynah_jobs_total{state="finished"} 1.0' in text
    assert 'mynah_stage_seconds_count{stage="worker"} 1.0' in text
    assert "mynah_queued_lines 0.0" in text
    assert 'mynah_worker_up{device="cpu",worker="0"} 1.0' in text
