"""One performance: beats shown by a person who also lives."""

from collections.abc import Sequence

import numpy as np

from engine.channels import CHANNELS, HIGHEST, INDEX, LOWEST, MIRROR_ORDER
from engine.emotions import Emotion, emotions
from engine.performance.blinks import blinks
from engine.performance.gaze import gaze, show_gaze
from engine.performance.manner import colour, laughter, manners
from engine.performance.person import Person, draw_person
from engine.performance.speech import speech
from engine.performance.timing import ABRUPT, minimum_jerk, offset, onset, wander
from engine.performance.units import units
from engine.request import Beat, Style

TALKING_BLINKS = 26 / 17
"""Blinks in conversation against those at rest (Bentivoglio 1997)."""
BREATH = 0.004
"""Radians by which the head nods with each breath; small, judged by eye."""


def perform(
    rng: np.random.Generator,
    beats: Sequence[tuple[Beat, float]],
    frames: int,
    style: Style,
    *,
    fps: float = 60.0,
    talking: bool = False,
    settled: tuple[bool, bool] = (True, True),
) -> np.ndarray:
    """Performs beats; float32 (frames, 55), within the channels' ranges.

    beats: each with its start in seconds, which may lie before the first frame. settled: whether the performance
    starts and ends in the exact neutral pose.
    """
    person = draw_person(rng, style)
    time = np.arange(frames) / fps
    shown = np.zeros((frames, len(CHANNELS)), np.float32)
    manner = colour(beats, time)
    for beat, start in beats:
        # Two beats on one channel meet as independent contractions would: neither pushes it past its end.
        shown = 1 - (1 - shown) * (1 - np.clip(_show(rng, beat, time - start, person, style), 0, 1))

    look = gaze(rng, frames, fps, person, manner.downcast)
    closure = blinks(rng, fps, person, look.shifts, manner.blinks * (TALKING_BLINKS if talking else 1.0))
    values = shown * person.gains
    show_gaze(values, look)
    if talking:
        values += speech(rng, frames, fps) * (1 - 0.5 * np.clip(shown.max(axis=1, keepdims=True), 0, 1))
    _tense(values, style.tension * rng.uniform(0.7, 1.0))
    values += _micro_movement(rng, frames, fps, person)
    values *= person.lean
    _close_lids(rng, values, closure)

    head = person.head_spread * wander(rng, frames, fps, person.head_cutoff, 3) * np.array([1.0, 0.7, 0.45])
    head *= manner.head[:, None]
    breath = BREATH * np.sin(2 * np.pi * (rng.uniform(0.2, 0.3) * time + rng.random()))
    values[:, INDEX["headYaw"]] = head[:, 0] + look.head_yaw
    values[:, INDEX["headPitch"]] = head[:, 1] + look.head_pitch + manner.pitch + breath * style.head_motion
    values[:, INDEX["headRoll"]] = head[:, 2]
    _settle(values, time, settled)
    return np.clip(values, LOWEST, HIGHEST).astype(np.float32)


def _envelope(time: np.ndarray, beat: Beat, late: float, skew: float) -> np.ndarray:
    """Strength 0..1 over `time` since the beat's start; a unit that starts late still peaks with the others."""
    rising = onset((time - late) / max(beat.onset - late, 1e-3), skew or 1.0)
    falling = offset((time - beat.onset - beat.hold) / max(beat.offset, 1e-3))
    return rising * falling


def _chosen_units(rng: np.random.Generator, emotion: Emotion, person: Person) -> dict[int, float]:
    """Units that this person shows for `emotion`, with their amplitudes 0..1.

    Core units appear in over 70 % of people and variants in some (Du et al. 2014). An actor who is asked for an
    emotion shows all its core units, and nearly always the EMFACS prototype, which is what onlookers expect.
    """
    amplitudes: dict[int, float] = {}
    for number in units():
        if number in emotion.core or number in emotion.prototype:
            chance, low, high = (1.0, 0.75, 1.05) if number in emotion.core else (0.93, 0.65, 1.0)
        elif number in emotion.variants:
            chance, low, high = 0.35, 0.3, 0.7
        else:
            continue
        if person.habits[number] < chance:
            amplitudes[number] = rng.uniform(low, high) * emotion.strength.get(number, 1.0)
    if 1 in amplitudes and 4 in amplitudes:
        # FACS 1+4: the inner brow is raised against the frown, so the brow lowers far less than in 4 alone.
        amplitudes[4] *= 0.45
    return amplitudes


