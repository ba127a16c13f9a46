"""Trying a line shows what it moves, and leaves nothing behind."""

from collections.abc import Callable
from typing import Any

import bpy
import pytest
from mathutils import Quaternion

from blender_addon.bake.trying import SWELL, Trial
from blender_addon.rig.character import find_character
from blender_addon.rig.corrections import Correction, correct
from blender_addon.rig.lines import Line, lines_of

Make = Callable[..., bpy.types.Object]


@pytest.fixture
def face(addon: None, make_mesh: Make, make_armature: Make) -> bpy.types.Object:
    rig = make_armature()
    face = make_mesh("Face", ["jawOpen", "wart"], rig)
    make_mesh("Teeth", ["jawOpen"], rig)
    return face


def line(obj: bpy.types.Object, name: str) -> Line:
    return next(one for one in lines_of(find_character(obj)) if one.name == name)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def until(trial: Trial, clock: Clock, seconds: float) -> bool:
    """Steps as often as a window does, and says whether there is more to show."""
    more = True
    while more and clock.now < seconds - 1e-9:
        clock.now += SWELL / 8
        more = trial.step()
    return more


def values(*places: tuple[str, str]) -> list[float]:
    data: Any = bpy.data.objects
    return [data[mesh].data.shape_keys.key_blocks[key].value for mesh, key in places]


def test_a_shape_swells_to_what_the_line_gives_and_comes_back(face: bpy.types.Object) -> None:
    correct(face, Correction("jawOpen", gain=0.5))
    correct(bpy.data.objects["Teeth"], Correction("jawOpen", gain=0.5))
    face.data.shape_keys.key_blocks["jawOpen"].value = 0.3
    clock, places = Clock(), [("Face", "jawOpen"), ("Teeth", "jawOpen")]
    trial = Trial(line(face, "jawOpen"), clock)
    assert until(trial, clock, SWELL / 2)
    assert values(*places) == pytest.approx([0.5, 0.5])
    assert not until(trial, clock, SWELL)
    trial.stop()
    trial.stop()
    assert values(*places) == pytest.approx([0.3, 0.0])


def test_a_view_that_draws_slowly_shows_the_shape_all_the_same(face: bpy.types.Object) -> None:
    clock, seen = Clock(), []
    trial = Trial(line(face, "jawOpen"), clock)
    for _ in range(3):
        clock.now += 20.0
        assert trial.step()
        seen += values(("Face", "jawOpen"))
    assert max(seen) == pytest.approx(1.0)
    trial.stop()


def test_a_shape_that_follows_nothing_can_be_seen(face: bpy.types.Object) -> None:
    clock = Clock()
    trial = Trial(line(face, "wart"), clock)
    until(trial, clock, SWELL / 2)
    assert values(("Face", "wart")) == pytest.approx([1.0])
    trial.stop()
    assert values(("Face", "wart")) == [0.0]


@pytest.mark.parametrize("mode", ["QUATERNION", "XYZ", "AXIS_ANGLE"])
def test_a_bone_makes_its_motions_one_after_the_other(face: bpy.types.Object, mode: str) -> None:
    head = bpy.data.objects["Rig"].pose.bones["head"]  # pyright: ignore
    head.rotation_mode = mode
    head.rotation_quaternion = Quaternion((1, 0.2, 0, 0)).normalized()
    head.rotation_euler.y = 0.3
    before = [tuple(getattr(head, f"rotation_{kind}")) for kind in ("quaternion", "euler", "axis_angle")]
    clock, seen = Clock(), set()
    trial = Trial(line(face, "head"), clock)
    for step in (0.5, 1.5, 2.5):
        assert until(trial, clock, step * SWELL)
        bpy.context.view_layer.update()
        seen.add(tuple(round(part, 3) for row in head.matrix_basis for part in row))
    assert len(seen) == 3
    assert not until(trial, clock, 3 * SWELL)
    trial.stop()
    assert [tuple(getattr(head, f"rotation_{kind}")) for kind in ("quaternion", "euler", "axis_angle")] == before


def test_what_is_removed_meanwhile_is_let_go(face: bpy.types.Object) -> None:
    clock = Clock()
    trial = Trial(line(face, "jawOpen"), clock)
    bpy.data.objects.remove(bpy.data.objects["Teeth"])
    clock.now = SWELL / 2
    trial.step()
    face.shape_key_clear()
    trial.step()
    trial.stop()
