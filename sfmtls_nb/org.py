"""Org: where to go and whom to trust there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self
from urllib.parse import urlsplit, urlunsplit

from sfmtls_nb.errors import OrgError
from sfmtls_nb.files import is_content, path_or_content, shown

#: Salesforce's two doors: 443 for everyone, 8443 for mutual TLS. A practice org maps them to ports of its own.
Port = Literal[443, 8443]

#: Whose roots vouch for the server: those that browsers and requests know (certifi), or those of this machine's system.
Trust = Literal["public", "system"]

#: The newest API version that still has SOAP login() (Salesforce KB 005132110).
LAST_VERSION_WITH_LOGIN = "64.0"

#: Eleven days; some way above it, sockets refuse the number.
_LONGEST_TIMEOUT = 1e6
_LOGIN_HOSTS = ("login.salesforce.com", "test.salesforce.com")
#: Where Salesforce's APIs are: the world's, the United States government's, and China's.
_SALESFORCE = (
    *(".salesforce.com", ".force.com", ".cloudforce.com", ".database.com"),
    *(".govforce.com", ".salesforce.mil", ".sfcrmproducts.cn"),
)
_LABEL = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_MY_DOMAIN = re.compile(
    rf"(?:https://)?({_LABEL})(?:--({_LABEL})\.sandbox)?\.my\.salesforce\.com(?:/.*)?", re.IGNORECASE
)
#: Names of hosts and instances of Salesforce's own, which no company has as its My Domain.
_TAKEN = re.compile(
    r"login|test|www|mail|help|app|api|salesforce|lightning|localhost|sandbox|(?:na|eu|ap|um|cs|usa)\d+|00D\w{12}(?:\w{3})?",
    re.IGNORECASE,
)
#: Hosts of pages, by what stands behind the My Domain: Lightning, Setup, sites, Visualforce, files, packages' content.
_PAGES = re.compile(
    rf"({_LABEL})((?:\.[a-z]+)?)\.(?:lightning\.force\.com|my\.salesforce-setup\.com|my\.site\.com|"
    r"(?:vf|vfforce|file|content|documentforce|visual)\.force\.com|builder\.salesforce-experience\.com)",
    re.IGNORECASE,
)
_API_VERSION = re.compile(r"[1-9]\d\.0")
_HOST_LABEL = re.compile(r"\w([\w-]{0,61}\w)?")


@dataclass(frozen=True)
class Org:
    """One Salesforce org, seen from a client: a plain value, holding no secret.

    login_url: where SOAP login() is, scheme and host (and port, if it is not 443).
    mutual_port: the port that asks for a client certificate. The host comes from the login answer's ``serverUrl``.
    api_version: like ``"64.0"``.
    ca_file: PEM file of the only roots to trust for the server's certificate; None trusts the public ones (certifi).
        There is no switch that turns verification off.
    accepted_roots: the org's cacerts.jsp page as saved from a browser (or a PEM file), for checking client certificates.
        Of both, a text that cannot be the name of a file, and bytes, are the content.
    connect_timeout, read_timeout: seconds; connecting includes the TLS handshake, and reading is until the next byte.
    call_timeout: seconds for a whole call, however it is spent.
    answer_limit: bytes that an answer may have, unpacked.
    trust: "system" trusts the roots of this machine's system in place of the public ones, and so a company's own.
    trusted_hosts: hosts that the session id may go to besides Salesforce's and that of the login_url.

    Raises OrgError for what cannot work, before anything is sent.
    """

    login_url: str = "https://login.salesforce.com"
    mutual_port: int = 8443
    api_version: str = LAST_VERSION_WITH_LOGIN
    ca_file: str | Path | bytes | None = None
    accepted_roots: str | Path | bytes | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    call_timeout: float = 600.0
    answer_limit: int = 200_000_000
    trust: Trust = "public"
    trusted_hosts: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        _check_types(self)
        object.__setattr__(self, "login_url", checked_url(self.login_url).rstrip("/"))
        parts = urlsplit(self.login_url)
        _refuse_page(parts.hostname or "")
        if parts.path or parts.query or parts.fragment:
            raise OrgError(
                f"the login URL {self.login_url} goes on after the host",
                next_step=f"write https://{parts.netloc} alone",
            )
        if not 0 < self.mutual_port < 65536:
            raise OrgError(f"{self.mutual_port!r} is not a port", next_step="Salesforce's for mutual TLS is 8443")
        self._check_bounds_and_trust()
        for timeout in (self.connect_timeout, self.read_timeout, self.call_timeout):
            if not 0 < timeout <= _LONGEST_TIMEOUT:
                raise OrgError(
                    f"a timeout cannot be {timeout} s",
                    next_step="give connect_timeout, read_timeout and call_timeout in seconds, above 0",
                )
        if not _API_VERSION.fullmatch(self.api_version):
            raise OrgError(
                f"{self.api_version!r} is not an API version",
                next_step=f'write it as Salesforce does, such as "{LAST_VERSION_WITH_LOGIN}"',
            )

    def _check_bounds_and_trust(self) -> None:
        if not self.answer_limit > 0:
            raise OrgError(
                f"an answer cannot be limited to {self.answer_limit!r} bytes",
                next_step="give answer_limit as a number of bytes, such as 200_000_000",
            )
        if self.trust not in ("public", "system"):
            raise OrgError(f"there are no roots {self.trust!r}", next_step='choose trust="public" or trust="system"')
        if self.trust == "system" and self.ca_file is not None:
            raise OrgError(
                'ca_file and trust="system" are both given',
                "ca_file names the only roots to trust",
                "leave one of them out",
            )
        hosts: object = self.trusted_hosts
        if not isinstance(hosts, tuple | list) or not all(isinstance(each, str) and each for each in hosts):
            raise OrgError(
                "trusted_hosts is not a series of hosts",
                next_step='write it like this: trusted_hosts=("api.acme.example",)',
            )
        object.__setattr__(self, "trusted_hosts", tuple(hosts))

    @classmethod
    def my_domain(cls, name: str, *, sandbox: str | None = None, api_version: str = LAST_VERSION_WITH_LOGIN) -> Self:
        """The org behind ``https://NAME.my.salesforce.com``, or its sandbox. `my_domain_of` is the inverse.

        >>> Org.my_domain("acme", sandbox="uat").login_url
        'https://acme--uat.sandbox.my.salesforce.com'
        """
        _refuse_taken(name)
        url = f"https://{name}--{sandbox}.sandbox.my.salesforce.com" if sandbox else f"https://{name}.my.salesforce.com"
        if my_domain_of(url) != (name, sandbox):
            raise OrgError(
                f"{_quoted(name)}{'' if sandbox is None else f' with sandbox {_quoted(sandbox)}'} is not a My Domain or sandbox name",
                next_step=_name_in(name)
                or "give the name alone, such as acme for https://acme.my.salesforce.com; Setup > My Domain shows it",
            )
        return cls(login_url=url, api_version=api_version)

    @classmethod
    def at(cls, address: str) -> Self:
        """The org at a host or URL, as it is copied from Setup or the address bar; path and port do not matter.

        >>> Org.at("acme-dev-ed.develop.my.salesforce.com/lightning").login_url
        'https://acme-dev-ed.develop.my.salesforce.com'

        Raises OrgError unless it is a My Domain host or one of Salesforce's two login hosts.
        """
        url = checked_url(address if "://" in address else f"https://{address}")
        host = (urlsplit(url).hostname or "").removesuffix(".")
        if host not in _LOGIN_HOSTS:
            name, _, domain = host.partition(".")
            _refuse_taken(name)
            _refuse_page(host)
            if not f".{domain}".endswith(".my.salesforce.com"):
                raise OrgError(
                    f"{host} is not the host of a My Domain",
                    next_step="write it as Setup > My Domain shows it, such as acme.my.salesforce.com; "
                    "any other server is for a profile with a login_url",
                )
        return cls(login_url=f"https://{host}")

    def endpoint(self, server_url: str, port: Port) -> str:
        """The ``serverUrl`` of a login answer, on one of the two doors.

        Salesforce sends it without a port; the caller puts 8443 in. On 443 it stays as it came.
        """
        parts = urlsplit(checked_url(server_url))
        if port == 443:
            return urlunsplit(parts)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return checked_url(urlunsplit(parts._replace(netloc=f"{host}:{self.mutual_port}")))

    def followed(self, server_url: str, name: str = "serverUrl") -> str:
        """An address in the answer to a sign-in, unchanged, if the session id may go there. name: how it is called there.

        Raises OrgError for a host that is neither Salesforce's, nor the login host, nor one of trusted_hosts.
        """
        host = (urlsplit(checked_url(server_url)).hostname or "").removesuffix(".")
        login_host = urlsplit(self.login_url).hostname or ""
        known = (login_host, *self.trusted_hosts)
        if f".{host}".endswith(_SALESFORCE) or host in (each.lower().removesuffix(".") for each in known):
            return server_url
        raise OrgError(
            f"the login answer leads to {host}, which is neither Salesforce's nor the login host",
            f"signed in at {login_host}; its {name} is {server_url}, and the session id would go there",
            f'if {host} is yours, say so: Org(trusted_hosts=("{host}",)); if not, see what answers at {login_host}',
        )


def my_domain_of(address: str) -> tuple[str, str | None] | None:
    """The My Domain, and the sandbox or None, of a host or https URL; None if it is no such host.

    >>> my_domain_of("https://acme--uat.sandbox.my.salesforce.com")
    ('acme', 'uat')
    """
    found = _MY_DOMAIN.fullmatch(address)
    return (found[1], found[2]) if found and not _TAKEN.fullmatch(found[1]) else None


def _name_in(address: str) -> str:
    """The next step for a whole host or URL in the place of a My Domain's name; empty if it is none."""
    try:
        found = my_domain_of(Org.at(address).login_url)
    except OrgError as error:
        return error.next_step if "is a host of pages" in error.what else ""
    return f"write {found[0]}" + (f" with the sandbox {found[1]}" if found[1] else "") if found else ""


