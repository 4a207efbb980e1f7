"""What a daemon needs to know before it starts. The only module here that reads the environment."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mynah_shared.client.connection_file import state_dir
from mynah_shared.errors import BadInputError
from mynah_shared.protocol.messages import Limits

from .devices import Device, check_devices
from .engine.model_store import BUNDLED
from .flame.stored import MAP_NAME
from .listening import Listen

LOOPBACK: Final = "127.0.0.1"

LIMITS: Final = Limits(
    message_bytes=4 << 20,
    chunk_bytes=256 << 10,
    chunks_in_flight=8,
    audio_bytes=1 << 30,  # an hour of 48 kHz stereo fits, or ten minutes of a phone's 4K video
    audio_s=600.0,
    queued_jobs=2000,
)


@dataclass(frozen=True)
class DaemonConfig:
    """Raises `BadInputError` if `host` is reachable from other machines, or a graphics card is
    named twice."""

    state_dir: Path
    weights: Path = BUNDLED
    host: str = LOOPBACK
    limits: Limits = field(default=LIMITS)
    idle_exit_s: float = 1800.0
    """Without clients and work for this long the daemon ends; the next client starts one."""
    result_bytes: int = 4 << 30
    """Finished results kept on disk: some 100,000 lines of 5 s."""
    result_days: float = 30.0
    """A result that nobody has asked for in so long is deleted."""
    blob_bytes: int = 2 << 30
    """Uploaded files kept on disk while the daemon lives or open jobs need them."""
    metrics_port: int = 0
    """Where Prometheus finds figures, on `host`; 0: nowhere."""
    listen: Listen | None = None
    """Where to serve other computers too; their users must be in `client_dir`."""
    landmarker: Path | None = None
    """MediaPipe's Face Landmarker, for videos; None: fetched on first use."""
    devices: tuple[Device, ...] = ()
    """What lines are made on, a worker on each; empty: what is found."""

    def __post_init__(self) -> None:
        check_devices(self.devices)
        try:
            is_loopback = ipaddress.IPv4Address(self.host).is_loopback
        except ValueError:
            is_loopback = False
        if not is_loopback:
            raise BadInputError(
                f"The daemon can't listen on '{self.host}': there it serves this computer only; "
                f"leave --host out or use {LOOPBACK}. To serve others there is --listen."
            )

    @property
    def blob_dir(self) -> Path:
        return self.state_dir / "blobs"

    @property
    def job_dir(self) -> Path:
        return self.state_dir / "jobs"

    @property
    def style_dir(self) -> Path:
        return self.state_dir / "styles"

    @property
    def flame_map(self) -> Path:
        """What `mynah flame calibrate` made of the user's FLAME model."""
        return self.state_dir / MAP_NAME

    @property
    def client_dir(self) -> Path:
        """Who may connect from other computers."""
        return self.state_dir / "clients"

    @property
    def log_dir(self) -> Path:
        return self.state_dir / "logs"


def config_from_environment(host: str = LOOPBACK, listen: Listen | None = None) -> DaemonConfig:
    """MYNAH_HOME moves the state folder (see `state_dir`), MYNAH_WEIGHTS the weights, and
    MYNAH_LANDMARKER is a Face Landmarker that need not be fetched."""
    weights = _path("MYNAH_WEIGHTS") or BUNDLED
    return DaemonConfig(
        state_dir(), weights, host, listen=listen, landmarker=landmarker_from_environment()
    )


def landmarker_from_environment() -> Path | None:
    """The file that MYNAH_LANDMARKER names."""
    return _path("MYNAH_LANDMARKER")


def _path(variable: str) -> Path | None:
    text = os.environ.get(variable)
    return Path(text).absolute() if text else None
