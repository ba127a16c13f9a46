"""The learned decoder: what MediaPipe's landmarker sees in, channels with their confidence out.

Its weights were trained on renders of a morphable head (engine/train/decoder/, weights/decoder.md). It is a small
residual network that runs in numpy, fed with landmarks that a similarity transform has turned to the front, the
scores' logits, the pose, and what small crops of the picture show (looking.py); with a person's neutral face it sees
the difference as well.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from scipy.spatial.transform import Rotation

from engine.channels import INDEX, SHAPES, mirrored_name
from engine.errors import FaceMimicError
from engine.paths import weights_folder
from engine.video.looking import looks_at

FORMAT = "facemimic-decoder-3"
NAME = "decoder.safetensors"
LANDMARKS = 478
UNSEEN = ("tongueOut",)
"""Channels that nothing in the landmarks or scores tells about: always 0, without confidence."""
_SIGNED = (
    ("eyeLookOutLeft", "eyeLookInLeft"),
    ("eyeLookOutRight", "eyeLookInRight"),
    ("eyeLookUpLeft", "eyeLookDownLeft"),
    ("eyeLookUpRight", "eyeLookDownRight"),
    ("jawLeft", "jawRight"),
    ("mouthLeft", "mouthRight"),
)
BLIND, USEFUL = 0.1, 0.3
"""Correlation with the truth on unseen people up to which a channel is not trusted at all, and from which on it is."""
_LOGIT_RANGE = 8.0
_BATCH = 256
"""Frames that are decoded at once: 20 MB are at work on them."""


@dataclass(frozen=True)
class Decoded:
    """One row for each frame; rows of frames without a face are NaN, with confidence 0.

    values: float32 (frames, 52), in the order of SHAPES, 0..1. confidence: float32 (frames, 52), 0..1: it falls as a
    frame's expected error grows, to 0.8 where that is a guess's, and with channels that are hardly seen on any face.
    head_degrees: float32 (frames, 3), yaw, pitch and roll before the camera, signed as in channels.py, corrected for
    what the tracker's matrix takes for a nod when the face moves.
    """

    values: np.ndarray
    confidence: np.ndarray
    head_degrees: np.ndarray


@dataclass(frozen=True)
class Neutral:
    """A person's resting face as the tracker sees it, for `Decoder.neutral`'s callers to keep; safe to save.

    shape: float32 (478, 3), landmarks turned to the front. logits: float32 (52,). looks: float32 (2, looks), of the
    face and of its mirror image.
    """

    shape: np.ndarray
    logits: np.ndarray
    looks: np.ndarray


class Decoder:
    """Weights in memory; calls are pure and may come from any thread."""

    def __init__(self, tensors: dict[str, np.ndarray], config: dict, sha256: str = "") -> None:
        self.tensors = tensors
        self.config = config
        self.sha256 = sha256

    @classmethod
    def load(cls, path: str | Path | None = None) -> "Decoder":
        """The decoder in `path`, else the one beside the other weights.

        Raises FaceMimicError (kind "weights") where the file is missing, damaged or of another version.
        """
        path = Path(path) if path else weights_folder() / NAME
        if not path.is_file():
            raise FaceMimicError(
                f"The video decoder's weights are missing: there is no {path}. Install FaceMimic again, or decode"
                " without them (--decoder none).",
                "weights",
            )
        try:
            with safe_open(path, framework="numpy") as file:
                table = json.loads((file.metadata() or {}).get("facemimic", "{}"))
                if table.get("format") != FORMAT or table["config"]["outputs"] != outputs():
                    raise FaceMimicError(
                        f"{path.name} is of another version of FaceMimic. Install the weights that belong to this"
                        " version.",
                        "weights",
                    )
                names = file.keys()
                tensors = {name: file.get_tensor(name).astype(np.float32) for name in names}
        except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
            raise FaceMimicError(
                f"{path.name} is damaged or is no weights file. Install FaceMimic again.", "weights"
            ) from error
        return cls(tensors, table["config"], hashlib.sha256(path.read_bytes()).hexdigest())

    def __call__(
        self,
        landmarks: np.ndarray,
        logits: np.ndarray,
        matrices: np.ndarray,
        looks: np.ndarray,
        size: tuple[int, int],
        neutral: Neutral | None = None,
    ) -> Decoded:
        """Channels of every frame.

        landmarks: (frames, 478, 3) as MediaPipe gives them, shares of the picture. logits: (frames, 52), see
        `logits`. matrices: (frames, 4, 4), facial transformation matrices. looks: (frames, 2, looks), from `looks`.
        size: width and height of the picture that was tracked, pixels. Frames without a face are rows of NaN.
        neutral: the person's resting face, from `neutral`; without it their face is taken for an average one.
        Raises FaceMimicError (kind "file") where it is another decoder's.
        """
        if neutral is not None and neutral.looks.shape != looks.shape[1:]:
            raise FaceMimicError(
                "This resting face was measured for another decoder. Calibrate the actor anew.", "file"
            )
        frames = len(landmarks)
        values = np.full((frames, len(SHAPES)), np.nan, np.float32)
        confidence = np.zeros((frames, len(SHAPES)), np.float32)
        head = np.full((frames, 3), np.nan, np.float32)
        good = np.flatnonzero(np.isfinite(landmarks).all((1, 2)) & np.isfinite(matrices).all((1, 2)))
        for start in range(0, len(good), _BATCH):
            rows = good[start : start + _BATCH]
            values[rows], confidence[rows], head[rows] = self._decode(
                landmarks[rows],
                np.nan_to_num(logits[rows], nan=-_LOGIT_RANGE),
                matrices[rows],
                looks[rows],
                size,
                neutral,
            )
        return Decoded(values, confidence, head)

    def looks(self, crops: np.ndarray) -> np.ndarray:
        """What the crops show, float32 (frames, 2, looks), for the call; crops: uint8 (frames, BYTES), see crops.py."""
        return looks_at(self.tensors, crops)

    def neutral(
        self,
        landmarks: np.ndarray,
        logits: np.ndarray,
        matrices: np.ndarray,
        looks: np.ndarray,
        size: tuple[int, int],
    ) -> Neutral:
        """The resting face of a person: the median over frames in which they rest, at least one; arguments as in
        the call."""
        good = np.isfinite(landmarks).all((1, 2)) & np.isfinite(matrices).all((1, 2))
        rows, template, stable = np.flatnonzero(good), self.tensors["template"], self.tensors["stable"]
        parts = [rows[start : start + _BATCH] for start in range(0, len(rows), _BATCH)]
        shapes = np.concatenate([frontal(landmarks[part], size, template, stable)[0] for part in parts])
        scores = np.clip(logits[good], -_LOGIT_RANGE, _LOGIT_RANGE)
        return Neutral(np.median(shapes, 0), np.median(scores, 0), np.median(looks[good], 0))

    def _decode(
        self,
        landmarks: np.ndarray,
        scores: np.ndarray,
        matrices: np.ndarray,
        looks: np.ndarray,
        size: tuple[int, int],
        neutral: Neutral | None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        tensors = self.tensors
        order = tensors["mirror"].astype(int)
        seen = features(landmarks, scores, looks[:, 0], matrices, size, tensors["template"], tensors["stable"])
        rest = other_rest = None
        if neutral is not None:
            rest = np.concatenate([neutral.shape.ravel(), neutral.logits / 4, neutral.looks[0]])
            other_rest = mirrored(rest[None], neutral.looks[1:], order)[0]
        plain = self._network(seen, rest)
        other = self._network(mirrored(seen, looks[:, 1], order), other_rest)
        turned, sign = output_mirror()
        # The face and its mirror image must be read alike.
        means = (plain[0] + other[0][:, turned] * sign) / 2
        spread = (plain[1] + other[1][:, turned]) / 2
        turn = (plain[2] + other[2] * np.array([1, -1, -1], np.float32)) / 2
        useful = np.clip((tensors["reliability"] - BLIND) / (USEFUL - BLIND), 0, 1)
        told = useful / (1 + (spread / (2 * tensors["usual_spread"])) ** 2)
        values = channels(means)
        confidence = np.zeros_like(values)
        for column, (plus, minus) in enumerate(outputs()):
            confidence[:, INDEX[plus]] = told[:, column]
            if minus:
                confidence[:, INDEX[minus]] = told[:, column]
        rotations = Rotation.from_matrix(unscaled(matrices)) * Rotation.from_rotvec(turn)
        head = np.degrees(rotations.as_euler("YXZ")) * np.array([1.0, -1.0, -1.0])
        return values, confidence, head.astype(np.float32)

    def _network(self, seen: np.ndarray, neutral: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Means (frames, outputs), their expected error, and the head's correction (frames, 3), a rotation vector."""
        t = self.tensors
        face = (seen - t["input_mean"]) / t["input_scale"]
        hidden = face @ t["enter.weight"].T + t["enter.bias"]
        straight = face @ t["direct.weight"].T + t["direct.bias"]
        if neutral is not None:
            width = len(neutral)
            change = (seen[:, :width] - neutral) / t["change_scale"]
            hidden = hidden + change @ t["change.weight"].T + t["change.bias"]
            straight = straight + change @ t["direct_change.weight"].T + t["direct_change.bias"]
        for block in range(int(self.config["blocks"])):
            inner = _normed(hidden) @ t[f"blocks.{block}.0.weight"].T + t[f"blocks.{block}.0.bias"]
            hidden = hidden + _silu(inner) @ t[f"blocks.{block}.1.weight"].T + t[f"blocks.{block}.1.bias"]
        last = _silu(_normed(hidden))
        means = straight + last @ t["means.weight"].T + t["means.bias"]
        doubt = _silu(last @ t["doubt.0.weight"].T + t["doubt.0.bias"]) @ t["doubt.1.weight"].T + t["doubt.1.bias"]
        spread = np.exp(np.clip(doubt, -7, 2)) * t["spread_scale"]
        turn = last @ t["turn.weight"].T + t["turn.bias"]
        return means, spread, turn


