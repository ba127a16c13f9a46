from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from scipy.spatial.transform import Rotation

from engine.channels import CHANNELS, INDEX, SHAPES, mirror
from engine.errors import FaceMimicError
from engine.paths import weights_folder
from engine.video.crops import BYTES
from engine.video.decoder import (
    LANDMARKS,
    NAME,
    Decoder,
    as_outputs,
    channels,
    frontal,
    logits,
    output_mirror,
    outputs,
)

SIZE = (640, 480)
LOOKS = 6
SEEN = LANDMARKS * 3 + len(SHAPES) + LOOKS + 9


def random_decoder(width: int = 24, blocks: int = 2) -> Decoder:
    """A decoder of random weights; its landmarks' counterparts are their neighbours."""
    rng = np.random.default_rng(0)
    count, changing = len(outputs()), LANDMARKS * 3 + len(SHAPES) + LOOKS

    def drawn(*shape: int) -> np.ndarray:
        return rng.normal(0, 0.2 / np.sqrt(shape[-1]) * 5, shape).astype(np.float32)

    template = rng.normal(size=(LANDMARKS, 3)).astype(np.float32)
    template[1::2] = template[::2] * [-1, 1, 1]
    tensors = {
        "template": template,
        "stable": np.full(LANDMARKS, 1 / LANDMARKS, np.float32),
        "mirror": np.arange(LANDMARKS) ^ 1,
        "input_mean": np.zeros(SEEN, np.float32),
        "input_scale": np.ones(SEEN, np.float32),
        "change_scale": np.ones(changing, np.float32),
        "enter.weight": drawn(width, SEEN),
        "enter.bias": drawn(width),
        "change.weight": drawn(width, changing),
        "change.bias": drawn(width),
        "direct.weight": drawn(count, SEEN),
        "direct.bias": drawn(count),
        "direct_change.weight": drawn(count, changing),
        "direct_change.bias": drawn(count),
        "means.weight": drawn(count, width),
        "means.bias": drawn(count),
        "doubt.0.weight": drawn(8, width),
        "doubt.0.bias": drawn(8),
        "doubt.1.weight": drawn(count, 8),
        "doubt.1.bias": drawn(count),
        "turn.weight": drawn(3, width),
        "turn.bias": drawn(3),
        "spread_scale": np.full(count, 0.1, np.float32),
        "usual_spread": np.full(count, 0.25, np.float32),
        "reliability": np.ones(count, np.float32),
    }
    for block in range(blocks):
        tensors |= {f"blocks.{block}.{i}.weight": drawn(width, width) for i in range(2)}
        tensors |= {f"blocks.{block}.{i}.bias": drawn(width) for i in range(2)}
    return Decoder(tensors, {"outputs": outputs(), "blocks": blocks, "width": width})


