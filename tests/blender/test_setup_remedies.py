"""What pip and the system say becomes one sentence with the remedy."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from mynah_shared.setup.installer import remedies, steps
from mynah_shared.setup.installer.order import Order, SetUpError

pytestmark = pytest.mark.bpy
FOLDER = Path("/somewhere")


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: [Errno 28] No space left on device", "The disk is full: free some space"),
        ("OSError: [WinError 112] There is not enough space on the disk", "The disk is full"),
        ("ERROR: [WinError 5] Access is denied: 'scipy.pyd'", "antivirus"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]'", "PIP_CERT"),
        ("OSError('Tunnel connection failed: 407 Proxy Authentication Required')", "proxy refuses"),
        ("NewConnectionError: [Errno 11001] getaddrinfo failed", "index can't be reached"),
        ("ReadTimeoutError(HTTPSConnectionPool): Read timed out.", "connection broke"),
        ("ERROR: No matching distribution found for onnxruntime>=1.20", "'onnxruntime' is not to"),
        ("Collecting a\nERROR: Something new.\n", "The set-up failed (Something new)"),
        ("", "no reason was given"),
    ],
)
def test_a_failed_program_is_a_sentence(said: str, sentence: str) -> None:
    told = remedies.of_output(said, FOLDER)
    assert sentence in told
    assert told.endswith((".", ".)"))


def test_retries_before_the_end_do_not_hide_the_cause() -> None:
    said = "WARNING: Retrying after Read timed out.\nERROR: [Errno 28] No space left on device\n"
    assert "disk is full" in remedies.of_output(said, FOLDER)


def test_errors_of_the_system_name_the_place() -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert f"on the disk of {FOLDER}" in remedies.of_error(full, FOLDER)
    denied = PermissionError(errno.EACCES, "Permission denied", "/somewhere/engine")
    assert "in /somewhere/engine" in remedies.of_error(denied, FOLDER)
    assert "antivirus" in remedies.of_error(denied, FOLDER)


def test_too_little_disk_is_said_before_anything_is_fetched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=1_500_000_000))
    order = Order("set_up", str(FOLDER), "", "", "", "1.0", "cpu", True)
    with pytest.raises(SetUpError, match=r"nearly full: the engine needs 2000 MB.*Free some"):
        steps._make(order, None, FOLDER, None, lambda _told: None, "")
