"""The strongest curves of a Clip as a picture."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np

from blender_addon.clip import Clip

mpl.use("Agg")
from matplotlib import pyplot as plt


def plot_curves(
    clip: Clip, path: str | Path, *, strongest: int = 10, beats: Sequence[tuple[str, float, float]] = ()
) -> None:
    """Draws the shape channels that move most, over seconds; left and right of a pair share a colour.

    beats: name, start and end in seconds of each, shaded behind the curves.
    """
    movement = np.ptp(clip.values, axis=0)
    movement[[name.startswith("head") for name in clip.channels]] = 0
    chosen = sorted(np.argsort(-movement)[:strongest], key=lambda column: clip.channels[column])
    pairs = list(dict.fromkeys(_pair(clip.channels[column]) for column in chosen))
    colours = plt.get_cmap("tab10")
    time = np.arange(len(clip.values)) / clip.fps
    figure, axes = plt.subplots(figsize=(10, 4.2), dpi=110, layout="constrained")
    for place, (name, start, end) in enumerate(beats):
        axes.axvspan(start, end, color="0.93" if place % 2 == 0 else "0.87", zorder=0)
        axes.text((start + end) / 2, 1.02, name, ha="center", va="bottom", transform=axes.get_xaxis_transform())
    for column in chosen:
        name = clip.channels[column]
        dashes = "--" if name.endswith("Right") else "-"
        axes.plot(
            time, clip.values[:, column], dashes, color=colours(pairs.index(_pair(name)) % 10), lw=1.6, label=name
        )
    axes.set(xlabel="seconds", ylabel="shape key value", xlim=(0, time[-1]), ylim=(0, None))
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=9)
    figure.savefig(path)
    plt.close(figure)


def _pair(name: str) -> str:
    return name.removesuffix("Left").removesuffix("Right")
