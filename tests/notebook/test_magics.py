"""The magics as a notebook runs them: cells sent to a real kernel, and what comes back on its channels."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import nbformat
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from sfmtls_nb.handover import RECIPES

CHAIN = "client.key client.crt intermediate1.crt intermediate2.crt"
COLOUR = re.compile(r"\033\[[\d;]*m")
FORGET = """from sfmtls_nb.notebook.workspace import Workspace
get_ipython().magics_manager.registry["SfMagics"].workspace = Workspace()"""
# A session id; masked, it ends after its exclamation mark.
SESSION_ID = re.compile(r"00D\w{12}![^•]")


class Ran(NamedTuple):
    """What a cell did: whether it succeeded, what it showed, the traceback if any, and what it asked for."""

    status: str
    streams: str
    plain: list[str]
    html: list[str]
    traceback: list[str]
    prompts: list[tuple[str, bool]]
    pager: str

    @property
    def shown(self) -> str:
        return "\n".join([self.streams, *self.plain, *self.html, *self.traceback])


class Kernel:
    """A kernel that runs cells, and answers whatever they ask for with ``typed``."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, *cells: str, typed: str | None = None) -> Ran:
        """The cells one after the other; what the last one did."""
        for cell in cells:
            ran = self._run(cell, typed)
        return ran

    def value(self, expression: str) -> Any:
        """The value of an expression, if it can be written down."""
        return ast.literal_eval(self.run(expression).plain[0])

    def _run(self, cell: str, typed: str | None) -> Ran:
        outputs: list[dict[str, Any]] = []
        prompts: list[tuple[str, bool]] = []

        def ask(message: dict[str, Any]) -> None:
            prompts.append((message["content"]["prompt"], message["content"]["password"]))
            self._client.input(typed or "")

        reply = self._client.execute_interactive(
            cell,
            allow_stdin=typed is not None,
            timeout=30,
            output_hook=lambda message: outputs.append(message["content"]),
            stdin_hook=ask,
        )["content"]
        shown = [content["data"] for content in outputs if "text/plain" in content.get("data", {})]
        pages = [page["data"]["text/plain"] for page in reply.get("payload", []) if page["source"] == "page"]
        return Ran(
            reply["status"],
            "".join(content["text"] for content in outputs if "text" in content),
            [data["text/plain"] for data in shown],
            [data["text/html"] for data in shown if "text/html" in data],
            [COLOUR.sub("", line) for content in outputs for line in content.get("traceback", [])],
            prompts,
            COLOUR.sub("", "".join(pages)),
        )


def started(*arguments: str) -> Iterator[Kernel]:
    manager, client = start_new_kernel(kernel_name="python3", extra_arguments=list(arguments))
    try:
        yield Kernel(client)
    finally:
        manager.shutdown_kernel()  # not at once: so that the practice org takes its folder with it
        client.stop_channels()


@pytest.fixture(scope="module")
def one_kernel() -> Iterator[Kernel]:
    for kernel in started():
        kernel.run("%load_ext sfmtls_nb")
        yield kernel


@pytest.fixture
def kernel(one_kernel: Kernel) -> Kernel:
    """The one kernel, with the magics as they are when just loaded."""
    one_kernel.run("%sf_practice stop", FORGET, "from math import pi")
    return one_kernel


@pytest.fixture
def encrypted_jwt_key(kernel: Kernel) -> Kernel:
    """At a practice org, in whose folder there is a JWT key with another passphrase than anybody types."""
    kernel.run("practice = %sf_practice", "import subprocess")
    command = "openssl pkcs8 -topk8 -in client.key -out encrypted.key -passout pass:right-one"
    kernel.run(f"subprocess.run({command.split()}, cwd=practice.directory, check=True)")
    return kernel


@pytest.fixture
def signed_in(kernel: Kernel) -> Kernel:
    """As after the first three cells of a lesson: a practice org, its enforced user, and the certificate."""
    kernel.run("%sf_practice", "%sf_login", f"%sf_identity {CHAIN}")
    return kernel


