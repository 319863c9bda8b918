"""Forms are answered on the thread of the cells, though JupyterLab asks for another; seen in a real kernel."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

FORMS = """
%load_ext sfmtls_nb
import threading
%sf_practice
%sf_login
%sf_identity fullcert.pem
panel = %sf_practice setup
soap = %sf_soap
soql = %sf_soql
guide = %sf_guide
guide.rail[0].click()
soap.operation.value = "query"
theirs = __import__("ipywidgets").Text()
heard = []
def note(_):
    heard.append(threading.current_thread() is threading.main_thread())
for field in (panel.new_name, soap.inputs["queryString"], soql.where, guide.fields["name"], theirs):
    field.observe(note, "value")
"""
FIELDS = {
    "panel": "panel.new_name",
    "a field that came later": "soap.inputs['queryString']",
    "form": "soql.where",
    "guide": "guide.fields['name']",
}
OTHERS = ("theirs", "soql.limit", "soql.button")
TYPED = ("Phone != null", "Id != null", "Name != null")


class Lab:
    """Speaks to a kernel as JupyterLab does: what comes from widgets is meant for a subshell."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self.client = client
        asked = client.session.msg("create_subshell_request", {})
        client.control_channel.send(asked)
        self.subshell = client.get_control_msg(timeout=30)["content"]["subshell_id"]
        self.comms = {widget: self.ask(f"{widget}.comm.comm_id") for widget in (*FIELDS.values(), *OTHERS)}

    def ask(self, expression: str) -> Any:
        said = self.client.execute_interactive("", user_expressions={"it": expression}, timeout=30)
        return ast.literal_eval(said["content"]["user_expressions"]["it"]["data"]["text/plain"])

    def write(self, widget: str, text: str, *, wait: bool = True) -> None:
        self._say(widget, {"method": "update", "state": {"value": text}, "buffer_paths": []}, wait=wait)

    def press(self, widget: str, *, wait: bool = True) -> None:
        self._say(widget, {"method": "custom", "content": {"event": "click"}}, wait=wait)

    def _say(self, widget: str, data: dict[str, object], *, wait: bool) -> None:
        content = {"comm_id": self.comms[widget], "data": data}
        message = self.client.session.msg("comm_msg", content)
        message["header"]["subshell_id"] = self.subshell
        self.client.shell_channel.send(message)
        while wait:
            said = self.client.get_iopub_msg(timeout=30)
            answers = said["parent_header"].get("msg_id") == message["header"]["msg_id"]
            wait = not (answers and said["content"].get("execution_state") == "idle")


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    manager, client = start_new_kernel()
    try:
        for line in ("%colors NoColor", FORMS):
            assert client.execute_interactive(line, timeout=60)["content"]["status"] == "ok"
        yield Lab(client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_field_is_heard_there_each_time(lab: Lab, field: str) -> None:
    lab.ask("heard.clear()")
    for text in TYPED:
        lab.write(field, text)
    assert [True, True, True] == lab.ask("heard")


def test_other_fields_are_heard_where_the_browser_asks(lab: Lab) -> None:
    lab.ask("heard.clear()")
    for text in TYPED:
        lab.write("theirs", text)
    assert False in lab.ask("heard")


def test_a_button_is_heard_after_the_field_before_it_though_a_cell_runs(lab: Lab) -> None:
    lab.press("soql.button")
    lab.client.execute("__import__('time').sleep(1)")
    lab.write("soql.limit", "3", wait=False)
    lab.press("soql.button", wait=False)
    assert 3 == lab.ask("len(soql.frame)")
