"""The client against real processes that behave well and badly."""

import io
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from blender_addon import client
from blender_addon.messages import AddonError

FAKE = Path(__file__).with_name("fake_worker.py")


@pytest.fixture
def start(tmp_path):
    workers = []

    def make(manner: str, python: str = sys.executable) -> client.Worker:
        workers.append(client.Worker(Path(python), ("-I", str(FAKE), manner), tmp_path / "engine.log"))
        return workers[-1]

    yield make
    for worker in workers:
        worker.stop()


def test_arrays_travel_there_and_back_and_the_worker_stays_warm(start):
    worker = start("good")
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    first = worker.wait(worker.ask("echo", {}, {"values": values, "confidence": np.ones((2, 1))}))
    np.testing.assert_array_equal(first.arrays["values"], values)
    assert first.arrays["confidence"].shape == (2, 1)
    assert worker.wait(worker.ask("echo")).header["pid"] == first.header["pid"]
    assert not worker.jobs


def test_polling_never_blocks_and_shows_progress(start):
    worker = start("slow")
    job = worker.ask("generate")
    assert not job.done
    while job.fraction < 0.05:
        worker.pump()
        time.sleep(0.005)
    assert job.stage == "Performing"
    worker.cancel(job)


def test_progress_never_goes_back_within_a_stage():
    job = client.Job(1, "generate", "Starting the engine")
    for fraction, stage, shown in (
        (1.0, "Loading the model", 1.0),
        (0.0, "Performing", 0.0),
        (0.5, "Performing", 0.5),
        (0.4, "Performing", 0.5),
        (7, "Performing", 1.0),
        (float("nan"), "Finishing", 0.0),
        (None, "Finishing", 0.0),
    ):
        job.advance(fraction, stage)
        assert (job.fraction, job.stage) == (shown, stage)


def test_a_large_request_does_not_block_while_the_worker_is_busy(start):
    worker = start("deaf")
    worker.ask("generate")
    job = worker.ask("echo", {}, {"values": np.zeros(1 << 20)})
    assert not job.done


def test_cancelling_is_at_once_and_the_worker_goes_on(start):
    worker = start("slow")
    job = worker.ask("generate")
    while not job.fraction:
        worker.pump(0.1)
    worker.cancel(job)
    assert job.cancelled
    assert not worker.jobs
    with pytest.raises(AddonError, match="Cancelled"):
        job.result()
    process = worker._process
    again = worker.ask("generate")
    while not again.fraction:
        worker.pump(0.1)
    assert worker._process is process
    worker.cancel(again)


def test_a_worker_that_does_not_listen_to_cancel_is_replaced(start, monkeypatch):
    monkeypatch.setattr(client, "PATIENCE", 0.0)
    worker = start("deaf")
    job = worker.ask("generate")
    while not job.fraction:
        worker.pump(0.1)
    process = worker._process
    worker.cancel(job)
    time.sleep(0.01)
    worker.ask("generate")
    assert process is not None
    assert process.handle.poll() is not None
    assert worker._process is not process


def test_a_worker_that_dies_mid_request_is_a_sentence_and_the_next_request_works(start):
    worker = start("dying")
    with pytest.raises(AddonError, match=r"stopped while it was working \(exit code 11\).*engine\.log"):
        worker.wait(worker.ask("generate"))
    assert "Segmentation" in worker.log.read_text()
    worker.arguments = ("-I", str(FAKE), "good")
    assert worker.wait(worker.ask("generate")).arrays["values"].shape == (24, 2)


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        ("closed", r"does not start \(exit code 3\)"),
        ("garbage", "does not answer as FaceMimic's engine"),
        ("newer", "version 2 of the protocol and this add-on version 1"),
        ("refusing", "There is no emotion “hapy”"),
        ("broken", r"Something unforeseen happened\. The engine's log has more: .*engine\.log"),
    ],
)
def test_what_goes_wrong_is_told_as_a_sentence(start, manner, sentence):
    worker = start(manner)
    with pytest.raises(AddonError, match=sentence):
        worker.wait(worker.ask("generate"))
    assert not worker.jobs


def test_a_program_that_never_greets_is_given_up(start, monkeypatch):
    monkeypatch.setattr(client, "SILENCE", 0.2)
    worker = start("silent")
    with pytest.raises(AddonError, match="does not answer"):
        worker.wait(worker.ask("generate"))
    assert not worker.running


