"""Setup: what an administrator sees in the org of an incident: facts, and no opinion of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from cryptography import x509

from sfmtls_nb.certificates import common_name, name_words
from sfmtls_nb.practice import ExternalClientApp, PracticeOrg
from sfmtls_nb.practice.state import OrgState, User, UserProfile

Rows = Sequence[tuple[str, str]]


class Section(NamedTuple):
    """A page of Setup, and what stands there."""

    title: str
    rows: Rows


def sections_of(practice: PracticeOrg) -> tuple[Section, ...]:
    """The pages of Setup, as they are at this moment."""
    state = practice.state
    return (
        *(Section(f"User {user.username}", _user(user, state)) for user in state.users),
        Section("Mutual Authentication Certificates", _listed(state.uploaded_leaves)),
        Section("Roots that the org accepts (cacerts.jsp)", [("root", common_name(each)) for each in state.accepted_roots]),
        Section("The authorities’ lists of revoked certificates", _listed(state.revoked)),
        *(Section(f"External Client App {app.name}", _app(app, state)) for app in state.apps),
        Section("Org", _org(practice)),
    )  # fmt: skip


def _user(user: User, state: OrgState) -> Rows:
    profile = user.profile
    return [
        ("profile", profile.name),
        ("permissions", ", ".join(_permissions(profile)) or "none of these"),
        ("locked", _yes(state.locked(user))),
        ("password expired", _yes(user.password_expired)),
        ("open sessions", f"{sum(each.user is user for each in state.sessions.values())}"),
    ]


def _permissions(profile: UserProfile) -> Iterator[str]:
    if profile.enforced:
        yield "Enforce SSL/TLS Mutual Authentication"
    if profile.any_api_auth:
        yield "Use Any API Auth"


def _listed(certificates: Iterable[x509.Certificate]) -> Rows:
    rows = [
        (
            f"until {each.not_valid_after_utc:%Y-%m-%d}",
            f"serial {each.serial_number:X}, issued by {name_words(each.issuer)}",
        )
        for each in certificates
    ]
    return rows or [("none", "")]


def _app(app: ExternalClientApp, state: OrgState) -> Rows:
    return [
        ("consumer key", f"{app.consumer_key[:16]}…{app.consumer_key[-6:]}"),
        ("flows", ", ".join(sorted(app.flows)) or "none"),
        ("JWT certificate", f"serial {app.certificate.serial_number:X}" if app.certificate else "none"),
        ("permitted users", app.permitted_users.value),
        ("approved", ", ".join(sorted(app.approved)) or "nobody"),
        ("Run As", app.run_as or "nobody"),
        ("unknown networks", "let in" if app.ip_relaxed else "kept out"),
        ("token on 8443 alone", _yes(app.certificate_required)),
        ("this network", "unknown" if state.token_required else "known"),
    ]


def _org(practice: PracticeOrg) -> Rows:
    state = practice.state
    return [
        ("mutual authentication", "enabled" if state.feature_enabled else "not enabled"),
        ("SOAP API login()", "enabled" if state.soap_login_enabled else "disabled"),
        ("API requests, last 24 hours", f"{state.calls:,} of {state.call_limit:,}"),
        ("clock", f"{state.clock():%Y-%m-%d %H:%M:%S} UTC"),
    ]


def _yes(value: object) -> str:
    return "yes" if value else "no"
