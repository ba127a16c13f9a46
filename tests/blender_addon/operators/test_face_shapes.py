"""Add Face Shapes, Landmarks, Keep and Discard, with answers made here in the engine's form."""

import bpy
import numpy as np
import pytest

from blender_addon import client, preferences
from blender_addon.bake.write import bake
from blender_addon.contact_sheet import IMAGE
from blender_addon.messages import AddonError
from blender_addon.rig import landmarks
from blender_addon.rig.character import find_character
from blender_addon.rig.schemes import HEAD_CHANNELS, channels

NAMES = ["jawOpen", "eyeBlinkLeft", "tongueOut"]


class Engine:
    """Remembers what it is asked and answers at once."""

    def __init__(self):
        self.asked, self.header, self.arrays = [], {}, {}

    def ask(self, operation, fields, arrays):
        self.asked.append((operation, fields, arrays))
        job = client.Job(1, operation, "Working")
        job.answer = client.Answer(self.header, self.arrays)
        return job


@pytest.fixture
def engine(addon, monkeypatch):
    one = Engine()
    deltas = np.zeros((3, 1, 3), np.float32)
    deltas[:2, 0, 2] = 0.5
    one.header = {"shapes": NAMES, "notes": ["No tongue was found."], "landmarks": {}}
    one.arrays = {"vertices": np.array([2], np.float32), "deltas": deltas}
    monkeypatch.setattr(preferences, "engine", lambda: one)
    return one


@pytest.fixture
def head(engine, make_mesh):
    obj = make_mesh("Head")
    bpy.context.view_layer.objects.active = obj
    return obj


def test_shapes_wait_for_a_decision_and_can_be_kept(head, engine):
    engine.arrays["tiles"] = np.full((4, 32, 32, 3), 0.5, np.float32)
    assert bpy.ops.facemimic.add_face_shapes(symmetric=False) == {"FINISHED"}
    operation, fields, arrays = engine.asked[0]
    assert (operation, fields["symmetric"], fields["landmarks"]) == ("transfer", False, {})
    assert arrays["points"].shape == (3, 3)
    assert arrays["triangles"].tolist() == [[0, 1, 2]]
    assert head.data.shape_keys.key_blocks.keys() == ["Basis", "jawOpen", "eyeBlinkLeft"]
    assert tuple(bpy.data.images[IMAGE].size) == (9 * 32, 32 + 22)
    assert bpy.data.images[IMAGE].packed_file
    assert bpy.ops.facemimic.keep_face_shapes() == {"FINISHED"}
    assert IMAGE not in bpy.data.images
    assert not bpy.ops.facemimic.discard_face_shapes.poll()
    assert len(head.data.shape_keys.key_blocks) == 3


def test_the_contact_sheet_carries_names(head, engine):
    engine.arrays["tiles"] = np.full((4, 64, 64, 3), 0.5, np.float32)
    bpy.ops.facemimic.add_face_shapes()
    image = bpy.data.images[IMAGE]
    pixels = np.array(image.pixels[:]).reshape(image.size[1], image.size[0], 4)[..., :3]
    assert pixels[22:, : 4 * 64] == pytest.approx(0.5, abs=0.01)
    assert pixels[:22, :64].max() > 0.7, "a name in light letters below the picture"
    assert pixels[:22, 5 * 64 :].max() < 0.2, "and nothing where there is no picture"


def test_discard_takes_them_away_and_leaves_the_landmarks(head, engine):
    landmarks.place(bpy.context.scene, {"chin": (0, 0, 0), "forehead": (0, 0, 1)})
    bpy.ops.facemimic.add_face_shapes(contact_sheet=False)
    assert engine.asked[0][1]["tile"] == 0
    assert bpy.ops.facemimic.discard_face_shapes() == {"FINISHED"}
    assert head.data.shape_keys is None
    assert set(landmarks.placed()) == {"chin", "forehead"}


def test_discard_keeps_a_take_that_was_made_meanwhile_and_names_it(engine, make_armature, make_mesh, make_clip, capfd):
    rig = make_armature("Rig")
    head = make_mesh("Head", parent=rig)
    bpy.context.view_layer.objects.active = head
    bpy.ops.facemimic.add_face_shapes(contact_sheet=False)
    clip = make_clip({"jawOpen": [0, 1], "headYaw": [0, 0.3]})
    action = bake(find_character(head), clip, frame=1, fps=24, name="Happy 0")
    bpy.ops.facemimic.discard_face_shapes()
    assert head.data.shape_keys is None
    assert rig.animation_data.action == action
    said = capfd.readouterr().out
    assert "The take “Happy 0” stays as an action and goes on moving the rest of the character." in said
    assert "as it was" not in said


