"""From what pip and the system say to one sentence with the remedy."""

from __future__ import annotations

import errno
import re
from pathlib import Path

INCOMPLETE = (
    "The engine package does not hold all that is needed here; choose one that was packed for this "
    "system with `build.py daemon --offline`, or empty the field to use the package index."
)
_DISK = "The disk is full: free some space{where} and try again."
_DENIED = (
    "The system does not allow to write{where}; make the folder writable, or let the antivirus "
    "program pass it, and try again."
)
_BLOCKED = (errno.EACCES, errno.EPERM, errno.EROFS)
_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)

# Looked for in this order: what comes first explains what comes later.
_SIGNS = (
    (r"No space left on device|Errno 28\b|WinError 112|Disk quota exceeded", _DISK),
    (r"Permission denied|Access is denied|WinError (5|32)\b|Read-only file system", _DENIED),
    (
        r"ProxyError|Cannot connect to proxy|Tunnel connection failed"
        r"|Proxy Authentication Required",
        "The proxy refuses the connection to the package index: check the proxy's address and "
        "password (the variable HTTPS_PROXY or pip's settings) and try again.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|SSLError|SSLCertVerificationError",
        "The package index's certificate is not trusted, often because a firewall reads the "
        "traffic: name its certificate in pip's settings (the variable PIP_CERT), or choose an "
        "engine package.",
    ),
    (
        r"NewConnectionError|NameResolutionError|Failed to establish a new connection"
        r"|Temporary failure in name resolution|getaddrinfo failed|Connection refused"
        r"|Network is unreachable|ConnectTimeoutError|nodename nor servname",
        "The package index can't be reached: check the network and try again, or choose an "
        "engine package.",
    ),
    (
        r"Read timed out|ReadTimeoutError|IncompleteRead|Connection broken|Connection reset"
        r"|incomplete-download",
        "The connection broke in the middle of a download; try again.",
    ),
    (
        r"DO NOT MATCH THE HASHES|BadZipFile|invalid wheel|File is not a zip file",
        "A package arrived damaged; try again.",
    ),
)


def of_error(error: OSError, folder: Path) -> str:
    """A sentence for an error of the system while working in `folder`."""
    place = f" in {error.filename or folder}"
    if error.errno in _FULL:
        return _DISK.format(where=f" on the disk of {folder}")
    if error.errno in _BLOCKED:
        return _DENIED.format(where=place)
    return f"The set-up failed{place} ({error.strerror or error}); the log has the details."


def of_output(said: str, folder: Path, *, without_index: str = "") -> str:
    """A sentence for a failed run of pip or venv, from all it said. `without_index` is the one for
    a package that is missing where no index was asked."""
    for pattern, sentence in _SIGNS:
        if re.search(pattern, said, re.IGNORECASE):
            return sentence.format(where=f" in {folder}")
    missing = re.search(r"No matching distribution found for ([^\s;\[<>=!~(]+)", said)
    if missing and without_index:
        return f"{without_index} (What is at hand lacks '{missing[1]}'.)"
    if missing:
        return (
            f"The package '{missing[1]}' is not to be had for this Python and system; use an "
            "engine of your own, made with Python 3.11 to 3.13."
        )
    return f"The set-up failed ({_last_words(said)}); the log has the details."


def _last_words(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    words = (errors or lines or ["no reason was given"])[-1]
    return words.removeprefix("ERROR: ").rstrip(".")
