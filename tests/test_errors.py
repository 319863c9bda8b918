"""Errors: one hierarchy, drawn at the head of its file; each says what, evidence and next step, and no session id."""

from __future__ import annotations

import inspect
import pickle
import re
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sfmtls_nb import errors
from sfmtls_nb.errors import ApiFault, CertificatePageError, SfmtlsError, SoapFault

CLASSES = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, Exception)]
EVERY_CLASS = pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
ORGANIZATION = "00D36000000bLGT"


def drawn_tree() -> dict[str, str]:
    """Class -> parent, as the tree at the head of errors.py draws it."""
    parents: dict[str, str] = {}
    above: dict[int, str] = {}
    for found in re.finditer(
        r"^(?P<indent>[ │├└─]+)(?P<name>\w+(?:Error|Fault|Timeout))\b", errors.__doc__ or "", re.MULTILINE
    ):
        depth = len(found["indent"]) // 4
        above[depth] = found["name"]
        parents[found["name"]] = above.get(depth - 1, "Exception")
    return parents


def test_the_tree_at_the_head_of_the_file_is_the_hierarchy() -> None:
    assert drawn_tree() == {kind.__name__: kind.__mro__[1].__name__ for kind in CLASSES}


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (SfmtlsError("it broke"), "it broke"),
        (SfmtlsError("it broke", "a shard"), "it broke\n  evidence: a shard"),
        (SfmtlsError("it broke", next_step="mend it"), "it broke\n  next: mend it"),
        (SfmtlsError("it broke", "a shard", "mend it"), "it broke\n  evidence: a shard\n  next: mend it"),
    ],
)
def test_an_error_shows_what_it_has_and_no_empty_line(error: SfmtlsError, text: str) -> None:
    assert text == str(error)


@EVERY_CLASS
def test_an_error_made_before_anything_was_sent_has_no_exchange(kind: type[SfmtlsError]) -> None:
    assert kind("it broke").exchange is None


@pytest.mark.parametrize("kind", [errors.LoginFault, errors.MutualAuthenticationFault, errors.SessionFault])
@pytest.mark.parametrize("api", [errors.SoapFault, errors.RestFault])
def test_a_fault_that_names_a_cause_can_be_caught_as_that_of_either_api(
    kind: type[ApiFault], api: type[ApiFault]
) -> None:
    with pytest.raises(api):
        raise kind("no")


@pytest.mark.parametrize(
    ("kind", "other"), [(errors.SoapFault, errors.RestFault), (errors.RestFault, errors.SoapFault)]
)
def test_any_other_fault_is_that_of_its_own_api_alone(kind: type[ApiFault], other: type[ApiFault]) -> None:
    assert (True, False) == (issubclass(kind, ApiFault), issubclass(kind, other))


@EVERY_CLASS
def test_an_error_survives_the_way_back_from_a_worker_process(kind: type[SfmtlsError]) -> None:
    error = kind("it broke", "a shard", "mend it")
    back = pickle.loads(pickle.dumps(error))  # noqa: S301  # made one line above
    assert (type(error), vars(error), str(error)) == (type(back), vars(back), str(back))


def test_a_fault_keeps_the_words_of_the_org() -> None:
    fault = SoapFault("no", code="INVALID_LOGIN", message="Invalid username")
    assert (fault.code, fault.message) == ("INVALID_LOGIN", "Invalid username")


@pytest.mark.parametrize("part", ["what", "evidence", "next_step"])
@EVERY_CLASS
def test_no_error_shows_a_session_id_that_the_org_quoted(kind: type[SfmtlsError], part: str) -> None:
    parts = {"what": "it broke", part: f"missing session key: {ORGANIZATION}!ARUAQJnTi.DbdgKQ_5X"}
    shown = "".join(traceback.format_exception(kind(**parts)))
    assert (f"{ORGANIZATION}!••••" in shown, "ARUAQJ" in shown) == (True, False)


@pytest.mark.parametrize(
    "shown",
    [
        SoapFault("no", message=f"key {ORGANIZATION}!ARUAQJ").message,
        CertificatePageError("no", reason=f"key {ORGANIZATION}!ARUAQJ").reason,
    ],
)
def test_the_words_of_the_org_are_kept_without_the_session_id(shown: str) -> None:
    assert f"key {ORGANIZATION}!••••" == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\rb\x07\x9bc\x7f", "a\\rb\\x07\\x9bc\\x7f"),
        ("gpj.\u202eexe", "gpj.\\u202eexe"),
        ("\u2066a\u2069", "\\u2066a\\u2069"),
        ("\ud800", "\\ud800"),
        ("two\nlines\tand 日本 ü 👍", "two\nlines\tand 日本 ü 👍"),
    ],
)
def test_what_a_terminal_would_obey_is_shown_instead(text: str, shown: str) -> None:
    error, fault = SfmtlsError(text, text, text), SoapFault("no", code=text, message=text)
    page = CertificatePageError("no", reason=text)
    assert {shown} == {error.what, error.evidence, error.next_step, fault.code, fault.message, page.reason}
    assert str(error).startswith(shown)
    str(error).encode()


@EVERY_CLASS
def test_what_nobody_would_read_to_its_end_is_left_out_of_a_message(kind: type[SfmtlsError]) -> None:
    long = f"it begins{'x' * 1_000_000}and ends"
    error = kind(long, long, long)
    assert 13_000 > len(str(error))
    assert ("it begins", "and ends", True) == (error.what[:9], error.what[-8:], "996,017 characters" in error.what)
    assert str(error) == str(pickle.loads(pickle.dumps(error)))  # noqa: S301  # made above


def test_nor_is_it_kept_as_the_words_of_the_org() -> None:
    long = "x" * 1_000_000
    fault, page = SoapFault("no", code=long, message=long), CertificatePageError("no", reason=long)
    assert 5_000 > max(map(len, (fault.code, fault.message, page.reason)))


def test_a_long_text_that_can_be_read_stays_whole() -> None:
    query = f"SELECT {'Id, ' * 900}Name"
    assert query == SfmtlsError(query).what


@pytest.mark.parametrize("text", ["\x1b[2J", "\u202e", "\x9b"])
def test_nor_is_it_in_the_repr_of_an_error(text: str) -> None:
    assert text not in repr(SoapFault(text, text, text, code=text, message=text))


@given(st.text(), st.text())
def test_whatever_stands_around_a_session_id_it_is_masked(before: str, after: str) -> None:
    error = SfmtlsError(f"{before}{ORGANIZATION}!AQ.secret_part{after}")
    assert "secret_part" not in str(error)
