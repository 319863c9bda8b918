"""SoapForm: an operation of the partner API, picked, filled in and sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import ipywidgets as widgets
from lxml import etree

from sfmtls_nb.api import Reply
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.notebook import code
from sfmtls_nb.notebook.forms.form import Form, beside, button, done, hint, labelled, say
from sfmtls_nb.notebook.forms.secret_fields import SecretField
from sfmtls_nb.notebook.operations import OPERATIONS, WHAT, Field, body_of
from sfmtls_nb.notebook.views.code import code_html
from sfmtls_nb.notebook.views.tree import tree_html
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Port
from sfmtls_nb.secret import Secret

#: The texts typed into the fields of an operation, by field.
Values = Mapping[str, Sequence[str | Secret]]

_PORTS: Final[list[tuple[str, Port]]] = [("port 8443, for mutual TLS", 8443), ("port 443, for everyone", 443)]
_EXAMPLES: Final = {
    "sObjectType": "Account",
    "queryString": "SELECT Id, Name FROM Account",
    "searchString": "FIND {Acme} IN ALL FIELDS RETURNING Account(Name)",
    "fieldList": "Id, Name",
    "startDate": "2026-01-31T00:00:00Z",
    "endDate": "2026-02-28T00:00:00Z",
}
_RULE: Final = "1px solid rgba(128,128,128,.3)"
_MOST: Final = max(map(len, OPERATIONS.values()))


class SoapForm(Form):
    """A form for an operation: its fields, the port, the certificate. ``reply`` is the last reply, or None."""

    def __init__(self, workspace: Workspace) -> None:
        self.reply: Reply | None = None
        self.operation = labelled(widgets.Dropdown, "Operation", options=list(OPERATIONS))
        self._what = hint()
        self.inputs: dict[str, Any] = {}
        # As high as the fields of any operation: what stands below does not move.
        self._fields = widgets.VBox(
            layout={
                "min_height": f"{_MOST * 34 + 16}px",
                "max_width": "calc(46em + 4px)",
                "border_top": _RULE,
                "border_bottom": _RULE,
                "padding": "6px 0",
                "margin": "2px 0 6px 0",
            }
        )
        # Each of them says all of it: of a group of radio buttons the label is no part of their names.
        self.port = widgets.RadioButtons(
            options=_PORTS,
            value=8443 if workspace.identity else 443,
            layout={"width": "auto", "margin": "0 2px"},
        )
        self.certificate = labelled(widgets.Checkbox, "with the certificate", value=True)
        self.button = button("Send", "Send the call", primary=True)
        self.operation.observe(self._chosen, "value")
        self.button.on_click(self._clicked)
        self._chosen(None)
        super().__init__(
            workspace,
            "A SOAP call",
            "An operation of the partner API. Try it on both ports, with and without the certificate, and compare.",
            [self.operation, self._what, self._fields, beside("Send to", self.port), self.certificate],
            [self.button],
        )

    def _chosen(self, _: object) -> None:
        """Show the fields of the operation. Those of the same name keep their text, unless it is secret."""
        before = self.inputs
        fields = OPERATIONS[self.operation.value]
        say(self._what, WHAT[self.operation.value])
        self.inputs = {field.name: _input(field, before.get(field.name)) for field in fields}
        nothing = hint(f"{self.operation.value} takes no fields.")
        gone = [*self._fields.children]
        self._fields.children = [*self.inputs.values()] or [nothing]
        for widget in gone:
            widget.close()
        if fields:
            nothing.close()

    def _clicked(self, _: widgets.Button) -> None:
        values = {field.name: _values(field, self.inputs[field.name]) for field in OPERATIONS[self.operation.value]}
        self.reply = None
        operation = self.operation.value
        self.attempt(
            lambda: self._sent(operation, values), self.button, "Sending …", lambda: self._code(operation, values)
        )

    def _sent(self, operation: str, values: Values) -> str:
        for field in OPERATIONS[operation]:
            if not values[field.name] and not field.optional:
                raise SfmtlsError(f"{field.name} is empty", f"{operation} needs it", "fill it in, and send again")
        how = {"port": self.port.value, "certificate": self.certificate.value}
        self.reply = self._workspace.soap(body_of(operation, values), **how)
        return done(self.reply.operation, tree_html(self.reply.root) + self._code(operation, values))

    def _code(self, operation: str, values: Values) -> str:
        workspace, port, certificate = self._workspace, self.port.value, self.certificate.value
        how = f"--port {port}" + ("" if certificate else " --no-cert")
        asking = {name: [_asking_magic(name, each) for each in texts] for name, texts in values.items()}
        magic = f"%%sf_soap {how}\n{_typed(body_of(operation, asking))}" if values else f"%sf_soap {operation} {how}"
        call = f"reply = session.soap({_arguments(operation, values)}, port={port})"
        python = code.call_program(workspace, [], call, "reply", present=certificate and port == 8443)
        last = workspace.last
        # A curl command would show sessionIds: its masks know of one session id alone.
        curl = "" if last is None or "sessionIds" in values else workspace.curl(last)
        return code_html(magic, python, curl)


def _input(field: Field, before: Any) -> Any:
    kind = SecretField if field.secret else widgets.Text
    example = _EXAMPLES.get(field.name, "" if field.secret else field.type)
    several = f"{example} …, with commas between them" if field.repeats else example
    made = labelled(kind, field.name, placeholder=several)
    if before is not None and not field.secret:
        made.value = before.value
    return made


def _values(field: Field, widget: Any) -> list[str | Secret]:
    """The texts typed into a field; a secret is taken out of its widget."""
    if field.secret:
        secret = widget.taken()
        texts = secret.reveal().replace(",", " ").split() if field.repeats else [secret.reveal()]
        return [Secret(each) for each in texts if each]
    typed = widget.value.replace(",", " ").split() if field.repeats else [widget.value.strip()]
    return [each for each in typed if each]


def _asking_magic(name: str, value: str | Secret) -> str:
    """A text in which braces are braces; a secret is replaced by a question for it."""
    if isinstance(value, Secret):
        return f"{{{{__import__('getpass').getpass('{name}: ')}}}}"
    return value.replace("{{", "{{'{{'}}")


def _typed(body: etree._Element) -> str:
    """The XML of a body, without its namespace, as it is typed into a cell."""
    for element in body.iter(etree.Element):
        element.tag = etree.QName(element).localname
    etree.cleanup_namespaces(body)
    return etree.tostring(body, pretty_print=True, encoding="unicode").strip()


def _arguments(operation: str, values: Values) -> str:
    """The arguments of `Session.soap`, as Python; a secret is replaced by a question for it."""
    several = any(field.repeats for field in OPERATIONS[operation])
    fields = []
    for name, texts in values.items():
        written = [f'getpass("{name}: ")' if isinstance(each, Secret) else repr(each) for each in texts]
        fields += [f"{name!r}: [{', '.join(written)}]" if several else f"{name!r}: {written[0]}"] * bool(written)
    if not fields:
        return repr(operation)
    arguments = f"{operation!r}, {{{', '.join(fields)}}}"
    return f"body_of({arguments})" if several else arguments
