"""What hosts, daemon and tools share: errors, motion clips, the protocol and its client.

Nothing here imports zmq or msgpack: `mynah_shared.client` and `mynah_shared.protocol` do.
"""

from ._version import __version__
from .errors import (
    BadInputError,
    EngineUnavailableError,
    JobFailedError,
    MynahError,
    ProtocolError,
    VersionMismatchError,
)
from .motion.clip import MotionClip

__all__ = [
    "BadInputError",
    "EngineUnavailableError",
    "JobFailedError",
    "MotionClip",
    "MynahError",
    "ProtocolError",
    "VersionMismatchError",
    "__version__",
]
