"""The settings for a class: what a hub on Kubernetes allows, and what `make classroom` says before it starts anything."""

from __future__ import annotations

import ast
import ipaddress
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import hub
import nbformat
import pytest
import yaml
from hub import free_port

from sfmtls_nb.scrub.scan import secrets_in

pytestmark = pytest.mark.skipif(os.name != "posix", reason="JupyterHub runs on Linux and macOS")

HUB = Path(__file__).parents[2] / "binder" / "hub"
sys.path.insert(0, str(HUB))

import classroom  # noqa: E402  # a program, in no package

_UNITS = {"M": 10**6, "G": 10**9}


@pytest.fixture(scope="module")
def values() -> Any:
    return yaml.safe_load((HUB / "values.yaml").read_text())


def amount(size: str | float) -> float:
    return float(size[:-1]) * _UNITS[size[-1]] if isinstance(size, str) else size


# ---------------------------------------------------------------- on Kubernetes


@pytest.mark.parametrize("port", [443, 8443])
def test_a_learner_reaches_salesforce(values: Any, port: int) -> None:
    (rule,) = values["singleuser"]["networkPolicy"]["egress"]
    assert {"protocol": "TCP", "port": port} in rule["ports"]


def test_nothing_else_is_open(values: Any) -> None:
    (rule,) = values["singleuser"]["networkPolicy"]["egress"]
    allowed = values["singleuser"]["networkPolicy"]["egressAllowRules"]
    assert ([443, 8443], {"nonPrivateIPs": False}) == ([each["port"] for each in rule["ports"]], allowed)


@pytest.mark.parametrize("address", ["10.1.2.3", "172.20.0.1", "192.168.1.1", "169.254.169.254"])
def test_the_network_of_the_cluster_is_closed(values: Any, address: str) -> None:
    (rule,) = values["singleuser"]["networkPolicy"]["egress"]
    (block,) = (each["ipBlock"] for each in rule["to"])
    assert any(ipaddress.ip_address(address) in ipaddress.ip_network(each) for each in block["except"])


@pytest.mark.parametrize("resource", ["memory", "cpu"])
def test_a_limit_is_no_less_than_what_is_guaranteed(values: Any, resource: str) -> None:
    given = values["singleuser"][resource]
    assert 0 < amount(given["guarantee"]) <= amount(given["limit"])


def test_a_learner_has_their_own_part_of_the_class_and_their_own_secret(values: Any) -> None:
    storage = values["singleuser"]["storage"]
    volumes = {each["name"]: each for each in storage["extraVolumes"]}
    mounts = {each["name"]: each for each in storage["extraVolumeMounts"]}
    assert "{username}" == mounts["class"]["subPath"]
    assert ("sfmtls-{username}", True, 0o400) == tuple(
        volumes["identity"]["secret"][name] for name in ("secretName", "optional", "defaultMode")
    )
    assert mounts["class"]["mountPath"] == values["singleuser"]["extraEnv"]["SFMTLS_NB_CLASSROOM"]


def test_the_hook_for_the_teacher_is_python(values: Any) -> None:
    (hook,) = values["hub"]["extraConfig"].values()
    ast.parse(hook)


@pytest.mark.parametrize("path", sorted(HUB.iterdir()), ids=lambda path: path.name)
def test_no_file_holds_a_secret(path: Path) -> None:
    if path.is_file():
        assert [] == secrets_in(path.read_text(), path.name)


def test_no_setting_is_a_secret(values: Any) -> None:
    text = json.dumps(values).lower()
    assert not [
        word for word in ("secrettoken", "apitoken", "cookiesecret", "user_password", "admin_password") if word in text
    ]


def test_the_teachers_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(HUB / "teacher.ipynb", as_version=4)  # type: ignore[no-untyped-call]
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")


# ---------------------------------------------------------------- what `make classroom` says


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As where there are Node.js and the proxy, for a user who is not root, in a folder where there was no class."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(classroom, "_PROXY", tmp_path)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert 1 == classroom.main(arguments)
    return capsys.readouterr().err


@pytest.mark.usefixtures("installed")
def test_root_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "FLAGS=--allow-root" in told(capsys)


@pytest.mark.usefixtures("installed")
def test_a_port_that_is_taken_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert f"port {port} cannot be listened on" in told(capsys, "--port", port)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("port", ["-1", "70000"])
def test_a_port_that_cannot_be_is_an_error(capsys: pytest.CaptureFixture[str], port: str) -> None:
    assert "cannot be listened on" in told(capsys, f"--port={port}")


@pytest.mark.usefixtures("installed")
def test_without_node_it_says_where_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert "https://nodejs.org" in told(capsys)


@pytest.mark.usefixtures("installed")
def test_without_the_proxy_it_says_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(classroom, "_PROXY", tmp_path / "missing")
    assert ".ci/hub-proxy" in told(capsys)


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["../ada", "Ada", "ada lovelace", "", "teacher", "x" * 40, "a/b"])
def test_a_name_that_could_lead_elsewhere_is_refused(capsys: pytest.CaptureFixture[str], name: str) -> None:
    assert "cannot be a learner's name" in told(capsys, name)


@pytest.mark.usefixtures("installed")
def test_a_folder_that_cannot_be_made_is_an_error(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "there is no place for the learners" in told(
        capsys, "--port", str(free_port()), "--folder", str(tmp_path / "file")
    )


@pytest.mark.usefixtures("installed")
def test_a_class_runs_once_in_a_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "hub").mkdir()
    with (tmp_path / "hub" / "lock").open("w") as lock:
        classroom._take(lock, tmp_path)
        print(4321, file=lock, flush=True)
        assert "its Hub is the process 4321" in told(capsys, "--folder", str(tmp_path))


def test_the_proxy_of_a_killed_hub_is_known_by_its_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (file := tmp_path / "proxy.pid").write_text(str(os.getpid()))
    monkeypatch.setattr(classroom, "_PROXY", Path(sys.argv[0] or sys.executable))
    assert classroom._outlived(file)


def test_another_process_of_its_number_is_not_what_the_hub_ends(tmp_path: Path) -> None:
    (file := tmp_path / "proxy.pid").write_text(str(os.getpid()))
    assert (False, False) == (classroom._outlived(file), file.exists())


def test_the_hub_comes_back_at_the_port_that_its_servers_know(tmp_path: Path) -> None:
    port = classroom._hubs_port(tmp_path / "port")
    assert port == classroom._hubs_port(tmp_path / "port")
    with socket.create_server(("127.0.0.1", port)):
        assert port != classroom._hubs_port(tmp_path / "port")


@hub.needed
def test_a_hub_that_does_not_start_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    broken = tmp_path / "jupyterhub_config.py"
    broken.write_text("raise SystemExit('no such setting\\n \\n')")
    monkeypatch.setattr(classroom, "_CONFIG", broken)
    arguments = ("--port", str(free_port()), "--folder", str(tmp_path / "class"), "--allow-root")
    message = told(capsys, *arguments)
    assert "the Hub did not start\n  evidence: no such setting" in message
    assert str(tmp_path / "class" / "hub" / "log") in message
