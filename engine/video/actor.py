"""Whose face it is: when it rests, and the calibration with which it is read."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.channels import SHAPES
from engine.errors import FaceMimicError
from engine.video.calibration import SUFFIX, Calibration, actor_path, measured
from engine.video.clean import ROWS, filled
from engine.video.confidence import ALL, Sighting
from engine.video.decoder import Decoded
from engine.video.events import spans
from engine.video.footage import Footage
from engine.video.options import Options
from engine.video.proportions import APART, apart
from engine.video.reading import Reader, Scores
from engine.video.rest import expression, picked_frames, resting_frames
from engine.video.steady import Seen

SEEN = 0.5
"""Median confidence from which on a channel has a part in finding the resting frames."""
ENOUGH = 15.0
"""Frames a second among which the resting ones are looked for; those next to them rest as well."""


def known_actor(options: Options, read_by: Reader, footage: Footage) -> Calibration | None:
    """The named actor's calibration, None where it is to be measured here. Raises FaceMimicError (kind "file")."""
    if options.actor is None:
        return None
    path = actor_path(options.actor)
    if options.actor.lower().endswith(SUFFIX) and not path.parent.is_dir():
        raise FaceMimicError(f"Cannot keep the actor in {path}: there is no folder {path.parent}.", "file")
    anew = options.renew_actor or options.full_range or options.neutral is not None
    if path.is_file() and not anew:
        return Calibration.load(path, read_by.name)
    if footage.still and options.neutral is None:
        raise FaceMimicError(
            f"There is no calibration of {path.stem} yet, and a photo cannot give one. Capture a video of the actor"
            " first; or, on the command line, say with --neutral 0 that the face rests in this photo.",
            "file",
        )
    return None


def resting_in(
    times: np.ndarray, seen: Seen, sighting: Sighting, read_by: Reader, options: Options, still: bool
) -> np.ndarray:
    """bool (frames,): the frames taken as neutral; none in a photo (`still`), whose one face need not be at rest."""
    found = np.isfinite(seen.poses[:, 0, 0])
    if options.neutral is not None:
        return picked_frames(times, found, options.neutral)
    resting = np.zeros(len(times), bool)
    if still:
        return resting
    # A covered or blurred face hardly moves and shows little, but is not at rest.
    whole = sighting.regions.mean(1)
    clear = np.flatnonzero(found & (whole >= 0.8 * np.quantile(whole[found], 0.75)))
    each = max(1, round(len(clear) / max(1e-6, (times[clear[-1]] - times[clear[0]]) * ENOUGH)))
    some = clear[::each]
    # All rows of a long video at once would be copied.
    parts = [some[first : first + ROWS] for first in range(0, len(some), ROWS)]
    readings = [
        (np.concatenate([one.read(seen.rows(part), None).values for part in parts]), one.bias.largest)
        for one in (read_by, Scores())
    ]
    # What is hidden most of the time shows nothing.
    seen_channels = np.median(sighting.channels[some, : len(SHAPES)], axis=0) >= SEEN
    readings = [(read * seen_channels, most) for read, most in readings]
    chosen = resting_frames(times[some], readings[0][0], expression(*readings))
    resting[clear] = chosen.repeat(each)[: len(clear)]
    return resting


@dataclass(frozen=True)
class Reading:
    """What is read; the calibration that is to be applied to it, if any; where that comes from, in words; and what to
    know about the actor, JSON-ready: actor (a name), kept or used (true), unlike (how far this face's traits lie from
    theirs, where that is too far), hidden (what was covered, so that they were not kept)."""

    decoded: Decoded
    calibration: Calibration | None
    by: str
    facts: dict[str, Any]


def read_as(
    times: np.ndarray,
    seen: Seen,
    sighting: Sighting,
    resting: np.ndarray,
    read_by: Reader,
    known: Calibration | None,
    options: Options,
    footage: str,
) -> Reading:
    """A new calibration is kept where an actor is named. footage: what it is said to be measured on."""
    path = actor_path(options.actor) if options.actor else None
    facts: dict[str, Any] = {"actor": path.stem} if path else {}
    if known is not None and path is not None:
        unlike = _unlike(read_by, seen, resting, known)
        facts |= {"used": True} | ({"unlike": round(unlike, 1)} if unlike else {})
        return Reading(read_by.read(seen, known.neutral), known, f"actor {path.stem}", facts)
    if "calibration" in options.without or not resting.any():
        return Reading(read_by.read(seen, None), None, "none", facts)
    neutral = read_by.neutral(seen.rows(resting))
    decoded = read_by.read(seen, neutral)
    trust = decoded.confidence * sighting.channels[:, : len(SHAPES)]
    picked = options.neutral is not None
    values = filled(times, decoded.values)
    made = measured(times, values, trust, resting, read_by, neutral, picked, options.full_range)
    # A neutral face that is picked for this footage changes nobody's calibration unless that is asked.
    if path is None or not (options.renew_actor or options.full_range or not path.is_file()):
        return Reading(decoded, made, "the artist's pick" if picked else "measured here", facts)
    hidden = [name for i, name in enumerate(ALL) if np.median(sighting.causes["covered"][resting, i]) < SEEN]
    if hidden:
        return Reading(decoded, made, "measured here", facts | {"hidden": hidden})
    about = {"footage": footage, "resting": spans(times, resting), "full_range": options.full_range}
    made.save(path, {"actor": path.stem, **about})
    return Reading(decoded, made, f"measured here, kept as {path.stem}", facts | {"kept": True})


def _unlike(read_by: Reader, seen: Seen, resting: np.ndarray, known: Calibration) -> float:
    """How far the resting face lies from the actor's, 0 where that is near or cannot be told."""
    if not resting.any() or not len(known.neutral.shape):
        return 0.0
    far = apart(read_by.neutral(seen.rows(resting)).shape, known.neutral.shape)
    return far if far > APART else 0.0
