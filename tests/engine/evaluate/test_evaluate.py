import json
from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from engine.errors import FaceMimicError
from engine.evaluate import page
from engine.evaluate.evaluate import QUESTIONS, evaluate
from engine.evaluate.intervals import bootstrap, rank_correlation
from engine.evaluate.recognised import apexes, confusions, share_right
from engine.evaluate.setting import Picture, Section, Table, simulate
from engine.model.generate import Generator
from engine.model.network import Config, Network
from engine.model.weights import save_network


@pytest.fixture(scope="module")
def untrained() -> Generator:
    torch.manual_seed(0)
    network = Network(Config(width=32, depth=2, heads=2, window=32))
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    network.scale.fill_(0.2)
    return Generator(network.eval(), "untrained", torch.device("cpu"))


def test_the_page_is_written_whole_with_its_figures(tmp_path: Path, untrained: Generator) -> None:
    weights = tmp_path / "w.safetensors"
    save_network(untrained.network, weights, {"steps": 1, "loss": 2.0})
    said: list[str] = []
    written = evaluate(weights, tmp_path / "out", only=("long",), quick=True, say=said.append)
    text = written.read_text("utf-8")
    assert "## 6. Long" in text
    assert "| demanded | met |" in text
    figures = json.loads((tmp_path / "out" / "figures.json").read_text("utf-8"))
    assert figures["long"]["model"]["speed at joints"]["count"] == 4
    assert any("no real take" in line for line in said)
    assert not list((tmp_path / "out").glob(".*"))


def test_unknown_questions_and_missing_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FaceMimicError, match=f"Known are {', '.join(QUESTIONS)}"):
        evaluate(tmp_path / "w", tmp_path, only=("beautiful",))
    with pytest.raises(FaceMimicError) as caught:
        evaluate(tmp_path / "w", tmp_path / "out", quick=True, say=lambda line: None)
    assert caught.value.kind == "weights"
    assert not (tmp_path / "out").exists()


def test_pictures_and_tables_reach_the_page(tmp_path: Path) -> None:
    section = Section("s", "S", tables=[Table("T", ("a", "b"), [("1 | 2", "3")])])

    def draw(figure: Figure) -> None:
        figure.add_subplot().plot([0, 1])

    section.pictures.append(Picture("p", "P", draw))
    section.target("good", True)
    text = page.write(tmp_path / "new", [section], {}).read_text("utf-8")
    assert "| 1 \\| 2 | 3 |" in text
    assert "| S: good | yes |" in text
    assert (tmp_path / "new" / "p.png").stat().st_size > 1000


def test_the_simulator_is_recognised() -> None:
    poses = apexes(simulate, ("happy", "disgusted", "contemptuous"), 0.8, 6)
    from engine.evaluate.reader import BASIC
    from engine.evaluate.recognised import answers

    said = answers(poses, BASIC)
    assert set(share_right(said).values()) == {1.0}
    assert confusions(said) == []


def test_intervals_cover_the_mean_and_shrink() -> None:
    rng = np.random.default_rng(0)
    few, many = bootstrap(rng.normal(3, 1, 20)), bootstrap(rng.normal(3, 1, 2000))
    assert few.low < 3 < few.high
    assert many.high - many.low < (few.high - few.low) / 4
    assert np.isnan(bootstrap([]).value)


def test_rank_correlation_ignores_what_was_not_measured() -> None:
    assert rank_correlation([1, 2, 3, 4], [2, np.nan, 8, 90]) == pytest.approx(1)
    assert rank_correlation([1, 2, 3], [5, 5, 5]) == 0
