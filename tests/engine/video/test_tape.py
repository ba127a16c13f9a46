import threading

import numpy as np
import pytest

from engine.video.tape import BEHIND, LOOKED_AT_ONCE, Sight, Tape


class Slow:
    """Looks only when it may."""

    sha256 = "slow"

    def __init__(self) -> None:
        self.may = threading.Event()

    def looks(self, crops: np.ndarray) -> np.ndarray:
        if len(crops):
            assert self.may.wait(20)
        return crops[:, :1].astype(np.float32)[:, None].repeat(2, 1)


def sight(brightness: int) -> Sight:
    marks = np.random.default_rng(0).uniform(0.3, 0.7, (478, 3)).astype(np.float32)
    pixels = np.full((64, 64, 3), brightness, np.uint8)
    return Sight(marks, np.zeros(52, np.float32), np.eye(4), np.array([0.3, 0.3, 0.7, 0.7]), pixels)


def test_rows_come_in_their_order_however_far_the_measuring_is_behind() -> None:
    looker = Slow()
    with Tape(looker=looker) as tape:
        # Enough that some are looked at while others are added.
        threading.Timer(0.2, looker.may.set).start()
        for frame in range(50):
            tape.add(frame / 30, None if frame == 20 else sight(frame))
            assert len(tape._under_way) <= BEHIND
        rows = tape.rows()
    bright = [frame for frame in range(50) if frame != 20]
    np.testing.assert_array_equal(rows["times"], np.arange(50) / 30)
    np.testing.assert_array_equal(rows["colours"][bright, 0, 0], bright)
    np.testing.assert_array_equal(rows["looks"][bright, 1, 0], bright)
    assert np.isnan(rows["poses"][20]).all() and tape.found == 49


def test_rows_that_outgrow_their_room_stay() -> None:
    with Tape(expected=10) as tape:
        room = len(tape._rows["times"])
        for frame in range(room + 3):
            tape.add(frame / 30, None if frame % 100 else sight(frame // 100))
        rows = tape.rows()
    assert len(rows["times"]) == room + 3
    np.testing.assert_array_equal(rows["colours"][::100, 5, 0], np.arange(room // 100 + 1))


def test_what_fails_while_measuring_is_told() -> None:
    class Broken:
        sha256 = "broken"

        def looks(self, crops: np.ndarray) -> np.ndarray:
            if len(crops):
                raise MemoryError
            return np.zeros((0, 2, 1), np.float32)

    with Tape(looker=Broken()) as tape:
        with pytest.raises(MemoryError):
            for frame in range(40):
                tape.add(frame / 30, sight(100))
        # Nor can the rows, which have a hole, be had for keeping.
        with pytest.raises(MemoryError):
            tape.rows()


def test_a_frame_is_looked_at_in_the_same_place_whenever_it_is_asked_for() -> None:
    """Products of matrices round by place and number: an interrupted run must come to the same bits."""

    class Noting:
        sha256 = "noting"

        def __init__(self) -> None:
            self.asked: list[np.ndarray] = []

        def looks(self, crops: np.ndarray) -> np.ndarray:
            if len(crops):
                self.asked.append(crops[:, 0].copy())
            return crops[:, None, :1].astype(np.float32).repeat(2, 1)

    looker, early = Noting(), np.zeros(0)
    with Tape(looker=looker) as tape:
        for frame in range(LOOKED_AT_ONCE + 9):
            tape.add(frame / 30, None if frame == 3 else sight(frame + 1))
            if frame == 5:
                early = tape.rows()["looks"][:, 0, 0].copy()
        looks = tape.rows()["looks"][:, 0, 0]
    np.testing.assert_array_equal(early, looks[:6])
    seen = np.arange(LOOKED_AT_ONCE + 9) != 3
    np.testing.assert_array_equal(looks[seen], np.arange(1, LOOKED_AT_ONCE + 10)[seen])
    assert [len(crops) for crops in looker.asked] == 3 * [LOOKED_AT_ONCE]
    for crops, frames in zip(looker.asked, (range(6), range(6, 16), range(16, 25)), strict=True):
        for frame in frames:
            assert frame == 3 or crops[frame % LOOKED_AT_ONCE] == frame + 1
