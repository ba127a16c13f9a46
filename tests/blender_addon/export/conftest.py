"""A small humanoid made in code, and an Action on it with one slot for each mesh and one for the head bone."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import bpy
import numpy as np
import pygltflib
import pytest
from mathutils import Quaternion

from blender_addon.clip import Clip
from blender_addon.rig.character import Character, Target
from blender_addon.rig.motions import BoneTarget

SHAPES = [
    "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft", "browOuterUpRight", "cheekPuff",
    "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft", "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight",
    "eyeLookInLeft", "eyeLookInRight", "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight",
    "eyeSquintLeft", "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen", "jawRight",
    "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft", "mouthFrownRight", "mouthFunnel",
    "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight", "mouthPressLeft", "mouthPressRight", "mouthPucker",
    "mouthRight", "mouthRollLower", "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft",
    "mouthSmileRight", "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight", "tongueOut",
]  # fmt: skip
HEAD = ["headYaw", "headPitch", "headRoll"]
BONES = {
    "hips": (None, (0, 0, 0.9)),
    "spine": ("hips", (0, 0, 1.0)),
    "chest": ("spine", (0, 0, 1.15)),
    "neck": ("chest", (0, 0, 1.4)),
    "head": ("neck", (0, 0, 1.5)),
    "leftEye": ("head", (0.03, -0.08, 1.58)),
    "rightEye": ("head", (-0.03, -0.08, 1.58)),
    "leftUpperArm": ("chest", (0.15, 0, 1.35)),
    "leftLowerArm": ("leftUpperArm", (0.4, 0, 1.35)),
    "leftHand": ("leftLowerArm", (0.65, 0, 1.35)),
    "rightUpperArm": ("chest", (-0.15, 0, 1.35)),
    "rightLowerArm": ("rightUpperArm", (-0.4, 0, 1.35)),
    "rightHand": ("rightLowerArm", (-0.65, 0, 1.35)),
    "leftUpperLeg": ("hips", (0.1, 0, 0.85)),
    "leftLowerLeg": ("leftUpperLeg", (0.1, 0, 0.45)),
    "leftFoot": ("leftLowerLeg", (0.1, 0, 0.08)),
    "rightUpperLeg": ("hips", (-0.1, 0, 0.85)),
    "rightLowerLeg": ("rightUpperLeg", (-0.1, 0, 0.45)),
    "rightFoot": ("rightLowerLeg", (-0.1, 0, 0.08)),
}


def made_armature(bones: dict[str, str]) -> bpy.types.Object:
    """A humanoid skeleton with those of BONES that are given, under the names that they are given."""
    data = bpy.data.armatures.new("Skeleton")
    armature = bpy.data.objects.new("Body", data)
    bpy.context.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for name, (parent, place) in BONES.items():
        if name not in bones:
            continue
        bone = data.edit_bones.new(bones[name])
        bone.head, bone.tail = place, (place[0], place[1] + 0.02, place[2] + 0.05)
        bone.roll = 0.3
        while parent and parent not in bones:
            parent = BONES[parent][0]
        if parent:
            bone.parent = data.edit_bones[bones[parent]]
    bpy.ops.object.mode_set(mode="OBJECT")
    return armature


def made_mesh(name: str, shapes: list[str], armature: bpy.types.Object | None, centre: float) -> bpy.types.Object:
    """A cube with shapes at random, on the armature's head."""
    rng = np.random.default_rng(len(shapes))
    corners = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * 0.08 + (0, 0, centre)
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    data = bpy.data.meshes.new(name)
    data.from_pydata(corners.tolist(), [], faces)
    mesh = bpy.data.objects.new(name, data)
    bpy.context.collection.objects.link(mesh)
    if shapes:
        mesh.shape_key_add(name="Basis")
        for shape in shapes:
            block = mesh.shape_key_add(name=shape)
            block.data.foreach_set("co", (corners + rng.normal(0, 0.02, corners.shape)).ravel())
    if armature:
        mesh.parent = armature
        mesh.modifiers.new("Armature", "ARMATURE").object = armature
        group = mesh.vertex_groups.new(
            name=next((b.name for b in armature.data.bones if "head" in b.name.lower()), "body")
        )
        group.add(range(8), 1.0, "REPLACE")
    return mesh


