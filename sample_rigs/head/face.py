"""The face's mesh: the placed cage, mirrored and painted, and what its vertices are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from . import cage as topo
from . import place
from .part import Array, Part

SKIN = np.array([0.64, 0.345, 0.215])
BLUSH = np.array([0.63, 0.205, 0.13])
LIPS = np.array([0.50, 0.150, 0.125])
HAIR_ROOTS = np.array([0.052, 0.014, 0.007])
INNER = np.array([0.36, 0.085, 0.075])


@dataclass
class Face:
    """The face part with the labels its shapes need, each one value for every vertex."""

    part: Part
    partner: Array  # the vertex on the other side
    mouth_ring: Array  # ring around the mouth, 0 far .. 18 the bag's end, -1 elsewhere
    mouth_s: Array  # 0 at the midline .. 1 at the corner
    mouth_side: Array  # +1 upper lip, -1 lower lip, 0 corner or elsewhere
    eye_ring: Array  # ring around an eye, 0 far .. 14 the socket's end, -1 elsewhere
    hidden: Array  # inside the mouth, an eye socket or a nostril

    @property
    def points(self) -> Array:
        return self.part.points

    def mirror(self, offsets: Array) -> Array:
        """The same offsets on the other side of the face."""
        return offsets[self.partner] * np.array([-1.0, 1.0, 1.0])

    def even(self, offsets: Array) -> Array:
        """Offsets made exactly alike on both sides."""
        return (offsets + self.mirror(offsets)) / 2


def _labels(cage: topo.Cage) -> dict[str, Array]:
    n = len(cage.index)
    out = {k: np.zeros(n) for k in ("s", "side")}
    out |= {"mouth": np.full(n, -1), "eye": np.full(n, -1), "hidden": np.zeros(n, bool)}
    s, side = place.lip_frame()
    for ring in range(topo.MOUTH.rings + 1):
        idx = cage.ring(topo.MOUTH, ring)
        out["mouth"][idx], out["s"][idx], out["side"][idx] = ring, s, side
    for ring in range(topo.EYE.rings + 1):
        out["eye"][cage.ring(topo.EYE, ring)] = ring
    for key, v in cage.index.items():
        if key[0] == "mouth patch":
            out["mouth"][v] = topo.MOUTH.rings + 1
            middle = (topo.MOUTH.j0 + topo.MOUTH.j1) / 2
            out["side"][v] = (key[2] - middle) / (middle - topo.MOUTH.j0)
        if key[0] == "eye patch":
            out["eye"][v] = topo.EYE.rings + 1
        if key[0] in ("nostril", "nostril patch") and (key[0] != "nostril" or key[1] > 2):
            out["hidden"][v] = True
    out["hidden"] |= (out["mouth"] > 11) | (out["eye"] > place.LID_INNER)
    return out


def _spot(p: Array, centre: tuple, radii: tuple) -> Array:
    q = (np.abs(p[:, :1]), p[:, 1:2], p[:, 2:])
    d = sum(((a[:, 0] - c) / r) ** 2 for a, c, r in zip(q, centre, radii, strict=True))
    return np.exp(-d)


def _paint(p: Array, label: dict[str, Array], keys: list, source: Array) -> Array:
    def lay(colour: Array, over: Array, amount: Array) -> Array:
        return colour * (1 - amount[:, None]) + over * amount[:, None]

    colour = np.tile(SKIN, (len(p), 1))
    colour = lay(colour, BLUSH, 0.62 * _spot(p, (42, -12, -34), (24, 40, 17)))
    colour = lay(colour, BLUSH, 0.55 * _spot(p, (0, -56, -40), (15, 14, 11)))
    colour = lay(colour, BLUSH, 0.45 * _spot(p, (84, 76, -8), (10, 24, 40)))
    colour = lay(colour, BLUSH, 0.35 * _spot(p, (0, -36, -93), (18, 20, 10)))
    # The scalp is dyed like the hair's roots, so that nothing pale shows between the locks.
    hairline = np.interp(p[:, 1], [-40, 0, 30, 60, 110, 150], [92, 84, 45, 20, -60, -70])
    colour = lay(colour, HAIR_ROOTS, np.clip((p[:, 2] - hairline) / 8, 0, 1) * (np.abs(p[:, 0]) < 90))
    eye, mouth = label["eye"][source], label["mouth"][source]
    rim = np.interp(eye, [3, 6, 8, 9], [0.0, 0.22, 0.5, 0.75], left=0.0) * (eye >= 0)
    colour = lay(colour, np.array([0.40, 0.13, 0.09]), rim)
    fold = np.interp(eye, [4, 5, 6], [0.0, 0.42, 0.0], left=0.0, right=0.0) * np.clip((p[:, 2] - 2) / 6, 0, 1)
    colour = lay(colour, np.array([0.34, 0.13, 0.08]), fold)
    lips = np.interp(mouth, [5, 5.9, 6, 7, 10, 12], [0.0, 0.12, 0.55, 1.0, 1.0, 1.0]) * (mouth >= 0)
    colour = lay(colour, LIPS, lips)
    inside = np.interp(mouth, [10, 11, 13], [0.0, 0.35, 1.0]) * (mouth >= 0)
    colour = lay(colour, INNER, inside)
    depth = {"nostril patch": lambda k: 1.0, "nostril": lambda k: (0, 0, 0.25, 0.75, 1.0)[k[1]]}
    nostril = np.array([depth.get(k[0], lambda k: 0.0)(k) for k in keys])
    return lay(colour, np.array([0.10, 0.02, 0.018]), nostril[source])


def build() -> Face:
    cage = topo.build()
    half = place.place(cage)
    points, quads, source, partner = topo.mirror(cage, half)
    label = _labels(cage)
    colour = _paint(points, label, cage.keys(), source)
    mouth = label["mouth"][source]
    inner = (mouth[quads] >= 12).all(1).astype(int)
    part = Part("Nova Face", points, quads, colour, ["Nova Skin", "Nova Mouth Lining"], inner)
    eye = label["eye"][source]
    left = points[:, 0] > 0
    for side, mask in (("Left", left), ("Right", ~left)):
        part.groups[f"lid {side}"] = np.flatnonzero((eye >= 4) & (eye <= place.LID_MARGIN) & mask)
        part.groups[f"lid edge {side}"] = np.flatnonzero((eye == place.LID_MARGIN) & mask)
    for name, sign in (("upper", 1), ("lower", -1)):
        at_contact = (mouth == place.LIP_CONTACT) & (label["side"][source] == sign)
        part.groups[f"lip line {name}"] = np.flatnonzero(at_contact)
    s, side, hidden = (label[k][source] for k in ("s", "side", "hidden"))
    return Face(part, partner, mouth, s, side, eye, hidden)
