"""The lock files pin what pyproject.toml asks for: by hash, without addresses, and the same in both."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

LOCKS = {
    "requirements.lock": ("embedded",),
    "tools/requirements-fast.lock": ("embedded", "fast"),
    "tools/requirements-dev.lock": ("board", "embedded", "dev"),
    "tools/requirements-bench.lock": ("board", "embedded", "dev", "bench"),
}


def pins_of(text):
    """Name to the pinned versions (more than one where they differ by Python version)."""
    pins = {}
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", text, flags=re.MULTILINE):
        pins.setdefault(name, set()).add(version)
    return pins


def wanted(checkout, extras):
    settings = tomllib.loads((checkout / "pyproject.toml").read_text())
    project = settings["project"]
    texts = [*project["dependencies"], *settings["dependency-groups"]["install"]]
    for extra in extras:
        texts += {**project["optional-dependencies"], **settings["dependency-groups"]}[extra]
    return [each for each in map(Requirement, texts) if each.name != "winter-river"]


@pytest.mark.parametrize("lock", LOCKS)
def test_every_dependency_is_pinned_to_a_version_it_allows(lock, checkout):
    pins = pins_of((checkout / lock).read_text())
    for requirement in wanted(checkout, LOCKS[lock]):
        versions = pins.get(requirement.name.lower().replace(".", "-").replace("_", "-"))
        assert versions, f"{requirement} is not in {lock}; cure: tools/lock"
        assert all(requirement.specifier.contains(version) for version in versions), f"{requirement}; cure: tools/lock"


def test_numba_may_be_no_newer_than_the_one_that_the_tests_run_with(checkout):
    """Its insides are stood on (engine/fast/linking.py), so the next one has to be tried first, then let in."""
    (asked,) = [each for each in wanted(checkout, ("fast",)) if each.name == "numba"]
    (version,) = pins_of((checkout / "tools/requirements-fast.lock").read_text())["numba"]
    major, minor = version.split(".")[:2]
    assert asked.specifier.contains(version)
    assert not asked.specifier.contains(f"{major}.{int(minor) + 1}.0")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_hashes_and_no_line_has_an_address(lock, checkout):
    text = (checkout / lock).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64})", text, flags=re.MULTILINE)
    blocks = re.split(r"\n(?=[a-z])", text)
    assert all("--hash=sha256:" in block for block in blocks if "==" in block.split("\n")[0])


def test_a_lock_for_more_pins_the_same_versions(checkout):
    run, fast, dev, bench = (pins_of((checkout / lock).read_text()) for lock in LOCKS)
    assert {name: dev[name] for name in run} == run
    assert {name: dev[name] for name in fast} == fast
    assert {name: bench[name] for name in dev} == dev
