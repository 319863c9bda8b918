"""What all answers of the practice org have in common: layer 1, failures on request, and what the org notes."""

from __future__ import annotations

import gzip
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import pytest
from brought import brought
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb import (
    CallTimeout,
    CertificatePageError,
    ClientIdentity,
    ConnectError,
    NotSoapError,
    Org,
    PasswordLogin,
    Session,
    SessionFault,
    SfmtlsError,
    SoapFault,
    login,
)
from sfmtls_nb.certificates import fingerprint, new_key_and_csr
from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.practice.api.identity import identity_url
from sfmtls_nb.practice.failures import FAILURES, ORG_FAILURES
from sfmtls_nb.practice.request import Answer, Listener, Request


@pytest.fixture
def mutual(own_practice: PracticeOrg) -> Iterator[Session]:
    """The enforced user's session on an org that the test may change, with a short read timeout."""
    files = own_practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    org = replace(Org(**own_practice.endpoints), read_timeout=2)
    with login(org, PasswordLogin(*own_practice.user("enforced")), me) as session:
        yield session


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("delay", CallTimeout),
        ("stall", CallTimeout),
        ("cut", ConnectError),
        ("wrong-length", ConnectError),
        ("error-500", NotSoapError),
        ("error-503", NotSoapError),
        ("html-for-xml", NotSoapError),
        ("truncated", NotSoapError),
        ("limit-exceeded", SoapFault),
    ],
)
def test_a_failure_on_request_is_what_the_client_meets(
    own_practice: PracticeOrg, mutual: Session, name: str, error: type[SfmtlsError]
) -> None:
    own_practice.arm(name)
    with pytest.raises(error):
        mutual.get_user_info()


@pytest.mark.parametrize("name", [*FAILURES, *ORG_FAILURES])
def test_a_failure_on_request_is_over_after_one_call(own_practice: PracticeOrg, mutual: Session, name: str) -> None:
    own_practice.arm(name)
    for _ in range(2):  # the second to use up what waits for a queryMore
        try:
            mutual.get_user_info()
        except SfmtlsError:
            mutual.transport.close()
    own_practice.disarm()
    assert mutual.get_user_info().limits


def test_a_failure_on_request_lasts_until_it_is_disarmed_if_so_armed(
    own_practice: PracticeOrg, mutual: Session
) -> None:
    own_practice.arm("html-for-xml", times=None)
    for _ in range(3):
        with pytest.raises(NotSoapError):
            mutual.get_user_info()


def test_a_failure_on_request_of_the_clock_shows_in_the_date_header(own_practice: PracticeOrg, mutual: Session) -> None:
    own_practice.arm("clock-skew")
    exchange = mutual.get_user_info().exchange
    assert exchange.server_date is not None
    assert exchange.server_date - exchange.at > timedelta(hours=1)


def test_a_failure_on_request_of_the_limit_leaves_the_limit_itself_alone(
    own_practice: PracticeOrg, mutual: Session
) -> None:
    before = own_practice.state.call_limit
    own_practice.arm("limit-exceeded")
    with pytest.raises(SoapFault, match="REQUEST_LIMIT_EXCEEDED"):
        mutual.get_user_info()
    assert (before, ()) == (own_practice.state.call_limit, own_practice.armed)


def test_a_failure_on_request_waits_for_a_next_page_where_it_ends_the_session(
    own_practice: PracticeOrg, mutual: Session
) -> None:
    own_practice.arm("session-expires")
    with pytest.raises(SoapFault, match="INVALID_TYPE"):
        mutual.soap("describeSObject", {"sObjectType": "queryMore"})  # the word alone is no next page
    assert ("session-expires",) == own_practice.armed


def test_a_failure_on_request_leaves_login_alone(own_practice: PracticeOrg) -> None:
    own_practice.arm("error-500")
    assert login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard"))).user_id


def test_a_failure_on_request_ends_a_session_in_the_middle_of_a_query(
    own_practice: PracticeOrg, mutual: Session
) -> None:
    page = mutual.soap("query", {"queryString": "SELECT Id FROM Contact"}).text(".//queryLocator")
    locator = page or "01g5f000000AAAAAAA-200"
    own_practice.arm("session-expires")
    with pytest.raises(SessionFault):
        brought(mutual).soap("queryMore", {"queryLocator": locator})


