"""Gaze: fixations and saccades, with the head joining the large ones."""

from dataclasses import dataclass

import numpy as np

from engine.channels import INDEX
from engine.performance.person import Person
from engine.performance.timing import minimum_jerk, wander
from engine.takes.eyes import looks

LID_DOWN, LID_UP = 0.4, 0.15
"""eyeBlink for eyeLookDown, eyeWide for eyeLookUp: an iPhone reads 0.12 of the first at 0.28 of eyeLookDown at rest."""
SHORTEST, PER_DEGREE = 0.025, 0.0024
"""Seconds of a saccade, and what each degree adds (faces.md, gaze and head)."""


@dataclass(frozen=True)
class Gaze:
    """yaw, pitch: float32 (frames,), degrees of the eyes in the head; yaw is positive to the character's left.

    vergence: degrees by which each eye turns inwards, more for what is near.
    head_yaw, head_pitch: radians that the head adds. shifts: seconds at which large shifts start.
    """

    yaw: np.ndarray
    pitch: np.ndarray
    vergence: np.ndarray
    head_yaw: np.ndarray
    head_pitch: np.ndarray
    shifts: np.ndarray


def gaze(rng: np.random.Generator, frames: int, fps: float, person: Person, downcast: np.ndarray) -> Gaze:
    """Fixations of lognormal length, saccades of exponential size, back towards the centre. The eyes converge by up to
    2.5°, as on things from arm's length outwards.

    Saccade duration is 25 ms + 2.4 ms per degree; the head lags the eye 139 ms at 10° and 50 ms at 40°, and joins
    beyond about 20° (faces.md, gaze and head). `downcast` is added to the pitch, degrees.
    """
    time = np.arange(frames) / fps
    yaw, pitch = np.zeros(frames), np.zeros(frames)
    head_yaw, head_pitch = np.zeros(frames), np.zeros(frames)
    vergence = np.full(frames, 1.0)
    here = np.array([0.0, 0.0])
    shifts = []
    at = -rng.uniform(0, person.fixation)
    while person.gaze_spread > 0:
        at += rng.lognormal(np.log(person.fixation) - 0.3, 0.8)
        if at > frames / fps:
            break
        away = rng.exponential(person.gaze_spread) * (2.5 if rng.random() < 0.12 else 1.0)
        angle = rng.uniform(0, 2 * np.pi)
        target = np.clip(0.25 * here + away * np.array([np.cos(angle), 0.6 * np.sin(angle)]), -26, 26)
        step = target - here
        size = float(np.hypot(*step))
        rise = minimum_jerk((time - at) / (SHORTEST + PER_DEGREE * size))
        share = 0.35 * np.clip((size - 12) / 16, 0, 1)
        lag = np.interp(size, [10, 40], [0.139, 0.050])
        follow = share * minimum_jerk((time - at - lag) / (0.25 + 0.008 * size))
        yaw += step[0] * (rise - follow)
        pitch += step[1] * (rise - follow)
        head_yaw += np.deg2rad(step[0]) * follow
        head_pitch += np.deg2rad(step[1]) * follow
        if size > 14 and at > 0:
            shifts.append(at)
        here = target
        near = rng.uniform(0.3, 2.5)
        vergence += (near - vergence[-1]) * minimum_jerk((time - at) / 0.3)
    unrest = 0.25 * wander(rng, frames, fps, 2.0, 2)
    return Gaze(
        (yaw + unrest[:, 0]).astype(np.float32),
        (pitch + unrest[:, 1] + downcast).astype(np.float32),
        vergence.astype(np.float32),
        head_yaw.astype(np.float32),
        head_pitch.astype(np.float32),
        np.array(shifts),
    )


def show_gaze(values: np.ndarray, look: Gaze) -> None:
    """Adds the eyeLook channels to `values` (frames, 55) in place, with the lids following the eye up and down."""
    yaw, pitch, inward = (np.deg2rad(curve) for curve in (look.yaw, look.pitch, look.vergence))
    values += looks(yaw, pitch, inward).astype(np.float32)
    down, up = (values[:, INDEX[f"eyeLook{way}Left"]] for way in ("Down", "Up"))
    for side in ("Left", "Right"):
        values[:, INDEX["eyeBlink" + side]] += LID_DOWN * down
        values[:, INDEX["eyeWide" + side]] += LID_UP * up