@pytest.mark.parametrize(
    ("magic", "option"),
    [
        ("sf_practice", "{start,show,setup,stop}"),
        ("sf_org", "--sandbox"),
        ("sf_login", "username"),
        ("sf_identity", "--write"),
        ("sf_soap", "--expect"),
        ("sf_curl", "%sf_curl"),
    ],
)
def test_help_of_each_magic_explains_its_options(kernel: Kernel, magic: str, option: str) -> None:
    assert option in kernel.run(f"%{magic}?").pager


def test_help_names_the_magic_as_it_is_typed(kernel: Kernel) -> None:
    shown = kernel.run("%sf_login --help").streams
    assert ("%sf_login [--way NAME]", False) == (shown[:22], "%%sf_login" in shown)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("%sf_practice dance", "invalid choice: 'dance'"),
        ("%sf_practice --nope", "there is no --nope"),
        ("%sf_org --sandbox uat", "these flags go with the name of an org"),
        ("%sf_org acme --sandbox", "--sandbox: expected one argument"),
        ("%sf_login me --password x", "a secret that stands in a cell is saved with the notebook"),
        ("%sf_login me --Security-Token=x", "a secret that stands in a cell is saved with the notebook"),
        ("%sf_identity --nope", "there is no --nope"),
        ("%%sf_soap getUserInfo\n<a/>", "an operation on its line, or XML in its cell"),
        ("%sf_soap getUserInfo --port 80", "invalid choice: 80"),
        ("%sf_soap getUserInfo --port x", "invalid int value: 'x'"),
        ("%sf_soap 'getUserInfo", "a quote is not closed"),
        ("%sf_soap a b", "one word too many"),
        ("%sf_curl x", "one word too many"),
        ("%sf_soap getUserInfo —no-cert", "is not the one on the keyboard; write --no-cert"),
        ("%sf_soap getUserInfo --NO-CERT", "did you mean --no-cert?"),
        ("%%sf_soap\n$pi", "$pi is not XML, it is of type float; a str, an lxml element or a Reply can be taken"),
        ("%sf_soql $pi", "$pi is not a query, it is of type float; a str can be taken"),
        ("%sf_soap class << getUserInfo", "class cannot be the name of a variable"),
        ("%sf_soap getUserInfo --out a.b", "a.b cannot be the name of a variable"),
    ],
)
def test_a_usage_error_says_what_is_wrong(kernel: Kernel, cell: str, message: str) -> None:
    ran = kernel.run(cell)
    assert (ran.status, message in ran.streams) == ("error", True)


def test_a_usage_error_is_one_line_without_a_traceback(kernel: Kernel) -> None:
    ran = kernel.run("%sf_curl x")
    expected = "UsageError: there is one word too many on the line; %sf_curl --help shows what it takes\n"
    assert (expected, []) == (ran.streams, ran.traceback)


def test_a_usage_error_does_not_repeat_what_may_be_a_password(kernel: Kernel) -> None:
    cells = ("%sf_login me hunter2", "%sf_login me --password=hunter2", "%sf_login me --token hunter2")
    assert "hunter2" not in "".join(kernel.run(cell).shown for cell in cells)


@pytest.mark.parametrize(
    ("cell", "next_step"),
    [
        ("%sf_practice show", "%sf_practice starts one"),
        ("%sf_login", "%sf_practice starts one to practise on, %sf_org NAME goes to yours"),
        ("%sf_soap getUserInfo", "%sf_practice starts one to practise on, %sf_org NAME goes to yours"),
        ("%sf_soql SELECT Id FROM User", "%sf_practice starts one to practise on, %sf_org NAME goes to yours"),
        ("%sf_curl", "%sf_login makes the first"),
    ],
)
def test_what_comes_too_early_is_told_what_comes_first(kernel: Kernel, cell: str, next_step: str) -> None:
    assert f"  next: {next_step}" == kernel.run(cell).traceback[-1]


def test_what_comes_too_early_stopping_stops_nothing_and_says_so(kernel: Kernel) -> None:
    assert "There is no practice org to stop.\n" == kernel.run("%sf_practice stop").streams


