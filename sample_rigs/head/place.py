"""Places the cage: features are pinned where anatomy says, the rest relaxes on the sculpt between them."""

from __future__ import annotations

import numpy as np

from . import anatomy as an
from . import cage as topo
from .sculpt import Sculpt

Array = np.ndarray

LID_FIRST, LID_MARGIN, LID_INNER = 4, 8, 9  # eye rings: where the lid starts, its edge, its wet edge
LIP_BORDER, LIP_CONTACT = 6, 10  # mouth rings: border of the red, line where the lips meet
LID_FOLD = {5: 1.0, 4: -0.2}  # mm inwards
LID_STEPS = {8: 0.0, 7: 1.3, 6: 2.9, 5: 4.7, 4: 6.9}


def resample(curve: Array, count: int) -> Array:
    """`count` points evenly spaced along a polyline, ends included."""
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(curve, axis=0), axis=1))])
    at = np.linspace(0.0, length[-1], count)
    return np.stack([np.interp(at, length, curve[:, c]) for c in range(curve.shape[1])], axis=1)


def lid_curve(upper: bool, count: int) -> Array:
    """The lid's edge from inner to outer corner, seen from the front: (count, 2), relative to the eye."""
    s = np.linspace(0.0, 1.0, 200)
    chord = an.INNER_CANTHUS + s[:, None] * (an.OUTER_CANTHUS - an.INNER_CANTHUS)
    if upper:
        # The peak sits a little towards the nose, the lower lid's deepest point towards the temple.
        arch = np.sin(np.pi * s**0.86) ** 0.74
        return resample(chord + np.stack([0 * s, an.LID_UPPER * arch], 1), count)
    arch = np.sin(np.pi * s**1.22) ** 0.84
    return resample(chord - np.stack([0 * s, an.LID_LOWER * arch], 1), count)


def eye_margin() -> Array:
    """The lid margin as one closed loop in the order of the eye's rings: (48, 2)."""
    path = topo.EYE.perimeter()
    cells_h, cells_v = topo.EYE.i1 - topo.EYE.i0, topo.EYE.j1 - topo.EYE.j0
    outer = cells_h + cells_v // 2
    inner = 2 * cells_h + cells_v + cells_v // 2
    half = inner - outer
    loop = np.zeros((len(path), 2))
    upper, lower = lid_curve(True, half + 1), lid_curve(False, half + 1)
    for n in range(half + 1):
        loop[(inner - n) % len(path)] = upper[n]
        loop[(inner + n) % len(path)] = lower[n]
    return loop


def _face_with_lids() -> Sculpt:
    shell = an.EYE_RADIUS + an.LID_THICKNESS
    lids = {"name": "lids", "centre": an.EYE_CENTRE.tolist(), "radii": [shell] * 3, "blend": 5.0}
    return Sculpt(extra=[lids])


