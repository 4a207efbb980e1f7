"""Performers made on purpose: a seed becomes a manner, and a manner re-styles any filmed sentence.

A corpus of a few people teaches no style. A `Performer` changes how a filmed face does what it
does and leaves what it says alone: its resting expression, how far each region moves, how crisply
and how early it articulates, how brows and head answer the voice, how often it blinks and where it
looks. So one sentence exists in hundreds of known styles, and what a style encoder should find is
known exactly.

The ranges follow the literature: 0.2 to 0.45 blinks a second while talking (Bentivoglio et al.
1997), heads that nod and turn by a few degrees with the voice (Munhall et al. 2004; Busso et al.
2007), brow raises on accents (Ekman 1979; Flecha-García 2010), lips that lead the voice by up to
some tens of milliseconds, articulation that varies by about a factor of two between and within
speakers (Lindblom 1990) and by more between a murmur and a shout (Garnier et al. 2010), and
articulatory settings: a way of holding jaw, lips and lids that colours all that is said (Laver
1980). Expressions at rest are the prototypes of the emotions with a trace of a pose from the
corpus' range-of-motion takes, which are marked for training. The ranges were widened after a look
at how far the `eval_only` performances reach; no number was fitted to them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from mynah_shared.motion.arkit import ARKIT_CHANNELS
from mynah_shared.motion.regions import BROWS, CHEEKS_AND_NOSE, EYES, HEAD, LIPS, channel_indices

from .rows import interpolate_rows

FloatArray = NDArray[np.float32]

FPS = 25.0
_C = len(ARKIT_CHANNELS)
_EYES, _HEAD = channel_indices(EYES), channel_indices(HEAD)
_BROWS_UP = channel_indices(("browInnerUp", "browOuterUpLeft", "browOuterUpRight"))
_LIDS = channel_indices(("eyeBlinkLeft", "eyeBlinkRight"))
_LOOKS = {
    name: channel_indices((f"eye{name}Left", f"eye{name}Right"))
    for name in ("LookUp", "LookDown", "LookIn", "LookOut")
}
_OPENING = channel_indices(("jawOpen", "mouthClose", "jawForward", "jawLeft", "jawRight"))
_ROUNDING = channel_indices(("mouthFunnel", "mouthPucker"))
_SPREADING = channel_indices(
    tuple(n for n in LIPS if n.startswith(("mouthSmile", "mouthStretch", "mouthDimple")))
)
_OTHER_LIPS = np.setdiff1d(channel_indices(LIPS), np.concatenate([_OPENING, _ROUNDING, _SPREADING]))
_UPPER = channel_indices(BROWS + CHEEKS_AND_NOSE)
_JAW_OPEN, _MOUTH_CLOSE = channel_indices(("jawOpen", "mouthClose")).tolist()
_SETTINGS = {
    shape: [
        i for i, n in enumerate(ARKIT_CHANNELS) if n in {shape, f"{shape}Left", f"{shape}Right"}
    ]
    for shape in sorted({n.removesuffix("Left").removesuffix("Right") for n in LIPS})
    if shape not in {"jawOpen", "mouthClose", "tongueOut"}
}
"""Columns of each shape in which a mouth may be held."""
_SHUT_GAP = 0.08
"""Jaw opening less closure at which lips no longer meet: solved faces leave some of it on b, m and
p."""
# Prototypes of the emotions' faces after Ekman and Friesen's EMFACS, as far as they leave the mouth
# free to speak; strengths are those of a face that talks.
_MOODS = (
    {},
    {"mouthSmile": 0.6, "cheekSquint": 0.5, "mouthDimple": 0.2, "eyeSquint": 0.3},
    {"browInnerUp": 0.6, "mouthFrown": 0.5, "eyeSquint": 0.2, "mouthShrugLower": 0.2},
    {"browDown": 0.7, "eyeSquint": 0.4, "noseSneer": 0.3, "mouthPress": 0.2, "mouthFrown": 0.2},
    {"browInnerUp": 0.6, "browOuterUp": 0.7, "eyeWide": 0.6},
    {"browInnerUp": 0.6, "browOuterUp": 0.4, "browDown": 0.2, "eyeWide": 0.5, "mouthStretch": 0.4},
    {"noseSneer": 0.4, "browDown": 0.4, "cheekSquint": 0.3, "mouthFrown": 0.2},
    {"mouthSmileLeft": 0.4, "mouthDimpleLeft": 0.5, "browOuterUpLeft": 0.2, "eyeSquint": 0.2},
    {"mouthSmileRight": 0.4, "mouthDimpleRight": 0.5, "browOuterUpRight": 0.2, "eyeSquint": 0.2},
)
# A pose to rest in must not part, round or press the lips: b, m and p must still close them.
_NEVER_AT_REST = np.concatenate(
    [
        _OPENING,
        _ROUNDING,
        _EYES,
        _HEAD,
        channel_indices(
            ("tongueOut", "cheekPuff", "mouthUpperUpLeft", "mouthUpperUpRight")
            + ("mouthLowerDownLeft", "mouthLowerDownRight")
        ),
    ]
)


@dataclass(frozen=True, eq=False)
class Performer:
    """A manner. Gains are factors, times seconds, angles radians; `rest` and `gain` are [55].

    `setting` [55] is how the mouth is held while it is open, `hang` how far the jaw is dropped
    behind closed lips as well, `lids` how far the eyes are shut for good.

    `sharpness` above 1 exaggerates quick movements of the mouth and below 1 slurs them; a positive
    `lead_s` moves the face ahead of the voice. `brow_accent`, `nod_accent`: rise of the brows and
    fall of the head on an accent of the voice. `wander`: deviation of the head's own slow movement
    and `wander_s` its pace.
    """

    seed: int
    rest: FloatArray
    gain: FloatArray
    setting: FloatArray
    hang: float
    lids: float
    asymmetry: float
    sharpness: float
    lead_s: float
    brow_accent: float
    brow_drift: float
    nod_accent: float
    wander: FloatArray
    wander_s: float
    blinks_per_s: float
    blink_s: float
    gaze_deg: float
    gaze_aside: tuple[float, float]
    fixation_s: float


def draw_performer(seed: int, poses: FloatArray, strength: float = 1.0) -> Performer:
    """The performer of a seed; `poses` [N, 55] are expressions to rest in (range-of-motion
    frames). At a `strength` below 1 the manner is nearer to that of the filmed person: another
    person rather than another mood."""
    rng = np.random.default_rng([7919, seed])
    gain = np.ones(_C, np.float32)
    effort = rng.normal(0.1, 0.4)
    for columns, deviation in (
        (_OPENING, 0.15), (_ROUNDING, 0.3), (_SPREADING, 0.35), (_OTHER_LIPS, 0.3), (_UPPER, 0.4),
        (_HEAD, 0.4),
    ):  # fmt: skip
        gain[columns] = np.exp(effort * 0.8 + rng.normal(0.0, deviation))
    return Performer(
        seed=seed,
        rest=strength * _resting_expression(rng, poses),
        gain=gain.clip(0.35, 3.2) ** np.float32(strength),
        setting=strength * _articulatory_setting(rng),
        hang=strength * float(min(rng.gamma(0.8, 0.05), 0.25)),
        lids=strength * float(min(rng.gamma(0.8, 0.08), 0.4)),
        asymmetry=strength * float(rng.normal(0.0, 0.12)),
        sharpness=float(np.clip(np.exp(rng.normal(0.0, 0.3)), 0.5, 1.8)) ** strength,
        lead_s=strength * float(np.clip(rng.normal(0.0, 0.015), -0.04, 0.04)),
        brow_accent=float(rng.gamma(1.2, 0.12) * rng.choice([1, 1, 1, -0.5])),
        brow_drift=float(rng.gamma(1.5, 0.04)),
        nod_accent=float(rng.normal(0.01, 0.03)),
        wander=np.abs(rng.normal(0.0, (0.035, 0.05, 0.025))).astype(np.float32),
        wander_s=float(rng.uniform(0.4, 1.6)),
        blinks_per_s=float(np.clip(np.exp(rng.normal(np.log(0.3), 0.35)), 0.08, 0.9)),
        blink_s=float(rng.uniform(0.16, 0.36)),
        gaze_deg=float(rng.gamma(2.0, 1.6)),
        gaze_aside=(float(rng.normal(0, 3.0)), float(rng.normal(1.0, 3.0))),
        fixation_s=float(rng.uniform(0.5, 2.5)),
    )


def _resting_expression(rng: np.random.Generator, poses: FloatArray) -> FloatArray:
    """A mood at some strength, a trace of a second one and of a pose, on a posture of the head."""
    rest = np.zeros(_C, np.float32)
    moods = rng.choice(len(_MOODS), 2, replace=False)
    for mood, strength in zip(moods, (rng.uniform(0.0, 1.0), rng.uniform(0.0, 0.3)), strict=True):
        for name, value in _MOODS[mood].items():
            sides = (name,) if name in ARKIT_CHANNELS else (f"{name}Left", f"{name}Right")
            rest[channel_indices(sides)] += strength * value * rng.uniform(0.5, 1.3)
    pose = poses[rng.integers(len(poses))] * rng.uniform(0.0, 0.5)
    pose[_NEVER_AT_REST] = 0.0
    rest += pose
    rest[_HEAD] = rng.normal(0.0, (0.06, 0.05, 0.04))
    return rest.clip(-0.3, 0.9)


def _articulatory_setting(rng: np.random.Generator) -> FloatArray:
    """A few of the mouth's shapes held to some degree, on both sides alike; [55]."""
    setting = np.zeros(_C, np.float32)
    for shape, columns in _SETTINGS.items():
        held = rng.gamma(0.5, 0.18) * (rng.random() < 0.6)
        one_sided = shape in {"jaw", "mouth"}  # jawLeft, mouthRight: a face can only do one
        setting[rng.choice(columns) if one_sided else columns] = 0.3 * held if one_sided else held
    return setting.clip(0.0, 0.4)


