"""Every lesson: committed clean, runs from top to bottom on a machine without a network, and shows no secret."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat
import pytest
from nbclient import NotebookClient
from notebook_secrets import ASK_FOR_SECRETS

from sfmtls_nb.scrub import scrub_notebook

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("**/*.ipynb"))
# Those that run on an org of one's own, by changing their first cell.
ANYWHERE = [path for path in NOTEBOOKS if path.stem in ("01_the_basics", "05_tables")]
COMMAND = str(Path(sysconfig.get_path("scripts"), "sfmtls-nb"))
# A session id; masked, it ends after its exclamation mark.
SESSION_ID = re.compile(r"00D\w{12}![^•\\]")
# By lesson.
SHOWN = {
    "00_start_here": [
        ">enforced@practice.example</userName>",
        "your certificate was sent, proven, and accepted",
        "mutual TLS: TLS in which the client proves who it is",
        "08 Your own org",
        "Exercise 2: keep a result: not yet",
        "${SF_SESSION_ID}",
        "stopped",
    ],
    "01_the_basics": [
        "00D5f000000PRAC!••••",
        "${SF_PASSWORD}",
        "Practice Client Issuing CA",
        "<userName>enforced@practice.example</userName>",
        "the page says: No client certificate provided.",
        "a certificate was asked for and not sent",
        "the org answered MUTUAL_AUTHENTICATION_FAILED",
        "a certificate was not asked for",
        "${SF_SESSION_ID}",
        "Exercise 3: keep a failure: not yet",
    ],
    "02_certificates": [
        "CN=demo.practice.example,O=Acme",
        "the page says: unsuitable certificate purpose",
        ": 9 days",
        "the org answered MUTUAL_AUTHENTICATION_FAILED",
        "in my file",
        ">enforced@practice.example</userName>",
        "Exercise 3: upload yours, and call with it: not yet",
    ],
    "03_the_handshake": [
        "your certificate was sent, proven, and accepted",
        "names no authorities: from any",
        "TLS 1.2, TLS_ECDHE_ECDSA",
        "a certificate was not asked for",
        "a certificate was asked for and not sent; the org went on without it",
        "your certificate was sent, and refused: expired (certificate_expired)",
        "taken by TLS, and then refused: certificate has expired",
        "Exercise 3: what can be overheard: not yet",
    ],
    "04_when_it_fails": [
        "read on: failures/root-not-accepted",
        "read on: failures/intermediate-missing",
        "read on: failures/session-on-443",
        "read on: failures/not-uploaded",
        "read on: failures/server-auth-only",
        "title: Down for maintenance",
        "begin with: a call on 8443",
        "which failure is it?",
        "Exercise 3: an incident, diagnosed: not yet",
    ],
    "05_tables": [
        "the others have 123567 employees",
        "record 200 of 400 came with query\\n",
        "record 201 of 400 came with queryMore",
        "the same values: True\\nthe same types: True",
        "Exercise 3: what is on its way: not yet",
    ],
    "06_large_results": [
        "by REST: 10,000 records, and a Bulk job is for 50,000 or more",
        "by a Bulk job: 60,000 records, and REST is for fewer than 50,000",
        "fetching: 60,000 of 60,000 records",
        "npartitions=6",
        "stopped",
        "Aborted",
        "QUERY_TIMEOUT",
        "0,000 of the 60,000 records of the Bulk job",
        "Exercise 3: which industry buys: not yet",
    ],
    "07_signing_in_without_a_password": [
        "SOAP API login() is disabled by default in this org",
        "invalid_grant: invalid assertion",
        "user is not admin approved to access this app",
        "JWT bearer, as enforced@practice.example",
        "${SF_JWT}",
        "INVALID_SESSION_ID",
        "POST revoke",
        ">standard@practice.example</userName>",
        'jwt_key = \\"jwt.key\\"',
        "code_challenge_method",
        "SignInForm",
        "audience is invalid",
        "this app wants a client certificate",
        "Exercise 2: in by the browser: not yet",
        "stopped",
    ],
    "08_your_own_org": [
        "begin with: the leaf is uploaded in Setup",
        ">enforced@practice.example</userName>",
        "SetupPanel",
        "Exercise 1: set the org up: not yet",
        "6. remove the old one: done",
        "expires-soon",
        "'Remaining':",
        "newman run",
        "${SF_SESSION_ID}",
        "stopped",
    ],
}


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def run(notebook: Any, folder: Path) -> None:
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources=resources).execute()


def code_of(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


class Executed(NamedTuple):
    """A notebook after Run All, its widget state included, and the secrets that were in its kernel."""

    name: str
    notebook: Any
    secrets: list[str]

    @property
    def outputs(self) -> list[Any]:
        return [output for cell in self.notebook.cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module", params=NOTEBOOKS, ids=lambda path: path.stem)
def executed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Executed:
    notebook = read(request.param)
    notebook.cells.append(nbformat.v4.new_code_cell(ASK_FOR_SECRETS))  # type: ignore[no-untyped-call]
    folder = tmp_path_factory.mktemp("cold")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFMTLS_NB_PROGRESS", str(folder / "progress"))
        run(notebook, folder)
    answer = notebook.cells.pop().outputs[0].text
    return Executed(request.param.stem, notebook, json.loads(answer))


def test_there_are_notebooks() -> None:
    assert [path.stem for path in NOTEBOOKS][:2] == ["00_start_here", "01_the_basics"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_is_valid(path: Path) -> None:
    nbformat.validate(read(path))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_has_no_outputs(path: Path) -> None:
    assert [cell.id for cell in read(path).cells if cell.get("outputs")] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_has_no_execution_counts(path: Path) -> None:
    assert [cell.id for cell in read(path).cells if cell.get("execution_count") is not None] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_has_no_metadata_but_its_kernel_and_language(path: Path) -> None:
    assert set(read(path).metadata) <= {"kernelspec", "language_info"}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_has_no_metadata_of_an_execution_in_its_cells(path: Path) -> None:
    assert [cell.id for cell in read(path).cells if "execution" in cell.metadata] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_runs_on_the_kernel_that_everyone_has(path: Path) -> None:
    assert read(path).metadata.kernelspec.name == "python3"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_holds_no_secret(path: Path) -> None:
    assert scrub_notebook(path.read_text(encoding="utf-8"))[1] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_committed_notebook_ends_with_a_line_break_as_text_files_do(path: Path) -> None:
    assert path.read_bytes().endswith(b"}\n")


def test_an_executed_notebook_has_run_to_its_last_cell(executed: Executed) -> None:
    code = code_of(executed.notebook)
    assert [number for number, _ in enumerate(code, 1)] == [cell.execution_count for cell in code]


def test_an_executed_notebook_shows_something(executed: Executed) -> None:
    assert executed.outputs


def test_an_executed_notebook_shows_no_error_and_no_warning(executed: Executed) -> None:
    complaints = [out for out in executed.outputs if out.output_type == "error" or out.get("name") == "stderr"]
    assert complaints == []


def test_an_executed_notebook_had_secrets_to_hide(executed: Executed) -> None:
    assert executed.secrets


def test_an_executed_notebook_holds_no_secret(executed: Executed) -> None:
    text = json.dumps(executed.notebook)
    assert [secret for secret in [*executed.secrets, "PRIVATE KEY-"] if secret in text] == []


def test_an_executed_notebook_holds_no_session_id(executed: Executed) -> None:
    assert SESSION_ID.findall(json.dumps(executed.notebook, ensure_ascii=False)) == []


def test_an_executed_notebook_has_a_plain_text_of_all_it_shows(executed: Executed) -> None:
    data = [output.data for output in executed.outputs if "data" in output]
    assert [shown for shown in data if "text/plain" not in shown] == []


def test_an_executed_notebook_says_of_each_exercise_that_it_is_not_done_yet(executed: Executed) -> None:
    checks = [cell for cell in executed.notebook.cells if re.fullmatch(r"check-\d+", cell.id)]
    heads = [cell.outputs[0].data["text/plain"].partition("\n")[0] for cell in checks]
    assert [": not yet"] * len(checks) == [head[head.rindex(":") :] for head in heads]


def test_an_executed_notebook_shows_what_its_lesson_is_about(executed: Executed) -> None:
    shown = json.dumps(executed.outputs, ensure_ascii=False)
    assert [words for words in SHOWN.get(executed.name, []) if words not in shown] == []


@pytest.fixture(scope="module")
def another_org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What org.json says of an org in another process, with other data, that stands in for somebody's own."""
    folder = tmp_path_factory.mktemp("another")
    arguments = ("practice", "--dir", str(folder), "--seed", "7", "--records", "150")
    with subprocess.Popen(
        [COMMAND, *arguments], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            while process.stdout.readline() not in ("}\n", ""):
                pass
            yield json.loads((folder / "org.json").read_text())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


@pytest.fixture(scope="module", params=ANYWHERE, ids=lambda path: path.stem)
def elsewhere(
    request: pytest.FixtureRequest, another_org: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> Executed:
    """A lesson after Run All on that org: nothing is changed but the first cell. What is asked for is answered."""
    folder = tmp_path_factory.mktemp("elsewhere")
    user, client = another_org["users"][0], another_org["client"]
    org = (f'login_url = "{another_org["login_url"]}"', f"mutual_port = {another_org['mutual_url'].rpartition(':')[2]}")
    said = ("[acme]", *org, f'ca_file = "{another_org["ca_file"]}"', f'username = "{user["username"]}"')
    (folder / "profiles.toml").write_text("\n".join(said))
    (folder / "password").write_text(user["password"])
    files = " ".join([client["key"], client["leaf"], *client["intermediates"]])

    notebook = read(request.param)
    # A kernel takes its own getpass anew for each cell.
    typed = "import getpass, pathlib; getpass.getpass = lambda *_: pathlib.Path('password').read_text()"
    cells = code_of(notebook)
    for cell in cells:
        cell.source = f"{typed}\n{cell.source}" if cell.source.startswith("%sf_login") else cell.source
    first = cells[0].source.replace("%sf_org practice ", "%sf_org acme ")
    cells[0].source = re.sub('^files = ".*"$', f'files = "{files}"', first, flags=re.MULTILINE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SFMTLS_NB_PROFILES", str(folder / "profiles.toml"))
        run(notebook, folder)
    return Executed(request.param.stem, notebook, [user["password"]])


def test_on_another_org_runs_to_its_last_cell_without_a_complaint(elsewhere: Executed) -> None:
    complaints = [out for out in elsewhere.outputs if out.output_type == "error" or out.get("name") == "stderr"]
    assert ([], True) == (complaints, code_of(elsewhere.notebook)[-1].execution_count is not None)


def test_on_another_org_goes_there_and_starts_no_practice_org(elsewhere: Executed, another_org: dict[str, Any]) -> None:
    shown = json.dumps(elsewhere.outputs)
    ports = set(re.findall(r"localhost:(\d+)", shown))
    there = {another_org[door].rpartition(":")[2] for door in ("login_url", "mutual_url")}
    assert (True, there) == (ports <= there, ports | there)
    assert another_org["mutual_url"] in shown


def test_on_another_org_says_of_each_exercise_where_it_is_checked(elsewhere: Executed) -> None:
    checks = [cell.outputs[0].data["text/plain"] for cell in code_of(elsewhere.notebook) if "%sf_check" in cell.source]
    assert checks
    assert [text for text in checks if "not yet" not in text] == []


def test_on_another_org_shows_no_secret(elsewhere: Executed) -> None:
    text = json.dumps(elsewhere.notebook, ensure_ascii=False)
    assert [secret for secret in [*elsewhere.secrets, "PRIVATE KEY-"] if secret in text] == []
    assert SESSION_ID.findall(text) == []


def test_the_lessons_that_run_on_ones_own_org_and_no_others_say_so() -> None:
    firsts = {path: code_of(read(path))[0].source for path in NOTEBOOKS}
    assert [path for path, first in firsts.items() if "# your own org: %sf_org acme" in first] == ANYWHERE
    assert [path for path, first in firsts.items() if "# this lesson stays here" not in first] == ANYWHERE


@pytest.mark.parametrize("executed", ANYWHERE[:1], indirect=True, ids=lambda path: path.stem)
def test_the_command_that_the_basics_runs_is_answered_by_the_org(executed: Executed) -> None:
    cell = next(cell for cell in executed.notebook.cells if cell.id == "call-curl-try-run")
    (output,) = cell.outputs
    assert "<userName>enforced@practice.example</userName>" in output.text


@pytest.mark.parametrize("missing", ["curl", "xmllint", "sh"])
def test_the_command_that_the_basics_runs_says_what_is_missing_and_fails_nowhere(
    missing: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cell = next(cell for cell in read(ANYWHERE[0]).cells if cell.id == "call-curl-try-run")
    monkeypatch.setattr("shutil.which", lambda program: None if program == missing else program)
    exec(cell.source, {})  # noqa: S102  # it is the lesson's own cell
    assert capsys.readouterr().out == f"not on this machine: {missing}\n"
