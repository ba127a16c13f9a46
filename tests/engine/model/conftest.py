import pytest
import torch

from engine.model.generate import Generator
from engine.model.network import Config, Network


@pytest.fixture(scope="session")
def untrained() -> Generator:
    """A small network whose outputs are anything but constant, for what must hold whatever the weights are."""
    torch.manual_seed(0)
    network = Network(Config(width=32, depth=2, heads=2, window=16))
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    # Noise must not pass straight through: what a kink is can be told in calm answers only.
    torch.nn.init.zeros_(network.refiner.keep.weight)
    torch.nn.init.zeros_(network.refiner.write.weight)
    network.scale.fill_(0.05)
    return Generator(network.eval(), "untrained", torch.device("cpu"))
