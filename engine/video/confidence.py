"""How well the camera saw each part of the face, frame by frame.

The landmarker gives none: it draws a mouth onto a hand that covers it. So five things are measured and multiplied:
how far the head is turned away, how dark, how blurred and how small the face is, and whether the colours at a
region's landmarks still form the pattern that they form in the rest of the footage, or form on anybody.

Thresholds are measured on two real faces with painted blocks, blur, darkness and scaling (see the constants).
"""

from dataclasses import dataclass

import numpy as np

from engine.channels import CHANNELS, HEAD
from engine.video.events import runs
from engine.video.head import off_axis
from engine.video.patterns import between, centred, contrast, grey, hues, looks_like, shades
from engine.video.sight import regions
from engine.video.track import Track

TURNED = (35.0, 75.0)
"""Degrees off the camera's axis: up to the first a face is fully seen, at the second (a profile) not at all."""
FAR_SIDE = (20.0, 50.0)
"""Degrees of turn over which the side of the face that turns away is lost."""
DARK = (3.0, 25.0)
"""Mean of RGB (0..255) at the landmarks: nothing, all. Faces are still found at 4, with noise for expressions; at 34
nothing is lost yet."""
BURNT = (0.3, 0.8)
"""Share of a region's landmarks that are pure white: all, nothing."""
BLURRED = (0.06, 0.17)
"""Sharpness: nothing, all. Crisp faces have 0.31 to 0.77; Gaussian blur of 1 % of the face's width 0.18 to 0.26, of 2 %
0.10 to 0.17, of 4 % 0.05 to 0.08."""
SOFTER, FLATTER = (0.6, 0.75), (0.5, 0.85)
"""Fine detail as a share of the footage's crisp frames: all regions are softer, as sharp; contrast of eyes and brows as
a share of what they mostly have: nothing is seen, all. Gaussian blur of 1.3, 2.6 and 4.3 % of the face's width, filmed
with compression, leaves 0.5 of the detail, and 0.9, 0.73 and 0.51 of the contrast; blinks and lowered eyes 0.81."""
SMALL = (14.0, 48.0)
"""Width of the face in pixels: nothing, all."""
COVERED = (0.45, 0.66)
"""Correlation of a region's pattern with its usual one: nothing, all. With painted fingers of the same skin over the
mouth it is 0.48 and less in 19 of 20 frames."""
COVERED_HUE = (0.3, 0.55)
"""How much of the usual pattern of hues is in the region: nothing, all. Extreme expressions add to the pattern, which
lowers the correlation, but still hold 0.64 and more of it in 19 of 20 frames; painted fingers hold 0.04 and less."""
NOSTRILS = [
    1, 2, 4, 19, 44, 45, 48, 60, 64, 94, 97, 98, 99, 115, 129, 141, 220, 237, 240, 242, 274, 275, 278, 290, 294, 326,
    327, 328, 344, 358, 370, 440, 457, 460, 462,
]  # fmt: skip
"""Landmarks of the nose's lower part."""
BARE_NOSE = (0.15, 0.3)
"""The nostrils' contrast as a share of that of eyes and brows: hidden, bare. Real noses have over 0.41, rendered ones
over 0.27 in 49 of 50 pictures, masks under 0.2, scarves mostly under 0.3."""
COMING = 0.1
"""Seconds before and after a cover in which it comes and goes: what reaches a region's edge spoils the reading."""
LONG = 0.2
"""Seconds for which a region is covered by something that comes and goes, and not by a moment's doubt."""
BESIDE_LOST = 0.5
"""What is left of the confidence in the last frame before the face is lost, and in the first after."""
FEWEST = 20
"""Frames from which on a region can be said to have a usual pattern."""
USUAL = 2000
"""Frames, spread over the footage, that a region's usual pattern is measured on, and that are judged at once: all of a
long video's would take too much memory."""
ALL = (*(part.name for part in regions()), "head")
"""The regions that are judged, in order."""


@dataclass(frozen=True)
class Sighting:
    """Confidence from 0 (not seen) to 1 (seen well).

    regions: float32 (frames, regions of ALL). causes: what lowered it, by name (turned, dark, blurred, small, covered):
    float32 (frames, regions of ALL), 1 where it took nothing. channels: float32 (frames, 55).
    """

    regions: np.ndarray
    causes: dict[str, np.ndarray]
    channels: np.ndarray


