"""The eyes of a face: of which kind each is, what its lids do, and what is said where it cannot move as eyes do."""

from typing import NamedTuple

import numpy as np

from engine.channels import INDEX, SHAPES
from engine.transfer import contacts, drawn_eyes, lids, mesh, parts
from engine.transfer.drawn_eyes import Eye
from engine.transfer.landmarks import NAMED, lid_edges
from engine.transfer.parts import Ball, Parts
from engine.transfer.source import Source

Array = np.ndarray

SIDES = {"Left": 1.0, "Right": -1.0}
_NAMES = tuple(name.removesuffix("Left") for name in SHAPES if name.startswith("eye") and name.endswith("Left"))
"""The shapes of an eye, without their side."""
_NUMBERS = [number for number, name in enumerate(SHAPES) if name.startswith("eye")]
_FALLS = 0.9
"""The upper lid's share of the way to where lids meet about an eyeball."""
_PUSHED = 0.3
"""mm from which other shapes than the eye's move its lids."""
_SHUT = 0.1
"""Share of its width that an eye is open at least; less is closed in the mesh."""


class Skin(NamedTuple):
    """The face. points (n, 3), triangles; lids (n,): 1 on upper and -1 on lower lids, fading to 0; ring (n,): rings of
    the sample from the lids' edges; marks (468, 3). All in the sample's space.
    """

    points: Array
    triangles: Array
    lids: Array
    ring: Array
    marks: Array

    def seam(self, side: str) -> contacts.Seam:
        """The edges of one eye's lids."""
        over = (self.points[:, 0] - self.marks[NAMED["noseBridge"], 0]) * SIDES[side] > 0
        return contacts.Seam(over & (self.lids > 0), over & (self.lids < 0), self.ring, self.points[:, 0])


def move_lids(
    deltas: Array, skin: Skin, points: Array, triangles: Array, found: Parts, source: Source
) -> dict[str, Eye]:
    """Writes what lids do into the skin's deltas (52, n, 3). points (v, 3), triangles: the whole mesh's.

    Returns the eyes, by side, whose lids do not turn about a ball: those drawn over an opening or laid on the skin. An
    opening with nothing in it is noted in `found` as an eye of no vertices.
    """
    drawn: dict[str, Eye] = {}
    for side in SIDES:
        ball, eye = found.balls.get(side), drawn_eyes.opening(skin.points, skin.triangles, skin.marks, side)
        if ball or not eye.closed:
            drawn_eyes.calmed(eye, skin.points, deltas)
        if ball and lids.fits(ball, skin.marks, side):
            _turn(deltas, skin, points, ball, side, source)
            continue
        if ball is None and eye.closed:
            # It is painted on the skin, which is squeezed as if it were a lid.
            blink = deltas[INDEX[f"eyeBlink{side}"]]
            blink += contacts.closed(skin.seam(side), skin.points + blink, _FALLS)
            continue
        if ball is None:
            ball = found.balls[side] = _hollow(eye)
        poses = drawn_eyes.poses(eye, ball.pieces, points, triangles)
        moved = drawn_eyes.lids(eye, skin.points, skin.triangles, poses)
        drawn[side] = drawn_eyes.lifted(eye, skin.points, moved)
        for name, offsets in moved.items():
            deltas[INDEX[name + side]] = 0.0 if eye.closed else offsets
    return drawn


def _hollow(eye: Eye) -> Ball:
    return Ball(
        np.zeros(0, int), (), eye.origin + 0.5 * eye.width * (eye.frame[0] - eye.frame[1]), eye.width / 2, False
    )


def _turn(deltas: Array, skin: Skin, points: Array, ball: Ball, side: str, source: Source) -> None:
    """Lids that slide on an eyeball, meet in a blink and stay outside it."""
    rest, cloud = skin.points, points[ball.vertices]
    normals, seam = mesh.vertex_normals(rest, skin.triangles), skin.seam(side)
    own = np.where(seam.upper | seam.lower, skin.lids, 0.0)
    near = np.flatnonzero((own != 0) & (np.linalg.norm(rest - ball.centre, axis=1) < 2 * ball.radius))
    turns = parts.gaze(ball, side, points, source)
    moved = lids.turned(rest, skin.triangles, own, ball, skin.marks, side)
    for name in _NAMES:
        before = moved[name] if name in moved else np.zeros_like(rest)
        lifted = contacts.outside(rest, normals, before, cloud, ball.centre, near, turns.get(name + side))
        if name == "eyeBlink":
            lifted += contacts.closed(seam, rest + lifted, _FALLS)
            lifted = contacts.outside(rest, normals, lifted, cloud, ball.centre, near)
            met = contacts.closed(seam, rest + lifted, _FALLS)
            lifted += contacts.not_inwards(met, rest + lifted - ball.centre)
        deltas[INDEX[name + side]] = lifted
    # Cheeks and brows push lids too.
    for number in np.setdiff1d(np.flatnonzero(np.abs(deltas[:, near]).max((1, 2)) > _PUSHED), _NUMBERS):
        deltas[number] = contacts.outside(rest, normals, deltas[number], cloud, ball.centre, near)


def unlike(found: Parts, drawn: dict[str, Eye]) -> list[int]:
    """Numbers of the shapes that are not to be made alike on both sides: those of eyes of two kinds, as by a patch."""
    kinds = {(side in found.balls, side in drawn, side in drawn and drawn[side].closed) for side in SIDES}
    return _NUMBERS if len(kinds) > 1 else []


def missing(marks: Array, found: Parts) -> list[str]:
    """Sentences about eyes that cannot move as eyes do, and what to do about it. marks (468, 3): the face's points."""
    notes = []
    for side in SIDES:
        name, (upper, lower), ball = side.lower(), lid_edges(marks, side), found.balls.get(side)
        if np.linalg.norm(upper - lower, axis=1).max() < _SHUT * np.linalg.norm(upper[-1] - upper[0]):
            notes.append(
                f"The {name} eye is shut in the mesh, so its lids barely move. Open it in Edit Mode, then add the "
                "shapes again."
            )
        elif ball is None:
            notes.append(f"The {name} eye is painted on the skin: eyeBlink squeezes it, and it cannot look about.")
        elif not len(ball.vertices):
            notes.append(
                f"No {name} eyeball was found: eyeLook moves only the lids there. If the eyes are objects of their "
                "own, parent them to the head or its armature first."
            )
    return notes
