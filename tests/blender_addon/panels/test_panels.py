"""What the panels show, drawn onto a layout that writes down what it is told."""

from types import SimpleNamespace

import bpy
import pytest

from blender_addon import client, places, preferences
from blender_addon.panels import face_shapes, files, matching, menus, performance, status


class Paper:
    """Stands in for a UILayout, whose rows and columns all write onto the same paper."""

    def __init__(self):
        self.labels, self.properties, self.operators, self.progresses = [], [], [], []

    def label(self, text="", icon="NONE"):
        if text:
            self.labels.append(text)

    def prop(self, owner, name, **options):
        assert name in owner.bl_rna.properties
        self.properties.append(name)

    def operator(self, name, text="", icon="NONE"):
        category, _, operator = name.partition(".")
        assert hasattr(getattr(bpy.ops, category), operator)
        self.operators.append(name)
        return SimpleNamespace()

    def progress(self, factor, text):
        self.progresses.append((factor, text))

    def panel(self, name, default_closed):
        return self, self

    def _part(self, **options):
        return self

    row = column = split = box = _part

    def __setattr__(self, name, value):
        super().__setattr__(name, value)


def drawn(panel, draw="draw"):
    paper = Paper()
    getattr(panel, draw)(SimpleNamespace(layout=paper, **vars_of(panel)), context())
    return paper


def vars_of(panel):
    names = [name for name in ("_draw_match", "parts", "lines", "match") if hasattr(panel, name)]
    bound = {}
    for name in names:
        attribute = getattr(panel, name)
        bound[name] = attribute if hasattr(attribute, "__self__") else None
    return bound


def context():
    return bpy.context


@pytest.fixture
def face(addon, make_mesh):
    obj = make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "wart"])
    bpy.context.view_layer.objects.active = obj
    return obj


def test_the_active_character_is_counted(face):
    found = matching.matching(face)
    assert (found.name, found.matched, found.channels) == ("Face", 2, 55)
    assert "eyeBlinkRight" in found.missing
    assert "mouthSmileLeft" in found.missing
    assert any("wart" in key for key in found.unused)


def test_matching_is_worked_out_once_until_names_change(face, monkeypatch):
    calls = []
    find = matching.find_character
    monkeypatch.setattr(matching, "find_character", lambda obj: calls.append(obj) or find(obj))
    face.name = "Somebody"
    matching._known.clear()
    matching.matching(face)
    matching.matching(face)
    assert len(calls) == 1
    face.data.shape_keys.key_blocks["wart"].name = "eyeBlinkRight"
    assert matching.matching(face).matched == 3
    face.data.shape_keys.key_blocks["jawOpen"].driver_add("value")
    assert matching.matching(face).matched == 2
    face.hide_set(True)
    face.hide_viewport = True
    assert matching.matching(face).problem
    assert len(calls) == 4


def test_renaming_shows_on_an_armature_whose_mesh_is_only_bound_to_it(addon, make_mesh, make_armature):
    rig = make_armature(bones={"root": (None, (0, 0, 0), (0, 0, 1))})
    face = make_mesh("Face", ["abc", "def"])
    face.modifiers.new("Armature", "ARMATURE").object = rig
    assert not matching.matching(rig).performs
    face.data.shape_keys.key_blocks["abc"].name = "jawOpen"
    assert matching.matching(rig).matched == 1
    rig.data.bones["root"].name = "head"
    assert matching.matching(rig).matched == 4


def test_renaming_shows_on_a_mesh_whose_sibling_has_the_face(addon, make_mesh):
    root = bpy.data.objects.new("Root", None)
    body, face = make_mesh("Body"), make_mesh("Face", ["abc", "def"])
    body.parent = face.parent = root
    assert not matching.matching(body).performs
    face.data.shape_keys.key_blocks["abc"].name = "jawOpen"
    assert matching.matching(body).matched == 1