@pytest.mark.parametrize("times", [0, -1])
def test_a_failure_on_request_cannot_be_armed_less_than_once(own_practice: PracticeOrg, times: int) -> None:
    with pytest.raises(PracticeError, match="cannot be armed"):
        own_practice.arm("cut", times)


def test_a_failure_on_request_that_is_unknown_is_refused_with_the_known_names(own_practice: PracticeOrg) -> None:
    with pytest.raises(PracticeError, match="truncated"):
        own_practice.arm("earthquake")


def test_the_org_notes_each_request_with_its_verdicts(own_practice: PracticeOrg, mutual: Session) -> None:
    mutual.get_user_info()
    (event,) = own_practice.events.where(operation="getUserInfo")
    assert ("pass", "enforced@practice.example", 200, "") == (event.layer_2, event.user, event.status, event.code)


def test_the_org_notes_which_leaf_was_presented(own_practice: PracticeOrg, mutual: Session) -> None:
    mutual.get_user_info()
    (call,) = own_practice.events.where(operation="getUserInfo")
    assert fingerprint(own_practice.state.uploaded_leaves[0]).hex() == call.leaf


def test_the_org_notes_that_none_was_presented(own_practice: PracticeOrg, mutual: Session) -> None:
    with pytest.raises(CertificatePageError):
        mutual.soap("getUserInfo", certificate=False)
    (call,) = own_practice.events.where(layer_2="page")
    assert call.leaf == ""


def test_the_org_notes_the_chain_as_it_was_presented(own_practice: PracticeOrg, mutual: Session) -> None:
    mutual.get_user_info()
    (event,) = own_practice.events.where(kind="connection", listener=Listener.MUTUAL)
    assert (
        "integration.practice.example",
        "Practice Client Issuing CA",
        "Practice Client Policy CA",
    ) == event.chain


def test_the_org_notes_a_refusal_with_its_code(own_practice: PracticeOrg, mutual: Session) -> None:
    with pytest.raises(SoapFault):
        mutual.soap("getUserInfo", port=443)
    (event,) = own_practice.events.where(code="MUTUAL_AUTHENTICATION_FAILED")
    assert Listener.API is event.listener


def test_the_org_notes_the_page_for_a_missing_certificate(own_practice: PracticeOrg, mutual: Session) -> None:
    with pytest.raises(CertificatePageError):
        mutual.soap("getUserInfo", certificate=False)
    assert 1 == len(own_practice.events.where(layer_2="page"))


def test_the_org_notes_the_flaw_of_a_chain(own_practice: PracticeOrg) -> None:
    me = ClientIdentity.load(*own_practice.identity("expired").all)
    session = login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced")), me)
    with pytest.raises(CertificatePageError):
        session.get_user_info()
    assert 1 == len(own_practice.events.where(kind="request", layer_1="certificate has expired"))


