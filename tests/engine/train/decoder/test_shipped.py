"""The shipped weights against the raw scores, on faces rendered here and now that training never saw."""

import numpy as np
import pytest

from engine.channels import SHAPES
from engine.paths import weights_folder
from engine.video.decoder import NAME, Decoder


@pytest.fixture(scope="module")
def taken(shared):
    for module in ("mediapipe", "moderngl", "matplotlib"):
        pytest.importorskip(module)
    from engine.train.decoder.dataset import TEST_SEED, Studio, shard

    try:
        studio = Studio(shared / "rigs", shared / "models" / "face_landmarker.task")
    except Exception as error:  # the driver's own kinds of errors
        pytest.skip(f"needs OpenGL through EGL: {error}")
    pictures = shard(studio, TEST_SEED + 500_000, sessions=True)
    yield [one for one, _ in zip(pictures, range(28), strict=False)]
    studio.observer.close()


def test_shipped_weights_read_unseen_faces_better_than_the_raw_scores(taken):
    if not (weights_folder() / NAME).is_file():
        pytest.skip("the decoder's weights are not in this checkout")
    decoder = Decoder.load()
    landmarks, logits, poses, crops = (
        np.array([getattr(one.seen, name) for one in taken]) for name in ("landmarks", "logits", "pose", "crops")
    )
    seen = landmarks, logits, poses, decoder.looks(crops)
    resting = np.array([one.kind == "neutral" for one in taken])
    neutral = decoder.neutral(*(part[resting] for part in seen), size=(384, 384))
    want = np.array([one.values[: len(SHAPES)] for one in taken])
    raw = 1 / (1 + np.exp(-logits))
    # Pictures are square, so one size serves all.
    learned = decoder(*seen, (384, 384), neutral).values
    assert np.corrcoef(learned.ravel(), want.ravel())[0, 1] > np.corrcoef(raw.ravel(), want.ravel())[0, 1] + 0.1
    assert np.abs(learned - want).mean() < np.abs(raw - want).mean()
