"""One mesh of the character, before Blender sees it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

Array = np.ndarray


@dataclass
class Part:
    """Points in mm (n, 3), quads (m, 4), a colour for each point (linear rgb), materials, shapes, weights."""

    name: str
    points: Array
    quads: Array
    colour: Array
    materials: list[str]
    material: Array  # (m,) index into `materials`
    groups: dict[str, Array] = field(default_factory=dict)  # labels: indices of points
    shapes: dict[str, Array] = field(default_factory=dict)  # name -> offsets in mm (n, 3)
    weights: dict[str, Array] = field(default_factory=dict)  # bone -> (n,) weights


def join(name: str, parts: list[Part]) -> Part:
    """Several parts as islands of one mesh; a shape missing in one of them leaves it still."""
    counts = np.cumsum([0] + [len(p.points) for p in parts])
    materials = list(dict.fromkeys(m for p in parts for m in p.materials))
    whole = Part(
        name,
        np.concatenate([p.points for p in parts]),
        np.concatenate([p.quads + at for p, at in zip(parts, counts, strict=False)]),
        np.concatenate([p.colour for p in parts]),
        materials,
        np.concatenate([[materials.index(p.materials[i]) for i in p.material] for p in parts]).astype(int),
    )
    for field_name in ("shapes", "weights"):
        for key in dict.fromkeys(k for p in parts for k in getattr(p, field_name)):
            shape = (3,) if field_name == "shapes" else ()
            blocks = [getattr(p, field_name).get(key, np.zeros((len(p.points), *shape))) for p in parts]
            getattr(whole, field_name)[key] = np.concatenate(blocks)
    for p, at in zip(parts, counts, strict=False):
        for key, idx in p.groups.items():
            merged = np.concatenate([whole.groups.get(key, np.zeros(0, int)), idx + at])
            whole.groups[key] = merged.astype(int)
    return whole


def mirrored(part: Part) -> Part:
    """The other side's copy: x negated, faces turned; shapes and weights are made afterwards."""
    flip = np.array([-1.0, 1.0, 1.0])
    return Part(
        part.name,
        part.points * flip,
        part.quads[:, ::-1],
        part.colour.copy(),
        part.materials,
        part.material.copy(),
        {k: v.copy() for k, v in part.groups.items()},
    )


def grid_quads(rows: int, columns: int, wrap: bool = False) -> Array:
    """Quads of a grid of points in row-major order; `wrap` closes the columns into a tube."""
    out = []
    for r in range(rows - 1):
        for c in range(columns if wrap else columns - 1):
            n = (c + 1) % columns
            out.append((r * columns + c, r * columns + n, (r + 1) * columns + n, (r + 1) * columns + c))
    return np.array(out)


def tube(sections: Array) -> tuple[Array, Array]:
    """A closed tube through cross-sections (rows, columns, 3) with an even number of columns.

    Both ends are closed by strips of quads across the section.
    """
    rows, columns, _ = sections.shape
    quads = [grid_quads(rows, columns, wrap=True)]
    for row, turned in ((0, True), (rows - 1, False)):
        base = row * columns
        strip = []
        for c in range(columns // 2 - 1):
            a, b = base + c, base + c + 1
            x, y = base + columns - 1 - c, base + columns - 2 - c
            strip.append((x, y, b, a) if turned else (a, b, y, x))
        quads.append(np.array(strip))
    return sections.reshape(-1, 3), np.concatenate(quads)