def test_the_org_notes_a_handshake_that_failed(own_practice: PracticeOrg) -> None:
    port = int(own_practice.strict_url.rpartition(":")[2])
    org = replace(Org(**own_practice.endpoints), mutual_port=port)
    session = login(org, PasswordLogin(*own_practice.user("enforced")))
    with pytest.raises(ConnectError):
        session.soap("getUserInfo", port=8443)
    # The client has its alert before the server's thread has noted what it sent.
    deadline = time.monotonic() + 5
    while not (events := own_practice.events.where(listener=Listener.STRICT)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert "certificate" in events[0].layer_1


def test_the_org_notes_whose_call_the_page_answered_and_what_it_asked_for(
    own_practice: PracticeOrg, mutual: Session
) -> None:
    own_practice.state.accepted_roots.clear()
    with pytest.raises(CertificatePageError):
        mutual.get_user_info()
    (event,) = own_practice.events.where(kind="request", layer_1="unable to get local issuer certificate")
    assert ("getUserInfo", "enforced@practice.example", 403) == (event.operation, event.user, event.status)


@pytest.mark.parametrize(
    ("target", "operation", "code"),
    [
        ("/services/data/v64.0/query?q=SELECT+Id+FROM+Contact", "GET query", "INVALID_SESSION_ID"),
        ("/services/async/64.0/job/750000000000000", "GET async job", "InvalidSessionId"),
        ("/services/oauth2/token", "GET token", "invalid_request"),
    ],
)
def test_the_org_notes_a_refusal_in_the_words_of_each_interface(
    own_practice: PracticeOrg, target: str, operation: str, code: str
) -> None:
    own_practice.answer(Request(Listener.API, "GET", target))
    (event,) = own_practice.events
    assert (operation, "", code) == (event.operation, event.user, event.code)


def test_the_org_notes_no_more_of_a_long_path_than_the_log_can_bear(own_practice: PracticeOrg) -> None:
    own_practice.answer(Request(Listener.API, "GET", "/" + "x" * 60_000))
    assert 200 == len(list(own_practice.events)[-1].operation)


def test_the_org_notes_how_many_events_there_are(own_practice: PracticeOrg) -> None:
    own_practice.answer(Request(Listener.API, "GET", "/"))
    assert "EventLog(1 events)" == repr(own_practice.events)


def test_the_org_notes_no_secret(own_practice: PracticeOrg, mutual: Session) -> None:
    mutual.get_user_info()
    noted = repr(list(own_practice.events))
    assert not [s for s in (mutual.session_id.reveal(), own_practice.user("enforced").password) if s in noted]


def test_a_revoked_certificate_gets_the_page(own_practice: PracticeOrg, mutual: Session) -> None:
    own_practice.state.revoked.append(own_practice.authority.client.leaf.certificate)
    with pytest.raises(CertificatePageError, match="certificate revoked"):
        mutual.get_user_info()


def test_a_root_no_longer_accepted_gets_the_page(own_practice: PracticeOrg, mutual: Session) -> None:
    own_practice.state.accepted_roots.clear()
    with pytest.raises(CertificatePageError, match="unable to get local issuer certificate"):
        mutual.get_user_info()


def test_a_root_no_longer_accepted_is_refused_inside_tls_by_the_strict_listener(own_practice: PracticeOrg) -> None:
    own_practice.state.accepted_roots.clear()
    port = int(own_practice.strict_url.rpartition(":")[2])
    org = replace(Org(**own_practice.endpoints), mutual_port=port)
    files = own_practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    with pytest.raises(ConnectError, match="refused the TLS connection"):
        login(org, PasswordLogin(*own_practice.user("enforced")), me).get_user_info()


def test_a_leaf_no_longer_uploaded_gets_the_fault(own_practice: PracticeOrg, mutual: Session) -> None:
    own_practice.state.uploaded_leaves.clear()
    with pytest.raises(SoapFault, match="MUTUAL_AUTHENTICATION_FAILED"):
        mutual.get_user_info()


def test_a_session_ends_when_its_life_is_over(own_practice: PracticeOrg, mutual: Session) -> None:
    own_practice.state.session_life = timedelta(seconds=-1)
    with pytest.raises(SessionFault):
        mutual.get_user_info()


def test_the_request_limit_is_reached(own_practice: PracticeOrg, mutual: Session) -> None:
    own_practice.state.call_limit = own_practice.state.calls
    with pytest.raises(SoapFault, match="REQUEST_LIMIT_EXCEEDED"):
        mutual.get_user_info()


def test_an_expired_password_stops_the_calls_that_follow(own_practice: PracticeOrg, mutual: Session) -> None:
    own_practice.state.users[0].password_expired = True
    with pytest.raises(SoapFault, match="INVALID_OPERATION_WITH_EXPIRED_PASSWORD"):
        mutual.get_user_info()


def test_login_is_switched_off(own_practice: PracticeOrg) -> None:
    own_practice.state.soap_login_enabled = False
    with pytest.raises(SoapFault, match="SOAP API login\\(\\) is disabled by default"):
        login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard")))


def test_login_wants_a_permission_without_which_it_is_refused_with_the_way_to_it(own_practice: PracticeOrg) -> None:
    standard = own_practice.state.users[1]
    standard.profile.any_api_auth = False
    with pytest.raises(SoapFault, match="INSUFFICIENT_ACCESS") as caught:
        login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard")))
    assert "Use Any API Auth" in caught.value.next_step
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced"))):
        pass  # the other profile has the permission
    standard.profile.any_api_auth = True
    with login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard"))) as session:
        assert session.get_user_info().limits


def test_login_without_the_permission_does_not_tell_who_has_the_password_wrong(own_practice: PracticeOrg) -> None:
    own_practice.state.users[1].profile.any_api_auth = False
    with pytest.raises(SoapFault, match="INVALID_LOGIN"):
        login(Org(**own_practice.endpoints), PasswordLogin(own_practice.user("standard").username, "wrong"))


def test_the_clone_of_a_profile_has_its_permissions(own_practice: PracticeOrg) -> None:
    own_practice.state.users[1].profile.any_api_auth = False
    assert not own_practice.state.clone_profile("Standard User", "Integration").any_api_auth


def test_a_security_token_is_wanted(own_practice: PracticeOrg) -> None:
    own_practice.state.token_required = True
    with pytest.raises(SoapFault, match="LOGIN_MUST_USE_SECURITY_TOKEN"):
        login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("standard")))


