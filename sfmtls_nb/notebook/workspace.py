"""Workspace: the state that the cells and forms of one notebook share: org, identity, session, last call."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from lxml import etree

from sfmtls_nb.api import Reply, read_json, read_reply
from sfmtls_nb.certificates import ClientIdentity, Finding
from sfmtls_nb.connection import Exchange, Request, Transport, curl_command
from sfmtls_nb.errors import OrgError, PassphraseError, PracticeError, SfmtlsError
from sfmtls_nb.files import KEEP, expand
from sfmtls_nb.notebook.entry import Ask, Entry, Secrets, asked, completed, credentials_for, kept
from sfmtls_nb.notebook.identities import assemble, find, identity_named
from sfmtls_nb.notebook.orgs import is_at, org_named
from sfmtls_nb.notebook.progress import read_frame
from sfmtls_nb.org import Org, Port
from sfmtls_nb.practice import ON_REQUEST, SCENARIOS, PracticeOrg
from sfmtls_nb.profiles import PRACTICE, Profile
from sfmtls_nb.query import Api
from sfmtls_nb.secret import Secret
from sfmtls_nb.session import Session
from sfmtls_nb.sign_in import Credentials, login

if TYPE_CHECKING:
    import pandas as pd

_Answer = TypeVar("_Answer")


class Workspace:
    """The state of a notebook. Everything is None until a magic or a form has made it.

    pem: the file written of the identity, for clients such as curl. envelopes: bodies by the names they were saved under.
    profile: the one that the org was chosen by. entry: the last way in there. usual: the options of `Org` where
    nobody gives any.
    """

    def __init__(self, usual: Mapping[str, Any] | None = None) -> None:
        self.usual = {**(usual or {})}
        self.practice: PracticeOrg | None = None
        self.org: Org | None = None
        self.profile: Profile | None = None
        self.identity: ClientIdentity | None = None
        self.session: Session | None = None
        self.entry: Entry | None = None
        self.last: Exchange | None = None
        self.failed: SfmtlsError | None = None
        self.pem: Path | None = None
        self.envelopes: dict[str, str] = {}
        self._written: list[Path] = []
        # Who is presented when no scenario is: the identity, and the file written for it. None: no scenario is on.
        self._usual: tuple[ClientIdentity | None, Path | None] | None = None

    # ------------------------------------------------------------ where to go

    def choose(
        self,
        name: str,
        *,
        sandbox: str | None = None,
        save: str | None = None,
        asking: bool = True,
        **options: Any,
    ) -> Org:
        """Go to the org that a name means: ``practice``, a profile, a My Domain, or a whole host or URL.

        A host that is not Salesforce's is one of this machine, or has its root named beside it (``ca_file``).

        save: keep it as a profile of that name. asking: False where nobody can type a passphrase; the certificate of a
        profile whose key is encrypted is then not presented. options: of `Org`, before the profile's.
        If anything fails, nobody has gone anywhere.
        """
        if name == PRACTICE or (self.practice and self.practice.running and is_at(self.practice, name)):
            if sandbox or save or options.get("ca_file"):
                raise OrgError(
                    "the practice org has no sandbox, brings its own CA file, and is no profile",
                    "it is new each time",
                    f"choose {PRACTICE} alone",
                )
            org = self._practice_org(options)
            return org if org == self.org else self.go_to(org)  # a first cell that is run again signs nobody out
        found = org_named(name, sandbox, private="ca_file" in options)
        profile, org = (found, found.org) if isinstance(found, Profile) else (None, found)
        unsaid = {key: value for key, value in self.usual.items() if getattr(org, key) == getattr(Org, key)}
        org = replace(org, **{**unsaid, **options})
        if profile:
            profile = replace(profile, org=org)
        if save is not None:
            profile = kept(replace(profile or Profile(save, org), name=save), self.entry, self.org)
        return self.go_to_profile(profile, asking=asking) if profile else self.go_to(org)

    def start_practice(self, records: int | None = None) -> PracticeOrg:
        """Start the practice org of this notebook, if none runs (with so many contacts, where that is said), and choose it."""
        org = self._practice_org({}, records)
        if self.at_practice() is None:
            self.go_to(org)
        return self.running_practice()

    def _practice_org(self, options: Mapping[str, Any], records: int | None = None) -> Org:
        practice = self.practice
        if practice is None or not practice.running or records not in (None, practice.records):
            practice = PracticeOrg(records=records).start()
            self.stop_practice()  # only now: if this one could not start, nothing has changed
            self.practice = practice
            atexit.register(practice.stop)
        return Org(**{**practice.endpoints, **self.usual, **options})

    def running_practice(self) -> PracticeOrg:
        """The practice org, if it runs. Raises SfmtlsError if it does not."""
        if self.practice is None or not self.practice.running:
            raise SfmtlsError("no practice org is running", next_step="%sf_practice starts one")
        return self.practice

    def stop_practice(self) -> PracticeOrg | None:
        """Stop the practice org, if there is one; its session ends, and its certificates are no longer presented."""
        if self.practice is None:
            return None
        if self.at_practice():
            self.org = self.session = None
            self.present(None)
        self.practice.stop()
        return self.practice

    def at_practice(self) -> PracticeOrg | None:
        """The practice org, if it is the one that is chosen; else None."""
        practice = self.practice
        at_it = practice and practice.running and self.org and self.org.login_url == practice.api_url
        return practice if at_it else None

    def go_to(self, org: Org) -> Org:
        """Choose another org. Nobody is signed in there yet, and the certificate for the last one is not presented there."""
        before, self.org, self.session, self.profile = self.org, org, None, None
        if before and before.login_url != org.login_url:
            self.entry = None
            self.present(None)
        return org

    def go_to_profile(self, profile: Profile, *, asking: bool = True) -> Org:
        """Choose the org of a profile, and present its certificate from now on. asking: as in `choose`."""
        identity = None
        if profile.identity:  # assembled first: if that fails, nothing has changed
            try:
                identity = self.assemble(profile.identity, asking=asking)
            except PassphraseError:
                if asking:
                    raise
        self.go_to(profile.org)
        self.profile = profile
        if identity:
            self.present(identity)
        return profile.org

    def chosen_org(self) -> Org:
        """The org that is chosen. Raises OrgError if none is."""
        if self.org is None:
            raise OrgError(
                "no org is chosen", next_step="%sf_practice starts one to practise on, %sf_org NAME goes to yours"
            )
        return self.org

    def set_usual(self, options: Mapping[str, Any]) -> None:
        """Set `usual`. A new timeout holds from the next call on, the rest when an org is chosen."""
        new = {key: value for key, value in options.items() if key.endswith("timeout") and value != self.usual.get(key)}
        self.usual = {**options}
        if new and self.org is not None:
            self.org = replace(self.org, **new)
            if self.session is not None:
                self.session = self.session.over(Transport(self.org, self.identity))

    # ------------------------------------------------------------ who we are

    def sign_in(self, entry: Entry | None = None, secrets: Secrets | None = None) -> Session:
        """Sign in. Asks for what is missing, except at the practice org, where all is known."""
        entry, credentials = self.credentials(entry or Entry(), secrets or {}, asked)
        return self.enter(entry, lambda: login(self.chosen_org(), credentials, self.identity))

    def credentials(self, entry: Entry, secrets: Secrets, question: Ask) -> tuple[Entry, Credentials]:
        """An entry with all that its way in wants, and the credentials that it makes with these secrets."""
        entry = completed(entry, self.chosen_org(), self.profile, self.at_practice(), question)
        return credentials_for(entry, self.at_practice(), secrets, question)

    def enter(self, entry: Entry, signing_in: Callable[[], Session]) -> Session:
        """Take the session that comes of signing in, and the way in that it was."""
        with self.calling():
            self.session = signing_in()
        self.entry, self.last = entry, self.session.exchange or self.last
        return self.session

    def signed_in(self) -> Session:
        """The session. Raises SfmtlsError if there is none."""
        if self.session is None:
            self.chosen_org()
            raise SfmtlsError("not signed in", next_step="%sf_login does that")
        return self.session

    def find(self, name: str | Path) -> Path:
        """A file by name: here, or else in the practice org's folder, where its authority has put them."""
        return find(name, self.at_practice())

    def assemble(
        self, sources: Sequence[str | Path | bytes], passphrase: Secret | None = None, *, asking: bool = False
    ) -> ClientIdentity:
        """The identity in these files. asking: ask for the passphrase of an encrypted key."""
        with self.remembering():
            return assemble(sources, self.at_practice(), passphrase, asking=asking)

    def named_identity(self, name: str) -> ClientIdentity:
        """The identity of a name: a file, files with spaces between them, or a scenario of the practice org."""
        with self.remembering():
            return identity_named(name, self.at_practice())

    def arm(self, name: str) -> str:
        """Let something go wrong at the practice org: the next API call, or the identity that is presented.

        ``none`` takes both back. Returns what happens now, in words. Raises PracticeError for an unknown name.
        """
        practice = self.running_practice()
        if name == "none":
            practice.disarm()
            if self._usual is not None:
                self.present(*self._usual)
            return "all goes well again"
        for scenario in SCENARIOS:
            if scenario.name == name:
                usual = self._usual or (self.identity, self.pem)
                self.present(self.named_identity(name))
                self._usual = usual
                return f"presented from now on: {scenario.what}"
        if name not in ON_REQUEST:
            names = [*ON_REQUEST, *(scenario.name for scenario in SCENARIOS)]
            close = get_close_matches(name, names, 1, 0.5)
            raise PracticeError(
                f"there is no failure {name!r}",
                next_step=f"did you mean {close[0]}?" if close else f"they are: {', '.join(names)}",
            )
        practice.arm(name)
        return f"with the next API call: {ON_REQUEST[name]}"

    def present(self, identity: ClientIdentity | None, pem: Path | None = None) -> None:
        """Show this certificate in every later call, or none. A scenario that presented another is over.

        pem: the file that was written of it.
        """
        self.identity, self.pem, self._usual = identity, pem, None
        if self.session:
            self.session.present(identity)

    def switch(self, identity: ClientIdentity, pem: Path | None) -> None:
        """Show this certificate in every later call of the session that is running, wherever it is in use. pem: as in `present`."""
        self.identity, self.pem, self._usual = identity, pem, None
        self.signed_in().present(identity)

    def findings(self, identity: ClientIdentity) -> list[Finding]:
        """Check an identity against the roots of the org, and against its clock as the last call gave it."""
        last = self.last
        return identity.findings(self.org, last.at if last else None, last.server_date if last else None)

    def errors(self, identity: ClientIdentity) -> list[str]:
        """The codes of the errors among the findings: with any of them, the certificate will be refused."""
        return [finding.code for finding in self.findings(identity) if finding.severity == "error"]

    def write(self, identity: ClientIdentity, name: str, *, overwrite: bool = False) -> list[str]:
        """Write the two files into a folder; at the practice org, within its folder. Returns a line about each.

        The one for Setup is not written while the chain has an error.
        """
        practice = self.at_practice()
        folder = practice.directory / expand(name) if practice else expand(name)
        pem = identity.write_pem(folder / "fullcert.pem", overwrite=overwrite)
        self._written.append(pem.absolute())
        if identity is self.identity:
            self.pem = pem
        client = f"written for the client: {pem} ({KEEP})"
        if errors := self.errors(identity):
            return [client, f"nothing written to upload: first correct {', '.join(dict.fromkeys(errors))}"]
        upload = identity.write_upload(folder / "upload.crt", overwrite=overwrite)
        return [client, f"written for Setup: {upload} (upload it)"]

    # ------------------------------------------------------------ calls

    def prepare(self, body: etree._Element | str, *, identity: ClientIdentity | None = None, **how: Any) -> Request:
        """The request of `soap`, not sent."""
        return self._session_as(identity).prepare(body, **how)

    def soap(
        self,
        body: etree._Element | str,
        *,
        identity: ClientIdentity | None = None,
        port: Port | None = None,
        certificate: bool = True,
    ) -> Reply:
        """Make a SOAP call. identity: one for this call alone."""
        session = self._session_as(identity)
        return self._read(session, lambda: session.prepare(body, port=port, certificate=certificate), read_reply)

    def rest(self, path: str, body: Any = None, *, port: Port | None = None, certificate: bool = True) -> Any:
        """GET a REST path, or POST a body to it as JSON."""
        session, how = self.signed_in(), {"body": body, "port": port, "certificate": certificate}
        return self._read(session, lambda: session.prepare_rest(path, **how), read_json)

    def query(
        self, soql: str, *, api: Api | Literal["auto"] = "soap", deleted: bool = False, explode: str | None = None
    ) -> pd.DataFrame:
        """Run SOQL and follow its pages; a bar shows how far it is, if that takes a while."""
        session = self.signed_in()
        with self.calling():
            frame, self.last = read_frame(session, soql, api, explode, deleted=deleted)
        return frame

    def curl(self, call: Request | Exchange | None = None) -> str:
        """A call, by default the last one, as the curl command that does the same."""
        call = call or self.last
        if call is None:
            raise SfmtlsError("no call has been made yet", next_step="%sf_login makes the first")
        identity = (call.request if isinstance(call, Exchange) else call).identity
        pem = self.pem_of(identity) if identity else None
        no_file = "# its certificate is in no file for curl yet: %sf_identity … --write FOLDER writes one\n"
        return ("" if identity is None or pem else no_file) + curl_command(call, pem or "fullcert.pem")

    def pem_of(self, identity: ClientIdentity) -> Path | None:
        """The file for curl that holds an identity: written here, one of those it was read from, or one beside them."""
        read_from = [each.path for _, each in (*identity.bag.keys, *identity.bag.certificates) if each.path]
        beside = [path.with_name("fullcert.pem") for path in read_from]
        files = dict.fromkeys([*self._written, *read_from, *beside, self.find("fullcert.pem")])
        return next((path for path in files if identity.is_in(path)), None)

    def _session_as(self, identity: ClientIdentity | None) -> Session:
        session = self.signed_in()
        return session.with_identity(identity) if identity else session

    def _read(self, session: Session, prepare: Callable[[], Request], read: Callable[[Exchange], _Answer]) -> _Answer:
        with self.calling():
            self.last = session.send(prepare())
            return read(self.last)

    @contextmanager
    def calling(self) -> Iterator[None]:
        """As `remembering`, for a call: with it, what failed before is over."""
        self.failed = None
        with self.remembering():
            yield

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Keep an error, and the call that it came of, for what looks back at it."""
        try:
            yield
        except SfmtlsError as error:
            self.failed, self.last = error, error.exchange or self.last
            raise
