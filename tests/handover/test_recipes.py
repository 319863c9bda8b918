"""Recipes: the files that other tools want, in their formats, and lines that those tools run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs12
from lxml import etree
from tracebacks import shown_with_locals

from sfmtls_nb import ClientIdentity, IdentityError, Org, OrgError, Session, SfmtlsError
from sfmtls_nb.handover import RECIPES, recipe
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.sign_in import session_of

ACME = Org("https://acme.my.salesforce.com")
STORE_PASSPHRASE = "st0re pass"
KEY_PASSPHRASE = "k3y pass"


@pytest.fixture
def locked(identity: ClientIdentity, tmp_path: Path) -> ClientIdentity:
    """The same identity, read from an encrypted file."""
    return ClientIdentity.load(identity.write_pkcs12(tmp_path / "mine.p12", KEY_PASSPHRASE), password=KEY_PASSPHRASE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a name that shells, curl and JSON have to be careful with."""
    return tmp_path / "of: 'mine' \"\\"


def write(name: str, identity: ClientIdentity, folder: Path, org: Org = ACME) -> str:
    return "\n".join(recipe(name, identity, org, folder, passphrase=STORE_PASSPHRASE))


def run(lines: str, session: Session, folder: Path, beginning: str, more: str = "") -> str:
    """Run the line that begins so in a shell, as somebody pastes it; ``PROGRAM`` and a body's end stand for ``more``."""
    (line,) = (line for line in lines.splitlines() if line.startswith(beginning))
    environment = {
        **os.environ,
        "SF_SESSION_ID": session.session_id.reveal(),
        "SF_KEYSTORE_PASSPHRASE": STORE_PASSPHRASE,
    }
    line = line.replace("PROGRAM", more) if "PROGRAM" in line else f"{line} {more}"
    done = subprocess.run(
        ["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100
    )
    assert 0 == done.returncode, done.stderr
    return done.stdout


# ---------------------------------------------------------------- of them all


@pytest.mark.parametrize("name", RECIPES)
def test_no_secret_is_in_the_lines_and_every_file_is_the_owners(
    name: str, locked: ClientIdentity, folder: Path
) -> None:
    lines = write(name, locked, folder)
    key = locked.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().splitlines()[1]
    files = list(folder.iterdir()) if folder.exists() else []
    contents = b"".join(file.read_bytes() for file in files)
    secrets = (STORE_PASSPHRASE, KEY_PASSPHRASE, key)
    assert [] == [secret for secret in secrets if secret in lines or secret.encode() in contents]
    assert {0o600} >= {file.stat().st_mode & 0o777 for file in files}


@pytest.mark.parametrize("name", [name for name in RECIPES if name != "sf"])
def test_each_leads_to_8443(name: str, identity: ClientIdentity, tmp_path: Path) -> None:
    assert "8443" in write(name, identity, tmp_path)


@pytest.mark.parametrize("name", RECIPES)
def test_for_the_login_service_nothing_is_written(name: str, identity: ClientIdentity, folder: Path) -> None:
    with pytest.raises(OrgError, match="does not answer on 8443"):
        write(name, identity, folder, Org())
    assert not folder.exists()


def test_another_name_is_told_which_there_are(identity: ClientIdentity, tmp_path: Path) -> None:
    with pytest.raises(SfmtlsError, match=r"no recipe 'wget'\n.*curl, postman"):
        write("wget", identity, tmp_path)


@pytest.mark.parametrize("name", [name for name in RECIPES if RECIPES[name].keystore])
def test_a_keystore_wants_a_passphrase(name: str, identity: ClientIdentity, tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="needs a password"):
        recipe(name, identity, ACME, tmp_path)


def test_other_files_of_that_name_are_left_alone_unless_told_otherwise(
    identity: ClientIdentity, tmp_path: Path
) -> None:
    (tmp_path / "fullcert.pem").write_text("mine")
    with pytest.raises(IdentityError, match="exists already"):
        recipe("curl", identity, ACME, tmp_path)
    recipe("curl", identity, ACME, tmp_path, overwrite=True)
    assert identity.pem() == (tmp_path / "fullcert.pem").read_bytes()


@pytest.mark.parametrize(("name", "file"), [("curl", "fullcert.pem"), ("postman", "client-key.pem")])
def test_a_traceback_with_all_its_variables_shows_no_key(
    identity: ClientIdentity, tmp_path: Path, name: str, file: str
) -> None:
    (tmp_path / file).write_text("mine")
    with pytest.raises(IdentityError, match="exists already") as refused:
        recipe(name, identity, ACME, tmp_path)
    shown = shown_with_locals(refused.value)
    assert "PRIVATE KEY" not in shown


# ---------------------------------------------------------------- one by one


def test_curl_gets_in_with_its_configuration(session: Session, identity: ClientIdentity, folder: Path) -> None:
    lines = write("curl", identity, folder, session.org)
    assert 15_000 == json.loads(run(lines, session, folder, "curl"))["DailyApiRequests"]["Max"]


def test_curl_gets_in_with_an_encrypted_key(session: Session, locked: ClientIdentity, folder: Path) -> None:
    lines = write("curl", locked, folder, session.org)
    answer = run(lines, session, folder, "curl", f"--pass '{KEY_PASSPHRASE}'")
    assert 15_000 == json.loads(answer)["DailyApiRequests"]["Max"]


def test_curl_trusts_roots_that_are_given_as_content(
    session: Session, identity: ClientIdentity, folder: Path, practice: PracticeOrg
) -> None:
    lines = write("curl", identity, folder, replace(session.org, ca_file=practice.ca_file.read_bytes()))
    assert "DailyApiRequests" in run(lines, session, folder, "curl")


def test_newman_gets_a_list_of_certificates(identity: ClientIdentity, folder: Path) -> None:
    assert "--ssl-client-cert-list" in write("postman", identity, folder)
    (listed,) = json.loads((folder / "newman-certificates.json").read_text())
    assert ["https://acme.my.salesforce.com:8443/*"] == listed["matches"]
    assert identity.pem() == ClientIdentity.load(listed["key"]["src"], listed["cert"]["src"]).pem()


def test_newman_takes_the_passphrase_of_a_key_from_the_environment(locked: ClientIdentity, folder: Path) -> None:
    assert '--ssl-client-passphrase "$SF_KEY_PASSPHRASE"' in write("postman", locked, folder)
    assert not (folder / "newman-certificates.json").exists()


def test_postmans_form_is_filled_in(identity: ClientIdentity, folder: Path) -> None:
    lines = write("postman", identity, folder)
    assert ("#   Host        acme.my.salesforce.com\n#   Port        8443" in lines, "Passphrase" in lines) == (
        True,
        False,
    )


def test_bruno_gets_its_entry(locked: ClientIdentity, folder: Path) -> None:
    lines = write("bruno", locked, folder)
    content = json.loads((folder / "bruno-certificates.json").read_text())
    assert content == json.loads(lines.partition('"clientCertificates": ')[2])
    (entry,) = content["certs"]
    assert (True, "acme.my.salesforce.com:8443", "cert", "{{process.env.SF_KEY_PASSPHRASE}}") == (
        content["enabled"],
        entry["domain"],
        entry["type"],
        entry["passphrase"],
    )
    read = ClientIdentity.load(entry["keyFilePath"], entry["certFilePath"], password=KEY_PASSPHRASE)
    assert locked.pem() == read.pem()


def test_the_keystore_is_read_by_cryptography_and_openssl(
    identity: ClientIdentity, session: Session, folder: Path
) -> None:
    write("java", identity, folder)
    store = pkcs12.load_pkcs12((folder / "client.p12").read_bytes(), STORE_PASSPHRASE.encode())
    assert store.cert is not None
    assert (identity.leaf, [*identity.intermediates]) == (
        store.cert.certificate,
        [each.certificate for each in store.additional_certs],
    )
    read = run("openssl", session, folder, "openssl", "pkcs12 -in client.p12 -passin env:SF_KEYSTORE_PASSPHRASE -noenc")
    assert identity.pem() == ClientIdentity.load(read.encode()).pem()


GET = """
import java.net.*;
class Get {
    public static void main(String[] arguments) throws Exception {
        HttpURLConnection call = (HttpURLConnection) new URL(arguments[0]).openConnection();
        call.setRequestProperty("Authorization", "Bearer " + System.getenv("SF_SESSION_ID"));
        System.out.println(call.getResponseCode());
    }
}
"""


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("keytool"), reason="there is no Java")
def test_java_gets_in_with_its_properties(session: Session, identity: ClientIdentity, folder: Path) -> None:
    lines = write("java", identity, folder, session.org)
    run(lines, session, folder, "keytool -importcert", "-storepass changeit")
    (folder / "Get.java").write_text(GET)
    url = session.org.endpoint(session.server_url, 8443).partition("/services/")[0]
    assert "200\n" == run(lines, session, folder, "java", f"Get.java {url}/services/data/v64.0/limits")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("keytool"), reason="there is no Java")
