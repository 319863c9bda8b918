"""Names: IANA's, and the number where there is none."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from sfmtls_nb.handshake import names
from sfmtls_nb.handshake.suites import SUITES, hash_of, key_exchange_of


def test_every_suite_that_openssl_knows_has_its_name() -> None:
    listed = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    rows = [line.split() for line in subprocess.check_output(listed, text=True).splitlines()]
    known = {int(number.replace("0x", "").replace(",", ""), 16): name for number, _, name, *_ in rows}
    assert known
    assert known == {number: names.suite_name(number) for number in known}


@pytest.mark.parametrize(
    ("name_of", "number", "name"),
    [
        (names.group_name, 4588, "X25519MLKEM768"),
        (names.group_name, 513, "MLKEM768"),
        (names.group_name, 14, "sect571r1"),
        (names.group_name, 29, "x25519"),
        (names.group_name, 41, "curveSM2"),
        (names.signature_name, 0x070F, "gostr34102012_512c"),
        (names.signature_name, 0x0905, "mldsa65"),
        (names.signature_name, 0x091C, "slhdsa_shake_256f"),
        (names.extension_name, 51, "key_share"),
        (names.extension_name, 62, "tls_flags"),
        (names.extension_name, 0xFE0D, "encrypted_client_hello"),
        (names.alert_name, 116, "certificate_required"),
        (names.version_name, 0x0304, "TLS 1.3"),
    ],
)
def test_a_number_has_its_name(name_of: Callable[[int], str], number: int, name: str) -> None:
    assert name == name_of(number)


@pytest.mark.parametrize(
    ("name_of", "number", "shown"),
    [
        (names.group_name, 0x4444, "0x4444"),
        (names.suite_name, 0x4242, "0x4242"),
        (names.alert_name, 250, "0xfa"),
        (names.extension_name, 0x0123, "0x0123"),
    ],
)
def test_a_number_without_a_name_is_shown_itself(name_of: Callable[[int], str], number: int, shown: str) -> None:
    assert shown == name_of(number)


@pytest.mark.parametrize("number", range(0x0A0A, 0x10000, 0x1010))
def test_grease_is_called_that(number: int) -> None:
    assert {"GREASE"} == {name_of(number) for name_of in (names.suite_name, names.group_name, names.extension_name)}


@pytest.mark.parametrize(
    ("suite", "exchange"),
    [(0xC02B, "ECDHE_ECDSA"), (0x009C, "RSA"), (0x00AA, "DHE_PSK"), (0x1301, ""), (0x4242, "")],
)
def test_a_suite_of_tls_1_2_names_its_key_exchange(suite: int, exchange: str) -> None:
    assert exchange == key_exchange_of(suite)


def test_a_suite_of_tls_1_3_names_its_hash() -> None:
    assert ["sha256", "sha384", "sm3", "sha256"] == [hash_of(suite) for suite in (0x1301, 0x1302, 0xC6, 0x4242)]


def test_no_suite_is_listed_twice() -> None:
    assert len(SUITES) == len(set(SUITES.values()))
