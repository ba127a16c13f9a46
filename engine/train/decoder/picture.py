"""What surrounds a drawn head and what a camera does to it: background, hair, glasses, hands, blur, noise, codecs."""

from dataclasses import dataclass

import cv2
import numpy as np

from engine.train.decoder.head import EYES, Head
from engine.train.decoder.look import Look
from engine.train.decoder.scene import Scene


@dataclass(frozen=True)
class Wear:
    """How a camera and a codec treat the picture; the defaults leave it as drawn.

    size: height in pixels. quarter: seen at a quarter of that size. defocus: sigma in pixels. motion: length in
    pixels and its angle in radians. noise: standard deviation, 0..255. jpeg: quality 1..100, None for none.
    mirror: left and right are exchanged.
    """

    size: int = 384
    quarter: bool = False
    defocus: float = 0.0
    motion: tuple[float, float] = (0.0, 0.0)
    noise: float = 0.0
    jpeg: int | None = None
    mirror: bool = False


def draw_wear(rng: np.random.Generator) -> Wear:
    """Mild most of the time; at times one of the faults is strong."""
    return Wear(
        size=int(rng.integers(288, 385)),
        quarter=bool(rng.random() < 0.05),
        defocus=rng.exponential(0.5) if rng.random() < 0.5 else 0.0,
        motion=(rng.uniform(2, 11), rng.uniform(0, np.pi)) if rng.random() < 0.12 else (0.0, 0.0),
        noise=rng.exponential(4.0) if rng.random() < 0.6 else 0.0,
        jpeg=int(rng.integers(20, 95)) if rng.random() < 0.6 else None,
    )


def worn(picture: np.ndarray, wear: Wear, rng: np.random.Generator) -> np.ndarray:
    """The picture, uint8 (size, size, 3), after camera and codec."""
    if wear.mirror:
        picture = picture[:, ::-1]
    picture = cv2.resize(picture, (wear.size, wear.size), interpolation=cv2.INTER_AREA)
    length, angle = wear.motion
    if length > 1:
        reach = int(np.ceil(length)) | 1
        kernel = np.zeros((reach, reach), np.float32)
        middle, way = reach // 2, np.array([np.cos(angle), np.sin(angle)]) * length / 2
        ends = [np.round(middle + sign * way).astype(int).tolist() for sign in (-1, 1)]
        cv2.line(kernel, ends[0], ends[1], [1.0])
        picture = cv2.filter2D(picture, -1, kernel / kernel.sum())
    if wear.defocus > 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), wear.defocus)
    if wear.quarter:
        small = cv2.resize(picture, (wear.size // 4, wear.size // 4), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(small, (wear.size, wear.size), interpolation=cv2.INTER_LINEAR)
    if wear.noise > 0.5:
        grain = rng.normal(0, wear.noise, picture.shape).astype(np.float32)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    if wear.jpeg is not None:
        _, data = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, wear.jpeg])
        picture = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    return np.ascontiguousarray(picture)


