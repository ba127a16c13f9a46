"""Small rigs with what artists' rigs have and examples lack: unapplied scales and turns, parents above and between,
objects that share a mesh, masked and relative shapes, names in any script, wide ranges, jaw and eye bones."""

import math
from typing import Any, NamedTuple

import bpy
from hypothesis import strategies as st

from blender_addon.rig.character import Character, find_character
from tests.blender_addon.export.conftest import BONES, made_armature, made_mesh

FACE = ["browInnerUp", "eyeBlinkLeft", "eyeBlinkRight", "jawOpen", "mouthSmileLeft", "mouthSmileRight", "tongueOut"]
WORDS = ["Face", "顔", "وجه", "😀 face", 'a"b\\c', "head", "Ärger.001"]


class Rig(NamedTuple):
    """scene: fps and fps_base. scale, tilt, turn: of the armature. above: what it hangs on. face: what the face hangs
    on; one that hangs on nothing is only deformed, as by Clear Parent and Keep Transform."""

    scene: tuple[int, float]
    names: tuple[str, ...]
    words: tuple[str, str, str]
    scale: float
    tilt: float
    turn: float
    above: str
    face: str
    mesh_scale: float
    shared: bool
    masked: bool
    relative: bool
    sliders: tuple[float, float]
    bones: tuple[str, ...]

    @property
    def fps(self) -> float:
        """The scene's frames per second."""
        return self.scene[0] / self.scene[1]


def _possible(rig: Rig) -> bool:
    """Skins that hang on nothing stay behind in Blender when the armature moves, and in glTF they do not."""
    return not (rig.face == "nothing" and rig.above == "moving empty")


RIGS = st.builds(
    Rig,
    scene=st.sampled_from([(24, 1.0), (24, 1.001), (30, 1.001), (60, 1.0), (120, 1.0), (25, 2.0)]),
    names=st.lists(st.sampled_from(FACE), min_size=3, unique=True).map(tuple),
    words=st.lists(st.sampled_from(WORDS), min_size=3, max_size=3, unique=True).map(tuple),
    scale=st.sampled_from([1.0, 0.01, 2.5]),
    tilt=st.sampled_from([0.0, 0.3]),
    turn=st.sampled_from([0.0, math.pi / 2, 2.1]),
    above=st.sampled_from(["nothing", "empty", "moving empty", "mesh"]),
    face=st.sampled_from(["armature", "bone", "nothing"]),
    mesh_scale=st.sampled_from([1.0, 0.5]),
    shared=st.booleans(),
    masked=st.booleans(),
    relative=st.booleans(),
    sliders=st.sampled_from([(0.0, 1.0), (-1.0, 2.0), (0.0, 0.6)]),
    bones=st.sampled_from([(), ("jaw",), ("leftEye", "rightEye"), ("jaw", "leftEye", "rightEye")]),
).filter(_possible)


def built(rig: Rig) -> Character:
    """The rig in an empty scene, looked at as an artist's."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    render = bpy.context.scene.render
    render.fps, render.fps_base = rig.scene
    armature = made_armature({name: name for name in BONES if not name.endswith("Eye") or name in rig.bones})
    if "jaw" in rig.bones:
        _add_jaw(armature)
    face = made_mesh(rig.words[0], list(rig.names), armature, 1.6)
    made_mesh(rig.words[1], [rig.names[0], "jawOpen"], armature, 1.58)
    for bone in rig.bones:
        held = made_mesh(f"on {bone}", [], armature, 1.55)
        held.vertex_groups.clear()
        held.vertex_groups.new(name=bone).add(range(8), 1.0, "REPLACE")
    if rig.face == "bone":
        face.modifiers.clear()
        place = face.matrix_world.copy()
        face.parent_type, face.parent_bone = "BONE", "head"
        bpy.context.view_layer.update()
        face.matrix_world = place
    _shape(face, rig)
    if rig.shared:
        twin = bpy.data.objects.new("Twin", face.data)
        bpy.context.collection.objects.link(twin)
        twin.parent, twin.location = armature, (0.5, 0.0, 0.0)
    face.scale = (rig.mesh_scale,) * 3
    armature.name = rig.words[2]
    armature.scale, armature.rotation_euler = (rig.scale,) * 3, (rig.tilt, 0.0, rig.turn)
    _put_above(armature, rig.above)
    bpy.context.view_layer.update()
    if rig.face == "nothing":
        place = face.matrix_world.copy()
        face.parent = None
        face.matrix_world = place
    return find_character(armature)


def _add_jaw(armature: Any) -> None:
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    jaw = armature.data.edit_bones.new("jaw")
    jaw.head, jaw.tail, jaw.parent = (0, -0.02, 1.5), (0, -0.08, 1.48), armature.data.edit_bones["head"]
    bpy.ops.object.mode_set(mode="OBJECT")


def _shape(face: Any, rig: Rig) -> None:
    blocks = face.data.shape_keys.key_blocks
    for block in blocks[1:]:
        block.slider_min, block.slider_max = rig.sliders
    if rig.masked:
        group = face.vertex_groups.new(name="side")
        group.add([0, 1, 2], 1.0, "REPLACE")
        group.add([3], 0.5, "REPLACE")
        blocks[1].vertex_group = "side"
    if rig.relative:
        blocks[2].relative_key = blocks[3]


def _put_above(armature: Any, what: str) -> None:
    if what == "nothing":
        return
    above = made_mesh("Above", [], None, 0.0) if what == "mesh" else bpy.data.objects.new("Above", None)
    if what != "mesh":
        bpy.context.collection.objects.link(above)
    above.scale, above.rotation_euler, above.location = (2.0, 2.0, 2.0), (0.0, 0.2, 0.4), (1.0, 0.0, 0.5)
    armature.parent = above
    if what == "moving empty":
        for frame, x in ((-30, 0.0), (60, 3.0)):
            above.location.x = x
            above.keyframe_insert("location", frame=frame)
