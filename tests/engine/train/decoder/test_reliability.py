import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.channels import INDEX, SHAPES
from engine.paths import weights_folder
from engine.train.decoder.reliability import expected_errors, rank_correlation, reliability, rows
from engine.video.decoder import NAME, Decoder, outputs


def test_bins_hold_the_errors_of_their_own_readings() -> None:
    confidence = np.array([[0.05, 0.95], [1.0, 0.05]])
    errors = np.array([[0.4, 0.1], [0.0, 0.2]])
    shown = np.array([[True, False], [True, False]])
    expected = np.array([[0.5, 0.1], [0.1, np.nan]])
    low, high = reliability(confidence, errors, shown, expected, (0.0, 0.5, 0.9, 1.0))
    assert (low.count, low.active, low.error, low.active_error) == (2, 1, pytest.approx(0.3), pytest.approx(0.4))
    assert low.expected == pytest.approx(0.5)
    assert (high.low, high.high, high.count) == (0.9, 1.0, 2)
    assert (high.error, high.expected) == (pytest.approx(0.05), pytest.approx(0.1))


@given(st.integers(1, 40), st.integers(1, 52), st.integers(0, 99))
def test_every_reading_is_in_one_bin(pictures: int, channels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    confidence, errors = rng.integers(0, 11, (pictures, channels)) / 10, rng.random((pictures, channels))
    bins = reliability(confidence, errors, errors > 0.5)
    assert sum(one.count for one in bins) == confidence.size
    assert sum(one.count * one.error for one in bins) == pytest.approx(errors.sum())
    assert sum(one.active for one in bins) == (errors > 0.5).sum()
    assert all(np.isnan(one.expected) for one in bins)


def test_other_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="one shape"):
        reliability(np.ones((3, 2)), np.ones((3, 2)), np.ones((2, 3), bool))


def test_a_markdown_row_for_each_bin_and_a_dash_for_what_is_unknown() -> None:
    told = rows(reliability(np.array([[0.2, 0.2, 0.85]]), np.array([[0.25, 0.35, 0.02]]), np.zeros((1, 3), bool)))
    lines = told.splitlines()
    assert lines[2] == "| 0.00–0.30 | 2 | 0.300 | – | 0 | – |"
    assert lines[3] == "| 0.80–0.90 | 1 | 0.020 | – | 0 | – |"
    assert len({line.count("|") for line in lines}) == 1


def test_expected_errors_are_those_that_the_decoder_told_its_confidence_by() -> None:
    rng = np.random.default_rng(2)
    usual, spread = rng.uniform(0.05, 0.2, len(outputs())), rng.uniform(0.01, 0.4, (5, len(outputs())))
    known = np.full(len(outputs()), 0.9)
    known[3] = 0.0
    confidence, truth = np.zeros((5, len(SHAPES))), np.full((5, len(SHAPES)), np.nan)
    for column, (plus, minus) in enumerate(outputs()):
        for name in filter(None, (plus, minus)):
            confidence[:, INDEX[name]] = (column != 3) / (1 + (spread[:, column] / (2 * usual[column])) ** 2)
            truth[:, INDEX[name]] = spread[:, column] if column != 3 else np.nan
    decoder = Decoder({"reliability": known, "usual_spread": usual}, {})
    np.testing.assert_allclose(expected_errors(confidence, decoder), truth, rtol=1e-6)


def test_the_shipped_decoders_tensors_are_read() -> None:
    if not (weights_folder() / NAME).is_file():
        pytest.skip(f"needs the decoder's weights, {NAME}")
    errors = expected_errors(np.full((2, len(SHAPES)), 0.4), Decoder.load())
    assert np.isnan(errors[0, INDEX["tongueOut"]])
    assert 0 < np.nanmedian(errors) < 1


def test_surer_readings_that_are_truer_correlate_negatively() -> None:
    sure = np.linspace(0, 1, 50)
    assert rank_correlation(sure, (1 - sure) ** 3) == pytest.approx(-1)
    assert abs(rank_correlation(sure, np.random.default_rng(0).random(50))) < 0.4
    assert np.isnan(rank_correlation(sure, np.zeros(50)))
    assert rank_correlation(np.array([0, 0, 1, 1.0]), np.array([2, 2, 1, 1.0])) == pytest.approx(-1)
