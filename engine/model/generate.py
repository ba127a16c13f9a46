"""generate(request) -> Clip: the one way in which the model is asked."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine import __version__
from engine.channels import CHANNELS, HIGHEST, LOWEST
from engine.clip import Clip
from engine.model.between import lean
from engine.model.conditions import asked_tracks
from engine.model.exact import meet
from engine.model.flow import Conditions, sample
from engine.model.graphs import Replayed
from engine.model.laughter import JAW, with_pulses
from engine.model.linear import in_bfloat16
from engine.model.mechanics import NODS, with_weight
from engine.model.network import Network
from engine.model.saccades import EYES, with_saccades
from engine.model.weights import choose_device, choose_precision, load_network
from engine.paths import weights_folder
from engine.request import Observed, Request, Style

FPS = 60.0
"""Frames per second inside the model."""
STEPS, GUIDANCE = 14, 1.75
"""Defaults of the sampler."""


class Generator:
    """A network that is loaded once and asked often.

    asked: what the sampler asks, the network or its CUDA graphs; by default graphs on an NVIDIA GPU. placement: see
    flow.sample; the evaluation moves it.
    """

    placement = 0

    def __init__(
        self, network: Network, digest: str, device: torch.device, asked: Network | Replayed | None = None
    ) -> None:
        self.network = network.to(device)
        self.digest = digest
        self.device = device
        self.asked = asked or (Replayed(self.network) if device.type == "cuda" else self.network)

    @staticmethod
    def load(device: str = "auto", weights: str | Path | None = None, precision: str | None = None) -> "Generator":
        """Loads the weights. Raises FaceMimicError, kind "weights" or "device".

        precision: see weights.choose_precision.
        """
        chosen = choose_device(device)
        coarse = choose_precision(precision, chosen) is torch.bfloat16
        network, digest = load_network(weights or weights_folder() / "performance.safetensors")
        if coarse:
            in_bfloat16(network.blocks)
        return Generator(network, digest, chosen)

    @property
    def precision(self) -> str:
        """Of what the transformer's layers multiply: "float32" or "bfloat16"."""
        return str(self.network.blocks[0].qkv.weight.dtype).removeprefix("torch.")  # type: ignore[union-attr]

    @torch.inference_mode()
    def generate(self, request: Request, progress: Callable[[float], None] | None = None) -> Clip:
        """Answers a Request with a Clip of exactly request.frames frames at request.fps.

        Observed values of confidence 1 are met exactly; where the first or last frame is not observed, the Clip starts
        or ends in the neutral pose. The same request and seed give the same Clip. `progress` is told fractions 0..1
        and may raise to stop.
        """
        patch = self.network.config.patch
        observed = with_neutral_ends(request)
        frames = -(-max(request.frames * FPS / request.fps, 2) // patch)
        frames = int(frames) * patch
        noise = torch.randn(frames, len(CHANNELS), generator=torch.Generator().manual_seed(request.seed))
        result = sample(
            self.asked,
            noise.to(self.device),
            self.conditions(request, observed, frames),
            request.steps or STEPS,
            GUIDANCE if request.guidance is None else request.guidance,
            progress or (lambda fraction: None),
            self.placement,
        )
        values = self.finished(result, observed, request)
        provenance = {
            "generator": f"FaceMimic {__version__}",
            "machine_made": True,
            "model": self.digest,
            "computed": f"{self.device.type} {self.precision}",
            "request": request.to_dict(),
            "seed": int(request.seed),
        }
        return Clip(values, request.fps, CHANNELS, provenance)

    def generate_many(self, requests: Iterable[Request]) -> Iterator[Clip]:
        """A Clip for each Request, in order, each with the bytes that generate gives it alone.

        They are sampled one after another: products of matrices round differently with the number of rows. That costs
        short clips half as much time again on a processor.
        """
        return (self.generate(request) for request in requests)

    def finished(self, result: Tensor, observed: Observed, request: Request) -> np.ndarray:
        """What the sampler found, (frames, 55) normalised and at 60 fps, as the Request wants it: float32
        (request.frames, 55) within the channels' ranges, with ballistic eyes, meeting what is observed.
        """
        clip = Clip(self.values(result), FPS).resampled(request.fps, request.frames).limited()
        values = meet(clip.values, observed, request.fps)
        if request.observed is not None and not request.beats:
            values = lean(values, observed, request.fps)
        values = with_pulses(
            values, request.beats, ~observed.confidence[:, JAW].astype(bool), request.fps, request.seed
        )
        free = ~observed.confidence[:, [*EYES, *NODS]].any(axis=1)
        values = with_weight(values, free, request.fps, request.style.tempo)
        values = with_saccades(values, free, request.fps)
        return np.clip(values, LOWEST, HIGHEST)

    def values(self, result: Tensor) -> np.ndarray:
        """Normalised (…, 55) as channel values, float32."""
        return (result * self.network.scale + self.network.mean).float().cpu().numpy()

    def conditions(self, request: Request, observed: Observed, frames: int) -> Conditions:
        """What the network is told for `frames` frames at 60 fps, a whole number of tokens."""
        config = self.network.config
        beats = [(beat, beat.start) for beat in request.beats]
        asked = asked_tracks(beats, frames // config.patch, config, deliberate=request.style.deliberate, fps=FPS)
        # Curves without beats say nothing of an emotion: to call that calm would calm them down.
        told = np.float32(bool(request.beats) or request.observed is None)
        given = np.full((len(asked), 1), told)
        styled = np.float32(told or request.style != Style())
        style = np.append(request.style.vector() * styled, styled)
        known, confidence = at_model_rate(observed, request.fps, frames)
        mean, scale = self.network.mean.cpu().numpy(), self.network.scale.cpu().numpy()
        tensors = (
            np.where(confidence > 0, (known - mean) / scale, 0) * confidence,
            confidence,
            np.concatenate([asked, given], axis=1),
            style,
        )
        return Conditions(*(torch.from_numpy(array.astype(np.float32)).to(self.device) for array in tensors))


def with_neutral_ends(request: Request) -> Observed:
    """What is observed, with the neutral pose at whichever ends the artist left open."""
    shape = (request.frames, len(CHANNELS))
    if request.observed is None:
        values, confidence = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    else:
        values, confidence = request.observed.values.copy(), request.observed.confidence.copy()
    for end in (0, -1):
        if not confidence[end].any():
            confidence[end] = 1
    return Observed(values, confidence)


def at_model_rate(observed: Observed, fps: float, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Observed values and confidence at 60 fps, (frames, 55) each.

    Between two observed frames that are neighbours the values run straight; a lone observed frame marks only the
    nearest model frame, so that it does not become a plateau.
    """
    source = np.arange(frames) / FPS * fps
    low = np.clip(np.floor(source).astype(int), 0, len(observed.values) - 1)
    high = np.minimum(low + 1, len(observed.values) - 1)
    part = np.clip(source - low, 0, 1)[:, None].astype(np.float32)
    values = observed.values[low] * (1 - part) + observed.values[high] * part
    confidence = np.minimum(observed.confidence[low], observed.confidence[high])
    for frame, channel in np.argwhere(observed.confidence > 0):
        nearest = round(frame / fps * FPS)
        if nearest < frames and confidence[nearest, channel] < observed.confidence[frame, channel]:
            values[nearest, channel] = observed.values[frame, channel]
            confidence[nearest, channel] = observed.confidence[frame, channel]
    confidence[source > len(observed.values) - 1 + 1e-6] = 0
    return values, confidence