@pytest.fixture
def make() -> Callable[..., Character]:
    """Makes a character in an empty scene: face, teeth with a few of its shapes, and a cap without any."""

    def make(shapes=SHAPES, *, teeth=("jawOpen", "tongueOut"), bones=None, mix=None, without_armature=False):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        armature = None if without_armature else made_armature(bones or {name: name for name in BONES})
        face = made_mesh("Face", list(shapes), armature, 1.6)
        meshes = [face]
        if teeth:
            meshes.append(made_mesh("Teeth", [name for name in teeth if name in shapes] or ["jawOpen"], armature, 1.58))
        made_mesh("Cap", [], armature, 1.75)
        mix = mix or {}
        targets = tuple(
            Target(mesh, block.name, mix.get(block.name, {block.name: 1.0}), "test")
            for mesh in meshes
            for block in mesh.data.shape_keys.key_blocks[1:]
        )
        head = None
        if armature:
            head = (bones or {}).get("head", "head")
            armature.pose.bones[head].rotation_mode = "QUATERNION"
        turns = {way: {channel: 1.0} for way, channel in zip(("yaw", "pitch", "roll"), HEAD, strict=True)}
        seen = {channel for target in targets for channel in target.mix} | set(HEAD if head else [])
        everything = [*SHAPES, *HEAD]
        return Character(
            name="Someone",
            meshes=tuple(meshes),
            armature=armature,
            head_bone=head,
            targets=targets,
            matched=tuple(name for name in everything if name in seen),
            missing=tuple(name for name in everything if name not in seen),
            unused=(),
            bones=(BoneTarget(armature, head, "head", turns, {}),) if armature else (),
        )

    return make


@pytest.fixture
def perform() -> Callable[..., Clip]:
    """A smooth performance of random channels."""

    def perform(frames=20, fps=30.0, channels=(*SHAPES, *HEAD), seed=1):
        rng = np.random.default_rng(seed)
        t = np.arange(frames)[:, None] / fps
        values = 0.5 + 0.5 * np.sin(t * rng.uniform(2, 9, len(channels)) + rng.uniform(0, 6, len(channels)))
        values *= rng.uniform(0.2, 1.0, len(channels))
        for column, name in enumerate(channels):
            if name in HEAD:
                values[:, column] = values[:, column] - 0.5
        return Clip(values.astype(np.float32), fps, tuple(channels), {"seed": seed, "source": "/home/someone/take.mp4"})

    return perform


@pytest.fixture
def assign() -> Callable[..., bpy.types.Action]:
    """Writes a Clip as one Action, every frame keyed, slots as the bake makes them, and makes it active."""

    def assign(character, clip, *, frame=1.0, name="Take"):
        action = bpy.data.actions.new(name)
        strip = action.layers.new("Layer").strips.new(type="KEYFRAME")
        render = bpy.context.scene.render
        frames = frame + np.arange(len(clip.values)) * render.fps / render.fps_base / clip.fps
        take = {"name": name, "start": frame, "end": frames[-1], "fps": render.fps, "provenance": clip.provenance}
        action["facemimic"] = json.dumps({"takes": [take]})

        def write(owner, curves):
            slot = action.slots.new("KEY" if isinstance(owner, bpy.types.Key) else "OBJECT", owner.name)
            data = owner.animation_data_create()
            data.action, data.action_slot = action, slot
            bag = strip.channelbag(slot, ensure=True)
            for path, index, values in curves:
                curve = bag.fcurves.new(path, index=index)
                curve.keyframe_points.add(len(frames))
                curve.keyframe_points.foreach_set("co", np.stack([frames, values], 1).ravel())
                for point in curve.keyframe_points:
                    point.interpolation = "LINEAR"
                curve.update()

        curves = character.key_curves(clip)
        for mesh in character.meshes:
            keys = mesh.data.shape_keys
            write(keys, [(f'key_blocks["{key}"].value', 0, values) for m, key, values in curves if m == mesh])
        if character.head_bone and any(name in HEAD for name in clip.channels):
            bone = character.armature.pose.bones[character.head_bone]
            rest = bone.bone.matrix_local.to_quaternion()
            turns = []
            for yaw, pitch, roll in zip(*(clip.column(name).tolist() for name in HEAD), strict=True):
                turn = Quaternion((0, 0, 1), yaw) @ Quaternion((1, 0, 0), -pitch) @ Quaternion((0, 1, 0), roll)
                turns.append(rest.inverted() @ turn @ rest)
            path = f'pose.bones["{bone.name}"].rotation_quaternion'
            write(character.armature, [(path, i, np.array([turn[i] for turn in turns])) for i in range(4)])
        return action

    return assign


