"""The course: every exercise fails before its work is done and passes after; progress, hints, glossary; words and links."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nbformat
import pandas as pd
import pytest
from course_work import missing, opened, signed_in

from sfmtls_nb.certificates import ClientIdentity, new_key_and_csr
from sfmtls_nb.errors import SfmtlsError
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
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.org import Org
from sfmtls_nb.profiles import Profile

pytest_plugins = ["course_fixtures"]

FOLDER = Path(__file__).parents[2] / "notebooks"
CODE = re.compile(r"```.*?```|`[^`]*`|^ {4}[^\n]*$", re.DOTALL | re.MULTILINE)
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|<a [^>]*href=\"([^\"]+)\"")
#: Where primary sources and the tools that are shown live. Nothing is fetched.
HOSTS = {
    "arrow.apache.org",
    "blog.superpat.com",
    "curl.se",
    "developer.salesforce.com",
    "docs.dask.org",
    "docs.openssl.org",
    "docs.pola.rs",
    "docs.python.org",
    "duckdb.org",
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


@pytest.mark.parametrize("lesson", [lesson_named(name) for name in ("00", "01", "08")], ids=lambda lesson: lesson.name)
def test_a_lesson_of_the_whole_way_offers_the_guide_and_shows_curl(lesson: Lesson) -> None:
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


@pytest.mark.usefixtures("progress")
def test_the_work_a_column_is_no_name(workspace: Workspace) -> None:
    """Of which pandas says that it is neither true nor false, when it is compared."""
    column = pd.Series(["Shipment__c"])
    assert "it is Series" in missing(opened(workspace, "tables").check(1, {"own": column}))
    assert not opened(workspace, "when_it_fails").check(1, {"diagnosis": {"a": column}}).passed
    assert not opened(workspace, "certificates").check(2, {"verdict": {"a": column}}).passed


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