def test_a_log_that_cannot_be_written_is_named(start, tmp_path):
    (tmp_path / "file").write_text("")
    worker = start("good")
    worker.log = tmp_path / "file" / "engine.log"
    with pytest.raises(AddonError, match=r"log .*engine\.log cannot be written"):
        worker.ask("generate")


def test_a_python_that_cannot_be_started_says_where_to_change_it(start, tmp_path):
    with pytest.raises(AddonError, match=r"cannot be started.*preferences"):
        start("good", str(tmp_path / "no-python")).ask("generate")


def test_much_noise_on_stderr_goes_to_the_log(start):
    worker = start("noisy")
    assert worker.wait(worker.ask("generate")).arrays["values"].shape == (24, 2)
    assert worker.log.stat().st_size > 400_000


def test_a_full_log_is_begun_anew(start, monkeypatch):
    monkeypatch.setattr(client, "LARGEST_LOG", 100)
    worker = start("noisy")
    worker.wait(worker.ask("generate"))
    worker.stop()
    worker.arguments = ("-I", str(FAKE), "good")
    worker.wait(worker.ask("generate"))
    assert worker.log.stat().st_size < 100


@pytest.mark.parametrize("manner", ["good", "clinging", "deaf"])
def test_stopping_leaves_no_process(start, manner):
    worker = start(manner)
    job = worker.ask("generate")
    worker.pump(1.0)
    handle = worker._process.handle
    worker.stop()
    assert handle.poll() is not None
    assert job.done


def test_the_session_keeps_one_worker_until_the_preferences_change(tmp_path):
    try:
        first = client.worker(Path(sys.executable), ("-I", str(FAKE), "good"), tmp_path / "log")
        job = first.ask("generate")
        assert client.running_job() is job
        client.wait(job)
        assert client.running_job() is None
        assert client.worker(Path(sys.executable), ("-I", str(FAKE), "good"), tmp_path / "log") is first
        assert client.worker(Path(sys.executable), ("-I", str(FAKE), "slow"), tmp_path / "log") is not first
        assert not first.running
    finally:
        client.stop()


HEADERS = st.dictionaries(
    st.text(max_size=8).filter(lambda name: name != "arrays"),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    max_size=5,
)
ARRAYS = st.dictionaries(
    st.text(max_size=8), hnp.arrays(np.float32, hnp.array_shapes(min_dims=0, max_dims=3, min_side=0)), max_size=3
)


@given(header=HEADERS, arrays=ARRAYS)
def test_any_message_is_read_as_it_was_written(header, arrays):
    stream = io.BytesIO()
    client.write_message(stream, header, arrays)
    client.write_message(stream, {"next": True}, {})
    stream.seek(0)
    read = client.read_message(stream)
    assert {name: value for name, value in read.header.items() if name != "arrays"} == header
    assert list(read.arrays) == list(arrays)
    for name, array in arrays.items():
        np.testing.assert_array_equal(read.arrays[name], array)
    assert client.read_message(stream).header["next"] is True


@given(noise=st.binary(max_size=200))
def test_noise_is_never_taken_for_a_message_in_another_way(noise):
    try:
        answer = client.read_message(io.BytesIO(noise))
    except (EOFError, ValueError):
        return
    assert isinstance(answer.header, dict)


@pytest.mark.parametrize(
    "described",
    [
        '[{"name": "v"}]',
        '[{"name": "v", "shape": [-1]}]',
        '[{"name": "v", "shape": [1e99]}]',
        "7",
        '[{"name": "v", "shape": 3}]',
        '[{"name": "v", "shape": [99999999, 99999999]}]',
    ],
)
def test_impossible_arrays_are_refused(described):
    text = f'{{"arrays": {described}}}'.encode()
    with pytest.raises((ValueError, EOFError)):
        client.read_message(io.BytesIO(len(text).to_bytes(4, "little") + text))


@pytest.mark.parametrize("manner", ["dying", "garbage", "closed", "newer"])
def test_a_worker_that_fails_leaves_no_thread_behind(start, manner):
    worker = start(manner)
    with pytest.raises(AddonError):
        worker.wait(worker.ask("generate"))
    deadline = time.monotonic() + 10
    while (left := [one for one in threading.enumerate() if one.name.startswith("facemimic_")]) and (
        time.monotonic() < deadline
    ):
        time.sleep(0.01)
    assert not left
