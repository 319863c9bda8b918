"""A real JupyterLab in a real Chromium, neither of which can leave this machine: what the tests in here drive.

A test module says ``pytest_plugins = ["lab_fixtures"]``, its tests ask for the fixture ``lab`` and open notebooks::

    with lab.open("%load_ext sfmtls_nb", "%sf_identity") as notebook:
        notebook.run_all()
        notebook.field("Passphrase").fill("sesame")
        notebook.button("Assemble").click()
        assert "sesame" not in notebook.save()

Cells are counted from 0. `button`, `field` and `output` are Playwright locators: ``playwright.sync_api.expect`` waits
for what comes of itself. Whatever does not wait (`names`, `aria`, `save`, pictures) stands behind `wait_until_idle`.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Literal, cast

import nbformat
import requests
from pictures import Picture
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

Theme = Literal["light", "dark"]

OFFLINE = Path(__file__).parent.parent / "offline"
SCREENSHOTS = Path(__file__).parent.parent / "browser" / "screenshots"
#: Whether screenshots are to be written over, as `make screenshots` does.
REWRITE = bool(os.environ.get("SFMTLS_SCREENSHOTS"))
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
_NOBODY_ELSE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1"
_QUIETLY = ("--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync")
# What a learner would click in Settings; and what would come between a test and its notebook.
_SETTINGS: dict[str, dict[str, Any]] = {
    "@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
}
# Font Awesome's letters are in the names of buttons that have an icon.
_ICONS = re.compile("[\ue000-\uf8ff]")
# The launcher comes where nothing else is open, late, and in front of what has been opened since.
_WITHOUT = {"buildCheck": False, "disabledExtensions": {"@jupyterlab/launcher-extension:plugin": True}}
# The server ends when the pipe to it does: also when the tests are killed, and clean up nothing.
_WATCHED = 'exec 3<&0; "$@" 3<&- </dev/null & server=$!; { read -r <&3; kill "$server"; } & wait "$server"'
_START_SECONDS, _STOP_SECONDS = 60, 15

# The notebook in front, for JavaScript in the page.
_PANEL = "const panel = jupyterapp.shell.currentWidget; const kernel = panel?.sessionContext?.session?.kernel;"
# An answer means that all that was sent before is done; a second one, that so is what waited for the first.
# What came of it is drawn when the outputs have not changed for a while.
_IDLE = f"""async () => {{ {_PANEL}
    await kernel.requestKernelInfo();
    await kernel.requestKernelInfo();
    await new Promise(done => {{
        const wait = () => setTimeout(() => (watching.disconnect(), done()), 100);
        let timer;
        const watching = new MutationObserver(() => {{ clearTimeout(timer); timer = wait(); }});
        for (const area of panel.node.querySelectorAll(".jp-Cell-outputArea"))
            watching.observe(area, {{subtree: true, childList: true, attributes: true, characterData: true}});
        timer = wait();
    }});
}}"""
_ASK = f"""async code => {{ {_PANEL}
    const said = [], future = kernel.requestExecute({{code, store_history: false, stop_on_error: false}});
    future.onIOPub = ({{content}}) => said.push(content.text ?? content.traceback?.join("\\n") ?? "");
    await future.done;
    return said.join("");
}}"""
_ERRORS = f"""() => {{ {_PANEL}
    const outputs = [...panel.model.cells].flatMap(cell => cell.outputs?.toJSON() ?? []);
    return outputs.filter(output => output.output_type == "error").map(({{ename, evalue}}) => `${{ename}}: ${{evalue}}`);
}}"""
_READY = f"""() => {{ {_PANEL} return panel?.context?.isReady && kernel?.connectionStatus == "connected"; }}"""
_CLOSE_FRONT = """async () => {
    const front = jupyterapp.shell.currentWidget;
    await front.context.sessionContext.shutdown();
    front.dispose();
}"""
_CLOSE = """() => {
    for (const dialog of document.querySelectorAll(".jp-Dialog")) dialog.remove();
    for (const widget of [...jupyterapp.shell.widgets("main")]) widget.dispose();
}"""
# In a widget's field Ctrl+S is the field's own; whoever wants to save leaves it first.
_SAVED = f"""() => {{ {_PANEL}
    document.activeElement.blur();
    window.saved = new Promise((done, failed) => {{
        panel.context.saveState.connect((_, state) => state != "started" && done(state));
        setTimeout(() => failed(new Error("not saved")), 20_000);
    }});
}}"""


class Notebook:
    """One notebook, in a window of its own, with a kernel of its own."""

    def __init__(self, page: Page, path: Path) -> None:
        self.page, self.path = page, path
        self._inspector = page.context.new_cdp_session(page)

    # ------------------------------------------------------------ the notebook

    def run_all(self, *, failing: bool = False) -> None:
        """Run all cells, and wait until the last is done. A cell that fails ends it; failing: one does, at the end."""
        self.page.evaluate("async () => { await jupyterapp.commands.execute('notebook:run-all-cells') }")
        self.wait_until_idle()
        errors = self.page.evaluate(_ERRORS)
        assert bool(errors) == failing, errors

    def wait_until_idle(self) -> None:
        """Wait until the kernel has done all that it was asked for so far, by cells or by widgets."""
        self.page.evaluate(_IDLE)

    def ask(self, code: str) -> str:
        """What the kernel prints, running code that is in no cell: nothing of it comes into the notebook."""
        return cast("str", self.page.evaluate(_ASK, code))

    def save(self) -> str:
        """Press Ctrl+S. Returns the file as it is on the disk then, widget state included."""
        self.page.evaluate(_SAVED)
        self.wait_until_idle()
        self.page.keyboard.press("Control+s")
        assert self.page.evaluate("window.saved") == "completed"
        return self.path.read_text(encoding="utf-8")

    def use_theme(self, theme: Theme) -> None:
        """Change the theme of the page."""
        self.page.evaluate(
            "async theme => { await jupyterapp.commands.execute('apputils:change-theme', {theme}) }", _name_of(theme)
        )
        self.page.wait_for_selector(f"body[data-jp-theme-name='{_name_of(theme)}']", state="attached")

    # ------------------------------------------------------------ what it shows

    def output(self, cell: int) -> Locator:
        """All that a cell shows."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(cell).locator(".jp-Cell-outputArea")

    @property
    def outputs(self) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell-outputArea")

    def button(self, name: str) -> Locator:
        """The button of that name (or that beginning), in any output."""
        return self.outputs.get_by_role("button", name=name)

    def field(self, label: str) -> Locator:
        """The field that a label belongs to, in any output: text, password, list, check box."""
        return self.outputs.get_by_label(label)

    def upload(self, button: str, *files: Path) -> None:
        """Choose files with an upload button."""
        with self.page.expect_file_chooser() as chooser:
            self.button(button).click()
        chooser.value.set_files(files)

    # ------------------------------------------------------------ how it is read without eyes or mouse

    def aria(self, cell: int) -> str:
        """A cell's output as assistive technology reads it, as text."""
        return self.output(cell).aria_snapshot()

    def names(self, elements: Locator) -> list[str]:
        """Role and accessible name of each, as Chromium tells assistive technology: ``button "Assemble"``."""
        expect(elements).not_to_have_count(0)
        found = []
        for element in elements.all():
            element.evaluate("it => { window.asked = it }")
            found.append(self._name("window.asked"))
        return found

    def controls(self, cell: int) -> list[str]:
        """Role and accessible name of all in an output that can be typed into, chosen from or pressed."""
        return self.names(self.output(cell).locator("input, select, textarea, button, summary, a[href], [tabindex]"))

    def focused(self) -> str:
        """Role and accessible name of what has the focus."""
        return self._name("document.activeElement")

    def tab(self, times: int = 1) -> list[str]:
        """Press Tab. Returns role and accessible name of what had the focus after each time."""
        found = []
        for _ in range(times):
            self.page.keyboard.press("Tab")
            found.append(self.focused())
        return found

    def _name(self, expression: str) -> str:
        element = self._inspector.send("Runtime.evaluate", {"expression": expression})["result"]["objectId"]
        asked = {"objectId": element, "fetchRelatives": False}
        node = self._inspector.send("Accessibility.getPartialAXTree", asked)["nodes"][0]
        role, name = (node.get(part, {}).get("value", "") for part in ("role", "name"))
        return f'{role} "{_ICONS.sub("", name).strip()}"'

    # ------------------------------------------------------------ how it looks

    def picture(self, cell: int) -> Picture:
        """A cell's output, and nothing around it; of one that is higher than the page, what is in sight."""
        area = self.output(cell)
        area.scroll_into_view_if_needed()
        return Picture.taken(self.page, area.screenshot(animations="disabled", caret="hide"))

    def pictures(self, cells: Mapping[str, int]) -> dict[str, Picture]:
        """Cells' outputs in either theme: NAME-light and NAME-dark; kept in `SCREENSHOTS` if that is asked for."""
        taken: dict[str, Picture] = {}
        for theme in ("light", "dark"):
            self.use_theme(theme)
            taken |= {f"{name}-{theme}": self.picture(cell) for name, cell in cells.items()}
        if REWRITE:
            SCREENSHOTS.mkdir(exist_ok=True)
            for name, picture in taken.items():
                (SCREENSHOTS / f"{name}.png").write_bytes(picture.png())
        return taken

    def close_what_was_opened_beside(self) -> None:
        """Close the notebook in front, which a click in this one has opened, once its kernel is there to be shut down."""
        self.page.wait_for_function(_READY)
        self.page.evaluate(_CLOSE_FRONT)


