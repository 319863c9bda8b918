"""Ahead: a call that is on its way in a thread of its own, while something else is done."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

_T = TypeVar("_T")


def ahead(call: Callable[[], _T], name: str) -> Future[_T]:
    """What a call gives or raises, once it is over. name: of the thread, which ends with the call, or with the process.

    No ThreadPoolExecutor: a process that ends waits for the calls of one, after Stop too, until the org answers.
    """
    coming: Future[_T] = Future()
    Thread(target=_run, args=(call, coming), name=name, daemon=True).start()
    return coming


def _run(call: Callable[[], _T], coming: Future[_T]) -> None:
    try:
        coming.set_result(call())
    except BaseException as error:  # noqa: BLE001  # it is raised where the call is waited for
        coming.set_exception(error)
        del coming  # or the error's traceback and it would hold each other
