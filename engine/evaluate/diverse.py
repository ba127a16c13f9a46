"""4. Diverse: is every seed another performance, and none a copy of what was trained on?"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open
from scipy.spatial.distance import cdist, pdist

from engine.channels import CHANNELS, HIGHEST, LOWEST
from engine.evaluate.intervals import bootstrap
from engine.evaluate.reader import BASIC, named
from engine.evaluate.recognised import STRONG, apex, request_for
from engine.evaluate.setting import Picture, Section, Setting, Table
from engine.model.conditions import asked_tracks
from engine.model.flow import Conditions, sample
from engine.model.generate import GUIDANCE, STEPS, Generator
from engine.performance.performer import perform
from engine.request import Beat, Style
from engine.train.captures import load_captures
from engine.train.examples import draw_example, draw_style, draw_timeline

THIN = 4
"""Every fourth frame is compared: 15 a second."""
POOL = 6000


def measure(setting: Setting) -> Section:
    """Spread over seeds against the simulator's, and distances to training examples."""
    section = Section("diverse", "4. Diverse")
    _spread(section, setting)
    _copies(section, setting)
    return section


def _spread(section: Section, setting: Setting) -> None:
    section.text.append(
        f"Spread: mean distance between two seeds of one emotion at {STRONG} ({setting.seeds} seeds), of the held pose"
        " and of the whole course (15 frames a second, lids and gaze left out), each channel in its own units."
    )
    face = [i for i, name in enumerate(CHANNELS) if not name.startswith(("eyeLook", "eyeBlink"))]
    rows, facts = [], {}
    for row, performer in setting.rows.items():
        asked = [
            request_for(name, STRONG, 500 + 1000 * i + s) for i, name in enumerate(BASIC) for s in range(setting.seeds)
        ]
        clips = np.stack(performer(asked)).reshape(len(BASIC), setting.seeds, -1, len(CHANNELS))
        poses = np.array([[apex(clip) for clip in some] for some in clips])
        right = bootstrap(
            [float(named(p, BASIC) == name) for name, some in zip(BASIC, poses, strict=True) for p in some]
        )
        course = clips[:, :, ::THIN, face].reshape(len(BASIC), setting.seeds, -1) / np.sqrt(clips.shape[2] / THIN)
        facts[row] = {
            "recognised": right,
            "pose": [float(pdist(some[:, face]).mean()) for some in poses],
            "course": [float(pdist(some).mean()) for some in course],
        }
    ratios = {}
    for kind in ("pose", "course"):
        ratios[kind] = bootstrap(np.divide(facts["model"][kind], facts["simulator"][kind]))
        section.target(f"spread of {kind} ≥ 0.8 of the simulator's", ratios[kind].value >= 0.8)
    for row, fact in facts.items():
        rows.append((row, fact["recognised"].text(3), f"{np.mean(fact['pose']):.3f}", f"{np.mean(fact['course']):.3f}"))
    rows.append(("model ÷ simulator", "", ratios["pose"].text(2), ratios["course"].text(2)))
    section.tables.append(Table("Spread over seeds", ("performer", "recognised", "held pose", "whole course"), rows))
    section.figures |= {"spread": facts, "ratio": ratios}


