"""Secrets as people write them into notebooks, and keys in every form."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
PKCS8, TRADITIONAL, OPENSSH = PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL, PrivateFormat.OpenSSH
LOCKED = BestAvailableEncryption(b"passphrase")
PEM_KEYS = {
    "RSA PKCS#8": RSA.private_bytes(Encoding.PEM, PKCS8, NoEncryption()).decode(),
    "RSA PKCS#1": RSA.private_bytes(Encoding.PEM, TRADITIONAL, NoEncryption()).decode(),
    "RSA PKCS#1 encrypted": RSA.private_bytes(Encoding.PEM, TRADITIONAL, LOCKED).decode(),
    "EC SEC1": EC.private_bytes(Encoding.PEM, TRADITIONAL, NoEncryption()).decode(),
    "EC PKCS#8 encrypted": EC.private_bytes(Encoding.PEM, PKCS8, LOCKED).decode(),
    "Ed25519": ED.private_bytes(Encoding.PEM, PKCS8, NoEncryption()).decode(),
    "OpenSSH": EC.private_bytes(Encoding.PEM, OPENSSH, NoEncryption()).decode(),
}
PEM_KEYS["PGP"] = PEM_KEYS["RSA PKCS#8"].replace("PRIVATE KEY", "PGP PRIVATE KEY BLOCK")
DER_KEYS = {
    "RSA PKCS#8": RSA.private_bytes(Encoding.DER, PKCS8, NoEncryption()),
    "RSA PKCS#1": RSA.private_bytes(Encoding.DER, TRADITIONAL, NoEncryption()),
    "EC SEC1": EC.private_bytes(Encoding.DER, TRADITIONAL, NoEncryption()),
    "RSA PKCS#8 encrypted": RSA.private_bytes(Encoding.DER, PKCS8, LOCKED),
    "Ed25519": ED.private_bytes(Encoding.DER, PKCS8, NoEncryption()),
    "PKCS#12": pkcs12.serialize_key_and_certificates(b"me", RSA, None, None, LOCKED),
    "PKCS#12 open": pkcs12.serialize_key_and_certificates(b"me", EC, None, None, NoEncryption()),
    "JKS": b"\xfe\xed\xfe\xed\0\0\0\2\0\0\0\1" + bytes(range(256)),
}
ORGANIZATION = "00D36000000bLGT"
SESSION_ID = f"{ORGANIZATION}!AQQAQMlp30Zpiy6_gSeP1cmQG.0dHlfMcUDg96d8BSRpSb9BwksAABdKsde14ahtDGzKzRXAMroiomST8"
REFRESH = "5Aep861TSESvWeug_xvFHRBTTbf_YrTWgEyjBJrCVs0r.MgnXcQ8nVFKxs8RHQ"
JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{"alg":"RS256"}', b'{"iss":"3MVG9","sub":"me@example.com"}', bytes(range(200, 250)))
)
CONSUMER_SECRET = "7D9C2A41B0E3F5168D9C2A41B0E3F5167D9C2A41B0E3F5168D9C2A41B0E3F516"

SPACED_JWT = ".".join(
    base64.urlsafe_b64encode(part).decode().rstrip("=")
    for part in (b'{ "alg": "RS256" }', b'{ "iss": "3MVG9", "sub": "me@example.com" }', bytes(range(200, 250)))
)
BROKEN = f"{SESSION_ID[:60]}\n{SESSION_ID[60:]}"

#: A text, the part of it that must go and no more, and its kind.
WRITTEN: dict[str, tuple[str, str, str]] = {
    "session id": (SESSION_ID, SESSION_ID, "session id"),
    "session id in a URL": (f"https://acme/frontdoor.jsp?sid={quote(SESSION_ID)}&x=1", quote(SESSION_ID), "session id"),
    "keytool": ("!keytool -importkeystore -srcstorepass Hunter2Aa -destkeystore x.p12", "Hunter2Aa", "password"),
    "keytool's key": ('keytool -keypass "two words" -list', "two words", "password"),
    "sessionId element": ("<sessionId>opaque-0815</sessionId>", "opaque-0815", "session id"),
    "refresh token": (REFRESH, REFRESH, "refresh token"),
    "JWT": (JWT, JWT, "JSON Web Token"),
    "address after a sign-in": (
        "http://localhost:1717/OauthRedirect?code=aPrx0815.xyz-4711&state=s",
        "aPrx0815.xyz-4711",
        "authorization code",
    ),
    "Bearer": ("Authorization: Bearer op4que-T0ken", "op4que-T0ken", "access token"),
    "OAuth": ("-H 'Authorization: OAuth op4que-T0ken'", "op4que-T0ken", "access token"),
    "headers": ('headers = {"Authorization": "Bearer op4que-T0ken"}', "op4que-T0ken", "access token"),
    "access_token": ('{"access_token": "op4que-T0ken"}', "op4que-T0ken", "access token"),
    "client_secret": (f'client_secret = "{CONSUMER_SECRET}"', CONSUMER_SECRET, "consumer secret"),
    "consumer secret": ("Consumer Secret: 1955279925675241571", "1955279925675241571", "consumer secret"),
    "form": ("grant_type=password&client_secret=s3cr3tly&x=1", "s3cr3tly", "consumer secret"),
    "PasswordLogin": ('PasswordLogin("me@example.com", "p455w0rd")', "p455w0rd", "password"),
    "PasswordLogin on lines": ('PasswordLogin(\n    user,\n    "p455w0rd",\n)', "p455w0rd", "password"),
    "PasswordLogin token": ('PasswordLogin(user, getpass(), "t0kenXYZ")', "t0kenXYZ", "security token"),
    "<password>": ("<n1:password>p455w0rd</n1:password>", "p455w0rd", "password"),
    "password =": ('password = "p455w0rd"', "p455w0rd", "password"),
    "annotated": ("sf_password: str = 'p455w0rd'", "p455w0rd", "password"),
    "environ": ('os.environ["SF_PASSWORD"] = "p455w0rd"', "p455w0rd", "password"),
    "%env": ("%env SF_PASSWORD=p455w0rd", "p455w0rd", "password"),
    "flag": ("%sf_login --password p455w0rd", "p455w0rd", "password"),
    "security_token": ('Salesforce(security_token="t0kenXYZ")', "t0kenXYZ", "security token"),
    "-p": ("%sf_login me@example.com -p hunter2secret", "hunter2secret", "password"),
    "--pw": ("s = %sf_login me@example.com --pw swordfish", "swordfish", "password"),
    "--token=": ("%sf_org acme --token='two words'", "two words", "token"),
    "second word": ("%sf_login me@example.com hunter2secret", "hunter2secret", "password"),
    "second word of letters": ("%sf_login s << me@example.com swordfish --form", "swordfish", "password"),
    "second and third word": (
        "%sf_login --out s me@example.com hunter2secret t0kenXYZ # so",
        "hunter2secret t0kenXYZ",
        "password",
    ),
    "magic called": ("get_ipython().run_line_magic('sf_login', 'me@x.org hunter2secret')", "hunter2secret", "password"),
    "Secret": ("PasswordLogin(user, Secret('hunter2secret'))", "hunter2secret", "secret"),
    "Secret by keyword": ('sfmtls_nb.Secret(text=r"swordfish")', "swordfish", "secret"),
    "pwd": ("db_pwd='hunter2secret'", "hunter2secret", "password"),
    "pw": ('login(user, pw="hunter2secret")', "hunter2secret", "password"),
    "passwd": ("{'passwd': 'swordfish'}", "swordfish", "password"),
    "%env SF_PWD": ('%env SF_PWD="two words"', "two words", "password"),
    "curl -u": ("curl -u me:hunter2secret https://acme.example", "hunter2secret", "password"),
    "curl --user": ("curl https://acme.example --user 'me:two words'", "two words", "password"),
    "curl on lines": ("curl https://acme.example \\\n  --proxy-user me:swordfish", "swordfish", "password"),
    "curl in a list": ('run(["curl", "-u", "me:hunter2secret"])', "hunter2secret", "password"),
    "URL": ("https://me:hunter2secret@acme.example/", "hunter2secret", "password"),
    "X-SFDC-Session": ("X-SFDC-Session: op4que-T0ken", "op4que-T0ken", "session id"),
    "X-SFDC-Session in a dict": ("{'X-SFDC-Session': 'opaqueToken'}", "opaqueToken", "session id"),
    "sessionId": ("{'sessionId': 'opaqueToken'}", "opaqueToken", "session id"),
    "session_id": ('Session(org, session_id="op4que-T0ken")', "op4que-T0ken", "session id"),
    "id_token": ('{"id_token": "op4que-T0ken"}', "op4que-T0ken", "id token"),
    "assertion": ("{'client_assertion': 'op4que-T0ken'}", "op4que-T0ken", "assertion"),
    "JWK": (
        '{"kty": "EC", "crv": "P-256", "d": "870MB6gfuTJ4HtUnUvYMyJpr"}',
        "870MB6gfuTJ4HtUnUvYMyJpr",
        "private key",
    ),
    "JWK in Python": ("{'kty': 'oct', 'k': '870MB6gfuTJ4HtUnUvYMyJpr'}", "870MB6gfuTJ4HtUnUvYMyJpr", "private key"),
    "Text": ("Text(value='hunter2secret', description='Your password:')", "hunter2secret", "password"),
    "Password": ('widgets.Password(description="x", value="hunter2secret")', "hunter2secret", "password"),
    "refresh_token": ('{"refresh_token": "op4que-T0ken"}', "op4que-T0ken", "refresh token"),
    "openssl -passin": ("!openssl rsa -in client.key -passin pass:hunter2", "hunter2", "password"),
    "openssl -passout": ('openssl pkcs12 -export -passout "pass:two words" -out x.p12', "two words", "password"),
    "openssl -pass": ("openssl enc -aes256 -pass pass:swordfish", "swordfish", "password"),
    "openssl in a list": ('run(["openssl", "rsa", "-passin", "pass:hunter2"])', "hunter2", "password"),
    "getenv": ("os.getenv('PW', 'hunter2')", "hunter2", "password"),
    "getenv of a token": ("getenv('TOKEN') or 'op4que'", "op4que", "token"),
    "environ.get": ('os.environ.get("SF_PASSWORD", "hunter2")', "hunter2", "password"),
    "environ.get default": ('environ.get("SF_CLIENT_SECRET", default="swordfish")', "swordfish", "consumer secret"),
    "environ or": ("pw = os.environ['SF_PASSWORD'] or 'hunter2'", "hunter2", "password"),
    "setdefault": ("os.environ.setdefault('SF_SECURITY_TOKEN', 't0kenXYZ')", "t0kenXYZ", "security token"),
    "setenv": ("monkeypatch.setenv('SF_PASSWORD', 'hunter2')", "hunter2", "password"),
    "config.get": ("config.get('password', 'hunter2')", "hunter2", "password"),
    "unpacked": ("user, password = 'me@example.com', 'hunter2'", "hunter2", "password"),
    "unpacked first": ("PASSWORD, user = 'hunter2', 'me@example.com'", "hunter2", "password"),
    "unpacked third": ("user, org, sf_pwd = getuser(), 'acme', 'hunter2'", "hunter2", "password"),
    "unpacked in brackets": ("username, password = (\n    'me@example.com',\n    'hunter2',\n)", "hunter2", "password"),
    "in brackets on lines": ("password = (\n    'hunter2'\n)", "hunter2", "password"),
    "CDATA": ("<password><![CDATA[hunt]er2]]></password>", "hunt]er2", "password"),
    "CDATA of a session": ("<sessionId> <![CDATA[opaque-0815]]> </sessionId>", "opaque-0815", "session id"),
    "YAML": ("login:\n  password: hunter2  # of the sandbox\n  user: me", "hunter2", "password"),
    "YAML list": ("- client_secret: abcd-efgh-1", "abcd-efgh-1", "consumer secret"),
    "printed": ("Password: hunter2", "hunter2", "password"),
    "Salesforce's mail": ("Security token (case-sensitive): uNx81kqPq2", "uNx81kqPq2", "security token"),
    ".env": ("SF_USER=me\nSF_PASSWORD=hunter2\n", "hunter2", "password"),
    "Dockerfile": ("ENV SF_TOKEN=op4queT0ken", "op4queT0ken", "token"),
    "Salesforce": ("Salesforce('me@example.com', 'hunter2', 't0kenXYZ')", "hunter2", "password"),
    "auth": ("requests.get(url, auth=('me', 'hunter2'))", "hunter2", "password"),
    "curl --cert": ("curl --cert client.pem:hunter2 https://acme.example", "hunter2", "password"),
    "ClientCredentials": ('ClientCredentials("3MVG9abc", "s3cretly")', "s3cretly", "consumer secret"),
    "WebLogin": ("WebLogin(key, 'http://localhost:1717/OauthRedirect', 's3cretly')", "s3cretly", "consumer secret"),
    "JwtBearer": ('JwtBearer(\n    "3MVG9", "me@x.org", "jwt.key", "hunter2"\n)', "hunter2", "password"),
    "ExistingSession": ('ExistingSession("op4que-T0ken", "https://acme")', "op4que-T0ken", "session id"),
    "WSC": ('config.setSessionId("op4que-T0ken");', "op4que-T0ken", "session id"),
    "keyring": ("keyring.set_password('sfmtls', user, 'hunter2')", "hunter2", "password"),
    "Java": ("java -Djavax.net.ssl.keyStorePassword=hunter2 PROGRAM", "hunter2", "password"),
    "Newman": ("newman run c.json --ssl-client-passphrase 'two words'", "two words", "password"),
    "SF_SESSION_ID": ("!export SF_SESSION_ID=op4que-T0ken", "op4que-T0ken", "session id"),
    "frontdoor": ("https://acme/frontdoor.jsp?sid=op4que-T0ken&x=1", "op4que-T0ken", "session id"),
    "JWT of spaced JSON": (SPACED_JWT, SPACED_JWT, "JSON Web Token"),
    "session id broken at a line end": (f"{SESSION_ID[:60]}\n{SESSION_ID[60:]}\n", BROKEN, "session id"),
    "session id broken in quotes": (f"sid = '{SESSION_ID[:60]}\n{SESSION_ID[60:]}'", BROKEN, "session id"),
}


def lines_of(pem: str) -> list[str]:
    """The lines of a PEM key that nobody may see."""
    return [line for line in pem.splitlines() if len(line) >= 40 and "-----" not in line]


#: A text, parts of it that must not be left, and its kind.
SECRETS: dict[str, tuple[str, list[str], str]] = {
    **{name: (text, [needle], kind) for name, (text, needle, kind) in WRITTEN.items()},
    **{f"PEM {name}": (pem, lines_of(pem), "private key") for name, pem in PEM_KEYS.items()},
    **{
        f"DER {name}": (
            (text := base64.b64encode(der).decode()),
            [text[:60], text[40:100], text[-30:]] if len(text) > 100 else [text],
            {"PKC": "PKCS#12 keystore", "JKS": "Java keystore"}.get(name[:3], "private key"),
        )
        for name, der in DER_KEYS.items()
    },
    **{
        f"session id in literals cut at {cut}": (
            f"sid = ('{SESSION_ID[:cut]}{between}{SESSION_ID[cut:]}')",
            [SESSION_ID[max(cut, 16) :], SESSION_ID[:cut][16:] or SESSION_ID],
            "session id",
        )
        for cut, between in [(24, "' + '"), (40, "'\n    '"), (60, "' \\\n  '")]
    },
}


def notebook(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def code(source: Any = "", *outputs: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "c1",
        "metadata": metadata,
        "outputs": list(outputs),
        "source": source,
    }
