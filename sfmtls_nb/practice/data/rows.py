"""Rows of a SELECT, the functions that Python adds to SQL, and the errors of SQLite."""

from __future__ import annotations

import sqlite3
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from itertools import islice
from math import asin, cos, radians, sin, sqrt
from typing import Any, Final

from sfmtls_nb.errors import PracticeError

#: Rows read at a time.
_BLOCK: Final = 256

Row = tuple[Any, ...]  # as SQLite gives it; the schema tells its types


class Rows(Iterator[Row]):
    """The rows of one query, read a block at a time, until the last one or `close`. Used by one thread at a time."""

    def __init__(
        self, connection: sqlite3.Connection, sql: str, parameters: Sequence[Any], closed: threading.Event
    ) -> None:
        self._connection = connection
        self._query = (sql, parameters)
        self._closed = closed
        self._lock = threading.Lock()
        self._cursor: sqlite3.Cursor | None = None
        self._block: Iterator[Row] = iter(())

    def __next__(self) -> Row:
        row = next(self._block, None)
        if row is None:
            self._block = iter(self._fetch())
            row = next(self._block, None)
        if row is None:
            self.close()
            raise StopIteration
        return row

    def take(self, count: int) -> list[Row]:
        """Return the next rows, ``count`` of them unless there are no more."""
        taken = list(islice(self._block, count))
        while len(taken) < count and (more := self._fetch(count - len(taken))):
            taken += more
        return taken

    def __del__(self) -> None:
        self.close()

    def select(self, sql: str, parameters: Sequence[Any]) -> list[Row]:
        """Return all rows of another SELECT over the same objects, such as a record's children."""
        with self._lock:
            try:
                return self._connection.execute(sql, parameters).fetchall()
            except sqlite3.Error as error:
                raise failed(error, self._closed) from error

    def close(self) -> None:
        """Close the files. Safe to call twice, and while another thread reads."""
        with self._lock:
            if self._cursor:
                self._cursor.close()  # or its statement would keep the files open
                self._cursor = None
            self._connection.close()

    def _fetch(self, count: int = _BLOCK) -> list[Row]:
        with self._lock:
            try:
                # Only when a row is wanted: SQLite sorts everything for the first one.
                self._cursor = self._cursor or self._connection.execute(*self._query)
                return self._cursor.fetchmany(count)
            except sqlite3.Error as error:
                raise failed(error, self._closed) from error


def lower(text: str | None) -> str | None:
    """Lower all letters of a text: SQLite's own function knows ASCII only."""
    return text and text.lower()


#: Letters that Unicode does not decompose into a plain one and an accent.
_BARE: Final = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})


def sort_key(text: str | None) -> str | None:
    """Return the text to sort by: É beside e, not behind z."""
    if text is None or text.isascii():
        return lower(text)
    letters = unicodedata.normalize("NFKD", text.casefold().translate(_BARE))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def distance(*degrees: float | None) -> float | None:
    """Return the way along a great circle from one latitude and longitude to another, in radii of the Earth."""
    known = [radians(each) for each in degrees if each is not None]
    if len(known) < len(degrees):
        return None
    north, east, other_north, other_east = known
    half = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    return 2 * asin(min(sqrt(half), 1.0))


def gone() -> PracticeError:
    """Return the error for reading after the org has stopped."""
    return PracticeError("the practice org's records are gone: it has stopped", next_step="start it again")


def failed(error: Exception, closed: threading.Event) -> PracticeError:
    """Translate an error of SQLite or of the disk."""
    if closed.is_set():
        return gone()
    return PracticeError(
        "the practice org cannot make or read its records",
        str(error),
        "make room on the disk, set TMPDIR to a folder that you may write to, or ask for fewer records",
    )
