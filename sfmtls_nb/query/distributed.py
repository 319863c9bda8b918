"""Distributed: the pages of a Bulk result as the partitions of a dask DataFrame, each fetched by the worker that computes it.

What goes to the workers are the paths of the pages, the columns, and the name of a profile: no key, no secret, no session.
Each worker signs in by itself, as the profile of that name says on its own machine.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from sfmtls_nb.connection import Exchange, Method, Request
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.query.bulk import fetch_page
from sfmtls_nb.query.bulk_pages import read_columns
from sfmtls_nb.values import Column

if TYPE_CHECKING:
    import dask.dataframe
    import pandas as pd

    from sfmtls_nb.frame import Frame


class Source(Protocol):
    """A session, as far as a worker needs it."""

    @property
    def server_url(self) -> str: ...
    def prepare_rest(
        self, path: str, *, method: Method | None = None, headers: Mapping[str, str] | None = None
    ) -> Request: ...
    def send(self, request: Request) -> Exchange: ...


@dataclass(frozen=True)
class Elsewhere:
    """The way to an org from another process. host: of the session here, with its port if it has one.

    open: gives a session by the name of a profile there; a function of a module, as it is pickled by its name.
    """

    host: str
    open: Callable[[str], Source]

    def source(self, profile: str) -> Source:
        """The session of a profile in this process. Raises SfmtlsError if it is at another org, and what a sign-in raises."""
        source = self.open(profile)
        if (host := host_of(source.server_url)) != self.host:
            raise SfmtlsError(
                f"profile {profile} is of another org here",
                f"it leads to {host}, and the query ran at {self.host}",
                "give the workers the profile of that org, under the name that to_dask() is told",
            )
        return source


def host_of(server_url: str) -> str:
    """``HOST`` or ``HOST:PORT`` of a session's server URL."""
    return urlsplit(server_url).netloc.lower()


@dataclass(frozen=True)
class Partition:
    """What makes the DataFrame of a page, by its path, wherever it is called."""

    elsewhere: Elsewhere
    profile: str
    known: tuple[Column, ...]

    def __call__(self, path: str) -> pd.DataFrame:
        from sfmtls_nb.frame import Frame  # noqa: PLC0415  # the core loads without pandas

        frame = Frame(self.known)
        try:
            source = self.elsewhere.source(self.profile)
            exchange = fetch_page(partial(_call, source), path)
            frame.add(read_columns(exchange, self.known))
        except SfmtlsError as error:
            # A call and its headers are not pickled, and so the error would not get back to whoever waits for it.
            error.exchange = error.__cause__ = error.__context__ = None
            raise
        return _finished(frame)


def _call(source: Source, method: Method, path: str, headers: Mapping[str, str]) -> Exchange:
    return source.send(source.prepare_rest(path, method=method, headers=headers))


def _finished(frame: Frame) -> pd.DataFrame:
    """The frame, with its moments in milliseconds: pages cannot agree on another unit, and nanoseconds end in 2262."""
    found = frame.finished()
    return found.assign(
        **{str(name): each.dt.as_unit("ms") for name, each in found.select_dtypes("datetimetz").items()}
    )


def dask_frame(
    paths: Sequence[str], known: Sequence[Column], elsewhere: Elsewhere, profile: str
) -> dask.dataframe.DataFrame:
    """A dask DataFrame with a partition a page. paths: of the pages, from the root of the host.

    Raises SfmtlsError where dask is not installed.
    """
    try:
        import dask.dataframe as dd  # noqa: PLC0415  # an extra
    except ImportError as error:
        raise SfmtlsError("dask is not installed", str(error), 'pip install "sfmtls-nb[dask]"') from error
    from sfmtls_nb.frame import Frame  # noqa: PLC0415  # as above

    meta = _finished(Frame(known))
    if not paths:
        return dd.from_pandas(meta, npartitions=1)  # type: ignore[no-any-return, no-untyped-call]  # dask has no types
    partition = Partition(elsewhere, profile, tuple(known))
    return dd.from_map(partition, paths, meta=meta, label="sf-page")  # type: ignore[no-any-return, no-untyped-call]  # as above
