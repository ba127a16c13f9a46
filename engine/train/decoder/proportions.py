"""Measures what tells people apart: `python -m engine.train.decoder.proportions --shards FOLDER` prints
engine/video/proportions.toml's numbers, and how well they do on people whom they were not measured on.

They are a linear discriminant analysis of resting faces' landmarks: directions in which people differ much and one
person's pictures, in other lights, lenses and poses, differ little.
"""

import argparse
from pathlib import Path

import numpy as np

from engine.video.decoder import Decoder, frontal
from engine.video.proportions import known, traits

TRAITS = 8
STIFF = 0.1
"""Share of the mean variance that is added to each, so that nothing is believed to be without noise."""


def resting_shapes(folder: Path, kind: str, decoder: Decoder) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks (pictures, 478, 3) of resting faces in a kind of shards, turned to the front, and whose they are."""
    shapes, people = [], []
    for path in sorted(folder.glob(f"{kind}_*.npz")):
        if ".part" in path.name:
            continue
        with np.load(path, allow_pickle=False) as shard:
            rest = shard["kind"] == "neutral"
            # Pictures are square, so their sizes do not matter.
            size = int(shard["size"][0, 0]), int(shard["size"][0, 1])
            shapes.append(
                frontal(shard["landmarks"][rest], size, decoder.tensors["template"], decoder.tensors["stable"])[0]
            )
            people.append(shard["person"][rest])
    return np.concatenate(shapes), np.concatenate(people)


def directions(rows: np.ndarray, people: np.ndarray) -> np.ndarray:
    """float (traits, columns), scaled so that one person's pictures deviate by 1; rows: (pictures, columns)."""
    rows = rows - rows.mean(0)
    own = np.stack([rows[people == one].mean(0) for one in people])
    within, between = (part.T @ part / len(rows) for part in (rows - own, own))
    within += STIFF * np.trace(within) / len(within) * np.eye(len(within))
    strength, axes = np.linalg.eigh(within)
    white = axes / np.sqrt(strength)
    power, turned = np.linalg.eigh(white.T @ between @ white)
    return (white @ turned[:, np.argsort(-power)[:TRAITS]]).T


def check(shapes: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distances of traits between halves of one person's pictures, and between different people's."""
    rng, halves = np.random.default_rng(1), []
    for one in np.unique(people):
        own = rng.permutation(np.flatnonzero(people == one))
        if len(own) >= 6:
            middle = len(own) // 2
            halves.append([traits(np.median(shapes[part], axis=0)) for part in (own[:middle], own[middle:])])
    same = [np.linalg.norm(first - second) for first, second in halves]
    others = [np.linalg.norm(a[0] - b[1]) for place, a in enumerate(halves) for b in halves[:place]]
    return np.array(same), np.array(others)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=Path, default=Path("out/decoder"), help="where the shards are")
    folder, decoder = parser.parse_args().shards, Decoder.load()
    shapes, people = resting_shapes(folder, "train", decoder)
    marks, _ = known()
    for row in directions(shapes[:, marks].reshape(len(shapes), -1), people):
        numbers = [f"{value:.2f}" for value in row]
        print("  [")
        for first in range(0, len(numbers), 18):
            print(f"    {', '.join(numbers[first : first + 18])},")
        print("  ],")
    for kind in ("test", "video"):
        same, others = check(*resting_shapes(folder, kind, decoder))
        print(f"# {kind}: the same, 50, 90, 100 %: {np.quantile(same, [0.5, 0.9, 1]).round(2)}")
        print(f"# {kind}: others, 2, 10, 50 %: {np.quantile(others, [0.02, 0.1, 0.5]).round(2)}")


if __name__ == "__main__":
    main()
