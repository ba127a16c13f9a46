import pytest
import torch
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode

from engine.model.linear import QUICK, Linear, in_bfloat16


class Asked(TorchDispatchMode):
    """Notes the names of the operators that are asked."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.append(str(func))
        return func(*args, **(kwargs or {}))


@pytest.fixture
def layer() -> Linear:
    torch.manual_seed(0)
    return Linear(24, 40)


@pytest.mark.parametrize("shape", [(1, 24), (7, 24), (3, 5, 24), (0, 24)])
def test_answers_as_a_plain_layer_does(layer: Linear, shape: tuple[int, ...]) -> None:
    x = torch.randn(shape)
    plain = F.linear(x, layer.weight, layer.bias)
    with torch.inference_mode():
        assert torch.allclose(layer(x), plain, atol=1e-6)
        assert torch.allclose(layer.then_gelu(x), F.gelu(plain, approximate="tanh"), atol=1e-6)


def test_takes_inputs_that_do_not_lie_in_order(layer: Linear) -> None:
    x = torch.randn(24, 6).T
    with torch.inference_mode():
        assert torch.allclose(layer(x), F.linear(x, layer.weight, layer.bias), atol=1e-6)


def test_learns_as_a_plain_layer_does(layer: Linear) -> None:
    x = torch.randn(6, 24)
    layer.then_gelu(x).square().sum().backward()
    found = layer.weight.grad
    layer.weight.grad = None
    F.gelu(F.linear(x, layer.weight, layer.bias), approximate="tanh").square().sum().backward()
    assert found is not None
    assert layer.weight.grad is not None
    assert torch.equal(found, layer.weight.grad)


@pytest.mark.skipif(not QUICK, reason="this machine's PyTorch has no oneDNN for x86")
def test_asks_onednn_only_where_nothing_is_learned_and_precision_is_full(layer: Linear) -> None:
    x = torch.randn(6, 24)
    quick = "mkldnn._linear_pointwise.default"
    with torch.no_grad(), Asked() as asked:
        layer(x)
    assert asked.names == [quick]
    with Asked() as asked:
        layer(x)
    assert quick not in asked.names
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16), Asked() as asked:
        assert layer(x).dtype == torch.bfloat16
    assert quick not in asked.names


def test_bfloat16_rounds_products_and_leaves_the_rest_float32(layer: Linear) -> None:
    x = torch.randn(6, 24)
    exact = layer(x)
    in_bfloat16(torch.nn.ModuleList([layer]))
    for answer in (layer(x), torch.inference_mode()(layer)(x)):
        assert answer.dtype == torch.float32
        assert 1e-5 < (answer - exact).abs().max() < 0.03
    assert layer.then_gelu(x).dtype == torch.float32