def _copies(section: Section, setting: Setting) -> None:
    count = 48 if setting.replications >= 20 else 8
    recipe = _recipe(setting.weights)
    config = setting.generator.network.config
    captures = [path for path in recipe.get("captures", ()) if Path(path).is_file()]
    takes = load_captures(captures)
    rng = np.random.default_rng(recipe.get("seed", 1))
    examples = [draw_example(rng, config, takes, recipe.get("captured", 0.0)) for _ in range(POOL)]
    exactly = len(captures) == len(recipe.get("captures", ()))
    section.text.append(
        f"Copying: the first {POOL} examples that training "
        + ("drew" if exactly else "would have drawn without its captures, which are not here")
        + f". For {count} fresh timelines and styles, the distance to the nearest of them, of the model's performance"
        f" and of the simulator's; then for {count} timelines of the examples themselves, the distance of the model's"
        " performance to that very example, beside that of two performances by the simulator of one timeline. A model"
        " that copies comes nearer than the simulator does."
    )
    scale = setting.generator.network.scale.cpu().numpy()

    def vector(values: np.ndarray) -> np.ndarray:
        return (values / scale)[:, ::THIN].reshape(len(values), -1)

    pool = vector(np.stack([example.values for example in examples]))
    norm = np.sqrt(pool.shape[1])
    frames = config.window * config.patch
    fresh = _drawn(count)
    first, second = (np.stack([_simulated(one, 99 * k + i, frames) for i, one in enumerate(fresh)]) for k in (1, 2))
    asked = [asked_tracks(beats, config.window, config, deliberate=style.deliberate) for beats, style in fresh]
    ours = _performed(setting.generator, [(a, style.vector()) for a, (_, style) in zip(asked, fresh, strict=True)])
    known = [place for place, example in enumerate(examples) if example.told][:count]
    again = _performed(setting.generator, [(examples[i].asked, examples[i].style) for i in known])
    near = {row: cdist(vector(v), pool).min(axis=1) / norm for row, v in (("simulator", first), ("model", ours))}
    own = {
        "simulator": np.linalg.norm(vector(first) - vector(second), axis=1) / norm,
        "model": np.linalg.norm(vector(again) - pool[known], axis=1) / norm,
    }
    facts = {row: {"nearest": bootstrap(near[row], _median), "own": bootstrap(own[row], _median)} for row in near}
    section.tables.append(
        Table(
            "Distance to training examples, in the network's units for each value (median)",
            ("performer", "nearest example", "the example of the same timeline"),
            [(row, fact["nearest"].text(3), fact["own"].text(3)) for row, fact in facts.items()],
        )
    )
    section.figures["copying"] = facts
    for words in ("nearest", "own"):
        ratio = facts["model"][words].value / facts["simulator"][words].value
        section.target(f"distance to training examples ({words}) ≥ 0.8 of the simulator's", ratio >= 0.8)
    section.pictures.append(Picture("nearest", "Distance to the nearest training example.", lambda f: _draw(f, near)))


def _recipe(weights: Path) -> dict[str, Any]:
    """What the weights say about how they were trained."""
    with safe_open(weights, framework="pt") as file:
        return json.loads((file.metadata() or {}).get("facemimic", "{}")).get("facts", {}).get("recipe", {})


def _median(x: np.ndarray) -> float:
    return float(np.median(x))


Timeline = tuple[list[tuple[Beat, float]], Style]


def _drawn(count: int) -> list[Timeline]:
    rng = np.random.default_rng((11, 6))
    return [(draw_timeline(rng, 256 / 60), draw_style(rng)) for _ in range(count)]


def _simulated(timeline: Timeline, seed: int, frames: int) -> np.ndarray:
    beats, style = timeline
    return perform(np.random.default_rng((seed, 7)), beats, frames, style, settled=(False, False))


@torch.inference_mode()
def _performed(generator: Generator, conditions: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """The model's performances of (asked, style); their beats may begin before the first frame, as no Request's can."""
    frames = len(conditions[0][0]) * generator.network.config.patch
    nothing = torch.zeros(frames, len(CHANNELS), device=generator.device)
    found = []
    for seed, (asked, style) in enumerate(conditions):
        given = Conditions(
            nothing,
            nothing,
            torch.from_numpy(np.append(asked, np.ones((len(asked), 1), np.float32), axis=1)).to(generator.device),
            torch.from_numpy(np.append(style, np.float32(1))).to(generator.device),
        )
        noise = torch.randn(nothing.shape, generator=torch.Generator().manual_seed(seed)).to(generator.device)
        found.append(generator.values(sample(generator.network, noise, given, STEPS, GUIDANCE)))
    return np.clip(np.stack(found), LOWEST, HIGHEST)


def _draw(figure, near: dict[str, np.ndarray]) -> None:
    axes = figure.add_subplot()
    bins = np.linspace(0, 1.1 * max(x.max() for x in near.values()), 30)
    for row, distances in near.items():
        axes.hist(distances, bins, alpha=0.5, label=row)
    axes.set(xlabel="distance", ylabel="performances")
    axes.legend(frameon=False)
