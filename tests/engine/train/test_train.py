import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import FaceMimicError
from engine.model.network import Config
from engine.model.weights import load_network
from engine.train.examples import draw_example
from engine.train.masks import KINDS, draw_confidence, observe
from engine.train.train import Recipe, schedule, train


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    return Recipe(
        out=str(tmp_path / "run"),
        steps=4,
        batch=4,
        pool=8,
        renewed=1,
        checkpoint_every=2,
        width=32,
        depth=1,
        heads=2,
        device="cpu",
    )


def test_training_is_reproducible_and_writes_loadable_weights(recipe: Recipe, tmp_path: Path) -> None:
    first = train(recipe, lambda line: None)
    second = train(dataclasses.replace(recipe, out=str(tmp_path / "again")), lambda line: None)
    assert first.read_bytes() == second.read_bytes()
    network, _ = load_network(first)
    assert network.config.width == 32


def test_an_interrupted_run_resumes_where_it_stopped(recipe: Recipe) -> None:
    said: list[str] = []
    train(dataclasses.replace(recipe, steps=2), said.append)
    checkpoint = Path(recipe.out) / "checkpoint.safetensors"
    before = checkpoint.read_bytes()
    train(recipe, said.append)
    assert checkpoint.read_bytes() != before
    train(recipe, said.append)
    assert not list(Path(recipe.out).glob(".*"))


def test_the_loss_falls(recipe: Recipe) -> None:
    from engine.train.train import Network, _normalise, batch_of, flow_loss

    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network = Network(Config(width=48, depth=1, heads=2))
    pool = [draw_example(rng, network.config, []) for _ in range(16)]
    _normalise(network, pool)
    optimiser = torch.optim.AdamW(network.parameters(), 3e-3)
    losses = []
    for _ in range(40):
        loss = flow_loss(network, *batch_of(rng, pool, 8, network))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert np.mean(losses[-5:]) < 0.7 * np.mean(losses[:5])


@given(st.integers(0, 2**32), st.integers(24, 256))
def test_masks_are_confidences_and_hide_what_is_unknown(seed: int, frames: int) -> None:
    rng = np.random.default_rng(seed)
    confidence = draw_confidence(rng, frames)
    assert confidence.min() >= 0
    assert confidence.max() <= 1
    values = rng.normal(0, 1, confidence.shape).astype(np.float32)
    seen = observe(rng, values, confidence)
    assert (seen[confidence == 0] == 0).all()
    assert np.allclose(seen[confidence == 1], values[confidence == 1], atol=1e-6)


def test_mask_shares_sum_to_one() -> None:
    assert sum(KINDS.values()) == pytest.approx(1)


def test_the_learning_rate_warms_up_and_decays() -> None:
    recipe = Recipe(out="", steps=1000, warmup=100)
    rates = [schedule(step, recipe) for step in range(1000)]
    assert rates[0] < 0.02
    assert max(rates) == 1
    assert rates[-1] < 0.03


def test_a_recipe_with_a_typo_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('out = "x"\nstepz = 3\n')
    with pytest.raises(FaceMimicError, match="stepz"):
        Recipe.load(path)


def test_a_recipe_whose_capture_is_missing_says_how_to_go_on(recipe: Recipe) -> None:
    with pytest.raises(FaceMimicError, match="empty the recipe's"):
        train(dataclasses.replace(recipe, captures=("nowhere.csv",)), lambda line: None)


def test_a_gpu_without_triton_trains_uncompiled_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.train.train import _compiles

    said: list[str] = []
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert not _compiles(torch.device("cuda"), said.append)
    assert "Triton" in said[0]
    assert _compiles(torch.device("cpu"), said.append)
    assert len(said) == 1
