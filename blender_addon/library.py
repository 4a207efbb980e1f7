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
    from mynah_shared.client.client import Client
    from mynah_shared.client.connection_file import (
        ConnectionInfo,
        read_connection_file,
        state_dir,
    )
    from mynah_shared.client.events import (
        UNAVAILABLE,
        Answered,
        Cancelled,
        ClientEvent,
        Connected,
        Disconnected,
        Failed,
        Finished,
        Progressed,
    )
    from mynah_shared.client.examination import EngineState, Look, engine_faults
    from mynah_shared.client.launcher import EngineCommand, find_engine, find_or_start_daemon
    from mynah_shared.client.provenance import provenance
    from mynah_shared.client.remote import choose_local, choose_remote, chosen_remote, own_key_text
    from mynah_shared.client.steps import LibraryQuestion, Line
    from mynah_shared.errors import BadInputError, EngineUnavailableError, MynahError
    from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, HEAD_CHANNELS
    from mynah_shared.motion.clip import MotionClip
    from mynah_shared.motion.curves import Interpolation, KeyedCurve, KeyStyle, closure_pins
    from mynah_shared.motion.key_reduction import LEAST_TURN_RAD, reduce_in_steps
    from mynah_shared.motion.npz import clip_to_npz
    from mynah_shared.motion.regions import LIPS
    from mynah_shared.motion.retarget import Weights, carry_pins, retarget
    from mynah_shared.motion.stepping import Holds, hold_poses, step_clip
    from mynah_shared.protocol.messages import (
        AddStyle,
        Amounts,
        FetchStylePicture,
        GestureUse,
        KeyUse,
        ListStyles,
        ModelInfo,
        Quality,
        RemoveStyle,
        StyleEntry,
        StyleList,
        StylePicture,
        StyleUse,
    )
    from mynah_shared.rig.drive import bounds, drive
    from mynah_shared.rig.dry_run import DryRun, dry_run
    from mynah_shared.rig.edit import (
        named_target,
        with_range,
        with_target,
        with_weight,
        without_channel,
    )
    from mynah_shared.rig.inverse import invert
    from mynah_shared.rig.mapping import CHANNELS, UNBOUNDED, RigMapping
    from mynah_shared.rig.matcher import Found, Match, Proposal, propose_mapping
    from mynah_shared.rig.mirror import mirrored
    from mynah_shared.rig.rig_matcher import RigNames, propose_character
    from mynah_shared.rig.targets import Kind, Motion, Target
    from mynah_shared.rig.view import (
        Row,
        View,
        matches_search,
        report_sentences,
        shown_value,
        unmapped,
        view_of,
    )
    from mynah_shared.scene.dialogue import DialogueLine
    from mynah_shared.scene.folder import lines_in_folder
    from mynah_shared.scene.marker import read_marker
    from mynah_shared.scene.sheet import SheetError, read_sheet, write_sheet
    from mynah_shared.scene.style_words import style_file
