"""Workers of dask: the profile that they sign in by, a Bulk result for them to fetch, and what must not be in their graph."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import cloudpickle  # type: ignore[import-untyped]  # it has no types
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from sfmtls_nb import Org, Profile, Session, save_profile
from sfmtls_nb.practice import PracticeOrg

#: The variable that the profile names for its password.
VARIABLE = "SF_SECRET_OF_WORKERS"
SOQL = "SELECT Id, Name, Email, CreatedDate, Account.Name FROM Contact"


def profile_for(practice: PracticeOrg, name: str, folder: Path) -> Path:
    """A file with a profile of the practice org's enforced user, whose password is in `VARIABLE`."""
    files, org = practice.client, Org(**practice.endpoints)
    identity = (files.key, files.leaf, *files.intermediates)
    username = practice.user("enforced").username
    return save_profile(Profile(name, org, username, identity, secret_from=f"env:{VARIABLE}"), folder / "profiles.toml")


def forms_of(plain: bytes) -> Iterator[bytes]:
    """A secret as it is, in hexadecimal, in base64 wherever it begins there, and as in a URL."""
    yield plain
    yield quote(plain, safe="").encode()
    yield from (plain.hex().encode(), plain.hex().upper().encode())
    for before in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            # The characters at the ends hold bits of what stands beside it.
            yield encode(b"\0" * before + plain)[4 if before else 0 : -4]


def secrets_of(practice: PracticeOrg, session: Session) -> dict[str, bytes]:
    """What is secret here, by what it is."""
    assert session.transport.identity
    key = session.transport.identity.key
    texts = {
        "session id": session.session_id.reveal(),
        "the secret part of the session id": session.session_id.reveal().partition("!")[2],
        "password": practice.user("enforced").password,
        "consumer secret": practice.app.consumer_secret,
    }
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().splitlines()
    texts |= {f"line {at} of the key": line for at, line in enumerate(pem) if len(line) > 20 and "-" not in line}
    # Its last bytes are its own; the first are the same in many keys.
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())[-48:]
    return {"key": der, **{what: text.encode() for what, text in texts.items()}}


def secrets_in(thing: object, secrets: dict[str, bytes]) -> list[str]:
    """Those of the secrets that are in the pickle of a thing."""
    pickled = cloudpickle.dumps(thing)
    return [what for what, plain in secrets.items() if any(form in pickled for form in forms_of(plain))]
