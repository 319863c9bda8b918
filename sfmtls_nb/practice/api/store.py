"""Store: what an API keeps between calls (queries, jobs), by ids of its own."""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from threading import Lock
from typing import Generic, TypeVar

from sfmtls_nb.practice.data import eighteen, serial

T = TypeVar("T")


class Store(Generic[T]):
    """Values by id. The least recently used one is forgotten when there are more than ``most``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._numbers = count(1)
        self._values: OrderedDict[str, T] = OrderedDict()

    def new_id(self, start: str) -> str:
        """Return an id that is not in use. start: its first eleven characters."""
        return eighteen(f"{start}{serial(next(self._numbers))}")

    def put(self, key: str, value: T) -> None:
        """Keep a value under an id."""
        with self._lock:
            self._values[key] = value
            self._values.move_to_end(key)
            while len(self._values) > self._most:
                self._values.popitem(last=False)

    def find(self, key: str) -> T | None:
        """Return the value of an id of 15 or 18 characters; None if there is none."""
        with self._lock:
            value = self._values.get(eighteen(key))
            if value is not None:
                self._values.move_to_end(eighteen(key))
            return value

    def remove(self, key: str) -> None:
        """Forget a value."""
        with self._lock:
            self._values.pop(key, None)

    def all(self) -> list[T]:
        """Return all values."""
        with self._lock:
            return list(self._values.values())
