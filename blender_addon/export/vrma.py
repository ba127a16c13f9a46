"""A take as a VRM animation (.vrma): expressions, gaze and head, for any VRM avatar.

Specification: VRM consortium, VRMC_vrm_animation-1.0. An expression's weight is its node's translation x; gaze is a
node's rotation, read as yaw about Y and pitch about X, and may not be told by look expressions as well.
"""

from pathlib import Path
from typing import Any, Final, Literal

import bpy
import numpy as np
from mathutils import Vector

from ..clip import Clip, checked
from ..messages import AddonError
from ..rig.character import Character
from ..rig.schemes import HEAD_CHANNELS
from . import provenance
from .expressions import GAZE_CHANNELS, Gaze, as_presets, gaze, gaze_of, performs_in_arkit, presets, shape_channels
from .files import Exported, checked_target, written_whole
from .gltf_file import GltfFile
from .humanoid import built_in_positions, parent_of, required_bones, rest_positions, t_posed
from .own_expressions import told_by_own
from .quaternions import about, product
from .take import active_take, fine_rate, frames_of, lost, read_take, take_range
from .vrma_gaze import besides, eyes_part, gaze_apart, gaze_turns

Expressions = Literal["custom", "preset", "both", "own"]

_EYE_BONES: Final = ("leftEye", "rightEye")
_NOTICED: Final = 3.0
"""Degrees between an eye's gaze and the written one from which the artist is told."""
_LISTED: Final = 4
_FINEST: Final = 1e-5
"""Values that differ less are the same: no eye sees a shape move by a hundredth of a thousandth."""


def export_vrma(
    character: Character,
    path: str | Path,
    *,
    action: bpy.types.Action | None = None,
    frame_range: tuple[float, float] | None = None,
    fps: float | None = None,
    expressions: Expressions | None = None,
    gaze_as_look_at: bool = True,
    with_provenance: bool = True,
) -> Exported:
    """Writes a take of the character.

    action: the active take when None. frame_range: the take's own keys when None. fps: of the samples; the scene's, at
    least 60, when None. expressions: as in `write_vrma`, or own, the weights of this avatar's expressions that show its
    curves as they were baked. None chooses custom for a rig that shows at least half of ARKit's shapes; for others own
    where its expressions come near the curves, else preset.
    Raises AddonError when there is no take, the armature lacks required bones, own cannot show the curves, or the file
    cannot be written; nothing in the scene changes.
    """
    target = checked_target(path, ".vrma")
    positions = None
    if character.armature is not None:
        bones = required_bones(character.armature, character.name)
        positions = rest_positions(character.armature, bones)
    action = action or active_take(character)
    fps, reach = fps or fine_rate(), gaze_of(character)
    clip = read_take(character, action, frame_range=frame_range, fps=fps)
    if expressions is None and performs_in_arkit(character):
        expressions = "custom"
    own, remarks = None, []
    if expressions in (None, "own"):
        frames = frames_of(*(frame_range or take_range(character, action)), fps)
        own, missed, apart = told_by_own(character, action, frames)
        trouble = f"own expressions cannot move {_listed(missed) or 'any shape key'} as “{action.name}” does"
        if not own and expressions == "own":
            raise AddonError(
                f"{character.name}'s {trouble}. Choose Presets, which come near it on every VRM avatar, or ARKit, for "
                "avatars that have ARKit's names as custom expressions."
            )
        if not own and missed:
            remarks.append(
                f"Written with preset expressions, since {character.name}'s {trouble}; it may differ from the .glb."
            )
        if own and missed:
            remarks.append(
                f"{character.name}'s expressions move several shapes at once or hold others back, and leave "
                f"{_listed(missed)} up to {apart:.2f} from the curves."
            )
        expressions = "own" if own else "preset"
    parted = expressions in ("custom", "both") and eyes_part(character)
    # Channels that this rig cannot show are written at rest, so that no earlier animation stays behind in them.
    absent = [name for name in shape_channels() if name not in clip.channels]
    values = np.concatenate([clip.values, np.zeros((len(clip.values), len(absent)), np.float32)], axis=1)
    write_vrma(
        clip._replace(values=values, channels=(*clip.channels, *absent)),
        target,
        positions=positions,
        expressions=expressions,
        own=own,
        gaze_as_look_at=gaze_as_look_at,
        reach=reach,
        parted=parted,
        with_provenance=with_provenance,
        name=action.name,
    )
    notes = list(lost(character, action))
    apart = gaze_apart(clip, reach) if gaze_as_look_at and not parted else 0.0
    if apart > _NOTICED:
        notes.append(f"A .vrma holds one gaze for both eyes; they part here, and each looks up to {apart:.1f}° aside.")
    return Exported(target, (len(clip.values) - 1) / clip.fps, tuple(notes), tuple(remarks))


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"{', '.join(names[:_LISTED])}{more}"


