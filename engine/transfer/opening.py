"""How a mouth opens and shuts: its lips' edges, the lining behind them and the jaw, for one face."""

from typing import NamedTuple

import numpy as np

from engine.channels import INDEX, SHAPES
from engine.transfer import jaw, lips, mouth
from engine.transfer.mouth import Mouth
from engine.transfer.relief import Relief, Slide
from engine.transfer.source import Source
from engine.transfer.warp import Warp

Array = np.ndarray

_WIDEST = 0.75
"""Share of its length by which a mouth opens at most."""
_LOOSE, _HELD = 0.3, 100.0
"""How much the lining is held to where it is told to go, and the lips' edges; other skin up to 1."""
_DEEP = 20.0
"""mm behind the lips up to which the lining of the mouth goes with the lips; from twice as far it does not."""


class Opening(NamedTuple):
    """The sample's mouth `own`; another face's skin, points (n, 3) and triangles, and the edges of its lips, if any."""

    source: Source
    own: Mouth
    points: Array
    triangles: Array
    edges: Mouth | None

    @classmethod
    def of(cls, source: Source, points: Array, triangles: Array, marks: Array) -> "Opening":
        """Looks for the lips' edges around marks (468, 3)."""
        return cls(source, mouth.of_source(source), points, triangles, mouth.find(points, triangles, marks))

    def slide(self, sides: Array, registered: Array) -> Slide | None:
        """What lips slide over. sides (v,): of the sample's lips; registered (v, 3): where it lies on this face."""
        if self.edges is None:
            return None
        seen, middle = ~self.source.hidden, self.own.lower.vertices
        reliefs = (
            Relief(at, self.source.triangles, at[middle].mean(0), seen) for at in (self.source.points, registered)
        )
        return Slide(np.abs(sides), self._wider(self.edges), *reliefs)

    def part(self, values: Array, deltas: Array, weight: Array, to: Warp) -> tuple[dict[str, float], Array]:
        """Writes into deltas (53, n, 3) and weight (n,) what the lips' edges and the lining behind them do.

        values (53, v, 3): what the sample's vertices do here, as `carried` tells in transport.py; to: a map of
        its space to this one. Returns the share of each of the jaw's motions that suits the mouth, and the vertices of
        its lining.
        """
        opens, seal = INDEX[jaw.OPENS], INDEX[jaw.SEAL]
        if self.edges is None:
            # The jaw of a mouth that cannot open drops below lips that stay shut.
            deltas[opens] += deltas[-1]
            deltas[[seal, -1]] = 0.0
            return dict.fromkeys(self.source.jaw, 1.0), np.zeros(0, int)
        told = lips.Edges.of(self.own, values)
        told.shut([shape for shape in lips.stay_shut(self.source, self.own) if SHAPES[shape] not in self.source.jaw])
        # ARKit's mouthClose seals the lips at the same value of jawOpen: together they keep them as they rest.
        told.sealed(len(SHAPES), opens)
        told.shut([seal])
        inner = lips.lining(self.points, self.triangles, self.edges)
        # What lines the lips goes with the skin before it; further back there is only the skull and the jaw.
        deep = np.clip(inner.away / _DEEP - 1.0, 0.0, 1.0)[:, None]
        deltas[:, inner.vertices] = (1 - deep) * deltas[:, inner.before]
        for name in self.source.jaw:
            deltas[INDEX[name], inner.vertices] += deep * inner.below[:, None]
        weight[inner.vertices] = _LOOSE
        told.onto(self.edges, deltas)
        weight[self.edges.vertices] = _HELD
        strengths = dict.fromkeys(self.source.jaw, min(1.0, self._wider(self.edges)))
        return strengths | {jaw.OPENS: self._strength(told, to)}, inner.vertices

    def _wider(self, edges: Mouth) -> float:
        return edges.wide(self.points) / self.own.wide(self.source.points)

    def _strength(self, told: lips.Edges, to: Warp) -> float:
        """The share of jawOpen at which a small mouth in a large face is not torn open wider than it is long."""
        if self.edges is None:
            return 1.0
        opens, middle = INDEX[jaw.OPENS], self.points[self.edges.lower.vertices].mean(0)
        falls = abs(float(jaw.offsets(jaw.moved(self.source, jaw.OPENS, to), middle[None])[0, 2]))
        parted = float(np.abs(told.lower[opens, :, 0] - told.upper[opens, :, 0]).max())
        return min(1.0, _WIDEST * self.edges.wide(self.points) / max(parted * falls, 1e-9))

    def posed(self, deltas: Array, jaws: dict[str, Array]) -> Array:
        """Offsets (52, n, 3) from deltas (53, n, 3) whose jaw shapes are shares of the jaw's rigid motions (3, 4)."""
        moved = {name: jaw.offsets(motion, self.points) for name, motion in jaws.items()}
        for name, offsets in moved.items():
            deltas[INDEX[name]] *= offsets
        deltas[INDEX[jaw.SEAL]] += deltas[-1] * moved[jaw.OPENS]
        return deltas[:-1]
