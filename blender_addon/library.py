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
    from mynah_shared.client.connection_file import ConnectionInfo, state_dir
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
    from mynah_shared.client.launcher import FindSetUp, connect_to
    from mynah_shared.client.paces import Paces
    from mynah_shared.client.provenance import provenance
    from mynah_shared.client.remote import choose_local, choose_remote, own_key_text
    from mynah_shared.client.stage_words import STAGE_WORDS
    from mynah_shared.client.steps import LibraryQuestion, Line
    from mynah_shared.errors import BadInputError, EngineUnavailableError, MynahError
    from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, HEAD_CHANNELS
    from mynah_shared.motion.clip import MotionClip
    from mynah_shared.motion.curves import Interpolation, KeyedCurve, KeyStyle, closure_pins
    from mynah_shared.motion.key_reduction import LEAST_TURN_RAD, reduce_in_steps
    from mynah_shared.motion.npz import clip_to_npz
    from mynah_shared.motion.parts import AMOUNT_PARTS, part_of
    from mynah_shared.motion.regions import LIPS
    from mynah_shared.motion.retarget import Weights, carry_pins, retarget
    from mynah_shared.motion.stepping import Holds, hold_poses, step_clip
    from mynah_shared.pieces import LAST, Pieces, finish
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
    from mynah_shared.rig.inverse import invert_in_pieces
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
    from mynah_shared.scene.captured import (
        captured_words,
        check_video,
        keep_captured,
        line_of_capture,
    )
    from mynah_shared.scene.dialogue import DialogueLine
    from mynah_shared.scene.folder import lines_in_folder
    from mynah_shared.scene.heard import Heard, heard_text, read_heard
    from mynah_shared.scene.marker import read_marker
    from mynah_shared.scene.sheet import SheetError, read_sheet, write_sheet
    from mynah_shared.scene.style_words import read_tags, style_file
    from mynah_shared.scene.voice_view import (
        NOTHING,
        ShownLine,
        TimeView,
        Visible,
        fitting_names,
        kind_of,
        see,
    )
    from mynah_shared.setup.connection_test import ConnectionTest
    from mynah_shared.setup.installer.order import LOG_NAME, Order, SetUpError
    from mynah_shared.setup.job import TICK_S, SetUp
    from mynah_shared.setup.status import Place, State, Status, looked, python_in
else:
    _lend_msgpack()
    from .vendor.mynah_shared._version import __version__
    from .vendor.mynah_shared.client.background import BackgroundClient
    from .vendor.mynah_shared.client.client import Client
    from .vendor.mynah_shared.client.connection_file import ConnectionInfo, state_dir
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
    from .vendor.mynah_shared.client.launcher import FindSetUp, connect_to
    from .vendor.mynah_shared.client.paces import Paces
    from .vendor.mynah_shared.client.provenance import provenance
    from .vendor.mynah_shared.client.remote import choose_local, choose_remote, own_key_text
    from .vendor.mynah_shared.client.stage_words import STAGE_WORDS
    from .vendor.mynah_shared.client.steps import LibraryQuestion, Line
    from .vendor.mynah_shared.errors import BadInputError, EngineUnavailableError, MynahError
    from .vendor.mynah_shared.motion.arkit import ARKIT_BLENDSHAPES, HEAD_CHANNELS
    from .vendor.mynah_shared.motion.clip import MotionClip
    from .vendor.mynah_shared.motion.curves import Interpolation, KeyedCurve, KeyStyle, closure_pins
    from .vendor.mynah_shared.motion.key_reduction import LEAST_TURN_RAD, reduce_in_steps
    from .vendor.mynah_shared.motion.npz import clip_to_npz
    from .vendor.mynah_shared.motion.parts import AMOUNT_PARTS, part_of
    from .vendor.mynah_shared.motion.regions import LIPS
    from .vendor.mynah_shared.motion.retarget import Weights, carry_pins, retarget
    from .vendor.mynah_shared.motion.stepping import Holds, hold_poses, step_clip
    from .vendor.mynah_shared.pieces import LAST, Pieces, finish
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
    from .vendor.mynah_shared.rig.inverse import invert_in_pieces
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
    from .vendor.mynah_shared.scene.captured import (
        captured_words,
        check_video,
        keep_captured,
        line_of_capture,
    )
    from .vendor.mynah_shared.scene.dialogue import DialogueLine
    from .vendor.mynah_shared.scene.folder import lines_in_folder
    from .vendor.mynah_shared.scene.heard import Heard, heard_text, read_heard
    from .vendor.mynah_shared.scene.marker import read_marker
    from .vendor.mynah_shared.scene.sheet import SheetError, read_sheet, write_sheet
    from .vendor.mynah_shared.scene.style_words import read_tags, style_file
    from .vendor.mynah_shared.scene.voice_view import (
        NOTHING,
        ShownLine,
        TimeView,
        Visible,
        fitting_names,
        kind_of,
        see,
    )
    from .vendor.mynah_shared.setup.connection_test import ConnectionTest
    from .vendor.mynah_shared.setup.installer.order import LOG_NAME, Order, SetUpError
    from .vendor.mynah_shared.setup.job import TICK_S, SetUp
    from .vendor.mynah_shared.setup.status import Place, State, Status, looked, python_in

__all__ = [
    "AMOUNT_PARTS",
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
    "ConnectionTest",
    "DialogueLine",
    "Disconnected",
    "DryRun",
    "EngineState",
    "EngineUnavailableError",
    "Failed",
    "FetchStylePicture",
    "FindSetUp",
    "Finished",
    "Found",
    "GestureUse",
    "HEAD_CHANNELS",
    "Heard",
    "Holds",
    "Interpolation",
    "KeyStyle",
    "KeyUse",
    "KeyedCurve",
    "Kind",
    "LAST",
    "LEAST_TURN_RAD",
    "LIPS",
    "LOG_NAME",
    "LibraryQuestion",
    "Line",
    "ListStyles",
    "Look",
    "Match",
    "ModelInfo",
    "Motion",
    "MotionClip",
    "MynahError",
    "NOTHING",
    "Order",
    "Paces",
    "Pieces",
    "Place",
    "Progressed",
    "Proposal",
    "Quality",
    "RemoveStyle",
    "RigMapping",
    "RigNames",
    "Row",
    "STAGE_WORDS",
    "SetUp",
    "SetUpError",
    "SheetError",
    "ShownLine",
    "State",
    "Status",
    "StyleEntry",
    "StyleList",
    "StylePicture",
    "StyleUse",
    "TICK_S",
    "Target",
    "TimeView",
    "UNAVAILABLE",
    "UNBOUNDED",
    "View",
    "Visible",
    "Weights",
    "__version__",
    "bounds",
    "captured_words",
    "carry_pins",
    "check_video",
    "choose_local",
    "choose_remote",
    "clip_to_npz",
    "closure_pins",
    "connect_to",
    "drive",
    "dry_run",
    "engine_faults",
    "finish",
    "fitting_names",
    "heard_text",
    "hold_poses",
    "invert_in_pieces",
    "keep_captured",
    "kind_of",
    "line_of_capture",
    "lines_in_folder",
    "looked",
    "matches_search",
    "mirrored",
    "named_target",
    "own_key_text",
    "part_of",
    "propose_character",
    "propose_mapping",
    "provenance",
    "python_in",
    "read_heard",
    "read_marker",
    "read_sheet",
    "read_tags",
    "reduce_in_steps",
    "report_sentences",
    "retarget",
    "see",
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
