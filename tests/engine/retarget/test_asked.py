"""The worker's operation `retarget`: what the add-on sends, and what is refused."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import CHANNELS, SHAPES
from engine.errors import FaceMimicError
from engine.retarget.asked import meshes_from, names_from
from tests.engine.retarget.conftest import FEELINGS, clip_of

KEYS = ["aa", "ih", "ou", "blink", "happy", "angry"]
JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=True) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["keys", "binds", "x"]), inner),
    max_leaves=6,
)


def asked(**changes: Any) -> dict[str, Any]:
    return {"keys": KEYS, "locked": [], "given": {}, "expressions": [], **changes}


def test_a_sparse_rig_is_fitted_by_the_worker(start_worker: Callable) -> None:
    pipe = start_worker()
    clip = clip_of(FEELINGS["happy"], np.linspace(0, 1, 30))
    fields = {"fps": 60.0, "channels": list(CHANNELS), "meshes": [asked(), asked(keys=["blink"])]}
    pipe.send({"id": 1, "op": "retarget", **fields}, ("values", clip.values))
    header, arrays, told = pipe.answer(1)
    assert header["type"] == "result"
    assert told[0]["stage"] == "Fitting the performance to the rig"
    column = {(mesh, name): values for (mesh, name), values in zip(header["shapes"], arrays["weights"].T, strict=True)}
    assert column[0, "happy"][-1] > 0.5
    assert column[0, "blink"].tolist() == column[1, "blink"].tolist()
    assert dict(zip(map(tuple, header["shapes"]), header["looks"], strict=True))[0, "happy"]["mouthSmileLeft"] > 0.5
    assert header["notes"][0].startswith("Shown by the nearest shapes")


def test_a_full_rig_is_answered_with_nothing(start_worker: Callable) -> None:
    pipe = start_worker()
    fields = {"fps": 60.0, "channels": list(CHANNELS), "meshes": [asked(keys=list(SHAPES))]}
    pipe.send({"id": 1, "op": "retarget", **fields}, ("values", clip_of({}, np.ones(5)).values))
    header, arrays, _ = pipe.answer(1)
    assert (header["shapes"], header["notes"]) == ([], [])
    assert arrays["weights"].shape == (5, 0)


def test_requests_that_are_none_are_sentences(start_worker: Callable) -> None:
    pipe = start_worker()
    values = clip_of({}).values
    for number, fields in enumerate(
        [{}, {"meshes": 3}, {"meshes": [5]}, {"meshes": [asked()], "channels": [1]}, {"meshes": [asked()], "fps": "x"}]
    ):
        whole = {"fps": 60.0, "channels": list(CHANNELS), **fields}
        pipe.send({"id": number, "op": "retarget", **whole}, ("values", values))
        header, _, _ = pipe.answer(number)
        assert header["type"] == "error"
        assert header["kind"] != "internal", header
    assert pipe.ask(9, "retarget")[0]["kind"] == "request"


def test_a_mesh_is_read_as_it_was_sent() -> None:
    points, moved = np.ones((4, 3)), np.ones((6, 4, 3))
    stated = [{"name": "happy", "binds": {"happy": 1, "aa": 0.2}, "overrides": {"blink": "block", "x": "y"}}]
    told = asked(locked=["ou"], given={"ih": [[0.5, {"jawOpen": 1, "nothing": 2}]]}, expressions=stated)
    (mesh,) = meshes_from([told], {"points 0": points, "moved 0": moved})
    assert mesh.keys == KEYS
    assert mesh.locked == {"ou"}
    assert mesh.given == {"ih": [(0.5, {"jawOpen": 1.0})]}
    assert mesh.expressions[0].overrides == {"blink": "block"}
    assert mesh.moved is not None
    assert set(mesh.moved.moved) == set(KEYS)


@given(JSON)
def test_anything_else_is_refused_in_a_sentence(told: Any) -> None:
    try:
        meshes_from([told], {})
        names_from(told)
    except FaceMimicError as error:
        assert str(error).endswith(".")


@pytest.mark.parametrize("shape", [(5, 4, 3), (6, 4, 2), (6, 5, 3), (6,)])
def test_displacements_of_another_size_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(FaceMimicError, match="displacements"):
        meshes_from([asked()], {"points 0": np.ones((4, 3)), "moved 0": np.ones(shape)})


def test_displacements_that_are_no_numbers_are_not_looked_at() -> None:
    broken = np.full((6, 4, 3), np.nan)
    assert meshes_from([asked()], {"points 0": np.ones((4, 3)), "moved 0": broken})[0].moved is None
