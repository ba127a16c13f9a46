"""The colour of each vertex as its material roughly shows it, which helps to find eyes and lips on a flat face."""

from typing import Any

import bpy
import numpy as np

_PLAIN = (0.6, 0.6, 0.6)
_LARGEST_IMAGE = 4096 * 4096
"""Pixels; a larger texture takes too long to read for a hint."""


def vertex_colours(mesh: bpy.types.Object) -> np.ndarray:
    """Linear rgb (v, 3); grey where nothing is known."""
    data: Any = mesh.data
    count = len(data.loops)
    vertices = np.empty(count, np.int32)
    data.loops.foreach_get("vertex_index", vertices)
    material = np.repeat(_of_faces(data, "material_index"), _of_faces(data, "loop_total"))
    corners = np.tile(np.array(_PLAIN), (count, 1))
    for number, one in enumerate(data.materials):
        chosen = np.flatnonzero(material == number)
        if one is not None and len(chosen):
            corners[chosen] = _material(one, data, vertices, chosen)
    total = np.zeros((len(data.vertices), 3))
    np.add.at(total, vertices, corners)
    return total / np.maximum(np.bincount(vertices, minlength=len(total)), 1)[:, None]


def _of_faces(data: Any, name: str) -> np.ndarray:
    values = np.empty(len(data.polygons), np.int32)
    data.polygons.foreach_get(name, values)
    return values


def _material(material: Any, data: Any, vertices: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """Colours at some corners: of a texture, a colour attribute, or one for all."""
    plain = np.array(material.diffuse_color[:3])
    source = _colour_source(material)
    if source is None:
        return plain
    if source.type == "TEX_IMAGE":
        return _image(source.image, data, corners) if _readable(source.image) and data.uv_layers.active else plain
    if source.type in ("VERTEX_COLOR", "ATTRIBUTE"):
        name = source.layer_name if source.type == "VERTEX_COLOR" else source.attribute_name
        attribute = data.color_attributes.get(name) if name else data.color_attributes.active_color
        if attribute is None:
            return plain
        flat = np.empty(len(attribute.data) * 4, np.float32)
        attribute.data.foreach_get("color", flat)
        return flat.reshape(-1, 4)[corners if attribute.domain == "CORNER" else vertices[corners], :3]
    if source.type == "BSDF_PRINCIPLED":
        return np.array(source.inputs["Base Color"].default_value[:3])
    return plain


def _colour_source(material: Any) -> Any:
    """The node that colours a material: what feeds its shader's colour, or the shader itself."""
    if material.node_tree is None:
        return None
    for shader in material.node_tree.nodes:
        socket = shader.inputs.get("Base Color") or (shader.inputs.get("Color") if "BSDF" in shader.type else None)
        if socket is None:
            continue
        # A few mixes and corrections may stand between; the first thing that has a colour of its own tells.
        for _ in range(6):
            if not socket.is_linked:
                break
            node = socket.links[0].from_node
            if node.type in ("TEX_IMAGE", "VERTEX_COLOR", "ATTRIBUTE"):
                return node
            socket = next((one for one in node.inputs if one.is_linked), None)
            if socket is None:
                break
        else:
            continue
        if shader.type == "BSDF_PRINCIPLED" and not shader.inputs["Base Color"].is_linked:
            return shader
    return next((node for node in material.node_tree.nodes if node.type == "TEX_IMAGE"), None)


def _readable(image: Any) -> bool:
    # An image that nobody has looked at yet is read at this; one whose file is gone has no size.
    return image is not None and 0 < image.size[0] * image.size[1] <= _LARGEST_IMAGE


def _image(image: Any, data: Any, corners: np.ndarray) -> np.ndarray:
    width, height = image.size
    pixels = np.empty(width * height * image.channels, np.float32)
    image.pixels.foreach_get(pixels)
    picture = pixels.reshape(height, width, image.channels)
    layer = data.uv_layers.active.data
    uv = np.empty(len(layer) * 2, np.float32)
    layer.foreach_get("uv", uv)
    place = np.nan_to_num(uv.reshape(-1, 2)[corners]) % 1.0
    column = np.minimum((place[:, 0] * width).astype(int), width - 1)
    row = np.minimum((place[:, 1] * height).astype(int), height - 1)
    colour = picture[row, column, :3] if image.channels >= 3 else np.repeat(picture[row, column, :1], 3, 1)
    return colour**2.2 if image.colorspace_settings.name == "sRGB" else colour
