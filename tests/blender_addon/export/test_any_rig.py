"""Whatever a rig is like, a file shows what the viewport shows: played with a glTF library beside Blender."""

import math

import bpy
import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from mathutils import Matrix

from blender_addon.bake.write import bake
from blender_addon.export.glb import export_glb
from blender_addon.export.humanoid import find_bones, standing
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from tests.blender_addon.export.made_rigs import RIGS, built
from tests.blender_addon.export.player import Player, apart, viewport_points
from tests.blender_addon.export.test_round_trip import smooth

SOME = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    # Making a failing rig simpler takes minutes.
    phases=[Phase.explicit, Phase.generate],
)
META = VrmMeta(name="Mim", authors=("A. Nimator",))
TAKES = {
    "fps": st.sampled_from([23.976, 29.97, 60.0, 120.0]),
    "frame": st.sampled_from([1.0, 0.0, -20.0, 57.25]),
    "tolerance": st.sampled_from([None, 0.01]),
    "seed": st.integers(0, 99),
}
NEAR = 0.004
"""Metres, at a body of 1.7 m whose shapes move 2 cm: what morph weights within 0.002 and turns within 0.002 do."""
PLACE = 0.0002
"""The same, however small the body is: nodes that move are within 0.1 mm on each axis."""


def baked(character, fps, frame, tolerance, seed, name="Take 笑い😀"):
    clip = smooth([*character.matched], 0.5, fps, seed)
    scene = bpy.context.scene.render
    return bake(character, clip, frame=frame, fps=scene.fps / scene.fps_base, tolerance=tolerance, name=name), clip


def watched(rig, path, clip, frame, animation=None, place=None):
    """How far any vertex is from where the viewport shows it, as a part of what is near."""
    player, first = Player(path, animation), math.floor(frame)
    size = rig.scale * (1.0 if rig.above == "nothing" else 2.0)
    around = np.array(place or Matrix())
    found = {}
    for obj in [one for one in bpy.context.scene.objects if one.type == "MESH" and one.name != "Above"]:
        node = player.node(obj.name, shown=True)
        for seconds in np.linspace(0.0, (len(clip.values) - 1) / clip.fps, 4):
            shown = viewport_points(obj, first + seconds * rig.fps) @ around[:3, :3].T + around[:3, 3]
            far = apart(player.points(node, seconds), shown) / (NEAR * size + PLACE)
            found[obj.name] = max(found.get(obj.name, 0.0), far)
    return found


@SOME
@given(rig=RIGS, **TAKES)
def test_a_glb_shows_what_the_viewport_shows(tmp_path, rig, fps, frame, tolerance, seed):
    character = built(rig)
    _, clip = baked(character, fps, frame, tolerance, seed)
    found = watched(rig, export_glb(character, tmp_path / "take.glb").path, clip, frame)
    assert max(found.values()) < 1, found


@SOME
@given(rig=RIGS, **TAKES)
def test_a_vrm_with_its_take_shows_the_same_and_looks_ahead(tmp_path, rig, fps, frame, tolerance, seed):
    character = built(rig)
    _, clip = baked(character, fps, frame, tolerance, seed)
    path = export_vrm(character, tmp_path / "mim.vrm", META, with_animation=True).path
    found = watched(rig, path, clip, frame, place=standing(character.armature, find_bones(character.armature)))
    assert max(found.values()) < 1, found
