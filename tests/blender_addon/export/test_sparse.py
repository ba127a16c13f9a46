import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blender_addon.export.sparse import kept_samples


@given(samples=st.integers(1, 200), columns=st.integers(1, 6), seed=st.integers(0, 999), tolerance=st.floats(1e-4, 0.2))
def test_lines_between_the_keys_miss_no_sample(samples, columns, seed, tolerance):
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.01, 1.0, samples))
    values = np.cumsum(rng.normal(0, 0.1, (samples, columns)), axis=0)
    kept = kept_samples(times, values, tolerance)
    assert (kept[0], kept[-1]) == (0, samples - 1)
    assert (np.diff(kept) > 0).all()
    shown = np.stack([np.interp(times, times[kept], column[kept]) for column in values.T], axis=1)
    assert np.abs(shown - values).max() <= tolerance * 1.001


@given(samples=st.integers(2, 500), slope=st.floats(-1, 1))
def test_a_straight_line_takes_two_keys(samples, slope):
    times = np.arange(samples) / 30
    assert len(kept_samples(times, np.stack([times * slope, times * 0], axis=1), 0.002)) == 2