def test_a_take_that_nothing_uses_after_discard_is_saved_with_the_file(head, make_clip, capfd):
    bpy.ops.facemimic.add_face_shapes(contact_sheet=False)
    action = bake(find_character(head), make_clip({"jawOpen": [0, 1]}), frame=1, fps=24, name="Happy 0")
    bpy.ops.facemimic.discard_face_shapes()
    assert action.use_fake_user
    assert "The take “Happy 0” stays as an action." in capfd.readouterr().out


def test_scripts_may_keep_at_once(head):
    assert bpy.ops.facemimic.add_face_shapes(keep=True, contact_sheet=False) == {"FINISHED"}
    assert not bpy.ops.facemimic.keep_face_shapes.poll()


def test_landmarks_are_placed_moved_and_sent(head, engine):
    engine.header = {"seen": True, "landmarks": {"chin": [0, -1, 0.5], "noseTip": [0, -2, 1]}}
    assert bpy.ops.facemimic.place_landmarks() == {"FINISHED"}
    room = bpy.data.collections[landmarks.COLLECTION]
    assert sorted(obj.name for obj in room.objects) == ["chin", "noseTip"]
    bpy.data.objects["chin"].location.z = 0.25
    bpy.context.view_layer.update()
    engine.header = {"shapes": NAMES, "notes": []}
    bpy.ops.facemimic.add_face_shapes()
    assert engine.asked[1][1]["landmarks"] == {"chin": [0, -1, 0.25], "noseTip": [0, -2, 1]}
    assert bpy.ops.facemimic.remove_landmarks() == {"FINISHED"}
    assert landmarks.COLLECTION not in bpy.data.collections


def test_placing_landmarks_again_replaces_them_and_spares_other_things(head, engine):
    engine.header = {"seen": False, "landmarks": {"chin": [0, 0, 0], "noseTip": [0, 0, 1]}}
    bpy.ops.facemimic.place_landmarks()
    note = bpy.data.objects.new("my note", None)
    bpy.data.collections[landmarks.COLLECTION].objects.link(note)
    bpy.ops.facemimic.place_landmarks()
    assert "chin.001" not in bpy.data.objects
    bpy.ops.facemimic.remove_landmarks()
    assert "my note" in bpy.data.objects
    assert "chin" not in bpy.data.objects


@pytest.mark.parametrize("spoilt", [{"shapes": None, "notes": []}, {"notes": []}, {"shapes": ["a"], "notes": []}])
def test_an_answer_that_cannot_be_read_changes_nothing(head, engine, spoilt):
    engine.header = spoilt
    with pytest.raises(RuntimeError, match="Install FaceMimic and its engine again"):
        bpy.ops.facemimic.add_face_shapes()
    assert head.data.shape_keys is None


def test_a_shared_mesh_is_refused_before_anything_is_asked(head, engine):
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Twin", head.data))
    with pytest.raises(RuntimeError, match="Make Single User"):
        bpy.ops.facemimic.add_face_shapes()
    assert not engine.asked


def test_a_character_that_shows_every_shape_on_several_meshes_is_left_alone(engine, make_armature, make_mesh):
    shapes = [name for name in channels() if name not in HEAD_CHANNELS]
    rig = make_armature("Nova")
    face = make_mesh("Face", shapes[:40], rig)
    make_mesh("Brows", shapes[40:], rig)
    bpy.context.view_layer.objects.active = face
    with pytest.raises(RuntimeError, match="Nova shows every face shape already"):
        bpy.ops.facemimic.add_face_shapes()
    assert not engine.asked
    missing = "jawOpen"
    face.shape_key_remove(face.data.shape_keys.key_blocks[missing])
    assert bpy.ops.facemimic.add_face_shapes(contact_sheet=False) == {"FINISHED"}
    assert missing in face.data.shape_keys.key_blocks


def test_nothing_to_animate_names_the_way_to_shapes(head):
    with pytest.raises(AddonError, match="press Add Face Shapes…"):
        find_character(head)


@pytest.mark.parametrize("name", ["keep_face_shapes", "discard_face_shapes"])
def test_without_new_shapes_there_is_nothing_to_decide(head, name):
    with pytest.raises(RuntimeError, match="No new face shapes wait for a decision"):
        getattr(bpy.ops.facemimic, name)()
    bpy.context.view_layer.objects.active = None
    with pytest.raises(RuntimeError, match="Choose a character"):
        getattr(bpy.ops.facemimic, name)()
