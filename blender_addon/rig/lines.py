"""A character's mapping as lines to read and to correct: one for each shape key, bone motion and missing channel."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import degrees

import bpy

from .character import CHOSEN, CONFIRMED, DRIVEN, OFF, UNCHOSEN, Character, Idle, Target
from .corrections import Correction, correct, corrections, forget
from .motions import EYES, BoneTarget, IdleBone
from .recognise import EXACT, GUESS, SPELLING
from .words import words

SHAPE, BONE, CHANNEL = "shape", "bone", "channel"
NAMELESS = "its name means nothing"
MOTION_NAMES = {"head": "Head", "jaw": "Jaw", "leftEye": "Left Eye", "rightEye": "Right Eye"}
_OTHER = {"left": "right", "right": "left"}
_KANJI = str.maketrans("左右", "右左")
SURE = {
    EXACT: "named exactly so",
    SPELLING: "the same name in another spelling",
    GUESS: "a guess by its name: try it, then confirm or correct it",
    CHOSEN: "chosen by you",
    CONFIRMED: "a guess that you confirmed",
}


@dataclass(frozen=True)
class Line:
    """One line of the list.

    kind: SHAPE, BONE or CHANNEL, a channel that nothing shows. name: the shape key's, the motion's or the channel's.
    objects: names of the meshes that have the shape key and treat it alike, or of the armature. follows: channel to
    gain, before the artist's own gain for the whole line. bone: the bone of a motion. sure: how surely it was
    recognised, a key of SURE. reason: why it does not follow. target: what it follows, where it follows anything.
    """

    kind: str
    name: str
    objects: tuple[str, ...] = ()
    follows: Mapping[str, float] = field(default_factory=dict)
    bone: str = ""
    scheme: str = ""
    sure: str = ""
    reason: str = ""
    corrected: bool = False
    target: Target | BoneTarget | None = field(default=None, compare=False)

    @property
    def title(self) -> str:
        """What the artist reads: the shape key, or the motion and its bone."""
        return f"{MOTION_NAMES[self.name]} ({self.bone})" if self.kind == BONE else self.name

    @property
    def reach(self) -> float:
        """Degrees that a jaw's or an eye's bone turns at most; 0 for what turns none, or as far as the head did."""
        if not isinstance(self.target, BoneTarget) or self.name == "head":
            return 0.0
        return degrees(max((abs(gain) for mix in self.target.turns.values() for gain in mix.values()), default=0.0))

    @property
    def used(self) -> bool:
        """Whether it moves in a performance."""
        return bool(self.follows)

    @property
    def unsure(self) -> bool:
        """Whether the artist should look at it."""
        return self.sure == GUESS

    @property
    def spare(self) -> bool:
        """Whether its name is known and others show the same, so that it may still help to approximate."""
        return self.kind == SHAPE and not self.used and self.reason not in (NAMELESS, DRIVEN, OFF, UNCHOSEN)

    @property
    def driven(self) -> bool:
        """Whether a driver holds it, so that nothing can be corrected here."""
        return self.reason == DRIVEN and self.kind == SHAPE


def lines_of(character: Character) -> list[Line]:
    """Every line: shape keys in the order of the meshes, then bones, then the channels that nothing shows."""
    by_mesh: dict[bpy.types.Object, dict[str, Target | Idle]] = {mesh: {} for mesh in character.meshes}
    for one in (*character.targets, *character.idle):
        by_mesh[one.mesh][one.shape_key] = one
    alike: dict[tuple, Line] = {}
    meshes: dict[tuple, list[str]] = {}
    for mesh, told in by_mesh.items():
        keys = mesh.data.shape_keys.key_blocks.keys()  # pyright: ignore[reportOptionalMemberAccess, reportAttributeAccessIssue]
        own = corrections(mesh)
        for name in keys:
            if name in told:
                line = _shape(told[name], own.get(name))
                place = (name, *line.follows.items(), line.scheme, line.sure, line.reason, line.corrected)
                place += (repr(own.get(name)),)
                alike.setdefault(place, line)
                meshes.setdefault(place, []).append(mesh.name)
    shapes = [replace(line, objects=tuple(meshes[place])) for place, line in alike.items()]
    bones = [_bone(one) for one in (*character.bones, *character.idle_bones)]
    return [*shapes, *bones, *(Line(CHANNEL, channel, reason="nothing shows it") for channel in character.missing)]


def _shape(one: Target | Idle, own: Correction | None) -> Line:
    if isinstance(one, Idle):
        return Line(SHAPE, one.shape_key, reason=one.reason or NAMELESS, corrected=own is not None)
    gain = own.gain if own else 1.0
    follows = {channel: share / gain if gain else 1.0 for channel, share in one.mix.items()}
    return Line(
        SHAPE, one.shape_key, (), follows, scheme=one.scheme, sure=one.sure, corrected=one.corrected, target=one
    )


def _bone(one: BoneTarget | IdleBone) -> Line:
    corrected = one.motion in corrections(one.armature)
    if isinstance(one, IdleBone):
        return Line(BONE, one.motion, (one.armature.name,), bone=one.bone, reason=one.reason, corrected=corrected)
    follows = dict.fromkeys(sorted(one.channels), 1.0)
    return Line(BONE, one.motion, (one.armature.name,), follows, one.bone, corrected=corrected, target=one)


def correction_of(line: Line) -> Correction:
    """The correction behind a line; one that changes nothing where there is none."""
    for obj in _objects(line):
        return corrections(obj).get(line.name, Correction(line.name))
    return Correction(line.name)


def correct_line(line: Line, wanted: Correction) -> None:
    """Keeps a correction on every object of the line."""
    for obj in _objects(line):
        correct(obj, wanted)


def show_channel(character: Character, channel: str, shape_key: str) -> None:
    """Has a shape key follow one channel more, on every mesh of the character that has it."""
    for line in lines_of(character):
        if line.kind == SHAPE and line.name == shape_key and not line.driven:
            own = correction_of(line)
            follows = {**({} if own.off else line.follows), channel: 1.0}
            correct_line(line, replace(own, off=False, gain=1.0, follows=follows))


def confirm_line(line: Line) -> None:
    """Keeps that a guess is right."""
    correct_line(line, replace(correction_of(line), confirmed=True))


def other_side(line: Line, lines: Iterable[Line]) -> Line | None:
    """The line that is this one's on the other side of the face, or None where it has no side or no counterpart."""
    if line.kind == BONE and line.name in EYES:
        other = EYES[1 - EYES.index(line.name)]
        return next((one for one in lines if one.kind == BONE and one.name == other), None)
    wanted = _swapped(words(line.name))
    if line.kind != SHAPE or wanted == words(line.name):
        return None
    return next((one for one in lines if one.kind == SHAPE and not one.driven and words(one.name) == wanted), None)


def mirror_line(line: Line, other: Line) -> None:
    """Has the other side follow as this line does, with the channels of its side."""
    own = correction_of(line)
    follows = None if own.follows is None else {_across(name): _turned(name, g) for name, g in own.follows.items()}
    bone = correction_of(other).bone
    correct_line(other, replace(own, name=other.name, follows=follows, bone=bone))


def _swapped(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(_OTHER.get(part, part.translate(_KANJI)) for part in parts)


def _across(channel: str) -> str:
    """The channel of the other side; itself where there is none."""
    for side, other in (("Left", "Right"), ("Right", "Left")):
        if channel.endswith(side):
            return channel.removesuffix(side) + other
    return channel


def _turned(channel: str, gain: float) -> float:
    return -gain if channel in ("headYaw", "headRoll") else gain


def reset_line(line: Line) -> bool:
    """Takes the line's correction away, and says whether there was one."""
    return sum(forget(obj, line.name) for obj in _objects(line)) > 0


def _objects(line: Line) -> Iterable[bpy.types.Object]:
    return [obj for name in line.objects if (obj := bpy.data.objects.get(name)) is not None]
