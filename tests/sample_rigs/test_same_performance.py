"""The page of one performance on every character: its moments and its characters; nothing is rendered here."""

from __future__ import annotations

from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.messages import AddonError  # noqa: E402
from blender_addon.rig.solve import is_sparse  # noqa: E402
from sample_rigs import same_performance as same  # noqa: E402
from sample_rigs.opening import opened  # noqa: E402


def test_a_moment_named_after_an_emotion_lies_where_it_is_held() -> None:
    named = {beat["emotion"]: beat for beat in same.BEATS}
    assert set(named) <= set(same.MOMENTS)
    for emotion, beat in named.items():
        risen = beat["start"] + beat["onset"]
        assert risen <= same.MOMENTS[emotion] <= risen + beat["hold"], emotion
    assert max(same.MOMENTS.values()) < same.DURATION
    assert max(beat["start"] + beat["onset"] + beat["hold"] + beat["offset"] for beat in same.BEATS) <= same.DURATION


@pytest.mark.parametrize(("name", "sparse"), [("head", False), ("aki", False), ("pip", True)])
def test_only_pip_has_to_be_fitted(name: str, sparse: bool) -> None:
    character = opened(same.HERE / f"{name}.blend", same.FPS)
    assert is_sparse(character) is sparse
    assert bpy.context.scene.render.fps == same.FPS


def test_a_file_without_a_face_is_refused(tmp_path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    empty = tmp_path / "empty.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(empty))
    with pytest.raises(AddonError, match="Nothing is selected"):
        opened(empty, same.FPS)
