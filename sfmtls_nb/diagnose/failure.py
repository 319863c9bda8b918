"""Failure: one way in which a call fails, by a name that stays. Each has a page of its own: ``failures/NAME``."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal, NamedTuple

from sfmtls_nb.certificates import FINDINGS
from sfmtls_nb.errors import SfmtlsError

#: The end where it can be mended.
End = Literal["client", "org", "between"]


#: Where it showed. “files”: before anything was sent.
Layer = Literal["files", "name", "TCP", "proxy", "TLS", "HTTP", "SOAP/REST", "org policy"]


class Shown(NamedTuple):
    """A failure that the evidence shows: its name, where, by what, and what the certificate or file is called."""

    name: str
    layer: Layer
    evidence: str
    subject: str = ""
    advice: str = ""


class Page(str):
    """What there is to say about a failure, or the index of all, in Markdown."""

    __slots__ = ()


class Failure(NamedTuple):
    """The meaning of a failure.

    title: what is wrong, in a sentence. do: the next step; empty where the error has a better one of its own.
    """

    name: str
    end: End
    title: str
    do: str = ""

    @property
    def page(self) -> Page:
        """What there is to say about it."""
        return _read(self.name)


def _read(name: str) -> Page:
    return Page(Path(__file__).with_name("failures").joinpath(f"{name}.md").read_text(encoding="utf-8"))


_CACERTS: Final = "https://MYDOMAIN.my.salesforce.com/cacerts.jsp"
_UPLOADS: Final = "Setup > Certificate and Key Management > Mutual Authentication Certificates"

#: Those that are findings too have their advice there.
_TABLE: Final[tuple[Failure, ...]] = (
    # The files make no identity, or OpenSSL refuses to use it: nothing is sent.
    Failure("no-key", "client", "The private key is not among the files"),
    Failure("no-leaf", "client", "The client's own certificate is not among the files"),
    Failure("key-mismatch", "client", "The private key belongs to another certificate"),
    Failure("several-identities", "client", "The files hold more than one client"),
    Failure("passphrase", "client", "The key is encrypted, and the passphrase is missing or wrong"),
    Failure("identity-unusable", "client", "The key or a certificate cannot be used"),
    Failure("weak-key", "client", "The key is too short"),
    Failure("weak-signature", "client", "A certificate is signed with a hash that can be forged"),
    Failure("curve-not-for-tls", "client", "The key is on a curve that TLS does not have"),
    Failure("key-not-for-tls", "client", "The key is of a kind that TLS does not have"),
    # The certificate is not what the org accepts.
    Failure("expired", "client", "The client certificate has expired"),
    Failure("not-yet-valid", "client", "The client certificate is not valid yet"),
    Failure("intermediate-expired", "client", "An intermediate certificate has expired"),
    Failure("intermediate-not-yet-valid", "client", "An intermediate certificate is not valid yet"),
    Failure("root-expired", "client", "The root of the chain has expired"),
    Failure("root-not-yet-valid", "client", "The root of the chain is not valid yet"),
    Failure("cross-certificate-expired", "client", "A cross-certificate in the chain has expired"),
    Failure("self-signed", "client", "The client certificate is signed with its own key"),
    Failure("intermediate-missing", "client", "An intermediate certificate is missing from the chain"),
    Failure("root-not-accepted", "client", "The chain leads to a root that the org does not accept"),
    Failure("chain-not-accepted", "client", "The chain does not lead the org to a root that it accepts",
            f"send leaf and intermediates, and look for the root at {_CACERTS}"),
    Failure("ca-as-leaf", "client", "An authority's certificate is used as the client's"),
    Failure("any-purpose", "client", "The client certificate says anyExtendedKeyUsage, which does not stand for clientAuth"),
    Failure("server-auth-only", "client", "The client certificate is a web server's"),
    Failure("client-auth-missing", "client", "The client certificate does not name clientAuth"),
    Failure("no-digital-signature", "client", "The client certificate may not sign"),
    Failure("issuer-for-other-purposes", "client", "An authority in the chain is limited to other purposes"),
    Failure("purpose-unsuitable", "client", "The client certificate is not made for client authentication",
            "have it issued with the extended key usage clientAuth and the key usage digitalSignature"),
    Failure("issuer-may-not-issue", "client", "A certificate in the chain is none of an authority's"),
    Failure("path-too-long", "client", "The chain is longer than an authority in it allows"),
    Failure("name-not-permitted", "client", "The certificate has a name that its authority may not certify"),
    Failure("critical-extension-unknown", "client", "A certificate has a critical extension that is not known"),
    Failure("revoked", "client", "The certificate has been revoked by its authority", "have a new one issued, and upload its leaf"),
    Failure("certificate-refused", "client", "The client certificate was refused",
            "compare certificate and chain with what the org wants: %sf_identity shows what is found about them"),
    # It was not sent, or not asked for, or is not the one.
    Failure("no-certificate", "client", "No client certificate was presented",
            "call with the certificate: login(…, identity=…), %sf_identity, curl -E fullcert.pem"),
    Failure("certificate-dropped", "client", "The client has a certificate, and did not send it",
            "see that the certificate is for clients (clientAuth) and of a kind the server asked for, and that the client library can attach one"),
    Failure("not-asked", "between", "Nobody asks for a certificate at that port",
            "see that this is the port for mutual TLS, which is 8443 at Salesforce, and that nothing in front of it ends TLS in its place"),
    Failure("session-on-443", "client", "An enforced user's session was used where nobody asks for a certificate",
            "call on 8443: put :8443 after the host of serverUrl or instance_url, and present the certificate"),
    Failure("not-uploaded", "org", "The certificate is valid, and not the one that is uploaded in the org",
            f"upload the leaf under {_UPLOADS}; after each renewal the new one has to be there"),
    Failure("feature-hidden", "org", "Mutual authentication is not enabled in this org",
            "open a case with Salesforce Support to have mutual authentication enabled; Setup shows the section then"),
    Failure("callout-certificate", "org", "The certificate is one for outbound callouts",
            f"upload the client's leaf under {_UPLOADS}; the list above it is of certificates that the org itself presents elsewhere"),
    Failure("enforced-unexplained", "org", "The org wants a mutually authenticated connection",
            "make the call once on 8443 with the certificate, and ask why again"),
    # It works today, and may not elsewhere or tomorrow.
    Failure("dual-use", "client", "The certificate is for servers and clients, and cannot be renewed like this"),
    Failure("expires-soon", "client", "The client certificate is due for renewal"),
    Failure("intermediate-expires-soon", "client", "An intermediate certificate ends soon"),
    Failure("wrong-order", "client", "The certificates of a file do not stand in sending order"),
    Failure("root-included", "client", "The root is among the files"),
    Failure("root-unknown", "client", "The root of the chain is not known here"),
    Failure("rsa-pss", "client", "RSA-PSS is in the certificate"),
    Failure("edwards-key", "client", "The key is an Edwards curve's"),
    Failure("leaf-may-issue", "client", "The client certificate may issue others"),
    Failure("key-agreement-only", "client", "The key usage is for key agreement alone"),
    Failure("issuer-key-not-of-tls", "client", "An authority's key is of a kind that not every server takes"),
    Failure("key-encipherment-on-ec", "client", "An EC key is said to encrypt"),
    Failure("extension-unreadable", "client", "An extension of the certificate cannot be read"),
    Failure("certificate-unreadable", "client", "One of the certificates cannot be read"),
    Failure("passed-over", "client", "Something among the files was passed over"),
    Failure("key-readable-by-others", "client", "Others on this machine can read the key"),
    Failure("clock-skew", "client", "The clocks of this machine and of the org differ"),
    # The way there.
    Failure("no-such-host", "client", "There is no host of that name",
            "check its spelling (My Domain: Setup > My Domain), and that this machine can look up names"),
    Failure("instanced-host", "client", "The host is that of an instance, not of a My Domain",
            "call the org by its My Domain (Setup > My Domain): an org moves between instances, and their hosts are being switched off"),
    Failure("leads-elsewhere", "between", "The answer to the sign-in leads to a host that is not the org's"),
    Failure("address-wrong", "client", "This address cannot work"),
    Failure("login-host-on-8443", "client", "login.salesforce.com does not answer on 8443",
            "sign in on 443, or at your My Domain; 8443 is for the calls after login, on the host that serverUrl names"),
    Failure("port-closed", "between", "Nobody listens at that port"),
    Failure("port-filtered", "between", "Something on the way drops the packets to that port",
            "have outgoing connections to that host and port allowed; many networks let out 443 and not 8443"),
    Failure("binder-8443", "between", "Binder lets out a few ports, and 8443 is not one of them",
            "on Binder use the practice org (%sf_practice); for your own org run this notebook on your machine: sfmtls-nb lab"),
    Failure("unreachable", "between", "The network does not lead there"),
    Failure("proxy-refused", "between", "The proxy did not let the call through"),
    Failure("proxy-unusable", "client", "The address of the proxy cannot be used"),
    Failure("resigning-proxy", "between", "Something on the way answers in Salesforce's place, with a certificate of its own",
            "have the proxy pass these hosts through unopened, on 443 and 8443: where it ends TLS, no client certificate gets past it; "
            'Org(trust="system") makes calls on 443 work'),
    Failure("silent", "between", "The port took the connection, and nothing came"),
    Failure("call-timeout", "between", "The call was not over in time"),
    # TLS.
    Failure("not-tls", "client", "What listens there does not speak TLS"),
    Failure("old-tls", "org", "The other end does not speak TLS 1.2 or 1.3",
            "see what listens there: Salesforce speaks both; a server that has only older versions has to be brought up to date"),
    Failure("nothing-in-common", "org", "The two ends found no way of encrypting that both speak",
            "see what listens there, and which cipher suites it allows"),
    Failure("server-untrusted", "between", "The server's certificate leads to no root that is trusted here"),
    Failure("server-wrong-name", "client", "The server's certificate is for another host"),
    Failure("server-expired", "org", "The server's certificate is out of date",
            "look at this machine's clock first; if it is right, tell those who run the server"),
    Failure("tls-failed", "between", "TLS failed"),
    Failure("cut", "between", "The connection ended before an answer came"),
    # HTTP.
    Failure("answer-stalled", "org", "The answer did not come, or stopped half-way"),
    Failure("answer-cut", "between", "The answer was cut off"),
    Failure("document-cut", "between", "The answer is whole, and the document in it is not"),
    Failure("answer-too-large", "client", "The answer is larger than is allowed"),
    Failure("not-http", "between", "The answer is not HTTP as it should be"),
    Failure("not-unpackable", "between", "The answer cannot be unpacked"),
    Failure("redirected", "client", "The org sends the call to another address"),
    Failure("unavailable", "org", "The org cannot answer at the moment", "wait, and repeat the call; https://status.salesforce.com shows the state of each instance"),
    Failure("page-instead", "between", "A page of HTML came where XML or JSON was asked for"),
    Failure("not-the-api", "client", "What answered is not the API that was asked"),
    # What the org says to the sign-in.
    Failure("invalid-login", "client", "Username, password or security token is wrong, or the user is locked"),
    Failure("security-token-missing", "client", "The org wants the security token after the password"),
    Failure("locked-out", "org", "The user is locked out"),
    Failure("password-expired", "client", "The password has expired"),
    Failure("soap-login-off", "org", "SOAP login() is switched off in this org, or gone from this version"),
    Failure("any-api-auth-missing", "org", "The user lacks the permission Use Any API Auth"),
    Failure("consumer-key-wrong", "client", "No app of this org has that consumer key"),
    Failure("consumer-secret-wrong", "client", "The consumer secret is not the app's"),
    Failure("user-not-approved", "org", "The app does not let this user in"),
    Failure("audience-wrong", "client", "The JWT is addressed to another place than the user's org"),
    Failure("assertion-wrong", "client", "The org cannot verify the JWT"),
    Failure("code-used", "client", "The authorization code is used up, or not whole"),
    Failure("token-ended", "org", "The token has been revoked, or has ended"),
    Failure("address-restricted", "org", "The user may not come from this address"),
    Failure("user-inactive", "org", "The user or the org is not active"),
    Failure("no-run-as-user", "org", "The app has no user to run as"),
    Failure("my-domain-needed", "client", "The org signs in so at its My Domain alone"),
    Failure("app-wants-certificate", "client", "The app wants a client certificate at the sign-in too"),
    Failure("flow-off", "org", "This way of signing in is switched off in the app"),
    Failure("redirect-uri-mismatch", "client", "The redirect URI is not the one that is registered"),
    Failure("scope-missing", "org", "The app lacks a scope"),
    Failure("access-denied", "client", "Somebody pressed Deny, or the app is blocked"),
    Failure("sign-in-refused", "org", "The org refused the sign-in"),
    Failure("sign-in-incomplete", "client", "Signing in failed on this machine"),
    # What it says to a call.
    Failure("session-ended", "client", "The session has ended, or is another org's"),
    Failure("version-not-served", "client", "The org does not serve that API version"),
    Failure("limit-exceeded", "org", "The org's API requests of the day are used up"),
    Failure("query-wrong", "client", "The query asks for something that is not there, or is not SOQL"),
    Failure("locator-expired", "org", "The org does not know the next page of the query any more"),
    Failure("job-failed", "org", "The Bulk job failed, or was aborted"),
    Failure("job-too-long", "org", "The Bulk job was not over in time"),
    Failure("message-not-understood", "client", "The message is none that this address takes"),
    Failure("call-refused", "org", "The org refused the call"),
)  # fmt: skip

#: All failures by their names; ``pandas.DataFrame(FAILURES.values())`` shows them as a table.
FAILURES: Final[Mapping[str, Failure]] = {row.name: row for row in _TABLE}


def page_of(name: str) -> Page:
    """The page of a failure, by its name or address, or the ``index`` of all by what one sees.

    Raises SfmtlsError for no such failure.
    """
    name = name.removeprefix("failures/").removesuffix(".md")
    if name == "index":
        return _read("README")
    if name not in FAILURES:
        close = get_close_matches(name, FAILURES, 3, 0.5)
        raise SfmtlsError(
            f"there is no failure {name!r}",
            f"names like it: {', '.join(close)}" if close else "",
            "%sf_why index shows all of them, by what one sees",
        )
    return FAILURES[name].page


def advice(name: str, error: SfmtlsError | None = None, subject: str = "") -> str:
    """What to do about a failure: by its row, by the finding of that name, or by the error that came of it."""
    if do := FAILURES[name].do:
        return do
    if name in FINDINGS:
        return FINDINGS[name].advice.format(subject=subject or "the file")
    return error.next_step if error else ""