def _refuse_page(host: str) -> None:
    """Raise OrgError for a host where people see pages: the APIs are at another one."""
    if found := _PAGES.fullmatch(host.removesuffix(".")):
        name = found[1].rpartition("--")[0] or found[1] if ".vf." in host else found[1]
        raise OrgError(
            f"{host} is a host of pages, and answers no API call",
            "it is what the address bar shows; sign-in and APIs are at the My Domain's own host",
            f"write https://{name}{found[2]}.my.salesforce.com",
        )


def _refuse_taken(name: str) -> None:
    if _TAKEN.fullmatch(name):
        host = _LOGIN_HOSTS[name.lower() == "test"]
        raise OrgError(
            f"{name} is not a My Domain",
            f"the name belongs to Salesforce or to this machine, or is an id; the login host is https://{host}",
            f"write the name of your My Domain, which Setup > My Domain shows; or https://{host} to sign in there",
        )


def checked_url(url: str) -> str:
    """The URL unchanged, if it is one to send a secret to: https, with a host, and a port that answers there."""
    if "@" in url:
        # Not echoed: what stands there may be a password.
        raise OrgError("the URL has a username or password in it", next_step="write https://HOST alone")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OrgError(
            f"{_quoted(url)} is not a URL", _quoted(str(error)), "write it as https://HOST or https://HOST:PORT"
        ) from error
    if parts.scheme != "https" or not parts.hostname:
        bare = re.match(rf"(?:http://)?({_LABEL}(?:\.{_LABEL})+)(?::\d+)?(?:/|$)", url, re.IGNORECASE)
        raise OrgError(
            f"{_quoted(url)} is not an https URL with a host",
            next_step=f"write it as https://{bare[1] if bare else 'HOST'}; "
            "a password or session id is never sent without TLS",
        )
    host = parts.hostname.removesuffix(".")
    # urlsplit passes over line ends and tabs, and over what no host can be called; what sends stumbles over them.
    if re.search(r"[\s\\]", url) or not (":" in host or all(map(_HOST_LABEL.fullmatch, host.split(".")))):
        raise OrgError(
            f"{_quoted(url)} names no host that can be", next_step="write it as https://HOST or https://HOST:PORT"
        )
    if port == 8443 and host in _LOGIN_HOSTS:
        raise OrgError(
            f"{host} does not answer on 8443",
            "the login service listens on 443 only; a connection to 8443 hangs until it times out",
            f"sign in at https://{host} (443), or at your My Domain host; "
            "8443 is for the API calls after login, on the host that the login answer's serverUrl names",
        )
    return url