def test_what_comes_too_early_asks_for_a_login_where_an_org_is_chosen(kernel: Kernel) -> None:
    ran = kernel.run("%sf_practice", "%sf_soap getUserInfo")
    assert ["SfmtlsError: not signed in", "  next: %sf_login does that"] == ran.traceback


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("%sf_practice", "PracticeOrg"),
        ("%sf_org practice", "Org"),
        ("%sf_login", "Session"),
        (f"%sf_identity {CHAIN}", "ClientIdentity"),
        ("%sf_soap getUserInfo", "Reply"),
        ("%sf_soap getUserInfo --no-cert --expect page", "CertificatePageError"),
    ],
)
def test_a_lesson_gets_from_each_magic_the_object_it_made(signed_in: Kernel, cell: str, kind: str) -> None:
    signed_in.run(f"made = {cell}")
    assert kind == signed_in.value("type(made).__name__")


@pytest.mark.parametrize("user", ["", "enforced", "standard", "standard@practice.example"])
def test_a_lesson_signs_in_on_the_practice_org_without_a_question(kernel: Kernel, user: str) -> None:
    assert kernel.run("%sf_practice", f"%sf_login {user}").status == "ok"


def test_a_lesson_calls_with_the_certificate_as_who_signed_in(signed_in: Kernel) -> None:
    assert "<userName>enforced@practice.example</userName>" in signed_in.run("%sf_soap getUserInfo").plain[0]


def test_a_lesson_calls_on_443_as_long_as_there_is_no_identity(kernel: Kernel) -> None:
    ran = kernel.run("%sf_practice", "%sf_login standard", "%sf_soap getUserInfo")
    assert "<userName>standard@practice.example</userName>" in ran.plain[0]


def test_a_lesson_sees_the_answer_as_a_tree(signed_in: Kernel) -> None:
    assert "<details open>" in signed_in.run("%sf_soap getUserInfo").html[0]


@pytest.mark.parametrize(
    "body",
    [
        "<getUserInfo/>",
        '<getUserInfo xmlns="urn:partner.soap.sforce.com"/>',
        '<?xml version="1.0" encoding="UTF-8"?>\n<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
        '<e:Body><getUserInfo xmlns="urn:partner.soap.sforce.com"/></e:Body></e:Envelope>',
    ],
    ids=["without a namespace", "with one", "in an envelope"],
)
def test_a_lesson_writes_the_body_itself(signed_in: Kernel, body: str) -> None:
    assert "<getUserInfoResponse>" in signed_in.run(f"%%sf_soap\n{body}").plain[0]


@pytest.mark.parametrize("cell", ["%%sf_soap getUserInfo", "%%sf_soap getUserInfo\n", "\n%%sf_soap getUserInfo  \n\n"])
def test_a_lesson_may_write_an_operation_as_a_cell_with_nothing_in_it(signed_in: Kernel, cell: str) -> None:
    assert "<getUserInfoResponse>" in signed_in.run(cell).plain[0]


def test_a_lesson_may_keep_what_such_a_cell_gives(signed_in: Kernel) -> None:
    signed_in.run("%%sf_soap result << getUserInfo")
    assert "getUserInfoResponse" == signed_in.value("result.operation")


@pytest.mark.parametrize("operation", ["getUserInfo", "nonsense"])
def test_a_lesson_gets_the_last_call_as_curl_whether_it_failed_or_not(signed_in: Kernel, operation: str) -> None:
    assert f"<urn:{operation}/>" in signed_in.run(f"%sf_soap {operation}", "%sf_curl").plain[0]


def test_a_recipe_writes_what_another_tool_wants_and_shows_the_lines(signed_in: Kernel) -> None:
    ran = signed_in.run(f"%sf_identity {CHAIN} --recipe java", typed="hunter2-store")
    assert [("Passphrase to give to client.p12: ", True)] == ran.prompts
    assert ("javax.net.ssl.keyStore=" in ran.streams, "hunter2-store" in ran.shown) == (True, False)