def logits(scores: np.ndarray) -> np.ndarray:
    """The logits of MediaPipe's scores (…, 52), within ± 8, at which they saturate; NaN stays NaN."""
    clipped = np.clip(scores.astype(np.float64), 1e-6, 1 - 1e-6)
    return np.clip(np.log(clipped / (1 - clipped)), -_LOGIT_RANGE, _LOGIT_RANGE).astype(np.float32)


def outputs() -> list[list[str]]:
    """What each output stands for: a channel, or the channel above 0 and its opposite below."""
    opposite = dict(_SIGNED)
    hidden = {minus for _, minus in _SIGNED} | set(UNSEEN)
    return [[name, opposite.get(name, "")] for name in SHAPES if name not in hidden]


def output_mirror() -> tuple[np.ndarray, np.ndarray]:
    """Where each output's mirror image is, int (outputs,), and its sign, float32 (outputs,)."""
    known = outputs()
    places = {plus: (i, 1.0) for i, (plus, _) in enumerate(known)}
    places |= {minus: (i, -1.0) for i, (_, minus) in enumerate(known) if minus}
    found = [places[mirrored_name(plus)] for plus, _ in known]
    return np.array([i for i, _ in found]), np.array([sign for _, sign in found], np.float32)


def channels(means: np.ndarray) -> np.ndarray:
    """float32 (frames, 52) of outputs (frames, outputs), each within 0..1."""
    values = np.zeros((len(means), len(SHAPES)), np.float32)
    for column, (plus, minus) in enumerate(outputs()):
        values[:, INDEX[plus]] = np.clip(means[:, column], 0, 1)
        if minus:
            values[:, INDEX[minus]] = np.clip(-means[:, column], 0, 1)
    return values


