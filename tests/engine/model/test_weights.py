from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from engine.channels import CHANNELS
from engine.errors import FaceMimicError
from engine.model.generate import Generator
from engine.model.network import Config, Network
from engine.model.weights import choose_device, choose_precision, load_network, save_network
from engine.request import STYLE_KNOBS


def test_weights_come_back_as_they_were(tmp_path: Path, untrained: Generator) -> None:
    path = tmp_path / "performance.safetensors"
    save_network(untrained.network, path, {"steps": 1})
    network, digest = load_network(path)
    assert len(digest) == 64
    assert network.config == untrained.network.config
    for name, value in untrained.network.state_dict().items():
        assert torch.allclose(value, network.state_dict()[name], atol=1e-3), name


def test_missing_weights_say_where_they_should_be(tmp_path: Path) -> None:
    with pytest.raises(FaceMimicError, match="missing") as caught:
        Generator.load("cpu", tmp_path / "performance.safetensors")
    assert caught.value.kind == "weights"


@pytest.mark.parametrize("cut", [0, 7, 100, 5000])
def test_truncated_weights_are_refused(tmp_path: Path, untrained: Generator, cut: int) -> None:
    path = tmp_path / "performance.safetensors"
    save_network(untrained.network, path, {})
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(FaceMimicError, match="damaged"):
        load_network(path)


def test_weights_of_another_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "performance.safetensors"
    save_file({"a": torch.zeros(1)}, path, {"facemimic": '{"format": "facemimic-performance-99"}'})
    with pytest.raises(FaceMimicError, match="another version"):
        load_network(path)


def test_weights_that_do_not_fit_their_configuration_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "performance.safetensors"
    network = Network(Config(width=32, depth=2, heads=2))
    network.blocks.append(network.blocks[0])
    save_network(network, path, {})
    with pytest.raises(FaceMimicError, match="another version"):
        load_network(path)


@pytest.mark.parametrize(
    "other",
    [
        {"emotions": ("neutral", "happy")},
        {"channels": (*CHANNELS[1:], CHANNELS[0])},
        {"style": tuple(reversed(STYLE_KNOBS))},
        {"style": (*STYLE_KNOBS, "mood")},
    ],
    ids=lambda other: next(iter(other)),
)
def test_weights_that_know_other_names_are_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    path = tmp_path / "performance.safetensors"
    save_network(Network(Config(width=32, depth=2, heads=2, **other)), path, {})
    with pytest.raises(FaceMimicError, match="another version"):
        load_network(path)


@pytest.mark.parametrize("table", ["[1]", '"facemimic"', '{"format": "facemimic-performance-1", "config": [3]}',
    '{"format": "facemimic-performance-1", "config": {"heads": 0}}'])  # fmt: skip
def test_weights_whose_configuration_makes_no_sense_are_refused(tmp_path: Path, table: str) -> None:
    path = tmp_path / "performance.safetensors"
    save_file({"a": torch.zeros(1)}, path, {"facemimic": table})
    with pytest.raises(FaceMimicError, match="another version") as caught:
        load_network(path)
    assert caught.value.kind == "weights"


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(FaceMimicError, match="no device"):
        choose_device("tpu")
    assert choose_device("auto").type in ("cpu", "cuda", "mps")
    if not torch.cuda.is_available():
        with pytest.raises(FaceMimicError, match="cannot use cuda"):
            choose_device("cuda")


def test_a_precision_is_float32_unless_a_gpu_is_asked_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    cpu = torch.device("cpu")
    assert choose_precision(None, cpu) is torch.float32
    with pytest.raises(FaceMimicError, match="no precision"):
        choose_precision("float16", cpu)
    monkeypatch.setenv("FACEMIMIC_PRECISION", "bfloat16")
    assert choose_precision("float32", cpu) is torch.float32
    with pytest.raises(FaceMimicError, match="FACEMIMIC_PRECISION") as caught:
        choose_precision(None, cpu)
    assert caught.value.kind == "device"


@pytest.mark.parametrize(("capability", "given"), [((7, 5), False), ((8, 0), True), ((12, 0), True)])
def test_bfloat16_is_for_gpus_that_multiply_it(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], given: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    cuda = torch.device("cuda")
    if given:
        assert choose_precision("bfloat16", cuda) is torch.bfloat16
    else:
        with pytest.raises(FaceMimicError, match="Ampere"):
            choose_precision("bfloat16", cuda)
