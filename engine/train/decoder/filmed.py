"""What the whole pipeline makes of a rendered clip: jitter while the face is still, blinks, and speed."""

import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from engine.channels import CHANNELS, INDEX, SHAPES
from engine.train.decoder.dataset import Person, Studio
from engine.train.decoder.picture import Wear, worn
from engine.train.decoder.scene import draw_scene
from engine.video.capture import capture_all
from engine.video.options import STAGES, Options

FPS = 30
STILL = 2.0
"""Seconds at the start in which nothing moves."""
BLINKS = (2.4, 3.0, 3.6)
_CLOSING, _OPENING = 0.1, 0.2


def blinking(seconds: float) -> float:
    """How far the eyes are shut at a time, 0..1."""
    away = [seconds - blink for blink in BLINKS]
    return max(0.0, *(1 - (-a / _CLOSING if a < 0 else a / _OPENING) for a in away))


def film(studio: Studio, person: Person, number: int, path: Path) -> None:
    """Writes a 4-second clip of a person at rest who blinks; `number` chooses light and lens."""
    scene = draw_scene(np.random.default_rng([6, number]), np.radians([4.0, -3.0, 1.0]))
    noise = np.random.default_rng(number)
    size = 384
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"mp4v"), FPS, (size, size))
    for frame in range(4 * FPS):
        values = np.zeros(len(CHANNELS), np.float32)
        values[[INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = blinking(frame / FPS)
        picture = studio.picture(np.random.default_rng(number), person, values, scene)
        writer.write(worn(picture, Wear(size=size, noise=2.0), noise)[..., ::-1])
    writer.release()


def measured(studio: Studio, people: list[Person], weights: Path | None, landmarker: Path) -> dict[str, list[float]]:
    """For the bare scores and for the whole pipeline with the decoder (two numbers each, means over people):
    jitter: mean over channels of the standard deviation of the change between still frames.
    blink: mean of the eyes' reading at a full blink's deepest frame or beside it.
    rate: frames a second, tracking included.
    """
    found: dict[str, list[list[float]]] = {"jitter": [[], []], "blink": [[], []], "rate": [[], []]}
    bare = Options(decoder="none", without=STAGES, model=landmarker, cache=False)
    whole = Options(decoder="learned", weights=weights, model=landmarker, cache=False)
    with tempfile.TemporaryDirectory() as folder:
        for number, person in enumerate(people):
            path = Path(folder) / f"{number}.mp4"
            film(studio, person, number, path)
            for kind, options in enumerate((bare, whole)):
                began = time.perf_counter()
                values = capture_all(path, options).clip.values
                found["rate"][kind].append(len(values) / (time.perf_counter() - began))
                still = np.diff(values[int(0.3 * FPS) : int(STILL * FPS), : len(SHAPES)], axis=0)
                found["jitter"][kind].append(float(still.std(0).mean()))
                lids = values[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]].mean(1)
                peaks = [lids[round(at * FPS) - 2 : round(at * FPS) + 3].max() for at in BLINKS]
                found["blink"][kind].append(float(np.mean(peaks)))
    return {name: [float(np.mean(kind)) for kind in kinds] for name, kinds in found.items()}
