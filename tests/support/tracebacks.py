"""Tracebacks: everything that a tool which prints local variables would show of an error and of its causes."""

from __future__ import annotations

from collections.abc import Iterator


def shown_with_locals(error: BaseException) -> str:
    """The reprs of all local variables in all frames of an error, its causes and contexts."""
    return "\n".join(_reprs(error, set()))


def _reprs(error: BaseException | None, seen: set[int]) -> Iterator[str]:
    if error is None or id(error) in seen:
        return
    seen.add(id(error))
    yield repr(error)
    at = error.__traceback__
    while at is not None:
        for value in at.tb_frame.f_locals.values():
            try:
                yield repr(value)
            except Exception:  # noqa: BLE001, S112  # half-made objects have no repr
                continue
        at = at.tb_next
    for other in (error.__cause__, error.__context__):
        yield from _reprs(other, seen)


def beyond(file: str, error: BaseException) -> BaseException:
    """An error without the frames of the test that caught it: its own variables are no leak."""
    at = error.__traceback__
    while at and at.tb_next and at.tb_frame.f_code.co_filename == file:
        at = at.tb_next
    return error.with_traceback(at)
