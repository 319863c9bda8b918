"""Every secret goes, wherever and however it stands in a notebook; and nothing else does."""

from __future__ import annotations

import base64
import html
import json
import pprint
import re
import textwrap
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import ipywidgets
import nbformat
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs7,
    pkcs12,
)
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sfmtls_nb import SfmtlsError
from sfmtls_nb.practice import PracticeOrg
from sfmtls_nb.scrub import Leak, find_secrets, scrubbed

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
PEM_KEYS["ANY"] = PEM_KEYS["RSA PKCS#8"].replace("PRIVATE KEY", "ANY PRIVATE KEY")
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

# What stands in a notebook, and the part of it that must go.
WRITTEN: dict[str, tuple[str, str, str]] = {
    "session id": (SESSION_ID, SESSION_ID, "session id"),
    "session id in a URL": (f"https://acme/frontdoor.jsp?sid={quote(SESSION_ID)}&x=1", quote(SESSION_ID), "session id"),
    "sessionId element": ("<sessionId>opaque-0815</sessionId>", "opaque-0815", "session id"),
    "refresh token": (REFRESH, REFRESH, "refresh token"),
    "JWT": (JWT, JWT, "JSON Web Token"),
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
    "second and third word": ("%sf_login --out s me@example.com hunter2secret t0kenXYZ # so", "t0kenXYZ", "password"),
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
}


def lines_of(pem: str) -> list[str]:
    """The lines of a PEM key that nobody may see."""
    return [line for line in pem.splitlines() if len(line) >= 40 and "-----" not in line]


# How the bytes of a key may be shown.
NOTATIONS: dict[str, Callable[[bytes], str]] = {
    "hex": bytes.hex,
    "HEX": lambda data: data.hex().upper(),
    "hex with spaces": lambda data: data.hex(" "),
    "hex with colons": lambda data: data.hex(":"),
    "lines of hex": lambda data: "\n".join(textwrap.wrap(data.hex(":"), 48)),
    "lines of quoted hex": lambda data: "\n".join(f"  '{line}'" for line in textwrap.wrap(data.hex(), 64)),
    "0x": lambda data: ", ".join(f"0x{byte:02x}" for byte in data),
    "\\x": lambda data: "".join(f"\\x{byte:02x}" for byte in data),
    "repr": repr,
    "pprint": pprint.pformat,
}
SHOWN: Final = ("RSA PKCS#8", "RSA PKCS#8 encrypted", "EC SEC1", "Ed25519", "PKCS#12", "PKCS#12 open")

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
        for cut, between in [(10, "' '"), (24, "' + '"), (40, "'\\n    '"), (60, "' \\\n  '")]
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


def markdown(source: Any, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "c1", "metadata": {}, "source": source, **more}


def shown(kind: str, text: Any, **metadata: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {kind: text}, "metadata": metadata}


def error(*traceback: str, value: str = "") -> dict[str, Any]:
    return {"output_type": "error", "ename": "E", "evalue": value, "traceback": list(traceback)}


def version_3(cell: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": [cell], "metadata": {}}],
    }


def code_3(text: Any, *outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "collapsed": False,
        "input": text,
        "language": "python",
        "metadata": {},
        "outputs": list(outputs),
    }


def widgets(*states: dict[str, Any]) -> dict[str, Any]:
    models = {f"{number:032x}": state for number, state in enumerate(states)}
    state = {"version_major": 2, "version_minor": 0, "state": models}
    return notebook(code(), widgets={"application/vnd.jupyter.widget-state+json": state})


def model(name: str, **state: Any) -> dict[str, Any]:
    return {
        "model_name": name,
        "model_module": "@jupyter-widgets/controls",
        "model_module_version": "2.0.0",
        "state": state,
    }


def upload(data: str) -> dict[str, Any]:
    buffer = {"encoding": "base64", "path": ["value", 0, "content"], "data": data}
    return {**model("FileUploadModel", value=[{"name": "client.key", "size": 3}]), "buffers": [buffer]}


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True) or [""]


