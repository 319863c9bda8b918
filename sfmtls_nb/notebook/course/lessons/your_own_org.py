"""The exercises of “Your own org”."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from typing import Any, Final
from urllib.parse import urlsplit

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import PassphraseError, SfmtlsError
from sfmtls_nb.notebook.course.exercises import Exercise, Point, Work
from sfmtls_nb.practice.request import Listener
from sfmtls_nb.profiles import Profile, read_profiles
from sfmtls_nb.sign_in import way_named

_USER: Final = "enforced@practice.example"
#: The id of the profile that is enforced in an org nobody has started over.
_READY_MADE: Final = "00e5f00000PRAC2"


def _set_up(work: Work) -> Iterator[Point]:
    practice = work.practice
    state = practice.state
    user = state.user(_USER)
    identity = work.workspace.identity
    if user and user.profile.profile_id.startswith(_READY_MADE):
        yield Point(
            False, "", "the org is as it was handed to you, all done: make it a new one first, with start_over()"
        )
        return
    ours = [practice.authority.client.leaf.certificate, *([identity.leaf] if identity else [])]
    enforced = bool(user and user.profile.enforced)
    others = [each.username for each in state.users if each is not user and each.enforced]
    yield Point(
        state.feature_enabled,
        "Support has enabled mutual authentication",
        "Support has not been asked yet: there is no section to upload a certificate to",
    )
    yield Point(
        any(leaf in state.uploaded_leaves for leaf in ours),
        "the leaf is uploaded",
        "your leaf is not among the uploaded certificates; it is in my-identity/upload.crt",
    )
    yield Point(
        any(profile.enforced for profile in state.profiles),
        "there is a profile with Enforce SSL/TLS Mutual Authentication",
        "no profile has Enforce SSL/TLS Mutual Authentication yet; clone one, and tick it there",
    )
    yield Point(enforced, f"{_USER} has it, and is enforced", f"{_USER} does not have such a profile yet")
    if enforced:
        yield Point(
            not others,
            "and nobody else has it",
            f"others are enforced too, and have no certificate: {', '.join(others)}; Enforce belongs on a clone",
        )


def _three_calls(work: Work) -> Iterator[Point]:
    calls = work.requests(user=_USER, operation="getUserInfo")
    # What came before the last call that got through without a certificate was before the org was set up.
    open_door = [call.at for call in calls if call.status == 200 and not call.chain]
    calls = [call for call in calls if not open_door or call.at > max(open_door)]
    on_8443 = [call for call in calls if call.listener is Listener.MUTUAL and call.chain]
    good = [call for call in on_8443 if call.status == 200]
    pages = [call for call in work.requests(user=_USER, listener=Listener.MUTUAL, layer_2="page") if not call.chain]
    refused = work.requests(user=_USER, listener=Listener.API, layer_2="MUTUAL_AUTHENTICATION_FAILED")
    user = work.practice.state.user(_USER)
    yield Point(
        bool(user and user.enforced),
        f"{_USER} is enforced",
        f"{_USER} is not enforced, so no call can prove anything: exercise 1 comes first",
    )
    yield Point(
        bool(good),
        "on 8443 with the certificate: answered",
        "on 8443 with the certificate: "
        + (
            "refused; is the leaf that is uploaded the one you show?"
            if on_8443
            else "not called since the org is set up"
        ),
    )
    yield Point(
        bool(pages),
        "on 8443 without it: the page",
        "on 8443 without it: the page has not been seen yet",
    )
    yield Point(
        bool(refused),
        "on 443: MUTUAL_AUTHENTICATION_FAILED",
        "on 443: the fault MUTUAL_AUTHENTICATION_FAILED has not been seen yet",
    )


def _a_profile(_: Work) -> Iterator[Point]:
    try:
        profiles = read_profiles()
        prod = profiles.get("prod")
    except SfmtlsError as error:
        yield Point(False, "", f"the profiles cannot be read: {error.what} ({error.evidence}); {error.next_step}")
        return
    yield Point(prod is not None, "there is a profile prod", f"no profile prod yet; there are: {_names(profiles)}")
    if prod is None:
        return
    where = prod.org.login_url
    host, port = urlsplit(where).hostname, urlsplit(where).port  # in a URL, a host is the same in capitals
    yield Point(
        host == "acme.my.salesforce.com" and port in (None, 443),
        f"it goes to {where}",
        f"it goes to {where}, which is another org",
    )
    yield Point(bool(prod.username), f"{prod.username} signs in there", "it does not say yet who signs in there")
    yield _way_in(prod)
    missing = [str(file) for file in prod.identity if not file.exists()]
    yield Point(
        bool(prod.identity) and not missing,
        f"its certificate is in {', '.join(file.name for file in prod.identity)}",
        f"these files are not there: {', '.join(missing)}" if missing else "it names no files of a certificate yet",
    )
    if prod.identity and not missing:
        wrong = _wrong_with(prod)
        yield Point(
            not wrong, "they hold key, leaf and intermediates", f"the files are not all that is needed: {wrong}"
        )


def _way_in(profile: Profile) -> Point:
    way = way_named(profile.sign_in)
    said = {"consumer_key": profile.consumer_key, "key": profile.jwt_key}
    lacking = [field.label for field in way.fields if not field.optional and not said.get(field.name, "elsewhere")]
    missing = f"of its way in, {way.title}, it lacks: {', '.join(lacking)}"
    if way.name == "password":
        missing = "it signs in by username and password, and login() ends: say sign_in, and what that way wants"
    return Point(way.name != "password" and not lacking, f"its way in stays: {way.title}", missing)


def _wrong_with(profile: Profile) -> str:
    """The fault that keeps its files from being an identity to send; "" if none can be seen."""
    try:
        identity = ClientIdentity.load(*profile.identity)
    except PassphraseError:
        return ""  # The key is encrypted, and nobody is asked here.
    except SfmtlsError as error:
        return error.what
    return "" if identity.intermediates else "the intermediates are not among them"


def _names(profiles: Mapping[str, Profile]) -> str:
    return ", ".join(profiles) or "none"


def _an_alarm(work: Work) -> Iterator[Point]:
    alarm = work.value("alarm")
    yield Point(callable(alarm), "alarm is a function", "there is no function alarm yet")
    if not callable(alarm):
        return
    cases = (
        ("good", False, "a good identity", "keeps quiet", "rings"),
        ("expires-soon", True, "one that expires in ten days", "rings", "keeps quiet"),
        ("root-included", False, "one with a mere note (its root is among the files)", "keeps quiet", "rings"),
    )
    for name, rings, what, right, wrong in cases:
        came, said = _called(alarm, ClientIdentity.load(*work.practice.identity(name).all))
        yield Point(not came and said is rings, f"for {what} it {right}", f"for {what} it {came or wrong}")


def _called(alarm: Callable[[ClientIdentity], Any], identity: ClientIdentity) -> tuple[str, bool]:
    """Call the alarm: the error in words, or ""; and True if it rang."""
    try:
        said = alarm(identity)
        if isinstance(said, Sized):  # a table has a length, and is neither true nor false
            return "", len(said) > 0
        # A generator is true, whether or not anything comes out of it.
        return "", any(True for _ in said) if isinstance(said, Iterable) else bool(said)
    except Exception as error:  # noqa: BLE001  # it is the learner's own function
        return f"fails: {type(error).__name__}: {error}", False


EXERCISES: Final = (
    Exercise(
        "set the org up",
        _set_up,
        (
            "Go through the panel from top to bottom: each line says whether it is done.",
            "Clone the profile, choose the clone, tick Enforce on it, and only then assign it to the user.",
            "In Python: practice.state.ask_support(), .upload_certificate(pem), .clone_profile(name, new_name); then set "
            "enforced on the clone, and make it the profile of practice.state.user(username).",
        ),
    ),
    Exercise(
        "three calls that prove it",
        _three_calls,
        (
            "They are the calls of lesson 01: the one that works, and its two failures.",
            "%sf_soap getUserInfo takes --no-cert and --port 443.",
            "%sf_soap getUserInfo, %sf_soap getUserInfo --no-cert --expect page, and %sf_soap getUserInfo "
            "--port 443 --expect MUTUAL_AUTHENTICATION_FAILED",
        ),
    ),
    Exercise(
        "a profile for production",
        _a_profile,
        (
            "Section 5 of lesson 07 has one; there it is of the practice org.",
            "Profile takes a name, an Org, a username and a tuple of files; Org.my_domain makes the Org; sign_in names the way.",
            'save_profile(Profile("prod", Org.my_domain("acme"), "me@acme.example", (practice.client.key, practice.client.leaf, '
            '*practice.client.intermediates), sign_in="client-credentials", consumer_key="3MVG9…", secret_from="env:SF_SECRET"))',
        ),
        anywhere=True,
    ),
    Exercise(
        "an alarm",
        _an_alarm,
        (
            "identity.findings() has them all; which of them would you want to be woken for?",
            'Each finding has a severity: "error", "warning" or "note".',
            'return [finding for finding in identity.findings() if finding.severity != "note"]',
        ),
    ),
)
