"""Pictures of people with known channels, as the landmarker sees them; kept as npz shards that training reads.

One shard holds some people, each with a few resting faces first. Everything follows from the shard's number, and
people of test shards never occur in training.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.train.decoder.expressions import LEARNED, SHARES, Expressions
from engine.train.decoder.head import Head
from engine.train.decoder.look import Look, draw_look
from engine.train.decoder.observe import Observer, Seen
from engine.train.decoder.picture import composed, draw_wear, worn
from engine.train.decoder.points import followed, placed
from engine.train.decoder.renderer import Renderer
from engine.train.decoder.scene import Scene, draw_angles, draw_scene

PEOPLE = 8
RESTING = 4
EACH = 28
"""People in a shard; how many of each one's pictures show them at rest; all of each one's pictures."""
DRAWN = 384
TEST_SEED = 1_000_000
"""Shards from this number on are for testing."""


@dataclass(frozen=True)
class Person:
    """neutral: the head's vertices at rest; raiser: see Head.posed."""

    neutral: np.ndarray
    look: Look
    raiser: float


@dataclass(frozen=True)
class Taken:
    """One picture with what it shows: channels (55,) with the head's true angles, its kind, and how it was seen.
    drawing: a number that pictures share which another camera and codec have made of the same drawing. points: float32
    (points, 2), where those of points.py are in the picture, shares across and down."""

    values: np.ndarray
    turn: np.ndarray
    kind: str
    person: int
    drawing: int
    size: tuple[int, int]
    points: np.ndarray
    seen: Seen


class Studio:
    """Draws people and takes their pictures."""

    def __init__(self, rigs: Path, landmarker: Path) -> None:
        """rigs: the folder of the morphable head. landmarker: MediaPipe's bundle."""
        self.head = Head(rigs)
        self._renderer = Renderer(self.head, (DRAWN, DRAWN))
        self.observer = Observer(landmarker)
        self._followed = np.concatenate(followed(self.head))

    def person(self, rng: np.random.Generator) -> Person:
        """Someone new."""
        coefficients = np.clip(rng.normal(0, rng.uniform(0.5, 1.05), 100), -2.5, 2.5)
        raiser = rng.uniform(0, 0.5) if rng.random() < 0.5 else 0.0
        return Person(self.head.person(coefficients), draw_look(rng, self.head.brow), raiser)

    def picture(
        self,
        rng: np.random.Generator,
        person: Person,
        values: np.ndarray,
        scene: Scene,
        *,
        lids: float = 1.0,
        hand: bool = False,
    ) -> np.ndarray:
        """The person showing `values` (55,) in a scene, uint8 (DRAWN, DRAWN, 3), before a camera wears it down."""
        points = self.head.posed(person.neutral, values, lids, person.raiser)
        drawn = self._renderer.draw(
            self.head.surface(points),
            self.head.lashes(points, values, person.look.lashes),
            scene.camera,
            scene.view,
            {**person.look.paint, **scene.lights, "opening": self.head.opening(points)},
        )
        return composed(rng, drawn, self.head, points, person.look, scene, hand)

    def take(
        self,
        rng: np.random.Generator,
        person: Person,
        number: int,
        values: np.ndarray,
        kind: str,
        session: int | None = None,
        drawing: int = 0,
        twin: np.random.Generator | None = None,
    ) -> list[Taken]:
        """A picture as the landmarker sees it; nothing where it finds no face.

        session: chooses light, lens, background and the camera's faults, as they stay within a video; None draws
        them anew. drawing: see Taken. twin: where given, it draws another camera's faults for a second picture of
        the same drawing.
        """
        angles = draw_angles(rng)
        setting = rng if session is None else np.random.default_rng([22, session])
        scene = draw_scene(setting, angles)
        lids = 1.0 if rng.random() < 0.6 else rng.uniform(0.2, 1.2)
        drawn = self.picture(setting, person, values, scene, lids=lids, hand=rng.random() < 0.04)
        vertices = self.head.posed(person.neutral, values, lids, person.raiser)
        points = placed(vertices[self._followed], scene)
        pictures = [worn(drawn, draw_wear(setting), rng)]
        if twin is not None:
            pictures.append(worn(drawn, draw_wear(twin), twin))
        values = values.copy()
        values[52:] = scene.angles
        taken = []
        for picture in pictures:
            seen = self.observer.look(picture)
            if seen is not None:
                size = picture.shape[1], picture.shape[0]
                taken.append(Taken(values, scene.turn, kind, number, drawing, size, points, seen))
        return taken


def shard(studio: Studio, number: int, sessions: bool = False) -> Iterator[Taken]:
    """The pictures of one shard; training's when `number` is below TEST_SEED, else testing's.

    sessions: all pictures of a person are of one video, else each has its own light, lens and faults. In training
    every second person is in one video anyway, and each drawing is seen twice.
    """
    rng = np.random.default_rng([20, number])
    testing = number >= TEST_SEED
    expressions = Expressions(rng, SHARES if testing else LEARNED)
    for index in range(PEOPLE):
        person = studio.person(rng)
        who = number * PEOPLE + index
        session = who if sessions or (not testing and index % 2) else None
        for count in range(EACH):
            if count < RESTING:
                values, kind = expressions.draw("neutral")
            elif testing and rng.random() < 0.4:
                values, kind = expressions.draw("reserved")
            else:
                values, kind = expressions.draw()
            twin = None if testing else np.random.default_rng([23, who, count])
            yield from studio.take(rng, person, who, values, kind, session, who * EACH + count, twin)


def save_shard(taken: list[Taken], path: Path) -> None:
    """Writes pictures' numbers as npz, whole or not at all."""
    part = path.with_suffix(".part.npz")
    np.savez_compressed(
        part,
        values=np.array([one.values for one in taken], np.float32),
        turn=np.array([one.turn for one in taken], np.float32),
        kind=np.array([one.kind for one in taken]),
        person=np.array([one.person for one in taken]),
        drawing=np.array([one.drawing for one in taken]),
        size=np.array([one.size for one in taken], np.int32),
        landmarks=np.array([one.seen.landmarks for one in taken], np.float32),
        logits=np.array([one.seen.logits for one in taken], np.float32),
        pose=np.array([one.seen.pose for one in taken], np.float32),
        points=np.array([one.points for one in taken], np.float32),
        crops=np.array([one.seen.crops for one in taken], np.uint8),
    )
    part.replace(path)


def load_shards(folder: Path, kind: str) -> dict[str, np.ndarray]:
    """All pictures of a folder's shards of a kind (see render.py), by the names that save_shard gives them."""
    paths = [path for path in sorted(folder.glob(f"{kind}_*.npz")) if ".part" not in path.name]
    if not paths:
        raise FileNotFoundError(f"There are no {kind} shards in {folder}; render them first.")
    rows = []
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            rows.append({name: file[name] for name in file.files})
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