def test_a_recipe_for_a_tool_that_there_is_none_for_names_those_there_are(signed_in: Kernel) -> None:
    refused = signed_in.run(f"%sf_identity {CHAIN} --recipe wget").shown
    assert [] == [name for name in RECIPES if name not in refused]


def test_a_lesson_gets_as_curl_the_file_that_was_written(signed_in: Kernel) -> None:
    ran = signed_in.run(f"%sf_identity {CHAIN} --write mine", "%sf_soap getUserInfo", "command = %sf_curl", "command")
    assert "/mine/fullcert.pem \\\n" in ran.plain[0]


def test_a_lesson_does_not_write_over_another_file_unasked(signed_in: Kernel) -> None:
    ran = signed_in.run(f"%sf_identity {CHAIN} --write mine", "%sf_identity client.key client.crt --write mine")
    assert ran.traceback[0].startswith("IdentityError: ")


def test_a_lesson_writes_over_another_file_when_asked(signed_in: Kernel) -> None:
    cells = [f"%sf_identity {files} --write mine --overwrite" for files in (CHAIN, "client.key client.crt")]
    assert signed_in.run(*cells).status == "ok"


def test_a_lesson_starts_the_practice_org_once(kernel: Kernel) -> None:
    kernel.run("one = %sf_practice", "other = %sf_practice")
    assert kernel.value("one is other") is True


def test_a_lesson_has_no_org_after_the_practice_org_has_stopped(signed_in: Kernel) -> None:
    ran = signed_in.run("%sf_practice stop", "%sf_soap getUserInfo")
    assert "OrgError: no org is chosen" == ran.traceback[0]


def test_a_lesson_keeps_another_org_when_the_practice_org_stops(kernel: Kernel) -> None:
    ran = kernel.run("%sf_practice", "%sf_org acme", "%sf_practice stop", "%sf_soap getUserInfo")
    assert "SfmtlsError: not signed in" == ran.traceback[0]


def test_a_lesson_starts_another_practice_org_after_the_first_has_stopped(signed_in: Kernel) -> None:
    assert signed_in.run("%sf_practice stop", "%sf_practice", "%sf_login").status == "ok"


def test_a_lesson_presents_a_scenario_by_its_name(signed_in: Kernel) -> None:
    assert "expires-soon" in signed_in.run("%sf_identity expires-soon").plain[0]


def test_a_lesson_shows_no_secret(signed_in: Kernel) -> None:
    cells = ["%sf_practice show", "%sf_login", "%sf_curl", f"%sf_identity {CHAIN}", "%sf_soap getUserInfo"]
    cells += ["%sf_curl", "%sf_soap getUserInfo --port 443", "%sf_soap logout", "%sf_soap getUserInfo", "%sf_curl"]
    shown = "".join(signed_in.run(cell).shown for cell in cells)
    signed_in.run("practice = %sf_practice show")
    secrets = signed_in.value("[user.password for user in practice.state.users]")
    assert [secret for secret in [*secrets, "PRIVATE KEY-"] if secret in shown] + SESSION_ID.findall(shown) == []


@pytest.mark.parametrize(
    "line",
    [
        "--no-cert --expect page",
        "--no-cert --expect CertificatePageError",
        "--no-cert --expect NotSoapError",
        "--no-cert --expect=SfmtlsError",
        "--port 443 --expect MUTUAL_AUTHENTICATION_FAILED",
        "--port 443 --expect MutualAuthenticationFault",
        "--port 443 --expect 'SoapFault'",
    ],
)
def test_a_prediction_that_comes_true_is_no_error(signed_in: Kernel, line: str) -> None:
    assert signed_in.run(f"%sf_soap getUserInfo {line}").status == "ok"


