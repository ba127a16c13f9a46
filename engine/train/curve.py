"""Draws a training log: `python -m engine.train.curve runs/performance/log.csv docs/training.png`."""

import csv
import sys
from pathlib import Path

from engine.files import written_whole


def draw(log: Path, picture: Path) -> None:
    """Loss over steps, both logarithmic; `log` has the columns step and loss. Wants matplotlib (the `train` extra)."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with log.open(newline="") as file:
        rows = [(int(row["step"]), float(row["loss"])) for row in csv.DictReader(file)]
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot(*zip(*rows, strict=True), color="#2b6cb0")
    axes.set(xlabel="steps", ylabel="loss (mean of 50)", xscale="log", yscale="log")
    axes.grid(alpha=0.25, which="both")
    with written_whole(picture) as part:
        figure.savefig(part, dpi=110, format="png")


if __name__ == "__main__":
    draw(Path(sys.argv[1]), Path(sys.argv[2]))
