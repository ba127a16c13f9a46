import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.model.flow import Conditions, sample, windows
from engine.model.generate import Generator
from engine.model.network import overlapped


@given(st.integers(1, 400))
def test_windows_cover_every_frame_with_overlaps(tokens: int) -> None:
    spans = windows(4 * tokens, 64, 4)
    assert spans[0].start == 0
    assert spans[-1].stop == 4 * tokens
    assert len({span.stop - span.start for span in spans}) == 1
    for before, after in itertools.pairwise(spans):
        assert before.stop - after.start >= 16
        assert after.start % 4 == 0


@pytest.mark.parametrize("tokens", [1, 2, 7])
def test_overlapping_patches_keep_a_constant_and_leave_no_step(tokens: int) -> None:
    flat = overlapped(torch.full((2, tokens, 8, 3), 0.7))
    assert flat.shape == (2, 4 * tokens, 3)
    assert torch.allclose(flat, torch.tensor(0.7))
    levels = torch.arange(tokens).float()[None, :, None, None].expand(1, tokens, 8, 1)
    assert (overlapped(levels).diff(dim=1).abs() < 0.26).all()


@pytest.mark.parametrize("frames", [64, 200])
def test_guidance_of_one_is_the_plain_model(untrained: Generator, frames: int) -> None:
    network = untrained.network
    given_conditions = Conditions(
        torch.zeros(frames, 55),
        torch.zeros(frames, 55),
        torch.rand(frames // 4, network.config.asked + 1),
        torch.ones(len(network.config.style) + 1),
    )
    noise = torch.randn(frames, 55, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        plain = sample(network, noise, given_conditions, 3, 1.0)
        nearly = sample(network, noise, given_conditions, 3, 1.0 + 1e-6)
        pushed = sample(network, noise, given_conditions, 3, 2.0)
    assert torch.allclose(plain, nearly, atol=1e-4)
    assert not torch.allclose(plain, pushed, atol=1e-3)
