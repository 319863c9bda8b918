"""PracticeOrg: a server that behaves like Salesforce, on real TLS, as a context manager."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Self

from OpenSSL import SSL

from sfmtls_nb.errors import PracticeError
from sfmtls_nb.practice.api import LAST_LOGIN_VERSION
from sfmtls_nb.practice.apps import ExternalClientApp
from sfmtls_nb.practice.data import DEFAULT_RECORDS, ORGANIZATION_ID, Database, OrgUser, eighteen
from sfmtls_nb.practice.events import EventLog
from sfmtls_nb.practice.failures import FAILURES, ORG_FAILURES
from sfmtls_nb.practice.mutual import (
    Authority,
    ClientFiles,
    ScenarioFiles,
    client_files,
    find_scenario,
    server_context,
    write_files,
    write_scenario,
)
from sfmtls_nb.practice.request import Answer, Listener, Request
from sfmtls_nb.practice.router import Router
from sfmtls_nb.practice.scratch import Scratch, sweep
from sfmtls_nb.practice.server import Server
from sfmtls_nb.practice.state import Credentials, OrgState, User

LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_WILDCARDS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104  # compared with, not bound to
_API_VERSION: Final = f"{LAST_LOGIN_VERSION}.0"


@dataclass(frozen=True)
class Ports:
    """The ports to listen on; 0 lets the system choose."""

    api: int = 0
    mutual: int = 0
    strict: int = 0


class PracticeOrg:
    """A practice org, which starts when its ``with`` block is entered and stops when that is left.

    host: where to listen; loopback by default. directory: the folder for its files; None: a temporary folder, removed
    when the org stops, or by the next one of this user if it was killed. Every start makes new keys, certificates and passwords.
    records: how many contacts (default: a few hundred; other objects in proportion). seed: of the data, which is the
    same for the same seed. scenario: a failure that every API call meets, or an identity for `client` that is wrong.
    tls: one version alone.
    Raises PracticeError if a port is taken or the directory is somebody else's.
    """

    def __init__(
        self,
        *,
        host: str = "localhost",
        ports: Ports | None = None,
        directory: str | Path | None = None,
        records: int | None = None,
        seed: int = 0,
        scenario: str | None = None,
        tls: Literal["1.2", "1.3"] | None = None,
    ) -> None:
        self._host = host
        self._wanted_ports = ports or Ports()
        self._given_directory = Path(directory).absolute() if directory is not None else None
        self._records, self._seed, self._scenario, self._tls = records, seed, scenario, tls
        self._temporary: Scratch | None = None
        self._server: Server | None = None
        self._database: Database | None = None
        self._identities: dict[str, ScenarioFiles] = {}

    # ------------------------------------------------------------ starting and stopping

    def start(self) -> Self:
        """Start listening, and write the files. Call `stop` in the end, or use ``with``."""
        if self._server:
            return self
        sweep()
        visible = socket.gethostname() if self._host in _WILDCARDS else self._host
        try:
            self.authority = Authority([visible, *(LOOPBACK - {visible})])
        except ValueError as error:  # a certificate cannot hold the name
            raise PracticeError(
                f"there can be no certificate for the host {visible!r}",
                str(error),
                "name a host or an address of this machine, such as localhost",
            ) from error
        root = self.authority.client.root.certificate
        client = self.authority.client.leaf
        self.state = OrgState([root], [client.certificate])
        self.events = EventLog()
        usernames = [user.username for user in self.state.users]
        # Its certificate is the client's own, a common setup; and its users are approved, as JWT bearer wants them.
        self.state.add_app(
            ExternalClientApp("Practice App", usernames[-1], certificate=client.certificate, approved=set(usernames))
        )
        users = [OrgUser(u.user_id, u.username, u.full_name, u.profile.profile_id) for u in self.state.users]
        self._database = Database(self._seed, self._records, users=users)
        self._visible_host = f"[{visible}]" if ":" in visible else visible
        self._router = Router(self.state, self._database, self.events, _hosts(self._visible_host))
        self._identities = {}
        contexts = {listener: self._context(listener) for listener in (Listener.API, Listener.MUTUAL)}
        wanted = {
            Listener.API: self._wanted_ports.api,
            Listener.MUTUAL: self._wanted_ports.mutual,
            Listener.STRICT: self._wanted_ports.strict,
        }
        self._server = Server(
            self._host,
            wanted,
            # The strict one is made for each connection: it verifies inside TLS, and the accepted roots may change.
            lambda listener: contexts.get(listener) or self._context(listener),
            self.answer,
            self._router.connected,
            quick=self._router.is_quick,
        )
        try:
            if self._given_directory is None:
                self._temporary = Scratch("practice-org-")
            if self._scenario in (*FAILURES, *ORG_FAILURES):
                self.arm(str(self._scenario), times=None)
            write_files(self.directory, self.authority, self.description)
        except OSError as error:  # write_files has its own; this is the temporary folder's
            self.stop()
            raise PracticeError(
                "the practice org has no place for its files",
                str(error),
                "give it a directory, or set TMPDIR to a folder that you may write to",
            ) from error
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Close every connection and remove the temporary files. Safe to call twice."""
        if self._server:
            self._server.ending = True
        if self._database:
            self._database.close()  # first, for it ends the queries that the server would wait for
            self._database = None
        if self._server:
            self._server.stop()
            self._server = None
        if self._temporary:
            self._temporary.close()
            self._temporary = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"PracticeOrg({self.api_url}, mutual {self.mutual_url})" if self._server else "PracticeOrg(stopped)"

    @property
    def running(self) -> bool:
        """True from `start` to `stop`."""
        return self._server is not None

    # ------------------------------------------------------------ what a client needs to know

    @property
    def records(self) -> int:
        """The number of contacts, beside deleted ones."""
        return DEFAULT_RECORDS if self._records is None else self._records

    @property
    def api_url(self) -> str:
        """URL of the stand-in for 443: login and API."""
        return self._url(Listener.API)

    @property
    def mutual_url(self) -> str:
        """URL of the stand-in for 8443, which asks for a certificate, accepts any, and answers in HTTP."""
        return self._url(Listener.MUTUAL)

    @property
    def strict_url(self) -> str:
        """URL of a listener that refuses inside TLS, as servers other than Salesforce's do."""
        return self._url(Listener.STRICT)

    @property
    def endpoints(self) -> dict[str, Any]:
        """Keyword arguments of `sfmtls_nb.Org` for this org."""
        return {
            "login_url": self.api_url,
            "mutual_port": self._running().ports[Listener.MUTUAL],
            "api_version": _API_VERSION,
            "ca_file": self.ca_file,
            "accepted_roots": self.client.root,
        }

    @property
    def ca_file(self) -> Path:
        """PEM file of the root certificate to trust for this server."""
        return self.directory / "server-ca.pem"

    @property
    def directory(self) -> Path:
        """Folder of the org's files."""
        self._running()
        return self._given_directory or (self._temporary.folder if self._temporary else Path())

    @property
    def client(self) -> ClientFiles:
        """Files of the client whose leaf is uploaded in this org, or those of the scenario."""
        files = client_files(self.directory, self.authority)
        if self._scenario is None or self._scenario in (*FAILURES, *ORG_FAILURES):
            return files
        made = self.identity(self._scenario)
        leaf, *others = made.certificates
        return ClientFiles(
            made.key or made.fullcert.with_name("client.key"), leaf, tuple(others), files.root, made.fullcert
        )

    @property
    def apps(self) -> list[ExternalClientApp]:
        """External Client Apps of the org; `OrgState.add_app` adds one."""
        return self.state.apps

    @property
    def app(self) -> ExternalClientApp:
        """External Client App that is there from the start."""
        return self.apps[0]

    def user(self, name: str) -> Credentials:
        """Return the username and password of a user: ``enforced`` or ``standard``."""
        user = self._find(name)
        return Credentials(user.username, user.password)

    def identity(self, name: str) -> ScenarioFiles:
        """Return the files of an identity that is wrong on purpose (one of `SCENARIOS`), made on demand.

        They are in ``identities/NAME``. Its leaf is uploaded in this org, unless that is what is wrong with it.
        """
        wanted = find_scenario(name)
        if name not in self._identities:
            material = wanted.make(self.authority)
            self._identities[name] = write_scenario(self.directory / "identities" / name, wanted, material)
            if wanted.uploaded:
                self.state.uploaded_leaves.append(material.certificates[0][1])
        return self._identities[name]

    def issue(self, request_pem: bytes) -> bytes:
        """Issue a certificate for a CSR, as the client's authority does: the leaf and its intermediates, as PEM.

        It is not uploaded in this org yet: ``practice.state.upload_certificate``. Raises PracticeError for what is no CSR.
        """
        return self.authority.sign(request_pem)

    def description(self) -> dict[str, Any]:
        """Return the content of org.json, including passwords: they are made for this start and open nothing else."""
        files = self.client
        return {
            "login_url": self.api_url,
            "api_url": self.api_url,
            "mutual_url": self.mutual_url,
            "strict_url": self.strict_url,
            "api_version": _API_VERSION,
            "ca_file": str(self.ca_file),
            "organization_id": eighteen(ORGANIZATION_ID),
            "users": [
                {"username": user.username, "password": user.password, "mutual_auth_enforced": user.enforced}
                for user in self.state.users
            ],
            "client": {
                "key": str(files.key),
                "leaf": str(files.leaf),
                "intermediates": [str(path) for path in files.intermediates],
                "root": str(files.root),
                "fullcert": str(files.fullcert),
            },
            "oauth": {
                "consumer_key": self.app.consumer_key,
                "consumer_secret": self.app.consumer_secret,
                "jwt_key": str(files.key),
                "username": self.app.run_as,
            },
            "apps": [
                {
                    "name": app.name,
                    "consumer_key": app.consumer_key,
                    "consumer_secret": app.consumer_secret,
                    "flows": sorted(app.flows),
                    "permitted_users": app.permitted_users.value,
                    "run_as": app.run_as,
                    "callback_urls": list(app.callback_urls),
                }
                for app in self.apps
            ],
            "records": self.records,
        }

    def answer(self, request: Request) -> Answer:
        """Answer a request as the listeners do, without a socket in between."""
        return self._router.answer(request, self._running().ports)

    # ------------------------------------------------------------ failures on request

    def arm(self, name: str, times: int | None = 1) -> None:
        """Let the next API calls (None: all) fail in one of the ways of `ON_REQUEST`: ``practice.arm("delay")``."""
        self.state.failures.arm(name, times)

    @property
    def armed(self) -> tuple[str, ...]:
        """Names of the failures that are still to come."""
        return tuple(self.state.failures)

    def disarm(self) -> None:
        """Disarm all failures."""
        self.state.failures.disarm()

    # ------------------------------------------------------------ inside

    def _running(self) -> Server:
        if self._server is None:
            raise PracticeError("the practice org is not running", next_step="start it: with PracticeOrg() as practice")
        return self._server

    def _context(self, listener: Listener) -> SSL.Context:
        return server_context(listener, self.authority.server, self.state.accepted_roots, self._tls)

    def _url(self, listener: Listener) -> str:
        return f"https://{self._visible_host}:{self._running().ports[listener]}"

    def _find(self, name: str) -> User:
        for user in self.state.users:
            if user.name == name:
                return user
        names = ", ".join(user.name for user in self.state.users)
        raise PracticeError(f"the practice org has no user {name!r}", next_step=f"its users are: {names}")


def _hosts(visible: str) -> tuple[str, ...]:
    """Return the names that the server's certificate has, as they stand in URLs; Salesforce's are not listed."""
    others = sorted("[::1]" if name == "::1" else name for name in LOOPBACK)
    return tuple(dict.fromkeys([visible.lower(), *others]))