else:
    _lend_msgpack()
    from .vendor.mynah_shared._version import __version__
    from .vendor.mynah_shared.client.background import BackgroundClient
    from .vendor.mynah_shared.client.client import Client
    from .vendor.mynah_shared.client.connection_file import (
        ConnectionInfo,
        read_connection_file,
        state_dir,
    )
    from .vendor.mynah_shared.client.events import (
        UNAVAILABLE,
        Answered,
        Cancelled,
        ClientEvent,
        Connected,
        Disconnected,
        Failed,
        Finished,
        Progressed,
    )
    from .vendor.mynah_shared.client.examination import EngineState, Look, engine_faults
    from .vendor.mynah_shared.client.launcher import (
        EngineCommand,
        find_engine,
        find_or_start_daemon,
    )
    from .vendor.mynah_shared.client.provenance import provenance
    from .vendor.mynah_shared.client.remote import (
        choose_local,
        choose_remote,
        chosen_remote,
        own_key_text,
    )
    from .vendor.mynah_shared.client.steps import LibraryQuestion, Line
    from .vendor.mynah_shared.errors import BadInputError, EngineUnavailableError, MynahError
    from .vendor.mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, HEAD_CHANNELS
    from .vendor.mynah_shared.motion.clip import MotionClip
    from .vendor.mynah_shared.motion.curves import Interpolation, KeyedCurve, KeyStyle, closure_pins
    from .vendor.mynah_shared.motion.key_reduction import LEAST_TURN_RAD, reduce_in_steps
    from .vendor.mynah_shared.motion.npz import clip_to_npz
    from .vendor.mynah_shared.motion.regions import LIPS
    from .vendor.mynah_shared.motion.retarget import Weights, carry_pins, retarget
    from .vendor.mynah_shared.motion.stepping import Holds, hold_poses, step_clip
    from .vendor.mynah_shared.protocol.messages import (
        AddStyle,
        Amounts,
        FetchStylePicture,
        GestureUse,
        KeyUse,
        ListStyles,
        ModelInfo,
        Quality,
        RemoveStyle,
        StyleEntry,
        StyleList,
        StylePicture,
        StyleUse,
    )
    from .vendor.mynah_shared.rig.drive import bounds, drive
    from .vendor.mynah_shared.rig.dry_run import DryRun, dry_run
    from .vendor.mynah_shared.rig.edit import (
        named_target,
        with_range,
        with_target,
        with_weight,
        without_channel,
    )
    from .vendor.mynah_shared.rig.inverse import invert
    from .vendor.mynah_shared.rig.mapping import CHANNELS, UNBOUNDED, RigMapping
    from .vendor.mynah_shared.rig.matcher import Found, Match, Proposal, propose_mapping
    from .vendor.mynah_shared.rig.mirror import mirrored
    from .vendor.mynah_shared.rig.rig_matcher import RigNames, propose_character
    from .vendor.mynah_shared.rig.targets import Kind, Motion, Target
    from .vendor.mynah_shared.rig.view import (
        Row,
        View,
        matches_search,
        report_sentences,
        shown_value,
        unmapped,
        view_of,
    )
    from .vendor.mynah_shared.scene.dialogue import DialogueLine
    from .vendor.mynah_shared.scene.folder import lines_in_folder
    from .vendor.mynah_shared.scene.marker import read_marker
    from .vendor.mynah_shared.scene.sheet import SheetError, read_sheet, write_sheet
    from .vendor.mynah_shared.scene.style_words import style_file

__all__ = [
    "ARKIT_BLENDSHAPES",
    "AddStyle",
    "Amounts",
    "Answered",
    "BackgroundClient",
    "BadInputError",
    "CHANNELS",
    "Cancelled",
    "Client",
    "ClientEvent",
    "Connected",
    "ConnectionInfo",
    "DialogueLine",
    "Disconnected",
    "DryRun",
    "EngineCommand",
    "EngineState",
    "EngineUnavailableError",
    "Failed",
    "FetchStylePicture",
    "Finished",
    "Found",
    "GestureUse",
    "HEAD_CHANNELS",
    "Holds",
    "Interpolation",
    "KeyStyle",
    "KeyUse",
    "KeyedCurve",
    "Kind",
    "LEAST_TURN_RAD",
    "LIPS",
    "LibraryQuestion",
    "Line",
    "ListStyles",
    "Look",
    "Match",
    "ModelInfo",
    "Motion",
    "MotionClip",
    "MynahError",
    "Progressed",
    "Proposal",
    "Quality",
    "RemoveStyle",
    "RigMapping",
    "RigNames",
    "Row",
    "SheetError",
    "StyleEntry",
    "StyleList",
    "StylePicture",
    "StyleUse",
    "Target",
    "UNAVAILABLE",
    "UNBOUNDED",
    "View",
    "Weights",
    "__version__",
    "bounds",
    "carry_pins",
    "choose_local",
    "choose_remote",
    "chosen_remote",
    "clip_to_npz",
    "closure_pins",
    "drive",
    "dry_run",
    "engine_faults",
    "find_engine",
    "find_or_start_daemon",
    "hold_poses",
    "invert",
    "lines_in_folder",
    "matches_search",
    "mirrored",
    "named_target",
    "own_key_text",
    "propose_character",
    "propose_mapping",
    "provenance",
    "read_connection_file",
    "read_marker",
    "read_sheet",
    "reduce_in_steps",
    "report_sentences",
    "retarget",
    "shown_value",
    "state_dir",
    "step_clip",
    "style_file",
    "unmapped",
    "view_of",
    "with_range",
    "with_target",
    "with_weight",
    "without_channel",
    "write_sheet",
]
