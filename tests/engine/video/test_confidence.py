from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.channels import INDEX
from engine.video.capture import Captured
from engine.video.confidence import ALL, Sighting, judge
from engine.video.faces import Landmarker
from engine.video.sight import look, regions
from engine.video.track import Track

PLACE = {name: place for place, name in enumerate(ALL)}


def covered(picture: np.ndarray, marks: np.ndarray, colour: tuple[int, int, int] | None = None) -> np.ndarray:
    """The mouth behind four fingers, by default of the cheeks' own colour."""
    cv2 = pytest.importorskip("cv2")
    height, width = picture.shape[:2]
    points = marks[:, :2] * (width, height)
    cheeks = picture[points[[50, 280], 1].astype(int), points[[50, 280], 0].astype(int)].mean(0)
    middle, across = points[[61, 291, 0, 17]].mean(0), float(np.linalg.norm(points[61] - points[291]))
    hidden = picture.copy()
    for finger in range(4):
        shade = np.array(colour or cheeks) * (1 - 0.06 * (finger % 2))
        x, y = int(middle[0] + 6 * (finger % 2)), int(middle[1] + (finger / 3 - 0.5) * across)
        cv2.ellipse(hidden, (x, y), (int(1.15 * across), int(0.2 * across)), -4, 0, 360, shade.tolist(), -1)
        fold = (x, y + int(0.19 * across)), (int(1.1 * across), 2)
        cv2.ellipse(hidden, *fold, -4, 0, 360, (0.75 * shade).tolist(), -1)
    return hidden


def changed(track: Track, frames: list[int], change: Callable, pictures: list[np.ndarray], bundle: Path) -> Sighting:
    """The track judged with those frames as they would be seen when changed so."""
    landmarker = Landmarker(bundle, 1)
    track = replace(
        track, **{name: getattr(track, name).copy() for name in ("landmarks", "poses", "colours", "sharpness")}
    )
    for frame, picture in zip(frames, pictures, strict=True):
        picture = change(picture, track.landmarks[frame])
        seen = landmarker.one(picture)
        assert seen is not None
        track.landmarks[frame], _, track.poses[frame] = seen
        track.colours[frame], track.sharpness[frame] = look(picture, seen[0])
    landmarker.close()
    return judge(track)


def only(track: Track, frames: list[int]) -> Track:
    """A track of those frames alone, as if nothing else had been filmed."""
    rows = ("times", "landmarks", "scores", "poses", "colours", "sharpness")
    return replace(track, **{name: getattr(track, name)[frames] for name in rows})