def test_a_security_token_behind_the_password_lets_one_in(own_practice: PracticeOrg) -> None:
    own_practice.state.token_required = True
    token = own_practice.state.users[1].security_token
    credentials = PasswordLogin(*own_practice.user("standard"), security_token=token)
    assert login(Org(**own_practice.endpoints), credentials).user_id


def test_a_wrong_password_without_the_token_counts_towards_the_lockout(own_practice: PracticeOrg) -> None:
    own_practice.state.token_required = True
    with pytest.raises(SoapFault, match="INVALID_LOGIN"):
        login(Org(**own_practice.endpoints), PasswordLogin(own_practice.user("standard").username, "wrong"))
    assert 1 == own_practice.state.users[1].failed_attempts


def test_too_many_wrong_passwords_lock_a_user_out(own_practice: PracticeOrg) -> None:
    org, user = Org(**own_practice.endpoints), own_practice.user("standard")
    for _ in range(10):
        with pytest.raises(SoapFault):
            login(org, PasswordLogin(user.username, "wrong"))
    with pytest.raises(SoapFault, match="user locked out"):
        login(org, PasswordLogin(*user))


def test_starting_over_enforces_nobody(own_practice: PracticeOrg) -> None:
    own_practice.state.start_over()
    session = login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced")))
    assert session.get_user_info().limits


def test_a_certificate_cannot_be_uploaded_before_support_has_enabled_it(own_practice: PracticeOrg) -> None:
    own_practice.state.start_over()
    with pytest.raises(PracticeError, match="Support"):
        own_practice.state.upload_certificate(own_practice.client.leaf.read_bytes())


def test_all_the_steps_make_a_user_enforced_again(own_practice: PracticeOrg) -> None:
    state = own_practice.state
    state.start_over()
    state.ask_support()
    state.upload_certificate(own_practice.client.leaf.read_bytes())
    profile = state.clone_profile("Standard User", "Integration")
    profile.enforced = True
    state.users[1].profile = profile
    files = own_practice.client
    me = ClientIdentity.load(files.key, files.leaf, *files.intermediates)
    credentials = PasswordLogin(*own_practice.user("standard"))
    with login(Org(**own_practice.endpoints), credentials, me) as session:
        assert "standard@practice.example" == session.get_user_info().text(".//userName")


@pytest.mark.parametrize("pem", [b"", b"nonsense"])
def test_what_is_no_certificate_cannot_be_uploaded(own_practice: PracticeOrg, pem: bytes) -> None:
    with pytest.raises(PracticeError, match="no certificate"):
        own_practice.state.upload_certificate(pem)


def test_a_files_name_is_no_certificate_and_what_is_in_it_is_asked_for(own_practice: PracticeOrg) -> None:
    with pytest.raises(PracticeError, match="Path, and not what is in a file"):
        own_practice.state.upload_certificate(own_practice.client.leaf)  # type: ignore[arg-type]


def test_a_file_whose_certificate_is_of_no_known_version_cannot_be_uploaded(own_practice: PracticeOrg) -> None:
    der = own_practice.state.uploaded_leaves[0].public_bytes(Encoding.DER)
    odd = der.replace(bytes.fromhex("a003020102"), bytes.fromhex("a003020109"), 1)
    with pytest.raises(PracticeError, match="no certificate"):
        own_practice.state.upload_certificate(ssl.DER_cert_to_PEM_cert(odd).encode())


