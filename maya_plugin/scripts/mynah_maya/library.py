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
    reduce_clip,
)
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
from mynah_shared.rig.drive import drive
from mynah_shared.rig.dry_run import dry_run
from mynah_shared.rig.mapping import RigMapping
from mynah_shared.rig.rig_matcher import RigNames, propose_rig
from mynah_shared.rig.targets import Kind, Motion, Target
from mynah_shared.scene.dialogue import AUDIO_SUFFIXES, DialogueLine
from mynah_shared.scene.sheet import read_sheet
from mynah_shared.scene.style_words import STYLE_SUFFIXES, parse_styles, style_file, write_styles

__all__ = [
    "ARKIT_CHANNELS",
    "AUDIO_SUFFIXES",
    "Amounts",
    "Answered",
    "BackgroundClient",
    "BadInputError",
    "Cancelled",
    "ClientEvent",
    "Connected",
    "ConnectionInfo",
    "DialogueLine",
    "Failed",
    "FetchStylePicture",
    "Finished",
    "Interpolation",
    "KeyStyle",
    "KeyedCurve",
    "Kind",
    "LIPS",
    "LibraryQuestion",
    "Line",
    "ListStyles",
    "ModelInfo",
    "Motion",
    "MotionClip",
    "MynahError",
    "Progressed",
    "Quality",
    "RigMapping",
    "RigNames",
    "STYLE_SUFFIXES",
    "StyleEntry",
    "StyleList",
    "StylePicture",
    "StyleUse",
    "Target",
    "__version__",
    "carry_pins",
    "closure_pins",
    "drive",
    "dry_run",
    "find_or_start_daemon",
    "hermite",
    "hold_poses",
    "parse_styles",
    "propose_rig",
    "provenance",
    "read_sheet",
    "reduce_clip",
    "step_clip",
    "style_file",
    "write_styles",
]
