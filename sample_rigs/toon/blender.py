"""Turns a character's meshes into Blender objects: texture coordinates, shape keys, weights, outlines."""

from __future__ import annotations

from collections.abc import Mapping

import bmesh
import bpy
import numpy as np

from .mesh import Array, Mesh

OUTLINE = "Outline"


def make(
    mesh: Mesh,
    name: str,
    collection: bpy.types.Collection,
    materials: Mapping[str, bpy.types.Material],
    ground: float,
    size: float = 1.0,
    shapes: Mapping[str, Array] | None = None,
    turn_outwards: bool = False,
) -> bpy.types.Object:
    """The mesh as an object.

    ground: height of the eyes above it in mm; size: how much larger than drawn; shapes: offsets (n, 3) by name.

    turn_outwards: let Blender orient the faces of closed islands.
    """
    data = bpy.data.meshes.new(name)
    data.from_pydata(_metres(mesh.points, ground, size).tolist(), [], mesh.faces)
    used = list(dict.fromkeys(mesh.materials))
    for one in used:
        data.materials.append(materials[one])
    data.polygons.foreach_set("material_index", np.array([used.index(m) for m in mesh.materials], np.int32))
    if turn_outwards:
        work = bmesh.new()
        work.from_mesh(data)
        bmesh.ops.recalc_face_normals(work, faces=work.faces)
        work.to_mesh(data)
        work.free()
    data.shade_smooth()
    layer = data.uv_layers.new(name="UVMap")
    corners = np.empty(len(data.loops), np.int32)
    data.loops.foreach_get("vertex_index", corners)
    layer.data.foreach_set("uv", mesh.uv[corners].astype(np.float32).ravel())
    obj = bpy.data.objects.new(name, data)
    collection.objects.link(obj)
    if shapes:
        obj.shape_key_add(name="Basis", from_mix=False)
        for shape, offsets in shapes.items():
            key = obj.shape_key_add(name=shape, from_mix=False)
            key.data.foreach_set("co", _metres(mesh.points + offsets, ground, size).astype(np.float32).ravel())
            key.slider_min, key.slider_max = 0.0, 1.0
        obj.active_shape_key_index = 0
    for bone, weight in mesh.weights.items():
        _group(obj, bone, weight)
    for label, points in mesh.groups.items():
        obj.vertex_groups.new(name=label).add(points.tolist(), 1.0, "REPLACE")
    return obj


def _metres(points: Array, ground: float, size: float) -> Array:
    return (points + np.array([0.0, 0.0, ground])) * size / 1000.0


def _group(obj: bpy.types.Object, name: str, weight: Array) -> None:
    group = obj.vertex_groups.new(name=name)
    rounded = np.round(weight, 3)
    for value in np.unique(rounded):
        if value > 0:
            group.add(np.flatnonzero(rounded == value).tolist(), float(value), "REPLACE")


def hang(obj: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Binds the object to the armature."""
    obj.parent = rig
    obj.modifiers.new("Armature", "ARMATURE").object = rig


def outline(obj: bpy.types.Object, ink: bpy.types.Material, thickness: float, still: Array) -> None:
    """Draws the silhouette as a shell turned inside out. thickness: mm; still (n,) bool: where no line is drawn."""
    drawn = [not all(still[v] for v in face.vertices) for face in obj.data.polygons]
    if not any(drawn):
        return
    obj.data.attributes.new(OUTLINE, "BOOLEAN", "FACE").data.foreach_set("value", drawn)
    shell = obj.modifiers.new(OUTLINE, "NODES")
    shell.node_group = _shell(ink)
    for item in shell.node_group.interface.items_tree:
        if item.name == "Thickness":
            shell[item.identifier] = thickness / 1000.0


def _shell(ink: bpy.types.Material) -> bpy.types.GeometryNodeTree:
    """The node group that adds the shell; it leaves out faces whose attribute `Outline` is off."""
    found = bpy.data.node_groups.get(OUTLINE)
    if found:
        return found
    tree = bpy.data.node_groups.new(OUTLINE, "GeometryNodeTree")
    tree.is_modifier = True
    tree.interface.new_socket("Geometry", in_out="INPUT", socket_type="NodeSocketGeometry")
    width = tree.interface.new_socket("Thickness", in_out="INPUT", socket_type="NodeSocketFloat")
    width.default_value, width.subtype = 0.001, "DISTANCE"
    tree.interface.new_socket("Geometry", in_out="OUTPUT", socket_type="NodeSocketGeometry")
    nodes, links = tree.nodes, tree.links
    kinds = ("GroupInput", "InputNamedAttribute", "SeparateGeometry", "InputNormal", "Scale", "SetPosition")
    kinds += ("FlipFaces", "SetMaterial", "JoinGeometry", "GroupOutput")
    made = {}
    for n, kind in enumerate(kinds):
        prefix = {"GroupInput": "Node", "GroupOutput": "Node", "Scale": "Shader"}.get(kind, "GeometryNode")
        made[kind] = nodes.new(prefix + ("NodeVectorMath" if kind == "Scale" else kind))
        made[kind].location = (n * 190, -220 if kind in ("InputNamedAttribute", "InputNormal", "Scale") else 0)
    start, end = made["GroupInput"], made["GroupOutput"]
    made["InputNamedAttribute"].data_type = "BOOLEAN"
    made["InputNamedAttribute"].inputs["Name"].default_value = OUTLINE
    made["SeparateGeometry"].domain = "FACE"
    made["Scale"].operation = "SCALE"
    made["SetMaterial"].inputs["Material"].default_value = ink
    links.new(start.outputs["Geometry"], made["SeparateGeometry"].inputs["Geometry"])
    links.new(made["InputNamedAttribute"].outputs["Attribute"], made["SeparateGeometry"].inputs["Selection"])
    links.new(made["SeparateGeometry"].outputs["Selection"], made["SetPosition"].inputs["Geometry"])
    links.new(made["InputNormal"].outputs["Normal"], made["Scale"].inputs[0])
    links.new(start.outputs["Thickness"], made["Scale"].inputs["Scale"])
    links.new(made["Scale"].outputs["Vector"], made["SetPosition"].inputs["Offset"])
    links.new(made["SetPosition"].outputs["Geometry"], made["FlipFaces"].inputs["Mesh"])
    links.new(made["FlipFaces"].outputs["Mesh"], made["SetMaterial"].inputs["Geometry"])
    links.new(made["SetMaterial"].outputs["Geometry"], made["JoinGeometry"].inputs["Geometry"])
    links.new(start.outputs["Geometry"], made["JoinGeometry"].inputs["Geometry"])
    links.new(made["JoinGeometry"].outputs["Geometry"], end.inputs["Geometry"])
    return tree
