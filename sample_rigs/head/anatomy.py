"""Where Nova's features lie: millimetres, origin midway between the eyeballs' centres.

x to the character's left, y backwards, z up. The left side is described; the right is its mirror.
"""

from __future__ import annotations

import numpy as np

ORIGIN_HEIGHT = 1428.0  # height of the eyes above the ground, mm

EYE_CENTRE = np.array([39.5, 0.5, 0.0])
EYE_RADIUS = 26.0
LID_THICKNESS = 1.7

# Almond of the lid margins, seen from the front, relative to EYE_CENTRE.
INNER_CANTHUS = np.array([-19.6, -2.8])
OUTER_CANTHUS = np.array([19.8, 2.2])
LID_UPPER = 12.2
LID_LOWER = 9.8

MOUTH_WIDTH = 26.0  # half
MOUTH_HEIGHT = -66.5
LIP_UPPER = 7.4
LIP_LOWER = 7.3
LIP_BULGE = 3.9

NOSTRIL = np.array([6.0, -45.5, -45.5])
NOSTRIL_RADII = (2.9, 3.9)

EAR_CENTRE = np.array([78.0, 74.0, -10.0])
EAR_RADII = (17.0, 31.0)  # half depth, half height

JAW_HINGE = np.array([0.0, 66.0, -30.0])
