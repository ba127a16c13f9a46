"""The review sheet: one page on which a capture can be judged before it is used."""

from pathlib import Path
from typing import Any

import numpy as np

from engine.files import written_whole
from engine.video.capture import Captured
from engine.video.notes import without_signal
from engine.video.page import (
    COMPLETED,
    EVENT,
    GREY,
    INK,
    LOST,
    MARGIN,
    NEUTRAL,
    PALE,
    RIGHT,
    SEEN,
    UNSEEN,
    Page,
    check_sheet,
    seen_colour,
)
from engine.video.photo_sheet import PhotoSheet
from engine.video.report import report

LEFT = 250
"""Where the time axis begins, pixels; it ends at RIGHT."""
LOPSIDED = 0.1
"""Difference between the sides of a curve from which on each is drawn."""
OTHER_SIDE = (72, 172, 214)
"""The right side's colour."""
STRIP = 14
"""Most portraits in the strip."""


def write_sheet(captured: Captured, path: str | Path, footage: str | Path | None = None) -> None:
    """Draws the sheet and writes it, in the format of the path's ending. footage: see `draw_sheet`. Raises
    FaceMimicError."""
    check_sheet(path)
    picture = draw_sheet(captured, footage)
    with written_whole(path) as part:
        picture.save(part, dpi=(220, 220))


def draw_sheet(captured: Captured, footage: str | Path | None = None) -> Any:
    """The sheet as a PIL image, WIDTH pixels wide. footage: the file, so that a photo is shown sharp."""
    facts = report(captured)
    return PhotoSheet(captured, facts, footage).draw() if facts["source"] == "photo" else _Sheet(captured, facts).draw()


