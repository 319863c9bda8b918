"""The course: every exercise fails before its work is done and passes after; progress, hints, glossary; words and links."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from sfmtls_nb.certificates import ClientIdentity, new_key_and_csr
from sfmtls_nb.errors import CertificatePageError, MutualAuthenticationFault, SfmtlsError
from sfmtls_nb.notebook.course import course as courses
from sfmtls_nb.notebook.course import progress as progress_module
from sfmtls_nb.notebook.course.course import (
    LESSONS,
    Checked,
    Course,
    Lesson,
    lesson_named,
    note_done,
    read_progress,
)
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.notebook.course.glossary import GLOSSARY, looked_up
from sfmtls_nb.notebook.course.view import checked_text, standing_text
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.profiles import Profile
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import PasswordLogin, login

FOLDER = Path(__file__).parents[2] / "notebooks"
BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
CODE = re.compile(r"```.*?```|`[^`]*`|^ {4}[^\n]*$", re.DOTALL | re.MULTILINE)
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|<a [^>]*href=\"([^\"]+)\"")
#: Where primary sources and the tools that are shown live. Nothing is fetched.
HOSTS = {
    "blog.superpat.com",
    "curl.se",
    "developer.salesforce.com",
    "docs.openssl.org",
    "docs.python.org",
    "googlechrome.github.io",
    "help.salesforce.com",
    "jupyterlab.readthedocs.io",
    "mybinder.org",
    "pandas.pydata.org",
    "www.openssl.org",
    "www.rfc-editor.org",
    "www.w3.org",
}

#: Every exercise: its lesson, and its number there.
EACH = [(lesson, number) for lesson in LESSONS for number, _ in enumerate(lesson.exercises, 1)]

each_lesson = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)


def read(lesson: Lesson) -> Any:
    return nbformat.read(FOLDER / lesson.file, as_version=4)  # type: ignore[no-untyped-call]


def prose(lesson: Lesson) -> str:
    """What a lesson says, without its code."""
    return CODE.sub("", "\n\n".join(cell.source for cell in read(lesson).cells if cell.cell_type == "markdown"))


def cell_of(notebook: Any, name: str) -> Any:
    return next(cell for cell in notebook.cells if cell.id == name)


def solved(lesson: Lesson) -> Any:
    """The notebook as it is when the learner has written each solution into the cell for the work."""
    notebook = read(lesson)
    for number, _ in enumerate(lesson.exercises, 1):
        blocks = BLOCK.findall(cell_of(notebook, f"solution-{number}").source)
        work = [nbformat.v4.new_code_cell(block.strip()) for block in blocks]  # type: ignore[no-untyped-call]
        at = notebook.cells.index(cell_of(notebook, f"work-{number}"))
        notebook.cells[at : at + 1] = work
    return notebook


def run(notebook: Any, folder: Path) -> Any:
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return notebook


def shown_by_checks(notebook: Any, lesson: Lesson) -> list[str]:
    """What each check says where it stands: the head of it, ``done`` or ``not yet``."""
    texts = [
        cell_of(notebook, f"check-{number}").outputs[0].data["text/plain"]
        for number, _ in enumerate(lesson.exercises, 1)
    ]
    return [text.partition("\n")[0].rpartition(": ")[2] for text in texts]


@pytest.fixture
def progress(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "kept" / "progress"
    monkeypatch.setenv("SFMTLS_NB_PROGRESS", str(folder))
    monkeypatch.setattr(progress_module, "_UNKEPT", {})
    return folder


@each_lesson
@pytest.mark.usefixtures("progress")
def test_a_lesson_before_the_work_no_exercise_passes(lesson: Lesson, tmp_path: Path) -> None:
    notebook = run(read(lesson), tmp_path)
    assert ["not yet"] * len(lesson.exercises) == shown_by_checks(notebook, lesson)
    assert {} == read_progress()


@each_lesson
@pytest.mark.usefixtures("progress")
def test_a_lesson_with_the_solutions_every_exercise_passes(lesson: Lesson, tmp_path: Path) -> None:
    notebook = run(solved(lesson), tmp_path)
    assert ["done"] * len(lesson.exercises) == shown_by_checks(notebook, lesson)
    assert {lesson.name: [number for number, _ in enumerate(lesson.exercises, 1)]} == read_progress()


@each_lesson
def test_a_lesson_is_one_sitting(lesson: Lesson) -> None:
    cells = read(lesson).cells
    words = sum(len(cell.source.split()) for cell in cells if cell.cell_type == "markdown")
    assert words <= 1_500
    assert len(cells) <= 45


@each_lesson
def test_a_lesson_has_two_to_four_exercises(lesson: Lesson) -> None:
    assert 2 <= len(lesson.exercises) <= 4


@each_lesson
def test_a_lesson_has_for_each_exercise_a_task_a_cell_a_check_and_a_folded_solution(lesson: Lesson) -> None:
    names = [cell.id for cell in read(lesson).cells]
    kinds = ("exercise", "work", "check", "solution")
    wanted = [f"{kind}-{number}" for number, _ in enumerate(lesson.exercises, 1) for kind in kinds]
    assert wanted == [name for name in names if name.partition("-")[0] in kinds and name[-1].isdigit()]
    for number, _ in enumerate(lesson.exercises, 1):
        assert cell_of(read(lesson), f"check-{number}").source == f"%sf_check {number}"
        assert cell_of(read(lesson), f"solution-{number}").source.startswith("<details><summary>Solution</summary>\n\n")
        assert cell_of(read(lesson), f"solution-{number}").source.endswith("\n\n</details>")


@each_lesson
def test_a_lesson_has_the_prose_of_its_tables_at_the_left(lesson: Lesson) -> None:
    texts = "\n".join(cell.source for cell in read(lesson).cells if cell.cell_type == "markdown")
    assert [line for line in texts.splitlines() if re.fullmatch(r"[|:-]+", line) and "|-" in line] == []


@each_lesson
def test_a_lesson_has_hints_for_each_exercise(lesson: Lesson) -> None:
    assert [exercise.title for exercise in lesson.exercises if len(exercise.hints) < 2] == []


@each_lesson
def test_a_lesson_opens_itself_on_the_practice_org_in_its_first_cell(lesson: Lesson) -> None:
    first = next(cell for cell in read(lesson).cells if cell.cell_type == "code")
    lines = [line.partition("#")[0].strip() for line in first.source.splitlines()]
    magics = [line for line in lines if line.startswith("%")]
    assert ["%load_ext sfmtls_nb", "%sf_org practice", f"%sf_lesson {lesson.name}"] == magics


@each_lesson
def test_a_lesson_offers_the_form_and_shows_curl(lesson: Lesson) -> None:
    code = [cell.source for cell in read(lesson).cells if cell.cell_type == "code"]
    assert [magic for magic in ("%sf_guide", "%sf_curl") if not any(magic in source for source in code)] == []


@each_lesson
def test_a_lesson_has_each_of_its_bold_terms_in_the_glossary(lesson: Lesson) -> None:
    unknown = []
    for term in bold_terms(lesson):
        try:
            looked_up(term)
        except SfmtlsError:
            unknown.append(term)
    assert unknown == []


@each_lesson
def test_a_lesson_links_to_files_that_are_there_and_to_known_hosts(lesson: Lesson) -> None:
    targets = [target for found in LINK.findall(prose(lesson)) for target in found if target]
    lost = [
        target
        for target in targets
        if not (
            urlsplit(target).hostname in HOSTS
            if urlsplit(target).scheme == "https"
            else (FOLDER / urlsplit(target).path).exists()
        )
    ]
    assert lost == []


@each_lesson
def test_a_lesson_links_to_a_primary_source(lesson: Lesson) -> None:
    assert any(host in prose(lesson) for host in HOSTS)


def bold_terms(lesson: Lesson) -> list[str]:
    return [" ".join(term.split()) for term in BOLD.findall(prose(lesson))]


def test_the_course_has_a_notebook_for_each_lesson_and_no_other() -> None:
    assert [lesson.file for lesson in LESSONS] == sorted(path.name for path in FOLDER.glob("*.ipynb"))


def test_the_course_defines_no_term_twice() -> None:
    terms = [next(iter(looked_up(term))) for lesson in LESSONS for term in bold_terms(lesson)]
    assert [term for term in dict.fromkeys(terms) if terms.count(term) > 1] == []


@pytest.mark.parametrize("name", ["the_basics", "01_the_basics", "01_the_basics.ipynb", "01", "1"])
def test_the_course_knows_a_lesson_by_its_name_file_or_number(name: str) -> None:
    assert lesson_named(name) is LESSONS[1]


@pytest.mark.parametrize("name", ["the_advanced", "9", "-1", "001", ""])
def test_the_course_says_which_lessons_there_are(name: str) -> None:
    with pytest.raises(SfmtlsError, match="start_here, the_basics"):
        lesson_named(name)


def test_the_course_wants_a_lesson_open_before_it_checks() -> None:
    with pytest.raises(SfmtlsError, match="no lesson is open"):
        Course(Workspace()).check(1, {})


@pytest.mark.parametrize("number", [0, -1, 99])
def test_the_course_knows_no_exercise_of_another_number(number: int) -> None:
    course = Course(Workspace())
    course.open("the_basics")
    with pytest.raises(SfmtlsError, match=f"has no exercise {number}"):
        course.check(number, {})


@pytest.mark.usefixtures("progress")
def test_the_course_an_exercise_can_be_checked_where_no_practice_org_has_been_started() -> None:
    for lesson, number in EACH:
        checked = opened(Workspace(), lesson.name).check(number, {})
        assert not checked.passed
        assert lesson.exercises[number - 1].anywhere or "and no org is chosen: run %sf_org practice" in missing(checked)
    assert {} == read_progress()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    """One that is at a practice org of its own."""
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(tmp_path / "profiles.toml"))
    workspace = Workspace()
    workspace.start_practice()
    yield workspace
    workspace.stop_practice()


def opened(workspace: Workspace, lesson: str) -> Course:
    course = Course(workspace)
    course.open(lesson)
    return course


def signed_in(workspace: Workspace, user: str = "enforced") -> Session:
    """A session in a program's way, behind the workspace's back, with the certificate."""
    practice = workspace.running_practice()
    return login(Org(**practice.endpoints), PasswordLogin(*practice.user(user)), identity_of(practice))


def identity_of(practice: PracticeOrg) -> ClientIdentity:
    return ClientIdentity.load(practice.client.key, practice.client.leaf, *practice.client.intermediates)


#: What --explode puts before the names of the shipments' columns.
CHILD = "Shipments__r."
Change = Callable[[pd.DataFrame], pd.DataFrame]


class OnItsWay(NamedTuple):
    """The shipments of all accounts, and what those weigh together that have not been delivered."""

    found: pd.DataFrame
    weigh: float


@pytest.fixture
def on_its_way(workspace: Workspace) -> OnItsWay:
    with signed_in(workspace) as session:
        found = session.query(
            "SELECT Name, (SELECT Name, Weight__c, Delivered_At__c FROM Shipments__r) FROM Account"
        ).to_frame(explode="Shipments__r")
    return OnItsWay(found, found.loc[found[f"{CHILD}Delivered_At__c"].isna(), f"{CHILD}Weight__c"].sum())


def missing(checked: Checked) -> str:
    return "\n".join(point.missing for point in checked.points if not point.done)


@pytest.mark.usefixtures("progress")
def test_the_work_a_call_of_a_program_counts(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session:
        session.soap("getServerTimestamp")
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_the_work_a_call_that_was_refused_does_not_count(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session, pytest.raises(CertificatePageError):
        session.soap("getServerTimestamp", certificate=False)
    assert not course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("armed", "operation", "how", "said"),
    [
        ("", "getServerTimestamp", {"certificate": False}, "came to 8443 without a certificate: leave --no-cert away"),
        (
            "",
            "getServerTimestamp",
            {"port": 443},
            "came to 443, where nobody asks for a certificate: leave --port away",
        ),
        ("error-500", "getServerTimestamp", {}, "came to 8443 with a certificate, and was refused: HTTP 500"),
        (
            "",
            "getUserInfo",
            {},
            "has not been asked for getServerTimestamp yet; the last call that it saw is getUserInfo",
        ),
    ],
)
def test_the_work_a_call_that_does_not_count_is_told_why(
    workspace: Workspace, armed: str, operation: str, how: dict[str, Any], said: str
) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session, suppress(SfmtlsError):
        if armed:
            workspace.running_practice().arm(armed)
        session.soap(operation, **how)
    told = missing(course.check(1, {}))
    assert said in told
    assert ("has not been asked" in told) == (operation != "getServerTimestamp")


@pytest.mark.usefixtures("progress")
def test_the_work_what_was_done_before_the_lesson_began_does_not_count(workspace: Workspace) -> None:
    with signed_in(workspace) as session:
        session.soap("getServerTimestamp")
    assert not opened(workspace, "start_here").check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_the_work_what_was_done_stays_done_when_the_first_cell_is_run_again(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session:
        session.soap("getServerTimestamp")
    course.open("the_basics")
    course.open("start_here")
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_the_work_another_term_is_not_the_one_that_was_asked_for(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    assert "this is about leaf" in missing(course.check(2, {"term": looked_up("leaf")}))


@pytest.mark.usefixtures("progress")
def test_the_work_an_address_may_be_put_together_by_hand(workspace: Workspace) -> None:
    course, session = opened(workspace, "the_basics"), signed_in(workspace)
    by_hand = session.server_url.replace(workspace.running_practice().api_url, workspace.running_practice().mutual_url)
    assert course.check(1, {"session": session, "endpoint": by_hand}).passed


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda session: session.server_url, "where your certificate is asked for: it goes to localhost"),
        (lambda session: re.sub(r":\d+", ":8443", session.server_url), "8443 is the port of a real org"),
        (lambda session: session.org.endpoint(session.server_url, 8443) + "/more", "does not go on as"),
        (lambda session: "", "no host at all"),
        (lambda session: None, "no variable endpoint"),
    ],
)
def test_the_work_another_address_is_told_what_is_wrong_with_it(
    workspace: Workspace, change: Callable[[Session], str | None], said: str
) -> None:
    course, session = opened(workspace, "the_basics"), signed_in(workspace)
    assert said in missing(course.check(1, {"session": session, "endpoint": change(session)}))


@pytest.mark.usefixtures("progress")
def test_the_work_a_host_is_the_same_in_capitals(workspace: Workspace) -> None:
    course, session = opened(workspace, "the_basics"), signed_in(workspace)
    endpoint = session.org.endpoint(session.server_url, 8443).replace("localhost", "LOCALHOST")
    assert course.check(1, {"session": session, "endpoint": endpoint}).passed


@pytest.mark.usefixtures("progress")
def test_the_work_to_have_signed_in_is_seen_before_the_call(workspace: Workspace) -> None:
    course = opened(workspace, "the_basics")
    signed_in(workspace, "standard")
    assert [True, False] == [point.done for point in course.check(2, {}).points]


@pytest.mark.usefixtures("progress")
def test_the_work_a_fault_caught_in_a_program_is_as_good_as_one_that_was_predicted(workspace: Workspace) -> None:
    course = opened(workspace, "the_basics")
    with signed_in(workspace) as session, pytest.raises(MutualAuthenticationFault) as refusal:
        session.soap("getUserInfo", port=443)
    assert course.check(3, {"refusal": refusal.value}).passed
    assert "something else: str" in missing(course.check(3, {"refusal": str(refusal.value)}))


@pytest.mark.usefixtures("progress")
def test_the_work_an_answer_in_place_of_the_fault_is_told_so(workspace: Workspace) -> None:
    course = opened(workspace, "the_basics")
    with signed_in(workspace, "standard") as session:
        reply = session.soap("getUserInfo", port=443)
    assert "the call did not fail" in missing(course.check(3, {"refusal": reply}))


@pytest.mark.usefixtures("progress")
def test_the_work_a_call_with_another_certificate_of_that_name_is_not_one_with_yours(workspace: Workspace) -> None:
    course, practice = opened(workspace, "certificates"), workspace.running_practice()
    new = new_key_and_csr("CN=you.practice.example")
    first, again = (ClientIdentity.load(new.key_pem, practice.authority.sign(new.request_pem)) for _ in range(2))
    for identity in (first, again):
        practice.state.upload_certificate(identity.certificates_pem())
    with signed_in(workspace) as session:
        session.with_identity(first).get_user_info()
    assert [True, False] == [course.check(3, {"mine": identity}).passed for identity in (first, again)]


@pytest.mark.usefixtures("progress")
def test_the_work_an_identity_that_the_lesson_gave_is_not_of_ones_own(workspace: Workspace) -> None:
    course, given = opened(workspace, "certificates"), identity_of(workspace.running_practice())
    for number in (1, 3):
        assert "take a name of your own" in missing(course.check(number, {"mine": given}))
        assert "it is int" in missing(course.check(number, {"mine": 5}))


@pytest.mark.usefixtures("progress")
def test_the_work_a_diagnosis_is_told_whether_there_is_such_a_sample(workspace: Workspace) -> None:
    course = opened(workspace, "when_it_fails")
    said = missing(course.check(1, {"diagnosis": {"a": "expired", "b": "not uploaded"}}))
    assert "a: it is not 'expired'" in said
    assert "b: 'not uploaded' is not the name of a sample" in said
    assert 'c: diagnosis["c"] is missing' in said


@pytest.mark.usefixtures("progress")
def test_the_work_a_column_is_no_name(workspace: Workspace) -> None:
    """Of which pandas says that it is neither true nor false, when it is compared."""
    column = pd.Series(["Shipment__c"])
    assert "it is Series" in missing(opened(workspace, "tables").check(1, {"own": column}))
    assert not opened(workspace, "when_it_fails").check(1, {"diagnosis": {"a": column}}).passed
    assert not opened(workspace, "certificates").check(2, {"verdict": {"a": column}}).passed


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    "change",
    [
        lambda found: found,
        lambda found: found.dropna(subset=[f"{CHILD}Name"]),
        lambda found: found.rename(columns={CHILD + name: name for name in ("Weight__c", "Delivered_At__c")}),
        lambda found: found.rename(columns={"Name": "Account"}).rename(columns=lambda name: name.removeprefix(CHILD)),
        lambda found: found.rename(columns={f"{CHILD}Name": "Shipment"})[::-1],
        lambda found: found.astype(object).assign(Id=range(len(found))),
    ],
)
def test_the_work_what_is_on_its_way_may_be_a_table_of_any_kind_with_all_shipments(
    workspace: Workspace, on_its_way: OnItsWay, change: Change
) -> None:
    course = opened(workspace, "tables")
    assert missing(course.check(3, {"shipments": change(on_its_way.found), "underway": round(on_its_way.weigh)})) == ""


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda found: found[:20], " of 94 shipments, in "),
        (lambda found: found[:0], "it has 0 of 94 shipments, in 0 rows: take those of all accounts"),
        (lambda found: pd.concat([found, found]), "it has 94 of 94 shipments, in 188 rows"),
        (lambda found: found.drop(columns="Name"), "lacks the accounts' Name; it has Shipments__r.Name"),
        (lambda found: found.rename(columns={"Name": "Id"}), "lacks the accounts' Name; it has Id"),
        (lambda found: found.drop(columns=f"{CHILD}Name"), "lacks the shipments' Name; it has Name"),
        (lambda found: found[["Name"]], "lacks the shipments' Name, Weight__c, Delivered_At__c; it has Name"),
        (lambda found: found.rename(columns=lambda name: name.removeprefix(CHILD)), "more than one column Name"),
        (
            lambda found: found.drop(columns="Name").rename(columns=lambda name: name.removeprefix(CHILD)),
            "lacks the accounts' Name; it has Name",
        ),
    ],
)
def test_the_work_another_table_of_shipments_is_told_what_it_lacks(
    workspace: Workspace, on_its_way: OnItsWay, change: Change, said: str
) -> None:
    course = opened(workspace, "tables")
    assert said in missing(course.check(3, {"shipments": change(on_its_way.found), "underway": on_its_way.weigh}))


@pytest.mark.usefixtures("progress")
def test_the_work_another_weight_is_not_what_is_on_its_way(workspace: Workspace, on_its_way: OnItsWay) -> None:
    course, given = opened(workspace, "tables"), on_its_way.weigh + 1
    said = missing(course.check(3, {"shipments": on_its_way.found, "underway": given}))
    assert f"weigh together: it is {given}" in said


@pytest.mark.usefixtures("progress")
def test_the_work_can_be_checked_after_the_practice_org_has_been_stopped(workspace: Workspace) -> None:
    workspace.stop_practice()
    for lesson, number in EACH:
        assert not opened(workspace, lesson.name).check(number, {"alarm": len, "session": None, "endpoint": ""}).passed


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("org", "named"),
    [
        (Org.my_domain("acme"), "https://acme.my.salesforce.com"),
        (Profile("prod", Org.my_domain("acme")), "prod (https://acme.my.salesforce.com)"),
    ],
    ids=["org", "profile"],
)
def test_at_another_org_an_exercise_says_where_it_is_checked(
    workspace: Workspace, org: Org | Profile, named: str
) -> None:
    workspace.go_to_profile(org) if isinstance(org, Profile) else workspace.go_to(org)
    for lesson, number in EACH:
        if not lesson.exercises[number - 1].anywhere:
            checked = opened(workspace, lesson.name).check(number, {"objects": pd.DataFrame(), "alarm": list})
            assert (
                missing(checked) == f"this is checked on the practice org, and {named} is chosen: run %sf_org practice"
            )


@pytest.mark.usefixtures("progress")
def test_at_another_org_what_was_done_counts_when_one_is_back(workspace: Workspace) -> None:
    course = opened(workspace, "start_here")
    with signed_in(workspace) as session:
        session.soap("getServerTimestamp")
    workspace.go_to(Org.my_domain("acme"))
    assert not course.check(1, {}).passed
    workspace.start_practice()
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_at_another_org_what_can_be_seen_anywhere_is_checked_there(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "profiles.toml").write_text('[prod]\nmy_domain = "other"')
    new = new_key_and_csr("CN=you.practice.example")
    mine = ClientIdentity.load(new.key_pem, workspace.running_practice().authority.sign(new.request_pem))
    session = signed_in(workspace)
    names = {"mine": mine, "session": session, "endpoint": session.org.endpoint(session.server_url, 8443)}
    workspace.go_to(Org.my_domain("acme"))
    assert opened(workspace, "start_here").check(2, {"term": looked_up("private key")}).passed
    assert opened(workspace, "the_basics").check(1, names).passed
    assert "something else: int" in missing(opened(workspace, "the_basics").check(3, {"refusal": 5}))
    assert opened(workspace, "certificates").check(1, names).passed
    assert "another org" in missing(opened(workspace, "your_own_org").check(3, {}))


SECRET = "Tr0ub4dor"  # in what the failures below say


class Unreadable:
    def __str__(self) -> str:
        raise RuntimeError(SECRET)


class Unclassed:
    @property
    def __class__(self) -> type:
        raise RuntimeError(SECRET)

    @__class__.setter
    def __class__(self, value: type) -> None: ...


class Ungettable(dict[str, str]):
    def get(self, *_: object) -> str:
        raise LookupError(SECRET)


def leaves(_: object) -> None:
    raise SystemExit(SECRET)


def interrupts(_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("lesson", "number", "names", "said"),
    [
        ("the_basics", 1, {"endpoint": "https://[x"}, "check of session, endpoint ended with ValueError"),
        ("certificates", 1, {"mine": Unclassed()}, "check of mine ended with RuntimeError"),
        ("certificates", 2, {"verdict": {"a": Unreadable()}}, "check of verdict ended with RuntimeError"),
        (
            "certificates",
            2,
            {"verdict": Ungettable(a="", b="", c="", d="")},
            "check of verdict ended with LookupError",
        ),
        (
            "tables",
            2,
            {"people": pd.DataFrame({"LastName": [["x"]], "Email": [""]})},
            "check of people ended with TypeError",
        ),
        ("your_own_org", 4, {"alarm": leaves}, "check of alarm ended with SystemExit"),
    ],
)
def test_what_cannot_be_looked_at_is_not_yet_right_and_nothing_is_told_of_what_it_holds(
    workspace: Workspace, lesson: str, number: int, names: dict[str, object], said: str
) -> None:
    checked = opened(workspace, lesson).check(number, {"session": signed_in(workspace), **names})
    assert not checked.passed
    assert (True, False) == (said in missing(checked), SECRET in checked_text(checked))


@pytest.mark.usefixtures("progress")
def test_what_cannot_be_looked_at_leaves_what_was_right_before_it_right(workspace: Workspace) -> None:
    checked = opened(workspace, "your_own_org").check(4, {"alarm": leaves})
    assert [True, False] == [point.done for point in checked.points]


@pytest.mark.usefixtures("progress")
def test_what_cannot_be_looked_at_does_not_keep_one_from_stopping_the_check(workspace: Workspace) -> None:
    with pytest.raises(KeyboardInterrupt):
        opened(workspace, "your_own_org").check(4, {"alarm": interrupts})


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(("number", "name"), [(1, "objects"), (2, "people"), (3, "shipments"), (4, "both")])
def test_what_cannot_be_looked_at_of_tables_side_by_side_it_is_said_that_they_are(
    workspace: Workspace, number: int, name: str
) -> None:
    page = pd.DataFrame({"Id": ["1"], "name": ["x"], "LastName": ["x"], "Email": ["x"]})
    course = opened(workspace, "tables")
    said = missing(course.check(number, {name: pd.concat([page, page], axis=1)}))
    assert f"{name} has more than one column Id, name, LastName, Email" in said
    assert f"{name} has more than one column" not in missing(course.check(number, {name: page}))


#: A lesson of one exercise, which is done when there is a variable ``done``.
MADE_UP = Lesson("made_up", "Made up", "nothing")


def is_done(work: Work) -> Iterator[Point]:
    yield Point("done" in work.names, "it is done", "it is not done")


@pytest.fixture
def course(monkeypatch: pytest.MonkeyPatch) -> Course:
    exercise = Exercise("do it", is_done, ("think", "look it up", "done = 1"), anywhere=True)
    monkeypatch.setattr(Lesson, "exercises", property(lambda lesson: (exercise,)))
    monkeypatch.setattr(courses, "LESSONS", (MADE_UP,))
    course = Course(Workspace())
    course.open("made_up")
    return course


@pytest.mark.usefixtures("progress")
def test_hints_are_given_only_on_asking(course: Course) -> None:
    assert course.check(1, {}).hint == ""
    assert "Stuck? %sf_check 1 --hint" in checked_text(course.check(1, {}))


@pytest.mark.usefixtures("progress")
def test_hints_go_from_a_nudge_to_all_but_the_answer_and_stay_there(course: Course) -> None:
    hints = [course.check(1, {}, hint=True).hint for _ in range(4)]
    assert ["hint 1 of 3: think", "hint 2 of 3: look it up", *["hint 3 of 3: done = 1"] * 2] == hints


@pytest.mark.usefixtures("progress")
def test_hints_begin_anew_with_the_lesson(course: Course) -> None:
    course.check(1, {}, hint=True)
    course.open("made_up")
    assert course.check(1, {}, hint=True).hint == "hint 1 of 3: think"


@pytest.mark.usefixtures("progress")
def test_hints_are_not_for_those_who_are_done(course: Course) -> None:
    assert course.check(1, {"done": 1}, hint=True).hint == ""


@pytest.mark.usefixtures("progress")
def test_progress_survives_the_notebook(course: Course) -> None:
    course.check(1, {"done": 1})
    again = Course(Workspace())
    assert again.open("made_up").done == {"made_up": [1]}


@pytest.mark.usefixtures("progress")
def test_progress_stays_when_the_exercise_is_checked_without_the_work(course: Course) -> None:
    course.check(1, {"done": 1})
    assert not course.check(1, {}).passed
    assert {"made_up": [1]} == read_progress()


@pytest.mark.usefixtures("progress")
def test_progress_is_shown_for_all_lessons() -> None:
    note_done(LESSONS[1], 1)
    lines = standing_text(Course(Workspace()).standing(everything=True)).splitlines()
    assert len(LESSONS) == len(lines)
    assert "●○○ 1 of 3 exercises done" in lines[1]


@pytest.mark.usefixtures("progress")
def test_progress_that_cannot_be_kept_is_told_and_counts_while_the_kernel_runs(
    course: Course, progress: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(progress)
    progress.write_text("a file where the folder should be")
    assert course.check(1, {"done": 1}).passed
    assert f"Your progress cannot be kept in {progress}" in capsys.readouterr().out
    assert {"made_up": [1]} == read_progress()


@pytest.mark.parametrize(
    "typed",
    ["mutual TLS", "Mutual tls", " mutual  TLS ", "mutual-TLS", "mutual-tls", "mTLS", "mutual authentication"],
)
def test_the_glossary_finds_a_term_however_it_is_written(typed: str) -> None:
    assert list(looked_up(typed)) == ["mutual TLS"]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("CA", ["certificate authority"]),
        ("CAs", ["certificate authority"]),
        ("authorities", ["certificate authority"]),
        ("certs", ["certificate"]),
        ("CN", ["common name"]),
        ("EKU", ["extended key usage"]),
        ("keys", ["private key", "public key"]),
        ("private keys", ["private key"]),
        ("leaves", ["leaf"]),
        ("findings", ["finding"]),
        ("faults", ["SOAP fault"]),
        ("APIs", ["API"]),
        ("DNS", ["DNS"]),
        ("tls", ["TLS"]),
    ],
)
def test_the_glossary_knows_short_names_and_plurals(typed: str, meant: list[str]) -> None:
    assert list(looked_up(typed)) == meant


def test_the_glossary_defines_each_term_in_a_lesson() -> None:
    defined = {name for lesson in LESSONS for term in bold_terms(lesson) for name in looked_up(term)}
    assert set(GLOSSARY) - defined == set()


def test_the_glossary_shows_all_of_it_without_a_term() -> None:
    assert looked_up("") == GLOSSARY


@pytest.mark.parametrize(("typed", "meant"), [("privat key", "private key"), ("session", "session id")])
def test_the_glossary_names_what_looks_like_an_unknown_term(typed: str, meant: str) -> None:
    with pytest.raises(SfmtlsError, match=f"terms like it: .*{meant}"):
        looked_up(typed)


def test_the_glossary_says_so_where_nothing_looks_like_it() -> None:
    with pytest.raises(SfmtlsError, match="xyzzy is not in the glossary"):
        looked_up("xyzzy")


def test_the_glossary_has_a_sentence_or_two_for_each_term() -> None:
    assert [
        term for term, meaning in GLOSSARY.items() if not (20 < len(meaning) < 400 and meaning.endswith((".", "?")))
    ] == []


def test_the_glossary_has_each_term_once() -> None:
    assert len({term.casefold() for term in GLOSSARY}) == len(GLOSSARY)