def write_vrma(
    clip: Clip,
    path: str | Path,
    *,
    positions: dict[str, Vector] | None = None,
    expressions: Expressions = "custom",
    own: dict[str, dict[str, np.ndarray]] | None = None,
    gaze_as_look_at: bool = True,
    reach: Gaze | None = None,
    parted: bool = False,
    with_provenance: bool = True,
    name: str = "FaceMimic",
) -> None:
    """Writes a Clip. Needs no scene.

    positions: where the humanoid bones rest, metres in glTF's axes, looking along +Z; a person of average height
    when None. Always at least the 15 required bones; only the head moves, and only when the Clip has head channels,
    so the animation can be played over a body's.
    expressions: "custom" writes every shape of the Clip under its ARKit name; "preset" the nearest mixture of
    emotions, vowels and blinks, for avatars without ARKit expressions; "both" writes both, and an avatar that knows
    both shows everything twice; "own" writes the weights in `own`, by kind and name, (frames,) each.
    gaze_as_look_at: the eyeLook channels become the gaze's rotation and are not written as expressions, because an
    avatar would turn its eyes twice; False writes them as expressions and no gaze. reach: how far the eyes turn for
    a channel at 1, this project's own when None. parted: the gaze is what both eyes have in common, and the channels
    are written with the rest, for avatars that look by expressions and have these too.
    Raises AddonError when the Clip is none, or the file cannot be written.
    """
    target = checked_target(path, ".vrma")
    if expressions not in ("custom", "preset", "both", "own") or (expressions == "own" and own is None):
        raise AddonError(f"Expressions can be custom, preset, both or own; “{expressions}” is none of them.")
    clip = checked(clip)
    writer = _Writer(clip)
    human = writer.skeleton(t_posed(positions or built_in_positions()))
    content: dict[str, Any] = {
        "specVersion": "1.0",
        "humanoid": {"humanBones": {bone: {"node": node} for bone, node in human.items()}},
    }
    if any(channel in HEAD_CHANNELS for channel in clip.channels):
        writer.rotation(human["head"], head_turns(clip))
    shapes, eyes = [channel for channel in clip.channels if channel not in HEAD_CHANNELS], {}
    if gaze_as_look_at and any(channel.startswith(GAZE_CHANNELS) for channel in shapes):
        shapes = [channel for channel in shapes if not channel.startswith(GAZE_CHANNELS)]
        reach = reach or gaze()
        content["lookAt"] = {
            "node": writer.look_at(gaze_turns(clip, reach, parted=parted)),
            "offsetFromHeadBone": [0.0, 0.06, 0.0],
        }
        eyes = besides(clip, reach) if parted else {}
    told: dict[str, Any] = {}
    if expressions in ("custom", "both"):
        custom = {channel: clip.column(channel) for channel in shapes if channel not in presets()}
        told["custom"] = writer.weights(custom | eyes)
    if expressions in ("preset", "both"):
        told["preset"] = writer.weights(as_presets(clip.values, clip.channels))
    if expressions == "own":
        told = {kind: writer.weights(curves) for kind, curves in (own or {}).items()}
    content["expressions"] = {kind: nodes for kind, nodes in told.items() if nodes}
    file = writer.finished(name)
    file.use_extension("VRMC_vrm_animation", content)
    if with_provenance:
        provenance.stamp(file, clip.provenance)
    with written_whole(target) as part:
        part.write_bytes(file.to_bytes())


