import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.model.flow import Conditions, sample, windows
from engine.model.generate import Generator


@given(st.integers(1, 400))
def test_windows_cover_every_frame_with_overlaps(tokens: int) -> None:
    spans = windows(4 * tokens, 64, 4)
    assert spans[0].start == 0
    assert spans[-1].stop == 4 * tokens
    assert len({span.stop - span.start for span in spans}) == 1
    for before, after in itertools.pairwise(spans):
        assert before.stop - after.start >= 16
        assert after.start % 4 == 0


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