PLACES: dict[str, Callable[[str], dict[str, Any]]] = {
    "cell 1, source": lambda text: notebook(code(lines(text))),
    "cell 2, source": lambda text: notebook(markdown("x"), {**markdown(text), "id": "c2"}),
    "cell 1, output 1, text": lambda text: notebook(
        code("", {"output_type": "stream", "name": "stdout", "text": lines(text)})
    ),
    "cell 1, output 1, text/html": lambda text: notebook(code("", shown("text/html", lines(text)))),
    "cell 1, output 1, text/plain": lambda text: notebook(
        code("", {**shown("text/plain", text), "output_type": "execute_result", "execution_count": 1})
    ),
    "cell 1, output 1, application/json, a, b item 2": lambda text: notebook(
        code("", shown("application/json", {"a": {"b": [1, text, {"c": 2}]}}))
    ),
    "cell 1, output 1, image/svg+xml": lambda text: notebook(code("", shown("image/svg+xml", text))),
    "cell 1, output 1, metadata, x": lambda text: notebook(code("", shown("text/plain", "", x=text))),
    "cell 1, output 1, traceback": lambda text: notebook(code("", error("Traceback", *text.split("\n"), "end"))),
    "cell 1, output 1, evalue": lambda text: notebook(code("", error(value=text))),
    "cell 1, metadata, x": lambda text: notebook(code(x=text)),
    "cell 1, metadata, deep, deeper item 1, item 1": lambda text: notebook(code(deep={"deeper": [[text, 1]]})),
    "cell 1, attachments, client.key, text/plain": lambda text: notebook(
        markdown("", attachments={"client.key": {"text/plain": text}})
    ),
    "metadata, papermill, parameters, x": lambda text: notebook(code(), papermill={"parameters": {"x": text}}),
    "metadata, some text (a name)": lambda text: notebook(code(), **{text: 1}),
    "metadata, widgets, application/vnd.jupyter.widget-state+json, state, 0…, state, value": lambda text: widgets(
        model("TextareaModel", value=text)
    ),
    "worksheet 1, cell 1, input": lambda text: version_3(code_3(lines(text))),
    "worksheet 1, cell 1, output 1, html": lambda text: version_3(
        code_3("", {"output_type": "display_data", "html": lines(text), "metadata": {}})
    ),
}
IN_BASE64: dict[str, Callable[[str], dict[str, Any]]] = {
    "attachment": lambda text: notebook(markdown("", attachments={"client.key": {"application/x-pem-file": text}})),
    "image": lambda text: notebook(code("", shown("image/png", lines(text)))),
    "buffer of a widget": lambda text: widgets({**model("ImageModel"), "buffers": [{"data": text, "path": ["value"]}]}),
    "upload": lambda text: widgets(upload(text)),
    "data URI": lambda text: notebook(code("", shown("text/html", f'<a href="data:text/plain;base64,{text}">x</a>'))),
    "path": lambda text: notebook(code(f"/files/x{text}")),
    "bytes literal": lambda text: notebook(code(f'key = b"{text}"')),
}
DISGUISES: dict[str, Callable[[str], str]] = {
    "as it stands": lambda text: text,
    "indented": lambda text: textwrap.indent(text, "    "),
    "in JSON": json.dumps,
    "in JSON in JSON": lambda text: json.dumps(json.dumps(text)),
    "in Python": repr,
    "in HTML": html.escape,
    "in HTML line by line": lambda text: "".join(f"<div>{html.escape(line)}</div>" for line in text.split("\n")),
    "highlighted in HTML": lambda text: "\n".join(
        f'<span class="s">{html.escape(line)}</span>' for line in text.split("\n")
    ),
    "coloured": lambda text: "\n".join(f"\x1b[38;5;28m{line}\x1b[39m" for line in text.split("\n")),
    "in a URL": quote,
    "in base64": lambda text: base64.b64encode(text.encode()).decode(),
    "in lines of base64": lambda text: base64.encodebytes(text.encode()).decode(),
    "in base64 in base64": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
}
surroundings = st.text(st.characters(codec="utf-8"), max_size=60)
# Of less than 40 characters base64 may be any word.
SHORT = {"in base64", "in lines of base64", "in base64 in base64"}


