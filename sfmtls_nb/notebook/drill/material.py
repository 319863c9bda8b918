"""Material: keys and certificates that are wrong in one way, and the call that is made with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from sfmtls_nb.notebook.drill.stage import Door, Stage
from sfmtls_nb.practice.mutual import Issued, find_scenario
from sfmtls_nb.practice.mutual.scenarios import Material
from sfmtls_nb.secret import SecretBytes

_NAME: Final = "integration.practice.example"
_WORKS: Final = "The job works. Before it goes into production, somebody has to say what is odd about its client.pem."


def scenario(name: str, door: Door | None = None) -> Callable[[Stage], None]:
    """The planting of one of the identities that are wrong on purpose. door: where alone it shows."""

    def plant(stage: Stage) -> None:
        wanted = find_scenario(name)
        material = wanted.make(stage.practice.authority)
        stage.hand_over(material)
        if wanted.uploaded:
            stage.upload(material.certificates[0][1])
        stage.call(door=door)
        if wanted.sees == "data":
            stage.report = _WORKS

    return plant


def passphrase(stage: Stage) -> None:
    """The key is encrypted, and nobody gives its passphrase."""
    client = stage.practice.authority.client
    key = client.leaf.key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"not given to the job")
    )
    stage.pem = SecretBytes(key + b"".join(each.certificate_pem for each in (client.leaf, *client.intermediates)))
    stage.call()


def several_identities(stage: Stage) -> None:
    """Two clients are in one file."""
    issuing, policy = stage.practice.authority.client.intermediates
    two = [_leaf(stage, issuing, f"{name}.practice.example") for name in ("billing", "shipping")]
    stage.pem = SecretBytes(
        b"".join(each.key_pem + each.certificate_pem for each in two) + issuing.certificate_pem + policy.certificate_pem
    )
    stage.call()


def revoked(stage: Stage) -> None:
    """The authority has revoked the leaf."""
    stage.practice.state.revoked.append(stage.practice.authority.client.leaf.certificate)
    stage.call(door="8443")


def clock_skew(stage: Stage) -> None:
    """The org's clock is two hours ahead, which a call does not mind."""
    stage.practice.arm("clock-skew")
    stage.call(door="8443")
    stage.report = "The job works. Another one on this machine signs JWTs, and the org refuses each of them."


def no_certificate(stage: Stage) -> None:
    """The client has its certificate, and the call is made without."""
    stage.call(certificate=False)


def session_on_443(stage: Stage) -> None:
    """The call goes to the door that asks for nothing."""
    stage.call(door="443")


def not_uploaded(stage: Stage) -> None:
    """Another leaf of this client's is uploaded, as after a renewal; or nothing is."""
    state, authority = stage.practice.state, stage.practice.authority
    if stage.rng.random() < 0.3:
        state.uploaded_leaves.clear()
    else:
        leaf = _leaf(stage, authority.client.intermediates[0], _NAME)
        _hand_over(stage, leaf, authority.client.intermediates)
    stage.call(door="8443")


def _leaf(stage: Stage, issuer: Issued, name: str) -> Issued:
    return stage.practice.authority.issue(
        name, issuer, names=[name], purposes=[ExtendedKeyUsageOID.CLIENT_AUTH], days=365
    )


def _hand_over(stage: Stage, leaf: Issued, intermediates: tuple[Issued, ...]) -> None:
    stage.hand_over(Material(leaf.key, tuple(("", each.certificate) for each in (leaf, *intermediates))))