def as_outputs(values: np.ndarray) -> np.ndarray:
    """Outputs float32 (frames, outputs) of channels (frames, 52 or more)."""
    columns = [values[:, INDEX[plus]] - (values[:, INDEX[minus]] if minus else 0) for plus, minus in outputs()]
    return np.stack(columns, 1).astype(np.float32)


def features(
    landmarks: np.ndarray,
    scores: np.ndarray,
    looks: np.ndarray,
    matrices: np.ndarray,
    size: tuple[int, int],
    template: np.ndarray,
    stable: np.ndarray,
) -> np.ndarray:
    """float32 (frames, 478 * 3 + 52 + looks + 9): landmarks turned to the front, logits, what crops show (frames,
    looks), and how the head was turned.

    template: (478, 3) and stable: (478,) as in `frontal`; the other arguments as in `Decoder`'s call.
    """
    shapes, turns = frontal(landmarks, size, template, stable)
    tracked = unscaled(matrices)
    # Both third columns and the up axis' tilt say how the head is turned, by geometry and by the tracker.
    pose = np.concatenate([turns[:, :, 2], tracked[:, :, 2], tracked[:, :, 1]], 1)
    return np.concatenate([shapes.reshape(len(shapes), -1), scores / 4, looks, pose], 1).astype(np.float32)


