"""check_words finds what no file of the repository may say, and says where."""

import subprocess

import check_words
import pytest


def repository(folder):
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    return folder


def test_this_checkout_is_clean(checkout):
    assert check_words.check(checkout) == []


@pytest.mark.parametrize(
    "line",
    [
        # Put together here, so that this file passes its own check.
        "url = https://files.python" + "hosted.org/packages/x.tar.gz",
        "index = pypi" + ".org/simple",
        "resolved: registry." + "npmjs.org/aedes",
        "path = /wo" + "rk/main/x",
        "path = /ho" + "me/pi/winter-river",
        "open('/t" + "mp/x')",
        "# TO" + "DO: later",
        "# FIX" + "ME",
        "-----BEGIN EC PRIV" + "ATE KEY-----",
        "<<<<<<" + "< HEAD",
    ],
)
def test_forbidden_words_are_found(tree, line):
    checkout = repository(tree({"docs/a.txt": f"fine\n{line}\n"}))
    faults = check_words.check(checkout)
    assert len(faults) == 1
    assert faults[0].startswith("docs/a.txt:2: ")


@pytest.mark.parametrize(
    "line",
    ["pip install winter-river", "/usr/sbin/mosquitto", "tests/work/x", "tmp_path / 'a'", "toDOlist", "${ROOT}/work/x"],
)
def test_ordinary_words_are_silent(tree, line):
    assert check_words.check(repository(tree({"a.txt": line}))) == []


def test_ignored_files_are_not_read(tree):
    checkout = repository(tree({".gitignore": "build/\n", "build/log.txt": "TO" + "DO"}))
    assert check_words.check(checkout) == []


def test_binary_file_is_passed_over(tree):
    checkout = repository(tree({"a.txt": "fine"}))
    (checkout / "a.png").write_bytes(b"\x89PNG\xff\xfe")
    assert check_words.check(checkout) == []


def test_huge_file_is_refused(tree):
    checkout = repository(tree({"a.txt": "x" * 1_000_001}))
    assert check_words.check(checkout) == ["a.txt:1: has 1000001 bytes; at most 1000000"]
