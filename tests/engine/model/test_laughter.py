import numpy as np

from engine.channels import CHANNELS
from engine.model.laughter import JAW, with_pulses
from engine.request import Beat

FPS = 60.0


def test_a_laughing_jaw_beats_about_its_mean_and_a_smiling_one_does_not():
    values = np.full((240, len(CHANNELS)), 0.3, np.float32)
    free = np.ones(240, bool)
    laughing = with_pulses(values, [Beat({"laughing": 1.0}, 1.0, 0.3, 0.4, 2.4, 0.6)], free, FPS, 7)
    held = laughing[60:180, JAW]
    assert np.ptp(held) > 0.15
    assert abs(held.mean() - 0.3) < 0.03
    power = np.abs(np.fft.rfft((held - held.mean()) * np.hanning(len(held)))) ** 2
    hertz = np.fft.rfftfreq(len(held), 1 / FPS)
    assert power[(hertz > 3.5) & (hertz < 6.5)].sum() > 0.3 * power[1:].sum()
    assert np.array_equal(np.delete(laughing, JAW, axis=1), np.delete(values, JAW, axis=1))
    assert np.array_equal(with_pulses(values, [Beat({"happy": 1.0}, 1.0)], free, FPS, 7), values)


def test_an_observed_jaw_is_left_alone():
    values = np.full((120, len(CHANNELS)), 0.3, np.float32)
    kept = with_pulses(values, [Beat({"laughing": 1.0}, 1.0)], np.zeros(120, bool), FPS, 7)
    assert np.array_equal(kept, values)
