"""Performances from videos and poses from photos, with the panel's settings and with the real engine."""

import bpy
import numpy as np
import pytest

from blender_addon import client, footage, places, portraits
from blender_addon.bake.held import held
from blender_addon.messages import AddonError

REPORT = {
    "source": "video",
    "seen": {"eyes": 1.0, "mouth": 0.6, "head": 1.0},
    "frames": 216,
    "frames_lost": 3,
    "calibration": "measured here",
    "resting": [[1.5, 1.7]],
    "blinks": [[1, 1.1], [2, 2.1]],
    "closures": [3.2],
    "cuts": [],
    "still_channels": ["cheekPuff"],
}


@pytest.fixture
def face(addon, make_mesh):
    obj = make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight", "mouthSmileLeft"])
    bpy.context.view_layer.objects.active = obj
    return obj


@pytest.fixture
def real_engine(shared, monkeypatch, tmp_path):
    if places.default_python() is None:
        pytest.skip("needs the engine's Python in .venv")
    monkeypatch.setenv("FACEMIMIC_MODELS", str(shared / "models"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    yield
    client.stop()


@pytest.fixture
def photo(shared, tmp_path):
    """A real face with its mouth wide open."""
    cv2 = pytest.importorskip("cv2")
    video = cv2.VideoCapture(str(shared / "video" / "face_a.mp4"))
    for _ in range(76):
        _, picture = video.read()
    cv2.imencode(".jpg", picture)[1].tofile(tmp_path / "open wide.jpg")
    return tmp_path / "open wide.jpg"


def curve(obj, key):
    bag = obj.data.shape_keys.animation_data.action.layers[0].strips[0].channelbags[0]
    return next(one for one in bag.fcurves if f'"{key}"' in one.data_path)


def test_a_photo_becomes_one_key_at_the_playhead(face, real_engine, photo):
    bpy.context.scene.frame_set(17)
    assert bpy.ops.facemimic.from_video(filepath=str(photo)) == {"FINISHED"}
    jaw = curve(face, "jawOpen")
    assert [tuple(point.co) for point in jaw.keyframe_points] == [(17, pytest.approx(jaw.evaluate(17)))]
    assert jaw.evaluate(17) > 0.5
    told = footage.remembered(bpy.context)
    assert told.name == "open wide.jpg" and told.lines[0][1].startswith("Seen well: 100%")
    assert told.places == []


def test_a_photo_can_be_held(face, real_engine, photo):
    scene = bpy.context.scene
    scene.render.fps = 24
    assert bpy.ops.facemimic.from_video(filepath=str(photo), hold=True, onset=0.5, held=1.0, offset=0.5) == {"FINISHED"}
    jaw = curve(face, "jawOpen")
    assert tuple(jaw.range()) == (1, pytest.approx(1 + 2 * 24))
    assert jaw.evaluate(1) == pytest.approx(0, abs=0.01) == jaw.evaluate(49)
    assert min(jaw.evaluate(frame) for frame in range(13, 37)) > 0.5


def test_a_key_from_a_photo_leaves_the_other_keys(face, real_engine, photo):
    bpy.ops.facemimic.from_video(filepath=str(photo))
    bpy.context.scene.frame_set(30)
    bpy.ops.facemimic.from_video(filepath=str(photo))
    assert [point.co[0] for point in curve(face, "jawOpen").keyframe_points] == [1, 30]


def test_a_folder_of_images_runs_at_the_scenes_rate(face, real_engine, shared, tmp_path):
    cv2 = pytest.importorskip("cv2")
    video = cv2.VideoCapture(str(shared / "video" / "face_a.mp4"))
    (tmp_path / "shots").mkdir()
    for _ in range(58):
        video.grab()
    for number in range(12):
        cv2.imencode(".jpg", video.read()[1])[1].tofile(tmp_path / "shots" / f"{number}.jpg")
    assert bpy.ops.facemimic.from_video(filepath=str(tmp_path / "shots")) == {"FINISHED"}
    assert curve(face, "jawOpen").range()[1] == pytest.approx(12)
    assert face.data.shape_keys.animation_data.action.name == "shots"


def test_faces_are_found_and_one_is_chosen(face, real_engine, shared):
    path = str(shared / "video" / "face_a.mp4")
    assert portraits.icons(path) == []
    assert bpy.ops.facemimic.find_faces(filepath=path) == {"FINISHED"}
    assert len(portraits.icons(path)) == 1
    assert portraits.icons("another.mp4") == []
    assert bpy.ops.facemimic.choose_face(number=0) == {"FINISHED"}
    assert footage.footage(bpy.context).face == 0
    with pytest.raises(RuntimeError, match="no face number 1"):
        bpy.ops.facemimic.from_video(filepath=path, face=1, end=0.5)


def test_portraits_are_shown_upright_and_freed(addon):
    picture = np.zeros((1, 4, 6, 3), np.float32)
    picture[0, 0] = (1, 0, 0)
    portraits.show("a.mp4", picture)
    shown = portraits._shown["0"]
    assert tuple(shown.image_size) == (6, 4)
    pixels = np.array(shown.image_pixels_float).reshape(4, 6, 4)
    np.testing.assert_allclose(pixels[3, 0], (1, 0, 0, 1), atol=0.01)
    np.testing.assert_allclose(pixels[0, 0], (0, 0, 0, 1), atol=0.01)
    portraits.forget()
    assert portraits.icons("a.mp4") == []
    with pytest.raises(AddonError, match="no portraits"):
        portraits.show("a.mp4", np.zeros((0, 4, 6, 3)))


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"start": 1.0, "end": 0.5}, "must come after its start"),
        ({"neutral": 500.0, "end": 1.0}, "must lie in the part"),
        ({"actor": "a:b"}, "cannot be an actor's name"),
    ],
)
def test_settings_that_make_no_sense_change_nothing(face, real_engine, shared, options, says):
    with pytest.raises(RuntimeError, match=says):
        bpy.ops.facemimic.from_video(filepath=str(shared / "video" / "face_a.mp4"), **options)
    assert not bpy.data.actions