def test_every_profile_has_an_id_of_its_own(own_practice: PracticeOrg) -> None:
    state = own_practice.state
    state.users[0].profile = state.clone_profile("Standard User", "First")
    state.clone_profile("Standard User", "Second")
    ids = [profile.profile_id for profile in state.profiles]
    assert (4, 4) == (len(ids), len(set(ids)))


@pytest.mark.parametrize("name", ["", " ", "standard user "])
def test_a_clone_needs_a_name_that_is_free(own_practice: PracticeOrg, name: str) -> None:
    with pytest.raises(PracticeError, match=r"no name|already"):
        own_practice.state.clone_profile("Standard User", name)


@pytest.mark.parametrize(
    "host", ["a b", "a/b", "user@a", 'a"<>', "[", "[::1", "a:b", "a:1:2", "é.example", "x" * 254, "a,b"]
)
def test_a_host_that_is_none_gets_a_400(practice: PracticeOrg, host: str) -> None:
    request = Request(Listener.API, "POST", "/services/oauth2/token", {"Host": host})
    assert 400 == practice.answer(request).status


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8443", "[::1]:8443", "acme--dev.sandbox.my.salesforce.com"])
def test_a_host_that_is_one_is_answered(practice: PracticeOrg, host: str) -> None:
    assert 200 == practice.answer(Request(Listener.API, "GET", "/services/data", {"Host": host})).status


def test_a_host_of_the_login_service_gives_nobody_client_credentials(practice: PracticeOrg) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": practice.app.consumer_key,
        "client_secret": practice.app.consumer_secret,
    }
    headers = {"Host": "login.salesforce.com"}
    request = Request(Listener.API, "POST", "/services/oauth2/token", headers, urlencode(form).encode())
    assert b"not supported on this domain" in practice.answer(request).whole_body


def test_the_cacerts_page_lists_the_roots_that_are_accepted(own_practice: PracticeOrg) -> None:
    from sfmtls_nb.certificates import AcceptedRoots

    request = Request(Listener.API, "GET", "/cacerts.jsp")
    page = own_practice.answer(request).whole_body
    root = x509.load_pem_x509_certificate(own_practice.client.root.read_bytes())
    assert root in AcceptedRoots(page)


def test_a_long_answer_is_compressed_for_who_asks(own_practice: PracticeOrg) -> None:
    request = Request(Listener.API, "GET", "/services/data", {"Accept-Encoding": "gzip"})
    answer = own_practice.answer(request)
    assert "64.0" in [version["version"] for version in json.loads(gzip.decompress(answer.whole_body))]


def test_a_result_that_goes_out_in_pieces_is_compressed_for_who_asks(
    own_practice: PracticeOrg, mutual: Session
) -> None:
    root = "/services/data/v64.0/jobs/query"
    authorized = {"Authorization": f"Bearer {mutual.session_id.reveal()}"}
    client = own_practice.authority.client
    chain = (client.leaf.certificate, *(issued.certificate for issued in client.intermediates))

    def send(method: str, target: str, content: bytes = b"", headers: Mapping[str, str] = {}) -> Answer:
        return own_practice.answer(Request(Listener.MUTUAL, method, target, {**authorized, **headers}, content, chain))

    content = {"operation": "query", "query": "SELECT Id, Name FROM Contact"}
    job = json.loads(send("POST", root, json.dumps(content).encode()).whole_body)["id"]
    later = own_practice.state.clock() + timedelta(seconds=1)
    own_practice.state.clock = lambda: later
    whole, packed = (
        send("GET", f"{root}/{job}/results"),
        send("GET", f"{root}/{job}/results", headers={"Accept-Encoding": "gzip"}),
    )
    assert ("gzip", None) == (packed.headers.get("Content-Encoding"), whole.headers.get("Content-Encoding"))
    plain, small = whole.whole_body, packed.whole_body
    assert (plain, True) == (gzip.decompress(small), len(small) < len(plain) / 2)


