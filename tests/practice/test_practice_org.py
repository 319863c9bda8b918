"""The practice org as a client meets it: the decision table on real TLS, who gets in where, starting and stopping."""

from __future__ import annotations

import copy
import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice import SCENARIOS, Credentials, Ports, PracticeOrg
from sfmtls_nb.practice.mutual import Authority, Issued, Scenario
from sfmtls_nb.practice.request import Listener, Request

PATH = "/services/Soap/u/41.0"


class Client:
    """Envelopes as text, sent by the standard library: nothing of this package's client side is used here."""

    def __init__(self, practice: PracticeOrg, folder: Path) -> None:
        self.practice, self._folder = practice, folder

    def post(self, door: str, operation: str, session_id: str = "", pem: Path | None = None) -> str:
        """The body of the answer to a call at ``api``, ``mutual`` or ``strict``."""
        context = ssl.create_default_context(cafile=self.practice.ca_file)
        if pem:
            context.load_cert_chain(pem)
        host = getattr(self.practice, f"{door}_url").removeprefix("https://")
        connection = http.client.HTTPSConnection(host, context=context, timeout=10)
        try:
            connection.request("POST", PATH, envelope(operation, session_id), {"Content-Type": "text/xml"})
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def pem(self, certificates: tuple[Issued, ...]) -> Path | None:
        """The first certificate's key and all the certificates, as a file; None where there are none."""
        if not certificates:
            return None
        pem = self._folder / "client.pem"
        pem.write_bytes(certificates[0].key_pem + b"".join(issued.certificate_pem for issued in certificates))
        return pem

    def session_of(self, name: str, door: str = "api") -> str:
        user = self.practice.user(name)
        answer = self.post(
            door, f"<login><username>{user.username}</username><password>{user.password}</password></login>"
        )
        return str(re.findall("<sessionId>(.*)</sessionId>", answer)[0])

    def outcome(self, door: str, user: str, kind: str) -> str:
        """What becomes of a user's getUserInfo: who it says the user is, the fault's code, or the page's reason."""
        session_id = self.session_of(user) if user != "nobody" else "00D36000000bLGT!unknown"
        pem = self.pem(presented(self.practice.authority, kind))
        answer = self.post(door, "<getUserInfo/>", session_id, pem)
        found = re.findall("<userName>(.*)</userName>|<faultcode>(.*)</faultcode>|<i>(.*)</i>", answer)
        return "".join(found[0])


@pytest.fixture
def client(practice: PracticeOrg, tmp_path: Path) -> Client:
    return Client(practice, tmp_path)


def envelope(operation: str, session_id: str = "") -> str:
    return (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com">'
        f"<e:Header><SessionHeader><sessionId>{session_id}</sessionId></SessionHeader></e:Header>"
        f"<e:Body>{operation}</e:Body></e:Envelope>"
    )


def presented(authority: Authority, kind: str) -> tuple[Issued, ...]:
    """A leaf with its key, and what is sent with it."""
    (issuing, policy), leaf, root = authority.client.intermediates, authority.client.leaf, authority.client.root
    for_client, for_server = [ExtendedKeyUsageOID.CLIENT_AUTH], [ExtendedKeyUsageOID.SERVER_AUTH]
    earlier, later = copy.copy(authority), copy.copy(authority)
    earlier.now, later.now = authority.now - timedelta(days=9), authority.now + timedelta(days=9)
    made: dict[str, Callable[[], tuple[Issued, ...]]] = {
        "nothing": lambda: (),
        "the uploaded leaf": lambda: (leaf, issuing, policy),
        "the uploaded leaf and the root": lambda: (leaf, issuing, policy, root),
        "the uploaded leaf in the wrong order": lambda: (leaf, policy, issuing),
        "the uploaded leaf alone": lambda: (leaf,),
        "the uploaded leaf without one intermediate": lambda: (leaf, issuing),
        "another valid leaf": lambda: (authority.issue("other", issuing, purposes=for_client), issuing, policy),
        "a leaf of another authority": lambda: (Authority(["localhost"]).client.leaf,),
        "a self-signed one": lambda: (authority.issue("self", purposes=for_client),),
        "an expired one": lambda: (earlier.issue("old", issuing, purposes=for_client, days=1), issuing, policy),
        "one of tomorrow": lambda: (later.issue("new", issuing, purposes=for_client), issuing, policy),
        "one for servers": lambda: (authority.issue("server", issuing, purposes=for_server), issuing, policy),
        "one for nothing": lambda: (authority.issue("bare", issuing), issuing, policy),
    }
    return made[kind]()


