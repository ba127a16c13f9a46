"""Every question, one after the other."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.evaluate import ablations, alive, diverse, inbetweens, long, obeys, page, recognised, styles
from engine.evaluate.setting import Section, Setting, performer_of
from engine.model.generate import GUIDANCE, STEPS, Generator
from engine.takes.formats import read_take

QUESTIONS = {
    "recognised": recognised,
    "obeys": obeys,
    "styles": styles,
    "alive": alive,
    "diverse": diverse,
    "inbetweens": inbetweens,
    "long": long,
    "ablations": ablations,
}


def evaluate(
    weights: Path,
    out: Path,
    *,
    take: Path | None = None,
    only: Sequence[str] = (),
    quick: bool = False,
    compared: dict[str, Path] | None = None,
    device: str = "cpu",
    say: Callable[[str], None] = print,
) -> Path:
    """Answers the questions (all, or those named in `only`) and writes the page into `out`; returns its path.

    quick: 4 replications and 8 seeds instead of 20 and 64; its figures decide nothing. take: a recorded take; what
    needs one is left out without it. Raises FaceMimicError for weights, takes or names that cannot be used.
    """
    for name in only:
        if name not in QUESTIONS:
            raise FaceMimicError(f"There is no question “{name}”. Known are {', '.join(QUESTIONS)}.")
    if out.is_file():
        raise FaceMimicError(f"{out} is a file. Give a folder for the page.", "file")
    generator = Generator.load(device, weights)
    real = _real(take, say)
    setting = Setting(
        generator,
        weights,
        performer_of(generator),
        real,
        replications=4 if quick else 20,
        seeds=8 if quick else 64,
        compared=compared or {},
    )
    sections: list[Section] = []
    facts = {
        "weights": f"`{generator.digest[:16]}`",
        "trained": _trained(weights),
        "sampler": f"{STEPS} steps, guidance {GUIDANCE:g}",
        "replications": f"{setting.replications}, {setting.seeds} seeds for recognition"
        + (" (a quick look: decides nothing)" if quick else ""),
    }
    began = time.monotonic()
    for name in only or QUESTIONS:
        before = time.monotonic()
        section = QUESTIONS[name].measure(setting)
        sections.append(section)
        missed = [words for words, met in section.targets.items() if not met]
        say(f"{section.title}: {time.monotonic() - before:.0f} s" + "".join(f"\n  missed: {words}" for words in missed))
        # Written after each question, so that a run that is stopped leaves what it found.
        facts["took"] = f"{time.monotonic() - began:.0f} s"
        page.write(out, sections, facts)
    return out / page.NAME


def _real(take: Path | None, say: Callable[[str], None]) -> Clip | None:
    if take is None or not take.exists():
        say(f"There is no real take{'' if take is None else f' at {take}'}: what needs one is left out.")
        return None
    return read_take(take).clip.limited()


def _trained(weights: Path) -> str:
    from safetensors import safe_open

    with safe_open(weights, framework="pt") as file:
        facts = json.loads((file.metadata() or {}).get("facemimic", "{}")).get("facts", {})
    return f"{facts.get('steps', 'unknown')} steps, loss {facts.get('loss', float('nan')):.4f}"
