"""Performances and rigs as their names tell them."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from engine.avatars.glb import Glb
from engine.avatars.nearest import meshes_of
from engine.channels import CHANNELS, INDEX, SHAPES, spread
from engine.clip import Clip
from engine.retarget.controls import Expression, Mesh
from engine.retarget.retarget import retarget

FEELINGS: dict[str, dict[str, float]] = {
    "happy": {"mouthSmile": 0.7, "cheekSquint": 0.5, "eyeSquint": 0.2, "mouthUpperUp": 0.15},
    "angry": {"browDown": 0.8, "eyeSquint": 0.4, "mouthPress": 0.4, "noseSneer": 0.2},
    "sad": {"browInnerUp": 0.6, "browDown": 0.4, "mouthFrown": 0.7, "eyeLookDown": 0.2},
    "surprised": {"browInnerUp": 0.7, "browOuterUp": 0.8, "eyeWide": 0.6, "jawOpen": 0.45},
}
"""Faces of FACS's prototypes in ARKit's channels; a name without a side stands for both."""

Show = Callable[[Mesh, Mapping[str, float]], dict[str, float]]


def clip_of(gains: Mapping[str, float], amounts: np.ndarray | None = None) -> Clip:
    """A still face, or one that grows by `amounts` (frames,)."""
    left, right = spread(dict(gains))
    return Clip((np.ones(1) if amounts is None else amounts)[:, None] * (left + right), 60.0)


def rig(*keys: str, expressions: Mapping[str, Mapping[str, float]] | None = None, **overrides: dict[str, str]) -> Mesh:
    """A mesh of these shapes, known by name alone; overrides by expression."""
    told = [Expression(name, binds, overrides.get(name, {})) for name, binds in (expressions or {}).items()]
    return Mesh(keys, told)


@pytest.fixture
def show() -> Show:
    """show(mesh, gains): what the mesh's shapes are at for a face, those above 0.01."""

    def shown(mesh: Mesh, gains: Mapping[str, float]) -> dict[str, float]:
        weights = retarget(clip_of(gains), [mesh]).weights[0]
        return {key: float(values[0]) for key, values in weights.items() if values[0] > 0.01}

    return shown


@pytest.fixture(scope="session")
def godette(shared: Path) -> Mesh:
    """A real avatar with 15 shapes and VRM 0 expressions, as its file says it."""
    return meshes_of(Glb.read(shared / "rigs" / "Godette_vrm_v4.vrm"))[0]


def random_clip(frames: int = 60) -> Clip:
    rng = np.random.default_rng(3)
    at = np.arange(frames)[:, None] / 60
    swell = 0.4 + 0.4 * np.sin(2 * np.pi * rng.uniform(0.2, 1.5, len(SHAPES)) * at + rng.uniform(0, 6, len(SHAPES)))
    values = np.zeros((frames, len(CHANNELS)))
    values[:, [INDEX[name] for name in SHAPES]] = np.clip(swell, 0, 1)
    return Clip(values, 60.0)