def judge(track: Track) -> Sighting:
    """Judges each frame and region of a track; frames without the face have 0."""
    found = track.found
    parts = regions()
    turn, off = off_axis(track.poses)
    sharp, bare = _sharp(track), _with_coming(track.times, _all_covered(track.colours, found), found)
    # Cloth has no detail either, and a blurred mouth no longer looks like one.
    sharp = np.where(bare < 0.5, np.maximum(sharp, np.median(sharp, axis=1, keepdims=True)), sharp)
    bare = np.where(sharp < 0.5, 1, bare)
    causes = {
        "turned": _columns(between(off, *TURNED[::-1])),
        "dark": np.stack([_lit(track.colours[:, part.landmarks]) for part in parts], 1),
        "blurred": sharp,
        "small": _columns(between(_width(track), *SMALL)),
        "covered": bare,
    }
    causes = {name: _with_head(np.nan_to_num(table)).astype(np.float32) for name, table in causes.items()}
    together = np.prod(list(causes.values()), axis=0) * found[:, None]
    padded = np.pad(found, 1, constant_values=True)
    beside = found & ~(padded[:-2] & padded[2:])
    together[beside] *= BESIDE_LOST
    return Sighting(together.astype(np.float32), causes, _of_channels(together, np.nan_to_num(turn)).astype(np.float32))


def _columns(values: np.ndarray) -> np.ndarray:
    return np.repeat(values[:, None], len(regions()), 1)


def _with_head(table: np.ndarray) -> np.ndarray:
    """The regions' columns and the head's. Its pose is fitted to the whole face: half a face is enough for that."""
    return np.concatenate([table, np.sort(table, axis=1)[:, -2:].mean(1, keepdims=True)], 1)


def _width(track: Track) -> np.ndarray:
    across = track.landmarks[:, :, 0]
    return (across.max(1) - across.min(1)) * track.size[0]


def _sharp(track: Track) -> np.ndarray:
    """(frames, regions): 1 where a region is sharp.

    Compression puts detail of its own into what is blurred, so that strong blur shows by two things together: all
    regions have less fine detail than elsewhere in the footage, and eyes and brows less contrast.
    """
    found = track.found
    crisp = np.quantile(track.sharpness[found], 0.75, axis=0)
    detail = np.median(track.sharpness / np.maximum(crisp, 1e-6), axis=1)
    marks = np.concatenate([part.landmarks for part in regions() if part.name in ("eyes", "brows")])
    deep = np.concatenate([contrast(track.colours[rows][:, marks]) for rows in _parts(found)])
    soft = 1 - between(detail, *SOFTER)
    whole = 1 - soft * (1 - between(deep / max(1e-6, float(np.quantile(deep[found], 0.75))), *FLATTER))
    return between(track.sharpness, *BLURRED) * whole[:, None]


def _lit(colours: np.ndarray) -> np.ndarray:
    burnt = (colours.min(2) >= 250).mean(1)
    return between(colours.mean((1, 2)), *DARK) * between(burnt, *BURNT[::-1])


