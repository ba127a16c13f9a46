from collections.abc import Callable

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from engine.model.generate import Generator
from engine.model.graphs import KEPT, LARGEST, Recorded, Replayed
from engine.model.network import Network
from engine.request import Beat, Request, Style

CUDA = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that PyTorch can use through CUDA")


class Recorder:
    """Stands in for CUDA: a replay runs what was recorded again, so that it sees the static inputs and nothing else.

    shapes: of the answers that were recorded. replays: how often one was played.
    """

    def __init__(self) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.replays = 0

    def __call__(self, work: Callable[[], Tensor]) -> Recorded:
        answer = torch.full_like(work(), torch.nan)
        self.shapes.append(tuple(answer.shape))

        def replay() -> None:
            self.replays += 1
            answer.copy_(work())

        return replay, answer


def baked(work: Callable[[], Tensor]) -> Recorded:
    """A recording that has swallowed its inputs, as one does in which a number was read on the processor."""
    found = work()
    answer = torch.empty_like(found)
    return lambda: answer.copy_(found), answer


def nudged(work: Callable[[], Tensor]) -> Recorded:
    """A recording whose answers differ in the last digits."""
    answer = torch.empty_like(work())
    return lambda: answer.copy_(work() * (1 + 1e-6)), answer


def failing(work: Callable[[], Tensor]) -> Recorded:
    work()
    raise RuntimeError("operation not permitted when stream is capturing\nmore of it")


def inputs(untrained: Generator, batch: int = 1, tokens: int = 6, seed: int = 0) -> tuple[Tensor, ...]:
    draw, config = torch.Generator().manual_seed(seed), untrained.network.config
    frames = (batch, tokens * config.patch, len(config.channels))
    return (
        torch.randn(frames, generator=draw),
        torch.rand(batch, generator=draw),
        torch.randn(frames, generator=draw),
        torch.rand(frames, generator=draw),
        torch.randn(batch, tokens, config.asked + 1, generator=draw),
        torch.rand(batch, len(config.style) + 1, generator=draw),
    )


def plain(untrained: Generator, given: tuple[Tensor, ...]) -> Tensor:
    with torch.inference_mode():
        return untrained.network(*given)


def test_replays_what_it_has_recorded_with_new_inputs(untrained: Generator) -> None:
    recorder = Recorder()
    replayed = Replayed(untrained.network, recorder)
    for seed in range(4):
        given = inputs(untrained, seed=seed)
        assert torch.equal(replayed(*given), plain(untrained, given))
    assert recorder.shapes == [(1, 24, 55)]
    assert recorder.replays == 4  # once to be compared, then for each later call
    assert replayed.refused == ""


def test_an_answer_stays_when_the_next_one_is_asked(untrained: Generator) -> None:
    replayed = Replayed(untrained.network, Recorder())
    replayed(*inputs(untrained))
    given = inputs(untrained, seed=1)
    answer = replayed(*given)
    replayed(*inputs(untrained, seed=2))
    assert torch.equal(answer, plain(untrained, given))


def test_each_shape_has_its_own_recording(untrained: Generator) -> None:
    recorder = Recorder()
    replayed = Replayed(untrained.network, recorder)
    for _ in range(2):
        for batch, tokens in ((1, 6), (2, 6), (1, 7)):
            given = inputs(untrained, batch, tokens)
            assert torch.equal(replayed(*given), plain(untrained, given))
    assert recorder.shapes == [(1, 24, 55), (2, 24, 55), (1, 28, 55)]


def test_few_shapes_are_kept_and_the_one_longest_unused_goes(untrained: Generator) -> None:
    recorder = Recorder()
    replayed = Replayed(untrained.network, recorder)
    for tokens in range(2, 2 + KEPT):
        replayed(*inputs(untrained, tokens=tokens))
    replayed(*inputs(untrained, tokens=2))
    replayed(*inputs(untrained, tokens=50))
    recorder.shapes.clear()
    replayed(*inputs(untrained, tokens=2))
    assert recorder.shapes == []
    replayed(*inputs(untrained, tokens=3))
    assert recorder.shapes == [(1, 12, 55)]


def test_large_batches_are_not_recorded(untrained: Generator) -> None:
    recorder = Recorder()
    given = inputs(untrained, LARGEST + 1, 2)
    assert torch.equal(Replayed(untrained.network, recorder)(*given), plain(untrained, given))
    assert recorder.shapes == []


