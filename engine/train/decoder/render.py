"""Renders and tracks the data set: python -m engine.train.decoder.render --rigs … --landmarker … --shards 80."""

import argparse
import time
from pathlib import Path

from engine.train.decoder.dataset import TEST_SEED, Studio, save_shard, shard

KINDS = {
    "train": "each drawing in its own light and lens, or each person in one; every drawing before two cameras",
    "test": "each picture in its own light and lens, with people and combinations that training never sees",
    "video": "for testing as well, each person in one light and lens, as in a video",
}


def main() -> None:
    """Renders the shards that are not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rigs", type=Path, required=True, help="folder with ict_facekit.npz and ict_identities.npz")
    parser.add_argument("--landmarker", type=Path, required=True, help="MediaPipe's face_landmarker.task")
    parser.add_argument("--out", type=Path, default=Path("out/decoder"))
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--shards", type=int, default=80)
    parser.add_argument("--kind", choices=KINDS, default="train", help="; ".join(f"{k}: {v}" for k, v in KINDS.items()))
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    studio = Studio(asked.rigs, asked.landmarker)
    for number in range(asked.first, asked.first + asked.shards):
        path = asked.out / f"{asked.kind}_{number:05d}.npz"
        if path.exists():
            continue
        began = time.perf_counter()
        seed = number + (0 if asked.kind == "train" else TEST_SEED)
        taken = list(shard(studio, seed, sessions=asked.kind == "video"))
        save_shard(taken, path)
        print(f"{path.name}: {len(taken)} pictures in {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
