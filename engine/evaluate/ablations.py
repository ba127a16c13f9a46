"""7. Ablations that decide something: steps, guidance, masks against replacement, real data in or out."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from engine.evaluate.alive import jerkiness
from engine.evaluate.events import blinks, lids
from engine.evaluate.inbetweens import changes, cut, filler, judge
from engine.evaluate.intervals import bootstrap
from engine.evaluate.obeys import timing
from engine.evaluate.reader import BASIC
from engine.evaluate.recognised import STRONG, answers, apexes, request_for
from engine.evaluate.setting import Picture, Section, Setting, Table, held_out, performer_of, seen
from engine.model.flow import integrate
from engine.model.generate import STEPS, Generator
from engine.request import Beat, Request

TRIED_STEPS = tuple(sorted({4, 8, 12, 24, 50, STEPS}))
EXACT_STEPS = 200
CALM = (Beat({"neutral": 1.0}, 0.0),)
"""Asks for nothing to be shown, where a Request without beats leaves that open."""
TRIED_GUIDANCE = (1.0, 1.5, 1.75, 2.0, 3.0)


def measure(setting: Setting) -> Section:
    """Four tables."""
    section = Section("ablations", "7. Ablations")
    _steps(section, setting)
    _guidance(section, setting)
    if setting.take is not None:
        _masks(section, setting)
    _compared(section, setting)
    return section


def _steps(section: Section, setting: Setting) -> None:
    """Distance to EXACT_STEPS on the same seed."""
    asked = [request_for(BASIC[seed % len(BASIC)], STRONG, seed) for seed in range(setting.replications)]
    exact = setting.model([replace(request, steps=EXACT_STEPS) for request in asked])
    other = setting.model([replace(request, seed=900 + request.seed) for request in asked])
    between = float(np.mean([_apart(a, b) for a, b in zip(exact, other, strict=True)]))
    rows, facts = [], {}
    for steps in TRIED_STEPS:
        clips = setting.model([replace(request, steps=steps) for request in asked])
        off = bootstrap([_apart(a, b) / between for a, b in zip(clips, exact, strict=True)])
        worst = bootstrap([float(np.abs(a - b)[:, :52].max()) for a, b in zip(clips, exact, strict=True)])
        moved = bootstrap([_motion(a) / _motion(b) for a, b in zip(clips, exact, strict=True)])
        facts[str(steps)] = {"distance": off, "worst": worst, "motion": moved}
        rows.append((str(steps), off.text(3), worst.text(2), moved.text(2)))
    section.text.append(
        f"Steps: {len(asked)} performances against {EXACT_STEPS} steps on the same seed. Distance is relative to that"
        " between two seeds (1 would be another performance). Motion is the mean speed relative to that of the exact"
        " one."
    )
    section.tables.append(Table("Steps", ("steps", "distance", "largest difference", "motion"), rows))
    section.figures["steps"] = facts
    section.target(f"{STEPS} steps within a tenth of {EXACT_STEPS}", facts[str(STEPS)]["distance"].value <= 0.1)
    section.pictures.append(
        Picture(
            "steps", f"Distance to {EXACT_STEPS} steps on the same seed.", lambda f: _draw_steps(f, facts), (5.0, 3.2)
        )
    )


def _apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).mean()))


def _motion(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values, axis=0)).mean())


def _guidance(section: Section, setting: Setting) -> None:
    """What guidance buys and what it costs."""
    seeds = max(3, -(-setting.replications // len(BASIC)))
    rows, facts = [], {}
    for weight in TRIED_GUIDANCE:

        def guided(requests: Sequence[Request], weight: float = weight) -> list[np.ndarray]:
            return setting.model([replace(request, guidance=weight) for request in requests])

        strong, weak = (apexes(guided, BASIC, strength, seeds) for strength in (STRONG, 0.3))
        right = {k: _right(v) for k, v in (("strong", strong), ("weak", weak))}
        full = bootstrap([float((pose[:52] > 0.98).sum()) for some in strong.values() for pose in some])
        size = bootstrap([float(pose[:52].sum()) for some in strong.values() for pose in some])
        spread = bootstrap([float(some.std(axis=0).mean()) for some in strong.values()])
        late = timing(guided, max(2, seeds // 2))
        facts[f"{weight:g}"] = {**right, "saturated": full, "size": size, "spread": spread}
        rows.append(
            (
                f"{weight:g}",
                right["strong"].text(3),
                right["weak"].text(3),
                size.text(2),
                full.text(2),
                spread.text(3),
                f"{np.median(np.abs(late[:, -2])):.1f}, {np.median(np.abs(late[:, -1])):.1f}",
            )
        )
    section.text.append(
        f"Guidance: {len(BASIC)} emotions × {seeds} seeds. Size is the sum of the held pose's shapes; saturated counts"
        " shapes above 0.98."
    )
    section.tables.append(
        Table(
            "Guidance",
            (
                "weight",
                "7 at 0.8",
                "7 at 0.3",
                "size",
                "saturated",
                "spread over seeds",
                "shift of rise, fall (frames)",
            ),
            rows,
        )
    )
    section.figures["guidance"] = facts


def _right(poses: dict[str, np.ndarray]):
    return bootstrap([float(word == name) for name, words in answers(poses, BASIC).items() for word in words])


def _masks(section: Section, setting: Setting) -> None:
    """The known frames as the network's input against replacement at inference."""
    assert setting.take is not None
    take, trained = held_out(setting.take), seen(setting.take)
    scale = changes([trained.values], _inner(len(trained.values))).std(axis=0) + 1e-4
    windows, known, judged = cut(take, 1.0, setting.replications, keyed=True)
    filled = {
        "told what is known (masks)": filler(setting.model)(windows, known, take.fps),
        "the same, told to be calm": filler(setting.model, CALM)(windows, known, take.fps),
        "replacement at inference": _replaced(setting.generator, windows, known, take.fps),
    }
    found = judge(filled, windows, judged, scale)
    section.text.append(
        f"Masks: {len(windows)} windows of the held-out take with single keys a second apart. Replacement runs the same"
        " network without telling it the keys, and puts the noised keys into the sample at each step."
        " Calm: the same keys with a beat of no strength."
    )
    section.tables.append(
        Table(
            "Masks",
            ("known frames by", "error", "Fréchet distance", "largest step beside a key"),
            [
                (
                    name,
                    fact["error"].text(4),
                    f"{fact['frechet']:.1f}",
                    f"{np.median([_step_beside_keys(window, known) for window in filled[name]]):.3f}",
                )
                for name, fact in found.items()
            ],
        )
    )
    section.figures["masks"] = found