def frontal(
    landmarks: np.ndarray, size: tuple[int, int], template: np.ndarray, stable: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Landmarks under the similarity transform that lays them on the template best, and the rotation it undoes.

    landmarks: (frames, 478, 3), shares of the picture of `size`. template: (478, 3), x right, y up, z to the camera.
    stable: (478,), weights that sum to 1. Returns float32 (frames, 478, 3) and (frames, 3, 3).
    """
    width, height = size
    points = landmarks[:, :LANDMARKS].astype(np.float64) * np.array([width, -height, -width])
    weight = stable[None, :, None].astype(np.float64)
    points = points - (weight * points).sum(1, keepdims=True)
    middle = (weight[0] * template).sum(0)
    target = template - middle
    u, strength, vt = np.linalg.svd((points * weight).transpose(0, 2, 1) @ target)
    flip = np.ones((len(points), 3))
    flip[:, 2] = np.sign(np.linalg.det(u @ vt))
    turns = (u * flip[:, None, :]) @ vt
    scale = (strength * flip).sum(1) / np.maximum((weight * points**2).sum((1, 2)), 1e-12)
    shapes = scale[:, None, None] * (points @ turns) + middle
    return shapes.astype(np.float32), turns


def mirrored(seen: np.ndarray, looks: np.ndarray, order: np.ndarray) -> np.ndarray:
    """Features (frames, …) of the picture's mirror image; without the pose as well, as a neutral face has them.

    looks: (frames, looks), what the mirrored crops show. order: int (478,), each landmark's counterpart on the other
    side.
    """
    count = 3 * LANDMARKS
    shape = seen[:, :count].reshape(-1, LANDMARKS, 3)[:, order] * np.array([-1, 1, 1], np.float32)
    names = [INDEX[mirrored_name(name)] for name in SHAPES]
    scores = seen[:, count : count + len(SHAPES)][:, names]
    pose = seen[:, count + len(SHAPES) + looks.shape[1] :]
    pose = pose * np.array([-1, 1, 1] * 3, np.float32)[: pose.shape[1]]
    return np.concatenate([shape.reshape(len(seen), -1), scores, looks, pose], 1)


def unscaled(matrices: np.ndarray) -> np.ndarray:
    """The rotations (frames, 3, 3) of facial transformation matrices, which carry a scale."""
    turns = matrices[:, :3, :3].astype(np.float64)
    return turns / np.cbrt(np.linalg.det(turns))[:, None, None]


def _silu(x: np.ndarray) -> np.ndarray:
    return x / (1 + np.exp(-np.clip(x, -30, 30)))


def _normed(x: np.ndarray) -> np.ndarray:
    return (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
