"""The article's own commands, word for word, against a `sfmtls-nb practice`: the article's own answers come back.

To curl nothing is added but --connect-to, which sends Salesforce's names to this machine. The article trusts blindly
(-k), and so do its commands here; the last tests show that nobody has to.
"""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

TOOLS = ("bash", "curl", "openssl", "xmllint")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=f"not on this machine: {', '.join(MISSING)}")

LOGIN_XML = """\
<?xml version="1.0" encoding="utf-8" ?>
<env:Envelope xmlns:xsd="http://www.w3.org/2001/XMLSchema"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xmlns:env="http://schemas.xmlsoap.org/soap/envelope/">
  <env:Body>
    <n1:login xmlns:n1="urn:partner.soap.sforce.com">
      <n1:username>user@example.com</n1:username>
      <n1:password>p455w0rd</n1:password>
    </n1:login>
  </env:Body>
</env:Envelope>
"""
GETUSERINFO_XML = """\
<?xml version="1.0" encoding="utf-8"?>\x20
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
 xmlns:urn="urn:partner.soap.sforce.com">
  <soapenv:Header>
    <urn:SessionHeader>
      <urn:sessionId>INSERT_YOUR_SESSION_ID_HERE</urn:sessionId>
    </urn:SessionHeader>
  </soapenv:Header>
  <soapenv:Body>
    <urn:getUserInfo />
  </soapenv:Body>
</soapenv:Envelope>
"""

LOGIN = r"""curl -s -k https://login.salesforce.com/services/Soap/u/41.0 \
    -H "Content-Type: text/xml; charset=UTF-8" \
    -H "SOAPAction: login" \
    -d @login.xml | xmllint --format -
"""
GETUSERINFO = r"""curl -s -k https://na30.salesforce.com:8443/services/Soap/u/41.0 \
    -H "Content-Type: text/xml; charset=UTF-8" \
    -H "SOAPAction: example" \
    -d @getuserinfo.xml \
    -E fullcert.pem | xmllint --format -
"""
WITHOUT_CERTIFICATE = r"""curl -s -k https://na30.salesforce.com:8443/services/Soap/u/41.0 \
    -H "Content-Type: text/xml; charset=UTF-8" \
    -H "SOAPAction: example" \
    -d @getuserinfo.xml
"""
ON_443 = r"""curl -s -k https://na30.salesforce.com/services/Soap/u/41.0 \
    -H "Content-Type: text/xml; charset=UTF-8" \
    -H "SOAPAction: example" \
    -d @getuserinfo.xml
"""

LOGIN_ANSWER = """\
<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <soapenv:Body>
    <loginResponse>
      <result>
        <metadataServerUrl>https://na30.salesforce.com/services/Soap/m/41.0/00D36000000bLGT</metadataServerUrl>
        <passwordExpired>false</passwordExpired>
        <sandbox>false</sandbox>
        <serverUrl>https://na30.salesforce.com/services/Soap/u/41.0/00D36000000bLGT</serverUrl>
        <sessionId>00D36000000bLGT!AQQAQMlp30Zpiy6_gSeP1cmQG.0dHlfMcUDg96d8BSRpSb9BwksAABdKsde14ahtDGzKzRXAMroiomST8.UWcg.hp5XXDi4O</sessionId>
        <userId>00536000006Z51jAAC</userId>
        <userInfo>
          ...lots of user data...
        </userInfo>
      </result>
    </loginResponse>
  </soapenv:Body>
</soapenv:Envelope>
"""
GETUSERINFO_ANSWER = """\
<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns="urn:partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <soapenv:Header>
    <LimitInfoHeader>
      <limitInfo>
        <current>6</current>
        <limit>15000</limit>
        <type>API REQUESTS</type>
      </limitInfo>
    </LimitInfoHeader>
  </soapenv:Header>
  <soapenv:Body>
    <getUserInfoResponse>
      <result>
        ...all the user data...
      </result>
    </getUserInfoResponse>
  </soapenv:Body>
</soapenv:Envelope>
"""
PAGE = (
    "<html><head><title>Certificate Error</title></head><body bgcolor=#ffffff text=#3198d8><center>"
    '<img src="http://www.sfdcstatic.com/common/assets/img/logo-company.png"><p><h3>Client certificate error:'
    "<i>No client certificate provided.</i></h3></center></body></html>"
)
FAULT = """\
<?xml version="1.0" encoding="UTF-8"?>
<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:sf="urn:fault.partner.soap.sforce.com" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <soapenv:Body>
    <soapenv:Fault>
      <faultcode>sf:MUTUAL_AUTHENTICATION_FAILED</faultcode>
      <faultstring>MUTUAL_AUTHENTICATION_FAILED: This session could not be mutually authenticated for use with the API</faultstring>
      <detail>
        <sf:UnexpectedErrorFault xsi:type="sf:UnexpectedErrorFault">
          <sf:exceptionCode>MUTUAL_AUTHENTICATION_FAILED</sf:exceptionCode>
          <sf:exceptionMessage>This session could not be mutually authenticated for use with the API</sf:exceptionMessage>
        </sf:UnexpectedErrorFault>
      </detail>
    </soapenv:Fault>
  </soapenv:Body>
</soapenv:Envelope>
"""


