"""Measures the decoder against MediaPipe's raw scores, on people and combinations that training never sees.

python -m engine.train.decoder.evaluate --rigs … --landmarker … --shards out/decoder [--decoder FILE]
prints the model card's tables.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from engine.channels import CHANNELS, INDEX, REGIONS, SHAPES, mirror
from engine.takes.eyes import turns
from engine.train.decoder.dataset import TEST_SEED, Person, Studio, load_shards
from engine.train.decoder.expressions import Expressions
from engine.train.decoder.filmed import measured
from engine.train.decoder.observe import Seen
from engine.train.decoder.picture import Wear, worn
from engine.train.decoder.reliability import expected_errors, rank_correlation, reliability
from engine.train.decoder.reliability import rows as reliability_rows
from engine.train.decoder.scene import draw_scene
from engine.video.crops import face_crops
from engine.video.decoder import UNSEEN, Decoded, Decoder, unscaled

SEEN_CHANNELS = [i for i, name in enumerate(SHAPES) if name not in UNSEEN]
ACTIVE = 0.05
PEOPLE = 8
FILMED = 3
BARE = Wear(size=384)
READERS = ("raw scores", "decoder", "decoder, neutral known")


@dataclass(frozen=True)
class Row:
    """One line of the table: what is measured, for each of READERS (None where it does not apply), and its target."""

    name: str
    values: tuple[float | None, ...]
    target: str


class Bench:
    """Reads pictures with each of READERS."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder

    def read(self, seen: Sequence[Seen], size: tuple[int, int], rest: Sequence[Seen]) -> list[Decoded]:
        """What each reader makes of pictures of one person of one size; rest: pictures of them at rest."""
        given = self.stacked(seen)
        neutral = self.decoder.neutral(*self.stacked(rest), size)
        return [raw_reading(*given[1:3]), self.decoder(*given, size), self.decoder(*given, size, neutral)]

    def stacked(self, seen: Sequence[Seen]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What the decoder is called with."""
        landmarks, logits, poses, crops = (
            np.array([getattr(one, name) for one in seen]) for name in ("landmarks", "logits", "pose", "crops")
        )
        return landmarks, logits, poses, self.decoder.looks(crops)


def raw_reading(logits: np.ndarray, matrices: np.ndarray) -> Decoded:
    """MediaPipe's own scores and rotation as the decoder would give them."""
    scores = 1 / (1 + np.exp(-logits.astype(float)))
    scores[:, [INDEX[name] for name in UNSEEN]] = 0
    angles = Rotation.from_matrix(unscaled(matrices)).as_euler("YXZ") * np.array([1, -1, -1])
    return Decoded(scores.astype(np.float32), np.ones_like(scores), np.degrees(angles))


def measure_unseen(decoder: Decoder, shards: dict[str, np.ndarray]) -> tuple[list[Row], list[tuple[str, list[float]]]]:
    """Rows about rendered test shards, and each channel's correlation with the truth for each reader."""
    readings = _read_shards(decoder, shards)
    truth, kind = shards["values"], shards["kind"]
    want = truth[:, SEEN_CHANNELS]
    shown, hidden = want > ACTIVE, want <= ACTIVE
    got = [reading.values[:, SEEN_CHANNELS] for reading in readings]
    correlations = [[_correlation(values[:, i], want[:, i]) for i in range(len(SEEN_CHANNELS))] for values in got]
    combined = np.isin(kind, ("combination", "reserved", "performed", "sealed"))
    rows = [
        Row("pooled r, all pictures", tuple(_correlation(v.ravel(), want.ravel()) for v in got), "≥ .75"),
        Row(
            "pooled r, combinations only",
            tuple(_correlation(v[combined].ravel(), want[combined].ravel()) for v in got),
            "≥ .75",
        ),
        Row(
            "pooled r, reserved combinations only",
            tuple(_correlation(v[kind == "reserved"].ravel(), want[kind == "reserved"].ravel()) for v in got),
            "≥ .75",
        ),
        Row("active channels, mean error", tuple(float(np.abs(v - want)[shown].mean()) for v in got), "≤ .20"),
        Row("inactive channels, mean error", tuple(float(np.abs(v - want)[hidden].mean()) for v in got), "≤ .03"),
        Row("channels with r ≥ .5, of 51", tuple(float(np.sum(np.array(c) >= 0.5)) for c in correlations), "≥ 44"),
    ]
    rest = kind == "neutral"
    rows += [
        Row("neutral faces, mean reading", tuple(float(v[rest].mean()) for v in got), "≤ .05"),
        Row("neutral faces, worst channel's mean", tuple(float(v[rest].mean(0).max()) for v in got), "≤ .05"),
        Row("neutral faces, 99th percentile", tuple(float(np.quantile(v[rest], 0.99)) for v in got), ""),
    ]
    lids = [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]
    shut = truth[:, lids] > 0.95
    rows.append(
        Row("shut eyes, median reading", tuple(float(np.median(r.values[:, lids][shut])) for r in readings), "≥ .9")
    )
    rows += _gaze(readings, truth)
    true = Rotation.from_matrix(shards["turn"])
    rows.append(
        Row("head, median angle off, °", tuple(_head_error(r, true, shards["person"]) for r in readings), "≤ 1.5")
    )
    table = [(SHAPES[i], [c[k] for c in correlations]) for k, i in enumerate(SEEN_CHANNELS)]
    return rows, table


def measure_confidence(decoder: Decoder, shards: dict[str, np.ndarray]) -> str:
    """Errors by the confidence of readings with the neutral face known, as Markdown; see reliability.py."""
    reading = _read_shards(decoder, shards)[2]
    want = shards["values"][:, SEEN_CHANNELS]
    confidence, expected = reading.confidence, expected_errors(reading.confidence, decoder)
    errors = np.abs(reading.values[:, SEEN_CHANNELS] - want)
    confidence, expected = confidence[:, SEEN_CHANNELS], expected[:, SEEN_CHANNELS]
    told = rank_correlation(confidence, errors)
    return f"{reliability_rows(reliability(confidence, errors, want > ACTIVE, expected))}\n\nSpearman {told:.2f}"


def measure_poses(studio: Studio, bench: Bench, people: Sequence[Person]) -> Row:
    """How much a resting face reads when the head is turned, against the same face from the front."""
    steps = [(30, 0, 0), (-30, 0, 0), (15, 0, 0), (-15, 0, 0), (0, 25, 0), (0, -25, 0), (0, 0, 30), (0, 0, -30)]
    changes: list[list[np.ndarray]] = [[] for _ in READERS]
    for number, person in enumerate(people):
        front = _look(studio, person, number, (0, 0, 0))
        turned = [seen for step in steps if (seen := _look(studio, person, number, step)) is not None]
        if front is None or not turned:
            continue
        for reader, reading in enumerate(bench.read([front, *turned], (384, 384), [front])):
            changes[reader].append(np.abs(reading.values[1:] - reading.values[:1]).mean(0))
    return Row(
        "pose leak within ± 30°, worst channel's mean",
        tuple(float(np.mean(one, 0)[SEEN_CHANNELS].max()) for one in changes),
        "≤ .10",
    )


def measure_wear(studio: Studio, bench: Bench, people: Sequence[Person]) -> list[Row]:
    """How much a reading changes when the same picture is mirrored, blurred, small or compressed."""
    wears = {
        "mirror": replace(BARE, mirror=True),
        "blur (sigma 2 pixels)": replace(BARE, defocus=2.0),
        "quarter size": replace(BARE, quarter=True),
        "JPEG 20": replace(BARE, jpeg=20),
    }
    changes: dict[str, list[list[float]]] = {name: [[] for _ in READERS] for name in wears}
    rng = np.random.default_rng(7)
    expressions = Expressions(rng)
    for number, person in enumerate(people):
        rest = _look(studio, person, number, (0, 0, 0))
        if rest is None:
            continue
        for _ in range(4):
            values, _ = expressions.draw()
            angles = rng.normal(0, 10, 3)
            plain = _look(studio, person, number, angles, values)
            if plain is None:
                continue
            for name, wear in wears.items():
                other = _look(studio, person, number, angles, values, wear)
                if other is None:
                    continue
                for reader, reading in enumerate(bench.read([plain, other], (384, 384), [rest])):
                    second = reading.values[1]
                    if wear.mirror:
                        second = mirror(np.r_[second, 0, 0, 0])[: len(SHAPES)]
                    changes[name][reader].append(float(np.abs(reading.values[0] - second)[SEEN_CHANNELS].mean()))
    return [
        Row(f"change by {name}", tuple(float(np.mean(one)) for one in found), "≤ .010")
        for name, found in changes.items()
    ]


def measure_head_leak(studio: Studio, bench: Bench, people: Sequence[Person]) -> list[Row]:
    """How far the head seems to turn when only the face moves."""
    shown = ("mouthSmile", "jawOpen", "browInnerUp", "mouthFrown", "mouthPucker", "eyeBlink", "cheekPuff", "noseSneer")
    shifts: list[list[list[float]]] = [[[] for _ in shown] for _ in READERS]
    for number, person in enumerate(people):
        rest = _look(studio, person, number, (0, 0, 0))
        if rest is None:
            continue
        for column, name in enumerate(shown):
            values = np.zeros(len(CHANNELS), np.float32)
            values[[i for full, i in INDEX.items() if full.startswith(name)]] = 1
            seen = _look(studio, person, number, (0, 0, 0), values)
            if seen is None:
                continue
            for reader, reading in enumerate(bench.read([rest, seen], (384, 384), [rest])):
                one, two = (Rotation.from_euler("YXZ", row * [1, -1, -1], degrees=True) for row in reading.head_degrees)
                shifts[reader][column].append(float(np.degrees((one.inv() * two).magnitude())))
    means = [[float(np.mean(column)) for column in reader] for reader in shifts]
    return [
        Row("full expression into the head, mean, °", tuple(float(np.mean(m)) for m in means), "≤ 1"),
        Row("full smile into the head, °", tuple(m[0] for m in means), "≤ 1"),
        Row("worst expression into the head, °", tuple(max(m) for m in means), "≤ 1"),
    ]


def measure_pipeline(studio: Studio, people: list[Person], weights: Path | None, landmarker: Path) -> list[Row]:
    """Rendered clips through the whole pipeline with the decoder, against the bare scores."""
    found = measured(studio, people, weights, landmarker)
    return [
        Row("jitter of a still face, whole pipeline", (found["jitter"][0], None, found["jitter"][1]), "≤ .002"),
        Row("full blinks, whole pipeline", (found["blink"][0], None, found["blink"][1]), "≥ .95"),
        Row("frames a second, whole pipeline", (found["rate"][0], None, found["rate"][1]), "≥ 0.9 of raw"),
    ]


def measure_speed(bench: Bench, studio: Studio, person: Person) -> list[Row]:
    """Milliseconds a frame: the decoder alone, and the tracker alone in image mode."""
    seen = _look(studio, person, 0, (0, 0, 0))
    picture = worn(
        studio.picture(np.random.default_rng(0), person, np.zeros(55), _scene(0, (0, 0, 0))),
        BARE,
        np.random.default_rng(0),
    )
    assert seen is not None

    def clocked(work: Callable[[], object], times: int) -> float:
        began = time.perf_counter()
        for _ in range(times):
            work()
        return 1000 * (time.perf_counter() - began) / times

    many = [seen] * 300
    tracker = clocked(lambda: studio.observer.look(picture), 50)
    crops = clocked(lambda: face_crops(picture, seen.landmarks, seen.pose), 300)
    decoder = crops + clocked(lambda: bench.decoder(*bench.stacked(many), (384, 384)), 3) / len(many)
    return [
        Row("tracker alone, ms a frame", (tracker, None, None), ""),
        Row("decoding, ms a frame", (None, decoder, decoder), ""),
    ]


def _read_shards(decoder: Decoder, shards: dict[str, np.ndarray]) -> list[Decoded]:
    """Every picture as each reader reads it; a neutral face is the median of the person's other resting pictures."""
    sizes = shards["size"]
    seen = (shards["landmarks"], shards["logits"], shards["pose"], decoder.looks(shards["crops"]))

    def chosen(rows: list[int]) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        landmarks, logits, poses, looks = seen
        return landmarks[rows], logits[rows], poses[rows], looks[rows]

    raw = raw_reading(shards["logits"], shards["pose"])
    rows: list[list[tuple[np.ndarray, ...]]] = [[], []]
    resting = shards["kind"] == "neutral"
    for row in range(len(sizes)):
        own = np.flatnonzero(resting & (shards["person"] == shards["person"][row]))
        others = own[own != row]
        size = (int(sizes[row, 0]), int(sizes[row, 1]))
        # Pictures are square, so their sizes do not matter to the neutral face.
        neutral = decoder.neutral(*chosen(others.tolist()), size) if len(others) else None
        for reader, rest in enumerate((None, neutral)):
            found = decoder(*chosen([row]), size, rest)
            rows[reader].append((found.values[0], found.confidence[0], found.head_degrees[0]))
    return [raw, *(Decoded(*(np.array(part) for part in zip(*reader, strict=True))) for reader in rows)]


def _gaze(readings: Sequence[Decoded], truth: np.ndarray) -> list[Row]:
    """Degrees between the true and the read turns of open eyes."""
    errors: list[tuple[list[float], list[float]]] = []
    for reading in readings:
        across: list[float] = []
        along: list[float] = []
        for side in ("Left", "Right"):
            open_eyes = truth[:, INDEX["eyeBlink" + side]] < 0.3
            theirs, ours = turns(truth[open_eyes], side), turns(reading.values[open_eyes], side)
            across += np.degrees(np.abs(theirs[0] - ours[0])).tolist()
            along += np.degrees(np.abs(theirs[1] - ours[1])).tolist()
        errors.append((across, along))
    looking = np.abs(truth[:, list(REGIONS["gaze"])]).max(1) > 0
    share = f"{looking.mean():.0%} look elsewhere than ahead"
    return [
        Row(f"gaze across, mean error, ° ({share})", tuple(float(np.mean(a)) for a, _ in errors), "≤ 3"),
        Row("gaze up and down, mean error, °", tuple(float(np.mean(b)) for _, b in errors), "≤ 5"),
    ]


def _head_error(reading: Decoded, true: Rotation, person: np.ndarray) -> float:
    """Median angle to the true rotation, degrees, after each person's constant offset (capture measures from rest)."""
    found = Rotation.from_euler("YXZ", reading.head_degrees * np.array([1, -1, -1]), degrees=True)
    off = true.inv() * found
    angles = []
    for one in np.unique(person):
        own = off[person == one]
        angles.append((own.mean().inv() * own).magnitude())
    return float(np.degrees(np.median(np.concatenate(angles))))


def _look(
    studio: Studio,
    person: Person,
    number: int,
    degrees: Sequence[float] | np.ndarray,
    values: np.ndarray | None = None,
    wear: Wear = BARE,
) -> Seen | None:
    """A person seen with a head turned by yaw, pitch and roll, in a light and before a lens that `number` chooses."""
    shown = np.zeros(len(CHANNELS), np.float32) if values is None else values
    picture = studio.picture(np.random.default_rng(number), person, shown, _scene(number, degrees))
    return studio.observer.look(worn(picture, wear, np.random.default_rng(0)))


def _scene(number: int, degrees: Sequence[float] | np.ndarray):
    return draw_scene(np.random.default_rng([5, number]), np.radians(np.asarray(degrees, float)))


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    if one.std() < 1e-6 or two.std() < 1e-6:
        return 0.0
    return float(np.corrcoef(one, two)[0, 1])


def people_for_testing(studio: Studio, count: int) -> list[Person]:
    """People whom training never sees."""
    return [studio.person(np.random.default_rng([21, TEST_SEED + number])) for number in range(count)]


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = ["| | " + " | ".join(READERS) + " | target |", "|---|" + "---|" * (len(READERS) + 1)]
    for row in rows:
        cells = ["–" if value is None else f"{value:.3f}" if value < 5 else f"{value:.1f}" for value in row.values]
        lines.append(f"| {row.name} | " + " | ".join(cells) + f" | {row.target} |")
    return "\n".join(lines)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rigs", type=Path, required=True, help="folder with ict_facekit.npz and ict_identities.npz")
    parser.add_argument("--landmarker", type=Path, required=True, help="MediaPipe's face_landmarker.task")
    parser.add_argument("--shards", type=Path, default=Path("out/decoder"), help="where the test shards are")
    parser.add_argument("--decoder", type=Path, help="weights, else the shipped ones")
    parser.add_argument("--quick", action="store_true", help="the test shards only")
    asked = parser.parse_args()
    decoder = Decoder.load(asked.decoder)
    bench = Bench(decoder)
    for kind, told in (("video", "one light and lens a person, as in a video"), ("test", "each picture its own")):
        rows, channels = measure_unseen(decoder, load_shards(asked.shards, kind))
        print(f"\nRendered people, {told}:\n\n{table(rows)}")
        if kind == "video":
            print("\n| channel | r, " + " | r, ".join(READERS) + " |\n|---|" + "---|" * len(READERS))
            for name, correlations in channels:
                print(f"| {name} | " + " | ".join(f"{r:.2f}" for r in correlations) + " |", flush=True)
            print(f"\nErrors by confidence:\n\n{measure_confidence(decoder, load_shards(asked.shards, kind))}")
    if not asked.quick:
        studio = Studio(asked.rigs, asked.landmarker)
        people = people_for_testing(studio, PEOPLE)
        rows = [measure_poses(studio, bench, people)]
        rows += measure_wear(studio, bench, people)
        rows += measure_head_leak(studio, bench, people)
        rows += measure_pipeline(studio, people[:FILMED], asked.decoder, asked.landmarker)
        rows += measure_speed(bench, studio, people[0])
        print(f"\nPairs of pictures, and clips:\n\n{table(rows)}")


if __name__ == "__main__":
    main()
