"""Secrets go from every place in a notebook, and from exported pages; the notebook stays one."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import nbformat
import pytest
from secret_examples import DER_KEYS, ORGANIZATION, PEM_KEYS, REFRESH, SECRETS, SESSION_ID, code, lines_of, notebook

from sfmtls_nb import SfmtlsError
from sfmtls_nb.scrub import Leak, scrub_file, scrub_notebook
from sfmtls_nb.scrub.notebook_file import scrub_page


def markdown(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "c1", "metadata": {}, "source": source, **more}


def shown(kind: str, text: Any, **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {kind: text}, "metadata": metadata}


def error(*traceback: str, value: str = "") -> dict[str, Any]:
    return {"output_type": "error", "ename": "E", "evalue": value, "traceback": list(traceback)}


def version_3(cell: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": [cell], "metadata": {}}],
    }


def code_3(text: Any, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "collapsed": False,
        "input": text,
        "language": "python",
        "metadata": {},
        "outputs": list(outputs),
    }


def widgets(*states: dict[str, Any]) -> dict[str, Any]:
    models = {f"{number:032x}": state for number, state in enumerate(states)}
    state = {"version_major": 2, "version_minor": 0, "state": models}
    return notebook(code(), widgets={"application/vnd.jupyter.widget-state+json": state})


def model(name: str, **state: Any) -> dict[str, Any]:
    return {
        "model_name": name,
        "model_module": "@jupyter-widgets/controls",
        "model_module_version": "2.0.0",
        "state": state,
    }


def upload(data: str) -> dict[str, Any]:
    buffer = {"encoding": "base64", "path": ["value", 0, "content"], "data": data}
    return {**model("FileUploadModel", value=[{"name": "client.key", "size": 3}]), "buffers": [buffer]}


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "cell 1, source": lambda text: notebook(code(lines(text))),
    "cell 2, source": lambda text: notebook(markdown("x"), {**markdown(text), "id": "c2"}),
    "cell 1, output 1, text": lambda text: notebook(
        code("", {"output_type": "stream", "name": "stdout", "text": lines(text)})
    ),
    "cell 1, output 1, text/html": lambda text: notebook(code("", shown("text/html", lines(text)))),
    "cell 1, output 1, text/plain": lambda text: notebook(
        code("", {**shown("text/plain", text), "output_type": "execute_result", "execution_count": 1})
    ),
    "cell 1, output 1, application/json, a, b item 2": lambda text: notebook(
        code("", shown("application/json", {"a": {"b": [1, text, {"c": 2}]}}))
    ),
    "cell 1, output 1, image/svg+xml": lambda text: notebook(code("", shown("image/svg+xml", text))),
    "cell 1, output 1, metadata, x": lambda text: notebook(code("", shown("text/plain", "", x=text))),
    "cell 1, output 1, traceback": lambda text: notebook(code("", error("Traceback", *text.split("\n"), "end"))),
    "cell 1, output 1, evalue": lambda text: notebook(code("", error(value=text))),
    "cell 1, metadata, x": lambda text: notebook(code(x=text)),
    "cell 1, metadata, deep, deeper item 1, item 1": lambda text: notebook(code(deep={"deeper": [[text, 1]]})),
    "cell 1, attachments, client.key, text/plain": lambda text: notebook(
        markdown("", attachments={"client.key": {"text/plain": text}})
    ),
    "metadata, papermill, parameters, x": lambda text: notebook(code(), papermill={"parameters": {"x": text}}),
    "metadata, some text": lambda text: notebook(code(), **{text: 1}),
    "metadata, widgets, application/vnd.jupyter.widget-state+json, state, 0…, state, value": lambda text: widgets(
        model("TextareaModel", value=text)
    ),
    "worksheet 1, cell 1, input": lambda text: version_3(code_3(lines(text))),
    "worksheet 1, cell 1, output 1, html": lambda text: version_3(
        code_3("", {"output_type": "display_data", "html": lines(text), "metadata": {}})
    ),
}
IN_BASE64: dict[str, Callable[[str], dict[str, Any]]] = {
    "attachment": lambda text: notebook(markdown("", attachments={"client.key": {"application/x-pem-file": text}})),
    "image": lambda text: notebook(code("", shown("image/png", lines(text)))),
    "buffer of a widget": lambda text: widgets({**model("ImageModel"), "buffers": [{"data": text, "path": ["value"]}]}),
    "upload": lambda text: widgets(upload(text)),
    "data URI": lambda text: notebook(code("", shown("text/html", f'<a href="data:text/plain;base64,{text}">x</a>'))),
    "bytes literal": lambda text: notebook(code(f'key = b"{text}"')),
}


def written(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def as_jupyter_writes(value: dict[str, Any]) -> str:
    return f"{nbformat.writes(nbformat.from_dict(value))}\n"  # type: ignore[no-untyped-call]


def leaks_in(text: str) -> list[Leak]:
    return scrub_notebook(text)[1]


def is_valid(text: str) -> bool:
    nbformat.validate(json.loads(text))
    return True


def only(text: str) -> Leak:
    """The one leak there is."""
    (leak,) = leaks_in(text)
    return leak


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SECRETS)
def test_a_secret_goes_from_every_place(name: str, place: str) -> None:
    text, needles, _ = SECRETS[name]
    after, _ = scrub_notebook(written(PLACES[place](text)))
    left = [needle for needle in needles if json.dumps(needle, ensure_ascii=False)[1:-1] in after]
    assert ([], [], True) == (left, leaks_in(after), is_valid(after))


@pytest.mark.parametrize("place", IN_BASE64)
@pytest.mark.parametrize("name", PEM_KEYS)
def test_a_secret_goes_from_base64_in_every_place(name: str, place: str) -> None:
    hidden = base64.b64encode(PEM_KEYS[name].encode()).decode()
    after, leaks = scrub_notebook(written(IN_BASE64[place](hidden)))
    assert (False, 1) == (hidden[100:160] in after, len(leaks))


def test_a_secret_goes_from_the_lines_of_a_traceback() -> None:
    pem = PEM_KEYS["RSA PKCS#8"]
    numbered = [f"\x1b[32m     {number}\x1b[39m {line}" for number, line in enumerate(pem.split("\n"))]
    after, _ = scrub_notebook(written(notebook(code("", error(*numbered[:8])))))
    assert [] == [line for line in lines_of(pem) if line in after]


def test_a_secret_goes_and_the_text_says_what_stood_there() -> None:
    text = f'a = "{SESSION_ID}"\nb = "{REFRESH}"\npassword = "p455w0rd"\n'
    expected = 'a = "[removed: session id]"\nb = "[removed: refresh token]"\npassword = "[removed: password]"\n'
    after, _ = scrub_notebook(written(notebook(code(lines(text)))))
    assert lines(expected) == json.loads(after)["cells"][0]["source"]


def test_a_secret_goes_with_the_lines_of_a_key_and_no_others() -> None:
    source = ["a = 1\n", *lines(PEM_KEYS["EC SEC1"]), "b = 2"]
    after, _ = scrub_notebook(written(notebook(code(source))))
    assert ["a = 1\n", "[removed: private key]\n", "b = 2"] == json.loads(after)["cells"][0]["source"]


def test_a_secret_goes_of_a_jwk_what_is_private() -> None:
    key = {"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZpt", "e": "AQAB", "d": "X4cTteJY_gn4FYPsXB8rdXi"}
    output = shown("application/json", {"keys": [key]})
    after, leaks = scrub_notebook(written(notebook(code("", output))))
    (kept,) = json.loads(after)["cells"][0]["outputs"][0]["data"]["application/json"]["keys"]
    assert ({**key, "d": "[removed: private key]"}, ["private key"]) == (kept, [leak.kind for leak in leaks])


def test_a_secret_goes_from_a_member_that_is_named_for_it() -> None:
    parameters = {
        "password": "hunter2",
        "PWD": "/home/jovyan",
        "pwd": "hunter2",
        "sessionId": "opaqueToken",
        "session_id": "4fbc2a5e-0d3f-4a52-9c0e-2b8a1b6d7c11",
        "sf_client_secret": "abcd-efgh",
        "headers": {"Authorization": "OAuth 12345678"},
    }
    leaks = leaks_in(written(notebook(code(), papermill=parameters)))
    expected = ["password", "password", "session id", "consumer secret", "access token"]
    assert expected == [leak.kind for leak in leaks]


def test_a_widget_of_ipywidgets_is_emptied_of_its_password() -> None:
    state = ipywidgets.Widget.get_manager_state(widgets=[ipywidgets.Password(value="hunter2")])
    text = written(notebook(code(), widgets={"application/vnd.jupyter.widget-state+json": state}))
    after, leaks = scrub_notebook(text)
    expected = as_jupyter_writes(json.loads(text.replace('"hunter2"', '""')))
    assert (expected, ["password"]) == (after, [leak.kind for leak in leaks])


def test_a_widget_that_is_empty_is_no_leak() -> None:
    assert [] == leaks_in(written(widgets(model("PasswordModel", value=""), upload(""))))


def test_a_widget_for_text_keeps_it() -> None:
    assert [] == leaks_in(written(widgets(model("TextModel", value="hunter2"))))


@pytest.mark.parametrize("label", ["Password", "Your password:", "Passphrase of the key", "Security token", "Secret"])
@pytest.mark.parametrize("member", ["description", "placeholder"])
@pytest.mark.parametrize("kind", ["TextModel", "TextareaModel", "ComboboxModel"])
def test_a_widget_for_text_that_is_labelled_as_one_for_a_secret_is_emptied(kind: str, member: str, label: str) -> None:
    text = written(widgets(model(kind, **{"value": "hunter2", member: label})))
    after, leaks = scrub_notebook(text)
    expected = as_jupyter_writes(json.loads(text.replace('"hunter2"', '""')))
    assert (expected, ["password"]) == (after, [leak.kind for leak in leaks])


@pytest.mark.parametrize("label", ["User", "Password file", "Token endpoint", "Secret name", "Max tokens", "Bypass"])
def test_a_widget_for_text_that_is_labelled_otherwise_keeps_it(label: str) -> None:
    assert [] == leaks_in(written(widgets(model("TextModel", value="hunter2", description=label))))


def test_a_widget_that_only_shows_text_keeps_it() -> None:
    assert [] == leaks_in(written(widgets(model("HTMLModel", value="it is asked for", description="Password"))))


def test_a_widget_of_ipywidgets_for_text_is_emptied_of_a_password_and_so_is_what_it_shows_as() -> None:
    widget = ipywidgets.Text(value="hunter2", description="Password")
    view, state = shown("text/plain", repr(widget)), ipywidgets.Widget.get_manager_state(widgets=[widget])
    text = written(notebook(code("", view), widgets={"application/vnd.jupyter.widget-state+json": state}))
    assert (True, False) == ("hunter2" in text, "hunter2" in scrub_notebook(text)[0])


@pytest.mark.parametrize("content", [b"any file", DER_KEYS["PKCS#12"], PEM_KEYS["EC SEC1"].encode()])
def test_a_widget_for_uploads_loses_the_file_and_stays_readable(content: bytes) -> None:
    after, _ = scrub_notebook(written(widgets(upload(base64.b64encode(content).decode()))))
    models = json.loads(after)["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
    (buffer,) = models[f"{0:032x}"]["buffers"]
    assert (b"[removed: uploaded file]", []) == (base64.b64decode(buffer["data"]), leaks_in(after))


def test_a_widget_for_uploads_loses_content_that_is_in_its_state() -> None:
    value = {"client.key": {"metadata": {"name": "client.key"}, "content": "bytes"}}
    leak = only(written(widgets(model("FileUploadModel", value=value))))
    assert ("uploaded file", True) == (leak.kind, leak.where.endswith("state, value, client.key, content"))


@pytest.mark.parametrize("place", [place for place in PLACES if "…" not in place and place != "metadata, some text"])
def test_a_leak_says_where(place: str) -> None:
    assert place == only(written(PLACES[place](SESSION_ID))).where


@pytest.mark.parametrize("name", SECRETS)
def test_a_leak_does_not_show_the_secret(name: str) -> None:
    text, needles, _ = SECRETS[name]
    leaks = str(leaks_in(written(notebook(code(text)))))
    assert [] == [needle for needle in needles if needle in leaks]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SESSION_ID, f"cell 1, source: session id {ORGANIZATION}!••••"),
        (PEM_KEYS["EC SEC1"], "cell 1, source: private key -----BEGIN EC PRIVATE KEY-----••••"),
        ('password="p455w0rd"', "cell 1, source: password ••••"),
    ],
)
def test_a_leak_reads_as_a_line(text: str, expected: str) -> None:
    assert expected == str(only(written(notebook(code(text)))))


def test_the_rest_of_the_file_stays_and_is_written_as_jupyter_does() -> None:
    before = notebook(
        code(lines(f"a = 'ä'\nsid = '{SESSION_ID}'")), kernelspec={"name": "python3", "display_name": "P"}
    )
    after, _ = scrub_notebook(json.dumps(before))
    expected = json.loads(json.dumps(before).replace(SESSION_ID, "[removed: session id]"))
    assert as_jupyter_writes(expected) == after


def test_the_rest_of_the_file_stays_if_it_is_a_list_of_texts_with_line_breaks() -> None:
    before = notebook(code(f"sid = '{SESSION_ID}'"), labels=["one\ntwo"])
    after, _ = scrub_notebook(json.dumps(before))
    assert ["one\ntwo"] == json.loads(after)["metadata"]["labels"]


@pytest.mark.parametrize(
    "path", sorted(Path(__file__).parents[2].rglob("notebooks/**/*.ipynb")), ids=lambda path: path.stem
)
def test_the_rest_of_the_file_of_our_lessons_is_all_there_is(path: Path) -> None:
    text = path.read_text()
    assert (text, []) == scrub_notebook(text)


@pytest.mark.parametrize(
    "damaged",
    [
        {"cells": [{"source": ["x\n", "@"]}]},
        {**notebook(code("@")), "nbformat": 99},
        notebook({"cell_type": "code", "source": "@"}),
        {"nbformat": 3, "worksheets": "@"},
        ["@"],
        "@",
    ],
)
def test_the_rest_of_the_file_stays_if_it_is_no_notebook_that_jupyter_would_open(damaged: Any) -> None:
    text = json.dumps(damaged)
    after, leaks = scrub_notebook(text.replace("@", SESSION_ID))
    assert (json.loads(text.replace("@", "[removed: session id]")), 1) == (json.loads(after), len(leaks))


@pytest.mark.parametrize(
    ("text", "evidence"),
    [
        ("", "it is empty"),
        ("\n", "it is empty"),
        ("{", "line 1, column 2"),
        ("not JSON", "line 1, column 1"),
        ("[" * 100_000, "too deep"),
    ],
)
def test_the_rest_of_the_file_that_is_not_json_is_an_error_that_says_where(text: str, evidence: str) -> None:
    with pytest.raises(SfmtlsError, match="it is not JSON") as raised:
        scrub_notebook(text)
    assert evidence == raised.value.evidence


@pytest.mark.parametrize("text", ["[]", "{}", "1", "null", "true", '""', "[1, []]"])
def test_the_rest_of_the_file_that_is_json_without_secrets_stays_as_it_is(text: str) -> None:
    assert (text, []) == scrub_notebook(text)


PAGE = """<!DOCTYPE html>
<html><body><div class="highlight"><pre>
<span class="n">user</span><span class="p">,</span> <span class="n">password</span> <span class="o">=</span>
<span class="s2">&quot;me@example.com&quot;</span><span class="p">,</span> <span class="s2">&quot;hunter2&quot;</span>
<span class="n">login</span><span class="p">(</span><span class="n">user</span><span class="p">)</span>
</pre></div></body></html>
"""


def test_an_exported_page_loses_a_secret_and_keeps_its_tags() -> None:
    after, leaks = scrub_page(PAGE)
    assert (PAGE.replace("hunter2", "[removed: password]"), ["line 4: password ••••"]) == (
        after,
        [*map(str, leaks)],
    )


def test_an_exported_page_without_secrets_stays() -> None:
    page = PAGE.replace("hunter2", "your password")
    assert (page, []) == scrub_page(page)


def test_an_exported_page_loses_what_its_password_widgets_hold() -> None:
    state = json.dumps({"state": {"1": model("PasswordModel", value="hunter2")}})
    page = f'<script type="application/vnd.jupyter.widget-state+json">\n{state}\n</script>\n'
    after, leaks = scrub_page(page)
    assert (False, ["password"]) == ("hunter2" in after, [leak.kind for leak in leaks])


def test_an_exported_page_is_scrubbed_as_a_file(tmp_path: Path) -> None:
    path = tmp_path / "page.HTML"
    path.write_text(PAGE)
    leaks = scrub_file(path)
    assert (1, []) == (len(leaks), scrub_file(path, check=True))