def masked(picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Nose, mouth and chin behind a light blue mask."""
    cv2 = pytest.importorskip("cv2")
    edge = marks[[227, 50, 5, 280, 447, 361, 288, 397, 378, 152, 149, 172, 58, 132], :2] * picture.shape[1::-1]
    cover = cv2.fillConvexPoly(np.zeros(picture.shape[:2], np.float32), cv2.convexHull(edge.astype(np.int32)), 1.0)
    cover = cv2.GaussianBlur(cover, (0, 0), 1.5)[:, :, None]
    return (picture * (1 - cover) + np.array([125, 170, 200]) * cover).astype(np.uint8)


def shaded(picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
    """Eyes behind mirrored glasses."""
    cv2 = pytest.importorskip("cv2")
    points = marks[:, :2] * picture.shape[1::-1]
    apart = float(np.linalg.norm(points[33] - points[263]))
    hidden = picture.copy()
    for corners in ((33, 133), (362, 263)):
        x, y = points[list(corners)].mean(0)
        size = int(0.3 * apart), int(0.22 * apart)
        cv2.ellipse(hidden, (int(x), int(y + 0.04 * apart)), size, 0, 0, 360, (110, 125, 140), -1)
    return hidden


@pytest.fixture(scope="module")
def some(frames_of: Callable) -> tuple[list[int], list[np.ndarray]]:
    """Every eighth frame of 3.2 s of the one video: a pucker, an open mouth, a blink."""
    return list(range(0, 96, 8)), frames_of("face_a.mp4", 0, 3.2)[::8]


@pytest.mark.parametrize("colour", [None, (60, 70, 160), (30, 30, 30), (235, 235, 230)])
def test_a_covered_mouth_has_low_confidence_and_the_eyes_keep_theirs(
    colour: tuple[int, int, int] | None, captured_a: Captured, some: tuple, bundle: Path
) -> None:
    frames, pictures = some
    told = changed(captured_a.track, frames, lambda picture, marks: covered(picture, marks, colour), pictures, bundle)
    mouth = told.regions[frames, PLACE["mouth"]]
    assert np.median(mouth) < 0.1
    assert mouth.max() < 0.5
    assert told.regions[frames, PLACE["eyes"]].min() > 0.8
    assert told.regions[frames, PLACE["brows"]].min() > 0.8
    assert told.channels[frames, INDEX["mouthSmileLeft"]].mean() < 0.2
    rest = np.setdiff1d(np.arange(len(captured_a.track.times)), frames)
    assert np.quantile(told.regions[rest, PLACE["mouth"]], 0.05) > 0.8


@pytest.mark.parametrize(
    ("change", "hidden", "seen"),
    [
        (covered, ("mouth", "jaw"), ("eyes", "brows")),
        (masked, ("mouth", "jaw", "nose"), ("eyes", "brows")),
        (shaded, ("eyes",), ("mouth", "jaw", "nose")),
    ],
)
def test_what_is_covered_throughout_is_noticed(
    change: Callable, hidden: tuple, seen: tuple, captured_a: Captured, some: tuple, bundle: Path
) -> None:
    frames, pictures = some
    told = changed(only(captured_a.track, frames), list(range(len(frames))), change, pictures, bundle)
    for name in hidden:
        assert np.median(told.regions[:, PLACE[name]]) < 0.1, name
    for name in seen:
        assert np.median(told.regions[:, PLACE[name]]) > 0.8, name


def grey(picture: np.ndarray) -> np.ndarray:
    return np.repeat(picture.mean(2, keepdims=True), 3, axis=2).astype(np.uint8)


def sepia(picture: np.ndarray) -> np.ndarray:
    return np.clip(grey(picture) * np.array([1.07, 0.95, 0.72]), 0, 255).astype(np.uint8)


def ungraded(picture: np.ndarray) -> np.ndarray:
    """As cameras record in a logarithmic curve: flat, and with a third of the colour."""
    return (90 + 0.45 * (0.7 * grey(picture) + 0.3 * picture)).astype(np.uint8)


@pytest.mark.parametrize("film", [grey, sepia, ungraded])
def test_a_bare_face_is_not_taken_for_covered_without_colours(
    film: Callable, captured_b: Captured, frames_of: Callable, bundle: Path
) -> None:
    frames, pictures = list(range(0, 60, 6)), frames_of("face_b.mp4", 0, 2)[::6]
    told = changed(only(captured_b.track, frames), list(range(10)), lambda one, _: film(one), pictures, bundle)
    assert told.causes["covered"].min() > 0.8


@pytest.mark.parametrize("film", [grey, sepia, ungraded])
@pytest.mark.parametrize("cover", [covered, masked])
def test_what_is_covered_throughout_is_noticed_without_colours(
    film: Callable, cover: Callable, captured_a: Captured, some: tuple, bundle: Path
) -> None:
    frames, pictures = some
    hidden = changed(
        only(captured_a.track, frames),
        list(range(len(frames))),
        lambda picture, marks: film(cover(picture, marks)),
        pictures,
        bundle,
    )
    for name in ("mouth", "jaw"):
        assert np.median(hidden.regions[:, PLACE[name]]) < 0.1, name
    assert np.median(hidden.regions[:, PLACE["eyes"]]) > 0.8


def test_confidence_falls_as_soon_as_a_hand_comes(captured_a: Captured, frames_of: Callable, bundle: Path) -> None:
    frames = list(range(60, 70))
    told = changed(captured_a.track, frames, covered, frames_of("face_a.mp4", 2.0, 2.32), bundle)
    mouth = told.regions[:, PLACE["mouth"]]
    assert mouth[58:72].max() < 0.25
    assert mouth[[54, 55, 74, 75]].min() > 0.8


def test_a_mouth_that_is_covered_for_a_while_is_noticed_without_colours(
    captured_a: Captured, some: tuple, bundle: Path
) -> None:
    frames, pictures = some
    film = replace(captured_a.track, colours=grey(captured_a.track.colours.reshape(-1, 478, 3)))
    told = changed(film, frames, lambda picture, marks: grey(covered(picture, marks)), pictures, bundle)
    assert np.median(told.regions[frames, PLACE["mouth"]]) < 0.1
    rest = np.setdiff1d(np.arange(len(film.times)), frames)
    assert np.quantile(told.regions[rest, PLACE["mouth"]], 0.05) > 0.8


def test_a_microphone_before_the_mouth_is_noticed(captured_a: Captured, some: tuple, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")

    def spoken(picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
        points = marks[:, :2] * picture.shape[1::-1]
        across = float(np.linalg.norm(points[61] - points[291]))
        x, y = points[[13, 14, 17]].mean(0)
        foam = int(0.55 * across), int(0.45 * across)
        return cv2.ellipse(picture.copy(), (int(x), int(y + 0.1 * across)), foam, 0, 0, 360, (28, 28, 30), -1)

    frames, pictures = some
    told = changed(only(captured_a.track, frames), list(range(len(frames))), spoken, pictures, bundle)
    assert np.median(told.regions[:, PLACE["mouth"]]) < 0.2
    assert np.median(told.regions[:, PLACE["eyes"]]) > 0.8


def test_an_uncovered_face_is_seen_through_all_its_expressions(captured_a: Captured, captured_b: Captured) -> None:
    for captured in (captured_a, captured_b):
        assert captured.sighting.regions.mean(0).min() > 0.95
        assert (captured.sighting.regions < 0.5).any(1).mean() < 0.02


@pytest.mark.parametrize(("name", "most"), [("dark", 0.4), ("blurred", 0.45)])
def test_dark_and_blurred_frames_drop(name: str, most: float, captured_a: Captured, some: tuple, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    noise = np.random.default_rng(2)

    def worse(picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
        if name == "blurred":
            return cv2.GaussianBlur(picture, (0, 0), 7)
        return np.clip(picture * 0.08 + noise.normal(0, 2.5, picture.shape), 0, 255).astype(np.uint8)

    frames, pictures = some
    told = changed(captured_a.track, frames, worse, pictures, bundle)
    assert told.regions[frames].max() < most
    assert told.causes[name][frames].max() < 0.6


def test_blur_is_told_from_a_cover_also_through_compression(captured_a: Captured, some: tuple, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")

    def worse(picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
        soft = cv2.GaussianBlur(picture, (0, 0), 9)
        return cv2.imdecode(cv2.imencode(".jpg", soft, [1, 30])[1], cv2.IMREAD_COLOR)

    frames, pictures = some
    told = changed(captured_a.track, frames, worse, pictures, bundle)
    assert np.median(told.regions[frames]) < 0.5
    assert np.median(told.causes["blurred"][frames]) < 0.5
    assert np.median(told.causes["covered"][frames], axis=0).min() > 0.9
    hidden = changed(only(captured_a.track, frames), list(range(len(frames))), masked, pictures, bundle)
    mouth = PLACE["mouth"]
    assert np.median(hidden.causes["covered"][:, mouth]) < 0.1
    assert hidden.causes["blurred"][:, mouth].min() > 0.9


def test_a_little_compression_and_shade_change_nothing(captured_a: Captured, some: tuple, bundle: Path) -> None:
    cv2 = pytest.importorskip("cv2")

    def worse(picture: np.ndarray, marks: np.ndarray) -> np.ndarray:
        shaded = (picture * 0.5).astype(np.uint8)
        return cv2.imdecode(cv2.imencode(".jpg", shaded, [1, 40])[1], cv2.IMREAD_COLOR)

    frames, pictures = some
    told = changed(captured_a.track, frames, worse, pictures, bundle)
    assert np.quantile(told.regions[frames], 0.1) > 0.8


def turned(track: Track, degrees: float) -> Track:
    """The same with a head that is turned to its left from frame 50 on."""
    angle = np.radians(degrees)
    turn = np.eye(4)
    turn[0, 0] = turn[2, 2] = np.cos(angle)
    turn[0, 2], turn[2, 0] = np.sin(angle), -np.sin(angle)
    poses = track.poses.copy()
    poses[50:] = poses[50:] @ turn
    return replace(track, poses=poses)


def test_a_profile_drops_and_its_far_side_first(captured_a: Captured) -> None:
    told = {degrees: judge(turned(captured_a.track, degrees)) for degrees in (15, 40, 60, 80)}
    assert told[15].regions[50:].mean() > 0.95
    assert told[60].regions[50:].max() < 0.6
    assert told[80].regions[50:].max() < 0.02
    near, far = INDEX["mouthSmileRight"], INDEX["mouthSmileLeft"]
    assert (told[40].channels[50:, far] < 0.6 * told[40].channels[50:, near]).mean() > 0.9
    np.testing.assert_allclose(told[15].channels[50:, far], told[15].channels[50:, near], atol=0.01)


def test_a_far_face_drops(captured_a: Captured) -> None:
    told = [judge(replace(captured_a.track, size=(side, side))).regions.mean() for side in (480, 160, 70, 20)]
    assert told[0] > 0.95 and told[1] > 0.95
    assert told[2] < 0.7
    assert told[3] < 0.02


def test_lost_frames_have_none_and_their_neighbours_less(captured_a: Captured) -> None:
    poses = captured_a.track.poses.copy()
    poses[40:50] = np.nan
    told = judge(replace(captured_a.track, poses=poses))
    assert not told.regions[40:50].any() and not told.channels[40:50].any()
    assert told.regions[[39, 50]].max() <= 0.5
    assert told.regions[[38, 51]].min() > 0.9


def test_every_channel_but_the_heads_has_one_region() -> None:
    places = [place for part in regions() for place in part.channels]
    assert sorted(places) == list(range(52))
    marks = [int(mark) for part in regions() for mark in part.landmarks]
    assert len(set(marks)) == len(marks) and min(marks) >= 0 and max(marks) < 468
