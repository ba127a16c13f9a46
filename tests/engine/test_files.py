import errno
import os
import sys
from pathlib import Path

import pytest

from engine.errors import FaceMimicError
from engine.files import written_whole


@pytest.mark.parametrize("trouble", [OSError(errno.ENOSPC, "No space left on device"), PermissionError(13, "Denied")])
def test_a_disk_that_refuses_on_the_way_is_a_sentence(tmp_path: Path, trouble: OSError) -> None:
    path = tmp_path / "take.npz"
    path.write_bytes(b"before")
    with pytest.raises(FaceMimicError, match=r"Cannot write .*take\.npz") as error, written_whole(path):
        raise trouble
    assert error.value.kind == "file"
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_another_program_holds_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def held(self: Path, target: Path) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(FaceMimicError, match="another process"), written_whole(tmp_path / "take.npz") as part:
        part.write_bytes(b"after")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["n" * 300 + ".npz", "a\0b.npz"])
def test_a_name_that_no_file_can_have_is_a_sentence(tmp_path: Path, name: str) -> None:
    with pytest.raises(FaceMimicError, match="another name"), written_whole(tmp_path / name):
        raise AssertionError
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions, and links need a privilege")
def test_what_is_written_over_keeps_its_permissions_and_links_lead_on(tmp_path: Path) -> None:
    real, link = tmp_path / "real.vrm", tmp_path / "links" / "link.vrm"
    real.write_text("old")
    real.chmod(0o600)
    link.parent.mkdir()
    link.symlink_to(real)
    with written_whole(link) as part:
        part.write_text("new")
    assert link.is_symlink()
    assert real.read_text() == "new"
    assert real.stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["link.vrm", "links", "real.vrm"]


def test_a_write_protected_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "avatar.vrm"
    path.write_bytes(b"before")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(FaceMimicError, match="write-protected") as error, written_whole(path):
        raise AssertionError
    assert error.value.kind == "file"
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]