def test_a_prediction_that_comes_true_shows_the_failure_as_the_result(signed_in: Kernel) -> None:
    ran = signed_in.run("%sf_soap getUserInfo --no-cert --expect page")
    assert "the page says: No client certificate provided." in ran.plain[0]


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("--no-cert --expect MUTUAL_AUTHENTICATION_FAILED", "CertificatePageError"),
        ("--port 443 --expect page", "MutualAuthenticationFault"),
        ("--port 443 --expect INVALID_SESSION_ID", "MutualAuthenticationFault"),
    ],
)
def test_a_prediction_of_another_failure_was_wrong_and_says_what_came(signed_in: Kernel, line: str, error: str) -> None:
    ran = signed_in.run(f"%sf_soap getUserInfo {line}")
    expected = line.rpartition(" ")[2]
    assert ran.traceback[0] == f"ExpectationError: {expected} was predicted, and {error} came"
    assert "the prediction was wrong: " in ran.traceback[1]


@pytest.mark.parametrize(
    ("invented", "nearest"),
    [
        ("mutual_authentication_failed", "MUTUAL_AUTHENTICATION_FAILED"),
        ("MUTUAL_AUTH_FAILED", "MUTUAL_AUTHENTICATION_FAILED"),
        ("Exception", "UNKNOWN_EXCEPTION"),
        ("pages", "page"),
        ("CertificatePage", "CertificatePageError"),
    ],
)
def test_a_prediction_of_what_is_no_failure_is_refused_with_the_nearest(
    signed_in: Kernel, invented: str, nearest: str
) -> None:
    ran = signed_in.run(f"%sf_soap getUserInfo --expect {invented}")
    assert f"no failure is called {invented}; did you mean {nearest}?" in ran.streams


@pytest.mark.parametrize("expected", ["page", "SfmtlsError", "ExpectationError"])
def test_a_prediction_of_a_failure_raises_when_the_call_succeeds(signed_in: Kernel, expected: str) -> None:
    ran = signed_in.run(f"%sf_soap getUserInfo --expect {expected}")
    assert ran.traceback[0] == f"ExpectationError: {expected} was predicted, and the call succeeded"


def test_an_error_shows_in_three_lines(signed_in: Kernel) -> None:
    ran = signed_in.run("%sf_identity nowhere.key")
    assert [line.split(":")[0].strip() for line in ran.traceback][1:] == ["evidence", "next"]


def test_an_error_about_the_certificate_says_what_became_of_it_in_tls(signed_in: Kernel) -> None:
    ran = signed_in.run("%sf_soap getUserInfo --port 443")
    assert [line.split(":")[0] for line in ran.traceback] == [
        "MutualAuthenticationFault",
        "  evidence",
        "  in TLS",
        "  next",
    ]
    assert "a certificate was not asked for" in ran.traceback[2]


@pytest.mark.parametrize(
    ("cell", "error"),
    [
        ("%sf_org a_b", "OrgError"),
        ("%sf_org acme --api-version 41", "OrgError"),
        ("%sf_soap 'get user info'", "NotSoapError"),
        ("%%sf_soap\n<getUserInfo", "NotSoapError"),
        ("%%sf_soap\n<!DOCTYPE a><a/>", "NotSoapError"),
        ("%sf_identity nowhere.key", "IdentityError"),
        ("%sf_identity client.key", "IdentityError"),
        (f"%sf_identity {CHAIN} --write client.key", "IdentityError"),
        ("%sf_login nobody", "PracticeError"),
    ],
)
def test_an_error_of_each_kind_is_one_of_ours(signed_in: Kernel, cell: str, error: str) -> None:
    ran = signed_in.run(cell, typed="wrong")
    assert (error, True) == (ran.traceback[0].split(":")[0], len(ran.traceback) <= 3)


@pytest.mark.parametrize("failing", ["%sf_soap getUserInfo --port 443", "%sf_soap --nope", "%sf_curl x"])
def test_an_error_stops_run_all(failing: str) -> None:
    cells = ["%load_ext sfmtls_nb", "%sf_practice", "%sf_login", failing, "'not reached'"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])  # type: ignore[no-untyped-call]
    with pytest.raises(CellExecutionError):
        NotebookClient(notebook, timeout=30, kernel_name="python3").execute()
    assert notebook.cells[-1].execution_count is None