def head_turns(clip: Clip) -> np.ndarray:
    """The head's rotation as quaternions x, y, z, w in glTF's axes, float32 (frames, 4)."""
    yaw, pitch, roll = (clip.column(channel).astype(float) for channel in HEAD_CHANNELS)
    return product(about(1, yaw), about(0, -pitch), about(2, -roll))


class _Writer:
    """Builds the glTF of one animation; tracks that stand still take two keys and share their data."""

    def __init__(self, clip: Clip) -> None:
        self.file = GltfFile({"asset": {"version": "2.0", "generator": provenance.generator()}})
        self.times = (np.arange(len(clip.values)) / clip.fps).astype(np.float32)
        self.channels: list[dict[str, Any]] = []
        self.samplers: list[dict[str, Any]] = []
        self.roots: list[int] = []
        self.known: dict[tuple[str, bytes], int] = {}

    def skeleton(self, positions: dict[str, Vector]) -> dict[str, int]:
        human: dict[str, int] = {}
        present = {bone for bone in positions if bone not in _EYE_BONES}
        for bone in positions:
            if bone not in present:
                continue
            parent = parent_of(bone, present)
            place = positions[bone] - (positions[parent] if parent else Vector())
            human[bone] = self.file.add("nodes", {"name": bone, "translation": list(place.to_tuple(6))})
            if parent:
                self.file.document["nodes"][human[parent]].setdefault("children", []).append(human[bone])
            else:
                self.roots.append(human[bone])
        return human

    def rotation(self, node: int, turns: np.ndarray) -> None:
        self._track(node, "rotation", turns, "VEC4")

    def look_at(self, turns: np.ndarray) -> int:
        node = self.file.add("nodes", {"name": "lookAt"})
        self.roots.append(node)
        self.rotation(node, turns)
        return node

    def weights(self, curves: dict[str, np.ndarray]) -> dict[str, dict[str, int]]:
        nodes = {}
        for name, values in curves.items():
            node = self.file.add("nodes", {"name": name})
            self.roots.append(node)
            places = np.zeros((len(values), 3), np.float32)
            places[:, 0] = np.clip(values, 0.0, 1.0)
            self._track(node, "translation", places, "VEC3")
            nodes[name] = {"node": node}
        return nodes

    def finished(self, name: str) -> GltfFile:
        document = self.file.document
        document["scene"] = 0
        document["scenes"] = [{"name": name, "nodes": self.roots}]
        if self.channels:
            document["animations"] = [{"name": name, "channels": self.channels, "samplers": self.samplers}]
        return self.file

    def _track(self, node: int, path: str, values: np.ndarray, kind: str) -> None:
        kept = _keys_that_matter(values)
        sampler = {
            "input": self._shared(self.times[kept], "SCALAR", bounds=True),
            "output": self._shared(values[kept].astype(np.float32), kind),
            "interpolation": "LINEAR",
        }
        self.samplers.append(sampler)
        self.channels.append({"sampler": len(self.samplers) - 1, "target": {"node": node, "path": path}})

    def _shared(self, values: np.ndarray, kind: str, *, bounds: bool = False) -> int:
        key = kind, values.tobytes()
        if key not in self.known:
            self.known[key] = self.file.add_array(values, kind, bounds=bounds)
        return self.known[key]


def _keys_that_matter(values: np.ndarray) -> np.ndarray:
    """Indices of all frames but those in the middle of a stretch that stands still; first and last always."""
    if len(values) < 3:
        return np.arange(len(values))
    still = np.abs(np.diff(values, axis=0)).max(axis=1) < _FINEST
    return np.flatnonzero(np.concatenate(([True], ~(still[:-1] & still[1:]), [True])))
