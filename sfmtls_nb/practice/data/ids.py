"""Ids: Salesforce's 15 and 18 characters, and the serial numbers in them."""

from __future__ import annotations

import string
from typing import Final

#: The practice org's own id, in 15 characters.
ORGANIZATION_ID: Final = "00D5f000000PRAC"

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKS: Final = string.ascii_uppercase + "012345"


def eighteen(record_id: str) -> str:
    """Return the 18-character form of a 15-character id: three more tell which letters are upper case.

    An id of any other length is returned as it is.

    >>> eighteen("00536000006Z51j")
    '00536000006Z51jAAC'
    """
    if len(record_id) != 15:
        return record_id
    chunks = (record_id[start : start + 5] for start in (0, 5, 10))
    return record_id + "".join(_CHECKS[sum(1 << n for n, c in enumerate(chunk) if c.isupper())] for chunk in chunks)


def serial(number: int) -> str:
    """Write a number as the last four characters of an id: in base 62, as Salesforce counts."""
    letters = ""
    for _ in range(4):
        number, rest = divmod(number, len(_DIGITS))
        letters = _DIGITS[rest] + letters
    return letters
