"""The add-on's data: where it is missing, the person is told what to do."""

from pathlib import Path

import pytest

from engine.avatars.resolve import resolve
from engine.avatars.rig_data import rig_data
from engine.avatars.schemes import all_schemes
from engine.errors import FaceMimicError


def test_a_missing_folder_of_schemes_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.avatars.rig_data.rig_folder", lambda: tmp_path)
    all_schemes.cache_clear()
    rig_data.cache_clear()
    try:
        with pytest.raises(FaceMimicError, match="Install FaceMimic again"):
            resolve(["jawOpen"])
    finally:
        all_schemes.cache_clear()
        rig_data.cache_clear()