def random_faces(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    matrices = np.tile(np.eye(4), (count, 1, 1))
    matrices[:, :3, :3] = 2 * Rotation.from_rotvec(rng.normal(0, 0.3, (count, 3))).as_matrix()
    landmarks, scores = rng.uniform(0.2, 0.8, (count, LANDMARKS, 3)), rng.normal(0, 3, (count, len(SHAPES)))
    return landmarks, scores, matrices, rng.normal(0, 1, (count, 2, LOOKS)).astype(np.float32)


def test_outputs_stand_for_every_channel_but_the_tongue_once():
    named = [name for pair in outputs() for name in pair if name]
    assert sorted(named) == sorted(set(SHAPES) - {"tongueOut"})


@given(st.lists(st.floats(0, 1, width=32), min_size=52, max_size=52))
def test_channels_come_back_from_outputs_unless_opposites_meet(drawn):
    values = np.array([drawn], np.float32)
    values[:, INDEX["tongueOut"]] = 0
    for plus, minus in outputs():
        if minus:
            values[0, INDEX[minus if drawn[0] < 0.5 else plus]] = 0
    np.testing.assert_allclose(channels(as_outputs(values)), values, atol=1e-6)


def test_mirroring_outputs_is_mirroring_channels():
    values = np.random.default_rng(0).uniform(0, 1, (5, len(CHANNELS))).astype(np.float32)
    turned, sign = output_mirror()
    np.testing.assert_allclose(as_outputs(values)[:, turned] * sign, as_outputs(mirror(values)), atol=1e-6)


def test_frontal_undoes_size_place_and_rotation():
    rng = np.random.default_rng(2)
    template = rng.normal(size=(LANDMARKS, 3))
    stable = rng.uniform(0.5, 1, LANDMARKS)
    stable /= stable.sum()
    turn = Rotation.from_euler("YXZ", [0.5, -0.3, 0.2]).as_matrix()
    points = 70 * template @ turn.T + [300, -200, 10]
    landmarks = points / [SIZE[0], -SIZE[1], -SIZE[0]]
    shapes, turns = frontal(landmarks[None], SIZE, template, stable)
    np.testing.assert_allclose(shapes[0], template, atol=1e-5)
    np.testing.assert_allclose(turns[0], turn, atol=1e-6)


def test_frames_without_a_face_are_nan_without_confidence():
    landmarks, scores, matrices, looks = random_faces(6)
    landmarks[2], scores[2], matrices[2], looks[2] = np.nan, np.nan, np.nan, np.nan
    decoded = random_decoder()(landmarks, scores, matrices, looks, SIZE)
    assert decoded.values.shape == decoded.confidence.shape == (6, 52)
    assert decoded.head_degrees.shape == (6, 3)
    assert np.isnan(decoded.values[2]).all()
    assert np.isnan(decoded.head_degrees[2]).all()
    assert (decoded.confidence[2] == 0).all()
    others = np.delete(decoded.values, 2, 0)
    assert (others >= 0).all()
    assert (others <= 1).all()
    assert (decoded.confidence >= 0).all()
    assert (decoded.confidence <= 1).all()
    assert (decoded.values[:, INDEX["tongueOut"]][[0, 1, 3, 4, 5]] == 0).all()
    assert (decoded.confidence[:, INDEX["tongueOut"]] == 0).all()


def test_another_decoders_resting_face_is_refused():
    decoder, faces = random_decoder(), random_faces(2)
    neutral = replace(decoder.neutral(*faces, SIZE), looks=np.zeros((2, LOOKS + 1), np.float32))
    with pytest.raises(FaceMimicError) as caught:
        decoder(*faces, SIZE, neutral)
    assert caught.value.kind == "file"


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_mirrored_face_is_read_mirrored(calibrated):
    decoder = random_decoder()
    landmarks, scores, matrices, looks = random_faces(4)
    flipped = landmarks[:, np.arange(LANDMARKS) ^ 1] * [-1, 1, 1] + [1, 0, 0]
    flipped_scores = mirror(np.c_[scores, np.zeros((4, 3))])[:, : len(SHAPES)]
    flip = np.diag([-1.0, 1, 1, 1])
    neutral = decoder.neutral(landmarks[:1], scores[:1], matrices[:1], looks[:1], SIZE) if calibrated else None
    turned = flipped, flipped_scores, flip @ matrices @ flip, looks[:, ::-1]
    other = decoder.neutral(*(part[:1] for part in turned), size=SIZE) if calibrated else None
    plain = decoder(landmarks, scores, matrices, looks, SIZE, neutral)
    seen = decoder(*turned, SIZE, other)
    expected = mirror(np.c_[plain.values, plain.head_degrees])
    np.testing.assert_allclose(seen.values, expected[:, : len(SHAPES)], atol=1e-4)
    np.testing.assert_allclose(seen.head_degrees, expected[:, len(SHAPES) :], atol=1e-3)


def test_a_frame_is_read_alike_alone_and_among_others():
    decoder = random_decoder()
    faces = random_faces(5)
    together = decoder(*faces, SIZE)
    alone = decoder(*(part[3:4] for part in faces), size=SIZE)
    np.testing.assert_allclose(together.values[3], alone.values[0], atol=1e-5)


def test_logits_are_limited_and_keep_nan():
    found = logits(np.array([0.0, 0.5, 1.0, np.nan]))
    np.testing.assert_allclose(found, [-8, 0, 8, np.nan])


@pytest.mark.parametrize("case", ["missing", "damaged", "empty", "other version"])
def test_unusable_weights_say_so(tmp_path, case):
    path = tmp_path / "decoder.safetensors"
    if case == "damaged":
        path.write_bytes(b"no weights at all")
    elif case == "empty":
        path.write_bytes(b"")
    elif case == "other version":
        save_file({"template": np.zeros(3, np.float32)}, path, {"facemimic": '{"format": "another"}'})
    with pytest.raises(FaceMimicError) as caught:
        Decoder.load(path)
    assert caught.value.kind == "weights"


def test_shipped_weights_load_and_give_finite_channels():
    if not (weights_folder() / NAME).is_file():
        pytest.skip("the decoder's weights are not in this checkout")
    decoder = Decoder.load()
    landmarks, scores, matrices, _ = random_faces(2)
    looks = decoder.looks(np.random.default_rng(0).integers(0, 256, (2, BYTES), np.uint8))
    decoded = decoder(landmarks, scores, matrices, looks, SIZE)
    assert np.isfinite(decoded.values).all()
    assert np.isfinite(decoded.confidence).all()
    assert np.isfinite(decoded.head_degrees).all()