def test_keytool_makes_a_jks_of_it(session: Session, identity: ClientIdentity, folder: Path) -> None:
    lines = write("java", identity, folder)
    passphrases = f"-srcstorepass '{STORE_PASSPHRASE}' -deststorepass '{STORE_PASSPHRASE}'"
    run(lines, session, folder, "keytool -importkeystore", passphrases)
    assert b"\xfe\xed\xfe\xed" == (folder / "client.jks").read_bytes()[:4]


def test_wsc_is_told_both_endpoints(identity: ClientIdentity, tmp_path: Path) -> None:
    lines = write("wsc", identity, tmp_path)
    assert 'setServiceEndpoint("https://acme.my.salesforce.com:8443/services/Soap/u/64.0")' in lines
    assert 'setRestEndpoint("https://acme.my.salesforce.com:8443/services/async/64.0")' in lines


def test_mulesoft_gets_a_tls_context(identity: ClientIdentity, tmp_path: Path) -> None:
    write("mulesoft", identity, tmp_path)
    (store,) = etree.parse(tmp_path / "mule-tls.xml").getroot()
    assert ("{http://www.mulesoft.org/schema/mule/tls}key-store", "pkcs12", "client.p12") == (
        store.tag,
        store.get("type"),
        store.get("path"),
    )


