"""The depth buffer against a picture computed pixel by pixel."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.transfer.raster import rasterise

SIZE = 12
CORNERS = arrays(np.float64, st.tuples(st.integers(1, 6), st.just(3), st.just(3)), elements=st.integers(-6, 18))


@settings(max_examples=60)
@given(CORNERS)
def test_each_pixel_shows_the_nearest_triangle_over_its_centre(corners):
    picture = rasterise(corners, SIZE)
    for row in range(SIZE):
        for column in range(SIZE):
            best = -np.inf
            for a, b, c in corners:
                system = np.array([[b[0] - a[0], c[0] - a[0]], [b[1] - a[1], c[1] - a[1]]])
                if abs(np.linalg.det(system)) < 1e-12:
                    continue
                v, w = np.linalg.solve(system, np.array([column + 0.5, row + 0.5]) - a[:2])
                if min(v, w, 1 - v - w) >= -1e-9:
                    best = max(best, (1 - v - w) * a[2] + v * b[2] + w * c[2])
            shown = picture.triangle[row, column]
            assert (shown >= 0) == np.isfinite(best)
            if shown >= 0:
                assert np.isclose(picture.depth[row, column], best)
                assert np.isclose(picture.weights[row, column] @ corners[shown, :, 2], best)