def _place_eye(cage: topo.Cage, at: Array, sculpt: Sculpt) -> None:
    margin = eye_margin()
    span = np.abs(margin).max(0)
    slope = (an.OUTER_CANTHUS - an.INNER_CANTHUS)[1] / (an.OUTER_CANTHUS - an.INNER_CANTHUS)[0]
    level = margin[:, 1] - an.INNER_CANTHUS[1] - slope * (margin[:, 0] - an.INNER_CANTHUS[0])
    normal = np.stack([margin[:, 0] / (span[0] ** 2 * 0.8), level / span[1] ** 2], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    normal[:, 0] *= np.where(normal[:, 0] > 0, 0.5, 0.7)
    for ring, out in LID_STEPS.items():
        flat = margin + normal * out
        for _ in range(2 * (LID_MARGIN - ring)):
            flat += 0.25 * (np.roll(flat, 1, 0) + np.roll(flat, -1, 0) - 2 * flat)
        xz = flat + an.EYE_CENTRE[[0, 2]]
        y = sculpt.front(xz[:, 0], xz[:, 1])
        # The upper lid folds where it slips under the brow.
        y += LID_FOLD.get(ring, 0.0) * np.clip(level / span[1], 0, 1)
        at[cage.ring(topo.EYE, ring)] = np.stack([xz[:, 0], y, xz[:, 1]], axis=1)
    # The margin lies on the shell around the eyeball; behind it the lid turns in and lines the socket.
    centre, r = an.EYE_CENTRE, an.EYE_RADIUS
    flat3 = np.stack([margin[:, 0], -np.sqrt(r * r - (margin**2).sum(1)), margin[:, 1]], axis=1)
    edge = flat3 / r
    for ring, shell in ((LID_MARGIN, r + an.LID_THICKNESS * 0.9), (LID_INNER, r + 0.35)):
        y = -np.sqrt(shell**2 - (margin**2).sum(1))
        at[cage.ring(topo.EYE, ring)] = centre + np.stack([margin[:, 0], y, margin[:, 1]], axis=1)
    angle = np.arccos(np.clip(-edge[:, 1], -1, 1))
    around = edge[:, [0, 2]] / np.linalg.norm(edge[:, [0, 2]], axis=1, keepdims=True)
    for ring, share in ((10, 0.35), (11, 0.75)):
        a = angle + (np.radians(84) - angle) * share
        d = np.stack([around[:, 0] * np.sin(a), -np.cos(a), around[:, 1] * np.sin(a)], axis=1)
        at[cage.ring(topo.EYE, ring)] = centre + d * (r - 0.4 - 4.0 * share)
    for ring, depth, width in ((12, 10.0, r * 0.72), (13, r * 0.9, r * 0.5)):
        d = np.stack([around[:, 0] * width, np.full(len(angle), depth), around[:, 1] * width], axis=1)
        at[cage.ring(topo.EYE, ring)] = centre + d


def lip_frame() -> tuple[Array, Array]:
    """For each step around the mouth: s (0 midline .. 1 corner) and side (+1 upper, -1 lower, 0 corner)."""
    n = len(topo.MOUTH.perimeter())
    k = np.arange(n)
    half = (n - 1) // 2
    s = 1.0 - np.abs(k - half) / half
    s = np.where(k == half, 1.0, np.where(k < half, k / half, (n - 1 - k) / half))
    return s, np.sign(k - half).astype(float)


def _place_mouth(cage: topo.Cage, at: Array, sculpt: Sculpt) -> None:
    s, side = lip_frame()
    up = side > 0
    x = an.MOUTH_WIDTH * (1.14 * s - 0.14 * s * s)
    line = an.MOUTH_HEIGHT + 0.9 * s**2 + 0.7 * s**4
    line += 0.5 * np.exp(-(((s - 0.5) / 0.25) ** 2)) - 1.0 * np.exp(-((s / 0.28) ** 2))
    taper = np.clip(1 - s**2.2, 0, 1) ** 0.9
    bow = 1.0 - 0.14 * np.exp(-((s / 0.12) ** 2)) + 0.06 * np.exp(-(((s - 0.26) / 0.14) ** 2))
    border = np.where(up, line + an.LIP_UPPER * taper * bow, line - an.LIP_LOWER * np.clip(1 - s**2.4, 0, 1))
    bulge = an.LIP_BULGE * np.sqrt(np.clip(1 - s**2, 0, 1)) * np.where(up, 0.85, 0.86) + 0.3
    tip = np.zeros_like(s)
    for n, ring in enumerate(range(LIP_BORDER, LIP_CONTACT + 1)):
        t = n / (LIP_CONTACT - LIP_BORDER)
        z = border + (line - border) * t**0.9 + side * 0.12 * t
        surface = sculpt.front(x, z)
        out = bulge * (0.12 + 0.95 * np.sin(np.pi * (0.04 + 0.78 * t)))
        y = surface - np.where(np.abs(side) > 0, out, 0.3)
        # The rings fan out at the corner instead of meeting in one point.
        fan = (1 - t) * 1.1 * s**6
        at[cage.ring(topo.MOUTH, ring)] = np.stack([x + fan, y + 0.4 * fan, z], axis=1)
        tip = y
    inner = ((11, 2.4, -0.3, 1.0), (12, 4.8, 1.4, 1.0), (13, 7.2, 7.8, 1.05), (14, 16.0, 13.0, 1.22))
    for ring, back, open_, wide in inner:
        z = line + side * open_ * np.where(np.abs(side) > 0, np.clip(1 - s**3, 0.0, 1), 0)
        y = np.where(ring < 14, tip + back * (1 - 0.3 * s), tip + back - 6 * (1 - s))
        at[cage.ring(topo.MOUTH, ring)] = np.stack([x * wide, y, z], axis=1)
    for ring, y, height, wide in ((15, -8.0, 17.0, 30.0), (16, 14.0, 18.0, 30.0), (17, 30.0, 13.0, 24.0)):
        a = np.pi * (np.arange(len(s)) / (len(s) - 1) - 0.5)
        z = an.MOUTH_HEIGHT + height * np.sin(a)
        at[cage.ring(topo.MOUTH, ring)] = np.stack([wide * np.cos(a), np.full_like(s, y), z], axis=1)


def _place_nostril(cage: topo.Cage, at: Array, sculpt: Sculpt) -> None:
    corners = np.array(topo.NOSTRIL.perimeter(), float)
    mid = np.array([(topo.NOSTRIL.i0 + topo.NOSTRIL.i1) / 2, (topo.NOSTRIL.j0 + topo.NOSTRIL.j1) / 2])
    a = np.arctan2(*(corners - mid).T[::-1])
    rx, ry = an.NOSTRIL_RADII
    rim = an.NOSTRIL + np.stack([rx * np.cos(a) + 0.5 * np.sin(a), -ry * np.sin(a), 0 * a], axis=1)
    rim = sculpt.project(rim)
    at[cage.ring(topo.NOSTRIL, 2)] = rim
    centre = rim.mean(0)
    for ring, scale, up in ((3, 0.82, 1.2), (4, 0.6, 4.5)):
        at[cage.ring(topo.NOSTRIL, ring)] = centre + (rim - centre) * scale + np.array([0.4, 1.0, 1.0]) * up


def _place_ear(cage: topo.Cage, at: Array, sculpt: Sculpt) -> None:
    n = len(topo.EAR.perimeter())
    corners = np.array(topo.EAR.perimeter(), float)
    mid = np.array([(topo.EAR.i0 + topo.EAR.i1) / 2, (topo.EAR.j0 + topo.EAR.j1) / 2])
    a = np.arctan2((corners[:, 1] - mid[1]) / 5.5, (corners[:, 0] - mid[0]) / 3.0)
    a = np.unwrap(a)
    a = 0.35 * a + 0.65 * (a[0] + np.arange(n) * 2 * np.pi / n)
    back, up = np.cos(a), np.sin(a)
    depth, height = an.EAR_RADII
    width = depth * (1.0 + 0.18 * up - 0.12 * np.clip(-up, 0, 1) ** 2)
    tilt = np.radians(14)
    rearness = 0.5 + 0.5 * back
    rings = (
        (1, 0.74, 0.0),
        (2, 0.74, 5.0),
        (3, 0.97, 11.0),
        (4, 1.02, 13.5),
        (5, 0.96, 14.8),
        (6, 0.86, 13.0),
        (7, 0.72, 8.5),
        (8, 0.58, 9.5),
        (9, 0.40, 5.5),
    )
    for ring, scale, out in rings:
        # In front the ear grows out of the cheek; only its rear stands off over a neck.
        near = 0.74 + (scale - 0.74) * (0.25 + 0.75 * rearness) if 1 < ring < 6 else scale
        b, u = width * back * near, height * up * (near if ring == 1 else 0.5 * (near + scale))
        b = b + np.where(ring == 1, -2.0, 0.0)
        y = an.EAR_CENTRE[1] + b * np.cos(tilt) + u * np.sin(tilt)
        z = an.EAR_CENTRE[2] + u * np.cos(tilt) - b * np.sin(tilt)
        skin = sculpt.march(np.stack([0 * y, y, z], 1), np.array([[1.0, 0.0, 0.0]]), far=140.0)
        lift = out * (0.15 + 0.75 * rearness**0.8) * (0.9 + 0.15 * up)
        skin[:, 0] += lift if ring > 1 else 0.0
        at[cage.ring(topo.EAR, ring)] = skin


def _coons(cage: topo.Cage, o: topo.Opening, at: Array, push: Array) -> None:
    """Fills an opening's closing patch between its last ring, pushed inwards in the middle."""
    last = {c: at[i] for c, i in zip(o.perimeter(), cage.ring(o, o.rings), strict=True)}
    if o.open_path:
        for j in range(o.j0, o.j1 + 1):
            t = (j - o.j0) / (o.j1 - o.j0)
            a, b = last[(0, o.j0)], last[(0, o.j1)]
            last[(0, j)] = a + (b - a) * t
            key = (o.name + " patch", 0, j)
            if key in cage.index:
                at[cage.index[key]] = last[(0, j)] + push * (4 * t * (1 - t))
    for i in range(o.i0 + (0 if o.open_path else 1), o.i1):
        for j in range(o.j0 + 1, o.j1):
            if (o.name + " patch", i, j) not in cage.index:
                continue
            u, v = (i - o.i0) / (o.i1 - o.i0), (j - o.j0) / (o.j1 - o.j0)
            p = (1 - u) * last[(o.i0, j)] + u * last[(o.i1, j)]
            p += (1 - v) * last[(i, o.j0)] + v * last[(i, o.j1)]
            p -= (1 - u) * (1 - v) * last[(o.i0, o.j0)] + u * (1 - v) * last[(o.i1, o.j0)]
            p -= (1 - u) * v * last[(o.i0, o.j1)] + u * v * last[(o.i1, o.j1)]
            bulge = (4 * v * (1 - v)) * (4 * u * (1 - u) if not o.open_path else 1 - u * u)
            at[cage.index[(o.name + " patch", i, j)]] = p + push * bulge


def _place_grid(cage: topo.Cage, at: Array, sculpt: Sculpt) -> None:
    azimuth = np.interp(np.arange(topo.COLUMNS + 1), [0, 4, 18, 24, 30, 42], [0, 9, 66, 86, 112, 180])
    height = np.interp(np.arange(topo.ROWS + 1), [0, 8, 14, 26, 34, 44, 54], [-185, -120, -86.5, -44.5, -23, 27, 92])
    rows = []
    for key, v in cage.index.items():
        if key[0] == "g":
            rows.append((v, np.radians(azimuth[key[1]]), height[key[2]]))
    idx = np.array([r[0] for r in rows])
    a, z = np.array([r[1] for r in rows]), np.array([r[2] for r in rows])
    origin = np.stack([0 * z, np.interp(z, [-120, -90], [60.0, 50.0]), z], axis=1)
    at[idx] = sculpt.march(origin, np.stack([np.sin(a), -np.cos(a), 0 * a], axis=1))
    top_a, top_b = topo.TOP_FRONT, topo.COLUMNS - 2 * topo.TOP_FRONT
    for key, v in cage.index.items():
        if key[0] == "top":
            u, w = key[1] / top_a, key[2] / top_b
            at[v] = (u * 50.0, 70.0 + (w - 0.5) * 110.0, 130.0)
    tops = [v for k, v in cage.index.items() if k[0] == "top"]
    at[tops] = sculpt.project(at[tops], steps=6)


def place(cage: topo.Cage) -> Array:
    """Positions (n, 3) in mm of the half cage's vertices."""
    sculpt, bare = _face_with_lids(), Sculpt()
    n = len(cage.index)
    at = np.zeros((n, 3))
    free = np.zeros(n, bool)
    _place_grid(cage, at, bare)
    for key, v in cage.index.items():
        free[v] = key[0] in ("g", "top") and not (key[0] == "g" and key[2] == 0)
    _place_eye(cage, at, sculpt)
    _place_mouth(cage, at, bare)
    _place_nostril(cage, at, bare)
    _place_ear(cage, at, bare)
    for o, first in ((topo.EYE, LID_FIRST), (topo.MOUTH, LIP_BORDER), (topo.NOSTRIL, 2)):
        outer, inner = at[cage.ring(o, 0)], at[cage.ring(o, first)]
        for ring in range(1, first):
            idx = cage.ring(o, ring)
            between = outer + (inner - outer) * ring / first
            at[idx] = sculpt.project(between + 6.0 * sculpt.normal(between) * (o is topo.NOSTRIL), steps=5)
            free[idx] = True
    at = _relax(cage, at, free, sculpt)
    _coons(cage, topo.EYE, at, np.array([0.0, 3.0, 0.0]))
    _coons(cage, topo.MOUTH, at, np.array([0.0, 8.0, 0.0]))
    _coons(cage, topo.NOSTRIL, at, np.array([0.0, 1.0, 2.0]))
    _coons(cage, topo.EAR, at, np.array([-4.0, 0.0, 0.0]))
    return at


def edges_of(quads: Array) -> Array:
    pairs = np.concatenate([quads[:, [0, 1]], quads[:, [1, 2]], quads[:, [2, 3]], quads[:, [3, 0]]])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def _relax(cage: topo.Cage, at: Array, free: Array, sculpt: Sculpt, rounds: int = 120) -> Array:
    edges = edges_of(np.array(cage.quads))
    middle = np.zeros(len(at), bool)
    middle[list(cage.midline)] = True
    weight_ab = np.where(middle[edges[:, 0]] & ~middle[edges[:, 1]], 2.0, 1.0)
    weight_ba = np.where(middle[edges[:, 1]] & ~middle[edges[:, 0]], 2.0, 1.0)
    total = np.zeros(len(at))
    np.add.at(total, edges[:, 0], weight_ab)
    np.add.at(total, edges[:, 1], weight_ba)

    def mean_of(points: Array) -> Array:
        mean = np.zeros_like(points)
        np.add.at(mean, edges[:, 0], points[edges[:, 1]] * weight_ab[:, None])
        np.add.at(mean, edges[:, 1], points[edges[:, 0]] * weight_ba[:, None])
        return mean / total[:, None]

    for _ in range(rounds):
        mean = mean_of(at)
        # Only along the surface: what sinks below it would be drawn to the wrong side of the nose.
        step, normal = mean[free] - at[free], sculpt.normal(at[free])
        step -= (step * normal).sum(1, keepdims=True) * normal
        moved = at[free] + 0.6 * step
        moved[middle[free], 0] = 0.0
        at[free] = sculpt.project(moved, steps=1)
    at[free] = sculpt.project(at[free], steps=4)
    # A last touch without the sculpt: it takes the edge off creases narrower than the mesh.
    for _ in range(3):
        at[free] += 0.4 * (mean_of(at)[free] - at[free])
        at[middle, 0] = 0.0
    return at
