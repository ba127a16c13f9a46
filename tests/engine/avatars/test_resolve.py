"""The engine reads names as the add-on does: one avatar must not perform differently in Blender and in its file."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.avatars.resolve import resolve
from engine.avatars.rig_data import rig_data
from engine.channels import SHAPES

ROOT = Path(__file__).resolve().parents[3]

SPELLINGS = sorted(
    {
        name
        for path in (ROOT / "blender_addon" / "rig" / "schemes").glob("*.toml")
        for table, content in rig_data(f"schemes/{path.name}").items()
        if table in ("shapes", "parts", "fallbacks", "visemes", "expressions")
        for entries in (content if isinstance(content, list) else [content])
        for name in entries
    }
)
GODETTE = ["HideBlush", "blink_left", "blink_right", "ah", "ih", "uu", "ee", "oh", "look_up", "angled_eyebrows"]
PREFIXES = ["", "", "Face.", "Face_", "mesh:", "!ex-", "a_b_"]
AFTER = ["", "", "", "_new", ".001", "_BS", "_x"]
names = st.builds(
    "{}{}{}".format, st.sampled_from(PREFIXES), st.sampled_from(SPELLINGS) | st.text(max_size=6), st.sampled_from(AFTER)
)
name_lists = st.lists(names, max_size=40, unique=True)


def in_the_addon(
    own: list[str],
    stated: dict[str, dict[str, float]],
    finer: dict[str, float] | None = None,
    company: list[str] | None = None,
) -> dict[str, Any]:
    bpy = pytest.importorskip("bpy")
    assert bpy
    from blender_addon.rig.resolve import Expression
    from blender_addon.rig.resolve import resolve as resolve_there

    found = resolve_there(own, [Expression(name, binds) for name, binds in stated.items()], finer, company or [])
    return {key: parts for key, (parts, _) in found.keys.items()}


@settings(max_examples=60)
@given(name_lists, name_lists, st.data())
def test_both_read_the_same_names_alike(own: list[str], company: list[str], data: st.DataObject) -> None:
    binds = st.dictionaries(st.sampled_from(own), st.sampled_from([0.0, 0.25, 1.0]), max_size=3) if own else st.just({})
    stated = data.draw(st.dictionaries(st.sampled_from(SPELLINGS), binds, max_size=8))
    finer = data.draw(st.dictionaries(st.sampled_from(SHAPES), st.sampled_from([1.0, 2.0, 4.0]), max_size=9))
    in_engine = resolve(own, stated, finer, company=company).parts
    assert in_engine == in_the_addon(own, stated, finer, company)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "blender_addon/rig/schemes").glob("*.toml")), ids=lambda path: path.stem
)
def test_both_read_whole_schemes_alike(path: Path) -> None:
    data = rig_data(f"schemes/{path.name}")
    own = [name for table in ("shapes", "visemes", "expressions") for name in data.get(table, {})]
    assert resolve(own).parts == in_the_addon(own, {})
    assert resolve([*own, *GODETTE]).parts == in_the_addon([*own, *GODETTE], {})


def test_the_panel_and_the_file_count_an_avatars_channels_alike(shared: Path) -> None:
    bpy = pytest.importorskip("bpy")
    from blender_addon.rig.import_avatar import import_avatar
    from engine.avatars.bones import head_of
    from engine.avatars.face import faces
    from engine.avatars.glb import Glb

    path = shared / "rigs" / "Godette_vrm_v4.vrm"
    avatar = Glb.read(path)
    head, _ = head_of(avatar)
    assert head
    shown = head.shown.union(*(face.shown for face in faces(avatar)))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert set(import_avatar(path).matched) == shown


@pytest.mark.parametrize(("count", "follows"), [(52, "eyeBlinkLeft"), (10, "wink")])
def test_a_face_of_apple_s_names_follows_them_before_a_stated_blink(count: int, follows: str) -> None:
    read = resolve([*SHAPES[:count], "wink"], {"blinkLeft": {"wink": 1.0}})
    assert {name for name, parts in read.parts.items() if any("eyeBlinkLeft" in mix for _, mix in parts)} == {follows}
