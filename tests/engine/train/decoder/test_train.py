"""Training on made-up faces whose landmarks move in proportion to their channels."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from engine.channels import INDEX, SHAPES
from engine.train.decoder.network import CHANGING, SEEN, Looking, Network
from engine.train.decoder.points import COUNTS
from engine.train.decoder.see import learn_looking
from engine.train.decoder.train import save, train
from engine.video.crops import BYTES, parted
from engine.video.decoder import LANDMARKS, Decoder, as_outputs, outputs
from engine.video.looking import looks_at, standardised

HIDDEN = [number for number, (name, _) in enumerate(outputs()) if name.startswith(("brow", "cheek", "nose"))]
"""Outputs of which nothing is to be seen on the made-up faces."""


def made_up(people: int, each: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    count = people * each
    half = rng.normal(size=(LANDMARKS // 2, 3)) * [0.5, 1, 0.3] + [1, 0, 0]
    face = np.concatenate([half, half * [-1, 1, 1]])
    basis = rng.normal(0, 0.06, (len(outputs()), LANDMARKS, 3))
    basis[HIDDEN] = 0
    values = rng.uniform(0, 1, (count, 55)).astype(np.float32) * (rng.random((count, 55)) < 0.25)
    values[:, 51:] = 0
    kind = np.tile(["neutral"] * 2 + ["combination"] * (each - 2), people)
    values[kind == "neutral"] = 0
    turn = Rotation.from_rotvec(rng.normal(0, 0.15, (count, 3))).as_matrix()
    points = face + np.tensordot(as_outputs(values), basis, 1) + rng.normal(0, 0.002, (count, LANDMARKS, 3))
    points = np.einsum("fij,fnj->fni", turn, points)
    pose = np.tile(np.eye(4, dtype=np.float32), (count, 1, 1))
    pose[:, :3, :3] = turn
    return {
        "values": values,
        "turn": turn.astype(np.float32),
        "kind": kind,
        "person": np.repeat(np.arange(people), each),
        "drawing": np.arange(count),
        "points": rng.uniform(0.3, 0.7, (count, sum(COUNTS), 2)).astype(np.float32),
        "crops": rng.integers(0, 256, (count, BYTES), np.uint8),
        "size": np.full((count, 2), 400, np.int32),
        "landmarks": (points * [0.1, -0.1, -0.1] + 0.5).astype(np.float32),
        "logits": rng.normal(0, 1, (count, len(SHAPES))).astype(np.float32),
        "pose": pose,
    }


def looking() -> dict[str, np.ndarray]:
    """Random weights of the part that looks at crops."""
    torch.manual_seed(0)
    network = Looking().eval()
    for name, value in network.named_buffers():
        if name.endswith(("running_mean", "running_var")):
            value.copy_(torch.rand_like(value) + 0.5)
    return {name: value.numpy() for name, value in network.weights().items()}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    shards = made_up(40, 16)
    path = tmp_path_factory.mktemp("decoder") / "decoder.safetensors"
    save(*train(shards, looking(), epochs=8, width=64, blocks=1), path)
    return shards, Decoder.load(path)


def test_training_learns_what_moves_landmarks(trained):
    shards, decoder = trained
    looks = decoder.looks(shards["crops"])
    decoded = decoder(shards["landmarks"], shards["logits"], shards["pose"], looks, (400, 400))
    want = shards["values"][:, :51]
    assert np.corrcoef(decoded.values[:, :51].ravel(), want.ravel())[0, 1] > 0.6


def test_confidence_tells_what_is_seen_from_what_is_not(trained):
    shards, decoder = trained
    looks = decoder.looks(shards["crops"])
    decoded = decoder(shards["landmarks"], shards["logits"], shards["pose"], looks, (400, 400))
    hidden = [INDEX[outputs()[number][0]] for number in HIDDEN]
    seen = [i for i in range(51) if i not in hidden]
    assert decoded.confidence[:, hidden].mean() < 0.5 * decoded.confidence[:, seen].mean()


def test_numpy_runs_the_network_that_torch_trained():
    torch.manual_seed(0)
    network = Network(32, 2).eval()
    tensors = {name: value.detach().numpy() for name, value in network.state_dict().items()}
    tensors |= {
        "input_mean": np.zeros(SEEN, np.float32),
        "input_scale": np.ones(SEEN, np.float32),
        "change_scale": np.ones(CHANGING, np.float32),
        "spread_scale": np.ones(len(outputs()), np.float32),
    }
    decoder = Decoder(tensors, {"blocks": 2})
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(3, SEEN)).astype(np.float32)
    neutral = rng.normal(size=CHANGING).astype(np.float32)
    for known in (None, neutral):
        change = seen[:, :CHANGING] - (0 if known is None else known)
        flag = torch.full((3, 1), 0.0 if known is None else 1.0)
        with torch.no_grad():
            expected = network(torch.from_numpy(seen), torch.from_numpy(change), flag)
        found = decoder._network(seen, known)
        np.testing.assert_allclose(found[0], expected[0].numpy(), atol=1e-4)
        np.testing.assert_allclose(found[1], expected[1].exp().numpy(), rtol=1e-3)
        np.testing.assert_allclose(found[2], expected[2].numpy(), atol=1e-4)


def test_crops_are_looked_at_as_in_training():
    torch.manual_seed(0)
    network = Looking().eval()
    crops = np.random.default_rng(0).integers(0, 256, (3, BYTES), np.uint8)
    left, right, mouth, face = (torch.from_numpy(standardised(part)) for part in parted(crops))
    tensors = {name: value.numpy() for name, value in network.weights().items()}
    with torch.no_grad():
        plain, other = network([left, right, mouth, face]), network([right, left, mouth.flip(2), face.flip(2)])
    found = looks_at(tensors, crops)
    np.testing.assert_allclose(found[:, 0], plain.numpy(), atol=1e-4)
    np.testing.assert_allclose(found[:, 1], other.numpy(), atol=1e-4)


def test_looking_learns_to_tell_a_bright_crop_from_a_dark_one():
    """Where a crop's upper half is bright, so is a channel."""
    shards = made_up(6, 8)
    shards["values"][:] = 0
    shown = np.arange(48) % 2 == 1
    shards["values"][shown, 0] = 1
    for row, crop in zip(shown, shards["crops"], strict=True):
        for part in parted(crop):
            part[: len(part) // 2] = 200 if row else 40
    looks = looks_at(learn_looking(shards, epochs=6, seed=0, held=100), shards["crops"])[:, 0]
    centres = looks[shown].mean(0), looks[~shown].mean(0)
    nearer = np.linalg.norm(looks - centres[0], axis=1) < np.linalg.norm(looks - centres[1], axis=1)
    assert (nearer == shown).mean() > 0.9