#: Everything a client can ask for without knowing more than the org's address, and what an answer may hold of hosts
#: that are nobody's: names of namespaces, and invented records.
ASKED = (
    ("GET", "/services/data", ""),
    ("GET", "/services/data/v66.0/", ""),
    ("GET", "/services/data/v66.0/limits", ""),
    ("GET", "/services/data/v66.0/sobjects", ""),
    ("GET", "/services/data/v66.0/sobjects/Account", ""),
    ("GET", "/services/data/v66.0/sobjects/Account/describe", ""),
    ("GET", "/services/data/v66.0/query?q=SELECT+FIELDS(ALL)+FROM+Account+LIMIT+200", ""),
    ("GET", "/services/data/v66.0/query?q=SELECT+Id+FROM+Contact", ""),
    ("GET", "/services/data/v66.0/query?q=SELECT+Id+FROM+Contact&columns=true", ""),
    ("GET", "/services/data/v66.0/search?q=FIND+%7Ba%7D+RETURNING+Contact", ""),
    ("GET", "/services/data/v66.0/tabs", ""),
    ("GET", "/services/data/v66.0/sobjects/Account/describe/layouts", ""),
    ("GET", "/services/data/v66.0/composite/sobjects/Account?ids=0015f00000G3k01AAB&fields=Name", ""),
    ("GET", "/services/data/v66.0/jobs/query", ""),
    ("POST", "/services/Soap/u/64.0", "describeTabs"),
    ("GET", "/services/async/64.0/job/x", ""),
    ("GET", "/services/oauth2/userinfo", ""),
    ("GET", "{id}", ""),
    ("POST", "/services/Soap/u/64.0", "login"),
    ("POST", "/services/Soap/u/64.0", "getUserInfo"),
    ("POST", "/services/Soap/u/64.0", "describeGlobal"),
    ("POST", "/services/Soap/u/64.0", "nothing"),
    ("POST", "/services/Soap/c/64.0", "getUserInfo"),
    ("GET", "/cacerts.jsp", ""),
    ("GET", "/nothing", ""),
)
NAMESPACES = ("http://schemas.xmlsoap.org/", "http://www.w3.org/", "http://www.force.com/2009/06/asyncapi/dataload")


@pytest.mark.parametrize(("method", "target", "operation"), ASKED)
def test_no_answer_leads_a_client_off_the_machine(
    practice: PracticeOrg, method: str, target: str, operation: str
) -> None:
    username, password = practice.user("standard")
    user = practice.state.user(username)
    assert user
    token = practice.state.open_session(user)
    inner = f"<username>{username}</username><password>{password}</password>" if operation == "login" else ""
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com"><e:Header>'
        f"<SessionHeader><sessionId>{token}</sessionId></SessionHeader></e:Header>"
        f"<e:Body><{operation}>{inner}</{operation}></e:Body></e:Envelope>"
    )
    headers = {"Authorization": f"Bearer {token}", "Host": urlsplit(practice.api_url).netloc}
    path = target.format(id=urlsplit(identity_url("", user)).path)
    answer = practice.answer(Request(Listener.API, method, path, headers, body.encode() if operation else b""))
    said = answer.whole_body.decode() + " ".join(answer.headers.values())
    found = [url for url in re.findall(r"https?://[^\s\"'<>\\]+", said) if not url.startswith(NAMESPACES)]
    own = [url for url in found if url.startswith(practice.api_url)]
    assert [] == [url for url in found if url not in own and not (urlsplit(url).hostname or "").endswith(".example")]
    assert own or target != "{id}"


def test_a_token_leads_to_nowhere_but_the_org(practice: PracticeOrg) -> None:
    oauth = practice.description()["oauth"]
    form = {
        "grant_type": "client_credentials",
        "client_id": oauth["consumer_key"],
        "client_secret": oauth["consumer_secret"],
    }
    headers = {"Host": urlsplit(practice.api_url).netloc}
    request = Request(Listener.API, "POST", "/services/oauth2/token", headers, urlencode(form).encode())
    answer = json.loads(practice.answer(request).whole_body)
    urls = [value for value in answer.values() if value.startswith("http")]
    assert 3 <= len(urls)
    assert [practice.api_url] * len(urls) == [url[: len(practice.api_url)] for url in urls]


@pytest.mark.parametrize("slashes", ["/", "//", "///"])
def test_a_path_may_begin_with_more_than_one_slash_as_the_sf_cli_sends_it(practice: PracticeOrg, slashes: str) -> None:
    request = Request(Listener.API, "GET", f"{slashes}services/data?x=1")
    assert 200 == practice.answer(request).status


