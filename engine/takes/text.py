"""Text out of files whose encoding a byte order mark may tell."""

import codecs
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import FaceMimicError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def encoding_of(head: bytes) -> str:
    """The encoding that the first bytes of a file declare, UTF-8 where they declare none."""
    return next((name for mark, name in _MARKS if head.startswith(mark)), "utf-8")


def as_utf8(head: bytes) -> bytes:
    """The beginning of a text as UTF-8 without a byte order mark; bytes that are no text stay as they are."""
    encoding = encoding_of(head)
    return head if encoding == "utf-8" else head.decode(encoding, "ignore").encode()


def rows_of(path: Path) -> Iterator[list[str]]:
    """The rows of comma-separated text that are not blank. Raises FaceMimicError (kind "file") for other files.

    Spreadsheets of many countries save semicolons or tabs instead, and commas within numbers, which come out as points.
    """
    try:
        with path.open("rb") as file:
            encoding = encoding_of(file.read(4))
        with path.open(newline="", encoding=encoding) as file:
            mark = _separator(file.readline())
            file.seek(0)
            rows = (
                row for row in csv.reader(file, delimiter=mark) if row and (row[0].strip() or any(map(str.strip, row)))
            )
            yield from rows if mark == "," else ([cell.replace(",", ".") for cell in row] for row in rows)
    except (OSError, UnicodeError, csv.Error) as error:
        raise FaceMimicError(
            f"{path.name} is not readable as comma-separated text: {error}. Export it again, or save it as UTF-8.",
            "file",
        ) from error


def _separator(line: str) -> str:
    """What stands between the cells of a table's first line."""
    return "," if "," in line else max(",;\t", key=line.count)


def json_of(path: Path) -> Any:
    """The JSON value in a file. Raises FaceMimicError (kind "file") for what is none."""
    try:
        data = path.read_bytes()
        return json.loads(data.decode(encoding_of(data[:4])))
    except (OSError, UnicodeError, ValueError, RecursionError) as error:
        raise FaceMimicError(
            f"{path.name} is not readable as JSON: {error}. It may be cut short; export it again.", "file"
        ) from error
