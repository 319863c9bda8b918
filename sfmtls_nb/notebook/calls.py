"""Calls: make the call of a %sf_soap, %sf_soql or %sf_rest cell, and give the answer in the form that is wanted."""

from __future__ import annotations

import json
import re
from argparse import Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from IPython.core.error import UsageError
from lxml import etree

from sfmtls_nb.api import Part, Reply
from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.connection import Exchange
from sfmtls_nb.connection.curl import openssl_command
from sfmtls_nb.errors import ExpectationError, SfmtlsError
from sfmtls_nb.notebook.hints import hinting, of_operation, of_path, of_query, unfilled
from sfmtls_nb.notebook.operations import OPERATIONS
from sfmtls_nb.notebook.predictions import came_true, check
from sfmtls_nb.notebook.template import Evaluate, fill_body, fill_path, fill_soql
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.xml import format_xml, local_name, parse_xml

if TYPE_CHECKING:
    import pandas as pd

    from sfmtls_nb.notebook.entry import Entry
    from sfmtls_nb.session import Session

T = TypeVar("T")

#: No query and no path begins with a quote: quotes around it all are the line's.
_AROUND: Final = re.compile(r"""^(['"])((?:(?!\1).)*)\1$""", re.DOTALL)


class Verbatim(str):
    """Text that shows itself without quotes and escapes."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


class Command(Verbatim):
    """A command of the shell, which a notebook shows so that a click selects all of it."""

    __slots__ = ()


def last_as_commands(workspace: Workspace) -> Command:
    """The last call as the curl command that does the same, and behind it, as a comment, its handshake for openssl."""
    command, last = workspace.curl(), workspace.last
    pem = workspace.pem_of(last.request.identity) if last and last.request.identity else None
    return Command(f"{command}\n# its handshake: {openssl_command(last, pem or 'fullcert.pem')}" if last else command)


def last_outcome(workspace: Workspace) -> Exchange | SfmtlsError:
    """The last call, or the error that kept it from getting an answer. Raises SfmtlsError if there is none."""
    outcome = workspace.failed or workspace.last
    if outcome is None:
        raise SfmtlsError("no call has been made yet", next_step="%sf_login makes the first")
    return outcome


def login_call(workspace: Workspace, entry: Entry, expected: str | None) -> Session | SfmtlsError:
    """Sign in: the session, or the failure that was predicted."""
    return _expecting(expected, lambda: workspace.sign_in(entry))


def soap_call(workspace: Workspace, chosen: Namespace, value_of: Evaluate) -> Any:
    """Make a SOAP call: the reply or a part of it, the failure that was predicted, or the text of a call not sent."""
    _agree(chosen)
    body = _body(workspace, chosen, value_of)
    how = {"port": chosen.port, "certificate": not chosen.no_cert}

    def identity() -> ClientIdentity | None:
        return _identity(workspace, chosen.identity, value_of)

    if chosen.dry_run or chosen.curl:
        request = workspace.prepare(body, identity=identity(), **how)
        return Command(workspace.curl(request)) if chosen.curl else Verbatim(format_xml(parse_xml(request.body)))
    hints = unfilled(chosen.cell or "", value_of)

    def call() -> Reply:
        with hinting(hints, of_operation(local_name(body))):
            # The identity inside: that it cannot be used may be what was predicted.
            return workspace.soap(body, identity=identity(), **how)

    answer = _expecting(chosen.expect, call)
    return answer if isinstance(answer, SfmtlsError) else _in_form(answer, chosen)


def _agree(chosen: Namespace) -> None:
    """Raise UsageError for flags that contradict each other."""
    unsent = [flag for flag, given in (("--dry-run", chosen.dry_run), ("--curl", chosen.curl)) if given]
    of_the_answer = {"--expect": chosen.expect, "--path": chosen.path, "--as": chosen.form != "tree"}
    asked = [flag for flag, value in of_the_answer.items() if value]
    if len(unsent) > 1:
        raise UsageError("--dry-run shows the envelope, --curl the command: give one of the two")
    if unsent and asked:
        raise UsageError(f"{unsent[0]} sends nothing, so there is no answer for {asked[0]}")
    if chosen.no_cert and chosen.identity is not None:
        raise UsageError("--no-cert presents no certificate, --identity another one: give one of the two")


def _in_form(reply: Reply, chosen: Namespace) -> Any:
    if chosen.form == "frame":
        return reply.frame(chosen.path)
    found: Reply | Part = reply if chosen.path is None else reply.part(chosen.path)
    return Verbatim(found) if chosen.form == "xml" else found


def soql_call(workspace: Workspace, chosen: Namespace, value_of: Evaluate) -> Any:
    """Run a query: its DataFrame, or the failure that was predicted."""
    if chosen.query and chosen.cell is not None:
        raise UsageError("%sf_soql takes the query on its line, or in its cell: give one of the two")
    typed = _AROUND.sub(r"\2", " ".join(chosen.query)) if chosen.cell is None else chosen.cell
    found, soql = _variable(typed, value_of)
    if found and not isinstance(soql, str):
        raise _not_text(typed, soql, "a query", "a str")
    hints = [] if found else unfilled(typed, value_of, colon=True)
    soql = soql if found else fill_soql(typed, value_of)
    # What ends a statement of SQL, SOQL does not know.
    soql = soql.rstrip().removesuffix(";")

    def call() -> pd.DataFrame:
        with hinting(hints, of_query(soql)):
            return workspace.query(soql, api=chosen.api, deleted=chosen.deleted, explode=chosen.explode)

    return _expecting(chosen.expect, call)


def rest_call(workspace: Workspace, chosen: Namespace, value_of: Evaluate) -> Any:
    """Make a REST call: its JSON, or the failure that was predicted."""
    typed = " ".join(chosen.path)  # as it was typed, as a query may stand in it
    path = fill_path(_AROUND.sub(r"\2", typed), value_of)
    body = None if chosen.cell is None else _json(chosen.cell, value_of)
    hints = unfilled(typed, value_of, colon=True)

    def call() -> Any:
        with hinting(hints, of_path(path)):
            return workspace.rest(path, body, port=chosen.port, certificate=not chosen.no_cert)

    return _expecting(chosen.expect, call)


def _body(workspace: Workspace, chosen: Namespace, value_of: Evaluate) -> etree._Element:
    if chosen.operation and chosen.cell is not None:
        raise UsageError("%sf_soap takes an operation on its line, or XML in its cell: give one of the two")
    typed = chosen.cell if chosen.cell is not None else workspace.envelopes.get(chosen.operation, chosen.operation)
    if chosen.save is not None and not chosen.save.isidentifier():
        raise UsageError("--save takes a name such as contactsOfAccount: letters, digits and _")
    if chosen.save in OPERATIONS:
        raise UsageError(f"{chosen.save} is an operation; --save takes another name")
    found, value = _variable(typed, value_of)
    body = value.root if isinstance(value, Reply) else value
    if not etree.iselement(body):
        if found and not isinstance(value, str):
            raise _not_text(typed, value, "XML", "a str, an lxml element or a Reply")
        # A variable is taken as it is: in it, {{ }} may be data.
        body = fill_body("{{value|raw}}", lambda _: value) if found else fill_body(typed, value_of)
    if chosen.save is not None:  # now that it could be read
        workspace.envelopes[chosen.save] = typed
    return body


def _variable(typed: str, value_of: Evaluate) -> tuple[bool, Any]:
    """True and the value of a variable, if ``$name`` was typed; else False and None."""
    name = typed.strip().removeprefix("$")
    if not typed.strip().startswith("$") or not name.isidentifier():
        return False, None
    try:
        return True, value_of(name)
    except NameError:
        raise UsageError(f"there is no variable {name}") from None


def _not_text(typed: str, value: object, what: str, wanted: str) -> UsageError:
    return UsageError(f"{typed.strip()} is not {what}, it is of type {type(value).__name__}; {wanted} can be taken")


def _identity(workspace: Workspace, name: str | None, value_of: Evaluate) -> ClientIdentity | None:
    if name is None:
        return None
    variable = name.removeprefix("$")
    try:
        value = value_of(variable) if variable.isidentifier() else None
    except NameError:
        value = None
    return value if isinstance(value, ClientIdentity) else workspace.named_identity(name)


def _json(cell: str, value_of: Evaluate) -> Any:
    found, value = _variable(cell, value_of)
    if found:
        return value
    if "{{" in cell:
        raise SfmtlsError(
            "nothing is filled in for {{…}} in JSON", next_step="make the value in Python, body = {…}, and POST $body"
        )
    try:
        return json.loads(cell)
    except ValueError as error:
        raise SfmtlsError("the cell is not JSON", str(error), "correct it there, or POST a $variable") from error


def _expecting(expected: str | None, call: Callable[[], T]) -> T | SfmtlsError:
    """Make a call: its reply, or the failure if it was predicted. Raises ExpectationError if that does not come."""
    check(expected)
    try:
        reply = call()
    except SfmtlsError as error:
        if came_true(expected, error):
            return error
        raise
    if expected:
        raise ExpectationError(
            f"{expected} was predicted, and the call succeeded",
            " ".join(f"the prediction was wrong: the answer is {reply!r}".split())[:200],
            "compare with the cell that fails: the port, the certificate, the user",
        )
    return reply
