"""A page to judge a capture by, on which text, bars and paragraphs are put: what all review sheets share."""

from pathlib import Path
from typing import Any

import numpy as np

from engine.errors import FaceMimicError

WIDTH, MARGIN = 2400, 70
"""Pixels."""
RIGHT = WIDTH - MARGIN
INK, GREY, PALE, PAPER = (32, 36, 40), (112, 118, 124), (226, 229, 232), (255, 255, 255)
SEEN, UNSEEN, LOST = (206, 224, 236), (222, 108, 22), (128, 20, 20)
NEUTRAL, EVENT, COMPLETED = (38, 132, 84), (40, 84, 150), (128, 84, 160)
ENDINGS = (".png", ".jpg", ".jpeg", ".pdf", ".webp")


class Page:
    """An empty page, WIDTH pixels wide; `cut` ends it."""

    def __init__(self) -> None:
        self.image_module, draw_module, self.fonts = pillow()
        # Long lists make the page longer; what is not used is cut off.
        self.page = self.image_module.new("RGB", (WIDTH, 6000), PAPER)
        self.pen = draw_module.Draw(self.page)

    def cut(self, y: int) -> Any:
        """The page as a PIL image that ends a margin below y."""
        return self.page.crop((0, 0, WIDTH, y + MARGIN))

    def font(self, size: int) -> Any:
        return self.fonts.load_default(size)

    def text(self, x: float, y: float, text: str, size: int = 26, fill: tuple = INK, anchor: str = "la") -> None:
        self.pen.text((x, y), text, fill=fill, font=self.font(size), anchor=anchor)

    def header(self, y: int, facts: dict[str, Any], length: str, lost: str = "") -> int:
        """The file's name, what it is, and how well it was seen, at y; returns where the page goes on, like all these.

        facts: a report. length: how long the footage is. lost: how often the face was not found.
        """
        self.text(MARGIN, y, str(facts["file"]), 54)
        parts = [length, f"{facts['size'][0]} by {facts['size'][1]} pixels", f"read by {facts['decoder']}"]
        parts.append(f"neutral: {facts['calibration']}")
        if facts["without"]:
            parts.append(f"without {', '.join(facts['without'])}")
        self.text(MARGIN, y + 72, "   ·   ".join(parts), 26, GREY)
        seen = np.mean([facts["seen"][name] for name in facts["seen"]])
        colour = NEUTRAL if seen > 0.9 and not facts["frames_lost"] else UNSEEN if seen > 0.5 else LOST
        self.text(RIGHT, y, f"{100 * seen:.0f} % seen well", 44, colour, "ra")
        self.text(RIGHT, y + 62, lost, 26, GREY, "ra")
        self.pen.line((MARGIN, y + 122, RIGHT, y + 122), fill=PALE, width=3)
        return y + 122

    def paragraph(self, x: int, y: int, width: int, title: str, texts: list[str]) -> int:
        """A title and texts below it, within so many pixels."""
        self.text(x, y, title, 32)
        y += 50
        for text in texts:
            for line in self._wrapped(text, width):
                self.text(x, y, line, 26, GREY)
                y += 36
            y += 8
        return y

    def _wrapped(self, text: str, width: int) -> list[str]:
        lines, font = [""], self.font(26)
        for word in text.split():
            longer = f"{lines[-1]} {word}".strip()
            if lines[-1] and self.pen.textlength(longer, font=font) > width:
                lines.append(word)
            else:
                lines[-1] = longer
        return lines


def seen_colour(confidence: float) -> tuple[int, ...]:
    """Between SEEN (1) and UNSEEN (0)."""
    share = min(1.0, max(0.0, confidence))
    return tuple(round(b + share * (a - b)) for a, b in zip(SEEN, UNSEEN, strict=True))


def check_sheet(path: str | Path) -> None:
    """Refuses before the work what could not be written. Raises FaceMimicError, kind "request"."""
    if Path(path).suffix.lower() not in ENDINGS:
        raise FaceMimicError(f"{path}: a review sheet is written as {', '.join(ENDINGS)}.")
    pillow()


def pillow() -> tuple[Any, Any, Any]:
    """PIL's Image, ImageDraw and ImageFont. Raises FaceMimicError (kind "request") where it is not installed."""
    try:
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise FaceMimicError(
            "A review sheet needs Pillow, which is not installed in the engine's Python. Install it:"
            " pip install “pillow>=11,<14”, or “facemimic[pictures]”. The same data come with --report FILE.json.",
            "request",
        ) from error
    return Image, ImageDraw, ImageFont
