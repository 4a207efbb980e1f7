"""What the plug-in uses of `mynah_shared`, in one place.

The module's .mod file puts the packed copy of it on Python's path; a checkout has it there already.
"""

from __future__ import annotations

from mynah_shared._version import __version__
from mynah_shared.client.background import BackgroundClient
from mynah_shared.client.connection_file import ConnectionInfo
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
from mynah_shared.client.launcher import find_or_start_daemon
from mynah_shared.client.provenance import provenance
from mynah_shared.client.steps import LibraryQuestion, Line
from mynah_shared.errors import BadInputError, MynahError
from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.clip import MotionClip
from mynah_shared.motion.curves import (
    Interpolation,
    KeyedCurve,
    KeyStyle,
    closure_pins,
    hermite,
)
from mynah_shared.motion.key_reduction import reduce_clip
from mynah_shared.motion.regions import LIPS
from mynah_shared.motion.retarget import carry_pins
from mynah_shared.motion.stepping import hold_poses, step_clip
from mynah_shared.protocol.messages import (
    Amounts,
    FetchStylePicture,
    ListStyles,
    ModelInfo,
    Quality,
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
from mynah_shared.scene.dialogue import AUDIO_SUFFIXES, DialogueLine
from mynah_shared.scene.marker import read_marker
from mynah_shared.scene.sheet import read_sheet
from mynah_shared.scene.style_words import STYLE_SUFFIXES, parse_styles, style_file, write_styles

__all__ = [
    "ARKIT_CHANNELS",
    "AUDIO_SUFFIXES",
    "Amounts",
    "Answered",
    "BackgroundClient",
    "BadInputError",
    "CHANNELS",
    "Cancelled",
    "ClientEvent",
    "Connected",
    "ConnectionInfo",
    "DialogueLine",
    "EngineState",
    "Failed",
    "FetchStylePicture",
    "Finished",
    "Interpolation",
    "KeyStyle",
    "KeyedCurve",
    "Kind",
    "LIPS",
    "Level",
    "LibraryQuestion",
    "Line",
    "ListStyles",
    "Look",
    "ModelInfo",
    "Motion",
    "MotionClip",
    "MynahError",
    "Progressed",
    "Proposal",
    "Quality",
    "RigMapping",
    "RigNames",
    "Row",
    "STYLE_SUFFIXES",
    "StyleEntry",
    "StyleList",
    "StylePicture",
    "StyleUse",
    "Target",
    "View",
    "__version__",
    "bounds",
    "carry_pins",
    "closure_pins",
    "drive",
    "dry_run",
    "engine_faults",
    "find_or_start_daemon",
    "hermite",
    "hold_poses",
    "look_at_engine",
    "mirrored",
    "named_target",
    "parse_styles",
    "propose_character",
    "provenance",
    "read_marker",
    "read_sheet",
    "reduce_clip",
    "report_sentences",
    "shown_value",
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