def perform(
    performer: Performer,
    motion: FloatArray,
    loudness: FloatArray,
    known: NDArray[np.bool_],
    rng: np.random.Generator,
) -> FloatArray:
    """Motion [T, 55] at 25/s in a performer's manner; `loudness` [T] of the voice in about units
    of its deviation, `known` [55] the channels that the motion knows (the others are made up).

    `rng` draws what no voice decides: when to blink, where to look, how the head wanders.
    """
    styled = _in_time(np.where(known, motion, 0.0).astype(np.float32), performer)
    shut = _shut(styled)
    styled = styled * performer.gain
    styled = _one_sided(styled, performer.asymmetry)
    _hold_mouth(styled, performer, shut)
    accents = _accents(loudness)
    styled += performer.rest
    styled[:, _BROWS_UP] += (
        performer.brow_accent * accents + performer.brow_drift * _drift(len(styled), 0.8, rng)
    )[:, None]
    pace = performer.wander_s
    styled[:, _HEAD] += performer.wander * np.stack(
        [_drift(len(styled), pace, rng) for _ in range(3)], axis=1
    )
    styled[:, _HEAD[0]] += performer.nod_accent * accents
    styled[:, :-3] = styled[:, :-3].clip(0.0, 1.0)
    _look_and_blink(styled, performer, rng)
    return _lips_within_jaw(styled)