ENFORCED, STANDARD = "enforced@practice.example", "standard@practice.example"
REFUSED, UNKNOWN = "sf:MUTUAL_AUTHENTICATION_FAILED", "sf:INVALID_SESSION_ID"
NO_ISSUER = "unable to get local issuer certificate"

DECISIONS = [
    # door, what is presented, what the enforced user, the standard user and an unknown session get
    ("api", "nothing", REFUSED, STANDARD, UNKNOWN),
    ("api", "the uploaded leaf", REFUSED, STANDARD, UNKNOWN),
    ("mutual", "nothing", "No client certificate provided.", STANDARD, UNKNOWN),
    ("mutual", "the uploaded leaf", ENFORCED, STANDARD, UNKNOWN),
    ("mutual", "the uploaded leaf and the root", ENFORCED, STANDARD, UNKNOWN),
    ("mutual", "the uploaded leaf in the wrong order", ENFORCED, STANDARD, UNKNOWN),
    ("mutual", "another valid leaf", REFUSED, STANDARD, UNKNOWN),
    ("mutual", "the uploaded leaf alone", NO_ISSUER, NO_ISSUER, NO_ISSUER),
    ("mutual", "the uploaded leaf without one intermediate", NO_ISSUER, NO_ISSUER, NO_ISSUER),
    ("mutual", "a leaf of another authority", NO_ISSUER, NO_ISSUER, NO_ISSUER),
    ("mutual", "a self-signed one", *["self-signed certificate"] * 3),
    ("mutual", "an expired one", *["certificate has expired"] * 3),
    ("mutual", "one of tomorrow", *["certificate is not yet valid"] * 3),
    ("mutual", "one for servers", *["unsuitable certificate purpose"] * 3),
    ("mutual", "one for nothing", *["unsuitable certificate purpose"] * 3),
    ("strict", "the uploaded leaf", ENFORCED, STANDARD, UNKNOWN),
    ("strict", "another valid leaf", REFUSED, STANDARD, UNKNOWN),
]


@pytest.mark.parametrize(
    ("door", "kind", "user", "expected"),
    [
        pytest.param(door, kind, user, outcome, id=f"{user} with {kind} at {door}")
        for door, kind, *outcomes in DECISIONS
        for user, outcome in zip(("enforced", "standard", "nobody"), outcomes, strict=True)
    ],
)
def test_the_org_decides_as_the_table_says(client: Client, door: str, kind: str, user: str, expected: str) -> None:
    assert expected == client.outcome(door, user, kind)


NOT_REFUSED_BY_THE_CLIENT = [scenario for scenario in SCENARIOS if scenario.refused_by != "client"]


@pytest.mark.parametrize("scenario", NOT_REFUSED_BY_THE_CLIENT, ids=lambda scenario: scenario.name)
def test_each_identity_that_is_wrong_on_purpose_gets_what_it_says(
    own_practice: PracticeOrg, tmp_path: Path, scenario: Scenario
) -> None:
    client, files = Client(own_practice, tmp_path), own_practice.identity(scenario.name).all
    pem = tmp_path / "as the toolkit sends it.pem"
    pem.write_bytes(b"".join(path.read_bytes() for path in files if path.name != "root.crt"))
    answer = client.post("mutual", "<getUserInfo/>", client.session_of("enforced"), pem=pem)
    assert {"data": "getUserInfoResponse"}.get(scenario.sees, scenario.sees) in answer


@pytest.mark.parametrize("user", ["enforced", "standard"])
@pytest.mark.parametrize("door", ["api", "mutual"])
def test_login_asks_nobody_for_a_certificate(client: Client, door: str, user: str) -> None:
    assert client.session_of(user, door).startswith("00D5f000000PRAC!")


def test_login_with_a_flawed_certificate_gets_the_page(client: Client) -> None:
    expired = client.pem(presented(client.practice.authority, "an expired one"))
    assert "<i>certificate has expired</i>" in client.post("mutual", "<login/>", pem=expired)