# Field of Org -> what it takes, in words and as types. True and False are numbers to Python, and meant as none.
_TYPES: Final[dict[str, tuple[str, tuple[type, ...]]]] = {
    "login_url": ('a text, such as "https://acme.my.salesforce.com"', (str,)),
    "mutual_port": ("a number, such as 8443", (int,)),
    "api_version": (f'a text, such as "{LAST_VERSION_WITH_LOGIN}"', (str,)),
    "connect_timeout": ("a number of seconds, such as 10", (int, float)),
    "read_timeout": ("a number of seconds, such as 60", (int, float)),
    "call_timeout": ("a number of seconds, such as 600", (int, float)),
    "answer_limit": ("a number of bytes, such as 200_000_000", (int,)),
}


def _quoted(text: str) -> str:
    """A text as a message quotes it; not at all if it may be a key, and no more of it than of a path."""
    return "a text that may be a key" if is_content(text) else repr(shown(text))


def _check_types(org: Org) -> None:
    for name, (words, types) in _TYPES.items():
        value = getattr(org, name)
        if not isinstance(value, types) or isinstance(value, bool):
            shown = repr(value) if isinstance(value, int | float) else f"a {type(value).__name__}"
            raise OrgError(f"{name} cannot be {shown}", f"it is a {type(value).__name__}", f"write it as {words}")
    for name in ("ca_file", "accepted_roots"):
        if getattr(org, name) is None:
            continue
        content = path_or_content(getattr(org, name), OrgError)
        if content == b"" or not str(getattr(org, name)):
            raise OrgError(
                f"{name} is empty",
                "an empty name is not taken for none at all: other roots would be trusted than were meant",
                f"name a file, or leave {name} out",
            )
        if isinstance(content, bytes):
            object.__setattr__(org, name, content)  # masked from now on
            if content.find(b"PRIVATE KEY") >= 0:
                raise OrgError(
                    f"{name} has a private key in it",
                    f"{len(content):,} bytes, which are not shown",
                    "give certificates of authorities alone; the client's key is for ClientIdentity.load",
                )
