"""The named points of a face: what they are called, and which points of MediaPipe's face mesh they are."""

import tomllib
from pathlib import Path
from typing import Any, Final

import numpy as np

from engine.errors import FaceMimicError
from engine.transfer.source import load_source

COUNT: Final = 468
_DATA: dict[str, Any] = tomllib.loads((Path(__file__).parent / "landmarks.toml").read_text("utf-8"))
NAMED: Final[dict[str, int]] = _DATA["named"]
CONTOURS: Final[dict[str, list[int]]] = _DATA["contours"]


def trusted() -> tuple[np.ndarray, np.ndarray]:
    """The points that the first fit uses, int (n,), and how far each may be missed, mm (n,)."""
    trust = _DATA["trust"]
    reach = dict.fromkeys(trust["coarse_points"], trust["coarse"])
    reach |= dict.fromkeys(NAMED.values(), trust["coarse"])
    reach |= dict.fromkeys(trust["detail_points"], trust["detail"])
    for run in CONTOURS.values():
        reach |= dict.fromkeys(run, trust["detail"])
    for number in trust["coarse_points"]:
        reach[number] = trust["coarse"]
    return np.array(list(reach)), np.array(list(reach.values()), float)


def lid_edges(points: np.ndarray, side: str, count: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """The edges of the upper and the lower lid from the inner corner outwards, (count, 3) each, evenly spaced.

    points (468, 3). side: "Left" or "Right".
    """

    def dense(run: list[int]) -> np.ndarray:
        line = points[run]
        length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(line, axis=0), axis=1))])
        at = np.linspace(0, length[-1], count)
        return np.stack([np.interp(at, length, axis) for axis in line.T], 1)

    return dense(CONTOURS[f"lidUpper{side}"]), dense(CONTOURS[f"lidLower{side}"])


def lips_closed(points: np.ndarray) -> np.ndarray:
    """The points (468, 3) with the inner edges of both lips on the line between them.

    A drawing does not show which lip a closed mouth's line belongs to, and a smooth map cannot part what touches.
    """
    out = points.copy()
    upper, lower = CONTOURS["lipUpperInner"], CONTOURS["lipLowerInner"]
    out[upper] = out[lower] = (points[upper] + points[lower]) / 2
    return out


def guessed(points: np.ndarray) -> dict[str, np.ndarray]:
    """Where the named points might lie on a mesh (v, 3) on which no face is seen: a start for placing them by hand.

    The mesh is taken to stand upright, its head on top, and to look along -y.
    """
    sample = load_source()
    head = sample.points[sample.points[:, 2] > sample.landmarks[NAMED["chin"], 2]]
    low, high = points.min(0), points.max(0)
    own = np.ptp(head, axis=0)
    tall = min(high[2] - low[2], (high[0] - low[0]) * own[2] / own[0] * 1.3)
    crown = points[points[:, 2] > high[2] - tall]
    scale = tall / own[2]
    middle = (crown.min(0) + crown.max(0)) / 2
    corner = np.array([middle[0], crown[:, 1].min(), high[2]])
    origin = np.array([0.0, head[:, 1].min(), head[:, 2].max()])
    return {name: (sample.landmarks[number] - origin) * scale + corner for name, number in NAMED.items()}


def checked(given: Any) -> dict[str, np.ndarray]:
    """Named points from a message: {name: [x, y, z]}. Raises FaceMimicError for unknown names and non-numbers."""
    if not isinstance(given, dict):
        raise FaceMimicError("Landmarks must be a table of names and positions.")
    points: dict[str, np.ndarray] = {}
    for name, value in given.items():
        if name not in NAMED:
            raise FaceMimicError(f"There is no landmark “{name}”. Landmarks are {', '.join(NAMED)}.")
        try:
            point = np.array(value, float)
        except (TypeError, ValueError) as error:
            raise FaceMimicError(f"The landmark “{name}” is no position of three numbers.") from error
        if point.shape != (3,) or not np.isfinite(point).all():
            raise FaceMimicError(f"The landmark “{name}” is no position of three numbers.")
        points[name] = point
    return points
