"""Materials that look drawn in Eevee, Cycles and glTF viewers alike: a part of each colour shines by itself.

What a surface shows is shade * colour where no light falls and colour where the key light falls in full, as MToon's
shade and lit colours do; glTF carries it as emissive and base colour.
"""

from __future__ import annotations

import bpy
import numpy as np

from .mesh import Array
from .paint import rgb

Shade = tuple[float, float, float]


def linear(colour: Array) -> Array:
    """sRGB to linear."""
    c = np.asarray(colour, float)
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def image(name: str, pixels: Array) -> bpy.types.Image:
    """A packed image from pixels (h, w, 3), the lowest row first."""
    h, w, _ = pixels.shape
    found = bpy.data.images.new(name, w, h)
    rgba = np.concatenate([np.clip(pixels, 0, 1), np.ones((h, w, 1))], 2)
    found.pixels.foreach_set(rgba.astype(np.float32).ravel())
    found.file_format = "PNG"
    found.pack()
    return found


def drawn(name: str, colour: bpy.types.Image | str, shade: Shade) -> bpy.types.Material:
    """A matte material. colour: an image or "#rrggbb"; shade: what is left of it without light, linear."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    shader.inputs["Roughness"].default_value = 1.0
    shader.inputs["Specular IOR Level"].default_value = 0.0
    shader.inputs["Emission Strength"].default_value = 1.0
    source = None
    if isinstance(colour, bpy.types.Image):
        source = nodes.new("ShaderNodeTexImage")
        source.image, source.location = colour, (-760, 100)
        material.diffuse_color = (*linear(np.full(3, 0.7)), 1)
    else:
        material.diffuse_color = (*linear(rgb(colour)), 1)
    for n, (socket, factor) in enumerate((("Base Color", 1 - np.array(shade)), ("Emission Color", np.array(shade)))):
        if source is None:
            shader.inputs[socket].default_value = (*(linear(rgb(colour)) * factor), 1)
            continue
        mix = nodes.new("ShaderNodeMix")
        mix.data_type, mix.blend_type, mix.location = "RGBA", "MULTIPLY", (-300, 200 - 320 * n)
        mix.label = "lit" if n == 0 else "shade"
        mix.inputs["Factor"].default_value = 1.0
        mix.inputs["B"].default_value = (*factor, 1)
        links.new(source.outputs["Color"], mix.inputs["A"])
        links.new(mix.outputs["Result"], shader.inputs[socket])
    material.use_backface_culling = False
    # What shines by itself here is paint, not a lamp; as lamps thousands of faces would make Cycles noisy and slow.
    material.cycles.emission_sampling = "NONE"
    return material


def outline(name: str, colour: str) -> bpy.types.Material:
    """Ink for a shell turned inside out: only what faces away from the camera is seen."""
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    material.use_backface_culling = True
    material.use_backface_culling_shadow = True
    material.diffuse_color = (*linear(rgb(colour)), 1)
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.clear()
    material.cycles.emission_sampling = "NONE"
    out, mix = nodes.new("ShaderNodeOutputMaterial"), nodes.new("ShaderNodeMixShader")
    ink, clear = nodes.new("ShaderNodeEmission"), nodes.new("ShaderNodeBsdfTransparent")
    side, ray = nodes.new("ShaderNodeNewGeometry"), nodes.new("ShaderNodeLightPath")
    hidden, seen = nodes.new("ShaderNodeMath"), nodes.new("ShaderNodeMath")
    ink.inputs["Color"].default_value = (*linear(rgb(colour)), 1)
    seen.operation, hidden.operation = "SUBTRACT", "MAXIMUM"
    seen.inputs[0].default_value = 1.0
    links.new(ray.outputs["Is Camera Ray"], seen.inputs[1])
    links.new(seen.outputs[0], hidden.inputs[0])
    links.new(side.outputs["Backfacing"], hidden.inputs[1])
    links.new(hidden.outputs[0], mix.inputs[0])
    links.new(ink.outputs[0], mix.inputs[1])
    links.new(clear.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], out.inputs["Surface"])
    for n, node in enumerate(nodes):
        node.location = (n % 4 * 220 - 600, -(n // 4) * 220)
    return material
