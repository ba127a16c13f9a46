"""The rendered pictures as features and targets, and what makes real faces of them: noise and other shapes."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation
from torch import Tensor

from engine.channels import SHAPES
from engine.train.decoder.network import CHANGING
from engine.video.decoder import LANDMARKS, as_outputs, features, frontal, output_mirror, unscaled

OTHER_FACE = 0.5
"""Share of the examples in which one person's motion is put on another's resting face."""


@dataclass(frozen=True)
class Geometry:
    """template, stable: see decoder.frontal. mirror: int (478,), each landmark's counterpart."""

    template: np.ndarray
    stable: np.ndarray
    mirror: np.ndarray


@dataclass(frozen=True)
class TrainingSet:
    """seen: (pictures, SEEN). outputs: (pictures, outputs). turn: (pictures, 3), the rotation vector that corrects
    the tracker's. resting: (pictures, 4), pictures of the same person at rest, never the picture itself.
    """

    seen: Tensor
    outputs: Tensor
    turn: Tensor
    resting: Tensor


def measure_geometry(shards: dict[str, np.ndarray]) -> Geometry:
    """The mean face, its steady landmarks, and its symmetry, from all pictures."""
    landmarks, sizes = shards["landmarks"], shards["size"]
    # All landmarks in one unit, since pictures differ in size and `frontal` wants one.
    square = (1, 1)
    points = landmarks[:, :LANDMARKS] * (sizes / sizes[:, :1])[:, [0, 1, 0]][:, None]
    first = points[0] * np.array([1, -1, -1])
    template = first - first.mean(0)
    stable = np.full(LANDMARKS, 1 / LANDMARKS)
    mirror = np.arange(LANDMARKS)
    for _ in range(6):
        template = template / np.sqrt((template**2).sum(1).mean())
        shapes, turns = frontal(points, square, template, stable)
        mean = shapes.mean(0)
        frontal_most = turns[:, 2, 2] > 0.97
        spread = shapes[frontal_most].std(0).mean(1)
        stable = 1 / (spread + np.median(spread)) ** 2
        stable /= stable.sum()
        away = np.linalg.norm((mean * [-1, 1, 1])[:, None] - mean[None], axis=2)
        mirror = linear_sum_assignment(away)[1]
        stable = (stable + stable[mirror]) / 2
        template = (mean + mean[mirror] * [-1, 1, 1]) / 2
        # The template faces the camera: turn it so that the faces' true rotations are met on average.
        true = Rotation.from_matrix(shards["turn"][frontal_most])
        lean = (Rotation.from_matrix(turns[frontal_most]).inv() * true).mean().as_euler("YXZ")
        template = template @ Rotation.from_euler("X", lean[1]).as_matrix()
        template -= template.mean(0)
    return Geometry(template.astype(np.float32), stable.astype(np.float32), mirror)


def all_features(shards: dict[str, np.ndarray], geometry: Geometry) -> np.ndarray:
    """Features of every picture, float32 (pictures, SEEN)."""
    sizes = shards["size"]
    landmarks = shards["landmarks"][:, :LANDMARKS] * (sizes / sizes[:, :1])[:, [0, 1, 0]][:, None]
    return features(landmarks, shards["logits"], shards["pose"], (1, 1), geometry.template, geometry.stable)


def training_set(shards: dict[str, np.ndarray], geometry: Geometry) -> TrainingSet:
    """Everything that training reads, in memory."""
    true, tracked = Rotation.from_matrix(shards["turn"]), Rotation.from_matrix(unscaled(shards["pose"]))
    rng = np.random.default_rng(0)
    resting = np.zeros((len(true), 4), int)
    at_rest = shards["kind"] == "neutral"
    for person in np.unique(shards["person"]):
        own = np.flatnonzero(shards["person"] == person)
        rest = own[at_rest[own]]
        for row in own:
            others = rest[rest != row]
            if len(others) == 0:
                others = own
            resting[row] = rng.choice(others, 4)
    return TrainingSet(
        torch.from_numpy(all_features(shards, geometry)),
        torch.from_numpy(as_outputs(shards["values"])),
        torch.from_numpy((tracked.inv() * true).as_rotvec().astype(np.float32)),
        torch.from_numpy(resting),
    )


