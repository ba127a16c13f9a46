import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from engine.protocol import LONGEST_HEADER, ProtocolError, read_message, write_message

texts = st.text('abcé日\n"{}', max_size=6)
headers = st.dictionaries(texts.filter(lambda key: key != "arrays"), st.integers() | texts | st.booleans() | st.none())
blocks = arrays(np.float32, array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))


@given(st.lists(st.tuples(headers, st.dictionaries(texts, blocks, max_size=3)), max_size=3))
def test_messages_come_out_as_they_went_in(messages: list) -> None:
    stream = io.BytesIO()
    for header, sent in messages:
        write_message(stream, header, sent)
    stream.seek(0)
    for header, sent in messages:
        message = read_message(stream)
        assert message is not None
        assert message[0] == header
        assert list(message[1]) == list(sent)
        for name, block in sent.items():
            assert message[1][name].shape == block.shape
            np.testing.assert_array_equal(message[1][name], block)
    assert read_message(stream) is None


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_are_refused(data: bytes) -> None:
    stream = io.BytesIO(data)
    try:
        while read_message(stream) is not None:
            pass
    except ProtocolError:
        pass


def _message(header: object, tail: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + tail


@pytest.mark.parametrize(
    "data",
    [
        b"\x01",
        struct.pack("<I", 5) + b"{}",
        struct.pack("<I", LONGEST_HEADER + 1),
        struct.pack("<I", 0xFFFFFFFF),
        struct.pack("<I", 2) + b"\xff\xfe",
        struct.pack("<I", 100_000) + b"[" * 100_000,
        _message([]),
        _message({"arrays": 3}),
        _message({"arrays": [3]}),
        _message({"arrays": [{"name": "a"}]}),
        _message({"arrays": [{"name": "a", "shape": [-1]}]}),
        _message({"arrays": [{"name": "a", "shape": [1.5]}]}),
        _message({"arrays": [{"name": "a", "shape": [True]}]}),
        _message({"arrays": [{"name": "a", "shape": [1 << 20, 1 << 20]}]}),
        _message({"arrays": [{"name": "a", "shape": [1] * 40}]}),
        _message({"arrays": [{"name": "a", "shape": [0, 1 << 80]}]}),
        _message({"arrays": [{"name": "a", "shape": [2]}]}, b"1234"),
    ],
)
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        read_message(io.BytesIO(data))


def test_numbers_that_json_does_not_know_are_not_sent() -> None:
    stream = io.BytesIO()
    with pytest.raises(ValueError):
        write_message(stream, {"fps": float("nan")})
    assert stream.getvalue() == b""
