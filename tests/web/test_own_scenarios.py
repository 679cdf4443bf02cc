"""Scenarios of one's own on the page: files come and go, say what is wrong with them, and are never paths."""

import pytest
from winter_river.facility import load_facility


@pytest.fixture(scope="module")
def page(running_page):
    return running_page(load_facility("block-2n-24"))


def test_scenarios_of_the_library_fit_the_training_facility(page):
    with page.client() as browser:
        assert any(row["fits"] for row in browser.get("/api/v1/scenarios").json())


def own(browser):
    """The rows after the built-in ones, by name."""
    return {row["name"]: row for row in browser.get("/api/v1/scenarios").json() if row["name"].endswith(".yaml")}


def test_an_edited_scenario_counts_as_it_is_now(page, folder):
    with page.client() as browser:
        assert own(browser) == {}
        (folder / "mine.yaml").write_text("scenario: mine\ntitle: One\nsteps: []\n")
        assert own(browser)["mine.yaml"]["title"] == "One"
        (folder / "mine.yaml").write_text("scenario: mine\ntitle: Two!\nsteps: []\n")
        assert own(browser)["mine.yaml"]["title"] == "Two!"


def test_a_scenario_that_cannot_start_here_says_why_and_where(page, folder):
    """A node that this facility does not have, and bytes that are no text; no word of where the folder is."""
    (folder / "elsewhere.yaml").write_text("scenario: x\nsteps:\n  - {at: 0s, send: {node: ups_aa, command: bypass}}\n")
    (folder / "binary.yaml").write_bytes(b"\xff\xfe")
    with page.client() as browser:
        rows = own(browser)
        assert (rows["elsewhere.yaml"]["fits"], rows["binary.yaml"]["fits"]) == (False, False)
        assert rows["elsewhere.yaml"]["why_not"].startswith("elsewhere.yaml:3:")
        assert "ups_a" in rows["elsewhere.yaml"]["why_not"]  # the cure: the nearest node
        assert "UTF-8" in rows["binary.yaml"]["why_not"]
        refused = browser.post("/api/v1/exercise", json={"scenario": "elsewhere.yaml"})
        assert (refused.status_code, "ups_aa" in refused.json()["cure"]) == (409, True)


@pytest.mark.parametrize("name", ["../secret.yaml", "..", "sub/deep.yaml", "{folder}/mine.yaml", "other.txt", "mine"])
def test_a_page_names_scenarios_and_never_paths(page, folder, name):
    text = "scenario: x\nsteps: []\n"
    (folder / "sub").mkdir(exist_ok=True)
    for path in (folder / "mine.yaml", folder / "other.txt", folder.parent / "secret.yaml", folder / "sub/deep.yaml"):
        path.write_text(text)
    with page.client() as browser:
        answer = browser.post("/api/v1/exercise", json={"scenario": name.format(folder=folder)[-64:]})
        assert answer.status_code == 404
    (folder / "sub/deep.yaml").unlink()
    (folder / "sub").rmdir()
