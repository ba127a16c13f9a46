"""Nova's hair: tapering locks that flow from a parting over a rounded form, combed as hair.toml says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np

from .part import Array, Part, join, tube
from .place import resample
from .sculpt import Sculpt

DATA = Path(__file__).with_name("hair.toml")
ROOT_COLOUR = np.array([0.052, 0.014, 0.007])
TIP_COLOUR = np.array([0.235, 0.066, 0.024])
ROWS, AROUND, STEP = 22, 10, 4.0


def _flow(form: Sculpt, start: Array, combed: Array, falls: Array, end: float, lift: float) -> Array:
    """The middle line of one lock, from its root until it reaches the height `end`."""
    p = form.project(start[None], steps=8)
    line = [p[0]]
    for n in range(110):
        turn = np.clip(n * STEP / 130.0, 0, 1)
        turn = turn * turn * (3 - 2 * turn)
        direction = combed * (1 - turn) + falls * turn
        normal = form.normal(p)[0]
        direction = direction - (direction @ normal) * normal
        p = p + STEP * direction / np.linalg.norm(direction)
        p = form.project(p, steps=2)
        line.append(p[0])
        if p[0, 2] < end:
            break
    line = resample(np.array(line), ROWS)
    t = np.linspace(0, 1, ROWS)
    # Rises from the parting, lies full, and tucks in towards the tip.
    height = lift + 3.0 * np.sin(np.pi * np.clip(t * 1.25, 0, 1)) - 4.0 * t**4
    height -= 10.0 * np.clip(1 - t / 0.16, 0, 1) ** 1.8
    return line + form.normal(line) * height[:, None]


def _lock(form: Sculpt, line: Array, width: float, thick: float, tint: float) -> Part:
    t = np.linspace(0, 1, len(line))
    tangent = np.gradient(line, axis=0)
    tangent /= np.linalg.norm(tangent, axis=1, keepdims=True)
    normal = form.normal(line)
    normal -= (normal * tangent).sum(1, keepdims=True) * tangent
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    across = np.cross(tangent, normal)
    swell = np.minimum(1.0, 0.45 + 2.4 * t) * np.clip(1 - t**3.4, 0.0, 1) ** 0.6 + 0.012
    turn = (np.arange(AROUND) + 0.5) * 2 * np.pi / AROUND
    c, s = np.cos(turn), np.sin(turn)
    high = np.where(s > 0, np.abs(s) ** 1.2, -0.55 * np.abs(s))
    sections = line[:, None] + across[:, None] * (c * 0.5 * width)[None, :, None] * swell[:, None, None]
    sections = sections + normal[:, None] * (high * 0.75 * thick)[None, :, None] * (swell**0.8)[:, None, None]
    points, quads = tube(sections)
    along = np.repeat(t, AROUND)[:, None]
    ridge = np.tile(np.clip(s, 0, 1) * 0.25 + 0.85, len(line))[:, None]
    colour = ROOT_COLOUR + (TIP_COLOUR - ROOT_COLOUR) * (0.15 + 0.85 * along**0.9)
    colour = colour * ridge * (1 + tint)
    return Part("lock", points, quads, colour, ["Nova Hair"], np.zeros(len(quads), int))


def build() -> Part:
    form = Sculpt(DATA)
    with DATA.open("rb") as file:
        combs = tomllib.load(file)["comb"]
    locks = []
    for comb in combs:
        random = np.random.default_rng(comb["seed"])
        starts = np.array(comb["starts"], float)
        for v in np.linspace(0, 1, comb["count"]):
            bend = 2 * starts[1] - (starts[0] + starts[2]) / 2
            start = (1 - v) ** 2 * starts[0] + 2 * v * (1 - v) * bend + v * v * starts[2]
            start = start + random.normal(0, 1.5, 3)
            ends = (np.array(comb[k]) for k in ("combed", "falls"))
            combed, falls = (a * (1 - v) + b * v for a, b in ends)
            end = comb["ends"][0] * (1 - v) + comb["ends"][1] * v + random.normal(0, 4.0)
            line = _flow(
                form, start, combed, falls + random.normal(0, 0.04, 3), end, comb["lift"] + random.normal(0, 0.7)
            )
            width = comb["width"] * (1 + random.normal(0, 0.10))
            locks.append(_lock(form, line, width, comb["thick"], random.normal(0, 0.12)))
    return join("Nova Hair", locks)
