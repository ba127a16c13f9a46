"""Builds the extension's zip: `python -m release.build_extension [--out FOLDER]`.

The zip holds the add-on with engine/, weights/ and pyproject.toml inside its folder, where the add-on looks for them.
The same files give the same bytes.
"""

import argparse
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parent.parent
ADDON = ROOT / "blender_addon"
BESIDE = ("engine", "weights", "pyproject.toml")
_UNWANTED = ("__pycache__",)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)
"""The zip format's first day: when the files were checked out is nobody's business."""


def contents() -> dict[PurePosixPath, Path]:
    """Each file of the zip, by its path in it."""
    inside = {PurePosixPath(path.relative_to(ADDON).as_posix()): path for path in _files(ADDON)}
    for name in BESIDE:
        if not (ROOT / name).exists():
            raise SystemExit(f"{name} is missing, and the extension does not work without it.")
        for path in _files(ROOT / name):
            place = PurePosixPath(path.relative_to(ROOT).as_posix())
            inside.setdefault(place, path)
    return dict(sorted(inside.items()))


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_file():
        yield folder
        return
    for path in folder.rglob("*"):
        parts = path.relative_to(folder).parts
        if path.is_file() and not any(part in _UNWANTED or part.startswith(".") for part in parts):
            yield path


def version() -> str:
    """The project's version, which the manifest must say too."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    manifest = tomllib.loads((ADDON / "blender_manifest.toml").read_text("utf-8"))["version"]
    if project != manifest:
        raise SystemExit(f"pyproject.toml is at version {project} and blender_manifest.toml at {manifest}.")
    return project


def build(out: Path) -> Path:
    """Writes facemimic-VERSION.zip into `out` and returns its path."""
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"facemimic-{version()}.zip"
    part = target.with_suffix(".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
            for place, path in contents().items():
                entry = zipfile.ZipInfo(str(place), _LONG_AGO)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return target


def main() -> None:
    parser = argparse.ArgumentParser(description="Builds the Blender extension.")
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the zip (default: dist)")
    target = build(parser.parse_args().out)
    print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")
    print("Install it in Blender: Edit > Preferences > Get Extensions > ⌄ > Install from Disk…")


if __name__ == "__main__":
    main()
