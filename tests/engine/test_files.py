import errno
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
