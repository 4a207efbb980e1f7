"""The manners of the styles that ship with Mynah, set by hand.

Resting expressions follow the prototypes of the emotions after Ekman and Friesen's EMFACS, as far
as they leave the mouth free to speak; how much a face moves, blinks and nods follows what speakers
in such a mood do (the ranges and their sources are those of `data.performers`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

Shapes = Mapping[str, float]


@dataclass(frozen=True)
class Manner:
    """A style to be made: how it is found, what is said, and what `Performer` needs.

    Shapes without a side are meant on both. `rest`: what the face always shows; `held`: how the
    mouth is held while it is open. `jaw`, `lips`, `upper`, `head`: factors on what each part does;
    `pose`: pitch, yaw and roll at rest in radians; `wander`: the head's own movement in radians.
    `stretch` and `pitch_hz` are those of the synthetic voice.
    """

    name: str
    tags: tuple[str, ...]
    description: str
    text: str
    voice: str = "slt"
    stretch: float = 1.0
    pitch_hz: float = 170.0
    rest: Shapes = field(default_factory=dict[str, float])
    held: Shapes = field(default_factory=dict[str, float])
    pose: tuple[float, float, float] = (0.0, 0.0, 0.0)
    jaw: float = 1.0
    lips: float = 1.0
    upper: float = 1.0
    head: float = 1.0
    hang: float = 0.0
    lids: float = 0.0
    asymmetry: float = 0.0
    sharpness: float = 1.0
    brow_accent: float = 0.1
    brow_drift: float = 0.04
    nod_accent: float = 0.02
    wander: tuple[float, float, float] = (0.03, 0.04, 0.02)
    wander_s: float = 0.9
    blinks_per_s: float = 0.3
    blink_s: float = 0.24
    gaze_deg: float = 2.5
    gaze_aside: tuple[float, float] = (0.0, 1.0)
    fixation_s: float = 1.4


MANNERS: Final = (
    Manner(
        "warm",
        ("friendly", "natural", "calm", "everyday"),
        "Relaxed and friendly, with a trace of a smile: an everyday voice.",
        "Come in, come in. I made a big pot of mint tea, and there is bread and plum jam on the "
        "table. Put your bag anywhere, and tell me about the trip. Was the boat late again? You "
        "must be hungry.",
        rest={"mouthSmile": 0.13, "cheekSquint": 0.1, "browInnerUp": 0.1},
        nod_accent=0.03,
    ),
    Manner(
        "happy",
        ("joyful", "cheerful", "smiling", "laughing"),
        "A broad smile that speaks: raised cheeks, lively brows.",
        "You won't believe what happened this morning. My brother phoned from Bombay, and he is "
        "coming home for the summer with the baby, and we will meet them at the pier! Oh, I must "
        "bake something, and buy balloons!",
        stretch=0.95, pitch_hz=200,
        rest={
            "mouthSmile": 0.8, "cheekSquint": 0.65, "mouthDimple": 0.2, "eyeSquint": 0.2,
            "browOuterUp": 0.15, "browInnerUp": 0.15,
        },
        held={"mouthUpperUp": 0.15, "mouthStretch": 0.1},
        pose=(-0.03, 0.0, 0.03),
        jaw=1.15, lips=1.1, upper=1.3, head=1.3,
        brow_accent=0.25, nod_accent=0.05,
        wander=(0.05, 0.06, 0.05), wander_s=0.6,
        blinks_per_s=0.35,
    ),
    Manner(
        "angry",
        ("furious", "rage", "shouting", "aggressive"),
        "Brows down, teeth shown, the head thrust at every word.",
        "Stop it! I have had enough of broken promises and empty words. You bring that money back "
        "by midnight, or I will pull this whole place down, board by board! Move!",
        voice="rms", pitch_hz=150,
        rest={"browDown": 0.85, "eyeSquint": 0.4, "noseSneer": 0.12, "mouthFrown": 0.25},
        held={
            "noseSneer": 0.35, "mouthUpperUp": 0.22, "mouthLowerDown": 0.25, "mouthStretch": 0.15,
        },
        pose=(0.07, 0.0, 0.0),
        jaw=1.7, lips=1.5, upper=1.3, head=1.6,
        sharpness=1.5,
        brow_accent=-0.15, nod_accent=0.09,
        wander=(0.04, 0.05, 0.02), wander_s=0.5,
        blinks_per_s=0.12, blink_s=0.18,
        gaze_deg=1.0, gaze_aside=(0.0, -2.0),
    ),
    Manner(
        "sad",
        ("sorrow", "tearful", "grief", "depressed"),
        "Inner brows up, corners of the mouth down, the head sinks: little voice is left.",
        "I keep his room the way it was. Some days I sit by the bed and remember how he hummed "
        "when he was happy. It is so empty here. I miss him every morning.",
        stretch=1.25, pitch_hz=140,
        rest={"browInnerUp": 0.8, "mouthFrown": 0.6, "eyeSquint": 0.2},
        held={"mouthFrown": 0.1, "mouthShrugLower": 0.15},
        pose=(0.16, 0.03, 0.06),
        jaw=0.65, lips=0.7, upper=0.8, head=0.6,
        lids=0.16, sharpness=0.75,
        brow_accent=0.12, nod_accent=0.01,
        wander=(0.03, 0.03, 0.02), wander_s=1.5,
        blinks_per_s=0.25, blink_s=0.34,
        gaze_aside=(-2.0, 9.0), fixation_s=2.4,
    ),
    Manner(
        "surprised",
        ("amazed", "astonished", "shocked", "wonder"),
        "Brows high, eyes wide, the mouth hangs open between the words.",
        "What? You are here? But they told me that your boat went down in April! My goodness, "
        "let me look at you. Is it possible? Everybody thought you were dead! And you brought "
        "the parrot?",
        pitch_hz=210,
        rest={"browInnerUp": 0.6, "browOuterUp": 0.8, "eyeWide": 0.7},
        held={"mouthFunnel": 0.12, "mouthLowerDown": 0.08},
        pose=(-0.07, 0.0, 0.0),
        jaw=1.35, lips=1.1, head=1.2,
        hang=0.12,
        brow_accent=0.35,
        wander=(0.04, 0.05, 0.03), wander_s=0.5,
        blinks_per_s=0.1, blink_s=0.16,
        gaze_deg=2.0, fixation_s=0.8,
    ),
    Manner(
        "afraid",
        ("scared", "fear", "panic", "terrified"),
        "Wide eyes that search, brows drawn up and together, lips pulled back.",
        "Did you hear that? Something is moving behind the pump. Please, put out the lamp. Keep "
        "your back to the wall, and whatever happens, don't move! Oh no. It's coming up the "
        "steps. Help me!",
        stretch=0.92, pitch_hz=220,
        rest={
            "browInnerUp": 0.85, "browOuterUp": 0.25, "browDown": 0.3, "eyeWide": 0.55,
            "mouthStretch": 0.45, "mouthFrown": 0.15,
        },
        held={"mouthStretch": 0.2, "mouthLowerDown": 0.1},
        pose=(-0.03, 0.06, 0.0),
        jaw=0.85, lips=1.15, upper=1.3, head=1.2,
        sharpness=1.3,
        brow_accent=0.2, brow_drift=0.1, nod_accent=-0.03,
        wander=(0.03, 0.09, 0.03), wander_s=0.4,
        blinks_per_s=0.2, blink_s=0.16,
        gaze_deg=9.0, fixation_s=0.5,
    ),
    Manner(
        "disgusted",
        ("repelled", "sickened", "contempt", "yuck"),
        "Nose wrinkled, upper lip raised, the head draws back.",
        "Oh, that smell. Who left the meat in the bag over the weekend? It's green. Take it away, "
        "please, before I bring up my breakfast. Ugh, the carpet as well.",
        voice="rms", stretch=1.1, pitch_hz=115,
        rest={
            "noseSneer": 0.15, "browDown": 0.45, "cheekSquint": 0.5, "mouthFrown": 0.45,
            "eyeSquint": 0.4,
        },
        held={"noseSneer": 0.55, "mouthUpperUp": 0.3, "mouthFrown": 0.15},
        pose=(-0.08, -0.08, -0.05),
        lips=1.1,
        asymmetry=0.15,
        brow_accent=-0.12,
        wander=(0.04, 0.04, 0.04),
        gaze_aside=(4.0, 5.0),
    ),
    Manner(
        "tired",
        ("sleepy", "exhausted", "weary", "drowsy"),
        "Heavy lids, slow long blinks, the jaw hangs and the words slur.",
        "I've been up since four. The baby cried, the pump broke, and then the morning bus never "
        "came. Please let me sleep. We can talk tomorrow.",
        stretch=1.35, pitch_hz=130,
        rest={"browInnerUp": 0.15, "mouthFrown": 0.15},
        pose=(0.13, 0.0, 0.09),
        jaw=0.7, lips=0.6, upper=0.5, head=0.6,
        hang=0.08, lids=0.4, sharpness=0.55,
        brow_accent=0.05, nod_accent=0.03,
        wander=(0.06, 0.03, 0.05), wander_s=1.6,
        blinks_per_s=0.45, blink_s=0.36,
        gaze_deg=1.0, gaze_aside=(1.0, 7.0), fixation_s=2.5,
    ),
    Manner(
        "excited",
        ("enthusiastic", "energetic", "presenter", "hyped"),
        "Everything moves: brows fly, the head nods along, the mouth opens wide.",
        "And here they come, by far the best band in the whole world! Jump up, clap your hands, "
        "make some noise, because tonight is going to be absolutely amazing! Are you "
        "ready? Then let me hear it! Five, four, three, two, one, boom!",
        stretch=0.85, pitch_hz=230,
        rest={"mouthSmile": 0.4, "browOuterUp": 0.3, "browInnerUp": 0.25, "eyeWide": 0.3},
        held={"mouthUpperUp": 0.12, "mouthLowerDown": 0.12},
        pose=(-0.04, 0.0, 0.0),
        jaw=1.7, lips=1.5, upper=1.8, head=2.2,
        sharpness=1.3,
        brow_accent=0.5, nod_accent=0.12,
        wander=(0.08, 0.12, 0.08), wander_s=0.4,
        blinks_per_s=0.45, blink_s=0.18,
        gaze_deg=5.0, fixation_s=0.6,
    ),
    Manner(
        "whisper",
        ("secret", "quiet", "hushed", "intimate"),
        "Lips forward and close, the jaw hardly opens, eyes fixed on the listener.",
        "Come closer. Nobody must know about this. Beneath the apple tree, by the lamp post, "
        "there is a small metal box. Keep the map safe, and be back before morning.",
        stretch=1.1, pitch_hz=120,
        rest={"browInnerUp": 0.3, "browOuterUp": 0.2, "eyeWide": 0.15},
        held={"mouthPucker": 0.28, "mouthFunnel": 0.2},
        pose=(0.09, 0.12, -0.08),
        jaw=0.45, lips=1.1, upper=0.8, head=0.5,
        sharpness=1.2,
        brow_accent=0.25, nod_accent=0.03,
        wander=(0.02, 0.02, 0.02), wander_s=1.2,
        blinks_per_s=0.15,
        gaze_deg=1.0, gaze_aside=(-5.0, -2.0), fixation_s=2.5,
    ),
    Manner(
        "radio voice",
        ("radio", "announcer", "news", "narrator", "voice-over"),
        "Every sound is formed with care; the face around it keeps still.",
        "Good evening. The prime minister has arrived in Portsmouth. Ships of both navies may "
        "pass the bay from Monday on. And now the weather: mist in the morning, bright by noon.",
        voice="rms", stretch=1.05, pitch_hz=105,
        rest={"browOuterUp": 0.08},
        held={"mouthLowerDown": 0.08},
        jaw=1.25, lips=1.45, upper=0.4, head=0.4,
        sharpness=1.7,
        brow_accent=0.06, brow_drift=0.01, nod_accent=0.02,
        wander=(0.008, 0.008, 0.005),
        blinks_per_s=0.14, blink_s=0.18,
        gaze_deg=0.6, gaze_aside=(0.0, 0.0), fixation_s=2.5,
    ),
    Manner(
        "proud",
        ("arrogant", "haughty", "noble", "smug"),
        "Chin up, lids half down, one looks at the world from above.",
        "My family has built bridges for a hundred and fifty years. Kings have crossed them. "
        "Emperors too. I don't beg for permits. People beg me for a place on the list.",
        voice="awb", stretch=1.1, pitch_hz=125,
        rest={"browOuterUp": 0.45, "mouthPress": 0.3, "mouthFrown": 0.15, "mouthDimple": 0.3},
        pose=(-0.2, 0.05, 0.04),
        jaw=0.85, lips=0.95, head=0.7,
        lids=0.3,
        brow_accent=0.15, nod_accent=-0.02,
        wander=(0.02, 0.05, 0.02), wander_s=1.6,
        blinks_per_s=0.15, blink_s=0.34,
        gaze_deg=1.5, gaze_aside=(0.0, 8.0), fixation_s=2.4,
    ),
    Manner(
        "nervous",
        ("anxious", "jittery", "worried", "insecure"),
        "Blinks and glances without rest, quick little turns of the head, tight lips.",
        "Um, hello. I, I brought the papers, I mean most of them. I'm pretty sure I put the permit "
        "in my bag. Maybe in the other bag. Please don't be mad. I barely slept. Is it warm in "
        "here, or is it me?",
        stretch=0.85, pitch_hz=200,
        rest={
            "browInnerUp": 0.55, "browDown": 0.25, "mouthPress": 0.4, "mouthStretch": 0.25,
        },
        pose=(0.06, -0.05, 0.05),
        jaw=0.75, lips=0.9, upper=1.6, head=1.7,
        sharpness=1.4,
        brow_accent=0.3, brow_drift=0.16, nod_accent=-0.05,
        wander=(0.04, 0.1, 0.05), wander_s=0.4,
        blinks_per_s=0.85, blink_s=0.16,
        gaze_deg=8.0, gaze_aside=(3.0, 4.0), fixation_s=0.5,
    ),
    Manner(
        "bored",
        ("deadpan", "indifferent", "apathetic", "flat"),
        "Nothing is worth a movement: a slack face, looking elsewhere.",
        "Number fifteen. Name, place of birth, permit. No, the blue form. The pink one is for "
        "boats. Take a number, and come back after lunch. Next.",
        voice="rms", stretch=1.2, pitch_hz=95,
        rest={"mouthFrown": 0.35, "mouthPress": 0.15},
        pose=(0.03, -0.12, -0.12),
        jaw=0.5, lips=0.5, upper=0.35, head=0.35,
        lids=0.32, sharpness=0.7,
        brow_accent=0.0, brow_drift=0.01, nod_accent=0.0,
        wander=(0.015, 0.03, 0.02), wander_s=1.6,
        blinks_per_s=0.18, blink_s=0.3,
        gaze_deg=1.5, gaze_aside=(9.0, -2.0), fixation_s=2.5,
    ),
    Manner(
        "stern",
        ("serious", "strict", "commanding", "military"),
        "Brows level and low, eyes that hardly blink, firm lips and few, short nods.",
        "You will march to the bridge and stop. Nobody speaks, nobody steps back. Bring water, "
        "blankets, and one map per man. Break a rule, and you go home. Begin.",
        voice="rms", stretch=1.0, pitch_hz=110,
        rest={"browDown": 0.6, "mouthPress": 0.4, "eyeSquint": 0.3},
        held={"jawForward": 0.15},
        pose=(0.04, 0.0, 0.0),
        jaw=0.95, lips=0.85, upper=0.7, head=0.8,
        sharpness=1.5,
        brow_accent=-0.1, brow_drift=0.01, nod_accent=0.08,
        wander=(0.008, 0.01, 0.005),
        blinks_per_s=0.08, blink_s=0.18,
        gaze_deg=0.5, gaze_aside=(0.0, 0.0), fixation_s=2.5,
    ),
    Manner(
        "sly",
        ("scheming", "sarcastic", "villain", "smirk"),
        "A smile in one corner, one brow up, a look from the side.",
        "My, my. A bishop without a bodyguard, in my part of town. Perhaps we can both profit "
        "from this. You have something precious, and I happen to know a buyer.",
        voice="awb", stretch=1.15, pitch_hz=110,
        rest={
            "mouthSmileRight": 0.55, "mouthDimpleRight": 0.55, "browOuterUpLeft": 0.7,
            "browDownRight": 0.4, "eyeSquint": 0.45, "cheekSquintRight": 0.35,
        },
        held={"mouthRight": 0.15},
        pose=(0.08, 0.2, 0.1),
        jaw=0.85, lips=0.9, upper=1.2,
        asymmetry=-0.3, lids=0.12,
        brow_accent=0.15, nod_accent=0.03,
        wander=(0.03, 0.04, 0.05), wander_s=1.4,
        blinks_per_s=0.15, blink_s=0.32,
        gaze_deg=1.5, gaze_aside=(-11.0, -1.0), fixation_s=2.2,
    ),
    Manner(
        "mumbling",
        ("shy", "quiet voice", "unclear", "murmur"),
        "The lips hardly part and the eyes stay on the floor.",
        "I might have bumped the lamp a bit. It was dark, and the puppy jumped up, and, um, maybe "
        "it was broken before. I can pay for it, probably, by March. If that's okay.",
        stretch=1.0, pitch_hz=150,
        rest={"browInnerUp": 0.35, "mouthPress": 0.3, "mouthDimple": 0.25},
        held={"mouthRollLower": 0.15},
        pose=(0.2, -0.1, 0.02),
        jaw=0.38, lips=0.4, upper=0.7, head=0.8,
        lids=0.1, sharpness=0.6,
        brow_accent=0.1, nod_accent=0.0,
        wander=(0.03, 0.06, 0.03), wander_s=1.0,
        blinks_per_s=0.5,
        gaze_deg=3.5, gaze_aside=(4.0, 12.0), fixation_s=1.0,
    ),
    Manner(
        "drunk",
        ("tipsy", "slurred", "wobbly", "party"),
        "The head sways, the lids droop unevenly, words run into each other with a loose grin.",
        "Barman! One more for me, and one for my best buddy here. I'm perfectly fine. I could "
        "climb that lamp post, if somebody, hic, would stop moving it about.",
        voice="awb", stretch=1.3, pitch_hz=120,
        rest={
            "mouthSmileLeft": 0.35, "mouthSmileRight": 0.15, "browOuterUpRight": 0.5,
            "cheekSquint": 0.2,
        },
        held={"mouthLowerDown": 0.15, "mouthFunnel": 0.1},
        pose=(-0.03, 0.0, -0.1),
        jaw=1.1, lips=0.7, upper=1.2, head=1.2,
        hang=0.14, lids=0.33, asymmetry=0.2, sharpness=0.5,
        brow_accent=0.3, brow_drift=0.12, nod_accent=0.06,
        wander=(0.06, 0.08, 0.08), wander_s=1.0,
        blinks_per_s=0.4, blink_s=0.36,
        gaze_deg=4.0, gaze_aside=(0.0, 3.0), fixation_s=1.8,
    ),
)  # fmt: skip
"""In the order of the overview picture."""
