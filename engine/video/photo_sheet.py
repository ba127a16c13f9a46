"""A photo's review sheet: the face with its landmarks, how well each part was seen, and what it shows."""

from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import FaceMimicError
from engine.video.capture import Captured
from engine.video.footage import open_footage
from engine.video.page import EVENT, GREY, INK, MARGIN, PALE, RIGHT, UNSEEN, Page, seen_colour
from engine.video.sight import regions

SIDE = 1040
"""Pixels that the face's picture is wide and high."""
AROUND = 0.75
"""Half of the picture's side, in sizes of the face."""
MIDDLE = MARGIN + SIDE + 80
"""Where the column beside the picture begins."""
STRONGEST = 18
"""Most channels that are listed."""


class PhotoSheet(Page):
    """footage: the photo's file; without it the face is shown as small as the track keeps it, without landmarks."""

    def __init__(self, captured: Captured, facts: dict[str, Any], footage: str | Path | None) -> None:
        super().__init__()
        self.captured, self.facts = captured, facts
        self.pixels = _pixels(captured, footage)

    def draw(self) -> Any:
        """The sheet as a PIL image."""
        top = self.header(MARGIN, self.facts, "photo") + 50
        self._face(top)
        y = self._seen(top)
        y = self._shown(y + 44)
        y = max(y, top + SIDE) + 60
        right = self.paragraph(MIDDLE, y, RIGHT - MIDDLE, "Notes", self.facts["notes"] or ["none"])
        unsure = [name for name in self.facts["unsure_channels"] if name not in self.facts["blind_channels"]]
        left = self.paragraph(MARGIN, y, SIDE, "Channels to check by eye", [", ".join(unsure) or "none"])
        return self.cut(max(left, right))

    def _face(self, y: int) -> None:
        track = self.captured.track
        if self.pixels is None:
            picture = self.image_module.fromarray(np.ascontiguousarray(track.stills[0])).resize((SIDE, SIDE))
            self.page.paste(picture, (MARGIN, y))
            return
        height, width = self.pixels.shape[:2]
        points = track.landmarks[0, :, :2] * (width, height)
        low, high = points.min(0), points.max(0)
        half = min(AROUND * float((high - low).max()), max(width, height) / 2)
        # Within the photo as far as it goes; what is beyond its edges is black.
        corner = np.clip((low + high) / 2 - half, 0, np.maximum(0, (width - 2 * half, height - 2 * half)))
        box = (*corner, *(corner + 2 * half))
        face = self.image_module.fromarray(self.pixels).crop(tuple(round(edge) for edge in box)).resize((SIDE, SIDE))
        self.page.paste(face, (MARGIN, y))
        for part, seen in zip(regions(), self.captured.sighting.regions[0], strict=False):
            for x, down in (points[part.landmarks] - corner) * SIDE / (2 * half) + (MARGIN, y):
                self.pen.ellipse((x - 3, down - 3, x + 3, down + 3), fill=seen_colour(float(seen)))

    def _seen(self, y: int) -> int:
        self.text(MIDDLE, y, "How well each part of the face was seen", 32)
        y += 58
        for name, seen in self.facts["seen"].items():
            causes = [
                cause for cause, table in self.captured.sighting.causes.items() if table[0, self._place(name)] < 0.5
            ]
            self._bar(y, name, seen, UNSEEN if seen < 0.5 else EVENT, ", ".join(causes))
            y += 42
        return y

    def _shown(self, y: int) -> int:
        self.text(MIDDLE, y, "What it shows", 32)
        y += 58
        strongest = self.facts["shown"][:STRONGEST]
        if not strongest:
            self.text(MIDDLE, y, "a face at rest", 26, GREY)
            return y + 42
        for name, value in strongest:
            self._bar(y, name, value, EVENT, "unsure" if name in self.facts["unsure_channels"] else "")
            y += 42
        return y

    def _bar(self, y: int, name: str, value: float, colour: tuple, remark: str) -> None:
        left, right = MIDDLE + 330, RIGHT - 230
        self.text(left - 24, y + 15, name, 26, INK, "rm")
        self.pen.rectangle((left, y, right, y + 29), fill=PALE)
        self.pen.rectangle((left, y, left + max(2.0, (right - left) * min(1.0, value)), y + 29), fill=colour)
        self.text(right + 18, y + 15, f"{value:.2f}  {remark}", 26, GREY, "lm")

    def _place(self, region: str) -> int:
        return list(self.facts["seen"]).index(region)


def _pixels(captured: Captured, footage: str | Path | None) -> np.ndarray | None:
    """The photo as it was looked at, RGB uint8; None where it is not there any more, or the landmarks are not."""
    if footage is None or not len(captured.track.landmarks):
        return None
    try:
        with open_footage(footage, mirrored=bool(captured.clip.provenance.get("mirrored"))) as photo:
            picture = next(photo.pictures()).pixels
    except (FaceMimicError, StopIteration):
        return None
    return np.ascontiguousarray(np.rot90(picture, captured.track.quarter_turns))