def test_data_loader_stays_on_8443_after_its_login(identity: ClientIdentity, tmp_path: Path) -> None:
    lines = write("data-loader", identity, tmp_path).splitlines()
    assert {"sfdc.endpoint.Production=https://acme.my.salesforce.com:8443", "sfdc.resetUrlOnLogin=false"} <= {*lines}


def test_for_the_sf_cli_there_is_no_way_and_no_file(identity: ClientIdentity, folder: Path) -> None:
    assert "presents no client certificate" in write("sf", identity, folder)
    assert not folder.exists()


# ---------------------------------------------------------------- Dask on Kubernetes


def test_the_profile_for_a_cluster_signs_in_with_the_certificate(
    session: Session, identity: ClientIdentity, practice: PracticeOrg, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("dask-kubernetes", identity, folder, session.org)
    shutil.copy(practice.client.key, folder / "jwt.key")
    profiles = folder / "profiles.toml"
    text = profiles.read_text().replace("CONSUMER_KEY", practice.app.consumer_key)
    profiles.write_text(text.replace("USERNAME", session_user := practice.user("enforced").username))
    monkeypatch.setenv("SFMTLS_NB_PROFILES", str(profiles))
    with session_of("prod") as there:
        assert session_user == there.get_user_info().text(".//userName")


def test_a_cluster_is_told_of_a_key_that_wants_a_passphrase(locked: ClientIdentity, folder: Path) -> None:
    assert "a worker has nobody to ask" in write("dask-kubernetes", locked, folder)


def test_the_workers_alone_see_the_secret_and_only_read_it(identity: ClientIdentity, folder: Path) -> None:
    lines = write("dask-kubernetes", identity, folder)
    cluster = yaml.safe_load((folder / "dask-cluster.yaml").read_text())
    worker, scheduler = (cluster["spec"][part]["spec"] for part in ("worker", "scheduler"))
    (volume,), (mount,) = worker["volumes"], worker["containers"][0]["volumeMounts"]
    assert "kubectl create secret generic salesforce-client --from-file=" in lines
    assert ("salesforce-client", 0o440) == (volume["secret"]["secretName"], volume["secret"]["defaultMode"])
    assert (volume["name"], True) == (mount["name"], mount["readOnly"])
    assert {"name": "SFMTLS_NB_PROFILES", "value": f"{mount['mountPath']}/profiles.toml"} in worker["containers"][0][
        "env"
    ]
    assert "salesforce-client" not in json.dumps(scheduler)


def test_the_service_of_a_cluster_is_found_by_its_name(identity: ClientIdentity, folder: Path) -> None:
    lines = write("dask-kubernetes", identity, folder)
    cluster = yaml.safe_load((folder / "dask-cluster.yaml").read_text())
    name = cluster["metadata"]["name"]
    assert name == cluster["spec"]["scheduler"]["service"]["selector"]["dask.org/cluster-name"]
    assert f'Client("tcp://{name}-scheduler:8786")' in lines  # as the operator calls it
