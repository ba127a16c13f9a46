"""What is the artist's stays the artist's: the whole file looked at before and after each thing that FaceMimic does."""

import re
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import bpy
import numpy as np
import pytest

from blender_addon import client, preferences
from blender_addon.clip import save_npz
from blender_addon.export.glb import export_glb
from blender_addon.export.take import read_take
from blender_addon.export.vrm import export_vrm
from blender_addon.export.vrm_meta import VrmMeta
from blender_addon.export.vrma import export_vrma
from blender_addon.rig.character import Character, find_character
from blender_addon.rig.corrections import Correction, correct, forget_all
from tests.blender_addon.scene_dump import changed, dump

CHAINS = {
    "hips": (0, 0.9), "spine": (0, 1.0), "neck": (0, 1.45), "head": (0, 1.55), "UpperArm": (0.2, 1.4),
    "LowerArm": (0.45, 1.4), "Hand": (0.7, 1.4), "UpperLeg": (0.1, 0.85), "LowerLeg": (0.1, 0.45), "Foot": (0.1, 0.1),
}  # fmt: skip
ABOVE = {"UpperArm": "spine", "UpperLeg": "hips"}


def humanoid() -> dict[str, Any]:
    """A body as VRM wants it: bones {name: (parent, head, tail)}."""
    bones, last = {}, None
    for name, (x, z) in CHAINS.items():
        if x == 0:
            bones[name], last = (last, (0, 0, z), (0, 0, z + 0.05)), name
            continue
        for side, sign in (("left", 1), ("right", -1)):
            before = ABOVE.get(name) or side + list(CHAINS)[list(CHAINS).index(name) - 1]
            bones[side + name] = before, (sign * x, 0, z), (sign * x, 0, z + 0.05)
    return bones


@pytest.fixture
def artists(addon: None, make_mesh: Callable[..., Any], make_armature: Callable[..., Any]) -> Any:
    """A face with drivers, actions that play and rest, NLA, values, ranges, properties, modifiers and constraints."""
    rig, cap = make_armature(bones=humanoid()), make_mesh("Cap")
    face = make_mesh("Face", ["eyeBlink_L", "jawOpen", "wart", "freckles", "held", "browInnerUp"], rig)
    teeth = make_mesh("Teeth", ["jawOpen"], rig)
    key = face.data.shape_keys
    reading = key.key_blocks["held"].driver_add("value").driver
    reading.type = "SUM"
    variable = reading.variables.new()
    variable.targets[0].id_type, variable.targets[0].id = "KEY", key
    variable.targets[0].data_path = 'key_blocks["eyeBlink_L"].value'
    key.key_blocks["wart"].value, key.key_blocks["wart"].slider_max = 0.25, 0.5
    key.key_blocks["jawOpen"].value, key.key_blocks["jawOpen"].mute = 0.1, True
    face.active_shape_key_index = 2
    for name, path in (("Resting", "eyeBlink_L"), ("Playing", "wart"), ("Pushed", "freckles")):
        action = bpy.data.actions.new(name)
        action.use_fake_user = True
        slot = action.slots.new("KEY", key.name)
        bag = action.layers.new("Layer").strips.new(type="KEYFRAME").channelbag(slot, ensure=True)
        curve = bag.fcurves.new(f'key_blocks["{path}"].value')
        curve.keyframe_points.insert(1, 0.1).interpolation = "SINE"
        curve.keyframe_points.insert(9, 0.7)
        curve.modifiers.new("NOISE").strength = 0.01
        data = key.animation_data_create()
        data.action, data.action_slot = action, slot
        if name == "Pushed":
            data.nla_tracks.new().strips.new("Pushed", 3, action).action_slot = slot
            data.action, data.action_slot = bpy.data.actions["Playing"], bpy.data.actions["Playing"].slots[0]
    face["note"], rig["note"], face.data["note"] = "keep", {"keep": [1, 2]}, [1, 2]
    rig.pose.bones["head"]["note"], key["note"] = 3.0, "keep"
    rig.pose.bones["neck"].location, rig.pose.bones["head"].rotation_mode = (0.1, 0, 0), "XZY"
    face.modifiers.new("Subdivision", "SUBSURF").show_viewport = False
    cap.modifiers.new("Thick", "SOLIDIFY").thickness = 0.02
    rig.pose.bones["neck"].constraints.new("LIMIT_ROTATION").influence = 0.3
    face.vertex_groups.new(name="head").add([0], 1.0, "REPLACE")
    bpy.data.texts.new("Notes").write("mine")
    teeth.hide_render = True
    bpy.context.scene.frame_set(4)
    bpy.context.scene.facemimic.character = face
    bpy.context.view_layer.objects.active = face
    bpy.context.view_layer.update()
    return face


def differs(before: dict[str, Any], *allowed: str) -> dict[str, Any]:
    """What is not as before, but for the paths that match one of the patterns."""
    found = changed(before, dump())
    return {path: both for path, both in found.items() if not any(re.search(one, path) for one in allowed)}


OURS = r"^actions\['(?!Resting|Playing|Pushed)"
"""Of an action that is not the artist's."""
SETTINGS = r"^scenes\['Scene'\]\.facemimic|^scenes\['Scene'\]\['facemimic'\]"


