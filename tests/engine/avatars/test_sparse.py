import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from engine.avatars.sparse import kept_frames


@given(
    arrays.arrays(np.float32, st.tuples(st.integers(1, 120), st.integers(1, 4)), elements=st.floats(0, 1, width=32)),
    st.sampled_from([0.001, 0.02, 0.3]),
)
def test_lines_miss_no_frame(values: np.ndarray, tolerance: float) -> None:
    kept = kept_frames(values, tolerance)
    assert (kept[0], kept[-1]) == (0, len(values) - 1)
    assert (np.diff(kept) > 0).all()
    frames = np.arange(len(values))
    for column in values.T:
        assert np.abs(np.interp(frames, kept, column[kept]) - column).max() <= tolerance + 1e-6


def test_straight_lines_need_their_ends_only() -> None:
    rise = np.concatenate([np.linspace(0, 1, 200), np.linspace(1, 0, 301)[1:]])
    assert kept_frames(rise[:, None], 1e-6).tolist() == [0, 199, 499]


def test_what_rests_keeps_its_length() -> None:
    assert kept_frames(np.full((50, 3), 0.4, np.float32), 0.005).tolist() == [0, 49]