def composed(
    rng: np.random.Generator, drawn: np.ndarray, head: Head, points: np.ndarray, look: Look, scene: Scene, hand: bool
) -> np.ndarray:
    """The drawn head (uint8 RGBA) before a background, uint8 (height, width, 3), with hair, glasses, and maybe a hand
    before the face.
    """
    height, width = drawn.shape[:2]

    def place(vertices: np.ndarray) -> np.ndarray:
        clip = (scene.camera @ scene.view @ np.c_[vertices, np.ones(len(vertices))].T).T
        flat = clip[:, :2] / clip[:, 3:]
        return np.stack([(flat[:, 0] + 1) / 2 * width, (1 - flat[:, 1]) / 2 * height], 1)

    eyes = np.array([points[first:last].mean(0) for first, last in EYES.values()])
    scale = float(np.linalg.norm(np.diff(place(eyes), axis=0))) / 6.2
    scale = max(scale, 0.5 * height * scene.camera[1, 1] / -float(scene.view[2] @ [0, 0, 5, 1]))
    gain = float(
        np.clip(
            np.mean(scene.lights["sky"]) + 0.35 * np.mean(np.linalg.norm(scene.lights["light_color"], axis=1)), 0.1, 1.2
        )
    )

    def lit(color: np.ndarray) -> tuple[int, ...]:
        return tuple(int(c) for c in 255 * np.clip(np.asarray(color) * gain, 0, 1) ** (1 / 2.2))

    hair = np.asarray(look.paint["hair_color"])
    picture = _background(rng, height, width)
    if look.long_hair:
        crown, neck = place(np.array([[0, 9.0, -2.0], [0, -12.0, -3.0]]))
        for _ in range(30):
            at = crown + (neck - crown) * rng.uniform(-0.05, 0.25 + 0.75 * look.long_hair)
            at = at + rng.normal(0, [2.2 * scale, 0.8 * scale])
            axes = (int(scale * rng.uniform(6, 10)), int(scale * rng.uniform(6, 11)))
            cv2.ellipse(
                picture, (int(at[0]), int(at[1])), axes, 0, 0, 360, lit(hair * rng.uniform(0.4, 1.4)), -1, cv2.LINE_AA
            )
    cover = drawn[..., 3:].astype(np.float32) / 255
    picture = (drawn[..., :3] * cover + picture * (1 - cover)).astype(np.uint8)

    if look.fringe:
        roots = np.stack([rng.uniform(-7, 7, 160), rng.uniform(9.5, 10.5, 160), np.full(160, 9.0)], 1)
        fall = np.stack([rng.normal(0, 0.9, 160), -rng.uniform(1, 2 + 4.5 * look.fringe, 160), np.full(160, 1.0)], 1)
        for root, tip in zip(place(roots), place(roots + fall), strict=True):
            color = lit(hair * rng.uniform(0.4, 1.6))
            cv2.line(picture, _pixel(root), _pixel(tip), color, max(1, int(0.12 * scale)), cv2.LINE_AA)
    if look.glasses:
        _glasses(picture, place, points, eyes, look.glasses, scale)
    if hand:
        _hand(rng, picture, place(points[::40]), lit(np.asarray(look.paint["skin"]) * rng.uniform(0.7, 1.1)), scale)
    return picture


def _pixel(at: np.ndarray) -> tuple[int, int]:
    return int(np.clip(at[0], -4000, 4000)), int(np.clip(at[1], -4000, 4000))


def _background(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    if rng.random() < 0.25:
        return np.full((height, width, 3), rng.integers(0, 256, 3), np.uint8)
    coarse = rng.integers(2, 24)
    small = (width // 4, height // 4)
    picture = rng.integers(0, 256, (coarse, coarse, 3)).astype(np.uint8)
    picture = cv2.resize(picture, small, interpolation=cv2.INTER_CUBIC)
    picture = cv2.addWeighted(picture, 0.6, np.full_like(picture, rng.integers(0, 256, 3).tolist()), 0.4, 0)
    for _ in range(rng.integers(0, 8)):
        one, two = rng.integers(-12, width // 4 + 12, (2, 2)).tolist()
        cv2.rectangle(picture, one, two, rng.integers(0, 256, 3).tolist(), -1)
    picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 2))
    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)


def _glasses(picture, place, points, eyes, glasses, scale) -> None:
    size, thickness, color = glasses
    line = max(1, int(thickness * scale))
    turn = np.linspace(0, 2 * np.pi, 40)
    rims = []
    for eye in eyes:
        rim = eye + np.stack([np.cos(turn) * size * 1.05, -0.3 + np.sin(turn) * size * 0.8, np.full(40, 2.8)], 1)
        rims.append(np.round(place(rim)).astype(np.int32))
    glass = picture.copy()
    for rim in rims:
        cv2.fillPoly(glass, [rim], (235, 240, 240))
    cv2.addWeighted(glass, 0.06, picture, 0.94, 0, dst=picture)
    for rim in rims:
        cv2.polylines(picture, [rim], True, color, line, cv2.LINE_AA)
    middle = eyes.mean(0)
    for bar in ([[-0.9, 0.2, 3.2], [0.9, 0.2, 3.2]],):
        ends = place(middle + np.array(bar))
        cv2.line(picture, _pixel(ends[0]), _pixel(ends[1]), color, line, cv2.LINE_AA)


def _hand(rng, picture, places, color, scale) -> None:
    """A few fingers from outside the face to somewhere on it."""
    low, high = np.quantile(places, 0.05, axis=0), np.quantile(places, 0.95, axis=0)
    tip = rng.uniform(low, high)
    way = rng.normal(size=2)
    way /= np.linalg.norm(way)
    across = np.array([-way[1], way[0]])
    for finger in range(rng.integers(1, 5)):
        end = tip + across * finger * 2.0 * scale + way * rng.normal(0, 0.6) * scale
        far = end + way * 30 * scale
        shade = tuple(int(c * rng.uniform(0.85, 1.05)) for c in color)
        cv2.line(picture, _pixel(end), _pixel(far), shade, max(2, int(1.7 * scale)), cv2.LINE_AA)