@pytest.fixture
def take(artists: Any, fake_engine: Callable[[str], None]) -> Character:
    fake_engine("good")
    bpy.context.scene.facemimic.duration = 0.5
    assert bpy.ops.facemimic.generate() == {"FINISHED"}
    bpy.context.scene.frame_set(4)
    return find_character(artists)


def test_a_performance_adds_its_action_and_nothing_else(artists: Any, fake_engine: Callable[[str], None]) -> None:
    fake_engine("good")
    bpy.context.scene.facemimic.duration = 0.5
    before = dump()
    assert bpy.ops.facemimic.generate() == {"FINISHED"}
    # The shapes that perform and the one that a driver makes of them, and what plays on the meshes that perform.
    moving = r"^shape_keys\['Key'\]\.key_blocks\[[125]\]\.value$", r"^shape_keys\['Key\.001'\]\.key_blocks\[1\]\.value$"
    playing = r"^shape_keys\['Key'\]\.animation_data\.(action|nla_tracks)", r"^shape_keys\['Key\.001'\]\.animation_data"
    found = differs(before, OURS, SETTINGS, *moving, *playing)
    assert found == {}
    tracks = bpy.data.shape_keys["Key"].animation_data.nla_tracks
    assert [strip.action.name for track in tracks for strip in track.strips] == ["Pushed", "Playing"]
    assert bpy.ops.facemimic.generate() == {"FINISHED"}
    assert len(bpy.data.shape_keys["Key"].animation_data.nla_tracks) == 2


META = VrmMeta(name="Mim", authors=("A. Nimator",))
EXPORTS = {
    "glTF": lambda character, folder: export_glb(character, folder / "a.glb"),
    "glTF of all takes": lambda character, folder: export_glb(character, folder / "a.glb", every_take=True),
    "glTF with normals": lambda character, folder: export_glb(character, folder / "a.glb", morph_normals=True),
    "VRM": lambda character, folder: export_vrm(character, folder / "a.vrm", META, with_animation=True),
    "VRM animation": lambda character, folder: export_vrma(character, folder / "a.vrma"),
    "recording": lambda character, folder: save_npz(read_take(character), folder / "a.npz"),
}


@pytest.mark.parametrize("kind", EXPORTS)
def test_an_export_changes_nothing(take: Character, tmp_path: Path, kind: str) -> None:
    before = dump()
    EXPORTS[kind](take, tmp_path)
    assert [path for path in tmp_path.iterdir() if path.stem == "a"]
    assert differs(before) == {}


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ("muted", [r"^shape_keys\['Key'\]\.key_blocks\[2\]\.mute$"]),
        ("ranges", []),
        ("previews", []),
    ],
)
def test_a_fix_changes_what_it_names_and_nothing_else(take: Character, rule: str, allowed: list[str]) -> None:
    before = dump()
    assert bpy.ops.facemimic.preflight(target="godot") == {"FINISHED"}
    assert differs(before, SETTINGS) == {}
    assert bpy.ops.facemimic.preflight_fix(rule=rule) == {"FINISHED"}
    assert differs(before, SETTINGS, *allowed) == {}


def test_known_names_are_added_beside_and_nothing_else_changes(take: Character) -> None:
    before = dump()
    assert bpy.ops.facemimic.preflight_fix(rule="tracker_names") == {"FINISHED"}
    added = bpy.data.shape_keys["Key"].key_blocks.keys()[7:]
    assert added == ["eyeBlinkLeft", "browInnerUpLeft", "browInnerUpRight"]
    ours = r"^shape_keys\['Key'\]\.key_blocks(\.length|\[[789]\])", r"^shape_keys\['Key'\]\['facemimic_aliases'\]"
    assert differs(before, SETTINGS, *ours) == {}


def test_looking_and_correcting_and_taking_it_back_changes_nothing(take: Character) -> None:
    before = dump()
    correct(take.meshes[0], Correction("wart", follows={"jawOpen": 0.5}, gain=2.0, offset=0.1, high=0.5))
    assert "wart" in {target.shape_key for target in find_character(take.meshes[0]).targets}
    forget_all(take.meshes[0])
    assert differs(before, r"^objects\['Face'\]\['facemimic_mapping'\]") == {}


def test_face_shapes_that_are_discarded_leave_nothing(
    artists: Any, make_mesh: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = make_mesh("Plain")
    plain["note"] = "keep"
    plain.modifiers.new("Thick", "SOLIDIFY").thickness = 0.02
    bpy.context.view_layer.objects.active = plain
    bpy.context.scene.facemimic.character = plain
    deltas = np.zeros((2, 1, 3), np.float32)
    deltas[:, 0, 2] = 0.5

    def answered(operation: str, fields: Any, arrays: Any) -> client.Job:
        job = client.Job(1, operation, "Working")
        header = {"shapes": ["jawOpen", "eyeBlinkLeft"], "notes": [], "landmarks": {}}
        job.answer = client.Answer(header, {"vertices": np.array([2], np.float32), "deltas": deltas})
        return job

    monkeypatch.setattr(preferences, "engine", lambda: SimpleNamespace(ask=answered))
    before = dump()
    assert bpy.ops.facemimic.add_face_shapes(contact_sheet=False) == {"FINISHED"}
    assert len(plain.data.shape_keys.key_blocks) == 3
    assert bpy.ops.facemimic.discard_face_shapes() == {"FINISHED"}
    assert differs(before, SETTINGS) == {}
