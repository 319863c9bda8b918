"""The course: every exercise fails before its work is done and passes after; progress, hints, glossary; words and links."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import nbformat
import pandas as pd
import pytest
from course_work import missing, opened, signed_in
from nbclient import NotebookClient

from sfmtls_nb.certificates import ClientIdentity, new_key_and_csr
from sfmtls_nb.errors import CertificatePageError, MutualAuthenticationFault, SfmtlsError
from sfmtls_nb.notebook.course import course as courses
from sfmtls_nb.notebook.course.course import (
    LESSONS,
    Course,
    Lesson,
    lesson_named,
    note_done,
    read_progress,
)
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.notebook.course.glossary import GLOSSARY, looked_up
from sfmtls_nb.notebook.course.view import checked_text, standing_text
from sfmtls_nb.notebook.forms.setup_panel import SetupPanel
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.profiles import Profile

pytest_plugins = ["course_fixtures"]

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

NOW = datetime.now(UTC)

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
def test_the_work_an_org_may_be_set_up_with_the_panel(workspace: Workspace) -> None:
    course, practice = opened(workspace, "your_own_org"), workspace.running_practice()
    practice.state.start_over()
    panel = SetupPanel(practice)
    panel.support.click()
    leaf = practice.client.leaf.read_bytes()
    panel.upload.value = [{"name": "u.crt", "type": "", "size": len(leaf), "content": leaf, "last_modified": NOW}]
    panel.clone.click()
    panel.enforce.value = True
    panel.assign.click()
    assert course.check(1, {}).passed


@pytest.mark.usefixtures("progress")
def test_the_work_an_org_that_was_ready_made_is_not_set_up_by_the_learner(workspace: Workspace) -> None:
    assert "start_over()" in missing(opened(workspace, "your_own_org").check(1, {}))


@pytest.mark.usefixtures("progress")
def test_the_work_an_org_where_everybody_is_enforced_is_not_set_up(workspace: Workspace) -> None:
    course, practice = opened(workspace, "your_own_org"), workspace.running_practice()
    practice.state.start_over()
    practice.state.ask_support()
    practice.state.upload_certificate(practice.client.leaf.read_bytes())
    practice.state.users[0].profile.enforced = True
    assert "others are enforced too" in missing(course.check(1, {}))


@pytest.mark.usefixtures("progress")
def test_the_work_a_call_from_before_the_org_was_set_up_proves_nothing(workspace: Workspace) -> None:
    course, practice = opened(workspace, "your_own_org"), workspace.running_practice()
    enforced = practice.state.users[0].profile
    enforced.enforced = False
    with signed_in(workspace) as session:
        session.get_user_info()
        session.soap("getUserInfo", certificate=False)
        enforced.enforced = True
        with pytest.raises(CertificatePageError):
            session.soap("getUserInfo", certificate=False)
        with pytest.raises(MutualAuthenticationFault):
            session.soap("getUserInfo", port=443)
        assert [True, False, True, True] == [point.done for point in course.check(2, {}).points]
        session.get_user_info()
    assert course.check(2, {}).passed


@pytest.mark.usefixtures("progress")
def test_the_work_a_profile_may_be_written_by_hand(workspace: Workspace, tmp_path: Path) -> None:
    course = opened(workspace, "your_own_org")
    (tmp_path / "me.pem").write_bytes(workspace.running_practice().client.fullcert.read_bytes())
    lines = ("[prod]", 'my_domain = "Acme"', 'username = "me@acme.example"', 'identity = ["me.pem"]')
    (tmp_path / "profiles.toml").write_text("\n".join(lines))
    assert course.check(3, {}).passed
    assert "its certificate is in me.pem" in checked_text(course.check(3, {}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(("file", "said"), [("client.key", "certificate"), ("leaf.pem", "the intermediates")])
def test_the_work_a_profile_of_which_files_are_missing_is_told_which(
    workspace: Workspace, tmp_path: Path, file: str, said: str
) -> None:
    client = workspace.running_practice().client
    (tmp_path / "client.key").write_bytes(client.key.read_bytes())
    (tmp_path / "leaf.pem").write_bytes(client.key.read_bytes() + client.leaf.read_bytes())
    lines = ("[prod]", 'my_domain = "acme"', 'username = "me@acme.example"', f'identity = ["{file}"]')
    (tmp_path / "profiles.toml").write_text("\n".join(lines))
    assert said in missing(opened(workspace, "your_own_org").check(3, {}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("[prod", "cannot be read"),
        ('[prod]\nmy_domain = "acme"\npassword = "x"', "holds no secret"),
        ('[other]\nmy_domain = "acme"', "there are: other"),
        ('[prod]\nmy_domain = "acme"\nsandbox = "uat"', "another org"),
        ('[prod]\nlogin_url = "https://acme.my.salesforce.com:8443"', "another org"),
        ('[prod]\nmy_domain = "acme"\nidentity = ["lost.pem"]', "these files are not there"),
    ],
)
def test_the_work_another_profile_is_told_what_is_wrong_with_it(
    workspace: Workspace, tmp_path: Path, lines: str, said: str
) -> None:
    (tmp_path / "profiles.toml").write_text(lines)
    assert said in missing(opened(workspace, "your_own_org").check(3, {}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize(
    ("alarm", "said"),
    [
        (lambda identity: identity.findings(), "for a good identity it rings"),
        (lambda identity: [], "for one that expires in ten days it keeps quiet"),
        (lambda identity: pd.DataFrame(), "for one that expires in ten days it keeps quiet"),
        (lambda identity: iter(()), "for one that expires in ten days it keeps quiet"),
        (lambda identity: iter(identity.findings()), "for a good identity it rings"),
        (lambda identity: identity.nonsense, "it fails: AttributeError"),
        (list, "it fails: TypeError"),
        (1, "no function alarm"),
    ],
)
def test_the_work_another_alarm_is_told_what_is_wrong_with_it(workspace: Workspace, alarm: object, said: str) -> None:
    assert said in missing(opened(workspace, "your_own_org").check(4, {"alarm": alarm}))


@pytest.mark.usefixtures("progress")
@pytest.mark.parametrize("of", [list, iter, tuple, pd.Series])
def test_the_work_an_alarm_may_return_what_it_found_in_whatever_it_likes(
    workspace: Workspace, of: Callable[[list[object]], object]
) -> None:
    def alarm(identity: ClientIdentity) -> object:
        return of([finding for finding in identity.findings() if finding.severity != "note"])

    assert opened(workspace, "your_own_org").check(4, {"alarm": alarm}).passed


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
