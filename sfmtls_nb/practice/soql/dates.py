"""Date literals: SOQL's named ranges of days (TODAY, LAST_N_DAYS:30, THIS_QUARTER …), as pure arithmetic.

After "Date Formats and Date Literals in WHERE" of the SOQL reference. Weeks begin on Sunday, as in the en_US locale,
and fiscal years with the calendar's, as in an org that has not changed them.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Final

_DAYS: Final = {"YESTERDAY": -1, "TODAY": 0, "TOMORROW": 1}
_SHIFTS: Final = {"LAST": -1, "THIS": 0, "NEXT": 1}
_MONTHS: Final = {"MONTH": 1, "QUARTER": 3, "YEAR": 12, "FISCAL_QUARTER": 3, "FISCAL_YEAR": 12}
_UNIT: Final = "((?:FISCAL_)?(?:QUARTER|YEAR)|WEEK|MONTH"
_PERIOD: Final = re.compile(rf"(LAST|THIS|NEXT)_{_UNIT})")
_COUNTED: Final = re.compile(rf"(LAST|NEXT)_N_{_UNIT}|DAY)S")
_AGO: Final = re.compile(rf"N_{_UNIT}|DAY)S_AGO")


def day_range(name: str, count: int | None, today: date) -> tuple[date, date] | None:
    """Return the first day of a range and the day after its last; None if there is no such literal.

    name: in capitals. count: the n of LAST_N_DAYS:n. Raises OverflowError where the calendar ends.
    """
    try:
        return _day_range(name, count, today)
    except ValueError as error:  # what date() says of the year 10000
        raise OverflowError(str(error)) from error


def _day_range(name: str, count: int | None, today: date) -> tuple[date, date] | None:
    if count is None:
        if name in ("LAST_90_DAYS", "NEXT_90_DAYS"):
            return _day_range(name.replace("90", "N"), 90, today)
        if period := _PERIOD.fullmatch(name):
            return _periods(period[2], today, _SHIFTS[period[1]], 1)
        return _periods("DAY", today, _DAYS[name], 1) if name in _DAYS else None
    if ago := _AGO.fullmatch(name):
        return _periods(ago[1], today, -count, 1)
    counted = _COUNTED.fullmatch(name)
    if counted and counted[1] == "LAST":
        # The days are the exception: they include today, and n before it (seen: salesforce.stackexchange.com/q/190643).
        return _periods(counted[2], today, -count, count + (counted[2] == "DAY"))
    return _periods(counted[2], today, 1, count) if counted else None


def _periods(unit: str, today: date, shift: int, count: int) -> tuple[date, date]:
    """Return ``count`` periods, beginning ``shift`` periods after today's."""
    return _start(unit, today, shift), _start(unit, today, shift + count)


def _start(unit: str, today: date, shift: int) -> date:
    if unit == "DAY":
        return today + timedelta(shift)
    if unit == "WEEK":
        return today + timedelta(7 * shift - today.isoweekday() % 7)
    length = _MONTHS[unit]
    month = ((today.year * 12 + today.month - 1) // length + shift) * length
    return date(month // 12, month % 12 + 1, 1)
