import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engine.errors import FaceMimicError
from engine.video import follow as following
from engine.video.capture import capture
from engine.video.footage import open_footage
from engine.video.store import Store, trim
from engine.video.tape import STILLS
from engine.video.track import Track


def track(frames: int = 5, finished: bool = True) -> Track:
    rng = np.random.default_rng(frames)
    return Track(
        times=np.arange(frames) / 30,
        landmarks=rng.random((frames, 478, 3)).astype(np.float32),
        scores=rng.random((frames, 52)).astype(np.float32),
        poses=rng.random((frames, 4, 4)),
        colours=rng.integers(0, 255, (frames, 478, 3), np.uint8),
        sharpness=rng.random((frames, 5)).astype(np.float32),
        looks=rng.random((frames, 2, 6)).astype(np.float32),
        stills=rng.integers(0, 255, (2, 8, 8, 3), np.uint8),
        still_frames=np.array([0, 3]),
        size=(640, 480),
        cuts=[0.1],
        facts={"finished": finished},
    )


def test_a_track_comes_back_as_it_was(tmp_path: Path) -> None:
    store = Store("abc", {"face": 0}, tmp_path / "tracks")
    assert store.load() is None
    made = track()
    store.save(made)
    kept = store.load()
    assert kept is not None
    for name, array in made.arrays().items():
        np.testing.assert_array_equal(kept.arrays()[name], array)
    assert (kept.size, kept.cuts, kept.facts) == (made.size, made.cuts, made.facts)


def test_other_footage_or_options_have_another_place(tmp_path: Path) -> None:
    places = {Store(sha256, {"start": start}, tmp_path).path for sha256 in "ab" for start in (0, 1.5, None)}
    assert len(places) == 6


@pytest.mark.parametrize("damage", ["short", "noise", "empty", "rows", "other"])
def test_a_damaged_track_is_ignored_and_replaced(damage: str, tmp_path: Path) -> None:
    store = Store("abc", {}, tmp_path)
    store.save(track())
    data = store.path.read_bytes()
    if damage == "rows":
        broken = track()
        broken.scores = broken.scores[:-1]
        store.save(broken)
    elif damage == "other":
        np.savez(store.path, rest=np.array(json.dumps({"size": [1, 2]})), times=np.arange(3))
    else:
        store.path.write_bytes({"short": data[: len(data) // 2], "noise": os.urandom(999), "empty": b""}[damage])
    assert store.load() is None
    store.save(track(7))
    kept = store.load()
    assert kept is not None and len(kept.times) == 7


def test_a_folder_that_cannot_be_written_only_keeps_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Store("abc", {}, tmp_path / "file" / "tracks")
    store.save(track())
    assert store.load() is None


def test_the_tracks_that_were_not_used_for_longest_go_first(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old")):
        (tmp_path / f"{name}.npz").write_bytes(bytes(100))
        os.utime(tmp_path / f"{name}.npz", (1e9 - age, 1e9 - age))
    trim(tmp_path, largest=250)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["middle", "new"]
    trim(tmp_path, keep=tmp_path / "middle.npz", largest=50)
    assert sorted(path.stem for path in tmp_path.iterdir()) == ["middle"]


def test_the_same_footage_is_not_tracked_twice(
    film: Callable, frames_of: Callable, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = film(frames_of("face_a.mp4", 0, 0.7))
    first = capture(path, model=bundle, decoder="none")
    monkeypatch.setattr(following, "_Follower", None)
    again = capture(path, model=bundle, decoder="none")
    np.testing.assert_array_equal(again.values, first.values)
    assert again.provenance == first.provenance
    with pytest.raises(TypeError):
        capture(path, model=bundle, decoder="none", cache=False)
    with pytest.raises(TypeError):
        capture(path, model=bundle, decoder="none", end=0.5)


def test_a_cancelled_run_goes_on_where_it_was_and_ends_alike(
    film: Callable, frames_of: Callable, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A cut, so that what follows depends on what came before.
    frames = frames_of("face_a.mp4", 2.0, 2.6) + frames_of("face_b.mp4", 1.0, 1.6)
    whole = capture(film(frames), model=bundle, cache=False)
    path = film(frames)

    def stop(fraction: float) -> None:
        if fraction > 0.4:
            raise FaceMimicError("Cancelled.", "cancelled")

    with pytest.raises(FaceMimicError):
        capture(path, model=bundle, progress=stop)
    looked = []
    look = following._Follower.look

    def counted(self: following._Follower, picture: object) -> object:
        looked.append(picture)
        return look(self, picture)  # type: ignore[arg-type]

    monkeypatch.setattr(following._Follower, "look", counted)
    rest = capture(path, model=bundle)
    assert 0 < len(looked) < 0.65 * len(frames)
    np.testing.assert_array_equal(rest.values, whole.values)
    assert rest.provenance["cuts"] == whole.provenance["cuts"] != []


def test_stills_spread_over_the_footage_and_stay_few(film: Callable, frames_of: Callable, bundle: Path) -> None:
    still = frames_of("face_b.mp4", 1.0, 1.01)[0]
    with open_footage(film([still] * 70)) as footage:
        seen = following.follow(footage, bundle)
    assert len(seen.stills) == len(seen.still_frames) <= STILLS
    assert seen.still_frames.tolist() == list(range(0, 70, 2))


class Looker:
    """Says of each crop how bright it is."""

    def __init__(self, sha256: str) -> None:
        self.sha256, self.looked = sha256, 0

    def looks(self, crops: np.ndarray) -> np.ndarray:
        self.looked += len(crops) > 0
        return np.repeat(crops.mean(1).astype(np.float32)[:, None, None], 2, axis=1)


def test_a_track_is_taken_only_with_what_the_same_decoder_saw(
    film: Callable, frames_of: Callable, bundle: Path, tmp_path: Path
) -> None:
    path, store = film(frames_of("face_a.mp4", 0, 1.2)), Store("abc", {}, tmp_path)

    def followed(looker: Looker | None) -> Track:
        with open_footage(path) as footage:
            return following.follow(footage, bundle, store=store, looker=looker)

    first, other = Looker("first"), Looker("other")
    seen = followed(first)
    # More than are looked at together, so that some are left at the end.
    assert len(seen.times) == 36 and first.looked == 3 and seen.looks.shape == (36, 2, 1)
    assert (seen.looks > 0).all()
    followed(first)
    assert first.looked == 3
    np.testing.assert_array_equal(followed(None).looks, seen.looks)
    followed(other)
    assert other.looked == 3
