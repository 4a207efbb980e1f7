"""Names as rigs of many kinds have them, written from their documentation, and what each means.

Of every list, `right` tells the channels that must drive a name, `pictures` the names that show a
whole viseme or expression, and all others must be left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mynah_shared.motion.arkit import ARKIT_BLENDSHAPES

SIDES = (("L", "Left"), ("R", "Right"))
DECOYS = (
    "Basis",
    "eyeblinkBaseMesh_old",
    "jawOpen_old",
    "jawOpen_mouthClose_combo",
    "mouthSmileLeft.001",
    "Key 1",
    "A-pose",
    "body_fat",
    "smile lines wrinkle map",
    "cheekbones wide",
    "noseLength",
    "brow_bone_size",
    "open_coat",
    "tongue_length",
)


@dataclass(frozen=True)
class Rig:
    """The names of a rig and their meaning."""

    right: Mapping[str, str]
    pictures: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    bones: tuple[str, ...] = ()
    meant_bones: Mapping[str, str] = field(default_factory=dict)

    @property
    def shapes(self) -> tuple[str, ...]:
        return (*self.others[::2], *self.right, *self.pictures, *self.others[1::2], *DECOYS)


def both(*pairs: tuple[str, str]) -> dict[str, str]:
    """Names and channels with "{s}" for L or R and "{S}" for Left or Right, written out."""
    return {
        name.format(s=s, S=side): channel.format(s=s, S=side)
        for name, channel in pairs
        for s, side in SIDES
    }


VISEMES = "PP FF TH DD kk CH SS nn RR aa E I O U".split()
ARKIT = {name: name for name in ARKIT_BLENDSHAPES}

READY_PLAYER_ME = Rig(
    ARKIT,
    others=(
        *("viseme_sil", *(f"viseme_{v}" for v in VISEMES)),
        *("mouthOpen", "mouthSmile", "eyesClosed", "eyesLookUp", "eyesLookDown"),
    ),
    bones=("Hips", "Spine", "Neck", "Head", "LeftEye", "RightEye", "LeftHand"),
)
VISEMES_ONLY = Rig(
    {},
    (*(f"viseme_{v}" for v in VISEMES), "mouthOpen", "mouthSmile"),
    ("viseme_sil",),
)
VRCHAT = Rig(
    {},
    tuple(f"vrc.v_{v}" for v in "pp ff th dd kk ch ss nn rr aa e ih oh ou".split()),
    ("vrc.v_sil", "vrc.lowerlid_left", "vrc.lowerlid_right", "hair_swing"),
)
_LOOKS = {
    "lookUp": "eyeLookUpLeft eyeLookUpRight",
    "lookDown": "eyeLookDownLeft eyeLookDownRight",
    "lookLeft": "eyeLookOutLeft eyeLookInRight",
    "lookRight": "eyeLookInLeft eyeLookOutRight",
}
VRM0 = Rig(
    {
        **{name[0].upper() + name[1:]: channels for name, channels in _LOOKS.items()},
        "Blink_L": "eyeBlinkLeft",
        "Blink_R": "eyeBlinkRight",
    },
    ("A", "I", "U", "E", "O", "Angry", "Sorrow", "Fun"),
    ("Neutral", "Blink", "Joy"),
)
VRM1 = Rig(
    {**_LOOKS, "blinkLeft": "eyeBlinkLeft", "blinkRight": "eyeBlinkRight"},
    ("aa", "ih", "ou", "ee", "oh", "angry", "sad", "relaxed", "surprised"),
    ("neutral", "blink", "happy"),
)
VROID = Rig(
    {
        "Face.M_F00_000_00_Fcl_EYE_Close_L": "eyeBlinkLeft",
        "Face.M_F00_000_00_Fcl_EYE_Close_R": "eyeBlinkRight",
    },
    tuple(
        f"Face.M_F00_000_00_Fcl_{name}"
        for name in (
            *("MTH_A", "MTH_I", "MTH_U", "MTH_E", "MTH_O", "MTH_Fun", "MTH_Sorrow"),
            *("BRW_Angry", "BRW_Sorrow", "BRW_Surprised", "EYE_Surprised"),
        )
    ),
    tuple(
        f"Face.M_F00_000_00_Fcl_{name}"
        for name in (
            *("ALL_Neutral", "ALL_Angry", "ALL_Fun", "ALL_Joy", "ALL_Sorrow", "ALL_Surprised"),
            *("BRW_Fun", "BRW_Joy", "EYE_Natural", "EYE_Angry", "EYE_Close", "EYE_Fun"),
            *("EYE_Joy", "EYE_Joy_L", "EYE_Joy_R", "EYE_Sorrow", "EYE_Spread"),
            *("EYE_Iris_Hide", "EYE_Highlight_Hide", "MTH_Close", "MTH_Up", "MTH_Down"),
            *("MTH_Angry", "MTH_Small", "MTH_Large", "MTH_Neutral", "MTH_Joy"),
            *("MTH_Surprised", "MTH_SkinFung", "HA_Hide", "HA_Fung1"),
        )
    ),
)

_CC_VISEMES = (
    *("V_Open", "V_Explosive", "V_Dental_Lip", "V_Tight_O", "V_Tight", "V_Wide", "V_Affricate"),
    *("V_Lip_Open", "V_Tongue_up", "V_Tongue_Raise", "V_Tongue_Out", "V_Tongue_Narrow"),
    *("V_Tongue_Lower", "V_Tongue_Curl_U", "V_Tongue_Curl_D"),
)
CHARACTER_CREATOR_4 = Rig(
    {
        **both(
            ("Brow_Raise_Inner_{s}", "browInnerUp"),
            ("Brow_Raise_Outer_{s}", "browOuterUp{S}"),
            ("Brow_Drop_{s}", "browDown{S}"),
            ("Eye_Blink_{s}", "eyeBlink{S}"),
            ("Eye_Squint_{s}", "eyeSquint{S}"),
            ("Eye_Wide_{s}", "eyeWide{S}"),
            ("Eye_{s}_Look_Up", "eyeLookUp{S}"),
            ("Eye_{s}_Look_Down", "eyeLookDown{S}"),
            ("Nose_Sneer_{s}", "noseSneer{S}"),
            ("Cheek_Raise_{s}", "cheekSquint{S}"),
            ("Cheek_Puff_{s}", "cheekPuff"),
            ("Mouth_Smile_{s}", "mouthSmile{S}"),
            ("Mouth_Frown_{s}", "mouthFrown{S}"),
            ("Mouth_Stretch_{s}", "mouthStretch{S}"),
            ("Mouth_Dimple_{s}", "mouthDimple{S}"),
            ("Mouth_Press_{s}", "mouthPress{S}"),
            ("Mouth_Pucker_Up_{s}", "mouthPucker"),
            ("Mouth_Pucker_Down_{s}", "mouthPucker"),
            ("Mouth_Funnel_Up_{s}", "mouthFunnel"),
            ("Mouth_Funnel_Down_{s}", "mouthFunnel"),
            ("Mouth_Roll_In_Upper_{s}", "mouthRollUpper"),
            ("Mouth_Roll_In_Lower_{s}", "mouthRollLower"),
            ("Mouth_Up_Upper_{s}", "mouthUpperUp{S}"),
            ("Mouth_Down_Lower_{s}", "mouthLowerDown{S}"),
            ("Mouth_{s}", "mouth{S}"),
            ("Jaw_{s}", "jaw{S}"),
        ),
        "Eye_L_Look_L": "eyeLookOutLeft",
        "Eye_L_Look_R": "eyeLookInLeft",
        "Eye_R_Look_L": "eyeLookInRight",
        "Eye_R_Look_R": "eyeLookOutRight",
        "Mouth_Shrug_Upper": "mouthShrugUpper",
        "Mouth_Shrug_Lower": "mouthShrugLower",
        "Mouth_Close": "mouthClose",
        "Jaw_Open": "jawOpen",
        "Jaw_Forward": "jawForward",
        "Tongue_Out": "tongueOut",
    },
    others=(
        *_CC_VISEMES,
        *("Brow_Compress_L", "Brow_Compress_R", "Eyelash_Upper_Up_L", "Eyelash_Lower_Down_R"),
        *("Ear_Up_L", "Ear_Up_R", "Nose_Nostril_Raise_L", "Nose_Nostril_Dilate_R", "Nose_Crease_L"),
        *("Nose_Tip_Up", "Cheek_Suck_L", "Cheek_Suck_R", "Mouth_Smile_Sharp_L"),
        *("Mouth_Smile_Sharp_R", "Mouth_Tighten_L", "Mouth_Tighten_R", "Mouth_Blow_L"),
        *("Mouth_Roll_Out_Upper_L", "Mouth_Roll_Out_Lower_R", "Mouth_Push_Upper_L"),
        *("Mouth_Pull_Lower_R", "Mouth_Up", "Mouth_Down", "Mouth_Upper_L", "Mouth_Lower_R"),
        *("Mouth_Drop_Upper", "Mouth_Chin_Up", "Mouth_Contract", "Jaw_Backward", "Neck_Swallow_Up"),
        *("Neck_Tighten_L", "Head_Turn_L", "Head_Tilt_R", "Tongue_Up", "Tongue_Tip_L"),
        *("Tongue_Wide", "eye_shape_L"),
    ),
)
CHARACTER_CREATOR_3 = Rig(
    {
        **both(
            ("Brow_Raise_Inner_{s}", "browInnerUp"),
            ("Brow_Raise_Outer_{s}", "browOuterUp{S}"),
            ("Brow_Drop_{s}", "browDown{S}"),
            ("Eye_Blink_{s}", "eyeBlink{S}"),
            ("Eye_Squint_{s}", "eyeSquint{S}"),
            ("Eye_Wide_{s}", "eyeWide{S}"),
            ("Nose_Flank_Raise_{s}", "noseSneer{S}"),
            ("Cheek_Raise_{s}", "cheekSquint{S}"),
            ("Mouth_{s}", "mouth{S}"),
        ),
        "Cheek_Puff_L": "cheekPuff",
        "Cheek_Puff_R": "cheekPuff",
        "Mouth_Top_Lip_Up": "mouthShrugUpper",
        "Tongue_Out": "tongueOut",
    },
    (
        *("Open", "Explosive", "Dental_Lip", "Tight-O", "Tight", "Wide", "Affricate", "Lip_Open"),
        *("Mouth_Smile_L", "Mouth_Smile_R", "Mouth_Pucker", "Mouth_Pucker_Open"),
        *("Mouth_Top_Lip_Under", "Mouth_Bottom_Lip_Under"),
    ),
    (
        *("Brow_Raise_L", "Brow_Raise_R", "Eye_Blink", "Mouth_Smile", "Cheeks_Suck", "Tongue_up"),
        *("Tongue_Raise", "Tongue_Narrow", "Tongue_Lower", "Tongue_Curl-U", "Tongue_Curl-D"),
    ),
    bones=("CC_Base_Head", "CC_Base_JawRoot", "CC_Base_L_Eye", "CC_Base_R_Eye", "CC_Base_Spine01"),
)
CC_DIRECT = Rig(
    {},
    (
        *("AE", "Ah", "B_M_P", "Ch_J", "EE", "Er", "F_V", "Ih", "K_G_H_NG", "Oh", "R", "S_Z"),
        *("T_L_D_N", "Th", "W_OO"),
    ),
    ("None",),
)

_MH = "CTRL_expressions_"
METAHUMAN = Rig(
    {
        _MH + name: channel
        for name, channel in {
            **both(
                ("browDown{s}", "browDown{S}"),
                ("browRaiseIn{s}", "browInnerUp"),
                ("browRaiseOuter{s}", "browOuterUp{S}"),
                ("eyeBlink{s}", "eyeBlink{S}"),
                ("eyeWiden{s}", "eyeWide{S}"),
                ("eyeSquintInner{s}", "eyeSquint{S}"),
                ("eyeCheekRaise{s}", "cheekSquint{S}"),
                ("eyeLookUp{s}", "eyeLookUp{S}"),
                ("eyeLookDown{s}", "eyeLookDown{S}"),
                ("noseWrinkle{s}", "noseSneer{S}"),
                ("mouthCheekBlow{s}", "cheekPuff"),
                ("mouthCornerPull{s}", "mouthSmile{S}"),
                ("mouthCornerDepress{s}", "mouthFrown{S}"),
                ("mouthDimple{s}", "mouthDimple{S}"),
                ("mouthStretch{s}", "mouthStretch{S}"),
                ("mouthUpperLipRaise{s}", "mouthUpperUp{S}"),
                ("mouthLowerLipDepress{s}", "mouthLowerDown{S}"),
                ("mouthLipsPress{s}", "mouthPress{S}"),
                ("mouthUpperLipRollIn{s}", "mouthRollUpper"),
                ("mouthLowerLipRollIn{s}", "mouthRollLower"),
                ("jawChinRaiseD{s}", "mouthShrugLower"),
                ("jawChinRaiseU{s}", "mouthShrugUpper"),
                ("mouthFunnelU{s}", "mouthFunnel"),
                ("mouthFunnelD{s}", "mouthFunnel"),
                ("mouthLipsPurseU{s}", "mouthPucker"),
                ("mouthLipsPurseD{s}", "mouthPucker"),
                ("mouthLipsTowardsU{s}", "mouthPucker"),
                ("mouthLipsTowardsD{s}", "mouthPucker"),
                ("mouthLipsTogetherU{s}", "mouthClose"),
                ("mouthLipsTogetherD{s}", "mouthClose"),
            ),
            "eyeLookLeftL": "eyeLookOutLeft",
            "eyeLookRightL": "eyeLookInLeft",
            "eyeLookLeftR": "eyeLookInRight",
            "eyeLookRightR": "eyeLookOutRight",
            "jawOpen": "jawOpen",
            "jawFwd": "jawForward",
            "jawLeft": "jawLeft",
            "jawRight": "jawRight",
            "mouthLeft": "mouthLeft",
            "mouthRight": "mouthRight",
            "tongueOut": "tongueOut",
        }.items()
    },
    others=tuple(
        _MH + name
        for name in (
            *("browLateralL", "browLateralR", "eyeRelaxL", "eyePupilWideR", "eyeUpperLidUpL"),
            *("eyelashesUpINL", "eyelashesDownOUTR", "jawBack", "jawClenchL", "jawOpenExtreme"),
            *("jawChinCompressL", "mouthUp", "mouthDown", "mouthCheekSuckL", "mouthCheekSuckR"),
            *("mouthSharpCornerPullL", "mouthStickyUC", "mouthStickyDINR", "mouthLipsPushUL"),
            *("mouthLipsPullDR", "mouthLipsThinUL", "mouthLipsThickDR", "mouthCornerSharpenUL"),
            *("mouthCornerRounderDR", "mouthLowerLipShiftLeft", "mouthUpperLipShiftRight"),
            *("mouthUpperLipRollOutL", "mouthLowerLipRollOutR", "mouthUpperLipBiteL"),
            *("mouthCornerUpL", "mouthCornerDownR", "tongueBendUp", "tongueIn", "tongueLeft"),
            *("tongueTipUp", "headTurnUpU", "headTiltLeftM", "lookAtSwitch", "neckStretchL"),
        )
    ),
)

DAZ_81 = Rig(
    {
        **both(
            ("facs_BrowDown{S}", "browDown{S}"),
            ("facs_BrowOuterUp{S}", "browOuterUp{S}"),
            ("facs_ctrl_EyeLookUp-Down{S}", "eyeLookUp{S} eyeLookDown{S}"),
            ("facs_ctrl_EyeLookSide-Side{S}", "eyeLookIn{S} eyeLookOut{S}"),
            ("facs_jnt_EyeBlink{S}", "eyeBlink{S}"),
            ("facs_bs_EyeSquint{S}_div2", "eyeSquint{S}"),
            ("facs_jnt_EyesWide{S}", "eyeWide{S}"),
            ("facs_bs_CheekSquint{S}_div2", "cheekSquint{S}"),
            ("facs_bs_NoseSneer{S}_div2", "noseSneer{S}"),
            ("facs_jnt_Jaw{S}", "jaw{S}"),
            ("facs_bs_Mouth{S}_div2", "mouth{S}"),
            ("facs_bs_MouthSmile{S}_div2", "mouthSmile{S}"),
            ("facs_bs_MouthFrown{S}_div2", "mouthFrown{S}"),
            ("facs_bs_MouthDimple{S}_div2", "mouthDimple{S}"),
            ("facs_bs_MouthUpperUp{S}_div2", "mouthUpperUp{S}"),
            ("facs_bs_MouthLowerDown{S}_div2", "mouthLowerDown{S}"),
            ("facs_bs_MouthPress{S}_div2", "mouthPress{S}"),
            ("facs_bs_MouthStretch{S}_div2", "mouthStretch{S}"),
        ),
        "facs_ctrl_BrowInnerUp": "browInnerUp",
        "facs_ctrl_CheekPuff": "cheekPuff",
        "facs_jnt_JawOpen": "jawOpen",
        "facs_jnt_JawForward": "jawForward",
        "facs_bs_MouthFunnel_div2": "mouthFunnel",
        "facs_bs_MouthPucker_div2": "mouthPucker",
        "facs_bs_MouthRollUpper_div2": "mouthRollUpper",
        "facs_bs_MouthRollLower_div2": "mouthRollLower",
        "facs_bs_MouthShrugUpper_div2": "mouthShrugUpper",
        "facs_bs_MouthShrugLower_div2": "mouthShrugLower",
        "facs_bs_MouthClose_div2": "mouthClose",
        "facs_bs_TongueOut": "tongueOut",
    },
    others=(
        *("facs_bs_NasalFlare_div2", "facs_bs_BrowInnerUpLeft_div2", "pJCMHeadBack_27"),
        *(
            "facs_bs_BrowInnerUpRight_div2",
            "facs_bs_CheekPuffLeft_div2",
            "eJCMAfraid",
            "PHMEyesSize",
        ),
        *("facs_ctrl_FACSDetailStrength", "facs_cbs_EyeFullCompressionLeft"),
    ),
)
DAZ_9 = Rig(
    {
        **both(
            ("facs_BrowDown{S}", "browDown{S}"),
            ("facs_BrowOuterUp{S}", "browOuterUp{S}"),
            ("facs_ctrl_EyeLookUp-Down{S}", "eyeLookUp{S} eyeLookDown{S}"),
            ("facs_ctrl_EyeLookSide-Side{S}", "eyeLookIn{S} eyeLookOut{S}"),
            ("facs_bs_EyeBlink{S}", "eyeBlink{S}"),
            ("facs_bs_EyeSquint{S}", "eyeSquint{S}"),
            ("facs_ctrl_EyeWide{S}", "eyeWide{S}"),
            ("facs_bs_CheekSquint{S}", "cheekSquint{S}"),
            ("facs_bs_NoseSneer{S}", "noseSneer{S}"),
            ("facs_bs_MouthSmile{S}", "mouthSmile{S}"),
            ("facs_bs_MouthFrown{S}", "mouthFrown{S}"),
            ("facs_bs_MouthDimple{S}", "mouthDimple{S}"),
            ("facs_bs_MouthUpperUp{S}", "mouthUpperUp{S}"),
            ("facs_bs_MouthLowerDown{S}", "mouthLowerDown{S}"),
            ("facs_ctrl_MouthPress{S}", "mouthPress{S}"),
            ("facs_bs_MouthStretch{S}", "mouthStretch{S}"),
        ),
        "facs_ctrl_BrowInnerUp": "browInnerUp",
        "facs_ctrl_CheekPuff": "cheekPuff",
        "facs_bs_JawOpen": "jawOpen",
        "facs_ctrl_JawForward-Recess": "jawForward",
        "facs_ctrl_JawLeft-Right": "jawLeft jawRight",
        "facs_ctrl_MouthLeft-Right": "mouthLeft mouthRight",
        "facs_ctrl_MouthFunnel": "mouthFunnel",
        "facs_ctrl_MouthPucker": "mouthPucker",
        "facs_ctrl_MouthRollUpper": "mouthRollUpper",
        "facs_ctrl_MouthRollLower": "mouthRollLower",
        "facs_ctrl_MouthShrugUpper": "mouthShrugUpper",
        "facs_ctrl_MouthShrugLower": "mouthShrugLower",
        "facs_ctrl_MouthClose": "mouthClose",
        "facs_bs_TongueOut": "tongueOut",
    },
    others=(
        *("facs_ctrl_vAA", "facs_ctrl_vEE", "facs_ctrl_vF", "facs_ctrl_vM", "facs_ctrl_vOW"),
        *("facs_ctrl_vS", "facs_ctrl_vUW", "facs_ctrl_vW", "facs_ctrl_BrowSqueeze"),
        *("facs_bs_NasalStretchLeft", "facs_ctrl_NasalFlare", "facs_ctrl_NeckSwallow"),
        *("body_bs_BodyTone", "facs_bs_MouthFunnelUpperLeft"),
    ),
)
_DAZ_VISEMES = "AA EE EH ER F IH IY K L M OW S SH T TH UW W".split()
DAZ_8 = Rig(
    both(
        ("Genesis8Female__eCTRLEyesClosed{s}", "eyeBlink{S}"),
        ("Genesis8Female__eCTRLBrowInnerUp-Down{s}", "browInnerUp browDown{S}"),
        ("Genesis8Female__eCTRLBrowOuterUp-Down{s}", "browOuterUp{S} browDown{S}"),
    ),
    (
        *(f"Genesis8Female__eCTRLv{v}" for v in _DAZ_VISEMES),
        *("Genesis8Female__eCTRLMouthOpen", "Genesis8Female__eCTRLMouthSmileSimpleL"),
        "Genesis8Female__eCTRLMouthSmileSimpleR",
    ),
    tuple(
        f"Genesis8Female__{name}"
        for name in (
            *("eCTRLHappy", "eCTRLTongueIn-Out", "eCTRLCheekCrease", "PHMMouthWidth", "FBMHeavy"),
            *("eCTRLMouthWide-Narrow", "eCTRLBrowUp-DownL", "pJCMShldrDown_75_L"),
        )
    ),
)
MPFB = Rig(
    ARKIT,
    others=(
        *("sil_00", "ae_ax_ah_01", "aa_02", "ao_03", "ey_eh_uh_04", "er_05", "y_iy_ih_ix_06"),
        *("w_uw_07", "ow_08", "s_z_15", "f_v_18", "d_t_n_19", "k_g_ng_20", "p_b_m_21"),
        *("$md-$ca-$fe-$yn", "$md-universal-$fe-$yn-$av$mu-$av$wg"),
    ),
)
MPFB_VISEMES = Rig(
    {},
    (
        *("ae_ax_ah_01", "aa_02", "ao_03", "ey_eh_uh_04", "er_05", "y_iy_ih_ix_06", "w_uw_07"),
        *("ow_08", "aw_09", "oy_10", "ay_11", "h_12", "r_13", "l_14", "s_z_15"),
        *("sh_ch_jh_zh_16", "th_dh_17", "f_v_18", "d_t_n_19", "k_g_ng_20", "p_b_m_21"),
    ),
    ("sil_00", "$md-$ca-$fe-$yn"),
)
NAMESPACED = Rig(
    {
        f"hero_rig:head_GEO.{name}": name
        for name in ARKIT_BLENDSHAPES
        if not name.startswith("eyeLook")
    },
    others=("hero_rig:head_GEO.wrinkle", "hero_rig:head_GEO.eyeblinkBaseMesh_old"),
)
PREFIXED = Rig(
    {
        "Wolf3D_" + name.replace("Left", "_L").replace("Right", "_R"): name
        for name in ARKIT_BLENDSHAPES
        if name not in ("jawLeft", "jawRight", "mouthLeft", "mouthRight")
    },
    others=("Wolf3D_age", "Wolf3D_headShapeWide"),
)
MISTYPED = Rig(
    {
        "mouthSmlieLeft": "mouthSmileLeft",
        "mouthSmileRight": "mouthSmileRight",
        "browInerUp": "browInnerUp",
        "noseSneerrLeft": "noseSneerLeft",
        "jawOpen": "jawOpen",
        "mouthClose": "mouthClose",
        "mouthFunnel": "mouthFunnel",
        "cheekPufff": "cheekPuff",
        "mouthPucker": "mouthPucker",
        "mouthShrugLower": "mouthShrugLower",
        "mouthShrugUpper": "mouthShrugUpper",
        "mouthRollLower": "mouthRollLower",
    },
    others=("mouthRollUpper2", "mouthWide", "browRaise", "tongueIn", "jawClose"),
)

RIGS = {
    "Ready Player Me": READY_PLAYER_ME,
    "Oculus visemes alone": VISEMES_ONLY,
    "VRChat visemes": VRCHAT,
    "VRM 0.x": VRM0,
    "VRM 1.0": VRM1,
    "VRoid mesh": VROID,
    "Character Creator 4 Extended": CHARACTER_CREATOR_4,
    "Character Creator 3 Standard": CHARACTER_CREATOR_3,
    "Character Creator visemes 1:1": CC_DIRECT,
    "MetaHuman curves": METAHUMAN,
    "Daz Genesis 8 controls": DAZ_8,
    "Daz Genesis 8.1 FACS": DAZ_81,
    "Daz Genesis 9 FACS": DAZ_9,
    "MPFB ARKit": MPFB,
    "MPFB visemes01": MPFB_VISEMES,
    "ARKit behind a namespace": NAMESPACED,
    "ARKit behind a prefix": PREFIXED,
    "ARKit mistyped": MISTYPED,
}

RIGIFY_BONES = (
    *("root", "torso", "chest", "neck", "head", "eyes", "eye.L", "eye.R", "master_eye.L"),
    *("master_eye.R", "jaw_master", "jaw", "jaw.L", "jaw.R.001", "chin", "chin.001", "chin.L"),
    *("teeth.T", "teeth.B", "tongue_master", "tongue", "tongue.001", "lip.T", "lip.B", "lips.L"),
    *("lips.R", "lip.T.L.001", "lip.T.R.001", "lip.B.L.001", "lip.B.R.001", "nose", "nose_master"),
    *("nose.L.001", "nose.R.001", "cheek.T.L.001", "cheek.T.R.001", "cheek.B.L.001"),
    *("cheek.B.R.001", "ear.L", "ear.R", "lid.T.L", "lid.T.L.001", "lid.T.L.002", "lid.T.L.003"),
    *("lid.B.L", "lid.B.L.002", "lid.T.R.002", "lid.B.R.002", "brow.T.L", "brow.T.L.001"),
    *("brow.T.L.002", "brow.T.L.003", "brow.T.R.001", "brow.T.R.002", "brow.T.R.003"),
    *("brow.B.L", "brow.B.L.001", "shoulder.L", "upper_arm_fk.L", "hand_ik.L", "thigh_ik.R"),
    *("DEF-jaw", "ORG-jaw", "MCH-jaw_master", "DEF-lip.T.L"),
)
