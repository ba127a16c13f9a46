"""Importing this before NumPy keeps its linear algebra on the thread that asks, as the engine's own process does.

OpenBLAS' other threads go on spinning for a while when their share of a product is done. While a capture looks at crops
that takes a fifth of the tracker's time beside it, and our products are too small to gain by more threads.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
