"""What `make` would run, without running it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def commands(*arguments: str) -> str:
    """The commands of a fresh checkout, as make prints them."""
    fresh = ("VENV=none-yet", "VENV_52=none-yet-5.2")
    # `make test` tells the makes below it about itself.
    alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    run = subprocess.run(
        ["make", "-n", *fresh, *arguments], cwd=ROOT, check=True, capture_output=True, text=True, env=alone
    )
    return run.stdout


@pytest.mark.parametrize("target", ["demo", "test", "package", "test-5.2"])
def test_a_fresh_checkout_makes_its_environment_first(target: str) -> None:
    first, *rest = commands(target, "OS=").splitlines()
    assert first.endswith(" -m venv none-yet")
    assert any(line.startswith("none-yet/bin/python -m pip install") for line in rest)


@pytest.mark.parametrize("target", ["demo", "test", "test-5.2"])
def test_windows_has_its_programs_elsewhere(target: str) -> None:
    told = commands(target, "OS=Windows_NT")
    assert "none-yet/Scripts/python" in told
    assert "/bin/" not in told
    assert "touch " not in told
