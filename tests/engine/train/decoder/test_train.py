"""Training on made-up faces whose landmarks move in proportion to their channels."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from engine.channels import SHAPES
from engine.train.decoder.network import CHANGING, SEEN, Network
from engine.train.decoder.train import save, train
from engine.video.decoder import LANDMARKS, Decoder, as_outputs, outputs


def made_up(people: int, each: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    count = people * each
    half = rng.normal(size=(LANDMARKS // 2, 3)) * [0.5, 1, 0.3] + [1, 0, 0]
    face = np.concatenate([half, half * [-1, 1, 1]])
    basis = rng.normal(0, 0.06, (len(outputs()), LANDMARKS, 3))
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
        "size": np.full((count, 2), 400, np.int32),
        "landmarks": (points * [0.1, -0.1, -0.1] + 0.5).astype(np.float32),
        "logits": rng.normal(0, 1, (count, len(SHAPES))).astype(np.float32),
        "pose": pose,
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    shards = made_up(40, 16)
    path = tmp_path_factory.mktemp("decoder") / "decoder.safetensors"
    save(*train(shards, epochs=20, width=64, blocks=1), path)
    return shards, Decoder.load(path)


def test_training_learns_what_moves_landmarks(trained):
    shards, decoder = trained
    decoded = decoder(shards["landmarks"], shards["logits"], shards["pose"], (400, 400))
    want = shards["values"][:, :51]
    assert np.corrcoef(decoded.values[:, :51].ravel(), want.ravel())[0, 1] > 0.6


def test_confidence_tells_good_channels(trained):
    shards, decoder = trained
    decoded = decoder(shards["landmarks"], shards["logits"], shards["pose"], (400, 400))
    error = np.abs(decoded.values - shards["values"][:, :52])[:, :51]
    sure = decoded.confidence[:, :51] > np.median(decoded.confidence[:, :51])
    assert error[sure].mean() < error[~sure].mean()


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