@pytest.fixture
def encrypted(kernel: Kernel) -> Kernel:
    """There is a file "my key.pem" in the practice org's folder whose passphrase is swordfish."""
    kernel.run(
        "practice = %sf_practice",
        "from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat",
        "key = practice.authority.client.leaf.key.private_bytes("
        "Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b'swordfish'))",
        "(practice.directory / 'my key.pem').write_bytes(key)",
    )
    return kernel


@pytest.mark.parametrize("quote", ["'", '"'])
def test_a_secret_of_an_encrypted_key_is_asked_for_unseen(encrypted: Kernel, quote: str) -> None:
    ran = encrypted.run(f"%sf_identity {quote}my key.pem{quote} client.crt", typed="swordfish")
    assert (ran.status, ran.prompts) == ("ok", [("Passphrase of the private key: ", True)])


def test_a_secret_of_an_encrypted_key_that_is_wrong_is_an_error(encrypted: Kernel) -> None:
    ran = encrypted.run('%sf_identity "my key.pem" client.crt', typed="shark")
    assert ran.traceback[0].startswith("PassphraseError: the passphrase does not open")


def test_a_secret_of_an_encrypted_key_does_not_show(encrypted: Kernel) -> None:
    assert "swordfish" not in encrypted.run('%sf_identity "my key.pem" client.crt', typed="swordfish").shown


def test_a_secret_of_an_open_key_is_not_asked_for(encrypted: Kernel) -> None:
    assert encrypted.run(f"%sf_identity {CHAIN}", typed="").prompts == []


@pytest.mark.parametrize("typed", ["enforce", "Enforced@practice.example", "enforced@practise.example"])
def test_a_secret_of_a_user_that_the_practice_org_has_not_is_not_asked_for(kernel: Kernel, typed: str) -> None:
    ran = kernel.run("%sf_practice", f"%sf_login {typed}", typed="wrong")
    assert [] == ran.prompts
    expected = [f"PracticeError: the practice org has no user {typed}", "  next: did you mean enforced?"]
    assert expected == [ran.traceback[0], ran.traceback[-1]]


def test_a_secret_of_a_real_org_is_asked_for_unseen_and_the_name_is_not(kernel: Kernel) -> None:
    ran = kernel.run("%sf_org acme", "%sf_login", typed="me@example.com")
    assert ran.prompts == [("Username: ", False), ("Password (and security token): ", True)]


@pytest.mark.parametrize(
    ("line", "typed"),
    [
        ("--way client-credentials --consumer-key 3MVG9other", "consumer-s3cret-4711"),
        ("--way session", "s3ssion-of-mine-4711"),
        ("--way web --paste", "http://localhost:1717/OauthRedirect?code=aPrx-s3cret-4711&state=other"),
        ("--way jwt --key encrypted.key", "passphrase-s3cret-4711"),
    ],
)
def test_a_secret_that_was_typed_and_refused_is_shown_by_nothing(
    encrypted_jwt_key: Kernel, line: str, typed: str
) -> None:
    cells = ("%xmode Verbose", f"%sf_login {line}", "%sf_rest limits", "%xmode Context", "%history")
    ran = [encrypted_jwt_key.run(cell, typed=typed) for cell in cells]
    assert ran[1].prompts[0][1]
    assert "error" in (ran[1].status, ran[2].status)
    assert [each for each in ran if typed in each.shown or "s3cret-4711" in each.shown] == []


def test_a_secret_is_asked_for_in_the_notebook_also_where_the_profile_loads_the_extension() -> None:
    for kernel in started("--InteractiveShellApp.extensions=['sfmtls_nb']"):
        ran = kernel.run("%sf_org acme", "%sf_login me@acme.example", typed="")
        assert ran.prompts == [("Password (and security token): ", True)]


def test_loading_the_extension_twice_is_harmless(signed_in: Kernel) -> None:
    assert signed_in.run("%load_ext sfmtls_nb", "%sf_soap getUserInfo").status == "ok"
