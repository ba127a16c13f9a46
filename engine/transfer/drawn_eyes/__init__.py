"""Eyes without a ball that lids could slide on: large openings before a curved white, or eyes laid on closed skin.

Everything happens in a view straight onto the eye. Lids are curves that meet on a line near the lower one, and what
moves keeps its depth against a smooth surface laid over the opening, as a draughtsman would redraw it.
"""

from engine.transfer.drawn_eyes.eye import Eye
from engine.transfer.drawn_eyes.laid import shut
from engine.transfer.drawn_eyes.measure import opening
from engine.transfer.drawn_eyes.skin import calmed, lids, lifted
from engine.transfer.drawn_eyes.slide import looks, poses
from engine.transfer.drawn_eyes.strokes import lashes, lines

__all__ = ["Eye", "calmed", "lashes", "lids", "lifted", "lines", "looks", "opening", "poses", "shut"]