def _in_time(motion: FloatArray, performer: Performer) -> FloatArray:
    """The mouth's quick movements exaggerated or slurred, and everything ahead of the voice."""
    lips = channel_indices(LIPS)
    slow = gaussian_filter1d(motion[:, lips], 1.5, axis=0, mode="nearest")
    crisp = motion.copy()
    crisp[:, lips] = slow + performer.sharpness * (motion[:, lips] - slow)
    return interpolate_rows(crisp, np.arange(len(motion)) + performer.lead_s * FPS)


def _shut(motion: FloatArray) -> FloatArray:
    """How far the lips meet [T], 0 to 1."""
    gap = np.maximum(motion[:, _JAW_OPEN] - motion[:, _MOUTH_CLOSE], 0.0)
    return np.exp(-((gap / _SHUT_GAP) ** 4))


def _hold_mouth(motion: FloatArray, performer: Performer, shut: FloatArray) -> None:
    """Adds the articulatory setting where the lips are apart; where they met as filmed they meet
    in every manner, however far the jaw is dropped."""
    motion += performer.setting * (1.0 - shut[:, None])
    motion[:, _JAW_OPEN] += performer.hang
    gap = np.maximum(motion[:, _JAW_OPEN] - motion[:, _MOUTH_CLOSE], 0.0)
    motion[:, _MOUTH_CLOSE] += shut * gap


