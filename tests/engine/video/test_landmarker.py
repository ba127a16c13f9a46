import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from engine.errors import FaceMimicError
from engine.video import landmarker
from engine.video.capture import capture
from engine.video.landmarker import ADDRESS, NAME, SHA256, download_landmarker, find_landmarker

CONTENT = b"a model, for all we know" * 1000


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's data folder that is empty, and no other place to look."""
    monkeypatch.delenv("FACEMIMIC_MODELS", raising=False)
    monkeypatch.setattr("engine.paths.data_folder", lambda: tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def server() -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/model" else 404)
            self.end_headers()
            self.wfile.write(CONTENT)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def test_a_missing_landmarker_is_told_with_all_that_is_needed(home: Path) -> None:
    with pytest.raises(FaceMimicError) as error:
        find_landmarker()
    assert error.value.kind == "video"
    for part in (NAME, ADDRESS, SHA256, str(home / "models"), "download-landmarker"):
        assert part in str(error.value)


def test_a_given_path_goes_first_and_must_exist(home: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.task").write_bytes(b"x")
    assert find_landmarker(tmp_path / "mine.task") == tmp_path / "mine.task"
    with pytest.raises(FaceMimicError, match="There is no face landmarker at"):
        find_landmarker(tmp_path / "other.task")


def test_the_official_bundle_is_found_by_folder(home: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACEMIMIC_MODELS", str(shared / "models"))
    assert find_landmarker() == shared / "models" / NAME


def test_a_damaged_copy_is_told(home: Path) -> None:
    (home / "models").mkdir(parents=True)
    (home / "models" / NAME).write_bytes(b"half")
    with pytest.raises(FaceMimicError, match="damaged"):
        find_landmarker()


def test_a_file_that_is_no_landmarker_is_told(shared: Path, tmp_path: Path) -> None:
    pytest.importorskip("mediapipe")
    (tmp_path / "mine.task").write_bytes(CONTENT)
    with pytest.raises(FaceMimicError, match=r"mine\.task is not a face landmarker"):
        capture(shared / "video" / "face_a.mp4", model=tmp_path / "mine.task")


def test_a_system_that_lacks_a_library_is_told(shared: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mediapipe = pytest.importorskip("mediapipe")

    def fail(options: object) -> None:
        raise OSError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setattr(mediapipe.tasks.vision.FaceLandmarker, "create_from_options", fail)
    with pytest.raises(FaceMimicError, match=r"cannot start on this system: libEGL\.so\.1.*Install what is missing"):
        capture(shared / "video" / "face_a.mp4", model=bundle, cache=False)


def test_a_download_is_checked_and_written_whole(home: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    told: list[float] = []
    path = download_landmarker(told.append, address=f"{server}/model", sha256=digest)
    assert path == home / "models" / NAME
    assert path.read_bytes() == CONTENT
    assert told and told == sorted(told)
    monkeypatch.setattr(landmarker, "SHA256", digest)
    assert find_landmarker() == path


@pytest.mark.parametrize("path", ["/model", "/missing"])
def test_a_download_of_something_else_keeps_nothing(home: Path, server: str, path: str) -> None:
    with pytest.raises(FaceMimicError, match=r"nothing was kept|Cannot download"):
        download_landmarker(address=server + path)
    assert list((home / "models").iterdir()) == []


def test_a_download_without_a_network_tells_the_way_by_hand(home: Path) -> None:
    with pytest.raises(FaceMimicError, match="by hand into") as error:
        download_landmarker(address="http://127.0.0.1:1/model")
    assert str(home / "models") in str(error.value)


def test_only_https_is_fetched(home: Path) -> None:
    for address in ("http://example.org/model", "file:///etc/passwd", "ftp://example.org/x"):
        with pytest.raises(FaceMimicError, match="https only"):
            download_landmarker(address=address)


def test_a_cancelled_download_keeps_nothing(home: Path, server: str) -> None:
    def stop(fraction: float) -> None:
        raise FaceMimicError("Cancelled.", "cancelled")

    with pytest.raises(FaceMimicError) as error:
        download_landmarker(stop, address=f"{server}/model")
    assert error.value.kind == "cancelled"
    assert list((home / "models").iterdir()) == []