class _Sheet(Page):
    """A video's: what was seen, found and read along its time."""

    def __init__(self, captured: Captured, facts: dict[str, Any]) -> None:
        super().__init__()
        self.captured, self.facts = captured, facts
        self.top = 0
        times = captured.track.times
        self.first = float(times[0])
        # The last frame lasts as long as the others.
        self.last = float(times[-1]) + (float(np.median(np.diff(times))) if len(times) > 1 else 1e-3)

    def draw(self) -> Any:
        facts = self.facts
        frames = "1 frame" if facts["frames"] == 1 else f"{facts['frames']} frames"
        length = f"{facts['seconds']:.2f} s, {frames} at {facts['fps']:g} fps"
        y = self.header(MARGIN, facts, length, f"face lost in {facts['frames_lost']} of {frames}")
        y = self._portraits(y + 40)
        y = self._strips(y + 50)
        y = self._events(y + 26)
        y = self._curves(y + 26)
        y = self._axis(y + 6)
        y = self._lists(y + 60)
        return self.cut(y)

    def _portraits(self, y: int) -> int:
        track, resting = self.captured.track, np.flatnonzero(self.captured.resting)
        kept = track.still_frames
        if not len(kept):
            return y
        chosen = np.unique(np.linspace(0, len(kept) - 1, min(STRIP, len(kept))).round().astype(int)).tolist()
        neutral = None
        if len(resting) and len(kept) > 1:
            neutral = int(np.abs(kept[:, None] - resting).min(1).argmin())
            chosen = [neutral, *chosen[: STRIP - 1]] if len(chosen) < STRIP else [neutral, *_thinned(chosen)]
        side = min(220, (RIGHT - MARGIN) // len(chosen) - 8)
        gap = (RIGHT - MARGIN - side * len(chosen)) / (len(chosen) - 1) if len(chosen) > 6 else 24.0
        for column, place in enumerate(chosen):
            frame, x = int(kept[place]), round(MARGIN + column * (side + gap))
            first = column == 0 and neutral is not None
            picture = self.image_module.fromarray(np.ascontiguousarray(track.stills[place])).resize((side, side))
            self.page.paste(picture, (x, y))
            worst = float(self.captured.sighting.regions[frame].min())
            colour = NEUTRAL if first else UNSEEN if worst < 0.5 else None
            if colour:
                self.pen.rectangle((x, y, x + side - 1, y + side - 1), outline=colour, width=6)
            time = f"{track.times[frame]:.2f} s"
            self.text(x, y + side + 8, f"neutral, {time}" if first else time, 20, NEUTRAL if first else GREY)
        return y + side + 34

    def _x(self, time: float) -> float:
        share = (time - self.first) / (self.last - self.first)
        return LEFT + min(1.0, max(0.0, share)) * (RIGHT - LEFT)

    def _row(self, y: int, name: str, height: int) -> None:
        self.text(LEFT - 24, y + height / 2, name, 26, INK, "rm")

    def _span(self, y: int, height: int, span: list[float], colour: tuple, least: int = 4) -> None:
        low, high = min(self._x(span[0]), RIGHT - least), self._x(span[1])
        self.pen.rectangle((low, y, max(low + least, high), y + height - 1), fill=colour)

    def _strips(self, y: int) -> int:
        facts, height = self.facts, 44
        self.text(MARGIN, y, "How well each part of the face was seen", 32)
        legend = (
            ("seen", SEEN),
            ("not seen", UNSEEN),
            ("face lost", LOST),
            ("neutral", NEUTRAL),
            ("completed", COMPLETED),
        )
        x = RIGHT
        for name, colour in reversed(legend):
            self.text(x, y + 6, name, 24, GREY, "ra")
            x -= self.pen.textlength(name, font=self.font(24)) + 44
            self.pen.rectangle((x + 6, y + 8, x + 34, y + 30), fill=colour)
            x -= 26
        y += 66
        self.top = y
        edges = [*facts["confidence"]["times"], self.last]
        for name, values in facts["confidence"]["regions"].items():
            self._row(y, name, height)
            for place, value in enumerate(values):
                place_ = self._x(edges[place]), y, self._x(edges[place + 1]), y + height - 1
                self.pen.rectangle(place_, fill=seen_colour(value))
            for span in facts["lost"]:
                self._span(y, height, span, LOST)
            y += height + 6
        completed = [
            [low + self.first, high + self.first] for low, high in (facts.get("completed") or {}).get("spans", [])
        ]
        for name, spans, colour in (("neutral", facts["resting"], NEUTRAL), ("completed", completed, COMPLETED)):
            y += 8
            self._row(y, name, 28)
            self.pen.rectangle((LEFT, y, RIGHT, y + 27), fill=(244, 246, 247))
            for span in spans:
                self._span(y, 28, span, colour, 2)
            y += 28
        return y

    def _events(self, y: int) -> int:
        facts, height = self.facts, 30
        for name, spans in (("blinks", facts["blinks"]), ("mouth open", facts["mouth_open"])):
            self._row(y, name, height)
            self.pen.line((LEFT, y + height // 2, RIGHT, y + height // 2), fill=PALE, width=2)
            for span in spans:
                self._span(y, height, span, EVENT, 6)
            y += height + 10
        for name, times in (("lips meet", facts["closures"]), ("smile begins", facts["smiles"])):
            self._row(y, name, height)
            self.pen.line((LEFT, y + height // 2, RIGHT, y + height // 2), fill=PALE, width=2)
            for time in times:
                x = self._x(time)
                self.pen.polygon([(x - 9, y), (x + 9, y), (x, y + height - 4)], fill=EVENT)
            y += height + 10
        return y

    def _curves(self, y: int) -> int:
        height = 92
        times = self.facts["confidence"]["times"]
        for name, values in self.facts["curves"].items():
            self._row(y, name, height)
            floor = y + height
            self.pen.line((LEFT, floor, RIGHT, floor), fill=PALE, width=2)
            left, right = self.facts["sides"].get(name, (values, values))
            lines = [(values, EVENT)]
            if max(abs(one - other) for one, other in zip(left, right, strict=True)) > LOPSIDED:
                lines = [(right, OTHER_SIDE), (left, EVENT)]
                self._sides_legend(floor)
            for side, _ in lines:
                line = self._line(times, side, floor, height)
                self.pen.polygon([(line[0][0], floor), *line, (line[-1][0], floor)], fill=(234, 240, 247))
            for side, colour in lines:
                self.pen.line(self._line(times, side, floor, height), fill=colour, width=3, joint="curve")
            y = floor + 14
        return y

    def _line(self, times: list[float], values: list[float], floor: int, height: int) -> list[tuple[float, float]]:
        line = [(self._x(time), floor - value * (height - 8)) for time, value in zip(times, values, strict=True)]
        return line if len(line) > 1 else [*line, (RIGHT, line[0][1])]

    def _sides_legend(self, floor: int) -> None:
        x = LEFT - 24
        for name, colour in (("right", OTHER_SIDE), ("left", EVENT)):
            self.text(x, floor - 4, name, 20, GREY, "rs")
            x -= self.pen.textlength(name, font=self.font(20)) + 8
            self.pen.line((x - 22, floor - 10, x, floor - 10), fill=colour, width=5)
            x -= 34

    def _axis(self, y: int) -> int:
        span = self.last - self.first
        steps = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600)
        step = next((one for one in steps if span / one <= 16), 1200)
        time = np.ceil(self.first / step) * step
        self.pen.line((LEFT, y, RIGHT, y), fill=GREY, width=2)
        while time <= self.last + 1e-9:
            self.pen.line((self._x(time), y, self._x(time), y + 10), fill=GREY, width=2)
            self.text(self._x(time), y + 16, f"{time:g} s", 22, GREY, "ma")
            time += step
        for cut in self.facts["cuts"]:
            self.pen.line((self._x(cut), self.top, self._x(cut), y), fill=INK, width=2)
            self.text(self._x(cut), self.top - 2, "cut", 20, INK, "md")
        return y + 44

    def _lists(self, y: int) -> int:
        facts = self.facts
        middle = (MARGIN + RIGHT) // 2
        still = without_signal(facts)
        left = self.paragraph(MARGIN, y, middle - MARGIN - 50, "Channels without signal", [", ".join(still) or "none"])
        blind = [", ".join(facts["blind_channels"])]
        left = self.paragraph(MARGIN, left + 26, middle - MARGIN - 50, "Channels that this decoder cannot read", blind)
        unsure = [name for name in facts["unsure_channels"] if name not in facts["blind_channels"]]
        if unsure:
            left = self.paragraph(
                MARGIN, left + 26, middle - MARGIN - 50, "Channels to check by eye", [", ".join(unsure)]
            )
        causes = [
            f"{region}: " + ", ".join(f"{cause} {lost:.2f} s" for cause, lost in row.items())
            for region, row in facts["causes"].items()
        ]
        right = self.paragraph(middle, y, RIGHT - middle, "Notes", facts["notes"] or ["none"])
        if causes:
            right = self.paragraph(middle, right + 26, RIGHT - middle, "Why it was not seen", causes)
        return max(left, right)


def _thinned(places: list[int]) -> list[int]:
    """The same spread with one less."""
    return [places[round(at)] for at in np.linspace(0, len(places) - 1, len(places) - 1)]