def test_what_stands_in_the_way_is_remembered_as_a_sentence(addon, make_mesh):
    assert "no shape keys" in matching.matching(make_mesh("Stone")).problem


def test_pairs_are_written_together():
    assert matching.paired(["browInnerUp", "eyeBlinkLeft", "eyeBlinkRight", "jawLeft", "headYaw"]) == [
        "browInnerUp",
        "eyeBlink L R",
        "jawLeft",
        "headYaw",
    ]


def test_the_performance_panel_offers_generate_or_the_way_to_an_engine(face, fake_engine, monkeypatch):
    monkeypatch.setattr(places, "default_python", lambda: places.house() / "LICENSE")
    paper = drawn(performance.FACEMIMIC_PT_performance)
    assert paper.properties == ["emotion", "intensity", "duration", "seed"]
    assert "facemimic.generate" in paper.operators
    monkeypatch.setattr(places, "default_python", lambda: None)
    paper = drawn(performance.FACEMIMIC_PT_performance)
    assert "facemimic.generate" not in paper.operators
    assert "preferences.addon_show" in paper.operators
    assert "not installed" in " ".join(paper.labels)


def test_progress_is_shown_in_the_panel_and_in_the_status_bar(face, fake_engine):
    fake_engine("slow")
    job = preferences.engine().ask("generate")
    while not job.fraction:
        client._worker.pump(0.1)
    paper = drawn(performance.FACEMIMIC_PT_performance)
    assert paper.progresses == [(job.fraction, job.stage)]
    assert paper.operators[-1] == "facemimic.cancel"
    paper = Paper()
    status.draw_progress(SimpleNamespace(layout=paper), context())
    assert paper.progresses[0][1].startswith("FaceMimic: ")
    assert not bpy.ops.facemimic.generate.poll()
    bpy.ops.facemimic.cancel()
    assert job.cancelled
    assert bpy.ops.facemimic.generate.poll()
    assert not drawn(performance.FACEMIMIC_PT_performance).progresses


@pytest.mark.parametrize(
    "panel", [performance.FACEMIMIC_PT_curves, files.FACEMIMIC_PT_recordings, files.FACEMIMIC_PT_avatar]
)
def test_each_panel_draws(face, panel):
    paper = drawn(panel)
    assert paper.properties or paper.operators


def test_the_menus_offer_files(face):
    paper = Paper()
    menus.draw_import(SimpleNamespace(layout=paper), context())
    menus.draw_export(SimpleNamespace(layout=paper), context())
    assert len(paper.operators) == len(set(paper.operators)) == 5


def test_the_preferences_draw_with_and_without_an_engine(face, monkeypatch):
    for python in (None, places.house() / "LICENSE"):
        monkeypatch.setattr(places, "default_python", lambda python=python: python)
        paper = Paper()
        cls = preferences.FACEMIMIC_AP_preferences
        owner = SimpleNamespace(layout=paper, bl_rna=cls.bl_rna, engine_python="")
        for draw in (cls._draw_engine, cls._draw_installation):
            draw(owner, paper)
        assert "facemimic.install_engine" in paper.operators
        assert any("not installed" in label for label in paper.labels) == (python is None)


def test_face_shapes_are_offered_also_where_bones_perform(addon, make_mesh, make_armature):
    bones = {"head": (None, (0, 0, 1.5), (0, 0, 1.8)), "jaw": ("head", (0, 0, 1.55), (0, -0.1, 1.5))}
    body = make_mesh("Body", (), make_armature(bones=bones))
    body.vertex_groups.new(name="jaw").add([0, 1, 2], 1.0, "REPLACE")
    bpy.context.view_layer.objects.active = body
    assert matching.matching(body).performs
    assert face_shapes.FACEMIMIC_PT_face_shapes.poll(bpy.context)
    bpy.context.view_layer.objects.active = make_mesh("Face", ["jawOpen", "eyeBlinkLeft", "eyeBlinkRight"])
    assert not face_shapes.FACEMIMIC_PT_face_shapes.poll(bpy.context)