class Desk(NamedTuple):
    """Where the article's reader sits: a folder with the files, and what org.json says."""

    folder: Path
    org: dict[str, Any]

    def port(self, door: str) -> str:
        return str(self.org[f"{door}_url"]).rpartition(":")[2]

    def shell(self, command: str) -> str:
        """What a command prints, with Salesforce's names leading to the practice org."""
        connect_to = " ".join(
            f"--connect-to {host}:{port}:localhost:{self.port(door)}"
            for host, port, door in (
                ("login.salesforce.com", 443, "api"),
                ("na30.salesforce.com", 443, "api"),
                ("na30.salesforce.com", 8443, "mutual"),
            )
        )
        script = f'curl() {{ command curl {connect_to} "$@"; }}\n{command}'
        done = subprocess.run(["bash", "-c", script], cwd=self.folder, capture_output=True, timeout=30, check=False)
        return done.stdout.decode()

    def s_client(self, door: str, *options: str) -> str:
        """What openssl s_client says of a handshake, its messages included."""
        command = [
            "openssl",
            "s_client",
            "-connect",
            f"localhost:{self.port(door)}",
            "-servername",
            "localhost",
            "-msg",
        ]
        command += ["-CAfile", self.org["ca_file"], "-verify_return_error", *options]
        done = subprocess.run(
            command,
            input=b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
            capture_output=True,
            timeout=30,
            check=False,
            cwd=self.folder,
        )
        return (done.stdout + done.stderr).decode(errors="replace")

    def write_session_id(self) -> None:
        session_id = re.findall("<sessionId>(.*)</sessionId>", self.shell(LOGIN))[0]
        (self.folder / "getuserinfo.xml").write_text(GETUSERINFO_XML.replace("INSERT_YOUR_SESSION_ID_HERE", session_id))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    command = [str(Path(sysconfig.get_path("scripts"), "sfmtls-nb")), "practice", "--dir", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            lines = []
            for line in process.stdout:
                lines.append(line)
                if line == "}\n":
                    break
            org = json.loads("".join(lines))
            enforced = org["users"][0]
            filled_in = LOGIN_XML.replace("user@example.com", enforced["username"])
            (folder / "login.xml").write_text(filled_in.replace("p455w0rd", enforced["password"]))
            made = Desk(folder, org)
            made.write_session_id()
            yield made
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=20)


def as_in_the_article(answer: str) -> str:
    """An answer with the article's ids in place of ours, and its dots in place of the user's data."""
    for ours, the_articles in (
        (r"00D5f000000PRAC![\w.]+", re.findall("<sessionId>(.*)</sessionId>", LOGIN_ANSWER)[0]),
        (r"00D5f000000PRAC\b", "00D36000000bLGT"),
        (r"(?<=<userId>)0055f00000PRAC\w{4}(?=</userId>\n *<userInfo>)", "00536000006Z51jAAC"),
        (r"(?s)(?<=<userInfo>\n          ).*(?=\n        </userInfo>)", "...lots of user data..."),
        (r"(?s)(?<=<getUserInfoResponse>\n      <result>\n        ).*(?=\n      </result>)", "...all the user data..."),
        (r"(?<=<current>)\d+", "6"),
    ):
        answer = re.sub(ours, the_articles, answer)
    return answer


