from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.engine.avatars.made import avatar, packed


@pytest.fixture
def make_avatar(tmp_path: Path) -> Callable[..., Path]:
    """make_avatar(names, …, extensions): the path of such an avatar's file."""

    def make(*meshes: list[str], extensions: dict[str, Any] | None = None, name: str = "avatar.vrm") -> Path:
        path = tmp_path / name
        path.write_bytes(packed(*avatar(*meshes, extensions=extensions)))
        return path

    return make
