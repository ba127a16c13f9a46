import numpy as np
import pytest
import torch

from engine.train.decoder.crop_faults import draw_tone, faulty
from engine.train.decoder.points import COUNTS, in_crops
from engine.video.crops import BYTES, CROPS, crop_maps, parted


def spotted(places: torch.Tensor) -> torch.Tensor:
    """Crops, uint8 (batch, BYTES), with one soft bright spot each; places: (batch, CROPS, 2), -1..1."""
    parts = []
    for number, one in enumerate(CROPS):
        x = (torch.arange(one.width) + 0.5) / one.width * 2 - 1
        y = ((torch.arange(one.height) + 0.5) / one.height * 2 - 1)[:, None]
        across = (x - places[:, number, :1, None]) * one.width
        down = (y - places[:, number, 1:, None]) * one.height
        parts.append((20 + 230 * torch.exp(-(across**2 + down**2) / 50)).flatten(1))
    return torch.cat(parts, 1).to(torch.uint8)


@pytest.mark.parametrize("mirrored", [False, True])
def test_points_stay_on_what_the_crop_shows(mirrored):
    generator = torch.Generator().manual_seed(0)
    places = torch.rand(40, len(CROPS), 2, generator=generator) - 0.5
    points = torch.repeat_interleave(places, torch.tensor(COUNTS), 1)
    flip = torch.full((40, 1), mirrored)
    crops, found = faulty(spotted(places), points, flip, 0.2 * draw_tone(40, generator), generator)
    first, near = 0, []
    for one, count, crop in zip(CROPS, COUNTS, crops, strict=True):
        brightest = crop.flatten(1).argmax(1)
        spot = torch.stack([brightest % one.width + 0.5, brightest // one.width + 0.5], 1)
        told = (found[:, first] + 1) / 2 * torch.tensor([one.width, one.height])
        near.append((spot - told).norm(dim=1))
        first += count
    # Now and then a cover hides the spot.
    assert torch.cat(near).median() < 1.5


def test_points_are_where_their_crop_shows_them():
    rng = np.random.default_rng(0)
    landmarks = rng.uniform(0.3, 0.7, (478, 3))
    maps = crop_maps(landmarks, np.eye(4), (1, 1))
    corners = [np.repeat([matrix[:, 2]], count, 0) for matrix, count in zip(maps, COUNTS, strict=True)]
    found = np.split(in_crops(np.concatenate(corners), landmarks, np.eye(4)), np.cumsum(COUNTS)[:-1])
    for one, part in zip(CROPS, found, strict=True):
        np.testing.assert_allclose(part[0], [1 / one.width - 1, 1 / one.height - 1], atol=1e-5)


def test_faulty_crops_are_of_one_size_and_finite():
    generator = torch.Generator().manual_seed(1)
    rows = torch.randint(0, 256, (5, BYTES), dtype=torch.uint8, generator=generator)
    rows[0] = 0
    crops, _ = faulty(rows, torch.zeros(5, sum(COUNTS), 2), torch.zeros(5, 1) > 0, draw_tone(5, generator), generator)
    assert [part.shape for part in crops] == [part.shape for part in parted(rows)]
    assert all(torch.isfinite(part).all() for part in crops)