class Augmenter:
    """Draws batches as other faces and other trackers' moods would give them."""

    def __init__(self, data: TrainingSet, geometry: Geometry, generator: torch.Generator) -> None:
        self._data, self._generator = data, generator
        self._template = torch.from_numpy(geometry.template)
        self._order = torch.from_numpy(geometry.mirror)
        turned, sign = output_mirror()
        self._turned, self._sign = torch.from_numpy(turned), torch.from_numpy(sign)
        self._names = torch.from_numpy(_score_mirror())
        centres = self._template[torch.randperm(LANDMARKS, generator=generator)[:40]]
        near = torch.cdist(self._template, centres)
        self._bumps = torch.exp(-((near / 0.25) ** 2))

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """seen, change, known, outputs, turn for the pictures `rows`."""
        data, count = self._data, len(rows)
        seen, want, turn = data.seen[rows].clone(), data.outputs[rows], data.turn[rows]
        rest = self._neutral(rows)
        # What a face does moves landmarks about alike on another person's face.
        other = self._neutral(rows[torch.randperm(count, generator=self._generator)])
        moved = torch.where(self._uniform(count, 1) < OTHER_FACE, other - rest, torch.zeros(()))
        seen[:, :CHANGING] += moved
        rest = rest + moved
        faces = torch.stack([seen[:, : 3 * LANDMARKS], rest[:, : 3 * LANDMARKS]], 1).view(count, 2, LANDMARKS, 3)
        faces = self._other_person(faces)
        faces = faces + self._normal(count, 2, LANDMARKS, 3) * (0.004 * self._uniform(count, 1, 1, 1))
        seen[:, : 3 * LANDMARKS] = faces[:, 0].reshape(count, -1)
        rest = torch.cat([faces[:, 1].reshape(count, -1), rest[:, 3 * LANDMARKS :]], 1)
        scores = slice(3 * LANDMARKS, CHANGING)
        bias = self._normal(count, len(SHAPES)) * 0.12
        seen[:, scores] += bias + self._normal(count, len(SHAPES)) * 0.05
        rest[:, scores] += bias
        known = (self._uniform(count, 1) > 0.35).float()
        change = seen[:, :CHANGING] - rest
        dropped = self._uniform(count, 1) < 0.12
        seen[:, scores] = torch.where(dropped, data.seen[:, scores].mean(0), seen[:, scores])
        change[:, scores] = torch.where(dropped, torch.zeros(()), change[:, scores])
        flip = self._uniform(count, 1) < 0.5
        seen = torch.where(flip, self._mirrored(seen), seen)
        change = torch.where(flip, self._mirrored(change), change)
        want = torch.where(flip, want[:, self._turned] * self._sign, want)
        turn = torch.where(flip, turn * torch.tensor([1.0, -1.0, -1.0]), turn)
        return seen, change, known, want, turn

    def _neutral(self, rows: Tensor) -> Tensor:
        """Resting faces of the same people: mostly a mean of several pictures, now and then not quite at rest."""
        data = self._data
        pictures = data.seen[data.resting[rows]][..., :CHANGING]
        some = torch.rand(len(rows), 4, 1, generator=self._generator) ** 3 + 1e-3
        rest = (pictures * some).sum(1) / some.sum(1)
        other = data.seen[rows[torch.randperm(len(rows), generator=self._generator)], :CHANGING]
        mean = data.seen[:, :CHANGING].mean(0)
        share = 0.1 * self._uniform(len(rows), 1) * (self._uniform(len(rows), 1) < 0.3)
        return rest + share * (other - mean)

    def _other_person(self, faces: Tensor) -> Tensor:
        """The same bend of both pictures (…, 2, 478, 3): other proportions, other depths, landmarks set elsewhere."""
        count = len(faces)
        stretch = torch.eye(3) + self._normal(count, 3, 3) * torch.tensor([0.02, 0.02, 0.06])[:, None]
        faces = faces @ stretch[:, None].transpose(-1, -2)
        bumps = self._bumps @ (self._normal(count, self._bumps.shape[1], 3) * 0.008)
        return faces + bumps[:, None]

    def _mirrored(self, seen: Tensor) -> Tensor:
        shape = seen[:, : 3 * LANDMARKS].view(-1, LANDMARKS, 3)[:, self._order] * torch.tensor([-1.0, 1.0, 1.0])
        scores = seen[:, 3 * LANDMARKS : CHANGING][:, self._names]
        pose = seen[:, CHANGING:] * torch.tensor([-1.0, 1.0, 1.0] * 3)[: seen.shape[1] - CHANGING]
        return torch.cat([shape.reshape(len(seen), -1), scores, pose], 1)

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self._generator)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self._generator)


def _score_mirror() -> np.ndarray:
    from engine.channels import MIRROR_ORDER

    return MIRROR_ORDER[: len(SHAPES)].copy()
