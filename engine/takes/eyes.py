"""The eyes' rotations in the head, and the eyeLook channels that stand for them."""

import tomllib
from functools import cache
from pathlib import Path

import numpy as np

from engine.channels import CHANNELS, INDEX


@cache
def reach() -> dict[str, float]:
    """Radians that an eye turns for a channel at 1, by `yaw`, `up` and `down`; see eyes.toml."""
    return tomllib.loads(Path(__file__).with_name("eyes.toml").read_text("utf-8"))


def turns(values: np.ndarray, side: str) -> tuple[np.ndarray, np.ndarray]:
    """Yaw towards the person's left and pitch upwards of one eye, radians (frames,).

    values: (frames, 55). side: Left or Right.
    """
    full = reach()
    look = {way: values[:, INDEX[f"eyeLook{way}{side}"]].astype(float) for way in ("In", "Out", "Up", "Down")}
    outward = full["yaw"] * (look["Out"] - look["In"])
    return (outward if side == "Left" else -outward), full["up"] * look["Up"] - full["down"] * look["Down"]


def looks(yaw: np.ndarray, pitch: np.ndarray, inward: np.ndarray | float = 0.0) -> np.ndarray:
    """The eyeLook channels of both eyes, (frames, 55), other channels 0; beyond 1 where an eye cannot go.

    yaw: towards the person's left; pitch: upwards; inward: by which each eye turns towards the other; radians
    (frames,).
    """
    full = reach()
    left, right = (yaw - inward) / full["yaw"], (yaw + inward) / full["yaw"]
    values = np.zeros((len(yaw), len(CHANNELS)))
    for name, angle in (
        ("OutLeft", left),
        ("InLeft", -left),
        ("InRight", right),
        ("OutRight", -right),
        ("UpLeft", pitch / full["up"]),
        ("UpRight", pitch / full["up"]),
        ("DownLeft", -pitch / full["down"]),
        ("DownRight", -pitch / full["down"]),
    ):
        values[:, INDEX["eyeLook" + name]] = angle.clip(0)
    return values
