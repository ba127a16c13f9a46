"""Characters that cannot perform: whatever is pressed, one sentence is told and the file stays as it was."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.blender_addon.scene_dump import changed, dump

FILES = {"export_glb": "a.glb", "export_vrm": "a.vrm", "export_vrma": "a.vrma", "export_take": "a.csv"}
PRESSED: dict[str, dict[str, Any]] = {
    "generate": {},
    "preflight": {"target": "godot"},
    "preflight_fix": {"rule": "tracker_names"},
    "assign_bones": {"assigned": "{}"},
    "export_glb": {},
    "export_vrm": {"title": "Mim", "authors": "A. Nimator"},
    "export_vrma": {},
    "export_take": {},
    "add_to_avatar": {"filepath": "avatar.vrm"},
    "save_mapping": {"filepath": "a.toml"},
    "reset_mapping": {},
}
Make = Callable[..., Any]


def camera(make_mesh: Make) -> None:
    eye = bpy.data.objects.new("Eye", bpy.data.cameras.new("Eye"))
    bpy.context.scene.collection.objects.link(eye)
    bpy.context.view_layer.objects.active = eye


def shapeless(make_mesh: Make) -> None:
    bpy.context.view_layer.objects.active = make_mesh("Face")


def hidden(make_mesh: Make) -> None:
    face = make_mesh("Face", ["eyeBlink_L"])
    bpy.context.scene.facemimic.character = face
    face.hide_set(True)


def excluded(make_mesh: Make) -> None:
    face, apart = make_mesh("Face", ["eyeBlink_L"]), bpy.data.collections.new("Apart")
    bpy.context.scene.collection.children.link(apart)
    apart.objects.link(face)
    bpy.context.scene.collection.objects.unlink(face)
    bpy.context.scene.facemimic.character = face
    bpy.context.view_layer.layer_collection.children["Apart"].exclude = True


def absolute(make_mesh: Make) -> None:
    face = make_mesh("Face", ["eyeBlink_L"])
    face.data.shape_keys.use_relative = False
    bpy.context.view_layer.objects.active = face


def misfitting(make_mesh: Make) -> None:
    face = make_mesh("Face", ["eyeBlink_L"])
    face.data.clear_geometry()
    face.data.from_pydata([(0, 0, 0)] * 5, [], [(0, 1, 2)])
    bpy.context.view_layer.objects.active = face


def empty(make_mesh: Make) -> None:
    face = bpy.data.objects.new("Face", bpy.data.meshes.new("Face"))
    bpy.context.scene.collection.objects.link(face)
    for name in ("Basis", "jawOpen"):
        face.shape_key_add(name=name, from_mix=False)
    bpy.context.view_layer.objects.active = face


STATES = (camera, shapeless, hidden, excluded, absolute, misfitting, empty)


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_a_sentence_is_told_and_nothing_changes(addon: None, make_mesh: Make, tmp_path: Path, state: Make) -> None:
    (tmp_path / "avatar.vrm").write_bytes(b"glTF")
    state(make_mesh)
    bpy.context.view_layer.update()
    before, files = dump(), sorted(tmp_path.rglob("*"))
    for name, options in PRESSED.items():
        options = {"filepath": FILES[name]} | options if name in FILES else dict(options)
        if "filepath" in options:
            options["filepath"] = str(tmp_path / options["filepath"])
        with pytest.raises(RuntimeError) as told:
            getattr(bpy.ops.facemimic, name)(**options)
        sentence = str(told.value).strip()
        assert re.fullmatch(r"Error: [A-Z][^\n]*[.]", sentence), (name, sentence)
        assert "Traceback" not in sentence
        assert [path for path in sorted(tmp_path.rglob("*")) if path.parent.name != "user"] == files, name
    differing = [path for path in changed(before, dump()) if "facemimic" not in path]
    assert differing == []
