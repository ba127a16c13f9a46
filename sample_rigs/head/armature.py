"""The humanoid armature and what hangs on its bones."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import bpy
import numpy as np

from . import anatomy as an
from .part import Array, Part
from .shapes.soft import smoothstep

DATA = Path(__file__).with_name("bones.toml")


@dataclass(frozen=True)
class Bone:
    """Ends in mm above the ground."""

    name: str
    parent: str | None
    head: tuple[float, float, float]
    tail: tuple[float, float, float]
    skin: bool


def bones(path: Path = DATA) -> list[Bone]:
    """The bones of a bones.toml, both sides."""
    with path.open("rb") as file:
        rows = tomllib.load(file)["bone"]
    sided = {r["name"] for r in rows if r.get("side")}
    out = []
    for row in rows:
        for prefix, sign in (("left", 1.0), ("right", -1.0)) if row.get("side") else (("", 1.0),):
            parent = row.get("parent")
            parent = prefix + parent if parent in sided else parent
            ends = [(p[0] * sign, p[1], p[2]) for p in (row["head"], row["tail"])]
            out.append(Bone(prefix + row["name"], parent, *ends, row.get("skin", True)))
    return out


def make(
    collection: bpy.types.Collection, name: str = "Nova", path: Path = DATA, size: float = 1.0
) -> bpy.types.Object:
    """The armature object of a bones.toml, at rest in T-pose with its origin between the feet.

    size: how much larger than the file says.
    """
    data = bpy.data.armatures.new(name)
    data.display_type = "STICK"
    obj = bpy.data.objects.new(name, data)
    collection.objects.link(obj)
    bpy.context.view_layer.objects.active = obj
    bpy.ops.object.mode_set(mode="EDIT")
    for bone in bones(path):
        edit = data.edit_bones.new(bone.name)
        edit.head, edit.tail = (tuple(c * size / 1000.0 for c in end) for end in (bone.head, bone.tail))
        if bone.parent:
            edit.parent = data.edit_bones[bone.parent]
            edit.use_connect = (edit.head - edit.parent.tail).length < 1e-6
        edit.use_deform = bone.name != "jaw"
    bpy.ops.object.mode_set(mode="OBJECT")
    obj.show_in_front = False
    return obj


def hang_body(part: Part) -> None:
    """Weights by nearness to the bones, at most four, summing to 1."""
    usable = [b for b in bones() if b.skin and b.name != "head"]
    ground = part.points + np.array([0.0, 0.0, an.ORIGIN_HEIGHT])
    near = np.empty((len(ground), len(usable)))
    for n, bone in enumerate(usable):
        a, b = np.array(bone.head), np.array(bone.tail)
        t = np.clip((ground - a) @ (b - a) / ((b - a) @ (b - a)), 0, 1)
        d = np.linalg.norm(ground - (a + t[:, None] * (b - a)), axis=1)
        near[:, n] = 1.0 / np.maximum(d, 4.0) ** 5
        # A bone of one side never pulls the other side's limb.
        if bone.name.startswith(("left", "right")):
            sign = 1.0 if bone.name.startswith("left") else -1.0
            near[:, n] *= smoothstep(-25.0, 25.0, ground[:, 0] * sign)
    weakest = np.sort(near, axis=1)[:, -4][:, None]
    near[near < weakest] = 0.0
    near /= near.sum(1, keepdims=True)
    near[near < 0.01] = 0.0
    near /= near.sum(1, keepdims=True)
    for n, bone in enumerate(usable):
        if near[:, n].any():
            part.weights[bone.name] = near[:, n]


def hang_head(part: Part) -> None:
    """Everything above the neck goes with the head; the neck's skin passes over to the neck bone."""
    if "leftEye" in part.weights:
        return
    head: Array = smoothstep(-172.0, -116.0, part.points[:, 2])
    if part.name == "Nova Face":
        part.weights = {"head": head, "neck": 1.0 - head}
    else:
        part.weights = {"head": np.ones(len(part.points))}