def _step_beside_keys(window: np.ndarray, known: np.ndarray) -> float:
    keys = np.flatnonzero(known)[1:-1]
    return float(np.abs(np.diff(window[:, :52], axis=0))[keys].max())


def _inner(length: int) -> np.ndarray:
    inner = np.ones(length, bool)
    inner[:2] = inner[-2:] = False
    return inner


@torch.inference_mode()
def _replaced(generator: Generator, windows: list[np.ndarray], known: np.ndarray, fps: float) -> list[np.ndarray]:
    network = generator.network
    rate = 60.0 / fps
    length = round(len(windows[0]) * rate)
    length -= length % network.config.patch
    at = np.clip(np.arange(length) / rate, 0, len(known) - 1)
    keys = np.unique(np.round(np.flatnonzero(known) * rate).astype(int).clip(0, length - 1))
    values = np.stack([np.stack([np.interp(at, np.arange(len(w)), c) for c in w.T], axis=1) for w in windows]).astype(
        np.float32
    )
    device = generator.device
    clean = (torch.from_numpy(values).to(device) - network.mean) / network.scale
    noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0)).to(device)
    nothing = torch.zeros_like(noise)
    asked = torch.zeros(len(noise), length // network.config.patch, network.config.asked + 1, device=device)
    style = torch.zeros(len(noise), len(network.config.style) + 1, device=device)

    def predict(x: torch.Tensor, now: float) -> torch.Tensor:
        x = x.clone()
        x[:, keys] = now * clean[:, keys] + (1 - now) * noise[:, keys]
        return network(x, torch.full((len(x),), now, device=device), nothing, nothing, asked, style)

    x = integrate(predict, noise, STEPS)
    x[:, keys] = clean[:, keys]
    answers = generator.values(x).clip(0, 1)
    back = np.clip(np.round(np.arange(len(known)) * rate).astype(int), 0, length - 1)
    return list(answers[:, back])


def _compared(section: Section, setting: Setting) -> None:
    """Other weights on a few of the figures."""
    rows, facts = [], {}
    generators = {"these weights": setting.generator} | {
        name: Generator.load("cpu", path) for name, path in setting.compared.items()
    }
    if len(generators) == 1:
        section.text.append("Real data in or out: no other weights given (--compare NAME=FILE).")
        return
    for name, generator in generators.items():
        performer = performer_of(generator)
        seeds = max(3, -(-setting.replications // len(BASIC)))
        strong, weak = (_right(apexes(performer, BASIC, strength, seeds)) for strength in (STRONG, 0.3))
        calm = performer([Request(duration=4.2, seed=seed) for seed in range(setting.replications)])
        rate = bootstrap([60 * len(blinks(lids(clip), 60.0)) / 4.2 for clip in calm])
        facts[name] = {"strong": strong, "weak": weak, "blinks": rate, "jerkiness": jerkiness([c[::2] for c in calm])}
        cells = [name, strong.text(3), weak.text(3), rate.text(1), facts[name]["jerkiness"].text(3)]
        if setting.take is not None:
            take, trained = held_out(setting.take), seen(setting.take)
            scale = changes([trained.values], _inner(len(trained.values))).std(axis=0) + 1e-4
            for keyed in (False, True):
                windows, known, judged = cut(take, 1.0, setting.replications, keyed)
                fill = filler(performer)
                found = judge({"": fill(windows, known, take.fps)}, windows, judged, scale)[""]
                facts[name]["keys" if keyed else "gaps"] = found
                cells.append(f"{found['error'].text(4)}; {found['frechet']:.1f}")
        rows.append(cells)
    section.tables.append(
        Table(
            "Other weights",
            (
                "weights",
                "7 at 0.8",
                "7 at 0.3",
                "blinks a minute",
                "jerkiness",
                "gap of 1 s: error; Fréchet",
                "keys 1 s apart: error; Fréchet",
            )[: len(rows[0])],
            rows,
        )
    )
    section.figures["compared"] = facts


def _draw_steps(figure, facts: dict) -> None:
    axes = figure.add_subplot()
    steps = [int(name) for name in facts]
    means = [fact["distance"].value for fact in facts.values()]
    axes.plot(steps, means, marker="o")
    axes.fill_between(
        steps, [f["distance"].low for f in facts.values()], [f["distance"].high for f in facts.values()], alpha=0.2
    )
    axes.set(xlabel="steps", ylabel="distance", xscale="log", ylim=(0, None))
    axes.set_xticks(steps, [str(s) for s in steps])
