"""Lists of shape keys' names as programs write them, and what a mesh that has them follows."""

from blender_addon.rig.resolve import Expression, resolve
from blender_addon.rig.schemes import channels

SHAPES = channels()[:52]
WHOLE = ("jawLeft", "jawRight", "mouthLeft", "mouthRight")


def listed(text: str) -> list[str]:
    """Names between spaces."""
    return text.split()


def sided(text: str) -> list[str]:
    """Names between spaces; * stands for L and R."""
    return [name.replace("*", side) for name in text.split() for side in ("LR" if "*" in name else "L")]


def short(name: str) -> str:
    """eyeBlink_L for eyeBlinkLeft."""
    return name.replace("Left", "_L").replace("Right", "_R") if name not in WHOLE else name


ICT = [
    "PupilDilate_L",
    "PupilDilate_R",
    "cheekRaiser_L",
    "cheekRaiser_R",
    *(name for side in "LR" for name in (f"browInnerUp_{side}", f"cheekPuff_{side}")),
    *(short(name) for name in SHAPES if name not in ("browInnerUp", "cheekPuff", "tongueOut")),
]
PARTS = {
    "ALL": "Neutral Angry Fun Joy Sorrow Surprised",
    "BRW": "Angry Fun Joy Sorrow Surprised",
    "EYE": "Natural Angry Close Close_R Close_L Fun Joy Joy_R Joy_L Sorrow Surprised Spread Iris_Hide Highlight_Hide",
    "MTH": "Close Up Down Angry Small Large Neutral Fun Joy Sorrow Surprised SkinFung A I U E O",
    "HA": "Hide Fung1",
}
VROID = [f"Fcl_{part}_{name}" for part, names in PARTS.items() for name in listed(names)]
MMD = listed(
    "真面目 困る にこり 怒り 上 下 まばたき 笑い ウィンク ウィンク２ ウィンク右 ｳｨﾝｸ２右 "
    "はぅ なごみ びっくり じと目 あ い う え お"
)
VISEMES = [f"viseme_{name}" for name in listed("sil PP FF TH DD kk CH SS nn RR aa E I O U")]
FACESHIFT = listed(
    "EyeBlink_L EyeBlink_R EyeSquint_L EyeSquint_R EyeDown_L EyeDown_R EyeIn_L EyeIn_R EyeOpen_L EyeOpen_R EyeOut_L "
    "EyeOut_R EyeUp_L EyeUp_R BrowsD_L BrowsD_R BrowsU_C BrowsU_L BrowsU_R JawFwd JawLeft JawOpen JawChew JawRight "
    "MouthLeft MouthRight MouthFrown_L MouthFrown_R MouthSmile_L MouthSmile_R MouthDimple_L MouthDimple_R "
    "LipsStretch_L LipsStretch_R LipsUpperClose LipsLowerClose LipsUpperUp LipsLowerDown LipsUpperOpen LipsLowerOpen "
    "LipsFunnel LipsPucker ChinLowerRaise ChinUpperRaise Sneer Puff CheekSquint_L CheekSquint_R"
)
UNIFIED = listed(
    "EyeClosedLeft EyeClosedRight EyeWideLeft EyeWideRight EyeSquintLeft EyeSquintRight EyeLookUpLeft EyeLookUpRight "
    "EyeLookDownLeft EyeLookDownRight EyeLookInLeft EyeLookInRight EyeLookOutLeft EyeLookOutRight BrowDownLeft "
    "BrowDownRight BrowInnerUpLeft BrowInnerUpRight BrowOuterUpLeft BrowOuterUpRight NoseSneerLeft NoseSneerRight "
    "CheekSquintLeft CheekSquintRight CheekPuffLeft CheekPuffRight JawOpen JawLeft JawRight JawForward MouthClosed "
    "LipSuckUpper LipSuckLower LipFunnel LipPucker MouthUpperUpLeft MouthUpperUpRight MouthLowerDownLeft "
    "MouthLowerDownRight MouthUpperLeft MouthUpperRight MouthLowerLeft MouthLowerRight MouthSmileLeft MouthSmileRight "
    "MouthSadLeft MouthSadRight MouthStretchLeft MouthStretchRight MouthDimpleLeft MouthDimpleRight MouthRaiserUpper "
    "MouthRaiserLower MouthPressLeft MouthPressRight TongueOut LipFunnelUpper LipFunnelLower"
)
CC_EXTENDED = sided(
    "Brow_Raise_Inner_* Brow_Raise_Outer_* Brow_Drop_* Brow_Compress_* Eye_Blink_* Eye_Squint_* Eye_Wide_* "
    "Eye_*_Look_L Eye_*_Look_R Eye_*_Look_Up Eye_*_Look_Down Eyelash_Upper_Up_* Eyelash_Lower_Down_* Nose_Sneer_* "
    "Nose_Nostril_Raise_* Nose_Nostril_Dilate_* Nose_Crease_* Nose_Nostril_Down_* Nose_Nostril_In_* Nose_Tip_* "
    "Nose_Tip_Up Nose_Tip_Down Cheek_Raise_* Cheek_Suck_* Cheek_Puff_* Mouth_Smile_* Mouth_Smile_Sharp_* Mouth_Frown_* "
    "Mouth_Stretch_* Mouth_Dimple_* Mouth_Press_* Mouth_Tighten_* Mouth_Blow_* Mouth_Pucker_Up_* Mouth_Pucker_Down_* "
    "Mouth_Funnel_Up_* Mouth_Funnel_Down_* Mouth_Roll_In_Upper_* Mouth_Roll_In_Lower_* Mouth_Roll_Out_Upper_* "
    "Mouth_Roll_Out_Lower_* Mouth_Push_Upper_* Mouth_Push_Lower_* Mouth_Pull_Upper_* Mouth_Pull_Lower_* Mouth_Up "
    "Mouth_Down Mouth_L Mouth_R Mouth_Upper_L Mouth_Upper_R Mouth_Lower_L Mouth_Lower_R Mouth_Shrug_Upper "
    "Mouth_Shrug_Lower Mouth_Drop_Upper Mouth_Drop_Lower Mouth_Up_Upper_* Mouth_Down_Lower_* Mouth_Chin_Up Mouth_Close "
    "Mouth_Contract Tongue_Bulge_* Jaw_Open Jaw_Forward Jaw_Backward Jaw_L Jaw_R Jaw_Up Jaw_Down Neck_Swallow_Up "
    "Neck_Swallow_Down Neck_Tighten_* Head_Turn_Up Head_Turn_Down Head_Turn_L Head_Turn_R Head_Tilt_L Head_Tilt_R "
    "V_Open V_Explosive V_Dental_Lip V_Tight_O V_Tight V_Wide V_Affricate V_Lip_Open V_Tongue_up V_Tongue_Raise "
    "V_Tongue_Out V_Tongue_Narrow V_Tongue_Lower V_Tongue_Curl_U V_Tongue_Curl_D"
)
CC_STANDARD = sided(
    "Brow_Raise_Inner_* Brow_Raise_Outer_* Brow_Drop_* Brow_Raise_* Eye_Wide_* Eye_Squint_* Eye_Blink Eye_Blink_* "
    "Nose_Scrunch Nose_Flank_Raise_* Cheek_Raise_* Cheek_Blow_* Mouth_Blow Mouth_Pucker Mouth_Pucker_Open Mouth_Widen "
    "Mouth_Widen_Sides Mouth_Smile Mouth_Smile_* Mouth_Frown Mouth_Frown_* Mouth_Dimple_* Mouth_Plosive "
    "Mouth_Lips_Tight Mouth_Lips_Tuck Mouth_Lips_Open Mouth_Lips_Part Mouth_Bottom_Lip_Down Mouth_Top_Lip_Up "
    "Mouth_Top_Lip_Under Mouth_Bottom_Lip_Under Mouth_Snarl_Upper_* Mouth_Snarl_Lower_* Mouth_Bottom_Lip_Bite "
    "Mouth_Down Mouth_Up Mouth_L Mouth_R Mouth_Skewer Mouth_Open"
)
METAHUMAN = [
    "CTRL_expressions_" + name
    for name in sided(
        "browDown* browLateral* browRaiseIn* browRaiseOuter* earUp* eyeBlink* eyeLidPress* eyeWiden* eyeSquintInner* "
        "eyeCheekRaise* eyeFaceScrunch* eyeUpperLidUp* eyeRelax* eyeLookUp* eyeLookDown* eyeLookLeft* eyeLookRight* "
        "eyePupilWide* noseWrinkle* noseNostrilDepress* noseNostrilDilate* noseNasolabialDeepen* mouthCheekSuck* "
        "mouthCheekBlow* mouthLipsBlow* mouthLeft mouthRight mouthUp mouthDown mouthUpperLipRaise* "
        "mouthLowerLipDepress* mouthCornerPull* mouthStretch* mouthStretchLipsClose* mouthDimple* mouthCornerDepress* "
        "mouthPressU* mouthPressD* mouthLipsPurseU* mouthLipsPurseD* mouthLipsTowardsU* mouthLipsTowardsD* "
        "mouthFunnelU* mouthFunnelD* mouthLipsTogetherU* mouthLipsTogetherD* mouthUpperLipBite* mouthLowerLipBite* "
        "mouthUpperLipRollIn* mouthLowerLipRollIn* mouthSharpCornerPull* jawOpen jawLeft jawRight jawFwd jawBack "
        "jawClenchL jawChinRaiseD* jawChinRaiseU* tongueUp tongueDown tongueOut tongueIn neckStretchL"
    )
]
SRANIPAL = sided(
    "Eye_Left_Blink Eye_Left_Wide Eye_Left_Right Eye_Left_Left Eye_Left_Up Eye_Left_Down Eye_Right_Blink "
    "Eye_Right_Wide Eye_Right_Right Eye_Right_Left Eye_Right_Up Eye_Right_Down Eye_Frown Eye_Left_Squeeze "
    "Eye_Right_Squeeze Jaw_Right Jaw_Left Jaw_Forward Jaw_Open Mouth_Ape_Shape Mouth_Upper_Right Mouth_Upper_Left "
    "Mouth_Lower_Right Mouth_Lower_Left Mouth_Upper_Overturn Mouth_Lower_Overturn Mouth_Pout Mouth_Smile_Right "
    "Mouth_Smile_Left Mouth_Sad_Right Mouth_Sad_Left Cheek_Puff_Right Cheek_Puff_Left Cheek_Suck Mouth_Upper_UpRight "
    "Mouth_Upper_UpLeft Mouth_Lower_DownRight Mouth_Lower_DownLeft Mouth_Upper_Inside Mouth_Lower_Inside "
    "Mouth_Lower_Overlay Tongue_LongStep1 Tongue_Left Tongue_Right Tongue_Up Tongue_Down Tongue_Roll Tongue_LongStep2"
)
READY_PLAYER_ME = [
    *SHAPES,
    *(f"viseme_{name}" for name in sided("sil PP FF TH DD kk CH SS nn RR aa E I O U")),
    *sided("mouthOpen mouthSmile eyesClosed eyesLookUp eyesLookDown"),
]
HOBBY = sided("Smile.* Blink.* Brows.Up Frown Mouth.Open Puff Tongue Pout Squint Fangs Ears.Back")


def mixes(names: list[str], stated: list[Expression] | None = None) -> dict[str, dict[str, float]]:
    """Each used key's gains, all its parts together."""
    found: dict[str, dict[str, float]] = {}
    for key, (parts, _) in resolve(names, stated or []).keys.items():
        total = found.setdefault(key, {})
        for weight, mix in parts:
            for channel, gain in mix.items():
                total[channel] = total.get(channel, 0) + weight * gain
    return found


def driven_by(channel: str, names: list[str]) -> set[str]:
    return {key for key, mix in mixes(names).items() if mix.get(channel, 0) > 0}


def shown(names: list[str]) -> set[str]:
    return set(resolve(names).levels)
