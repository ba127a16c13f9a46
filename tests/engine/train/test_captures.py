from pathlib import Path

import numpy as np
import pytest

from engine.channels import CHANNELS
from engine.clip import Clip
from engine.errors import FaceMimicError
from engine.model.network import Config
from engine.train.captures import FPS, draw_window, load_captures

WINDOW = Config().window * Config().patch


def recorded(tmp_path: Path, seconds: float) -> str:
    """A take whose jaw opens steadily, so that every window tells where it is from."""
    values = np.zeros((round(seconds * 30), len(CHANNELS)), np.float32)
    values[:, CHANNELS.index("jawOpen")] = np.linspace(0, 1, len(values))
    Clip(values, 30.0).save(tmp_path / "take.npz")
    return str(tmp_path / "take.npz")


@pytest.mark.parametrize("seconds", [0.1, 2.0, 7.0])
def test_a_take_too_short_for_a_window_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(FaceMimicError, match=r"take\.npz") as error:
        load_captures([recorded(tmp_path, seconds)])
    assert error.value.kind == "file"


def test_windows_never_leave_the_part_that_may_be_seen(tmp_path: Path) -> None:
    (take,) = load_captures([recorded(tmp_path, 9.0)])
    assert len(take) == round(6.0 * FPS)
    rng = np.random.default_rng(0)
    for _ in range(200):
        jaw = draw_window(rng, [take], WINDOW)[:, CHANNELS.index("jawOpen")]
        assert len(jaw) == WINDOW
        assert np.diff(jaw).min() > -1e-6