def test_the_articles_command_for_login_gets_the_articles_answer(desk: Desk) -> None:
    assert as_in_the_article(desk.shell(LOGIN)) == LOGIN_ANSWER


def test_the_articles_command_for_get_user_info_gets_the_articles_answer(desk: Desk) -> None:
    assert as_in_the_article(desk.shell(GETUSERINFO)) == GETUSERINFO_ANSWER


def test_the_articles_command_without_a_certificate_gets_the_page_to_the_letter(desk: Desk) -> None:
    assert desk.shell(WITHOUT_CERTIFICATE) == PAGE


def test_the_articles_command_on_443_gets_the_fault(desk: Desk) -> None:
    assert desk.shell(f"{ON_443.rstrip()} | xmllint --format -\n") == FAULT


def test_the_articles_command_on_443_gets_the_fault_as_one_line(desk: Desk) -> None:
    assert re.sub(r"\n *", "", FAULT) == desk.shell(ON_443)


def test_the_articles_command_with_the_leaf_alone_gets_the_page_that_says_so(desk: Desk) -> None:
    command = GETUSERINFO.replace("-E fullcert.pem | xmllint --format -", "-E client.crt --key client.key")
    assert PAGE.replace("No client certificate provided.", "unable to get local issuer certificate") == desk.shell(
        command
    )


def test_the_articles_command_with_the_wrong_password_gets_a_login_fault(desk: Desk) -> None:
    (desk.folder / "wrong.xml").write_text(LOGIN_XML)
    answer = desk.shell(LOGIN.replace("login.xml", "wrong.xml"))
    assert '<sf:LoginFault xsi:type="sf:LoginFault">' in answer


def test_the_articles_command_goes_well_without_k_where_the_root_is_named(desk: Desk) -> None:
    assert "<loginResponse>" in desk.shell(LOGIN.replace("-k", "--cacert server-ca.pem"))


def test_the_articles_command_goes_nowhere_without_k_where_no_root_is_named(desk: Desk) -> None:
    assert desk.shell(LOGIN.replace("-k", "")) == ""


def test_the_articles_command_counts_each_call_in_the_limit_info_header(desk: Desk) -> None:
    first, second = (int(re.findall(r"<current>(\d+)<", desk.shell(GETUSERINFO))[0]) for _ in range(2))
    assert first + 1 == second


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
@pytest.mark.parametrize(("door", "asked"), [("api", False), ("mutual", True), ("strict", True)])
def test_open_s_s_l_is_asked_for_a_certificate(*, desk: Desk, door: str, asked: bool, version: str) -> None:
    assert asked == (", CertificateRequest" in desk.s_client(door, version))


def test_open_s_s_l_is_told_no_names_of_authorities(desk: Desk) -> None:
    said = desk.s_client("mutual")
    assert ("No client certificate CA names sent" in said, "Acceptable client certificate CA" in said) == (
        True,
        False,
    )


def test_open_s_s_l_is_let_in_on_8443_without_a_certificate(desk: Desk) -> None:
    assert "HTTP/1.1 404" in desk.s_client("mutual", "-ign_eof")


def test_open_s_s_l_is_let_in_by_the_strict_listener_with_the_certificate(desk: Desk) -> None:
    files = ("-cert", "client.crt", "-key", "client.key", "-cert_chain", "fullcert.pem")
    assert "HTTP/1.1 404" in desk.s_client("strict", "-ign_eof", *files)


@pytest.mark.parametrize(
    ("version", "alert"),
    [("-tls1_2", "sslv3 alert handshake failure"), ("-tls1_3", "tlsv13 alert certificate required")],
)
def test_open_s_s_l_is_refused_by_the_strict_listener_with_an_alert(desk: Desk, version: str, alert: str) -> None:
    assert alert in desk.s_client("strict", "-ign_eof", version)


@pytest.mark.parametrize(("root", "trusted"), [("server-ca.pem", True), ("root.crt", False)])
def test_open_s_s_l_trusts_the_server_by_its_root_and_no_other(*, desk: Desk, root: str, trusted: bool) -> None:
    assert trusted == ("Verify return code: 0 (ok)" in desk.s_client("api", "-CAfile", root))
