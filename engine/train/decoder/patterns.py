"""Measures what eyes and mouths look like on anybody: `python -m engine.train.decoder.patterns --rigs FOLDER
--landmarker face_landmarker.task` prints engine/video/patterns.toml's numbers.

They are the mean over renders of people whom chance draws, each showing something else in a light of its own.
"""

import argparse
from pathlib import Path

import numpy as np

from engine.train.decoder.dataset import Studio
from engine.train.decoder.expressions import Expressions
from engine.train.decoder.picture import draw_wear, worn
from engine.train.decoder.scene import draw_scene
from engine.video.patterns import centred, hues, shades
from engine.video.sight import look, regions

PEOPLE = 200
TURNED = (0.2, 0.12, 0.1)
"""Standard deviations of the heads' yaw, pitch and roll, radians."""


def measured(rigs: Path, landmarker: Path) -> dict[str, np.ndarray]:
    """By region and kind, float (landmarks, 3), of length 1."""
    studio, rng = Studio(rigs, landmarker), np.random.default_rng(3)
    expressions = Expressions(rng)
    colours = []
    for _ in range(PEOPLE):
        person, (values, _) = studio.person(rng), expressions.draw()
        scene = draw_scene(rng, np.clip(rng.normal(0, TURNED), -0.5, 0.5))
        picture = np.ascontiguousarray(worn(studio.picture(rng, person, values, scene), draw_wear(rng), rng))
        seen = studio.observer.look(picture)
        if seen is not None:
            colours.append(look(picture, seen.landmarks)[0])
    marks = {part.name: part.landmarks for part in regions()}
    table = {}
    for name, kind in (("mouth", hues), ("mouth", shades), ("eyes", shades)):
        rows = centred(kind(np.array(colours)[:, marks[name]]))
        mean = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).mean(0)
        table[f"{name}.{kind.__name__}"] = (mean / np.linalg.norm(mean)).reshape(-1, 3)
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", type=Path, required=True)
    parser.add_argument("--landmarker", type=Path, required=True)
    args = parser.parse_args()
    for name, rows in measured(args.rigs, args.landmarker).items():
        print(f"\n[{name}]\npattern = [")
        numbers = [f"[{', '.join(f'{value:.3f}' for value in row)}]," for row in rows]
        for first in range(0, len(numbers), 4):
            print("  " + " ".join(numbers[first : first + 4]))
        print("]")


if __name__ == "__main__":
    main()
