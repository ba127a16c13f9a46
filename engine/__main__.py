"""Entry point: `python -m engine …`, or this file by its path, also under `python -I` and from any folder."""

import importlib.util
import sys
from pathlib import Path


def _adopt_package() -> None:
    """Makes this file's folder importable as `engine` without putting its parent on the path.

    Inside the installed extension the parent holds the add-on's modules, whose names must not hide other packages.
    """
    here = Path(__file__).resolve().parent
    sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != here]
    spec = importlib.util.spec_from_file_location(
        "engine", here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec and spec.loader
    package = importlib.util.module_from_spec(spec)
    sys.modules["engine"] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    if not __package__:
        _adopt_package()
    import engine.one_thread  # noqa: F401
    from engine.cli import main

    sys.exit(main())
