"""What the add-on uses of `mynah_shared`.

An installed extension brings its own copy in vendor/ and loads it as a part of itself, because an
extension must not put packages on Python's path. A checkout has `mynah_shared` on the path.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

_IS_VENDORED = (Path(__file__).parent / "vendor" / "mynah_shared").is_dir()


def _lend_msgpack() -> None:
    """Let the vendored codec find the vendored msgpack, without leaving it in `sys.modules`."""
    if importlib.util.find_spec("msgpack") is not None:
        return
    sys.modules["msgpack"] = importlib.import_module(".vendor.msgpack", __package__)
    try:
        importlib.import_module(".vendor.mynah_shared.protocol.codec", __package__)
    finally:
        del sys.modules["msgpack"]


if TYPE_CHECKING or not _IS_VENDORED:
    from mynah_shared._version import __version__
    from mynah_shared.client.background import BackgroundClient
    from mynah_shared.client.connection_file import ConnectionInfo
    from mynah_shared.client.events import (
        Answered,
        Cancelled,
        ClientEvent,
        Failed,
        Finished,
        Progressed,
    )
    from mynah_shared.client.launcher import EngineCommand, find_or_start_daemon
    from mynah_shared.client.steps import LibraryQuestion, Line
    from mynah_shared.errors import BadInputError, MynahError
    from mynah_shared.motion.arkit import HEAD_CHANNELS
    from mynah_shared.motion.clip import MotionClip
    from mynah_shared.motion.curves import LEAST_TURN_RAD, KeyedCurve, closure_pins, reduce_clip
    from mynah_shared.motion.npz import clip_to_npz
    from mynah_shared.motion.retarget import Weights, carry_pins, retarget
    from mynah_shared.protocol.messages import (
        AddStyle,
        Amounts,
        FetchStylePicture,
        GestureUse,
        KeyUse,
        ListStyles,
        Quality,
        RemoveStyle,
        StyleEntry,
        StyleList,
        StylePicture,
        StyleUse,
    )
    from mynah_shared.rig.inverse import invert
    from mynah_shared.rig.mapping import RigMapping
    from mynah_shared.rig.matcher import Proposal, propose_mapping
else:
    _lend_msgpack()
    from .vendor.mynah_shared._version import __version__
    from .vendor.mynah_shared.client.background import BackgroundClient
    from .vendor.mynah_shared.client.connection_file import ConnectionInfo
    from .vendor.mynah_shared.client.events import (
        Answered,
        Cancelled,
        ClientEvent,
        Failed,
        Finished,
        Progressed,
    )
    from .vendor.mynah_shared.client.launcher import EngineCommand, find_or_start_daemon
    from .vendor.mynah_shared.client.steps import LibraryQuestion, Line
    from .vendor.mynah_shared.errors import BadInputError, MynahError
    from .vendor.mynah_shared.motion.arkit import HEAD_CHANNELS
    from .vendor.mynah_shared.motion.clip import MotionClip
    from .vendor.mynah_shared.motion.curves import (
        LEAST_TURN_RAD,
        KeyedCurve,
        closure_pins,
        reduce_clip,
    )
    from .vendor.mynah_shared.motion.npz import clip_to_npz
    from .vendor.mynah_shared.motion.retarget import Weights, carry_pins, retarget
    from .vendor.mynah_shared.protocol.messages import (
        AddStyle,
        Amounts,
        FetchStylePicture,
        GestureUse,
        KeyUse,
        ListStyles,
        Quality,
        RemoveStyle,
        StyleEntry,
        StyleList,
        StylePicture,
        StyleUse,
    )
    from .vendor.mynah_shared.rig.inverse import invert
    from .vendor.mynah_shared.rig.mapping import RigMapping
    from .vendor.mynah_shared.rig.matcher import Proposal, propose_mapping

__all__ = [
    "AddStyle",
    "Amounts",
    "Answered",
    "BackgroundClient",
    "BadInputError",
    "Cancelled",
    "ClientEvent",
    "ConnectionInfo",
    "EngineCommand",
    "Failed",
    "FetchStylePicture",
    "Finished",
    "GestureUse",
    "HEAD_CHANNELS",
    "KeyUse",
    "KeyedCurve",
    "LEAST_TURN_RAD",
    "LibraryQuestion",
    "Line",
    "ListStyles",
    "MotionClip",
    "MynahError",
    "Progressed",
    "Proposal",
    "Quality",
    "RemoveStyle",
    "RigMapping",
    "StyleEntry",
    "StyleList",
    "StylePicture",
    "StyleUse",
    "Weights",
    "__version__",
    "carry_pins",
    "clip_to_npz",
    "closure_pins",
    "find_or_start_daemon",
    "invert",
    "propose_mapping",
    "reduce_clip",
    "retarget",
]
