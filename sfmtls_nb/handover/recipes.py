"""Recipes: for tools that are no Python, the files they want and the lines to paste."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lxml import etree

from sfmtls_nb.certificates import ClientIdentity
from sfmtls_nb.errors import SfmtlsError
from sfmtls_nb.files import expand
from sfmtls_nb.handover.kit import Kit
from sfmtls_nb.handover.kubernetes import in_kubernetes
from sfmtls_nb.org import Org
from sfmtls_nb.secret import Secret

_TLS: Final = "http://www.mulesoft.org/schema/mule/tls"
#: What the user exports, and the lines name.
_TOKEN, _KEY_PASSPHRASE, _STORE_PASSPHRASE = "SF_SESSION_ID", "SF_KEY_PASSPHRASE", "SF_KEYSTORE_PASSPHRASE"


@dataclass(frozen=True)
class Recipe:
    """A tool, and how sure it is that this is what it wants. keystore: it gets PKCS#12, which wants a passphrase."""

    name: str
    title: str
    known: str
    write: Callable[[Kit], list[str]]
    keystore: bool = False


def recipe(
    name: str,
    identity: ClientIdentity,
    org: Org,
    folder: str | Path = ".",
    *,
    passphrase: str | Secret | None = None,
    overwrite: bool = False,
) -> list[str]:
    """Write the files that a tool wants into a folder, with mode 0600, and return the lines to paste; no secret is in those.

    name: one of `RECIPES`. passphrase: of the keystore that Java's tools get.
    Raises SfmtlsError for another name, IdentityError for a file that cannot be written, is there with other content and may
    not be overwritten, or wants a passphrase, OrgError for the login service, which does not answer on 8443.
    """
    secret, passphrase = Secret(passphrase) if passphrase else None, None
    if name not in RECIPES:
        raise SfmtlsError(f"there is no recipe {name!r}", next_step=f"choose one of {', '.join(RECIPES)}")
    url = org.endpoint(org.login_url, 8443)
    kit = Kit(identity, org, url, expand(folder).absolute(), secret, overwrite)
    return [f"# {RECIPES[name].title}: {RECIPES[name].known}", *RECIPES[name].write(kit)]


# ---------------------------------------------------------------- tools for HTTP


def _curl(kit: Kit) -> list[str]:
    # curl takes what follows a ":" for the passphrase, unless a backslash stands before it.
    options = {"cert": re.sub(r"[\\:]", r"\\\g<0>", str(kit.pem())), "cacert": kit.ca_file, "proto": "=https"}
    config = kit.write(
        "curl.config", "".join(f"{name} = {_quoted(value)}\n" for name, value in options.items() if value)
    )
    return [
        f'curl --config {_shell(config)} -H "Authorization: Bearer ${{{_TOKEN}}}" {_limits(kit)}',
        *(["# it asks for the passphrase of the key"] if kit.locked else []),
    ]


def _postman(kit: Kit) -> list[str]:
    key, chain, (host, _, port) = kit.key(), kit.chain(), kit.place.rpartition(":")
    listed = {
        "name": host,
        "matches": [f"{kit.url}/*"],
        "key": {"src": str(key)},
        "cert": {"src": str(chain)},
    }
    flags = f"--ssl-client-cert {_shell(chain)} --ssl-client-key {_shell(key)} --ssl-client-passphrase "
    flags += f'"${_KEY_PASSPHRASE}"'
    if not kit.locked:
        file = kit.write("newman-certificates.json", json.dumps([listed], indent=2) + "\n")
        flags = f"--ssl-client-cert-list {_shell(file)}"
    return [
        "# Postman: Settings > Certificates > Add Certificate",
        f"#   Host        {host}",
        f"#   Port        {port}",
        f"#   CRT file    {chain}",
        f"#   KEY file    {key}",
        *(["#   Passphrase  the one of your key"] if kit.locked else []),
        *([f"#   CA certificates, above: {kit.ca_file}"] if kit.ca_file else []),
        "# and Authorization: Bearer Token, from a variable that is kept as a secret",
        f"newman run COLLECTION.json {flags}"
        + (f" --ssl-extra-ca-certs {shlex.quote(kit.ca_file)}" if kit.ca_file else ""),
    ]