def test_login_with_the_wrong_password_gets_a_login_fault(client: Client) -> None:
    answer = client.post("api", f"<login><username>{ENFORCED}</username><password>wrong</password></login>")
    assert '<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>INVALID_LOGIN<' in answer


def test_while_the_org_runs_a_leaf_can_be_uploaded(own_practice: PracticeOrg, tmp_path: Path) -> None:
    client, other = Client(own_practice, tmp_path), presented(own_practice.authority, "another valid leaf")
    own_practice.state.uploaded_leaves.append(other[0].certificate)
    answer = client.post("mutual", "<getUserInfo/>", client.session_of("enforced"), client.pem(other))
    assert ENFORCED in answer


def test_while_the_org_runs_an_uploaded_leaf_can_be_removed(own_practice: PracticeOrg, tmp_path: Path) -> None:
    own_practice.state.uploaded_leaves.clear()
    assert Client(own_practice, tmp_path).outcome("mutual", "enforced", "the uploaded leaf") == REFUSED


def test_while_the_org_runs_a_user_can_stop_being_enforced(own_practice: PracticeOrg, tmp_path: Path) -> None:
    own_practice.state.users[0].profile.enforced = False
    assert ENFORCED == Client(own_practice, tmp_path).outcome("api", "enforced", "nothing")


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("login.salesforce.com", "https://na30.salesforce.com/"),
        ("test.salesforce.com", "https://na30.salesforce.com/"),
        ("login.salesforce.com:443", "https://na30.salesforce.com/"),
        ("acme.my.salesforce.com", "https://acme.my.salesforce.com/"),
        ("na30.salesforce.com:8443", "https://na30.salesforce.com/"),
        ("localhost:{api}", "https://localhost:{api}/"),
        ("localhost:{mutual}", "https://localhost:{api}/"),
        ("127.0.0.1:{api}", "https://127.0.0.1:{api}/"),
        ("[::1]:{api}", "https://[::1]:{api}/"),
        ("[::1]", "https://[::1]/"),
        ("localhost:1", "https://localhost/"),
        ("", "https://localhost:{api}/"),
    ],
)
def test_the_server_url_has_a_port_only_where_the_client_named_one_of_ours(
    practice: PracticeOrg, host: str, expected: str
) -> None:
    ports = {door: getattr(practice, f"{door}_url").rpartition(":")[2] for door in ("api", "mutual")}
    user = practice.user("standard")
    login = envelope(f"<login><username>{user.username}</username><password>{user.password}</password></login>")
    headers = {"Host": host.format_map(ports)}
    answer = practice.answer(Request(Listener.API, "POST", PATH, headers, login.encode()))
    assert f"<serverUrl>{expected.format_map(ports)}services/Soap/u/41.0/" in answer.whole_body.decode()


@pytest.mark.parametrize("target", ["/", "/services/apexrest/x", "//[", "*", "/setup"])
def test_a_path_that_is_not_simulated_is_not_found(practice: PracticeOrg, target: str) -> None:
    assert practice.answer(Request(Listener.API, "GET", target)).status == 404


def test_starting_makes_new_passwords_each_time() -> None:
    passwords = set()
    for _ in range(2):
        with PracticeOrg() as practice:
            passwords.add(practice.user("enforced").password)
    assert len(passwords) == 2


def test_starting_twice_is_starting_once(own_practice: PracticeOrg) -> None:
    before = own_practice.api_url
    assert before == own_practice.start().api_url


def test_starting_again_after_a_stop_makes_a_new_org(tmp_path: Path) -> None:
    practice = PracticeOrg()
    with practice:
        before = practice.authority
    with practice:
        assert before is not practice.authority
        assert Client(practice, tmp_path).session_of("enforced")


def test_starting_takes_the_port_it_is_given() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with PracticeOrg(ports=Ports(mutual=port)) as practice:
        assert practice.mutual_url == f"https://localhost:{port}"


def test_starting_chooses_three_ports_where_it_is_given_none(practice: PracticeOrg) -> None:
    assert len({practice.api_url, practice.mutual_url, practice.strict_url}) == 3


