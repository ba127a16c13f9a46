import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES
from engine.errors import FaceMimicError
from engine.paths import weights_folder
from engine.video.calibration import STRONGEST, Calibration, actor_path, known_actors, measured
from engine.video.capture import Captured, capture
from engine.video.decoder import NAME, Neutral
from engine.video.proportions import APART
from engine.video.reading import Scores

FRAMES = 120
TIMES = np.arange(FRAMES) / 30
READER = Scores()


def readings(**curves: object) -> np.ndarray:
    values = np.zeros((FRAMES, len(SHAPES)), np.float32)
    for name, curve in curves.items():
        values[:, INDEX[name]] = curve
    return values


def bump(height: float) -> np.ndarray:
    curve = np.zeros(FRAMES)
    curve[50:70] = height * np.hanning(20)
    return curve


def made(values: np.ndarray, trust: float = 1.0, **options: bool) -> Calibration:
    resting = np.arange(FRAMES) < 12
    neutral = Neutral(np.zeros((0, 3), np.float32), np.zeros(52, np.float32), np.zeros((2, 3), np.float32))
    return measured(TIMES, values, np.full(values.shape, trust), resting, READER, neutral, **options)


def applied(values: np.ndarray, calibration: Calibration) -> np.ndarray:
    return calibration.applied(TIMES, values, READER.bias.narrowing)


def test_the_resting_face_is_at_zero_and_full_expression_still_at_one() -> None:
    values = readings(browInnerUp=0.3)
    values[60, INDEX["browInnerUp"]] = 1
    shown = applied(values, made(values))[:, INDEX["browInnerUp"]]
    assert shown[0] == 0 and shown[60] == 1


def test_a_found_rest_gives_up_little_and_a_picked_one_all() -> None:
    smiling = readings(mouthSmileLeft=0.6)
    assert applied(smiling, made(smiling))[:, INDEX["mouthSmileLeft"]].min() > 0.5
    assert not applied(smiling, made(smiling, picked=True))[:, INDEX["mouthSmileLeft"]].any()


def test_a_full_range_reaches_one_and_noise_is_never_raised() -> None:
    rng = np.random.default_rng(4)
    values = readings(
        jawOpen=bump(0.7), mouthSmileLeft=bump(0.5), mouthSmileRight=bump(0.8), cheekPuff=rng.normal(0.02, 0.01, FRAMES)
    )
    values[:, INDEX["mouthFunnel"]] = bump(0.2)
    gain = made(values, full_range=True).gain
    shown = applied(values, made(values, full_range=True))
    assert shown[:, INDEX["jawOpen"]].max() > 0.95
    assert gain[INDEX["cheekPuff"]] == gain[INDEX["mouthFunnel"]] == 1
    # A lopsided smile stays one.
    assert gain[INDEX["mouthSmileLeft"]] == gain[INDEX["mouthSmileRight"]]
    assert gain.min() >= 1 and gain.max() <= STRONGEST
    assert (made(values).gain == 1).all()
    assert (made(values, trust=0.2, full_range=True).gain == 1).all()


def test_blinks_close_and_a_stare_does_not() -> None:
    blink = 0.1 + 0.45 * bump(1.0)
    both = readings(eyeBlinkLeft=blink, eyeBlinkRight=blink)
    assert applied(both, made(both))[:, INDEX["eyeBlinkLeft"]].max() > 0.95
    stare = readings(eyeBlinkLeft=0.1, eyeBlinkRight=0.1)
    stare[40:80, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] = 0.2
    assert applied(stare, made(stare))[:, INDEX["eyeBlinkLeft"]].max() < 0.2


def test_an_actor_comes_back_from_their_file(tmp_path: Path) -> None:
    values = readings(browInnerUp=0.31, eyeBlinkLeft=0.12, eyeBlinkRight=0.1, eyeLookUpLeft=0.05, jawOpen=bump(0.7))
    kept = made(values, full_range=True)
    kept.save(tmp_path / "deep" / "anna.json", {"footage": "rom.mov"})
    again = Calibration.load(tmp_path / "deep" / "anna.json", READER.name)
    np.testing.assert_allclose(applied(values, again), applied(values, kept), atol=2e-4)
    table = json.loads((tmp_path / "deep" / "anna.json").read_text("utf-8"))
    assert table["about"] == {"footage": "rom.mov"}
    assert table["rest"]["browInnerUp"] == pytest.approx(0.31, abs=1e-3)
    assert len((tmp_path / "deep" / "anna.json").read_text("utf-8").splitlines()) < 60


