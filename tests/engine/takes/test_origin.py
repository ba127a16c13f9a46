"""That a machine made a take is said beside files that have no place for it, and read again."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.channels import CHANNELS
from engine.cli import main
from engine.clip import Clip
from engine.takes import origin
from engine.takes.formats import read_take, write_take

FACTS = {"machine_made": True, "seed": 7, "source": "/home/someone/take.mp4", "curves": [0.1] * 2000}


def clip(facts: dict) -> Clip:
    return Clip(np.full((10, len(CHANNELS)), 0.1, np.float32), 60.0, CHANNELS, facts)


@pytest.mark.parametrize("name", ["take.csv", "take.txt", "take.json", "take.openface.csv"])
def test_it_is_said_beside_the_take_and_read_again(tmp_path: Path, name: str) -> None:
    write_take(clip(FACTS), tmp_path / name)
    told = json.loads((tmp_path / f"{name}.provenance.json").read_text())["FaceMimic"]
    assert told["machine-made performance"] is True
    assert told["seed"] == 7
    assert told["source"] == "take.mp4"
    assert "curves" not in told
    back = read_take(tmp_path / name).clip.provenance
    assert back["machine_made"] is True
    assert back["made_from"]["seed"] == 7


@pytest.mark.parametrize("facts", [{}, {"source": "live_link_face"}])
def test_recorded_takes_stand_alone_and_leave_no_old_word(tmp_path: Path, facts: dict) -> None:
    write_take(clip(FACTS), tmp_path / "take.csv")
    write_take(clip(facts), tmp_path / "take.csv")
    assert [one.name for one in tmp_path.iterdir()] == ["take.csv"]
    assert "machine_made" not in read_take(tmp_path / "take.csv").clip.provenance


def test_it_can_be_left_out(tmp_path: Path) -> None:
    for name in ("take.csv", "take.npz"):
        write_take(clip(FACTS), tmp_path / name, with_provenance=False)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["take.csv", "take.npz"]
    assert read_take(tmp_path / "take.npz").clip.provenance == {}
    write_take(clip(FACTS), tmp_path / "take.npz")
    assert main(["convert", str(tmp_path / "take.npz"), str(tmp_path / "a.csv")]) == 0
    assert main(["convert", str(tmp_path / "take.npz"), str(tmp_path / "b.csv"), "--no-provenance"]) == 0
    assert origin.read(tmp_path / "a.csv")
    assert not origin.read(tmp_path / "b.csv")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"FaceMimic": 3}', "\xff"])
def test_what_is_not_ours_beside_a_take_is_left_alone(tmp_path: Path, text: str) -> None:
    write_take(clip({}), tmp_path / "take.csv")
    beside = origin.beside(tmp_path / "take.csv")
    beside.write_bytes(text.encode("latin1"))
    assert "made_from" not in read_take(tmp_path / "take.csv").clip.provenance
    write_take(clip({}), tmp_path / "take.csv")
    assert beside.read_bytes() == text.encode("latin1")