def test_starting_on_a_port_that_is_taken_is_refused_by_its_number() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PracticeError, match=f"localhost:{port}"):
            PracticeOrg(ports=Ports(strict=port)).start()


@pytest.mark.parametrize("port", [-1, 65_536, 10**20])
def test_starting_on_a_port_that_cannot_be_is_refused(port: int) -> None:
    with pytest.raises(PracticeError, match="from 0 to 65535"):
        PracticeOrg(ports=Ports(api=port)).start()


@pytest.mark.parametrize("host", ["no.such.host.example", "not a host", "bücher", "x" * 64, "x" * 70, "256.1.1.1"])
def test_starting_on_a_host_that_is_not_here_is_refused_by_its_name(host: str) -> None:
    with pytest.raises(PracticeError, match=host):
        PracticeOrg(host=host).start()


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_starting_on_another_host_is_verifiable_by_that_name(tmp_path: Path, host: str) -> None:
    with PracticeOrg(host=host) as practice:
        assert Client(practice, tmp_path).session_of("standard")


@pytest.mark.parametrize("host", ["0.0.0.0", ""])  # noqa: S104  # for as long as the test runs
def test_starting_on_all_addresses_is_verifiable_by_the_machines_name(tmp_path: Path, host: str) -> None:
    with PracticeOrg(host=host) as practice:
        assert practice.api_url.startswith(f"https://{socket.gethostname()}:")
        assert Client(practice, tmp_path).session_of("standard")


def test_starting_that_fails_leaves_no_thread(tmp_path: Path) -> None:
    (tmp_path / "client.key").write_text("precious")
    before = threading.enumerate()
    with pytest.raises(PracticeError):
        PracticeOrg(directory=tmp_path).start()
    assert before == threading.enumerate()


def test_starting_without_a_place_for_temporary_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    before = threading.enumerate()
    with pytest.raises(PracticeError, match="TMPDIR"):
        PracticeOrg().start()
    assert before == threading.enumerate()


def test_stopping_removes_the_temporary_folder() -> None:
    with PracticeOrg() as practice:
        folder = practice.directory
    assert not folder.exists()


def test_stopping_leaves_the_files_in_a_folder_that_was_given(tmp_path: Path) -> None:
    with PracticeOrg(directory=tmp_path):
        pass
    assert (tmp_path / "org.json").exists()


def test_stopping_twice_is_safe(own_practice: PracticeOrg) -> None:
    own_practice.stop()
    own_practice.stop()
    assert own_practice.running is False


def test_stopping_before_starting_is_safe() -> None:
    practice = PracticeOrg()
    practice.stop()
    assert practice.running is False


@pytest.mark.parametrize("name", ["api_url", "mutual_url", "strict_url", "endpoints", "ca_file", "directory"])
def test_stopping_leaves_nothing_to_say_about(own_practice: PracticeOrg, name: str) -> None:
    own_practice.stop()
    with pytest.raises(PracticeError, match="not running"):
        getattr(own_practice, name)


def test_stopping_shows_in_the_repr(own_practice: PracticeOrg) -> None:
    own_practice.stop()
    assert repr(own_practice) == "PracticeOrg(stopped)"


def test_an_error_inside_the_with_block_stops_the_org() -> None:
    practice = PracticeOrg()
    with pytest.raises(ZeroDivisionError), practice:
        _ = 1 / 0
    assert practice.running is False


def test_the_repr_shows_where_the_doors_are(practice: PracticeOrg) -> None:
    assert f"PracticeOrg({practice.api_url}, mutual {practice.mutual_url})" == repr(practice)


def test_an_unknown_user_is_refused_with_the_names_there_are(practice: PracticeOrg) -> None:
    with pytest.raises(PracticeError, match="enforced, standard"):
        practice.user("admin")


def test_credentials_do_not_show_the_password() -> None:
    assert "p455w0rd" not in repr(Credentials("user@example.com", "p455w0rd"))


def test_two_orgs_on_one_machine_do_not_trust_each_other(practice: PracticeOrg, own_practice: PracticeOrg) -> None:
    context = ssl.create_default_context(cafile=own_practice.ca_file)
    host = practice.api_url.removeprefix("https://")
    with pytest.raises(ssl.SSLCertVerificationError):
        http.client.HTTPSConnection(host, context=context, timeout=10).connect()