def written(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def all_readings(text: str) -> str:
    """A text, and all base64 in it decoded, as often as that goes: independent of how scrub does it."""
    readings, pending = [], [text]
    while pending:
        each = pending.pop()
        readings.append(html.unescape(each.replace("\\n", "\n")))
        for word in re.findall("[A-Za-z0-9+/]{24,}", each.replace("\\n", "").replace("/files/x", "")):
            raw = base64.b64decode(word[: len(word) // 4 * 4])
            pending += [raw.decode()] if raw.isascii() else []
    return "\n".join(readings)


def is_valid(text: str) -> bool:
    nbformat.validate(json.loads(text))
    return True


def only(text: str) -> Leak:
    """The one leak there is."""
    (leak,) = find_secrets(text)
    return leak


class TestASecretGoes:
    @pytest.mark.parametrize("place", PLACES)
    @pytest.mark.parametrize("name", SECRETS)
    def test_from_every_place(self, name: str, place: str) -> None:
        text, needles, _ = SECRETS[name]
        after, _ = scrubbed(written(PLACES[place](text)))
        assert ([], []) == ([needle for needle in needles if needle in after], find_secrets(after))

    @pytest.mark.parametrize("disguise", DISGUISES)
    @pytest.mark.parametrize("name", SECRETS)
    def test_in_every_disguise(self, name: str, disguise: str) -> None:
        text, needles, _ = SECRETS[name]
        hidden = DISGUISES[disguise](text if len(text) >= 40 or disguise not in SHORT else f"{text}\n{'text ' * 8}")
        after, leaks = scrubbed(written(notebook(code(hidden))))
        readings = all_readings(after)
        assert ([], True) == ([needle for needle in needles if needle in readings], bool(leaks))

    @pytest.mark.parametrize("place", IN_BASE64)
    @pytest.mark.parametrize("name", PEM_KEYS)
    def test_from_base64_in_every_place(self, name: str, place: str) -> None:
        hidden = base64.b64encode(PEM_KEYS[name].encode()).decode()
        after, leaks = scrubbed(written(IN_BASE64[place](hidden)))
        assert (False, 1) == (hidden[100:160] in after, len(leaks))

    @pytest.mark.parametrize("name", SECRETS)
    def test_by_its_kind(self, name: str) -> None:
        text, _, kind = SECRETS[name]
        assert kind == only(written(notebook(code(text)))).kind

    @pytest.mark.parametrize("name", SECRETS)
    def test_and_the_text_says_what_stood_there(self, name: str) -> None:
        text, _, kind = SECRETS[name]
        assert f"[removed: {kind}]" in scrubbed(written(notebook(code(text))))[0]

    @settings(max_examples=300)
    @given(
        name=st.sampled_from(sorted(SECRETS)),
        place=st.sampled_from(sorted(PLACES)),
        disguise=st.sampled_from(sorted(DISGUISES)),
        around=st.tuples(surroundings, surroundings),
        style=st.fixed_dictionaries({"indent": st.sampled_from([None, 1, 2]), "ensure_ascii": st.booleans()}),
    )
    @example(name="JWT", place="cell 1, source", disguise="in HTML", around=("if a <b:", "c>d"), style={})
    def test_whatever_stands_around_it(
        self, *, name: str, place: str, disguise: str, around: tuple[str, str], style: dict[str, Any]
    ) -> None:
        text, needles, _ = SECRETS[name]
        hidden = DISGUISES[disguise](text if len(text) >= 40 or disguise not in SHORT else f"{text}\n{'text ' * 8}")
        value = PLACES[place](f"{around[0]}\n{hidden}\n{around[1]}")
        clean, leaks = scrubbed(json.dumps(value, **style))
        left = [needle for needle in needles if needle in clean or needle in " ".join(map(str, leaks))]
        assert ([], [], (clean, []), True) == (left, find_secrets(clean), scrubbed(clean), is_valid(clean))

    @pytest.mark.parametrize("kept", [3, 5, 20])
    def test_a_key_that_is_cut_off(self, kept: int) -> None:
        cut = "\n".join(PEM_KEYS["RSA PKCS#8"].splitlines()[:kept])
        after, _ = scrubbed(written(notebook(code(f"{cut[:-7]}\n\nand more prose after it"))))
        assert (False, True) == (
            cut.splitlines()[1] in after or cut.splitlines()[-1][:20] in after,
            "and more" in after,
        )

    def test_a_key_that_has_lost_its_beginning(self) -> None:
        cut = "\n".join(PEM_KEYS["RSA PKCS#8"].splitlines()[4:])
        after, _ = scrubbed(written(notebook(code(f"prose before it\n\n{cut}\n"))))
        assert ([], True) == ([line for line in lines_of(cut) if line in after], "prose before" in after)

    def test_a_key_in_the_lines_of_a_traceback_with_their_numbers(self) -> None:
        numbered = [
            f"\x1b[32m     {number}\x1b[39m {line}" for number, line in enumerate(PEM_KEYS["RSA PKCS#8"].split("\n"))
        ]
        after, _ = scrubbed(written(notebook(code("", error(*numbered[:8])))))
        assert [] == [line for line in lines_of(PEM_KEYS["RSA PKCS#8"]) if line in after]

    def test_a_key_in_quoted_pieces(self) -> None:
        pieces = "\n".join(f'    "{line}\\n"' for line in PEM_KEYS["RSA PKCS#8"].splitlines())
        after, _ = scrubbed(written(notebook(code(f"key = (\n{pieces}\n)\nprint(key)"))))
        assert (False, True) == ("MII" in after, "print(key)" in after)

    def test_a_key_in_base64_of_utf_16(self) -> None:
        hidden = base64.b64encode(PEM_KEYS["EC SEC1"].encode("utf-16")).decode()
        assert "private key" == only(written(notebook(code(hidden)))).kind

    def test_a_key_in_base64_of_something_binary(self) -> None:
        hidden = base64.b64encode(b"\0\xff" * 100 + PEM_KEYS["EC SEC1"].encode() + b"\xff").decode()
        assert "private key" == only(written(notebook(code(hidden)))).kind

    @pytest.mark.parametrize("width", [8, 20, 40])
    def test_a_key_in_short_lines(self, width: int) -> None:
        body = "\n".join(textwrap.wrap("".join(PEM_KEYS["Ed25519"].splitlines()[1:-1]), width))
        after, _ = scrubbed(written(notebook(code(f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"))))
        assert body.splitlines()[1] not in json.loads(after)["cells"][0]["source"]

    def test_one_key_after_another_and_the_certificate_between_stays(self, practice: PracticeOrg) -> None:
        leaf = Path(practice.client.leaf).read_text()
        pem = PEM_KEYS["RSA PKCS#8"] + leaf + PEM_KEYS["EC SEC1"]
        after, leaks = scrubbed(written(notebook(code(pem))))
        assert (2, True) == (len(leaks), json.dumps(leaf.strip())[1:-1] in after)

    def test_several_in_one_text(self) -> None:
        text = f'a = "{SESSION_ID}"\nb = "{REFRESH}"\npassword = "p455w0rd"\n'
        expected = 'a = "[removed: session id]"\nb = "[removed: refresh token]"\npassword = "[removed: password]"\n'
        assert expected == json.loads(scrubbed(written(notebook(code(text))))[0])["cells"][0]["source"]

    @pytest.mark.parametrize("disguise", ["as it stands", "in JSON", "in HTML", "in Python"])
    @pytest.mark.parametrize("notation", NOTATIONS)
    @pytest.mark.parametrize("name", SHOWN)
    def test_a_key_whose_bytes_are_shown_and_nothing_beside_it(self, name: str, notation: str, disguise: str) -> None:
        shown_bytes = NOTATIONS[notation](DER_KEYS[name])
        text = DISGUISES[disguise](f"before [{shown_bytes}] after")
        after = json.loads(scrubbed(written(notebook(code(text))))[0])["cells"][0]["source"]
        left = re.sub(r"\[removed: [\w #]+\]", "@", html.unescape(after))
        assert re.fullmatch(r"\W*before \[\W*b?\W*(?:0?x)?@\W*\] after\W*", left)

    @pytest.mark.parametrize("disguise", ["as it stands", "in JSON", "in Python"])
    @pytest.mark.parametrize("among", [b"%41", b"\\n", b"\\x41", b"'", b'"'])
    def test_a_key_whose_bytes_look_like_an_escape(self, among: bytes, disguise: str) -> None:
        # A key of 64 bytes, as RFC 5958 has it, that holds what it likes.
        key = b"\x30\x50\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x44" + among + bytes(68 - len(among))
        text = DISGUISES[disguise](f"before [{key!r}] after")
        after = json.loads(scrubbed(written(notebook(code(text))))[0])["cells"][0]["source"]
        assert re.fullmatch(r"""\W*before \[b\W*\[removed: private key\]\W*\] after\W*""", after)

    @pytest.mark.parametrize("name", SHOWN)
    def test_a_key_whose_bytes_are_characters(self, name: str) -> None:
        text = f"before [{DER_KEYS[name].decode('latin-1')}] after"
        after = json.loads(scrubbed(written(notebook(code(text))))[0])["cells"][0]["source"]
        assert re.fullmatch(r"before \[\[removed: [\w #]+\]\] after", after)

    def test_a_key_whose_bytes_were_cut_off(self) -> None:
        after, _ = scrubbed(written(notebook(code(f"{DER_KEYS['RSA PKCS#8'].hex()[:600]}\n\nfine"))))
        assert "[removed: private key]\n\nfine" == json.loads(after)["cells"][0]["source"]

    def test_of_a_jwk_what_is_private(self) -> None:
        key = {"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZpt", "e": "AQAB", "d": "X4cTteJY_gn4FYPsXB8rdXi"}
        output = shown("application/json", {"keys": [key]})
        after, leaks = scrubbed(written(notebook(code("", output))))
        (kept,) = json.loads(after)["cells"][0]["outputs"][0]["data"]["application/json"]["keys"]
        assert ({**key, "d": "[removed: private key]"}, ["private key"]) == (kept, [leak.kind for leak in leaks])

    def test_from_a_member_that_is_named_for_it(self) -> None:
        parameters = {
            "password": "hunter2",
            "PWD": "/home/jovyan",
            "pwd": "hunter2",
            "sessionId": "opaqueToken",
            "session_id": "4fbc2a5e-0d3f-4a52-9c0e-2b8a1b6d7c11",
            "sf_client_secret": "abcd-efgh",
            "headers": {"Authorization": "OAuth 12345678"},
        }
        leaks = find_secrets(written(notebook(code(), papermill=parameters)))
        expected = ["password", "password", "session id", "consumer secret", "access token"]
        assert expected == [leak.kind for leak in leaks]

    def test_from_a_file_that_is_a_single_text(self) -> None:
        assert ('"[removed: session id]"', "the file") == (
            scrubbed(json.dumps(SESSION_ID))[0],
            only(json.dumps(SESSION_ID)).where,
        )

    def test_from_a_member_that_is_there_twice(self) -> None:
        after, leaks = scrubbed(f'{{"a": "{SESSION_ID}", "a": "{REFRESH}"}}')
        assert ('{"a": "[removed: session id]", "a": "[removed: refresh token]"}', 2) == (after, len(leaks))


class TestAWidget:
    def test_of_ipywidgets_is_emptied_of_its_password(self) -> None:
        state = ipywidgets.Widget.get_manager_state(widgets=[ipywidgets.Password(value="hunter2")])
        text = written(notebook(code(), widgets={"application/vnd.jupyter.widget-state+json": state}))
        after, leaks = scrubbed(text)
        assert (text.replace('"hunter2"', '""'), ["password"]) == (after, [leak.kind for leak in leaks])

    def test_that_is_empty_is_no_leak(self) -> None:
        assert [] == find_secrets(written(widgets(model("PasswordModel", value=""), upload(""))))

    def test_for_text_keeps_it(self) -> None:
        assert [] == find_secrets(written(widgets(model("TextModel", value="hunter2"))))

    @pytest.mark.parametrize(
        "label", ["Password", "Your password:", "Passphrase of the key", "Security token", "Secret"]
    )
    @pytest.mark.parametrize("member", ["description", "placeholder"])
    @pytest.mark.parametrize("kind", ["TextModel", "TextareaModel", "ComboboxModel"])
    def test_for_text_that_is_labelled_as_one_for_a_secret_is_emptied(self, kind: str, member: str, label: str) -> None:
        text = written(widgets(model(kind, **{"value": "hunter2", member: label})))
        after, leaks = scrubbed(text)
        assert (text.replace('"hunter2"', '""'), ["password"]) == (after, [leak.kind for leak in leaks])

    @pytest.mark.parametrize(
        "label", ["User", "Password file", "Token endpoint", "Secret name", "Max tokens", "Bypass"]
    )
    def test_for_text_that_is_labelled_otherwise_keeps_it(self, label: str) -> None:
        assert [] == find_secrets(written(widgets(model("TextModel", value="hunter2", description=label))))

    def test_that_only_shows_text_keeps_it(self) -> None:
        assert [] == find_secrets(written(widgets(model("HTMLModel", value="it is asked for", description="Password"))))

    def test_of_ipywidgets_for_text_is_emptied_of_a_password_and_so_is_what_it_shows_as(self) -> None:
        widget = ipywidgets.Text(value="hunter2", description="Password")
        view, state = shown("text/plain", repr(widget)), ipywidgets.Widget.get_manager_state(widgets=[widget])
        text = written(notebook(code("", view), widgets={"application/vnd.jupyter.widget-state+json": state}))
        assert (True, False) == ("hunter2" in text, "hunter2" in scrubbed(text)[0])

    @pytest.mark.parametrize("content", [b"any file", DER_KEYS["PKCS#12"], PEM_KEYS["EC SEC1"].encode()])
    def test_for_uploads_loses_the_file_and_stays_readable(self, content: bytes) -> None:
        after, _ = scrubbed(written(widgets(upload(base64.b64encode(content).decode()))))
        models = json.loads(after)["metadata"]["widgets"]["application/vnd.jupyter.widget-state+json"]["state"]
        (buffer,) = models[f"{0:032x}"]["buffers"]
        assert (b"[removed: uploaded file]", []) == (base64.b64decode(buffer["data"]), find_secrets(after))

    def test_for_uploads_loses_content_that_is_in_its_state(self) -> None:
        value = {"client.key": {"metadata": {"name": "client.key"}, "content": "bytes"}}
        leak = only(written(widgets(model("FileUploadModel", value=value))))
        assert ("uploaded file", True) == (leak.kind, leak.where.endswith("state, value, client.key, content"))


class TestALeak:
    @pytest.mark.parametrize("place", [place for place in PLACES if "…" not in place and "(a name)" not in place])
    def test_says_where(self, place: str) -> None:
        assert place == only(written(PLACES[place](SESSION_ID))).where

    def test_in_a_name_says_where_without_it(self) -> None:
        assert "metadata, •••• (a name)" == only(written(notebook(code(), **{SESSION_ID: 1}))).where

    @pytest.mark.parametrize("name", SECRETS)
    def test_does_not_show_the_secret(self, name: str) -> None:
        text, needles, _ = SECRETS[name]
        leaks = str(find_secrets(written(notebook(code(text)))))
        assert [] == [needle for needle in needles if needle in leaks]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (SESSION_ID, f"cell 1, source: session id {ORGANIZATION}!••••"),
            (PEM_KEYS["EC SEC1"], "cell 1, source: private key -----BEGIN EC PRIVATE KEY-----••••"),
            ('password="p455w0rd"', "cell 1, source: password ••••"),
        ],
    )
    def test_reads_as_a_line(self, text: str, expected: str) -> None:
        assert expected == str(only(written(notebook(code(text)))))


def certificate() -> x509.Certificate:
    name = x509.Name.from_rfc4514_string("CN=Client")
    return (
        x509.CertificateBuilder(name, name, RSA.public_key(), 1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .sign(RSA, hashes.SHA256())
    )


CERTIFICATE = certificate()
REQUEST = x509.CertificateSigningRequestBuilder(CERTIFICATE.subject).sign(RSA, hashes.SHA256())
PUBLIC: dict[str, Callable[[Encoding], bytes]] = {
    "certificate": CERTIFICATE.public_bytes,
    "request": REQUEST.public_bytes,
    "PKCS#7": lambda encoding: pkcs7.serialize_certificates([CERTIFICATE], encoding),
    "public key": lambda encoding: RSA.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo),
    "RSA public key": lambda encoding: RSA.public_key().public_bytes(encoding, PublicFormat.PKCS1),
    "EC public key": lambda encoding: EC.public_key().public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo),
}

ORDINARY = [
    'Secret("Password: "), Secret("Passphrase of the key"), Secret(os.environ["SF_PASSWORD_2"]), Secret(f"{pw}")',
    "Secret('••••'), Secret(getpass('Password: ')), Secret(password), class Secret(str): pass, mySecret('hunter2')",
    "%sf_login me@example.com\n%sf_login me@example.com  # the password is asked for, hunter2",
    "%sf_login s << me@example.com --out session2 --form\n%sf_login me@example.com --form;\n%sf_login",
    "`%sf_login me@example.com` signs in, and <code>%sf_login me@example.com</code> asks for the password",
    "%sf_login me@example.com $SF_PASSWORD\n%sf_login {user} {password}\n%sf_login me@example.com -p $PASSWORD",
    "%sf_rest limits --port 8443 --path /services2 --expect SomeFault\n%sf_login --password-file client2.txt",
    "the magic %sf_login refuses -p because a cell is saved",
    "ls -p hunter2secret; mkdir -p folder2",
    "os.getcwd(); pwd = os.getcwd(); PWD=/home/jovyan; export PWD=/home/jovyan; pwd = '~/work'; $pwd = 'C:\\Users'",
    "{'PWD': '/home/jovyan', 'OLDPWD': '/tmp', 'passwd': None}",
    'import upw; upw = "abcdefgh1"; invalid token: "abcdefgh1"',
    'curl -u "$USER:$PASS" -u me -u me: -u me:$(cat pw2) -u user:password -u "${A}:${B1}" -u <user>:<password> https://acme',
    "docker run -u 1000:1000 --user jovyan:users2 image; rsync -u host:folder2",
    "https://host/path:with@sign https://host:8443/a@b https://host:8443 mailto:me@example.com https://me@example.com/",
    "https://user:password@host/ https://me:${PW}@host/ https://{user}:{pw}@{host}/ ssh://git@host:2222/x@y",
    'requests.get("https://host/", params={"a": "b:c"}); x = "@"',
    "X-SFDC-Session: the session id; {'X-SFDC-Session': session.session_id.reveal(), \"X-SFDC-Session\": session_id2}",
    "X-SFDC-Session: {session_id} X-SFDC-Session: $SID1 X-SFDC-Session: 00D36000000bLGT!••••",
    "{'sessionId': session['sessionId2'], 'session_id': '12345678', 'sessionId': 'my-spark-session'}",
    'session_id = "4fbc2a5e-0d3f-4a52-9c0e-2b8a1b6d7c11"; {"sessionId": "00D36000000bLGT!••••"}',
    '{"assertion": "toBeTruthy", "assertion": "x is 2", "assertion": "must-hold"}; assertion = build()',
    '{"kty": "RSA", "n": "0vx7agoebGcQSuuPiLJXZpt", "e": "AQAB"} {"d": "X4cTteJY_gn4FYPsXB8rdXi"}',
    '{"kty": "RSA", "d": "…"} {"kty": "RSA", "d": "..."}',
    "Text(value='https://acme/1', description='Token URL'), Text(value='hunter2'), Password(description='Password')",
    "Text(value='me@example.com', description='User'), Label(value='hunter2', description='Password')",
    "30 82 04 bd is how a key in DER begins: 3082; b'0\\x82\\x04\\xbd\\x02\\x01\\x00'",
    "prefix = b'0.\\x02\\x01\\x000\\x05\\x06\\x03+en\\x04\"\\x04 '\n    with self.zeroed() as data:\n        data[0:16] = prefix",
    "x = 'abc1' 'def2' \"ghi3\" + \"jkl4\"",
    f"Org Id {ORGANIZATION}, {ORGANIZATION}EAY! Well",
    f"{ORGANIZATION}!•••• and {ORGANIZATION}!…",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "d41d8cd9-8f00-b204-e980-0998ecf8427e",
    "A PEM file begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
    "-----BEGIN RSA PRIVATE KEY-----\n…\n-----END RSA PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADAN...\n-----END PRIVATE KEY-----",
    'if "-----BEGIN PRIVATE KEY-----" in text:\n    key = load_pem_private_key(text.encode(), password=None)\n'
    'if "-----END PRIVATE KEY-----" in text:\n    pass',
    "password = getpass()",
    "password = getpass('Password: ')",
    'password = ""',
    'password = "..."',
    'password = "****"',
    'password = "••••"',
    'password = "INSERT_PASSWORD_HERE"',
    'password = "${SF_PASSWORD}"',
    'password = "{{ password }}"',
    'password = "<your password>"',
    'password = "YourPassword"',
    'password = "abc"',
    'password = f"{secret}"',
    'password = os.environ["SF_PASSWORD"]',
    'if password == "p455w0rd": pass',
    'print("Password: " + name + "!")',
    "if (url.password===other.password&&this.password=that.password&&more) {}",
    '"LOGIN_MUST_USE_SECURITY_TOKEN": "LoginFault"',
    "<n1:password>{password}{security_token}</n1:password>",
    '{"password": "string?"}',
    '"password="+quote(password)+"&x="',
    '{"username": "username", "password": "string"}',
    '{"password": "Please enter your password."}',
    "the flag --password is refused, use --password with care",
    "PasswordLogin(user, getpass())",
    'PasswordLogin("me@example.com", getpass("Password of me@example.com"))',
    "PasswordLogin(*practice.user('enforced'))",
    "<password></password><password>${PASSWORD}</password>",
    "<sessionId>${SF_SESSION_ID}</sessionId><sessionId>00D36000000bLGT!••••</sessionId>",
    'curl -H "Authorization: Bearer $ACCESS_TOKEN" -H "Authorization: Bearer <access token>"',
    "Authorization: Bearer YOUR_ACCESS_TOKEN",
    'headers = {"Authorization": f"Bearer {token}"}',
    'client_secret = "your_client_secret"',
    "client_secret=config.client_secret_of_version_2024",
    "grant_type=client_credentials&client_id=3MVG9abc&client_secret={secret}",
    "a JWT begins with eyJ and has three parts: eyJhbGciOi….….…",
    '[removed: private key] password = "[removed: password]" Authorization: Bearer [removed: access token]',
]


class TestWhatIsNoSecretStays:
    @pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
    @pytest.mark.parametrize("name", PUBLIC)
    def test_certificates_and_public_keys(self, name: str, encoding: Encoding) -> None:
        data = PUBLIC[name](encoding)
        texts = [base64.b64encode(data).decode(), base64.encodebytes(data).decode()]
        texts += [data.decode("latin-1"), *(show(data) for show in NOTATIONS.values())]
        texts += [data.decode()] if encoding is Encoding.PEM else []
        assert [] == [leak for text in texts for leak in find_secrets(written(notebook(code(text))))]

    @pytest.mark.parametrize("text", ORDINARY)
    def test_ordinary_text(self, text: str) -> None:
        assert [] == find_secrets(written(notebook(code(text), {**code(lines(html.escape(text))), "id": "c2"})))

    @pytest.mark.parametrize(
        "path", sorted(Path(__file__).parents[2].rglob("notebooks/**/*.ipynb")), ids=lambda p: p.stem
    )
    def test_our_lessons(self, path: Path) -> None:
        text = path.read_text()
        assert (text, []) == scrubbed(text)

    @given(st.text(st.characters(codec="utf-8")), st.binary(max_size=3000), st.lists(st.text(max_size=30)))
    def test_any_text_and_any_image(self, text: str, image: bytes, words: list[str]) -> None:
        picture = shown("image/png", base64.b64encode(image).decode())
        before = written(notebook(code(text, picture, shown("text/html", html.escape(text))), words=words))
        assert (before, []) == scrubbed(before)

    @given(
        st.lists(
            st.sampled_from(["password", "token", " ", "=", ":", '"', "\n", "a", "secret", "<", ">", "session", "00D"])
        )
    )
    def test_words_about_secrets_without_values(self, words: list[str]) -> None:
        after, _ = scrubbed(written(notebook(code("".join(words)))))
        assert is_valid(after)


class TestTheRestOfTheFile:
    @pytest.mark.parametrize(
        "before",
        [
            '{"b": 1,   "a":"@", "n": 1.0e5, "u": "\\u00e4ä\\ud83d\\ude00"}',
            '\ufeff{\r\n\t"a": ["@\\r\\n",\r\n"\\/x"]\r\n}\r\n\r\n',
            '{"a": "\\u0022@\\u0022", "a": NaN, "b": [[], {}, null, "", [""]]}',
            f'["@", {"1" * 5000}]',
        ],
    )
    def test_stays_as_it_is(self, before: str) -> None:
        after, _ = scrubbed(before.replace("@", SESSION_ID))
        assert before.replace("@", "[removed: session id]") == after

    def test_loses_the_lines_of_a_key_and_no_others(self) -> None:
        source = ["a = 1\n", *lines(PEM_KEYS["EC SEC1"]), "b = 2"]
        after, _ = scrubbed(written(notebook(code(source))))
        assert ["a = 1\n", "[removed: private key]", "\n", "b = 2"] == json.loads(after)["cells"][0]["source"]

    def test_stays_a_valid_notebook_if_an_id_or_tags_were_secrets(self) -> None:
        cell = {**code(tags=[JWT, SESSION_ID, SESSION_ID[:-1]]), "id": REFRESH[:60]}
        assert is_valid(scrubbed(written(notebook(cell)))[0])

    @pytest.mark.parametrize("text", ["", "{", "not JSON", "[" * 100_000, '{"a": "\n"}'])
    def test_that_is_not_json_is_an_error(self, text: str) -> None:
        with pytest.raises(SfmtlsError, match="it is not JSON"):
            find_secrets(text)

    @pytest.mark.parametrize(
        ("text", "evidence"), [("", "it is empty"), ("\n", "it is empty"), ("{", "line 1, column 2")]
    )
    def test_that_is_not_json_is_an_error_that_says_where(self, text: str, evidence: str) -> None:
        with pytest.raises(SfmtlsError) as raised:
            find_secrets(text)
        assert evidence == raised.value.evidence

    @pytest.mark.parametrize("text", ["[]", "{}", "1", "null", "true", '""', "[1, []]"])
    def test_that_is_json_is_none(self, text: str) -> None:
        assert (text, []) == scrubbed(text)


REPEATED = {
    "base64": "A",
    "lines of base64": "Aa1" * 20 + "\n",
    "dashes": "-",
    "BEGIN": "-----BEGIN PRIVATE KEY-----",
    "keys without END": "-----BEGIN PRIVATE KEY-----\n" + "Aa1" * 20 + "\n",
    "keys without BEGIN": "Aa1" * 20 + "\n-----END PRIVATE KEY-----\n",
    "JWT": "eyJhbGciOiJ.",
    "password": "password",
    "open quotes": 'password="',
    "open elements": "<password>",
    "tags": "<",
    "escapes": "\\",
    "PasswordLogin": 'PasswordLogin("a",',
    "form": "client_secret=",
    "session ids": f"{SESSION_ID} ",
    "html": '<td class="dataframe_index">a &amp; b</td>',
    "magics": "%sf_login ",
    "flags of a magic": "%sf_x -p -p --secret ",
    "one long flag": "%sf_x --passwor",
    "logins": "%sf_login me@x --out s ",
    "Secret": 'Secret("',
    "pwd": "pwd",
    "curl": "curl -u me:",
    "curl on lines": "curl -u \\\n",
    "URLs": "https://me:",
    "colons": "://a:aaaa",
    "headers": "X-SFDC-Session: ",
    "sessions": "sessionId='",
    "JWK": '{"kty":',
    "open JWK": '"kty":"d":"',
    "widgets": "Text(description='Password",
    "hex": "3082010a020100",
    "hex with spaces": "30 82 01 0a 02 01 00 ",
    "keys in hex": DER_KEYS["Ed25519"].hex() + " ",
    "beginnings of keys": "b'0\\x84\\x7f\\xff\\xff\\xff\\x02\\x01\\x00\\x02\\x40" + "a" * 20,
    "characters": "0\x84\x7f\xff\xff\xff\x02\x01\0",
    "literals": "'a' ",
    "quotes and spaces": "'" + " " * 79,
    "session id in literals": '"00D36000000bLGT!AQ" ',
    "assignments": "a=",
}


@pytest.mark.parametrize("name", REPEATED)
def test_time_grows_as_the_text_does(name: str) -> None:
    def seconds(size: int) -> float:
        text = written(notebook(code(REPEATED[name] * (size // len(REPEATED[name])))))
        taken = []
        for _ in range(3):
            begun = time.process_time()
            scrubbed(text)
            taken.append(time.process_time() - begun)
        return min(taken)

    # Eight times the text: 8 if time is linear, 64 if it is quadratic.
    assert seconds(160_000) / max(seconds(20_000), 1e-3) < 24


def test_a_key_is_still_the_key_it_was() -> None:
    # The tests above would pass with keys that are none.
    assert RSA.private_numbers() == load_pem_private_key(PEM_KEYS["RSA PKCS#1"].encode(), None).private_numbers()  # type: ignore[union-attr]
