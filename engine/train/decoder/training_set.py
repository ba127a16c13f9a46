"""The rendered pictures as features and targets, and what makes real faces of them: noise and other shapes."""

from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from scipy.spatial.transform import Rotation
from torch import Tensor

from engine.channels import SHAPES
from engine.train.decoder.network import CHANGING, LOOKS
from engine.video.decoder import LANDMARKS, as_outputs, features, frontal, mirrored, output_mirror, unscaled

OTHER_FACE = 0.3
"""Share of the examples in which one person's motion is put on another's resting face."""


@dataclass(frozen=True)
class Geometry:
    """template, stable: see decoder.frontal. mirror: int (478,), each landmark's counterpart."""

    template: np.ndarray
    stable: np.ndarray
    mirror: np.ndarray


@dataclass(frozen=True)
class TrainingSet:
    """All pictures, and after them the mirror images of all; a row's mirror image is `pictures` rows further.

    seen: (rows, SEEN). outputs: (rows, outputs). turn: (rows, 3), the rotation vector that corrects the tracker's.
    resting: (rows, 4), pictures of the same person at rest, never of the same drawing. twin: (rows,), another picture
    of the same drawing, else the picture itself. straying: (any, LOOKS), by how much crops with faults look other
    than they would without. pictures: how many there are.
    """

    seen: Tensor
    outputs: Tensor
    turn: Tensor
    resting: Tensor
    twin: Tensor
    straying: Tensor
    pictures: int


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


def all_features(shards: dict[str, np.ndarray], looks: np.ndarray, geometry: Geometry) -> np.ndarray:
    """Features of every picture and then of their mirror images, float32 (2 * pictures, SEEN).

    looks: (pictures, 2, LOOKS), what crops show, and mirrored crops.
    """
    sizes = shards["size"]
    landmarks = shards["landmarks"][:, :LANDMARKS] * (sizes / sizes[:, :1])[:, [0, 1, 0]][:, None]
    frame = geometry.template, geometry.stable
    seen = features(landmarks, shards["logits"], looks[:, 0], shards["pose"], (1, 1), *frame)
    return np.concatenate([seen, mirrored(seen, looks[:, 1], geometry.mirror)])