def _bruno(kit: Kit) -> list[str]:
    entry = {
        "domain": kit.place,
        "type": "cert",
        "certFilePath": str(kit.chain()),
        "keyFilePath": str(kit.key()),
        "passphrase": f"{{{{process.env.{_KEY_PASSPHRASE}}}}}" if kit.locked else "",
    }
    content = json.dumps({"enabled": True, "certs": [entry]}, indent=2)
    file = kit.write("bruno-certificates.json", content + "\n")
    return [
        f"bru run --client-cert-config {_shell(file)}"
        + (f" --cacert {shlex.quote(kit.ca_file)}" if kit.ca_file else ""),
        "# In the app: Collection Settings > Client Certificates; or this in the collection's bruno.json:",
        f'"clientCertificates": {content}',
    ]


def _insomnia(kit: Kit) -> list[str]:
    return [
        "# Insomnia imports no client certificates. In the collection: its menu > Settings > Client Certificates",
        f"#   Host        {kit.place}",
        f"#   PEM: CRT    {kit.chain()}",
        f"#   PEM: KEY    {kit.key()}",
        *(["#   Passphrase  the one of your key"] if kit.locked else []),
        *([f"#   CA certificate, above: {kit.ca_file}"] if kit.ca_file else []),
    ]


# ---------------------------------------------------------------- Java


def _java(kit: Kit) -> list[str]:
    store, trusted = kit.keystore(), kit.folder / "server-ca.jks"
    lines = [
        f"# The passphrase is yours: export {_STORE_PASSPHRASE}; on the command line, others on this machine see it."
    ]
    if kit.ca_file:
        lines += [
            "# This org's server is vouched for by roots of its own (keytool asks for a passphrase to give):",
            f"keytool -importcert -noprompt -alias server-ca -file {shlex.quote(kit.ca_file)} "
            f"-storetype JKS -keystore {_shell(trusted)}",
        ]
    trust = f" -Djavax.net.ssl.trustStore={_shell(trusted)}" if kit.ca_file else ""
    return [
        *lines,
        f"java {_properties(store)}{trust} PROGRAM",
        "# For what takes JKS alone; by Java 8u301, 11.0.12 or later (it asks for the passphrases):",
        f"keytool -importkeystore -srckeystore {_shell(store)} -srcstoretype PKCS12 "
        f"-destkeystore {_shell(store.with_suffix('.jks'))} -deststoretype JKS",
    ]


def _wsc(kit: Kit) -> list[str]:
    version = kit.org.api_version
    return [
        f"char[] passphrase = System.getenv({_quoted(_STORE_PASSPHRASE)}).toCharArray();",
        f"KeyStore store = KeyStore.getInstance(new File({_quoted(str(kit.keystore()))}), passphrase);",
        "KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());",
        "keys.init(store, passphrase);",
        'SSLContext tls = SSLContext.getInstance("TLS");',
        "tls.init(keys.getKeyManagers(), null, null);",
        "ConnectorConfig config = new ConnectorConfig();",
        "config.setSslContext(tls);",
        "config.setManualLogin(true);  // with the session id of a sign-in; WSC's own is SOAP login()",
        f"config.setSessionId(System.getenv({_quoted(_TOKEN)}));",
        f"config.setServiceEndpoint({_quoted(f'{kit.url}/services/Soap/u/{version}')});",
        f"config.setRestEndpoint({_quoted(f'{kit.url}/services/async/{version}')});  // Bulk",
        "PartnerConnection partner = new PartnerConnection(config);",
        "BulkConnection bulk = new BulkConnection(config);",
    ]