@pytest.mark.parametrize(
    ("record", "reason"),
    [(baked, "same bytes"), (nudged, "same bytes"), (failing, "not permitted when stream is capturing")],
)
def test_goes_back_to_plain_calls_for_good(
    untrained: Generator, record: Callable, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    tried = []

    def counted(work: Callable[[], Tensor]) -> Recorded:
        tried.append(1)
        return record(work)

    replayed = Replayed(untrained.network, counted)
    for tokens in (6, 6, 9):
        given = inputs(untrained, tokens=tokens, seed=tokens)
        assert torch.equal(replayed(*given), plain(untrained, given))
    assert len(tried) == 1
    assert reason in replayed.refused
    said = capsys.readouterr().err
    assert said.count("without CUDA graphs") == 1
    assert reason in said
    assert "more of it" not in said


def test_a_recording_that_fails_later_takes_the_earlier_ones_along(untrained: Generator) -> None:
    recorder = Recorder()
    fail = False
    replayed = Replayed(untrained.network, lambda work: failing(work) if fail else recorder(work))
    replayed(*inputs(untrained))
    fail = True
    replayed(*inputs(untrained, tokens=9))
    played = recorder.replays
    given = inputs(untrained, seed=5)
    assert torch.equal(replayed(*given), plain(untrained, given))
    assert recorder.replays == played


def test_performances_are_the_same_bytes_with_graphs_and_without(untrained: Generator) -> None:
    recorder = Recorder()
    device = torch.device("cpu")
    graphs = Generator(untrained.network, "untrained", device, asked=Replayed(untrained.network, recorder))
    requests = [
        Request((Beat("happy"),), duration=1.0, seed=1),  # type: ignore[arg-type]
        Request((Beat("sad"),), duration=5.0, seed=2, style=Style(tempo=1.6)),  # type: ignore[arg-type]
        Request((Beat("happy"),), duration=1.0, seed=1),  # type: ignore[arg-type]
    ]
    for request in requests:
        assert graphs.generate(request).values.tobytes() == untrained.generate(request).values.tobytes()
    assert recorder.replays > 20


class Devices(TorchDispatchMode):
    """Notes on which devices the tensors lie that operators take and give."""

    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        answer = func(*args, **(kwargs or {}))
        leaves = tree_leaves((args, kwargs, answer))
        self.found |= {leaf.device.type for leaf in leaves if isinstance(leaf, Tensor)}
        return answer


def test_the_network_brings_nothing_from_the_processor_and_reads_nothing_there(untrained: Generator) -> None:
    """Either would make recording impossible. "meta" tensors have no numbers, so that reading one raises."""
    network = Network(untrained.network.config).to("meta")
    given = [tensor.to("meta") for tensor in inputs(untrained)]
    with torch.inference_mode(), Devices() as devices:
        network(*given)
    assert devices.found == {"meta"}


@CUDA
def test_cuda_graphs_are_kept_and_change_no_byte(untrained: Generator) -> None:
    device = torch.device("cuda")
    network = untrained.network
    try:
        graphs = Generator(network, "untrained", device)
        plainly = Generator(network, "untrained", device, asked=network)
        for duration in (1.0, 5.0, 1.0, 2.0):
            request = Request((Beat("happy"),), duration=duration, seed=3)  # type: ignore[arg-type]
            first = graphs.generate(request).values.tobytes()
            assert first == graphs.generate(request).values.tobytes()
            assert first == plainly.generate(request).values.tobytes()
        assert isinstance(graphs.asked, Replayed)
        assert graphs.asked.refused == ""
    finally:
        network.to("cpu")


@CUDA
def test_a_recording_that_fails_leaves_cuda_usable(untrained: Generator) -> None:
    network = untrained.network.to("cuda")

    def syncing(*given: Tensor) -> Tensor:
        return network(*given) * float(given[0].sum() * 0 + 1)

    try:
        replayed = Replayed(syncing)  # type: ignore[arg-type]
        given = tuple(tensor.cuda() for tensor in inputs(untrained))
        stream = torch.cuda.current_stream()
        first = replayed(*given)
        assert replayed.refused
        assert torch.cuda.current_stream() == stream
        assert torch.equal(replayed(*given), first)
    finally:
        network.to("cpu")


@CUDA
def test_a_gpu_performs_as_a_processor_does(untrained: Generator) -> None:
    request = Request((Beat("happy"),), duration=2.0, seed=3)  # type: ignore[arg-type]
    known = untrained.generate(request).values
    try:
        found = Generator(untrained.network, "untrained", torch.device("cuda")).generate(request).values
    finally:
        untrained.network.to("cpu")
    assert abs(found - known).max() < 1e-3