def _covered(colours: np.ndarray, region: str, found: np.ndarray, others: np.ndarray, in_grey: bool) -> np.ndarray:
    """1 where the region's colours form their usual pattern, in brightness or in hue, whichever says so.

    The landmarks move with the expression, so the pattern (lips redder than the skin around, brows darker) stays. Where
    the usual pattern is none that the region has on anybody, it is covered most of the time: then that is asked.
    others: (frames,), see `looks_like`. in_grey: without hues, a grin is as unlike the usual mouth as a hand is; it
    still looks like a mouth.
    """
    parts = _parts(found)
    alike = [looks for part in parts if (looks := looks_like(region, colours[part], others[part])) is not None]
    if alike and np.median(np.concatenate(alike)[found]) < 0.5:
        return np.concatenate(alike)
    some = np.flatnonzero(found)
    if len(some) < FEWEST:
        return np.ones(len(found))
    some = some[:: -(-len(some) // USUAL)]
    usual, usual_hue = _usual(shades(colours[some])), _usual(hues(colours[some]))
    clear = []
    for part in parts:
        likeness, _ = _likeness(shades(colours[part]), usual)
        likeness_of_hue, strength_of_hue = _likeness(hues(colours[part]), usual_hue)
        unlike = between(np.maximum(likeness, likeness_of_hue), *COVERED)
        clear.append(np.maximum(unlike, between(strength_of_hue, *COVERED_HUE)))
    usually = np.concatenate(clear)
    return np.maximum(usually, np.concatenate(alike)) if alike and in_grey else usually


def _all_covered(colours: np.ndarray, found: np.ndarray) -> np.ndarray:
    """(frames, regions): the same of each region."""
    names = [part.name for part in regions()]
    some = np.flatnonzero(found)
    in_grey = grey(colours[some[:: max(1, len(some) // 100)]])
    seen = [colours[:, part.landmarks] for part in regions()]
    contrasts = np.stack([np.concatenate([contrast(one[rows]) for rows in _parts(found)]) for one in seen], 1)
    columns = []
    for place, name in enumerate(names):
        others = np.median(np.delete(contrasts, place, axis=1), axis=1)
        columns.append(_covered(seen[place], name, found, others, in_grey))
    table = np.stack(columns, 1)
    eyes, brows, mouth, jaw, nose = (names.index(name) for name in ("eyes", "brows", "mouth", "jaw", "nose"))
    if np.median(table[found, mouth]) < 0.5:
        # The jaw is read where the lips and the chin are: whatever hides the mouth throughout hides it as well. A mask
        # hides the nose too, which then has its own usual pattern, but none as deep as nostrils.
        table[:, jaw] = np.minimum(table[:, jaw], table[:, mouth])
        nostrils = np.concatenate([contrast(colours[rows][:, NOSTRILS]) for rows in _parts(found)])
        above = np.maximum((contrasts[:, eyes] + contrasts[:, brows]) / 2, 1e-3)
        table[:, nose] = np.minimum(table[:, nose], between(nostrils / above, *BARE_NOSE))
    return table


def _with_coming(times: np.ndarray, table: np.ndarray, found: np.ndarray) -> np.ndarray:
    """The table (frames, regions), low as well while something comes to cover a region and while it goes."""
    wider = table.copy()
    for column, covered in zip(wider.T, ((table < 0.5) & found[:, None]).T, strict=True):
        for first, last in runs(covered):
            if times[last] - times[first] >= LONG:
                near = (times >= times[first] - COMING) & (times <= times[last] + COMING)
                column[near] = np.minimum(column[near], column[[first, last]].max())
    return wider


def _parts(frames: np.ndarray) -> list[slice]:
    """Rows that are judged at once."""
    return [slice(first, first + USUAL) for first in range(0, len(frames), USUAL)]


def _usual(pattern: np.ndarray) -> np.ndarray:
    """The pattern (landmarks * 3,) that most of the frames (frames, landmarks, 3) have."""
    pattern = centred(pattern)
    usual = np.median(pattern, axis=0)
    likeness = pattern @ usual / np.maximum(np.linalg.norm(pattern, axis=1), 1e-6)
    # Frames in which something covers the region must not shape what is usual.
    return np.median(pattern[likeness >= np.quantile(likeness, 0.3)], axis=0)


def _likeness(pattern: np.ndarray, usual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Correlation (frames,) of each frame's pattern with the usual one, and how much of the usual one is in it."""
    pattern = centred(pattern)
    length = max(float(np.linalg.norm(usual)), 1e-6)
    same = pattern @ usual
    return same / np.maximum(np.linalg.norm(pattern, axis=1), 1e-6) / length, same / length**2


def _of_channels(table: np.ndarray, turn: np.ndarray) -> np.ndarray:
    values = np.zeros((len(table), len(CHANNELS)))
    for place, part in enumerate(regions()):
        values[:, part.channels] = table[:, place, None]
    for place, name in enumerate(CHANNELS):
        if name in HEAD:
            values[:, place] = table[:, -1]
        # Turned to the own left, the left side is the far one.
        away = turn if name.endswith("Left") else -turn if name.endswith("Right") else None
        if away is not None:
            values[:, place] *= 1 - 0.7 * between(away, *FAR_SIDE)
    return values