@pytest.mark.parametrize(
    "damage",
    [
        "", "{}", "[1]", '{"form": "facemimic-actor-1"}', "not json", "NUL\0", "null",
        "no-lids", "nan", "text", "short",
    ],
)  # fmt: skip
def test_a_damaged_actor_is_told(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "anna.json"
    made(readings()).save(path, {})
    table = json.loads(path.read_text("utf-8"))
    if damage == "no-lids":
        table["lids"]["shut"] = table["lids"]["open"]
    elif damage == "nan":
        table["rest"]["jawOpen"] = float("nan")
    elif damage == "text":
        table["gain"]["jawOpen"] = "much"
    elif damage == "short":
        table["neutral"]["logits"] = [0.5]
    path.write_text(json.dumps(table) if damage in ("no-lids", "nan", "text", "short") else damage, "utf-8")
    with pytest.raises(FaceMimicError, match=r"anna\.json is not an actor's calibration") as error:
        Calibration.load(path, READER.name)
    assert error.value.kind == "file"


def test_another_decoders_actor_is_told(tmp_path: Path) -> None:
    made(readings()).save(tmp_path / "anna.json", {})
    with pytest.raises(FaceMimicError, match="calibrated for another decoder"):
        Calibration.load(tmp_path / "anna.json", "decoder 123")


def test_actors_are_found_by_name_or_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.video.calibration.data_folder", lambda: tmp_path)
    assert known_actors() == []
    made(readings()).save(actor_path("Zoë B"), {})
    made(readings()).save(actor_path("Anna"), {})
    assert known_actors() == ["Anna", "Zoë B"]
    assert actor_path("here/anna.json") == Path("here/anna.json")
    for name in ("..", ".hidden", "a:b", "New/Guy", "a\\b", "who?", "", "x" * 200, "a\nb"):
        with pytest.raises(FaceMimicError, match="cannot be an actor's name"):
            actor_path(name)


def test_an_actor_is_measured_once_and_used_for_other_footage(
    shared: Path, bundle: Path, tmp_path: Path, captured_a: Captured
) -> None:
    video, actor = shared / "video" / "face_a.mp4", str(tmp_path / "a.json")
    # As `captured_a`, so that it is tracked once.
    options = {"model": bundle, "decoder": "none"}
    first = capture(video, actor=actor, **options)
    kept = Path(actor).read_bytes()
    again = capture(video, actor=actor, **options)
    np.testing.assert_allclose(again.values, first.values, atol=2e-3)
    assert first.provenance["calibration"] == "measured here, kept as a"
    assert again.provenance["calibration"] == "actor a"
    # A part without the resting face, in which the mouth is open and pursed throughout.
    part = capture(video, actor=actor, model=bundle, decoder="none", start=0.7, end=1.2)
    alone = capture(video, model=bundle, decoder="none", start=0.7, end=1.2)
    whole = captured_a.clip.values[21:36]
    errors = [np.abs(clip.values[:15, :52] - whole[:, :52]).mean() for clip in (part, alone)]
    assert errors[0] < 0.7 * errors[1]
    assert Path(actor).read_bytes() == kept
    picked = capture(video, actor=actor, neutral=1.6, **options)
    assert picked.provenance["calibration"] == "the artist's pick"
    assert Path(actor).read_bytes() == kept
    capture(video, actor=actor, renew_actor=True, start=1.5, end=2.2, **options)
    assert Path(actor).read_bytes() != kept


def test_somebody_elses_calibration_is_told(shared: Path, bundle: Path, tmp_path: Path) -> None:
    if not (weights_folder() / NAME).is_file():
        pytest.skip(f"needs the decoder's weights, {NAME}")
    actor = str(tmp_path / "Ben.json")
    options = {"model": bundle, "decoder": "learned", "actor": actor, "without": ("completion",)}
    own = capture(shared / "video" / "face_b.mp4", **options)
    assert own.provenance["actor"] == {"actor": "Ben", "kept": True}
    again = capture(shared / "video" / "face_b.mp4", **options)
    assert again.provenance["actor"] == {"actor": "Ben", "used": True}
    other = capture(shared / "video" / "face_a.mp4", **options)
    assert other.provenance["actor"]["unlike"] > APART
    notes = {name: " ".join(clip.provenance["notes"]) for name, clip in (("again", again), ("other", other))}
    assert "proportions are not those of Ben" in notes["other"]
    assert "proportions" not in notes["again"]


def test_the_artists_pick_is_the_resting_face(shared: Path, bundle: Path) -> None:
    picked = capture(shared / "video" / "face_a.mp4", model=bundle, decoder="none", neutral=1.0)
    pursed = picked.values[28:33, INDEX["mouthPucker"]]
    assert pursed.max() < 0.3
    assert picked.provenance["calibration"] == "the artist's pick"
    assert picked.provenance["resting"] == [[pytest.approx(0.9, abs=0.04), pytest.approx(1.1, abs=0.04)]]


def test_a_photo_is_read_with_its_actor(frames_of: Callable, bundle: Path, shared: Path, tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    path = tmp_path / "grin.jpg"
    cv2.imencode(".jpg", frames_of("face_a.mp4", 4.3, 4.32)[0][:, :, ::-1])[1].tofile(path)
    plain = capture(path, model=bundle, decoder="none")
    assert plain.values.shape == (1, 55)
    assert plain.provenance["source"] == "photo"
    assert plain.values[0, INDEX["jawOpen"]] > 0.5 and plain.values[0, INDEX["mouthSmileLeft"]] > 0.4
    actor = str(tmp_path / "a.json")
    with pytest.raises(FaceMimicError, match=r"a photo cannot give one.* --neutral 0 "):
        capture(path, model=bundle, decoder="none", actor=actor)
    capture(path, model=bundle, decoder="none", actor=str(tmp_path / "still.json"), neutral=0.0)
    assert (tmp_path / "still.json").is_file()
    capture(shared / "video" / "face_a.mp4", model=bundle, decoder="none", actor=actor)
    known = capture(path, model=bundle, decoder="none", actor=actor)
    # His dark brows read as lowered at rest, which only the calibration can know.
    brow = INDEX["browDownLeft"]
    assert known.values[0, brow] < plain.values[0, brow] - 0.1
