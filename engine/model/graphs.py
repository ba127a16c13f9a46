"""The network as replayed CUDA graphs: a single clip keeps a GPU waiting for Python to launch its kernels.

A graph is kept only if it answers with the very bytes of the plain call, on other inputs than it was recorded with. So
no result shows whether a shape was recorded, forgotten or never met.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from engine.model.network import Config, Network

KEPT = 6
"""Shapes whose graphs are kept: a clip asks for up to three, so two lengths of clips in turn."""
LARGEST = 16
"""Windows in a batch up to which graphs are recorded. More keep a card busy by themselves, and cost memory, some 2 MB
each."""
WARM_UPS = 2
"""Calls before recording, in which libraries choose their kernels and reserve memory."""

Recorded = tuple[Callable[[], object], Tensor]
"""What replays a recording, and the tensor that it then fills."""


@dataclass(frozen=True)
class Graph:
    """A recording for one shape. inputs: the tensors that it reads."""

    inputs: tuple[Tensor, ...]
    replay: Callable[[], object]
    answer: Tensor

    def __call__(self, *given: Tensor) -> Tensor:
        for kept, new in zip(self.inputs, given, strict=True):
            kept.copy_(new)
        self.replay()
        return self.answer.clone()


def record_on_cuda(work: Callable[[], Tensor]) -> Recorded:
    """Records what `work` launches on the current CUDA device. Raises RuntimeError where that cannot be recorded."""
    here = torch.cuda.current_stream()
    aside = torch.cuda.Stream()
    aside.wait_stream(here)
    with torch.cuda.stream(aside):
        for _ in range(WARM_UPS):
            work()
    here.wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    # The outer one gives the stream back also when recording fails; other threads may go on using CUDA meanwhile.
    with torch.cuda.stream(here), torch.cuda.graph(graph, capture_error_mode="thread_local"):
        answer = work()
    return graph.replay, answer


class Replayed:
    """Answers as the network it wraps, called in the same way, from a graph where it can.

    refused: why it has gone back to plain calls for good, or "" while it has not.
    """

    def __init__(self, network: Network, record: Callable[[Callable[[], Tensor]], Recorded] = record_on_cuda) -> None:
        self.refused = ""
        self._network = network
        self._record = record
        self._graphs: OrderedDict[tuple[int, ...], Graph] = OrderedDict()

    @property
    def config(self) -> Config:
        return self._network.config

    @torch.inference_mode()
    def __call__(self, *given: Tensor) -> Tensor:
        """See Network.forward."""
        shape = tuple(given[0].shape)
        if graph := self._graphs.get(shape):
            self._graphs.move_to_end(shape)
            return graph(*given)
        answer = self._network(*given)
        if not self.refused and shape[0] <= LARGEST:
            self._remember(shape, given, answer)
        return answer

    def _remember(self, shape: tuple[int, ...], given: tuple[Tensor, ...], answer: Tensor) -> None:
        inputs = tuple(torch.zeros_like(tensor) for tensor in given)
        try:
            graph = Graph(inputs, *self._record(lambda: self._network(*inputs)))
            same = torch.equal(graph(*given), answer)
        except RuntimeError as error:
            self._refuse(next(iter(str(error).splitlines()), "") or type(error).__name__)
            return
        if not same:
            self._refuse("a replay did not give the same bytes as a plain call")
            return
        self._graphs[shape] = graph
        if len(self._graphs) > KEPT:
            self._graphs.popitem(last=False)

    def _refuse(self, reason: str) -> None:
        self.refused = reason
        self._graphs.clear()
        print(f"Goes on without CUDA graphs, slower and with the same results: {reason}", file=sys.stderr, flush=True)
