"""What the plug-in uses of `mynah_shared`, in one place.

The module's .mod file puts the packed copy of it on Python's path; a checkout has it there already.
"""

from __future__ import annotations

from mynah_shared._version import __version__
from mynah_shared.client.background import BackgroundClient
from mynah_shared.client.connection_file import ConnectionInfo, ensure_state_dir, state_dir
from mynah_shared.client.events import (
    Answered,
    Cancelled,
    ClientEvent,
    Connected,
    Failed,
    Finished,
    Progressed,
)
from mynah_shared.client.examination import EngineState, Look, engine_faults, look_at_engine
from mynah_shared.client.launcher import EngineCommand, connect_to, find_engine
from mynah_shared.client.other_python import ALONE, environment_for_other_python
from mynah_shared.client.paces import Paces
from mynah_shared.client.private_file import parse_object, read_private, replace_private
from mynah_shared.client.provenance import provenance
from mynah_shared.client.remote import (
    choose_local,
    choose_remote,
    choose_remote_text,
    chosen_remote,
    own_key_text,
)
from mynah_shared.client.stage_words import STAGE_WORDS
from mynah_shared.client.steps import LibraryQuestion, Line
from mynah_shared.errors import BadInputError, MynahError
from mynah_shared.motion.arkit import ARKIT_CHANNELS, HEAD_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import (
    Interpolation,
    KeyedCurve,
    KeyStyle,
    closure_pins,
    hermite,
)
from mynah_shared.motion.key_reduction import reduce_clip
from mynah_shared.motion.npz import clip_to_npz
from mynah_shared.motion.parts import AMOUNT_PARTS, part_of
from mynah_shared.motion.regions import LIPS
from mynah_shared.motion.retarget import carry_pins
from mynah_shared.motion.stepping import hold_poses, step_clip
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
from mynah_shared.rig.dry_run import dry_run
from mynah_shared.rig.edit import (
    named_target,
    with_range,
    with_target,
    with_weight,
    without_channel,
)
from mynah_shared.rig.inverse import invert_in_pieces
from mynah_shared.rig.mapping import CHANNELS, RigMapping
from mynah_shared.rig.matcher import Proposal
from mynah_shared.rig.mirror import mirrored
from mynah_shared.rig.rig_matcher import RigNames, propose_character
from mynah_shared.rig.targets import Kind, Motion, Target
from mynah_shared.rig.view import (
    Level,
    Row,
    View,
    report_sentences,
    shown_value,
    unmapped,
    view_of,
)
from mynah_shared.scene.captured import (
    VIDEO_SUFFIXES,
    captured_words,
    check_video,
    keep_captured,
    line_of_capture,
)
from mynah_shared.scene.dialogue import AUDIO_SUFFIXES, DialogueLine
from mynah_shared.scene.heard import Heard, heard_text, read_heard
from mynah_shared.scene.marker import read_marker
from mynah_shared.scene.sheet import read_sheet
from mynah_shared.scene.style_words import (
    CLIP_SUFFIXES,
    STYLE_SUFFIXES,
    parse_styles,
    read_tags,
    style_file,
    write_styles,
)
from mynah_shared.scene.voice_view import (
    CLOSED,
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
from mynah_shared.setup.pythons import find_python, fitting
from mynah_shared.setup.status import Place, State, Status, looked, python_in

__all__ = [
    "ALONE",
    "AMOUNT_PARTS",
    "ARKIT_CHANNELS",
    "AUDIO_SUFFIXES",
    "AddStyle",
    "Amounts",
    "Answered",
    "BackgroundClient",
    "BadInputError",
    "CHANNELS",
    "CLIP_SUFFIXES",
    "CLOSED",
    "Cancelled",
    "ClientEvent",
    "Connected",
    "ConnectionInfo",
    "ConnectionTest",
    "DialogueLine",
    "EngineCommand",
    "EngineState",
    "Failed",
    "FetchStylePicture",
    "Finished",
    "GestureUse",
    "HEAD_CHANNELS",
    "Heard",
    "Interpolation",
    "KeyStyle",
    "KeyUse",
    "KeyedCurve",
    "Kind",
    "LAST",
    "LIPS",
    "LOG_NAME",
    "Level",
    "LibraryQuestion",
    "Line",
    "ListStyles",
    "Look",
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
    "STYLE_SUFFIXES",
    "SetUp",
    "SetUpError",
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
    "VIDEO_SUFFIXES",
    "View",
    "Visible",
    "__version__",
    "bounds",
    "captured_words",
    "carry_pins",
    "check_video",
    "choose_local",
    "choose_remote",
    "choose_remote_text",
    "chosen_remote",
    "clip_to_npz",
    "closure_pins",
    "connect_to",
    "drive",
    "dry_run",
    "engine_faults",
    "ensure_state_dir",
    "environment_for_other_python",
    "find_engine",
    "find_python",
    "finish",
    "fitting",
    "fitting_names",
    "heard_text",
    "hermite",
    "hold_poses",
    "invert_in_pieces",
    "keep_captured",
    "kind_of",
    "line_of_capture",
    "look_at_engine",
    "looked",
    "mirrored",
    "named_target",
    "own_key_text",
    "parse_object",
    "parse_styles",
    "part_of",
    "propose_character",
    "provenance",
    "python_in",
    "read_heard",
    "read_marker",
    "read_private",
    "read_sheet",
    "read_tags",
    "reduce_clip",
    "replace_private",
    "report_sentences",
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
    "write_styles",
]
