"""Materials: each takes its colour from the mesh's colour attribute, so no image travels along."""

from __future__ import annotations

import bpy

COLOUR = "Colour"  # name of the colour attribute

# name -> Principled settings
LOOKS: dict[str, dict[str, object]] = {
    "Nova Skin": {
        "Roughness": 0.46,
        "Specular IOR Level": 0.42,
        "Subsurface Weight": 0.16,
        "Subsurface Radius": (0.012, 0.005, 0.003),
        "Subsurface Scale": 0.6,
    },
    "Nova Mouth Lining": {"Roughness": 0.45, "Specular IOR Level": 0.4},
    "Nova Eye": {
        "Roughness": 0.06,
        "Specular IOR Level": 0.55,
        "Coat Weight": 1.0,
        "Coat Roughness": 0.02,
        "Coat IOR": 1.45,
    },
    # Enamel passes on light that the lips' shadow would keep from it: a smile shows light teeth.
    "Nova Teeth": {
        "Roughness": 0.25,
        "Specular IOR Level": 0.5,
        "Emission Color": (1.0, 0.955, 0.87, 1.0),
        "Emission Strength": 0.24,
    },
    "Nova Tongue": {"Roughness": 0.33, "Specular IOR Level": 0.5},
    "Nova Brow": {"Roughness": 0.62, "Specular IOR Level": 0.25},
    "Nova Lash": {"Roughness": 0.7, "Specular IOR Level": 0.1},
    "Nova Hair": {"Roughness": 0.44, "Specular IOR Level": 0.38},
    "Nova Cloth": {"Roughness": 0.85, "Specular IOR Level": 0.2, "Sheen Weight": 0.3},
}


def get(name: str) -> bpy.types.Material:
    """The named material, made on first use."""
    found = bpy.data.materials.get(name)
    if found:
        return found
    material = bpy.data.materials.new(name)
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    shader = nodes["Principled BSDF"]
    for key, value in LOOKS[name].items():
        shader.inputs[key].default_value = value
    colour = nodes.new("ShaderNodeVertexColor")
    colour.layer_name = COLOUR
    colour.location = (-300, 200)
    links.new(colour.outputs["Color"], shader.inputs["Base Color"])
    return material
