"""What other faces, lights and cameras do to crops, so that training does not learn the renderer's."""

import torch
from torch import Tensor
from torch.nn import functional

from engine.train.decoder.points import COUNTS
from engine.video.crops import parted
from engine.video.looking import SOFT

SHIFT, TILT, GROWTH = 0.04, 0.06, 0.06
"""Standard deviations of where a crop lies: shares of its size, radians, logarithm of its size."""


def faulty(
    crops: Tensor, points: Tensor, flip: Tensor, tone: Tensor, generator: torch.Generator
) -> tuple[list[Tensor], Tensor]:
    """Standardised crops, each float (batch, height, width), as engine/video/looking.py gives them, with faults, and
    where their points are then.

    crops: uint8 (batch, BYTES). points: (batch, points, 2), in their crops. flip: bool (batch, 1), mirrored pictures.
    tone: (batch, 4) standard normal, the light and film of a video, which a person's resting face shares.
    """
    left, right, mouth, face = (part.float() / 255 for part in parted(crops))
    mirrored = flip[:, :, None]
    # Eyes lie in their crops with the nose on the same side, so their mirror images are each other's.
    parts = [
        torch.where(mirrored, right, left),
        torch.where(mirrored, left, right),
        torch.where(mirrored, mouth.flip(2), mouth),
        torch.where(mirrored, face.flip(2), face),
    ]
    turned = points.split([COUNTS[0], COUNTS[1], *(count // 2 for count in COUNTS[2:] for _ in range(2))], 1)
    across = torch.tensor([-1.0, 1.0])
    turned = torch.cat([turned[1], turned[0], *(turned[i] * across for i in (3, 2, 5, 4))], 1)
    points = torch.where(mirrored, turned, points)
    made = [
        _worn(part, marks, tone, generator) for part, marks in zip(parts, points.split(list(COUNTS), 1), strict=True)
    ]
    return [part for part, _ in made], torch.cat([marks for _, marks in made], 1)


def draw_tone(count: int, generator: torch.Generator) -> Tensor:
    """(count, 4) for `faulty`."""
    return torch.randn(count, 4, generator=generator)


def _worn(part: Tensor, points: Tensor, tone: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    count, height, width = part.shape

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator)

    def uniform(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator)

    tilt, growth = normal(count) * TILT, torch.exp(normal(count) * GROWTH)
    across, along = normal(2, count) * SHIFT * 2
    cosine, sine, shape = tilt.cos() * growth, tilt.sin() * growth, height / width
    x = torch.linspace(-1, 1, width) * (1 - 1 / width)
    y = torch.linspace(-1, 1, height)[:, None] * (1 - 1 / height)
    matrix = torch.stack([torch.stack([cosine, -sine * shape], 1), torch.stack([sine / shape, cosine], 1)], 1)
    # Each place of the faulty crop shows what was at another, so points move the other way.
    points = (points - torch.stack([across, along], 1)[:, None]) @ torch.linalg.inv(matrix).transpose(1, 2)
    cosine, sine, across, along = (one[:, None, None] for one in (cosine, sine, across, along))
    grid = torch.stack([cosine * x - sine * shape * y + across, sine / shape * x + cosine * y + along], 3)
    picture = functional.grid_sample(part[:, None], grid, padding_mode="border", align_corners=False)[:, 0]
    # Light that falls off to one side, other skin and film.
    down = torch.linspace(-1, 1, height)[:, None] * (tone[:, 1] + 0.3 * normal(count))[:, None, None]
    side = torch.linspace(-1, 1, width) * (tone[:, 2] + 0.3 * normal(count))[:, None, None]
    picture = picture.clamp(0.004, 1) ** torch.exp(0.4 * tone[:, 0])[:, None, None] * torch.exp(0.25 * (down + side))
    soft = picture.clone()
    soft[:, 1:-1, 1:-1] = (picture[:, :-2] + picture[:, 1:-1] + picture[:, 2:])[:, :, 1:-1] / 6 + (
        picture[:, :, :-2] + picture[:, :, 2:]
    )[:, 1:-1] / 4
    blur = (uniform(count) * 1.6 - 0.6)[:, None, None]
    picture = picture + blur.clamp(min=-0.4) * (soft - picture)
    # Faces far away have fewer pixels.
    few = (uniform(count) < 0.35)[:, None, None]
    size = [max(8, int(side / (1.4 + 2.6 * float(uniform(1))))) for side in (height, width)]
    coarse = functional.interpolate(picture[:, None], size, mode="area")
    coarse = functional.interpolate(coarse, (height, width), mode="bilinear", align_corners=False)[:, 0]
    picture = torch.where(few, coarse, picture)
    noise = 0.05 * uniform(count)[:, None, None] ** 3
    picture = picture + noise * normal(count, height, width)
    # Hair, glasses and hands cover a part of a crop now and then.
    hidden = uniform(count) < 0.08
    first, last = uniform(2, count, 1, 1)
    columns = torch.linspace(0, 1, width)
    covered = hidden[:, None, None] & (columns > first) & (columns < first + 0.5 * last)
    picture = torch.where(covered, tone[:, 3].sigmoid()[:, None, None], picture)
    picture = picture - picture.mean((1, 2), keepdim=True)
    return picture / (picture.square().mean((1, 2), keepdim=True).sqrt() + SOFT / 255), points
