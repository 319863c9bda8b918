"""Literals: a Python value as the text that stands for it in XML, in SOQL and in a URL."""

from __future__ import annotations

import re
from collections.abc import Callable, KeysView, ValuesView
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.secret import Secret

# "Quoted String Escape Sequences" of the SOQL reference. It calls \b a bell, so U+0008 goes by its number, and so does
# whatever else XML, in which the query may travel, cannot hold.
SOQL_ESCAPES: Final = {
    **{code: f"\\u{code:04x}" for code in (*range(0x20), 0xFFFE, 0xFFFF)},
    **str.maketrans({"\n": r"\n", "\r": r"\r", "\t": r"\t", "\f": r"\f", "'": r"\'", "\\": r"\\"}),
}

#: Times of numpy that it would give as plain numbers: they are finer than Python's.
_TOO_FINE: Final = re.compile(r"(datetime64|timedelta64)\[[npfa]s\]")
_SEVERAL: Final = (list, tuple, set, frozenset, KeysView, ValuesView)


def refusal(hole: str, evidence: str, next_step: str) -> SfmtlsError:
    """The error for a value that cannot stand where its hole is."""
    return SfmtlsError(f"{hole} cannot stand here", evidence, next_step)


def text_of(hole: str, value: Any) -> str:
    """The text of a single value: true, 0.5, 2026-01-31, 2026-01-31T10:00:00Z. Raises SfmtlsError for what has none."""
    value = _plain(value)
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(hole, value)
    for kinds, evidence, next_step in _REFUSED:
        if isinstance(value, kinds):
            raise refusal(hole, evidence, next_step)
    raise refusal(hole, f"it is of type {type(value).__name__}", "write {{str(…)}} if its text is meant")


def soql_literal(hole: str, value: Any, *, bare: bool) -> str:
    """The SOQL literal of a value; of several values a list. bare: without its brackets. Raises SfmtlsError."""
    value = _plain(value)
    if not isinstance(value, _SEVERAL):
        return _single(hole, value)
    if not value:
        raise refusal(hole, "it is empty, and IN () is no SOQL", "ask only if there is something to look for")
    listed = ",".join(_single(hole, each) for each in map(_plain, value))
    return listed if bare else f"({listed})"


def _single(hole: str, value: Any) -> str:
    if value is None:
        return "null"
    text = text_of(hole, value)
    return f"'{text.translate(SOQL_ESCAPES)}'" if isinstance(value, str) else text


def _plain(value: Any) -> Any:
    """Turn a value of numpy or pandas, neither of which is imported, into Python's; what is missing into None."""
    if too_fine := _TOO_FINE.fullmatch(str(getattr(value, "dtype", ""))):
        value = value.astype(f"{too_fine[1]}[us]")
    if callable(getattr(value, "tolist", None)):
        value = value.tolist()
    nan = isinstance(value, float | Decimal) and Decimal(value).is_nan()
    return None if nan or type(value).__name__ in ("NaTType", "NAType") else value


def _number(hole: str, value: float | Decimal) -> str:
    number = Decimal(float.__repr__(value) if isinstance(value, float) else value)
    if not number.is_finite():
        raise refusal(hole, "it is infinite", "put in a number that there is")
    return f"{number:f}"  # never 1e16: not all that reads numbers reads that


def _moment(hole: str, value: datetime) -> str:
    """A time in UTC, to the millisecond, as Salesforce takes it."""
    if value.utcoffset() is None:
        next_step = (
            "give it one: {{when.replace(tzinfo=datetime.UTC)}} if it is in UTC, or else the ZoneInfo of its place"
        )
        raise refusal(hole, "it is a time without a time zone", next_step)
    moment = value.astimezone(UTC).replace(tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds' if moment.microsecond >= 1000 else 'seconds')}Z"


#: The first that fits: a bool is an int, and a datetime is a date. As a plain str, a member of an Enum is its value.
_WRITERS: Final[tuple[tuple[Any, Callable[[str, Any], str]], ...]] = (
    (str, lambda hole, value: str.__str__(value)),
    (bool, lambda hole, value: "true" if value else "false"),
    (int | float | Decimal, _number),
    (datetime, _moment),
    (date, lambda hole, value: date.isoformat(value)),
)
_REFUSED: Final[tuple[tuple[Any, str, str], ...]] = (
    (Secret, "it is a Secret", "a Secret goes nowhere but into the text of a <password> or the like, without |raw"),
    (type(None), "it has no value", "see why it is missing; if empty text is meant, make it '' in a cell above"),
    (bytes, "it is bytes", "write {{….decode()}}"),
    (_SEVERAL, "it is a list of values", "put in one of them; in SOQL, a list stands outside of quotes: IN {{…}}"),
)
