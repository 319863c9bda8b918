"""Name constraints: the names that an authority may certify (RFC 5280, 4.2.1.10)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.x509.oid import NameOID

from sfmtls_nb.certificates.certificate import comparable, extension

_HOST: Final = re.compile(
    r"(?=.*\.)(?:[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE
)


def name_against(certificate: x509.Certificate, constraints: x509.NameConstraints, *, is_leaf: bool) -> str:
    """The name of a certificate that its authority may not certify, in words; empty if it may certify them all."""
    excluded, permitted = constraints.excluded_subtrees or (), constraints.permitted_subtrees or ()
    for name in _names(certificate, is_leaf=is_leaf):
        kind = type(name)
        within = _WITHIN.get(kind)
        for rules, wanted in ((excluded, False), (permitted, True)):
            same_kind = [rule for rule in rules if type(rule) is kind]
            if not same_kind:
                continue
            if within is None:
                return f"{kind.__name__}: a kind of name that cannot be compared"
            if any(within(name.value, rule.value) for rule in same_kind) is not wanted:
                return f"{_words(name)} is {'outside what is permitted' if wanted else 'excluded'}"
    return ""


def _names(certificate: x509.Certificate, *, is_leaf: bool) -> Iterator[x509.GeneralName]:
    subject, alternative = certificate.subject, extension(certificate, x509.SubjectAlternativeName)
    if list(subject):
        yield x509.DirectoryName(subject)
    for mail in subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS):
        yield x509.RFC822Name._init_without_validation(str(mail.value))  # noqa: SLF001  # any text may stand there
    yield from alternative or ()
    # OpenSSL takes a leaf's CN for a host's name, where it looks like one and there is no other.
    if is_leaf and not any(isinstance(name, x509.DNSName) for name in alternative or ()):
        for cn in subject.get_attributes_for_oid(NameOID.COMMON_NAME):
            if _HOST.fullmatch(str(cn.value)):
                yield x509.DNSName._init_without_validation(str(cn.value))  # noqa: SLF001  # it is a host's name


def _words(name: x509.GeneralName) -> str:
    value = name.value
    return value.rfc4514_string() if isinstance(value, x509.Name) else str(value)


def _directory_within(name: x509.Name, rule: x509.Name) -> bool:
    return comparable(name)[: len(rule.rdns)] == comparable(rule)


def _host_within(host: str, rule: str) -> bool:
    host, rule = host.lower(), rule.lower()
    return not rule or host == rule or host.endswith(rule if rule.startswith(".") else f".{rule}")


def _mail_within(mail: str, rule: str) -> bool:
    """A rule is a mailbox, a host, or (with a dot before it) a domain."""
    mailbox, _, host = mail.rpartition("@")
    if "@" in rule:
        rule_mailbox, _, rule_host = rule.rpartition("@")
        return (rule_mailbox or mailbox) == mailbox and host.lower() == rule_host.lower()
    return host.lower().endswith(rule.lower()) if rule.startswith(".") else host.lower() == rule.lower()


def _uri_within(uri: str, rule: str) -> bool:
    try:
        host = (urlsplit(uri).hostname or "").lower()
    except ValueError:  # half an IPv6 address
        return False
    return host.endswith(rule.lower()) if rule.startswith(".") else host == rule.lower()


def _address_within(address: Any, rule: Any) -> bool:
    same = isinstance(address, ipaddress.IPv4Address) == isinstance(rule, ipaddress.IPv4Network)
    return same and address in rule


_WITHIN: Final[dict[type, Callable[[Any, Any], bool]]] = {
    x509.DirectoryName: _directory_within,
    x509.DNSName: _host_within,
    x509.RFC822Name: _mail_within,
    x509.UniformResourceIdentifier: _uri_within,
    x509.IPAddress: _address_within,
}
