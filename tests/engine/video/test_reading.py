"""How decoders are chosen, and what a learned one's answer goes through."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from engine.channels import INDEX, SHAPES
from engine.errors import FaceMimicError
from engine.video import capture as room
from engine.video.actor import known_actor
from engine.video.capture import Captured, capture_all
from engine.video.decoder import Decoded, Neutral
from engine.video.head import head_degrees
from engine.video.options import Options
from engine.video.reading import Learned, Scores, reader


class Decoder:
    """Reads what the scores say, less the resting face, and is sure of all but one channel."""

    sha256 = "0123456789abcdef0123"

    def looks(self, crops) -> np.ndarray:
        return np.zeros((len(crops), 2, 3), np.float32)

    def neutral(self, landmarks, logits, matrices, looks, size) -> Neutral:
        return Neutral(np.median(landmarks, 0), np.median(logits, 0), looks[0])

    def __call__(self, landmarks, logits, matrices, looks, size, neutral=None) -> Decoded:
        values = 1 / (1 + np.exp(-logits))
        if neutral is not None:
            values = np.clip(values - 1 / (1 + np.exp(-neutral.logits)), 0, 1)
        # A learned one reads shut eyes as nearly shut, which the scores do not.
        values[:, [INDEX["eyeBlinkLeft"], INDEX["eyeBlinkRight"]]] *= 1.8
        values = np.clip(values, 0, 1)
        confidence = np.full(values.shape, 0.9, np.float32)
        confidence[:, INDEX["cheekPuff"]] = 0.1
        confidence[~np.isfinite(values[:, 0])] = 0
        return Decoded(values.astype(np.float32), confidence, head_degrees(matrices))


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "reader", lambda decoder, weights: Learned(Decoder()))  # type: ignore[arg-type]


def test_without_weights_the_scores_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEMIMIC_WEIGHTS", str(tmp_path))
    assert isinstance(reader("auto"), Scores)
    assert isinstance(reader("none"), Scores)
    with pytest.raises(FaceMimicError) as error:
        reader("learned")
    assert error.value.kind == "weights"
    with pytest.raises(FaceMimicError, match="no decoder “other”"):
        reader("other")


def test_a_learned_decoders_answer_goes_through_every_stage(
    learned: None, shared: Path, bundle: Path, captured_a: Captured, tmp_path: Path
) -> None:
    actor = str(tmp_path / "a.json")
    made = capture_all(shared / "video" / "face_a.mp4", Options(model=bundle, actor=actor))
    assert made.clip.provenance["decoder"] == "decoder 0123456789abcdef"
    assert made.clip.provenance["blind_channels"] == ["tongueOut"]
    assert made.events.blinks == captured_a.events.blinks
    lids = made.clip.values[[95, 96], INDEX["eyeBlinkLeft"]]
    assert lids.min() > 0.8
    resting = made.clip.values[np.flatnonzero(made.resting)][:, : len(SHAPES)]
    assert np.median(resting, axis=0).max() < 0.05
    again = capture_all(shared / "video" / "face_a.mp4", Options(model=bundle, actor=actor))
    np.testing.assert_allclose(again.clip.values, made.clip.values, atol=2e-3)
    with pytest.raises(FaceMimicError, match="calibrated for another decoder"):
        _by_scores(shared, bundle, actor)


def _by_scores(shared: Path, bundle: Path, actor: str) -> None:
    options = Options(model=bundle, actor=actor, decoder="none", end=0.5)
    known_actor(options, Scores(), SimpleNamespace(still=False))  # type: ignore[arg-type]


def test_what_the_decoder_is_unsure_of_lowers_confidence_but_is_not_made_up(
    learned: None, shared: Path, bundle: Path
) -> None:
    whole = capture_all(shared / "video" / "face_a.mp4", Options(model=bundle, end=1.0))
    bare = capture_all(shared / "video" / "face_a.mp4", Options(model=bundle, end=1.0, without=("completion",)))
    np.testing.assert_array_equal(whole.clip.values, bare.clip.values)
    assert "completed" not in whole.clip.provenance
