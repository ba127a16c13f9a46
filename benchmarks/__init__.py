"""What FaceMimic costs: `make benchmark` prints one table."""

import engine.one_thread  # noqa: F401
