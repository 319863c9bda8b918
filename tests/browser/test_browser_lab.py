"""What the other tests in here rely on: that nothing leaves the machine, that nothing stays, and that secrets are found."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lab import Lab, Notebook
from playwright.sync_api import expect
from raw_server import answering, http, serving
from traces import found_in

pytest_plugins = ["lab_fixtures"]

PLAIN_WIDGETS = """
from ipywidgets import HTML, FileUpload, Password, Text, VBox
VBox([Password(description="Passphrase"), FileUpload(description="Choose files"), HTML("Name"), Text()])
"""
NOTHING = """
from IPython.display import HTML
HTML('<div style="height: 9em"></div>')
"""
SOMETIMES_WRONG = "1 / (not globals().get('raise_now'))"
PASSPHRASE = "sesame-4417"
LEAVING = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except BaseException as error:
    print(type(error).__name__, end="")
"""


def test_a_closed_notebook_leaves_no_kernel(lab: Lab) -> None:
    with lab.open() as notebook:
        name = notebook.path.name
        during = [each["path"] for each in lab.kernels()]
    assert (name in during, name in [each["path"] for each in lab.kernels()]) == (True, False)


@pytest.fixture(scope="module")
def key() -> bytes:
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture(scope="module")
def naive(lab: Lab) -> Iterator[Notebook]:
    """A notebook as anyone may write it, who knows nothing of what widgets keep."""
    with lab.open(PLAIN_WIDGETS, NOTHING, SOMETIMES_WRONG) as notebook:
        notebook.run_all()
        yield notebook


@pytest.fixture(scope="module")
def saved(naive: Notebook, key: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same, used and saved."""
    file = tmp_path_factory.mktemp("naive") / "naive.key"
    file.write_bytes(key)
    naive.field("Passphrase").fill(PASSPHRASE)
    naive.upload("Choose files", file)
    expect(naive.button("Choose files")).to_contain_text("(1)")
    return naive.save()


def test_what_is_typed_into_a_plain_password_field_is_found_in_the_saved_notebook(saved: str) -> None:
    assert found_in(saved, PASSPHRASE) == [PASSPHRASE]


def test_a_key_in_a_plain_upload_field_is_found_in_the_saved_notebook(saved: str, key: bytes) -> None:
    assert found_in(saved, key)


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_password_inside_of_what_base64_hides_is_found(shift: int) -> None:
    hidden = b64encode(b"x" * shift + PASSPHRASE.encode() + b"yz").decode()
    assert found_in(json.dumps({"data": hidden}), PASSPHRASE)


def test_what_was_never_there_is_not_found(saved: str) -> None:
    assert found_in(saved, "another passphrase") == []


def test_the_browser_reaches_this_machine_and_no_other_name(naive: Notebook) -> None:
    with serving(answering(http(b"here", "Access-Control-Allow-Origin: *"))) as where:
        # Any browser knows that *.localhost is this machine; this one does not even ask.
        urls = [f"http://{where}/", f"http://elsewhere.localhost:{where.partition(':')[2]}/"]
        asked = "url => fetch(url).then(answer => answer.text(), () => 'refused')"
        assert [naive.page.evaluate(asked, url) for url in urls] == ["here", "refused"]


def test_a_kernel_is_offline(naive: Notebook) -> None:
    assert naive.ask(LEAVING) == "gaierror"  # the tests' own: an address needs no look-up


def test_a_kernel_keeps_to_the_labs_folders(lab: Lab, naive: Notebook) -> None:
    assert Path(naive.ask("import pathlib; print(pathlib.Path.home(), end='')")).parent == lab.folder.parent


def test_a_field_with_no_label_of_its_own_is_seen_to_have_no_name(naive: Notebook) -> None:
    assert naive.controls(0) == ['textbox "Passphrase"', 'button "Choose files (1)"', 'textbox ""']


def test_an_output_without_anything_in_it_is_seen_to_be_blank(naive: Notebook) -> None:
    assert naive.picture(1).blank


def test_an_error_that_nobody_expects_does_not_go_unseen(naive: Notebook) -> None:
    naive.ask("raise_now = True")
    with pytest.raises(AssertionError, match="ZeroDivisionError"):
        naive.run_all()


def test_nobody_gets_into_the_lab_without_its_token(lab: Lab) -> None:
    assert requests.get(f"{lab.url}/api/contents", timeout=10).status_code == 403
