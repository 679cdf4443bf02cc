"""A provisioned site in a folder of its own, and openssl as the judge of what it issues."""

import shutil
import subprocess

import pytest
from winter_river.protect.provision import Provision

NOW_S = 1_800_000_000  # any day; 2027-01-15


@pytest.fixture
def site(tmp_path):
    """A site that has been provisioned, without nodes."""
    made = Provision(tmp_path / "secrets")
    made.init(hosts=("192.168.4.1",), now_s=NOW_S)
    return made


@pytest.fixture
def verify(site, tmp_path):
    """Whether openssl takes a certificate at a moment, against an authority and its list of revoked ones; "" or why not."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed here")

    def ask(pem, *, authority, at_s=NOW_S, purpose="sslclient", extra=()):
        cert = tmp_path / "asked.pem"
        cert.write_bytes(pem)
        ended = subprocess.run(
            [
                *(openssl, "verify", "-attime", str(at_s), "-purpose", purpose, *extra, "-crl_check"),
                *("-CAfile", site.places.trusted(authority), "-CRLfile", site.places.crl(authority), cert),
            ],
            check=False,
            capture_output=True,
            text=True,
        )
        return "" if ended.returncode == 0 else ended.stderr

    return ask
