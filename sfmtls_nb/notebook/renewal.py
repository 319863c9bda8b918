"""Renewal: a new key and certificate in the place of the old ones, step by step, and the old ones stay until the new are proven."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.serialization import Encoding
from IPython.display import display

from sfmtls_nb.certificates import ClientIdentity, KeyAndRequest, common_name, fingerprint, name_words
from sfmtls_nb.errors import CertificatePageError, HandshakeError, IdentityError, MutualAuthenticationFault, SfmtlsError
from sfmtls_nb.files import KEEP, expand, write_new
from sfmtls_nb.notebook.code import words
from sfmtls_nb.notebook.workspace import Workspace
from sfmtls_nb.practice import PracticeOrg

_LIST: Final = "Setup > Certificate and Key Management > Mutual Authentication Certificates"
#: The steps in their order, and what a person does at each on an org of one's own.
STEPS: Final[Mapping[str, str]] = {
    "new key and request": "%sf_identity --renew writes both; the old key goes on working",
    "the authority issues": "send client.csr, and never the key, to your authority: it has to certify clientAuth, under a root "
    "that your org's cacerts.jsp lists; put what comes back beside the key, and name it all to %sf_identity --renew",
    "upload beside the old one": f"an administrator uploads the new leaf, upload.crt, at {_LIST}; the old one stays in the list",
    "switch": "%sf_identity --renew with the new files tries them first, with a call of its own; if that is refused, all "
    "stays on the old certificate",
    "prove": "getUserInfo on 8443: with the new certificate it succeeds, without one it is refused; then change the "
    "other programs that have the old files",
    "remove the old one": "days later, when no program presents it any more: Del beside it in the same list (its serial "
    "number is above); then delete the old key",
}
#: The new key, and what comes from the authority, by the names that stand in the next command.
_ANSWERS: Final = ("client.key", "client.crt", "intermediates.pem")
_REQUEST, _ISSUE, _UPLOAD, _SWITCH, _PROVE, _REMOVE = STEPS
#: The ways in which an org says no to a certificate, or to none.
_NO: Final = (CertificatePageError, MutualAuthenticationFault, HandshakeError)

State = Literal["done", "open", "failed"]


@dataclass(frozen=True)
class Step:
    """One step of a renewal. came: what was done and seen; "" where nothing was yet. yours: what a person does on an own org."""

    name: str
    state: State
    came: str
    yours: str


@dataclass(frozen=True)
class Renewal:
    """A renewal as far as it went. old: the identity before it. new: the one after it; None until a certificate is here.

    practised: it was at the practice org, where the notebook does what people do elsewhere. command: the next one to run.
    """

    old: ClientIdentity
    new: ClientIdentity | None
    steps: tuple[Step, ...]
    practised: bool
    command: str = ""


def renew(workspace: Workspace, files: Sequence[str], folder: str | None, *, overwrite: bool = False) -> Renewal:
    """Renew the identity that is presented, as far as that goes without anybody else.

    files: the new key and certificates, once the authority has issued them. Without: at the practice org, whose authority
    and Setup answer at once, the whole drill; elsewhere a new key and its request. folder: where files are written
    (default: a new one, renewal-1).
    If the org refuses the new certificate, the session stays on the old one: then the steps are shown, and it raises.
    """
    drill = _Drill(workspace, folder, overwrite=overwrite)
    try:
        drill.run(files)
    except SfmtlsError:
        if drill.came:
            display(drill.renewal(failed=True))
        raise
    return drill.renewal()


class _Drill:
    """The steps of one renewal while they are taken.

    came: of each that was taken, what was done and seen. failing: the one that would be to blame for an error now.
    """

    def __init__(self, workspace: Workspace, folder: str | None, *, overwrite: bool) -> None:
        workspace.chosen_org()
        if workspace.identity is None:
            raise IdentityError(
                "there is nothing to renew",
                "no certificate is presented",
                "present the old one first: %sf_identity FILES",
            )
        self.old = workspace.identity
        self.new: ClientIdentity | None = None
        self.practice: PracticeOrg | None = workspace.at_practice()
        self.came: dict[str, str] = {}
        self.failing = _REQUEST
        self.command = ""
        self._workspace, self._given, self._overwrite = workspace, folder, overwrite

    def run(self, files: Sequence[str]) -> None:
        if files or self.practice:
            self._see_that_calls_prove()
        if files:
            new = self._bring(files)
        else:
            name = self._folder()
            made = self._request(name)
            if self.practice is None:
                self.command = (
                    f"%sf_identity --renew {words(*(f'{name / each}' for each in _ANSWERS))} --write {words(str(name))}"
                )
                return
            new = self._issue(made, name, self.practice)
        self.new = new
        self._check(new)
        pem = self._write(new)
        if self.practice:
            self._upload(new, self.practice)
        self._switch(new, pem)
        self._prove(new)
        if self.practice:
            self._remove(self.practice)
        if pem:
            self.command = f"%sf_identity {words(str(expand(str(self._given)) / pem.name))}"

    def renewal(self, *, failed: bool = False) -> Renewal:
        """The renewal as far as it went; failed: an error ended it."""

        def state(name: str) -> State:
            return "done" if name in self.came else "failed" if failed and name == self.failing else "open"

        steps = tuple(Step(name, state(name), self.came.get(name, ""), yours) for name, yours in STEPS.items())
        return Renewal(self.old, self.new, steps, self.practice is not None, self.command)

    # ------------------------------------------------------------ the steps

    def _see_that_calls_prove(self) -> None:
        """Raise, before anything is written, for a user whose calls succeed whatever certificate goes with them."""
        if not self._refused(certificate=False):
            raise SfmtlsError(
                "a call of this user proves no certificate",
                "getUserInfo on 8443 succeeded without one",
                "sign in as a user whose profile has Enforce SSL/TLS Mutual Authentication, and run this again; "
                "%sf_identity FILES presents a certificate without that proof",
            )

    def _request(self, name: Path) -> KeyAndRequest:
        made = self.old.new_key_and_csr()
        made.write(self._at(name), overwrite=self._overwrite)
        self.came[_REQUEST] = (
            f"{name / 'client.key'} is a new private key of the same kind ({KEEP}); {name / 'client.csr'} asks for a "
            f"certificate with the old one's subject and names, {common_name(self.old.leaf)}"
        )
        return made

    def _issue(self, made: KeyAndRequest, name: Path, practice: PracticeOrg) -> ClientIdentity:
        self.failing = _ISSUE
        answer = write_new(self._at(name) / "client.crt", practice.issue(made.request_pem), overwrite=self._overwrite)
        self._given = str(name)
        return ClientIdentity.load(self._at(name) / "client.key", answer, password=self.old.passphrase)

    def _bring(self, files: Sequence[str]) -> ClientIdentity:
        workspace, (only, *others) = self._workspace, files
        new = workspace.assemble(files, self.old.passphrase, asking=True) if others else workspace.named_identity(only)
        if new.leaf == self.old.leaf:
            raise IdentityError(
                "these files hold the certificate that is presented already",
                f"its serial number is {self.old.leaf.serial_number:X}",
                "name the files that the authority sent for the new request",
            )
        self.came[_REQUEST] = f"the new key is in {', '.join(each.file for _, each in new.bag.keys)}"
        return new

    def _check(self, new: ClientIdentity) -> None:
        """Look for what the org would refuse, before it is asked."""
        self.failing = _ISSUE
        new.check(self._workspace.org)
        found = [finding for finding in self._workspace.findings(new) if finding.severity == "warning"]
        told = "; ".join(f"{each.code}: {each.evidence}" for each in found) or "nothing to object to"
        leaf = new.leaf
        self.came[_ISSUE] = (
            f"{name_words(leaf.issuer)} certifies it from {leaf.not_valid_before_utc:%Y-%m-%d} until "
            f"{leaf.not_valid_after_utc:%Y-%m-%d}; the check finds: {told}"
        )

    def _write(self, new: ClientIdentity) -> Path | None:
        if self._given is None:
            return None
        self._workspace.write(new, self._given, overwrite=self._overwrite)
        return self._at(expand(self._given)) / "fullcert.pem"

    def _upload(self, new: ClientIdentity, practice: PracticeOrg) -> None:
        self.failing = _UPLOAD
        practice.state.upload_certificate(new.leaf.public_bytes(Encoding.PEM))
        listed = len(practice.state.uploaded_leaves)
        self.came[_UPLOAD] = f"the new leaf is in Setup, beside the old one: {listed} certificates are in its list"

    def _switch(self, new: ClientIdentity, pem: Path | None) -> None:
        self.failing = _SWITCH
        workspace = self._workspace
        try:
            workspace.soap("getUserInfo", identity=new)
        except _NO as error:
            raise self._stays(error) from error
        self.came.setdefault(_UPLOAD, "the org accepts the new leaf, so it is in the list")
        workspace.switch(new, pem)
        profile = workspace.profile
        named = f"; the profile {profile.name} still names the old files" if profile and profile.identity else ""
        self.came[_SWITCH] = (
            f"tried first, with a call of its own, and accepted; the session, which goes on, presents it from now on{named}"
        )

    def _stays(self, error: SfmtlsError) -> IdentityError:
        """The error for a new certificate that the org refuses."""
        next_step = error.next_step
        if isinstance(error, MutualAuthenticationFault) and self.practice is None:
            self.failing = _UPLOAD
            written = f" ({expand(self._given) / 'upload.crt'})" if self._given else ""
            next_step = f"have its leaf{written} uploaded beside the old one, at {_LIST}, and run this line again"
        ours = IdentityError(
            "the org refuses the new certificate; the session stays on the old one",
            f"{type(error).__name__}: {error.what}" + (f"; {error.evidence}" if error.evidence else ""),
            next_step,
        )
        ours.exchange = error.exchange
        return ours

    def _prove(self, new: ClientIdentity) -> None:
        self.failing = _PROVE
        user = self._workspace.soap("getUserInfo").text(".//userName")
        seen = f"as {user}"
        if self.practice:
            leaf = self.practice.events.where(kind="request", operation="getUserInfo")[-1].leaf
            whose = "the new one" if leaf == fingerprint(new.leaf).hex() else "another"
            seen = f"and the org saw the leaf with the fingerprint {leaf[:8]}…, {whose}"
        self.came[_PROVE] = f"getUserInfo on 8443 succeeds, {seen}; without a certificate it is refused"

    def _remove(self, practice: PracticeOrg) -> None:
        self.failing = _REMOVE
        if self.old.leaf in practice.state.uploaded_leaves:
            practice.state.remove_certificate(self.old.leaf)
        refused = self._refused(identity=self.old)
        self._workspace.soap("getUserInfo")
        self.came[_REMOVE] = (
            f"the old leaf is out of Setup: a call with it gets {refused or 'through'}; the next call of the session succeeds"
        )

    # ------------------------------------------------------------ what they share

    def _refused(self, *, identity: ClientIdentity | None = None, certificate: bool = True) -> str:
        """The refusal of a getUserInfo in a word; "" if it succeeds."""
        try:
            self._workspace.soap("getUserInfo", identity=identity, certificate=certificate)
        except MutualAuthenticationFault as fault:
            return fault.code
        except _NO as error:
            return error.what
        return ""

    def _at(self, name: Path) -> Path:
        return self.practice.directory / name if self.practice else name

    def _folder(self) -> Path:
        """The folder for what is written: the one that was given, or one that is new."""
        if self._given:
            return expand(self._given)
        return next(name for n in count(1) if not self._at(name := Path(f"renewal-{n}")).exists())
