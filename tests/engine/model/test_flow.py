import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from engine.model.flow import Conditions, blending, sample, windows
from engine.model.generate import Generator
from engine.model.network import overlapped


@given(st.integers(1, 400), st.integers(0, 300))
def test_windows_cover_every_frame_with_overlaps(tokens: int, step: int) -> None:
    spans = windows(4 * tokens, 64, 4, step)
    assert spans[0].start == 0
    assert spans[-1].stop == 4 * tokens
    assert len({span.stop - span.start for span in spans}) == 1
    assert len(spans) == len(windows(4 * tokens, 64, 4))
    for before, after in itertools.pairwise(spans):
        assert after.start >= before.start
        assert before.stop - after.start >= 16
        assert after.start % 4 == 0


@given(st.integers(449, 20000))
def test_no_frame_inside_is_beside_a_joint_at_most_steps(frames: int) -> None:
    frames -= frames % 4
    steps = 14
    near = np.zeros(frames, int)
    for step in range(steps):
        beside = np.zeros(frames, bool)
        for span in windows(frames, 256, 4, step):
            for edge in (span.start, span.stop):
                beside[max(0, edge - 3) : edge + 3] = True
        near += beside
    # The windows at the two ends stay where they are.
    near[:3] = near[253:259] = near[-259:-253] = near[-3:] = 0
    assert near.max() < steps / 2


@given(st.integers(1, 300), st.integers(0, 20))
def test_windows_share_every_frame_and_see_little_at_their_edges(tokens: int, step: int) -> None:
    spans = windows(4 * tokens, 256, 4, step)
    shares = blending(spans, 4 * tokens, torch.device("cpu"))[:, :, 0]
    total = torch.zeros(4 * tokens)
    for span, share in zip(spans, shares, strict=True):
        total[span] += share
    assert torch.allclose(total, torch.tensor(1.0), atol=1e-5)
    for span, share in zip(spans, shares, strict=True):
        for edge, given_share in ((span.start, share[0]), (span.stop - 1, share[-1])):
            if any(other.start + 16 < edge < other.stop - 17 for other in spans):
                assert given_share <= 1e-3


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
