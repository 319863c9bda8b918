"""The practice org's Setup, done step by step as a learner does it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from lab import Lab, Notebook
from playwright.sync_api import expect

pytest_plugins = ["lab_fixtures"]

PANEL = 1
USER = "standard@practice.example"


@pytest.fixture(scope="module")
def setup(lab: Lab) -> Iterator[Notebook]:
    with lab.open("%load_ext sfmtls_nb\npractice = %sf_practice", "%sf_practice setup") as notebook:
        notebook.run_all()
        yield notebook


@pytest.fixture
def panel(setup: Notebook) -> Notebook:
    """The panel of an org that is as new."""
    setup.button("Start over").click()
    setup.button("Yes, start over").click()
    expect(setup.outputs.get_by_text("○ to do")).to_have_count(5)
    return setup


def leaf(notebook: Notebook) -> Path:
    return Path(notebook.ask("print(practice.client.leaf, end='')"))


def enforced(notebook: Notebook) -> str:
    return notebook.ask("print([user.username for user in practice.state.users if user.enforced], end='')")


def test_the_five_steps_done_in_turn_enforce_mutual_authentication(panel: Notebook) -> None:
    shown, done = panel.output(PANEL), panel.outputs.get_by_text("✔ done")
    expect(panel.button("Upload leaf")).to_be_disabled()  # until support has been asked
    assert enforced(panel) == "[]"

    panel.button("Open a case").click()
    expect(done).to_have_count(1)
    panel.upload("Upload leaf", leaf(panel))
    expect(done).to_have_count(2)
    panel.button("Clone").click()
    expect(done).to_have_count(3)
    panel.field("Enforce").check()
    expect(done).to_have_count(4)
    shown.locator("select", has_text=USER).select_option(USER)
    panel.button("Assign profile").click()
    expect(done).to_have_count(5)

    assert enforced(panel) == f"['{USER}']"


def test_a_profile_that_has_the_name_already_is_not_cloned_and_says_why(panel: Notebook) -> None:
    panel.button("Clone").click()
    expect(panel.output(PANEL)).to_contain_text("has been cloned")
    panel.button("Clone").click()
    expect(panel.output(PANEL)).to_contain_text("✖")
