"""The smooth face around an eye, as a depth for every place seen from the front."""

from typing import NamedTuple

import numpy as np

Array = np.ndarray


class Surface(NamedTuple):
    """A paraboloid. factors (6,): of 1, x, z, x², xz and z², in units of `size` around `middle` (2,)."""

    factors: Array
    middle: Array
    size: float

    def depth(self, places: Array) -> Array:
        """Depth (n,) below places (n, 3), whose own depth does not matter."""
        return _terms((places[:, [0, 2]] - self.middle) / self.size) @ self.factors * self.size


def fitted(ground: Array, size: float) -> Surface:
    """The paraboloid through places (n, 3), x to the side, y the depth, z up; size: about how far they spread.

    Few places leave it flat where they say nothing: the answer of least squares with the smallest factors.
    """
    middle = ground[:, [0, 2]].mean(0)
    terms = _terms((ground[:, [0, 2]] - middle) / size)
    return Surface(np.linalg.lstsq(terms, ground[:, 1] / size, rcond=None)[0], middle, size)


def _terms(flat: Array) -> Array:
    x, z = flat.T
    return np.stack([np.ones_like(x), x, z, x * x, x * z, z * z], 1)