@pytest.fixture
def scene_state() -> Callable[[], object]:
    """Everything about the scene that an export must leave alone, in a form that compares."""

    def state():
        scene, layer = bpy.context.scene, bpy.context.view_layer

        def animation(owner):
            data = owner.animation_data
            if data is None:
                return None
            return (data.action and data.action.name, data.action_slot and data.action_slot.identifier)

        return SimpleNamespace(
            scenes=[(s.name, s.frame_current, s.frame_subframe, s.frame_start, s.frame_end) for s in bpy.data.scenes],
            scene=scene.name,
            window=(bpy.context.window.scene.name, bpy.context.window.view_layer.name),
            active=layer.objects.active and layer.objects.active.name,
            mode=bpy.context.mode,
            selected=sorted(o.name for o in layer.objects if o.select_get()),
            display=[
                (o.name, o.show_only_shape_key, [(m.name, m.show_viewport) for m in o.modifiers])
                for o in bpy.data.objects
            ],
            hidden=sorted(o.name for o in layer.objects if o.hide_get() or o.hide_viewport),
            objects=sorted(
                (o.name, o.users, tuple(map(tuple, o.matrix_world)), animation(o)) for o in bpy.data.objects
            ),
            shapes=[
                (k.name, animation(k), [(b.name, b.value, b.mute) for b in k.key_blocks]) for k in bpy.data.shape_keys
            ],
            pose=[
                (b.name, tuple(map(tuple, b.matrix_basis))) for o in bpy.data.objects if o.pose for b in o.pose.bones
            ],
            actions=sorted(
                (a.name, a.users, a.use_fake_user, a.use_frame_range, tuple(a.frame_range)) for a in bpy.data.actions
            ),
            data=[len(x) for x in (bpy.data.meshes, bpy.data.armatures, bpy.data.materials, bpy.data.images)],
        )

    return state


@pytest.fixture
def all_tracks() -> Callable[..., dict]:
    """Reads a file's animations with a glTF library: animation's name to its tracks, as below."""

    def array(gltf, index):
        accessor = gltf.accessors[index]
        view = gltf.bufferViews[accessor.bufferView]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}[accessor.type]
        start = (view.byteOffset or 0) + (accessor.byteOffset or 0)
        return np.frombuffer(gltf.binary_blob(), np.float32, accessor.count * width, start).reshape(-1, width)

    def tracks_of(gltf, animation):
        found = {}
        for channel in animation.channels:
            sampler = animation.samplers[channel.sampler]
            assert sampler.interpolation == "LINEAR"
            node = gltf.nodes[channel.target.node]
            times, values = array(gltf, sampler.input)[:, 0], array(gltf, sampler.output)
            assert (np.diff(times) > 0).all()
            assert times[0] == 0.0
            if channel.target.path == "weights":
                names = gltf.meshes[node.mesh].extras["targetNames"]
                for column, name in enumerate(names):
                    found[node.name, name] = times, values.reshape(len(times), len(names))[:, column]
            else:
                found[node.name, channel.target.path] = times, values
        return found

    def all_tracks(path):
        gltf = pygltflib.GLTF2().load_binary(str(path))
        return {animation.name: tracks_of(gltf, animation) for animation in gltf.animations}

    return all_tracks


@pytest.fixture
def tracks(all_tracks) -> Callable[..., dict]:
    """The tracks of a file's one animation: (node's name, path) to (times, values); weights by shape key."""

    def tracks(path):
        (found,) = all_tracks(path).values()
        return found

    return tracks
