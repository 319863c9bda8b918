"""Doctor: the way to an org, checked and printed; nobody signs in for it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from sfmtls_nb.command.identity import identity_in
from sfmtls_nb.diagnose import doctor
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.org import Org
from sfmtls_nb.profiles import read_profiles


def define(parser: argparse.ArgumentParser) -> None:
    """Add the help and the arguments of ``doctor``."""
    parser.description = (
        "Check the way to an org step by step: names, ports, TLS, the server's certificate, clocks, proxies, and what "
        "becomes of your certificate. Nobody signs in. The exit status is 1 if a check failed."
    )
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--login-url", metavar="URL", help="such as https://acme.my.salesforce.com")
    place.add_argument("--my-domain", metavar="NAME", help="the My Domain, such as acme, or its host")
    place.add_argument("--profile", metavar="NAME", help="the org of a profile")
    parser.add_argument("files", nargs="*", metavar="FILE", help="the key and its certificates, in any form and order")
    parser.set_defaults(
        run=lambda options: print_checkup(org_of(options.login_url, options.my_domain, options.profile), options.files)
    )


def org_of(login_url: str | None, my_domain: str | None, profile: str | None) -> Org:
    """The org that one of these names; Salesforce's login service if none does. Raises OrgError."""
    if profile:
        return read_profiles()[profile].org
    if my_domain:
        return Org.at(my_domain) if "." in my_domain else Org.my_domain(my_domain)
    return Org(login_url) if login_url else Org()


def print_checkup(org: Org, files: Sequence[str]) -> None:
    """Check the way to an org and print it; ask for the key's passphrase if it has one.

    Raises SfmtlsError if a check failed, and what `sfmtls_nb.ClientIdentity.load` raises.
    """
    checkup = doctor(org, identity_in(files) if files else None)
    print(checkup)
    if checkup.failed:
        raise SfmtlsError(f"checks that failed: {len(checkup.failed)}", next_step="see above; begin with the first")
