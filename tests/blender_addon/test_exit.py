"""Blender as a Python module hangs at exit while anything of an add-on outlives it."""

import subprocess
import sys
from pathlib import Path

HOUSE = Path(__file__).parents[2]


def test_a_process_that_registered_the_addon_ends():
    script = f"import sys; sys.path.insert(0, {str(HOUSE)!r}); import bpy, blender_addon; blender_addon.register()"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=120, check=False)
    assert ended.returncode == 0, ended.stderr.decode()[-500:]