def _mulesoft(kit: Kit) -> list[str]:
    context = etree.Element(f"{{{_TLS}}}context", {"name": "salesforce-mutual-tls"}, nsmap={"tls": _TLS})
    passphrase = "${secure::keystore.passphrase}"  # noqa: S105  # the name of a property
    where = {"type": "pkcs12", "path": kit.keystore().name, "keyPassword": passphrase, "password": passphrase}
    etree.SubElement(context, f"{{{_TLS}}}key-store", where)
    text = etree.tostring(context, encoding="unicode", pretty_print=True)
    host, _, port = kit.place.rpartition(":")
    return [
        f"# {kit.write('mule-tls.xml', text)}; client.p12 goes into src/main/resources, its passphrase into secure properties",
        text.rstrip(),
        "# to it refer an HTTP Request configuration, and the field TLS Configuration of the Salesforce connectors:",
        f'<http:request-connection protocol="HTTPS" host="{host}" port="{port}" tlsContext="salesforce-mutual-tls"/>',
    ]


def _data_loader(kit: Kit) -> list[str]:
    return [
        "# It has no setting for a client certificate; its HTTP client obeys Java's system properties. In config.properties:",
        f"sfdc.endpoint.Production={kit.url}",
        "sfdc.resetUrlOnLogin=false",
        "sfdc.useSysPropsForHttpClient=true",
        f"# and started so, with {_STORE_PASSPHRASE} exported:",
        f"java {_properties(kit.keystore())} -cp 'dataloader-x.y.z.jar' "
        "com.salesforce.dataloader.process.DataLoaderRunner salesforce.config.dir=CONFIGS",
    ]


def _sf(_: Kit) -> list[str]:
    return [
        "# The sf CLI presents no client certificate: no option for one was found, so an enforced user's calls are refused.",
        "# It can sign in, and others call: sfmtls_nb takes over its session with SfCli, or with the profile key sign_in.",
    ]


# ---------------------------------------------------------------- parts of lines


def _limits(kit: Kit) -> str:
    return f"{kit.url}/services/data/v{kit.org.api_version}/limits"


def _properties(store: Path) -> str:
    return (
        f"-Djavax.net.ssl.keyStore={_shell(store)} -Djavax.net.ssl.keyStoreType=PKCS12 "
        f'-Djavax.net.ssl.keyStorePassword="${_STORE_PASSPHRASE}"'
    )


def _shell(path: Path) -> str:
    return shlex.quote(str(path))


def _quoted(text: str) -> str:
    """A text in double quotes, as curl's configuration and Java have it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


RECIPES: Final[Mapping[str, Recipe]] = {
    each.name: each
    for each in (
        Recipe("curl", "curl", "seen to work on a practice org", _curl),
        Recipe(
            "postman",
            "Postman and Newman",
            "Newman was seen to work on a practice org; Postman's form is as documented",
            _postman,
        ),
        Recipe(
            "bruno",
            "Bruno",
            "its command was seen to work on a practice org; the app is as in its source of 2026",
            _bruno,
        ),
        Recipe("insomnia", "Insomnia", "as in its source of 2024, not tried", _insomnia),
        Recipe("java", "Java", "seen to work on a practice org", _java, keystore=True),
        Recipe("wsc", "Web Service Connector", "as in its source of 2025, not tried", _wsc, keystore=True),
        Recipe("mulesoft", "MuleSoft", "as documented, not tried", _mulesoft, keystore=True),
        Recipe("data-loader", "Data Loader", "as in its source of 2026, not tried", _data_loader, keystore=True),
        Recipe("sf", "sf CLI", "there is no way", _sf),
        Recipe(
            "dask-kubernetes",
            "Dask on Kubernetes",
            "its profile was seen to work on a practice org; the manifest fits the operator's definition of 2025, and was not "
            "run on a cluster",
            in_kubernetes,
        ),
    )
}
