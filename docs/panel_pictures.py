"""Takes the README's pictures of the panel: `python docs/panel_pictures.py WINDOW_TOOL`.

WINDOW_TOOL opens a real Blender window: `WINDOW_TOOL shot OUT.png SCRIPT.py SECONDS`. Build the extension first
(`make package`); needs `.venv` and sample_rigs/head.blend. Writes docs/panel_before.png, docs/panel_after.png and
docs/panel_mapping.png, or the one that is named.
"""

import argparse
import os
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

HERE = Path(__file__).resolve().parent
WHOLE, SIDEBAR = (0, 28, 1314, 978), (1024, 50, 1314, 700)
PARTS = {"before": WHOLE, "after": WHOLE, "mapping": SIDEBAR}
"""The 3D view with the sidebar, and the timeline below it, in the tool's window of 1600 × 1000."""
SECONDS = {"before": 60, "after": 110, "mapping": 75}
"""The shaders of the material preview are compiled first, on the processor."""


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the pictures of the panel.")
    parser.add_argument("tool", type=Path, help="the program that opens a Blender window and takes its picture")
    parser.add_argument("only", nargs="?", choices=SECONDS, help="take this picture alone")
    given = parser.parse_args()
    tool = given.tool.resolve()
    for state in [given.only] if given.only else SECONDS:
        seconds = SECONDS[state]
        with tempfile.TemporaryDirectory() as folder:
            shot = Path(folder) / "window.png"
            command = [tool, "shot", shot, HERE / "window_shot.py", str(seconds)]
            environment = {**os.environ, "FACEMIMIC_SHOT": state}
            subprocess.run(command, check=True, cwd=HERE.parent, env=environment)  # noqa: S603
            log = shot.with_name("window.png.log").read_text("utf-8", "replace")
            if "ready for the picture" not in log:
                raise SystemExit(f"Blender did not get as far as the picture:\n{log[-2000:]}")
            target = HERE / f"panel_{state}.png"
            picture = Image.open(shot).convert("RGB").crop(PARTS[state])
            # Nobody sees the lowest bit, and without its noise the file is a fifth smaller.
            picture.point(lambda level: level & 0xFE).save(target, optimize=True)
            print(f"{target} ({target.stat().st_size / 1000:.0f} kB)")


if __name__ == "__main__":
    main()
