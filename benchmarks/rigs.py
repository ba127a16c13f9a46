"""Prints what finding a character costs: `python -m benchmarks.rigs`. Medians of processor time: it is one thread.

The character has 300 shape keys on a mesh of 10 000 vertices that hangs on an armature with jaw and eyes: ARKit's names
and names that mean nothing. Names that were read before are remembered, so that a run with new names is told too.
"""

import statistics
import time
from collections.abc import Callable

import bpy
import numpy as np

from blender_addon.rig.character import find_character
from blender_addon.rig.lines import lines_of
from engine.channels import SHAPES

BUDGET = 0.02
KEYS, VERTICES = 300, 10_000
BONES = {"head": None, "jaw": "head", "leftEye": "head", "rightEye": "head"}


def timed(work: Callable[[], object], runs: int) -> float:
    """Median seconds of processor time of `runs` calls."""
    taken = []
    for _ in range(runs):
        began = time.process_time()
        work()
        taken.append(time.process_time() - began)
    return statistics.median(taken)


def rows() -> list[tuple[str, float, float | None]]:
    """The table's rows: what it is, seconds, budget. Leaves an empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    mesh = made_character(KEYS)
    find_character(mesh)
    for block in mesh.data.shape_keys.key_blocks[1:]:
        block.name = f"New_{block.name}"
    first = timed(lambda: find_character(mesh), 1)
    character = find_character(mesh)
    found: list[tuple[str, float, float | None]] = [
        (f"recognition and mapping of {KEYS} shapes with new names", first, BUDGET),
        (f"recognition and mapping of {KEYS} shapes", timed(lambda: find_character(mesh), 15), BUDGET),
        ("the panel's list of them", timed(lambda: lines_of(character), 15), None),
    ]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return found


def made_character(keys: int) -> bpy.types.Object:
    """A face with so many shape keys, every one of which moves a few vertices, bound to a small armature."""
    armature = bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig"))
    bpy.context.scene.collection.objects.link(armature)
    bpy.context.view_layer.objects.active = armature
    bpy.ops.object.mode_set(mode="EDIT")
    for number, (name, parent) in enumerate(BONES.items()):
        bone = armature.data.edit_bones.new(name)
        bone.head, bone.tail = (number, 0.0, 0.0), (number, 0.0, 1.0)
        bone.parent = armature.data.edit_bones[parent] if parent else None
    bpy.ops.object.mode_set(mode="OBJECT")
    data = bpy.data.meshes.new("Face")
    points = np.random.default_rng(0).normal(0, 1, (VERTICES, 3)).astype(np.float32)
    data.from_pydata(points.tolist(), [], [])
    face = bpy.data.objects.new("Face", data)
    bpy.context.scene.collection.objects.link(face)
    for number, name in enumerate(BONES):
        group = face.vertex_groups.new(name=name)
        group.add(list(range(number * VERTICES // 4, (number + 1) * VERTICES // 4)), 1.0, "REPLACE")
    face.shape_key_add(name="Basis", from_mix=False)
    for number in range(keys):
        name = SHAPES[number] if number < len(SHAPES) else f"Mouth_Corrective_{number}"
        block = face.shape_key_add(name=name, from_mix=False)
        start = 7 * number % VERTICES
        for index in range(start, min(start + 50, VERTICES)):
            block.data[index].co.z += 0.1
    face.parent = armature
    face.modifiers.new("Armature", "ARMATURE").object = armature
    return face


def main() -> None:
    print(f"\nBlender {bpy.app.version_string}")
    print(f"{'':<62}{'seconds':>9}{'budget':>9}")
    for name, seconds, budget in rows():
        print(f"{name:<62}{seconds:>9.4f}{budget if budget else '':>9}")


if __name__ == "__main__":
    main()
