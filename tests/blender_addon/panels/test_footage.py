"""The panel of videos and photos, drawn onto a layout that writes down what it is told."""

from types import SimpleNamespace
from unittest.mock import MagicMock

import bpy
import numpy as np
import pytest

from blender_addon import footage, portraits
from blender_addon.panels.footage import FACEMIMIC_PT_footage


class Paper(MagicMock):
    """Its rows and columns all write onto the same paper; operators keep what they are given."""

    def _get_child_mock(self, **options):
        return MagicMock(**options)


@pytest.fixture
def drawn(addon, make_mesh):
    bpy.context.view_layer.objects.active = make_mesh("Face", ["jawOpen"])

    def draw(**settings):
        for name, value in settings.items():
            setattr(footage.footage(bpy.context), name, value)
        paper = Paper()
        for part in ("row", "column", "box", "grid_flow"):
            getattr(paper, part).return_value = paper
        given = []
        paper.operator.side_effect = lambda name, **options: (
            given.append(SimpleNamespace(op=name, **options)) or given[-1]
        )
        panel = SimpleNamespace(layout=paper)
        for name in ("_draw_settings", "_draw_faces", "_draw_told"):
            setattr(panel, name, getattr(FACEMIMIC_PT_footage, name).__get__(panel))
        FACEMIMIC_PT_footage.draw(panel, bpy.context)
        shown = [call.args[1] for call in paper.prop.call_args_list]
        assert all(name in footage.FACEMIMIC_PG_footage.bl_rna.properties for name in shown)
        return shown, given, [call.kwargs["text"] for call in paper.label.call_args_list]

    return draw


def test_without_footage_only_the_file_is_asked(drawn):
    shown, given, _ = drawn()
    assert shown == ["path"]
    assert [one.text for one in given] == ["From Video or Photo…"]
    assert given[0].filepath == ""


def test_a_videos_settings_reach_the_operator(drawn):
    shown, given, _ = drawn(
        path="//a.mp4", face=2, start=1.5, actor="Anna", mirrored=True, neutral=2.0, pick_neutral=True
    )
    assert {"face", "actor", "start", "end", "neutral", "mirrored"} <= set(shown)
    start = given[-1]
    assert (start.op, start.text) == ("facemimic.from_video", "From Video")
    assert (start.filepath, start.face, start.start, start.actor, start.mirrored) == ("//a.mp4", 2, 1.5, "Anna", True)
    assert start.neutral == 2.0
    rna = bpy.ops.facemimic.from_video.get_rna_type().properties
    assert set(vars(start)) - {"op", "text", "icon"} <= set(rna.keys())


def test_a_photo_asks_how_it_is_held_and_not_when(drawn):
    shown, given, _ = drawn(path="//a.JPG", start=3.0, neutral=2.0, pick_neutral=True)
    assert "start" not in shown and "neutral" not in shown and "onset" not in shown
    assert (given[-1].text, given[-1].start, given[-1].neutral) == ("From Photo", 0.0, -1.0)
    assert {"onset", "held", "offset"} <= set(drawn(hold=True)[0])


def test_the_people_that_were_found_can_be_chosen(drawn):
    portraits.show("//a.mp4", np.zeros((3, 8, 8, 3), np.float32))
    _, given, _ = drawn(path="//a.mp4", face=1)
    chosen = [one for one in given if one.op == "facemimic.choose_face"]
    assert [(one.number, one.depress) for one in chosen] == [(0, False), (1, True), (2, False)]


def test_what_the_last_capture_told_is_shown(drawn):
    told = footage.Told("a.mp4", [("CHECKMARK", "Seen well: 98%")], [("0.50 s: mouth unsure", 13.0)])
    footage.remember(bpy.context, told)
    assert footage.remembered(bpy.context) == told
    _, given, labels = drawn()
    assert labels == ["a.mp4", "Seen well: 98%"]
    (look,) = [one for one in given if one.op == "facemimic.look_at_frame"]
    assert (look.text, look.frame) == ("0.50 s: mouth unsure", 13.0)