def _show(rng: np.random.Generator, beat: Beat, time: np.ndarray, person: Person, style: Style) -> np.ndarray:
    """One beat's channels, float32 (frames, 55), before the person's gains."""
    values = np.zeros((len(time), len(CHANNELS)), np.float32)
    # Long holds decay and are renewed.
    held = np.clip(time - beat.onset, 0, 3)
    living = 1 + 0.05 * wander(rng, len(time), 60.0, 0.6 + 0.6 * style.tempo, 1)[:, 0] - rng.uniform(0.0, 0.06) * held
    expressive = (0.5 + 0.5 * style.expressiveness) * (1 + 0.1 * style.deliberate)
    for name, share in beat.emotion.items():
        emotion = emotions()[name]
        pulses = manners()[name].pulses if name in manners() else 0.0
        beating = laughter(rng, time, pulses) if pulses else None
        for number, amplitude in _chosen_units(rng, emotion, person).items():
            unit = units()[number]
            late = beat.onset * unit.lead * rng.uniform(0.5, 1.2) * (1 - 0.5 * style.deliberate)
            skew = rng.uniform(0.9, 1.15) * (1 - ABRUPT * style.deliberate)
            strength = amplitude * share * beat.intensity * expressive
            curve = strength * _envelope(time, beat, late, skew) * living
            if beating is not None:
                # The smile stays while jaw and cheeks beat with each pulse.
                curve *= 1 - (0.55 if number in (25, 26) else 0.12) * (1 - beating)
            halves = (1.0, rng.uniform(0.0, 0.15)) if emotion.one_sided else (1.0, 1.0)
            left, right = halves if person.side > 0 else halves[::-1]
            values += curve[:, None].astype(np.float32) * (left * unit.left + right * unit.right)
    return values


def _micro_movement(rng: np.random.Generator, frames: int, fps: float, person: Person) -> np.ndarray:
    """Small motion that neighbouring muscles and both sides share; 0 or more, float32 (frames, 55)."""
    sources = wander(rng, frames, fps, 1.5, 4)
    mixing = rng.normal(0, 0.5, (4, len(CHANNELS)))
    mixing = 0.93 * (mixing + mixing[:, MIRROR_ORDER]) / 2 + 0.07 * mixing
    drift = person.drift * (sources @ mixing + 0.5)
    drift[:, [i for name, i in INDEX.items() if name.startswith(("eyeLook", "eyeBlink", "tongue", "head"))]] = 0
    return np.clip(drift, 0, None).astype(np.float32)


def _tense(values: np.ndarray, tension: float) -> None:
    for name, gain in {"eyeSquint": 0.25, "browDown": 0.15, "mouthPress": 0.25}.items():
        for side in ("Left", "Right"):
            values[:, INDEX[name + side]] += gain * tension


def _close_lids(rng: np.random.Generator, values: np.ndarray, closure: np.ndarray) -> None:
    """Lets a blink take the lids over from whatever else holds them."""
    for side in ("Left", "Right"):
        shut = np.clip(closure * rng.uniform(0.97, 1.0), 0, 1)
        blink, wide = INDEX["eyeBlink" + side], INDEX["eyeWide" + side]
        values[:, blink] = shut + (1 - shut) * values[:, blink]
        values[:, wide] *= 1 - shut


def _settle(values: np.ndarray, time: np.ndarray, settled: tuple[bool, bool]) -> None:
    if settled[0]:
        values *= minimum_jerk(time / 0.25)[:, None]
    if settled[1]:
        values *= minimum_jerk((time[-1] - time) / 0.25)[:, None]
