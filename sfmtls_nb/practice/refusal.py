"""Refusals: raised by the org's APIs on the way to an answer; each API writes them in its own format."""

from __future__ import annotations


class RefusedError(Exception):
    """A call that the org refuses, with Salesforce's code for it.

    message: empty where each API has words of its own for the code. row, column: of a query.
    """

    def __init__(self, code: str, message: str = "", row: int | None = None, column: int | None = None) -> None:
        super().__init__(code, message)
        self.code, self.message, self.row, self.column = code, message, row, column