def test_two_leaves_are_uploaded_at_a_time_and_each_is_let_in_until_it_is_removed(own_practice: PracticeOrg) -> None:
    old = own_practice.state.uploaded_leaves[0]
    made = new_key_and_csr("CN=renewed.practice.example")
    issued = own_practice.issue(made.request_pem)
    new = own_practice.state.upload_certificate(issued)
    files = own_practice.client
    identities = [
        ClientIdentity.load(files.key, files.leaf, *files.intermediates),
        ClientIdentity.load(made.key_pem, issued),
    ]
    before, after = (
        login(Org(**own_practice.endpoints), PasswordLogin(*own_practice.user("enforced")), identity)
        for identity in identities
    )
    with before, after:
        before.get_user_info()
        after.get_user_info()
        connections = len(own_practice.events.where(kind="connection", listener=Listener.MUTUAL))
        own_practice.state.remove_certificate(old)
        with pytest.raises(SoapFault, match="MUTUAL_AUTHENTICATION_FAILED"):
            before.get_user_info()  # on the connection that is open
        after.get_user_info()
        assert connections == len(own_practice.events.where(kind="connection", listener=Listener.MUTUAL))
    calls = own_practice.events.where(operation="getUserInfo")
    leaves = [fingerprint(leaf).hex() for leaf in (old, new, old, new)]
    assert leaves == [call.leaf for call in calls]


@pytest.mark.parametrize(
    ("target", "operation", "at_once"),
    [
        ("/services/data", "", True),
        ("/services/data/v64.0/limits", "", True),
        ("/services/data/v64.0/query?q=SELECT+Id+FROM+Contact", "", False),
        ("/services/Soap/u/64.0", "<urn:getUserInfo/>", True),
        ("/services/Soap/u/64.0", "<query><queryString>SELECT Id FROM Contact</queryString></query>", False),
        ("/services/Soap/u/64.0", "<getUserInfo/>" + " " * 5000, False),
    ],
)
def test_what_needs_no_records_is_answered_at_once(
    practice: PracticeOrg, target: str, operation: str, at_once: bool
) -> None:
    assert at_once == practice._router.is_quick(Request(Listener.API, "POST", target, body=operation.encode()))


def reject_roots(practice: PracticeOrg) -> None:
    practice.state.accepted_roots.clear()


def revoke(practice: PracticeOrg) -> None:
    practice.state.revoked.append(practice.state.uploaded_leaves[0])


def let_two_years_pass(practice: PracticeOrg) -> None:
    later = practice.state.clock() + timedelta(days=730)
    practice.state.clock = lambda: later
    practice.state.session_life = timedelta(days=1000)


def accept_another_root_instead(practice: PracticeOrg) -> None:
    practice.state.accepted_roots[0] = practice.authority.server_root.certificate


def replace_the_list_of_roots(practice: PracticeOrg) -> None:
    practice.state.accepted_roots = []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (accept_another_root_instead, "unable to get local issuer certificate"),
        (replace_the_list_of_roots, "unable to get local issuer certificate"),
        (reject_roots, "unable to get local issuer certificate"),
        (revoke, "certificate revoked"),
        (let_two_years_pass, "certificate has expired"),
    ],
)
def test_a_connection_that_is_open_is_judged_anew_when_the_org_changes(
    own_practice: PracticeOrg, mutual: Session, change: Callable[[PracticeOrg], None], reason: str
) -> None:
    mutual.get_user_info()
    change(own_practice)
    with pytest.raises(CertificatePageError, match=reason):
        mutual.get_user_info()
    assert 1 == len({event.peer for event in own_practice.events.where(operation="getUserInfo")})


def test_a_certificate_that_is_issued_is_for_clients_and_lives_200_days(own_practice: PracticeOrg) -> None:
    leaf = x509.load_pem_x509_certificates(own_practice.issue(new_key_and_csr("CN=new").request_pem))[0]
    purposes = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    lived = leaf.not_valid_after_utc - leaf.not_valid_before_utc
    assert ([ExtendedKeyUsageOID.CLIENT_AUTH], 200) == (list(purposes), lived.days)