def test_a_summary_tells_what_matters_first():
    lines = [text for _, text in footage.summary(REPORT)]
    assert lines[0] == "Seen well: 87%, mouth 60%"
    assert footage.summary(REPORT)[0][0] == "ERROR"
    kept = {**REPORT, "calibration": "actor Anna", "actor": {"actor": "Anna", "used": True}, "resting": []}
    assert "Neutral: actor Anna" in [text for _, text in footage.summary(kept)]
    assert lines[1:4] == [
        "Face lost in 3 of 216 frames",
        "Neutral: measured here, 1.50 s",
        "Blinks: 2, lips meet: 1, shots: 1",
    ]
    good = {**REPORT, "seen": {"eyes": 1.0}, "frames_lost": 0, "source": "photo"}
    assert footage.summary(good)[0] == ("CHECKMARK", "Seen well: 100%")


@pytest.mark.parametrize("report", [None, [], {}, {"seen": {}}, {"seen": 3}])
def test_an_engine_without_a_report_gives_no_summary(report):
    assert footage.summary(report) == []


def test_what_was_told_survives_a_damaged_file(scene, addon):
    footage.footage(bpy.context).told = '{"name": 3, "lines": [[1]]}'
    assert footage.remembered(bpy.context) == ("", [], [])
    footage.remember(bpy.context, footage.Told("a.mp4", [("CHECKMARK", "Seen well")], []))
    assert footage.remembered(bpy.context) == ("a.mp4", [("CHECKMARK", "Seen well")], [])


def test_a_held_pose_rises_stays_and_falls(make_clip):
    pose = make_clip({"jawOpen": [0.8]})
    clip = held(pose, 0.5, 1.0, 0.5, 24)
    jaw = clip.column("jawOpen")
    assert len(jaw) == 49
    assert jaw[0] == jaw[-1] == 0
    np.testing.assert_allclose(jaw[12:37], 0.8, atol=1e-6)
    assert (np.diff(jaw[:13]) >= 0).all() and (np.diff(jaw[36:]) <= 0).all()
    assert held(pose, 0, 1, 0, 24).column("jawOpen").min() == pytest.approx(0.8)


@pytest.mark.parametrize("times", [(0, 0, 0), (-1, 2, 0), (0, 900, 0), (float("nan"), 1, 1)])
def test_a_held_pose_needs_times_that_make_sense(make_clip, times):
    with pytest.raises(AddonError, match="onset, hold and offset"):
        held(make_clip({"jawOpen": [0.8]}), *times, 24)


def test_what_was_not_seen_is_one_click_away(addon):
    report = {
        **REPORT,
        "start": 1.0,
        "lost": [[2.0, 2.5]],
        "doubtful": {"mouth": [[3.0, 3.1], [1.2, 1.9]], "jaw": [[1.3, 1.9]]},
    }
    places = footage.places(report, frame=101.0, fps=24.0)
    assert places == [
        ("Neutral at 0.50 s", pytest.approx(113.0)),
        ("0.20 s: mouth, jaw unsure, for 0.70 s", pytest.approx(105.8)),
        ("1.00 s: face lost, for 0.50 s", pytest.approx(125.0)),
        ("2.00 s: mouth unsure, for 0.10 s", pytest.approx(149.0)),
    ]
    assert bpy.ops.facemimic.look_at_frame(frame=places[1][1]) == {"FINISHED"}
    assert bpy.context.scene.frame_current_final == pytest.approx(105.8)
    many = {**report, "doubtful": {"mouth": [[k, k + 0.1 * (k % 3 + 1)] for k in range(1, 40)]}}
    shown = footage.places(many, 1.0, 24.0)
    assert len(shown) == 6 and [frame for _, frame in shown[1:]] == sorted(frame for _, frame in shown[1:])
    assert footage.places({**report, "source": "photo"}, 1.0, 24.0) == footage.places(None, 1.0, 24.0) == []
    covered = footage.summary({**report, "covered": ["mouth", "jaw"]})
    assert ("ERROR", "Seems covered: mouth, jaw") in covered
    stranger = footage.summary({**report, "actor": {"actor": "Ben", "used": True, "unlike": 6.1}})
    assert ("ERROR", "Does not look like Ben: name another actor, or calibrate anew") in stranger
