"""Whether a region looks like a mouth or like eyes at all, on anybody: footage in which a mask, a hand, a microphone or
dark glasses cover it throughout has nothing else to be compared with.

The patterns in patterns.toml are measured on renders (engine/train/decoder/patterns.py), their limits on those and on
two real faces, bare and behind painted fingers, masks, scarves, microphones and glasses.
"""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

GREY = 0.02
"""Mean deviation of the hues in a face below which they tell nothing: in black and white and sepia they have 0.008 at
most, real faces in a third of their colour (ungraded film) 0.011 to 0.014, in colour over 0.036."""


def hues(colours: np.ndarray) -> np.ndarray:
    """Logarithms of colours uint8 (…, 3) without their brightness, float32; 0 in a picture without colours."""
    shade = shades(colours)
    return shade - shade.mean(-1, keepdims=True)


def shades(colours: np.ndarray) -> np.ndarray:
    """Logarithms of colours uint8 (…, 3), float32; the darkest differ by little, since noise does."""
    return np.log(colours.astype(np.float32) + 8)


def centred(rows: np.ndarray) -> np.ndarray:
    """(frames, landmarks, 3) without their mean over the landmarks, as rows (frames, landmarks * 3)."""
    return (rows - rows.mean(1, keepdims=True)).reshape(len(rows), -1)


def between(values: np.ndarray, nothing: float, all_: float) -> np.ndarray:
    """0..1, smoothly, as values go from `nothing` to `all_`; NaN stays."""
    part = np.clip((values - nothing) / (all_ - nothing), 0, 1)
    return part * part * (3 - 2 * part)


def grey(faces: np.ndarray) -> bool:
    """Whether footage has no colours to go by; faces: uint8 (frames, landmarks, 3), some of its frames suffice."""
    return float(np.median(hues(faces).std(1).mean(1))) < GREY


def contrast(colours: np.ndarray) -> np.ndarray:
    """How much brightness differs within a region, (frames,); colours: uint8 (frames, landmarks, 3)."""
    rows = centred(shades(colours))
    return np.linalg.norm(rows, axis=1) / np.sqrt(max(1, rows.shape[1]))


def looks_like(region: str, colours: np.ndarray, others: np.ndarray) -> np.ndarray | None:
    """0..1 (frames,): how much the region looks as it does on anybody; None where that is not known.

    colours: uint8 (frames, landmarks, 3) at the region's landmarks. others: (frames,), the contrast of the rest of the
    face, since light and film differ. By hues, by brightness or by its contrast, whichever says so: cloth has less
    contrast than lips have, a microphone more.
    """
    known = _patterns().get(region)
    if known is None:
        return None
    others = np.maximum(others, 1e-3)
    told, seen = np.zeros(len(colours)), np.ones(len(colours))
    for kind, measure, unit in (("hues", hues, 1.0), ("shades", shades, others)):
        if row := known.get(kind):
            rows = centred(measure(colours))
            strength = rows @ row["pattern"]
            likeness = strength / np.maximum(np.linalg.norm(rows, axis=1), 1e-6)
            told = np.maximum(told, between(strength / unit, *row["strength"]) * between(likeness, *row["likeness"]))
    if row := known.get("contrast"):
        share = contrast(colours) / others
        alone = between(share, *row["flat"]) * between(share, *row["lively"])
        told, seen = np.maximum(told, alone), between(share, *row["harsh"])
    return told * seen


@cache
def _patterns() -> dict[str, dict[str, dict[str, Any]]]:
    table = tomllib.loads(Path(__file__).with_name("patterns.toml").read_text("utf-8"))
    for kinds in table.values():
        for row in (row for row in kinds.values() if "pattern" in row):
            row["pattern"] = np.array(row["pattern"], np.float32).ravel()
    return table