def companions(shards: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """TrainingSet's resting and twin of each picture."""
    rng = np.random.default_rng(0)
    person, drawing = shards["person"], shards["drawing"]
    resting, twin = np.zeros((len(person), 4), int), np.arange(len(person))
    at_rest = shards["kind"] == "neutral"
    for one in np.unique(person):
        own = np.flatnonzero(person == one)
        rest = own[at_rest[own]]
        for row in own:
            others = rest[drawing[rest] != drawing[row]]
            resting[row] = rng.choice(others if len(others) else own, 4)
            alike = own[(drawing[own] == drawing[row]) & (own != row)]
            twin[row] = alike[0] if len(alike) else row
    return resting, twin


def training_set(
    shards: dict[str, np.ndarray], looks: np.ndarray, straying: np.ndarray, geometry: Geometry
) -> TrainingSet:
    """Everything that reading is learned from, in memory; looks: see `all_features`, straying: see TrainingSet."""
    true, tracked = Rotation.from_matrix(shards["turn"]), Rotation.from_matrix(unscaled(shards["pose"]))
    resting, twin = companions(shards)
    pictures = len(twin)
    outputs = as_outputs(shards["values"])
    turned, sign = output_mirror()
    turn = (tracked.inv() * true).as_rotvec().astype(np.float32)
    return TrainingSet(
        torch.from_numpy(all_features(shards, looks, geometry)),
        torch.from_numpy(np.concatenate([outputs, outputs[:, turned] * sign])),
        torch.from_numpy(np.concatenate([turn, turn * np.array([1, -1, -1], np.float32)])),
        torch.from_numpy(np.concatenate([resting, resting + pictures])),
        torch.from_numpy(np.concatenate([twin, twin + pictures])),
        torch.from_numpy(straying),
        pictures,
    )


class Augmenter:
    """Draws batches as other faces and other trackers' moods would give them."""

    def __init__(self, data: TrainingSet, geometry: Geometry, generator: torch.Generator) -> None:
        self._data, self._generator = data, generator
        self._mean = data.seen.mean(0)
        self._template = torch.from_numpy(geometry.template)
        centres = self._template[torch.randperm(LANDMARKS, generator=generator)[:40]]
        near = torch.cdist(self._template, centres)
        self._bumps = torch.exp(-((near / 0.25) ** 2))

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """seen, change, known, outputs, turn for the pictures `rows` or their mirror images, and after all of them for
        their twins, which are the same person's."""
        data, drawn = self._data, len(rows)
        rows = torch.where(self._uniform(drawn) < 0.5, rows, rows + data.pictures)
        others = rows[torch.randperm(drawn, generator=self._generator)].repeat(2)
        known = (self._uniform(drawn, 1) > 0.35).float().repeat(2, 1)
        swapped = (self._uniform(drawn, 1) < OTHER_FACE).repeat(2, 1)
        rows = torch.cat([rows, data.twin[rows]])
        count = len(rows)
        seen, want, turn = data.seen[rows].clone(), data.outputs[rows], data.turn[rows]
        rest = self._neutral(rows)
        # What a face does moves landmarks about alike on another person's face.
        moved = torch.where(swapped, self._neutral(others) - rest, torch.zeros(()))
        seen[:, :CHANGING] += moved
        rest = rest + moved
        faces = torch.stack([seen[:, : 3 * LANDMARKS], rest[:, : 3 * LANDMARKS]], 1).view(count, 2, LANDMARKS, 3)
        faces = self._other_person(faces)
        faces = faces + self._normal(count, 2, LANDMARKS, 3) * (0.004 * self._uniform(count, 1, 1, 1))
        seen[:, : 3 * LANDMARKS] = faces[:, 0].reshape(count, -1)
        rest = torch.cat([faces[:, 1].reshape(count, -1), rest[:, 3 * LANDMARKS :]], 1)
        scores, looks = slice(3 * LANDMARKS, CHANGING - LOOKS), slice(CHANGING - LOOKS, CHANGING)
        bias = self._normal(count, len(SHAPES)) * 0.12
        seen[:, scores] += bias + self._normal(count, len(SHAPES)) * 0.05
        rest[:, scores] += bias
        # A mean of several resting pictures strays less.
        for part, share in ((seen, 0.3), (rest, 0.15)):
            part[:, looks] += share * data.straying[self._rows(count, len(data.straying))]
        change = seen[:, :CHANGING] - rest
        dropped = self._uniform(count, 1) < 0.12
        seen[:, scores] = torch.where(dropped, self._mean[scores], seen[:, scores])
        change[:, scores] = torch.where(dropped, torch.zeros(()), change[:, scores])
        return seen, change, known, want, turn

    def _rows(self, count: int, among: int) -> Tensor:
        return torch.randint(among, (count,), generator=self._generator)

    def _neutral(self, rows: Tensor) -> Tensor:
        """Resting faces of the same people: mostly a mean of several pictures, now and then not quite at rest."""
        data = self._data
        pictures = data.seen[data.resting[rows]][..., :CHANGING]
        some = torch.rand(len(rows), 4, 1, generator=self._generator) ** 3 + 1e-3
        rest = (pictures * some).sum(1) / some.sum(1)
        other = data.seen[rows[torch.randperm(len(rows), generator=self._generator)], :CHANGING]
        share = 0.1 * self._uniform(len(rows), 1) * (self._uniform(len(rows), 1) < 0.3)
        return rest + share * (other - self._mean[:CHANGING])

    def _other_person(self, faces: Tensor) -> Tensor:
        """The same bend of each one's two pictures (…, 2, 478, 3) and its twin's: other proportions, other depths,
        landmarks set elsewhere."""
        count = len(faces)
        half = count // 2
        stretch = torch.eye(3) + self._normal(half, 3, 3).repeat(2, 1, 1) * torch.tensor([0.02, 0.02, 0.06])[:, None]
        faces = faces @ stretch[:, None].transpose(-1, -2)
        bumps = self._bumps @ (self._normal(half, self._bumps.shape[1], 3).repeat(2, 1, 1) * 0.008)
        return faces + bumps[:, None]

    def _uniform(self, *shape: int) -> Tensor:
        return torch.rand(*shape, generator=self._generator)

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self._generator)
