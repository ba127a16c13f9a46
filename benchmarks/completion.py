"""Prints how far completed gaps are from the truth: `python -m benchmarks.completion CAPTURE`, a recorded take.

Stretches of it are hidden and completed by the bridge alone, by the performance model, and by both as captures mix
them (engine/video/completion.py, BRIDGED). Mean absolute errors of channels that move, by the time to the nearest seen
value.
"""

import argparse
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import numpy as np

from engine.channels import CHANNELS, REGIONS, SHAPES
from engine.loading import load_generator
from engine.takes.formats import read_take
from engine.video import completion

HIDDEN = {"mouth and jaw": (*REGIONS["mouth"], *REGIONS["jaw"]), "whole face": tuple(range(len(CHANNELS)))}
SECONDS = (1.5, 3.0)
EACH = 12
AROUND = 1.5
MOVING = 0.05
BINS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("capture", type=Path)
    clip, generator = read_take(parser.parse_args().capture).clip, load_generator()
    rng, fps, mixed = np.random.default_rng(1), clip.fps, completion.BRIDGED
    errors = defaultdict(list)
    for name, channels in HIDDEN.items():
        for length in (round(seconds * fps) for seconds in SECONDS):
            around = round(AROUND * fps)
            for first in rng.integers(around, len(clip.values) - around - length, EACH):
                truth = clip.values[first - around : first + length + around]
                moving = [place for place in channels if place < len(SHAPES) and np.ptp(truth[:, place]) > MOVING]
                trust, seen = np.ones_like(truth), truth.copy()
                hidden = slice(around, around + length)
                trust[hidden, channels] = 0
                seen[hidden, channels] = 0.1
                gaps = completion.find_gaps(seen, trust, fps)
                made = [gaps.bridged]
                for bridged in ((0.0, 0.01), mixed):
                    completion.BRIDGED = bridged
                    made.append(completion.completed(gaps, generator)[0])
                apart = [np.abs(one - truth)[hidden][:, moving].mean(1) for one in made]
                away = gaps.away[hidden, channels[0]]
                for low, high in pairwise(BINS):
                    chosen = (away >= low) & (away < high)
                    if moving and chosen.any():
                        errors[name, low].append([row[chosen].mean() for row in apart])
    print(f"{'hidden':<16}{'seconds to seen':>16}{'bridge':>9}{'model':>9}{'as mixed':>10}")
    for (name, low), rows in sorted(errors.items()):
        bridge, model, both = np.mean(rows, axis=0)
        print(f"{name:<16}{low:>11.2f} on{bridge:>11.3f}{model:>9.3f}{both:>10.3f}")


if __name__ == "__main__":
    main()
