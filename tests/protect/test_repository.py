"""Secrets in a checkout stay out of version control; tools/check_words finds private keys in what is in it."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_the_secrets_of_a_site_in_this_folder_would_be_ignored():
    ignored = subprocess.run(
        ["git", "-C", ROOT, "check-ignore", "secrets/register.json", "credentials.toml", "firmware/node.json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if ignored.returncode == 128:
        pytest.skip("not a git checkout")
    assert ignored.stdout.split() == ["secrets/register.json", "credentials.toml", "firmware/node.json"]