def _one_sided(motion: FloatArray, asymmetry: float) -> FloatArray:
    """One half of the face does more than the other; the eyes stay a pair."""
    factor = np.ones(_C, np.float32)
    for i, name in enumerate(ARKIT_CHANNELS):
        if i not in _EYES:
            factor[i] += asymmetry * (name.endswith("Left") - name.endswith("Right"))
    return motion * factor


def _accents(loudness: FloatArray) -> FloatArray:
    """Where the voice is louder than around [T], at most about one."""
    lasting = gaussian_filter1d(loudness, 20.0, mode="nearest")
    return np.tanh(np.maximum(gaussian_filter1d(loudness, 3.0, mode="nearest") - lasting, 0.0))


def _drift(n_frames: int, seconds: float, rng: np.random.Generator) -> FloatArray:
    """A smooth random walk around zero [T] of unit deviation, with a correlation of `seconds`."""
    sigma = seconds * FPS
    noise = rng.standard_normal(n_frames + int(8 * sigma))
    smooth = gaussian_filter1d(noise, sigma, mode="wrap")[int(4 * sigma) :][:n_frames]
    return (smooth * np.sqrt(2 * np.sqrt(np.pi) * sigma)).astype(np.float32)


def _look_and_blink(motion: FloatArray, performer: Performer, rng: np.random.Generator) -> None:
    """Replaces gaze and lids: jumps between fixations, and blinks of the performer's rate."""
    n_frames = len(motion)
    jumps = rng.random(n_frames) < 1.0 / (performer.fixation_s * FPS)
    held = np.maximum.accumulate(np.where(jumps, np.arange(n_frames), 0))
    targets = rng.normal(
        performer.gaze_aside, performer.gaze_deg * np.array([1.0, 0.6]), (n_frames, 2)
    )
    yaw, pitch = gaussian_filter1d(targets[held], 0.5, axis=0, mode="nearest").T / 30.0
    left, right = np.maximum(yaw, 0), np.maximum(-yaw, 0)
    looks = {
        "LookOut": (left, right), "LookIn": (right, left),
        "LookUp": (np.maximum(-pitch, 0),) * 2, "LookDown": (np.maximum(pitch, 0),) * 2,
    }  # fmt: skip
    for name, pair in looks.items():
        motion[:, _LOOKS[name]] = np.stack(pair, axis=1).clip(0, 1)
    seconds = np.arange(n_frames) / FPS
    lids = np.zeros(n_frames)
    for start in _blink_starts(seconds[-1], performer, rng):
        phase = (seconds - start) / performer.blink_s
        closing, opening = phase / 0.35, (1.0 - phase) / 0.65
        lids = np.maximum(lids, np.minimum(closing, opening).clip(0, 0.6) / 0.6)
    lowered = performer.lids + 0.25 * np.maximum(pitch, 0)
    motion[:, _LIDS] = np.maximum(lids, lowered.clip(0, 1))[:, None]


def _blink_starts(
    duration: float, performer: Performer, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Seconds at which blinks begin: pauses of the performer's mean, never within a blink."""
    if performer.blinks_per_s <= 0:
        return np.empty(0)
    pause = 1.0 / performer.blinks_per_s
    count = int(duration / pause * 2) + 8
    pauses = performer.blink_s + rng.gamma(2.0, (pause - performer.blink_s) / 2.0, count)
    starts = np.cumsum(pauses) - rng.uniform(0, 2 * pause)
    return starts[(starts > -performer.blink_s) & (starts < duration)]


def _lips_within_jaw(motion: FloatArray) -> FloatArray:
    """mouthClose may not exceed jawOpen."""
    jaw, close = channel_indices(("jawOpen", "mouthClose"))
    motion[:, close] = np.minimum(motion[:, close], motion[:, jaw])
    return motion.astype(np.float32)
