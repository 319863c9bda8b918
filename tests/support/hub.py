"""The classroom's JupyterHub, and learners who sign in there as a browser does and run code in their own kernels."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import requests
import websocket

ROOT = Path(__file__).parents[2]
CLASSROOM = ROOT / "binder" / "hub" / "classroom.py"
PROXY = Path(sys.prefix, "proxy", "node_modules", ".bin", "configurable-http-proxy")

needed = pytest.mark.skipif(
    not PROXY.exists() or os.name != "posix",
    reason="the Hub's proxy is not there: .ci/hub-proxy installs it, where npm is",
)


class Learner:
    """One who has signed in at the Hub of a class."""

    def __init__(self, url: str, name: str, password: str) -> None:
        self.url, self.name = url, name
        self.opened = ExitStack()
        self.browser = self.opened.enter_context(requests.Session())
        self.browser.trust_env = False
        self.get("/hub/login")
        data = {"username": name, "password": password, "_xsrf": self._xsrf()}
        self.signed_in = self.browser.post(f"{url}/hub/login?next=/hub/home", data=data, timeout=30)

    def _xsrf(self) -> str:
        return next(
            cookie.value or "" for cookie in self.browser.cookies if cookie.name == "_xsrf" and cookie.path == "/hub/"
        )

    def get(self, path: str) -> requests.Response:
        return self.browser.get(self.url + path, timeout=60)

    def hub(self, method: str, path: str) -> requests.Response:
        """Ask the Hub's API, as its pages do."""
        headers = {"X-XSRFToken": self._xsrf(), "Referer": f"{self.url}/hub/home"}
        return self.browser.request(method, f"{self.url}/hub/api{path}", headers=headers, timeout=60)

    def start(self) -> None:
        """Start the server, and wait until it is there; then all goes by a token of the learner's."""
        for _ in range(200):
            asked = self.hub("POST", f"/users/{self.name}/server")
            if asked.status_code != 400:  # it runs; or it was killed, and the Hub has not heard of that yet
                break
            time.sleep(0.05)
        assert asked.status_code in (201, 202), asked.text
        self.wait_for_server()
        self.token = self.hub("POST", f"/users/{self.name}/tokens").json()["token"]

    def wait_for_server(self, *, present: bool = True) -> None:
        for _ in range(1200):
            if bool(self.hub("GET", f"/users/{self.name}").json().get("server")) is present:
                return
            time.sleep(0.05)
        raise AssertionError("the server did not start" if present else "the server did not stop")

    def server(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask the learner's own server."""
        headers = {"Authorization": f"token {self.token}"}
        return requests.request(method, f"{self.url}/user/{self.name}{path}", headers=headers, timeout=60, **options)

    def kernel(self) -> Kernel:
        return Kernel(self)


class Kernel:
    """A kernel of a learner's server."""

    def __init__(self, learner: Learner) -> None:
        self.learner = learner
        self.id = learner.server("POST", "/api/kernels", json={"name": "python3"}).json()["id"]
        self.connect()

    def connect(self) -> None:
        """Open the channel to it; again after a restart."""
        address = f"{self.learner.url}/user/{self.learner.name}/api/kernels/{self.id}/channels".replace("http", "ws", 1)
        self._channel = websocket.create_connection(
            address, header=[f"Authorization: token {self.learner.token}"], timeout=60
        )
        self.learner.opened.callback(self._channel.close)

    def run(self, code: str) -> str:
        """Run a cell; what it prints and shows, as text. Raises AssertionError where it ends with an error."""
        asked = str(uuid.uuid4())
        header = {
            "msg_id": asked,
            "msg_type": "execute_request",
            "username": "",
            "session": asked,
            "version": "5.3",
            "date": "",
        }
        content = {"code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        self._channel.send(json.dumps(message))
        said: list[str] = []
        while True:
            got = json.loads(self._channel.recv())
            if got["parent_header"].get("msg_id") != asked:
                continue
            kind, content = got["msg_type"], got["content"]
            if kind == "stream":
                said.append(content["text"])
            elif kind in {"execute_result", "display_data"}:
                said.append(content["data"].get("text/plain", ""))
            elif kind == "error":
                raise AssertionError("\n".join(content["traceback"]))
            elif kind == "status" and content["execution_state"] == "idle":
                return "\n".join(said)

    @property
    def process(self) -> int:
        return int(self.run("import os; print(os.getpid())"))


class Class:
    """A class that runs. passwords: of the learners, and of the teacher."""

    def __init__(self, url: str, folder: Path, passwords: Sequence[str], process: subprocess.Popen[str]) -> None:
        self.url, self.folder, self.passwords, self.process = url, folder, passwords, process
        self.opened = ExitStack()

    def stop(self) -> str:
        """Stop it by Ctrl-C. Returns what it says then."""
        self.process.send_signal(signal.SIGINT)
        return self.process.communicate(timeout=60)[0]

    def processes(self) -> list[str]:
        """The command lines of all processes that have to do with it: its folder is in their environment."""
        found = []
        for place in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if str(self.folder).encode() in (place / "environ").read_bytes():
                    found.append((place / "cmdline").read_text().replace("\0", " "))
        return found

    def learner(self, name: str, password: str | None = None) -> Learner:
        """One who signs in; by the password of the class, unless another is given."""
        learner = Learner(self.url, name, password or self.passwords[name == "teacher"])
        self.opened.callback(learner.opened.close)
        return learner

    def server_of(self, name: str) -> int:
        """The process of a learner's server."""
        (file,) = (self.folder / "learners" / name / ".local/share/jupyter/runtime").glob("jpserver-*.json")
        return int(json.loads(file.read_text())["pid"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def running_class(folder: Path, port: int, *names: str) -> Iterator[Class]:
    """A class, as `make classroom` runs it; stopped by Ctrl-C."""
    command = [sys.executable, str(CLASSROOM), *names, "--port", str(port), "--folder", str(folder), "--allow-root"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder.parent) as process:
        assert process.stdout is not None
        said = ""
        try:
            while "Ctrl-C stops the class" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            running = Class(f"http://127.0.0.1:{port}", folder, re.findall(r"password\s+(\S+)", said), process)
            with running.opened:
                yield running
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)