class Lab:
    """A JupyterLab server, and a browser that shows it."""

    def __init__(self, url: str, token: str, folder: Path, browser: Browser) -> None:
        self.url, self.token, self.folder, self.browser = url, token, folder, browser
        self._opened = 0
        self._idle: list[Page] = []

    @contextmanager
    def open(self, *sources: str, theme: Theme = "light") -> Iterator[Notebook]:
        """A notebook of cells with these sources, not run yet. At the end it is closed, and its kernel shut down."""
        self._opened += 1
        path = self.folder / f"{self._opened}.ipynb"
        v4: Any = nbformat.v4
        kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
        cells = [v4.new_code_cell(source) for source in sources]
        path.write_text(json.dumps(v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})), encoding="utf-8")
        # Starting JupyterLab's page takes seconds, so one that has no notebook open any more is taken again.
        page = self._idle.pop() if self._idle else self._new_page()
        notebook = Notebook(page, path)
        try:
            notebook.use_theme(theme)
            page.evaluate("async path => { await jupyterapp.commands.execute('docmanager:open', {path}) }", path.name)
            page.wait_for_function(_READY)
            yield notebook
        finally:
            page.evaluate(_CLOSE)
            self._idle.append(page)
            self.shut_down_kernels(path.name)

    def _new_page(self) -> Page:
        # In a context, and so in a window, of its own: one behind another would be drawn once a second, or not at all.
        page = self.browser.new_context(viewport={"width": 1000, "height": 1500}).new_page()
        page.goto(f"{self.url}/lab/workspaces/{self._opened}?reset&token={self.token}")
        page.wait_for_function("() => window.jupyterapp")
        page.evaluate("async () => { await jupyterapp.restored; jupyterapp.shell.collapseLeft(); }")
        return page

    def kernels(self) -> list[Any]:
        """The sessions of notebooks that run."""
        return cast("list[Any]", self._api("GET", "sessions").json())

    def shut_down_kernels(self, notebook: str | None = None) -> None:
        """The kernel of a notebook; or all."""
        for session in self.kernels():
            if notebook in (None, session["path"]):
                self._api("DELETE", f"sessions/{session['id']}")

    def _api(self, method: str, path: str) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"}
        answer = requests.request(method, f"{self.url}/api/{path}", headers=headers, timeout=30)
        answer.raise_for_status()
        return answer


@contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """JupyterLab with all of its folders in this one, and a browser; both gone at the end, kernels included."""
    token = secrets.token_hex(16)
    arguments = ["--no-sandbox", *_QUIETLY, _NOBODY_ELSE]
    environment: dict[str, str | float | bool] = {**os.environ, "HOME": str(folder / "home")}
    expect.set_options(timeout=20_000)
    with (
        _server(folder, token) as url,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=arguments, env=environment) as browser,
    ):
        lab = Lab(url, token, folder / "notebooks", browser)
        try:
            yield lab
        finally:
            lab.shut_down_kernels()


@contextmanager
def _server(folder: Path, token: str) -> Iterator[str]:
    kept = {"PATH", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "SYSTEMROOT"}
    environment = {name: value for name, value in os.environ.items() if name in kept}
    folders = {"HOME": "home", "IPYTHONDIR": "ipython", "JUPYTERLAB_SETTINGS_DIR": "settings"}
    folders |= {f"JUPYTER_{name.upper()}_DIR": name for name in ("config", "data", "runtime")}
    folders |= {"JUPYTERLAB_WORKSPACES_DIR": "workspaces"}
    environment |= {name: str(folder / value) for name, value in folders.items()}
    environment |= {"PYTHONPATH": str(OFFLINE), "JUPYTER_TOKEN": token, "JUPYTER_PLATFORM_DIRS": "1"}
    for name in ("notebooks", *folders.values()):
        (folder / name).mkdir()
    (folder / "config/labconfig").mkdir()
    (folder / "config/labconfig/page_config.json").write_text(json.dumps(_WITHOUT), encoding="utf-8")
    for name, values in _SETTINGS.items():
        path = folder / f"settings/{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.root_dir": folder / "notebooks",
        "ServerApp.terminals_enabled": False,
        "LabApp.expose_app_in_browser": True,
        "LabApp.extension_manager": "readonly",
        "LabApp.news_url": "",
        "LabApp.check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    with (
        (folder / "server.log").open("wb") as log,
        subprocess.Popen(
            ["bash", "-c", _WATCHED, "bash", *command, *(f"--{name}={value}" for name, value in options.items())],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        ) as server,
    ):
        try:
            _wait_for(server, f"http://127.0.0.1:{port}", folder / "server.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            cast("IO[bytes]", server.stdin).close()  # and the server shuts down what kernels there are still
            with suppress(subprocess.TimeoutExpired):
                server.wait(_STOP_SECONDS)
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGKILL)


def _wait_for(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(requests.ConnectionError):
            requests.get(f"{url}/api", timeout=5)
            return
        time.sleep(0.1)
    raise RuntimeError(f"JupyterLab did not start: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def _name_of(theme: Theme) -> str:
    return f"JupyterLab {theme.title()}"
