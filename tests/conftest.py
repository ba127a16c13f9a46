import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

# Examples are not timed: a busy machine must not fail a test. CI draws the same examples each time, so that it answers
# for the change it runs on; elsewhere new ones look for what nobody has thought of.
settings.register_profile(
    "untimed",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("untimed")


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keeps what tests put into the engine's cache out of this person's own."""
    before = os.environ.get("FACEMIMIC_CACHE")
    os.environ["FACEMIMIC_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    os.environ.pop("FACEMIMIC_CACHE")
    if before is not None:
        os.environ["FACEMIMIC_CACHE"] = before


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of data that real-input tests read; it lies beside the repository and is not part of it."""
    folder = ROOT.parent / "shared"
    if not folder.is_dir():
        pytest.skip(f"needs the shared data at {folder}, which are not part of the repository")
    return folder
